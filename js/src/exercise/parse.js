// The part of Python that an exercise needs, as a tree: functions, assignments, if, for, while, expressions, comprehensions. No classes.
// Each node has `type` and `line`. What cannot be read raises a Fault of the kind SyntaxError.

import { Fault, tokens, unquoted } from "./tokens.js";

/** @typedef {import("./tokens.js").Token} Token */
/** @typedef {{ type: string, line: number, [part: string]: any }} Node */

const WORDS = new Set("and as assert break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield True False None".split(" "));
const AUGMENTED = new Set(["+=", "-=", "*=", "/=", "//=", "%=", "**=", "@=", "&=", "|=", "^="]);
/** Binary operators from the loosest to the tightest. */
const BINARY = [["|"], ["^"], ["&"], ["+", "-"], ["*", "/", "//", "%", "@"]];
const COMPARE = ["<", ">", "==", "!=", "<=", ">="];

/** What is read, and how far. @type {Token[]} */
let list = [];
let at = 0;
const now = () => list[at];

/** @param {string} code @returns {Node[]} the statements */
export function parse(code) {
  [list, at] = [tokens(code), 0];
  return program();
}

/** Is the next token this operator or word? @param {...string} texts */
function sees(...texts) {
  return (now().kind === "op" || now().kind === "name") && texts.includes(now().text);
}

/** Take it if it is next. @param {...string} texts */
function takes(...texts) {
  return sees(...texts) ? list[at++].text : "";
}

/** @param {string} text */
function needs(text) {
  if (!takes(text)) throw fault(`'${text}' is missing`);
}

function identifier() {
  const { kind, text } = now();
  if (kind !== "name" || WORDS.has(text)) throw fault("a name is missing");
  at++;
  return text;
}

function fault(message = "") {
  const { kind, text, line } = now();
  const where = kind === "newline" || kind === "end" ? "the line ends" : kind === "indent" ? "the line is indented" : text ? `'${text}' stands` : "the block ends";
  return new Fault("SyntaxError", `${message} where ${where}`, line);
}

function program() {
  /** @type {Node[]} */
  const body = [];
  while (now().kind !== "end") body.push(...statement());
  return body;
}

function block() {
  needs(":");
  if (now().kind !== "newline") return simple();
  const next = list[++at];
  if (next.kind !== "indent") throw new Fault("SyntaxError", "the lines of this block have to be indented", next.line);
  at++;
  /** @type {Node[]} */
  const body = [];
  while (list[at].kind !== "dedent") body.push(...statement());
  at++;
  return body;
}

/** @returns {Node[]} */
function statement() {
  const { line } = now();
  if (now().kind === "indent") throw fault("no block begins here, but");
  if (takes("@")) {
    expression(); // @torch.no_grad() changes nothing here
    lineEnd();
    return statement();
  }
  if (sees("class", "try", "raise", "global", "nonlocal", "yield", "del")) throw new Fault("SyntaxError", `\`${now().text}\` works only where Python runs, not on this page`, line);
  if (takes("def")) {
    const name = identifier();
    needs("(");
    const params = parameters(")");
    needs(")");
    if (takes("->")) expression();
    return [{ type: "def", line, name, params, body: block() }];
  }
  if (takes("if")) return [branch(line)];
  if (takes("while")) return [{ type: "while", line, test: expression(), body: block() }];
  if (takes("for")) {
    const target = loopTargets();
    needs("in");
    return [{ type: "for", line, target, over: tuple(), body: block() }];
  }
  if (takes("with")) {
    expression(); // torch.no_grad(): there are no gradients here
    return [{ type: "block", line, body: block() }];
  }
  return simple();
}

/** @param {number} line @returns {Node} */
function branch(line) {
  const test = expression();
  const body = block();
  const next = now().line;
  const otherwise = takes("elif") ? [branch(next)] : takes("else") ? block() : [];
  return { type: "if", line, test, body, otherwise };
}

function lineEnd() {
  if (now().kind === "newline") at++;
  else if (now().kind !== "end") throw fault("the line should be over");
}

function simple() {
  const found = [small()];
  while (takes(";")) if (now().kind !== "newline") found.push(small());
  lineEnd();
  return found;
}

