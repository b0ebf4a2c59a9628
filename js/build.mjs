// Bundle the front end: src/NAME.js -> ../ddpm_widgets/static/NAME.js and NAME.css, each self-contained, and what brings
// saved pages to life: src/host/host.js -> host.js for widgets, src/host/plots.js -> plots.js for figures. `node build.mjs OUT`
// writes somewhere else (the freshness test does), `--watch` rebuilds on save.
import { context } from "esbuild";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const watch = args.includes("--watch");
const out = resolve(args.find((a) => !a.startsWith("--")) ?? join(here, "../ddpm_widgets/static"));
const LIMIT = 60_000; // each saved widget repeats its bundle

const widgets = readdirSync(join(here, "src")).filter((f) => f.endsWith(".js"));
const entries = [...widgets.map((f) => join(here, "src", f)), ...["host", "plots"].map((f) => join(here, `src/host/${f}.js`))];
const ctx = await context({
  entryPoints: entries.map((e) => ({ in: e, out: basename(e, ".js") })),
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "inline", // the licences of what is not ours
  logLevel: "warning",
});

if (watch) {
  await ctx.watch();
  console.log(`watching ${entries.map((e) => basename(e)).join(", ")}`);
} else {
  await ctx.rebuild();
  await ctx.dispose();
  for (const e of entries) {
    const code = readFileSync(join(out, basename(e)));
    console.log(`${basename(e).padEnd(26)} ${String(code.length).padStart(6)} bytes`);
    if (code.length > LIMIT) throw new Error(`${basename(e)} is ${code.length} bytes, over the limit of ${LIMIT}: leave something out.`);
    if (/<\/script|<!--/i.test(code)) throw new Error(`${basename(e)} holds a closing script tag, which would end the page it is inlined in.`);
  }
}
