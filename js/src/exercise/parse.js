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

/** @param {string} code @returns {Node[]} the statements */
export const parse = (code) => new Parser(tokens(code)).program();

class Parser {
  /** @param {Token[]} list */
  constructor(list) {
    this.list = list;
    this.at = 0;
  }
  get now() {
    return this.list[this.at];
  }
  /** Is the next token this operator or word? @param {...string} texts */
  sees(...texts) {
    return (this.now.kind === "op" || this.now.kind === "name") && texts.includes(this.now.text);
  }
  /** Take it if it is next. @param {...string} texts */
  takes(...texts) {
    return this.sees(...texts) ? this.list[this.at++].text : "";
  }
  /** @param {string} text */
  needs(text) {
    if (!this.takes(text)) throw this.fault(`'${text}' is missing`);
  }
  name() {
    const { kind, text } = this.now;
    if (kind !== "name" || WORDS.has(text)) throw this.fault("a name is missing");
    this.at++;
    return text;
  }
  fault(message = "") {
    const { kind, text, line } = this.now;
    const where = kind === "newline" || kind === "end" ? "the line ends" : kind === "indent" ? "the line is indented" : text ? `'${text}' stands` : "the block ends";
    return new Fault("SyntaxError", `${message} where ${where}`, line);
  }

  program() {
    /** @type {Node[]} */
    const body = [];
    while (this.now.kind !== "end") body.push(...this.statement());
    return body;
  }
  block() {
    this.needs(":");
    if (this.now.kind !== "newline") return this.simple();
    const next = this.list[++this.at];
    if (next.kind !== "indent") throw new Fault("SyntaxError", "the lines of this block have to be indented", next.line);
    this.at++;
    /** @type {Node[]} */
    const body = [];
    while (this.list[this.at].kind !== "dedent") body.push(...this.statement());
    this.at++;
    return body;
  }
  /** @returns {Node[]} */
  statement() {
    const { line } = this.now;
    if (this.now.kind === "indent") throw this.fault("no block begins here, but");
    if (this.takes("@")) {
      this.expression(); // @torch.no_grad() changes nothing here
      this.line();
      return this.statement();
    }
    if (this.sees("class", "try", "raise", "global", "nonlocal", "yield", "del")) throw new Fault("SyntaxError", `\`${this.now.text}\` works only where Python runs, not on this page`, line);
    if (this.takes("def")) {
      const name = this.name();
      this.needs("(");
      const params = this.parameters(")");
      this.needs(")");
      if (this.takes("->")) this.expression();
      return [{ type: "def", line, name, params, body: this.block() }];
    }
    if (this.takes("if")) return [this.branch(line)];
    if (this.takes("while")) return [{ type: "while", line, test: this.expression(), body: this.block() }];
    if (this.takes("for")) {
      const target = this.targets();
      this.needs("in");
      return [{ type: "for", line, target, over: this.tuple(), body: this.block() }];
    }
    if (this.takes("with")) {
      this.expression(); // torch.no_grad(): there are no gradients here
      return [{ type: "block", line, body: this.block() }];
    }
    return this.simple();
  }
  /** @param {number} line @returns {Node} */
  branch(line) {
    const test = this.expression();
    const body = this.block();
    const next = this.now.line;
    const otherwise = this.takes("elif") ? [this.branch(next)] : this.takes("else") ? this.block() : [];
    return { type: "if", line, test, body, otherwise };
  }
  line() {
    if (this.now.kind === "newline") this.at++;
    else if (this.now.kind !== "end") throw this.fault("the line should be over");
  }
  simple() {
    const found = [this.small()];
    while (this.takes(";")) if (this.now.kind !== "newline") found.push(this.small());
    this.line();
    return found;
  }
  /** @returns {Node} */
  small() {
    const { line } = this.now;
    if (this.takes("return")) return { type: "return", line, value: this.ends() ? null : this.tuple() };
    for (const type of ["pass", "break", "continue"]) if (this.takes(type)) return { type, line };
    if (this.takes("assert")) {
      const test = this.expression();
      return { type: "assert", line, test, message: this.takes(",") ? this.expression() : null };
    }
    if (this.sees("import", "from")) return this.imports(line);
    const first = this.tuple();
    if (this.takes(":")) this.expression(); // an annotation
    const op = this.now.kind === "op" ? this.now.text : "";
    if (AUGMENTED.has(op)) {
      this.at++;
      return { type: "augment", line, target: this.target(first), op: op.slice(0, -1), value: this.tuple() };
    }
    const targets = [];
    let value = first;
    while (this.takes("=")) targets.push(this.target(value)), (value = this.tuple());
    return targets.length ? { type: "assign", line, targets, value } : { type: "expression", line, value };
  }
  /** @param {number} line @returns {Node} */
  imports(line) {
    const dotted = () => {
      let name = this.name();
      while (this.takes(".")) name += `.${this.name()}`;
      return name;
    };
    const named = (/** @type {() => string} */ read) => {
      const path = read();
      return { path, as: this.takes("as") ? this.name() : "" };
    };
    const from = this.takes("from") ? dotted() : "";
    this.needs("import");
    const wrapped = this.takes("(");
    const names = [named(from ? () => this.name() : dotted)];
    while (this.takes(",")) if (!this.sees(")")) names.push(named(from ? () => this.name() : dotted));
    if (wrapped) this.needs(")");
    return { type: "import", line, from, names };
  }
  ends() {
    return this.now.kind === "newline" || this.now.kind === "end" || this.sees(";");
  }
  /** @param {Node} node @returns {Node} */
  target(node) {
    if (node.type === "list" || node.type === "tuple") node.items.forEach((/** @type {Node} */ item) => this.target(item));
    else if (node.type === "star") this.target(node.value);
    else if (!["name", "index", "attribute"].includes(node.type)) throw new Fault("SyntaxError", "only a name, or a part of something that has one, can stand left of =", node.line);
    return node;
  }
  /** The names that a loop fills. @returns {Node} */
  targets() {
    const { line } = this.now;
    const items = [this.postfix()];
    let comma = false;
    while (this.takes(",")) (comma = true), this.sees("in") || items.push(this.postfix());
    return this.target(comma ? { type: "tuple", line, items } : items[0]);
  }
  /** @param {string} end @returns {{ name: string, value: Node | null, star: string }[]} */
  parameters(end) {
    const found = [];
    while (!this.sees(end)) {
      const star = this.takes("*", "**");
      if (star === "*" && this.takes(",")) continue;
      const name = this.name();
      if (end === ")" && this.takes(":")) this.expression(); // an annotation
      found.push({ name, value: this.takes("=") ? this.expression() : null, star });
      if (!this.takes(",")) break;
    }
    return found;
  }