/** @returns {Node} */
function small() {
  const { line } = now();
  if (takes("return")) return { type: "return", line, value: ends() ? null : tuple() };
  for (const type of ["pass", "break", "continue"]) if (takes(type)) return { type, line };
  if (takes("assert")) {
    const test = expression();
    return { type: "assert", line, test, message: takes(",") ? expression() : null };
  }
  if (sees("import", "from")) return imports(line);
  const first = tuple();
  if (takes(":")) expression(); // an annotation
  const op = now().kind === "op" ? now().text : "";
  if (AUGMENTED.has(op)) {
    at++;
    return { type: "augment", line, target: assignable(first), op: op.slice(0, -1), value: tuple() };
  }
  const targets = [];
  let value = first;
  while (takes("=")) targets.push(assignable(value)), (value = tuple());
  return targets.length ? { type: "assign", line, targets, value } : { type: "expression", line, value };
}

/** @param {number} line @returns {Node} */
function imports(line) {
  const dotted = () => {
    let name = identifier();
    while (takes(".")) name += `.${identifier()}`;
    return name;
  };
  const named = (/** @type {() => string} */ read) => {
    const path = read();
    return { path, as: takes("as") ? identifier() : "" };
  };
  const from = takes("from") ? dotted() : "";
  needs("import");
  const wrapped = takes("(");
  const names = [named(from ? () => identifier() : dotted)];
  while (takes(",")) if (!sees(")")) names.push(named(from ? () => identifier() : dotted));
  if (wrapped) needs(")");
  return { type: "import", line, from, names };
}

function ends() {
  return now().kind === "newline" || now().kind === "end" || sees(";");
}

/** @param {Node} node @returns {Node} */
function assignable(node) {
  if (node.type === "list" || node.type === "tuple") node.items.forEach((/** @type {Node} */ item) => assignable(item));
  else if (node.type === "star") assignable(node.value);
  else if (!["name", "index", "attribute"].includes(node.type)) throw new Fault("SyntaxError", "only a name, or a part of something that has one, can stand left of =", node.line);
  return node;
}

/** The names that a loop fills. @returns {Node} */
function loopTargets() {
  const { line } = now();
  const items = [postfix()];
  let comma = false;
  while (takes(",")) (comma = true), sees("in") || items.push(postfix());
  return assignable(comma ? { type: "tuple", line, items } : items[0]);
}

/** @param {string} end @returns {{ name: string, value: Node | null, star: string }[]} */
function parameters(end) {
  const found = [];
  while (!sees(end)) {
    const star = takes("*", "**");
    if (star === "*" && takes(",")) continue;
    const name = identifier();
    if (end === ")" && takes(":")) expression(); // an annotation
    found.push({ name, value: takes("=") ? expression() : null, star });
    if (!takes(",")) break;
  }
  return found;
}

/** One expression, or several with commas between them. @returns {Node} */
function tuple() {
  const { line } = now();
  const first = starred();
  if (!sees(",")) return first;
  const items = [first];
  while (takes(",")) {
    if (ends() || sees("=", ")", "]", ":")) break;
    items.push(starred());
  }
  return { type: "tuple", line, items };
}

/** @returns {Node} */
function starred() {
  const { line } = now();
  return takes("*") ? { type: "star", line, value: postfix() } : expression();
}

/** @returns {Node} */
function expression() {
  const { line } = now();
  if (takes("lambda")) {
    const params = parameters(":");
    needs(":");
    return { type: "lambda", line, name: "<lambda>", params, value: expression() };
  }
  const value = or();
  if (!takes("if")) return value;
  const test = or();
  needs("else");
  return { type: "choice", line, test, value, otherwise: expression() };
}

/** @returns {Node} */
function or() {
  return chain("or", () => chain("and", () => not()));
}

/** @param {"or" | "and"} type @param {() => Node} next @returns {Node} */
function chain(type, next) {
  const { line } = now();
  let left = next();
  while (takes(type)) left = { type, line, left, right: next() };
  return left;
}

/** @returns {Node} */
function not() {
  const { line } = now();
  return takes("not") ? { type: "not", line, value: not() } : comparison();
}

/** @returns {Node} */
function comparison() {
  const { line } = now();
  const first = binary(0);
  const rest = [];
  for (;;) {
    let op = takes(...COMPARE, "in", "is");
    if (op === "is" && takes("not")) op = "is not";
    if (!op && sees("not") && list[at + 1].text === "in") (at += 2), (op = "not in");
    if (!op) return rest.length ? { type: "compare", line, first, rest } : first;
    rest.push({ op, value: binary(0) });
  }
}

