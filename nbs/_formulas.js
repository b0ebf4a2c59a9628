// Sets formulas at build, so that a reader's browser need not: `quarto run nbs/_formulas.js KATEX` (or `node`) reads a JSON list
// of [formula, true if it stands by itself], and writes the list of their HTML. Plain enough for both Deno and Node.js.
(async () => {
  const { default: process } = await import("node:process");
  const { readFileSync } = await import("node:fs");
  const { pathToFileURL } = await import("node:url");
  const module = await import(pathToFileURL(process.argv[2]).href);
  const katex = globalThis.katex ?? module.default; // Deno takes it for a script, Node.js for a CommonJS module
  const formulas = JSON.parse(readFileSync(0, "utf8"));
  const set = formulas.map(([tex, displayMode]) => katex.renderToString(tex, { displayMode, throwOnError: false }));
  process.stdout.write(JSON.stringify(set));
})();
