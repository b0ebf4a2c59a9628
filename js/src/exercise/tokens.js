// Python's words: what a text of code falls into, and where its blocks begin and end.

/** @typedef {{ kind: "name" | "number" | "string" | "op" | "newline" | "indent" | "dedent" | "end", text: string, line: number }} Token */

/** An error as Python names it. */
export class Fault extends Error {
  /** @param {string} kind "TypeError", … @param {string} message @param {number} [line] where in the reader's code, from 1 */
  constructor(kind, message, line) {
    super(message);
    this.kind = kind;
    this.line = line;
  }
}

export const typeError = (/** @type {string} */ message) => new Fault("TypeError", message);
export const valueError = (/** @type {string} */ message) => new Fault("ValueError", message);
export const indexError = (/** @type {string} */ message) => new Fault("IndexError", message);
export const runtimeError = (/** @type {string} */ message) => new Fault("RuntimeError", message);
const syntaxError = (/** @type {string} */ message, /** @type {number} */ line) => new Fault("SyntaxError", message, line);

const TOKEN = /([ \t\f]+|#[^\n]*|\\\n)|(\n)|((?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?)|([\p{L}_][\p{L}\p{N}_]*)|([rRfFbB]?(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|(\*\*=|\/\/=|\.\.\.|[-+*\/%@&|^]=|\*\*|\/\/|->|[=!<>]=|:=|[-+*\/%@&|^~<>=()[\]{},:.;])/uy;

/** @param {string} code @returns {Token[]} */
export function tokens(code) {
  /** @type {Token[]} */
  const found = [];
  const levels = [0];
  /** @type {{ text: string, line: number }[]} brackets that are open */
  const open = [];
  let line = 1, at = 0, fresh = true; // prettier-ignore
  const add = (/** @type {Token["kind"]} */ kind, text = "") => found.push({ kind, text, line });
  while (at < code.length) {
    if (fresh && !open.length) {
      const blank = /[ \t\f]*(?:#[^\n]*)?(?:\n|$)/y;
      blank.lastIndex = at;
      const empty = code.match(blank);
      if (empty && empty[0]) {
        at += empty[0].length;
        if (empty[0].endsWith("\n")) line++;
        continue;
      }
      const width = (/** @type {RegExpMatchArray} */ (code.slice(at).match(/^[ \t]*/))[0].replaceAll("\t", "        ")).length;
      if (width > levels[levels.length - 1]) levels.push(width), add("indent");
      while (width < levels[levels.length - 1]) levels.pop(), add("dedent");
      if (width !== levels[levels.length - 1]) throw syntaxError("this line is indented like no line above it", line);
      fresh = false;
    }
    TOKEN.lastIndex = at;
    const seen = code.match(TOKEN);
    if (!seen) throw syntaxError(/["']/.test(code[at]) ? "a string is not closed" : `'${code[at]}' cannot stand here`, line);
    const [text, space, newline, number, name, string, op] = seen;
    at += text.length;
    if (newline && !open.length) add("newline"), (fresh = true);
    else if (number) add("number", text);
    else if (name) add("name", text);
    else if (string) add("string", text);
    else if (op) {
      if ("([{".includes(op)) open.push({ text, line });
      if (")]}".includes(op)) closed(text, open.pop(), line);
      add("op", text);
    }
    if (newline || string || space) line += text.split("\n").length - 1;
  }
  const left = open.at(-1);
  if (left) throw syntaxError(`'${left.text}' was never closed`, left.line);
  if (!fresh) add("newline");
  while (levels.pop()) add("dedent");
  add("end");
  return found;
}

/** Does a bracket close the one that was opened last? @param {string} text @param {{ text: string, line: number } | undefined} opened @param {number} line */
function closed(text, opened, line) {
  if (!opened) throw syntaxError(`unmatched '${text}'`, line);
  if ("([{".indexOf(opened.text) !== ")]}".indexOf(text)) throw syntaxError(`closing parenthesis '${text}' does not match opening parenthesis '${opened.text}'${opened.line === line ? "" : ` on line ${opened.line}`}`, line);
}

const ESCAPES = /** @type {Record<string, string>} */ ({ n: "\n", t: "\t", "\\": "\\", "'": "'", '"': '"' });

/** The text that a string stands for. @param {string} text */
export function unquoted(text) {
  const body = text.replace(/^[rRfFbB]?("""|'''|"|')([^]*)\1$/, "$2");
  return body.replace(/\\(.)/g, (whole, c) => ESCAPES[c] ?? whole);
}