/** @param {number} level @returns {Node} */
function binary(level) {
  if (level === BINARY.length) return unary();
  const { line } = now();
  let left = binary(level + 1);
  for (let op; (op = takes(...BINARY[level])); ) left = { type: "binary", line, op, left, right: binary(level + 1) };
  return left;
}

/** @returns {Node} */
function unary() {
  const { line } = now();
  const op = takes("-", "+", "~");
  return op ? { type: "unary", line, op, value: unary() } : power();
}

/** @returns {Node} */
function power() {
  const { line } = now();
  const left = postfix();
  return takes("**") ? { type: "binary", line, op: "**", left, right: unary() } : left;
}

/** @returns {Node} */
function postfix() {
  let node = atom();
  for (;;) {
    const { line } = now();
    if (takes(".")) node = { type: "attribute", line, value: node, name: identifier() };
    else if (takes("(")) node = { type: "call", line, value: node, ...argumentList() };
    else if (takes("[")) {
      node = { type: "index", line, value: node, index: subscript() };
      needs("]");
    } else return node;
  }
}

function argumentList() {
  /** @type {Node[]} */
  const args = [];
  /** @type {{ name: string, value: Node }[]} */
  const named = [];
  while (!sees(")")) {
    const next = list[at + 1];
    if (now().kind === "name" && next.kind === "op" && next.text === "=") {
      const name = identifier();
      needs("=");
      named.push({ name, value: expression() });
    } else {
      const value = starred();
      args.push(sees("for") ? comprehension(value, "generator") : value);
    }
    if (!takes(",")) break;
  }
  needs(")");
  return { args, named };
}

/** @returns {Node} */
function subscript() {
  const { line } = now();
  const items = [sliceOf()];
  let comma = false;
  while (takes(",")) (comma = true), sees("]") || items.push(sliceOf());
  return comma ? { type: "tuple", line, items } : items[0];
}

/** @returns {Node} */
function sliceOf() {
  const { line } = now();
  const part = () => (sees(":", ",", "]") ? null : expression());
  const start = part();
  if (!takes(":")) return start ?? expression();
  const stop = part();
  return { type: "slice", line, start, stop, step: takes(":") ? part() : null };
}

/** `value for … in … if …`, after the value. @param {Node} value @param {string} type @returns {Node} */
function comprehension(value, type) {
  const { line } = now();
  const loops = [];
  while (takes("for")) {
    const target = loopTargets();
    needs("in");
    const over = or();
    const tests = [];
    while (takes("if")) tests.push(or());
    loops.push({ target, over, tests });
  }
  return { type: "comprehension", line, kind: type, value, loops };
}

/** @returns {Node} */
function atom() {
  const { kind, text, line } = now();
  if (kind === "number") {
    at++;
    const plain = text.replaceAll("_", "");
    return { type: "constant", line, value: /^\d+$/.test(plain) ? BigInt(plain) : Number(plain) };
  }
  if (kind === "string") {
    let whole = "";
    for (; now().kind === "string"; at++) whole += unquoted(now().text);
    return { type: "constant", line, value: whole };
  }
  for (const [word, value] of /** @type {[string, any][]} */ ([["True", true], ["False", false], ["None", null]])) if (takes(word)) return { type: "constant", line, value };
  if (takes("...")) return { type: "ellipsis", line };
  if (takes("(")) {
    if (takes(")")) return { type: "tuple", line, items: [] };
    const value = tuple();
    const whole = sees("for") ? comprehension(value, "generator") : value;
    needs(")");
    return whole;
  }
  if (takes("[")) {
    /** @type {Node[]} */
    const items = [];
    while (!sees("]")) {
      items.push(starred());
      if (sees("for")) {
        const made = comprehension(items[0], "list");
        needs("]");
        return made;
      }
      if (!takes(",")) break;
    }
    needs("]");
    return { type: "list", line, items };
  }
  if (takes("{")) return dict(line);
  return { type: "name", line, name: identifier() };
}

/** @param {number} line @returns {Node} */
function dict(line) {
  const pairs = [];
  while (!sees("}")) {
    const key = expression();
    needs(":");
    const value = expression();
    if (sees("for")) {
      const made = comprehension({ type: "tuple", line, items: [key, value] }, "dict");
      needs("}");
      return made;
    }
    pairs.push({ key, value });
    if (!takes(",")) break;
  }
  needs("}");
  return { type: "dict", line, pairs };
}