  /** One expression, or several with commas between them. @returns {Node} */
  tuple() {
    const { line } = this.now;
    const first = this.starred();
    if (!this.sees(",")) return first;
    const items = [first];
    while (this.takes(",")) {
      if (this.ends() || this.sees("=", ")", "]", ":")) break;
      items.push(this.starred());
    }
    return { type: "tuple", line, items };
  }
  /** @returns {Node} */
  starred() {
    const { line } = this.now;
    return this.takes("*") ? { type: "star", line, value: this.postfix() } : this.expression();
  }
  /** @returns {Node} */
  expression() {
    const { line } = this.now;
    if (this.takes("lambda")) {
      const params = this.parameters(":");
      this.needs(":");
      return { type: "lambda", line, name: "<lambda>", params, value: this.expression() };
    }
    const value = this.or();
    if (!this.takes("if")) return value;
    const test = this.or();
    this.needs("else");
    return { type: "choice", line, test, value, otherwise: this.expression() };
  }
  /** @returns {Node} */
  or() {
    const { line } = this.now;
    let left = this.and();
    while (this.takes("or")) left = { type: "or", line, left, right: this.and() };
    return left;
  }
  /** @returns {Node} */
  and() {
    const { line } = this.now;
    let left = this.not();
    while (this.takes("and")) left = { type: "and", line, left, right: this.not() };
    return left;
  }
  /** @returns {Node} */
  not() {
    const { line } = this.now;
    return this.takes("not") ? { type: "not", line, value: this.not() } : this.comparison();
  }
  /** @returns {Node} */
  comparison() {
    const { line } = this.now;
    const first = this.binary(0);
    const rest = [];
    for (;;) {
      let op = this.takes(...COMPARE, "in", "is");
      if (op === "is" && this.takes("not")) op = "is not";
      if (!op && this.sees("not") && this.list[this.at + 1].text === "in") (this.at += 2), (op = "not in");
      if (!op) return rest.length ? { type: "compare", line, first, rest } : first;
      rest.push({ op, value: this.binary(0) });
    }
  }
  /** @param {number} level @returns {Node} */
  binary(level) {
    if (level === BINARY.length) return this.unary();
    const { line } = this.now;
    let left = this.binary(level + 1);
    for (let op; (op = this.takes(...BINARY[level])); ) left = { type: "binary", line, op, left, right: this.binary(level + 1) };
    return left;
  }
  /** @returns {Node} */
  unary() {
    const { line } = this.now;
    const op = this.takes("-", "+", "~");
    return op ? { type: "unary", line, op, value: this.unary() } : this.power();
  }
  /** @returns {Node} */
  power() {
    const { line } = this.now;
    const left = this.postfix();
    return this.takes("**") ? { type: "binary", line, op: "**", left, right: this.unary() } : left;
  }
  /** @returns {Node} */
  postfix() {
    let node = this.atom();
    for (;;) {
      const { line } = this.now;
      if (this.takes(".")) node = { type: "attribute", line, value: node, name: this.name() };
      else if (this.takes("(")) node = { type: "call", line, value: node, ...this.call() };
      else if (this.takes("[")) {
        node = { type: "index", line, value: node, index: this.subscript() };
        this.needs("]");
      } else return node;
    }
  }
  call() {
    /** @type {Node[]} */
    const args = [];
    /** @type {{ name: string, value: Node }[]} */
    const named = [];
    while (!this.sees(")")) {
      const next = this.list[this.at + 1];
      if (this.now.kind === "name" && next.kind === "op" && next.text === "=") {
        const name = this.name();
        this.needs("=");
        named.push({ name, value: this.expression() });
      } else {
        const value = this.starred();
        args.push(this.sees("for") ? this.comprehension(value, "list") : value);
      }
      if (!this.takes(",")) break;
    }
    this.needs(")");
    return { args, named };
  }
  /** @returns {Node} */
  subscript() {
    const { line } = this.now;
    const items = [this.slice()];
    let comma = false;
    while (this.takes(",")) (comma = true), this.sees("]") || items.push(this.slice());
    return comma ? { type: "tuple", line, items } : items[0];
  }
  /** @returns {Node} */
  slice() {
    const { line } = this.now;
    const part = () => (this.sees(":", ",", "]") ? null : this.expression());
    const start = part();
    if (!this.takes(":")) return start ?? this.expression();
    const stop = part();
    return { type: "slice", line, start, stop, step: this.takes(":") ? part() : null };
  }
  /** `value for … in … if …`, after the value. @param {Node} value @param {string} type @returns {Node} */
  comprehension(value, type) {
    const { line } = this.now;
    const loops = [];
    while (this.takes("for")) {
      const target = this.targets();
      this.needs("in");
      const over = this.or();
      const tests = [];
      while (this.takes("if")) tests.push(this.or());
      loops.push({ target, over, tests });
    }
    return { type: "comprehension", line, kind: type, value, loops };
  }
  /** @returns {Node} */
  atom() {
    const { kind, text, line } = this.now;
    if (kind === "number") {
      this.at++;
      const plain = text.replaceAll("_", "");
      return { type: "constant", line, value: /^\d+$/.test(plain) ? BigInt(plain) : Number(plain) };
    }
    if (kind === "string") {
      let whole = "";
      for (; this.now.kind === "string"; this.at++) whole += unquoted(this.now.text);
      return { type: "constant", line, value: whole };
    }
    for (const [word, value] of /** @type {[string, any][]} */ ([["True", true], ["False", false], ["None", null]])) if (this.takes(word)) return { type: "constant", line, value };
    if (this.takes("...")) return { type: "ellipsis", line };
    if (this.takes("(")) {
      if (this.takes(")")) return { type: "tuple", line, items: [] };
      const value = this.tuple();
      const whole = this.sees("for") ? this.comprehension(value, "list") : value;
      this.needs(")");
      return whole;
    }
    if (this.takes("[")) {
      /** @type {Node[]} */
      const items = [];
      while (!this.sees("]")) {
        items.push(this.starred());
        if (this.sees("for")) {
          const made = this.comprehension(items[0], "list");
          this.needs("]");
          return made;
        }
        if (!this.takes(",")) break;
      }
      this.needs("]");
      return { type: "list", line, items };
    }
    if (this.takes("{")) return this.dict(line);
    return { type: "name", line, name: this.name() };
  }
  /** @param {number} line @returns {Node} */
  dict(line) {
    const pairs = [];
    while (!this.sees("}")) {
      const key = this.expression();
      this.needs(":");
      const value = this.expression();
      if (this.sees("for")) {
        const made = this.comprehension({ type: "tuple", line, items: [key, value] }, "dict");
        this.needs("}");
        return made;
      }
      pairs.push({ key, value });
      if (!this.takes(",")) break;
    }
    this.needs("}");
    return { type: "dict", line, pairs };
  }
}
