// Bundle the front end: src/NAME.js -> ../ddpm_widgets/static/NAME.js and NAME.css, each self-contained, and what brings
// saved pages to life: src/host/host.js for widgets, plots.js for figures, exercises.js and, once one is opened, exercise.js for exercises. Before them, the loops
// of the networks in the page: kernel/kernel.ts -> src/net/kernel.wasm.js, kernel/plane.ts -> src/playground/kernel.wasm.js. `node build.mjs OUT` writes the bundles somewhere else
// and refuses a stale kernel (the freshness test does so), `--watch` rebuilds on save.
import asc from "assemblyscript/asc";
import { build, context } from "esbuild";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const watch = args.includes("--watch");
const out = resolve(args.find((a) => !a.startsWith("--")) ?? join(here, "../ddpm_widgets/static"));
const LIMIT = 60_000; // each saved widget repeats its bundle; the script of the exercises is loaded once

// kernel/NAME.ts -> the module that its loops belong to
for (const [name, place] of [["kernel", "net"], ["plane", "playground"]]) {
  const module = join(here, `src/${place}/kernel.wasm.js`);
  const compiled = `// Made of kernel/${name}.ts by build.mjs: WebAssembly, as base64.
export const relaxed = "${await compile(name, "relaxed-simd")}";
export const plain = "${await compile(name, "simd")}";
`;
  if (out === resolve(here, "../ddpm_widgets/static")) writeFileSync(module, compiled);
  else if (readFileSync(module, "utf8") !== compiled) throw new Error(`src/${place}/kernel.wasm.js must be made of kernel/${name}.ts, found an older one: run \`npm run build\`.`);
}

/** A kernel's WebAssembly as base64, for browsers with this feature. */
async function compile(name, feature) {
  let made;
  const { error, stderr } = await asc.main([`${name}.ts`, "--enable", "simd", "--enable", feature, "-O3", "--noAssert", "-o", "kernel.wasm"], {
    readFile: (file) => (/^\w+\.ts$/.test(file) && existsSync(join(here, "kernel", file)) ? readFileSync(join(here, "kernel", file), "utf8") : null),
    writeFile: (name, data) => (made = data),
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return Buffer.from(made).toString("base64");
}

/** `import code from "text:./worker.js"`: a module and all it needs, bundled, as a text to make a Worker of. */
const text = {
  name: "text",
  setup(self) {
    self.onResolve({ filter: /^text:/ }, (a) => ({ path: resolve(a.resolveDir, a.path.slice(5)), namespace: "text" }));
    self.onLoad({ filter: /.*/, namespace: "text" }, async (a) => {
      const made = await build({ entryPoints: [a.path], bundle: true, minify: true, format: "iife", target: "es2022", charset: "utf8", write: false });
      return { contents: made.outputFiles[0].text, loader: "text", watchFiles: [a.path] };
    });
  },
};

const widgets = readdirSync(join(here, "src")).filter((f) => f.endsWith(".js"));
const entries = [...widgets.map((f) => join(here, "src", f)), ...["host", "plots", "exercises"].map((f) => join(here, `src/host/${f}.js`))];
const script = join(here, "src/host/exercise.js"); // no module: a page opened from disk may load it later
const options = (/** @type {string[]} */ sources, /** @type {"esm" | "iife"} */ format) => ({
  entryPoints: sources.map((e) => ({ in: e, out: basename(e, ".js") })),
  outdir: out,
  bundle: true,
  minify: true,
  format,
  target: "es2022",
  charset: "utf8",
  legalComments: "inline", // the licences of what is not ours
  logLevel: "warning",
  plugins: [text],
});
const made = await Promise.all([context(options(entries, "esm")), context(options([script], "iife"))]);
entries.push(script);

if (watch) {
  await Promise.all(made.map((ctx) => ctx.watch()));
  console.log(`watching ${entries.map((e) => basename(e)).join(", ")}`);
} else {
  for (const ctx of made) await ctx.rebuild().then(() => ctx.dispose());
  for (const e of entries) {
    const code = readFileSync(join(out, basename(e)));
    console.log(`${basename(e).padEnd(26)} ${String(code.length).padStart(6)} bytes`);
    if (code.length > LIMIT && e !== script) throw new Error(`${basename(e)} is ${code.length} bytes, over the limit of ${LIMIT}: leave something out.`);
    if (/<\/script|<!--/i.test(code)) throw new Error(`${basename(e)} holds a closing script tag, which would end the page it is inlined in.`);
  }
}
