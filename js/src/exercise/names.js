// Names that this page does not know: whether a known one is meant, and which of them Python knows.

const words = (/** @type {string} */ text) => new Set(text.trim().split(/\s+/));
/** What Python has without an import, and the course everywhere, and this page has not. */
export const BUILT_IN = words(`
  ddpm_widgets aiter anext ascii bin breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr dir divmod eval exec exit format frozenset globals hasattr hash help hex id input
  isinstance issubclass iter license locals memoryview next object oct open ord property quit repr set setattr slice staticmethod super type vars`);
/** Names that a module or an object has in Python and not here: all of a list, and those that are one slip away from a name that is here. */
const THERE = words(`
  Tensor acos acosh addr arccosh arcsinh arctan2 arctanh asin asinh atan atanh bfloat16 cdouble celu cfloat chalf clear cosh cov det dist dsplit dstack eig elu erfc exp2 expand fabs fill fmax fmin gelu ger hsplit hub icdf info int1 int2 int3 int4 int5 int6 int7 int8 ipu isin isnat isqrt
  logical_xor long mean min msort new normal os pdist prelu qint32 range real relu6 remove rrelu rsub selu sgn short sinc sinh smm sort split svd uint32 uint64 vdot vsplit xpu`);

/** May Python know this name of a module, or of an object? @param {string} name */
export const pythons = (name) => THERE.has(name) || name.endsWith("_");

/** What Python adds to an error where a known name is one slip away: a letter is missing, added or changed, or two are swapped. @param {string} name @param {string[]} known */
export function nearest(name, known) {
  const found = known.find((other) => slip(name, other));
  return found ? `. Did you mean: '${found}'?` : "";
}

/** @param {string} a @param {string} b */
function slip(a, b) {
  if (a === b || Math.max(a.length, b.length) < 3) return false;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  const rest = (/** @type {string} */ text, /** @type {number} */ n) => text.slice(at + n);
  const swapped = short.length === long.length && short[at] === long[at + 1] && short[at + 1] === long[at] && rest(short, 2) === rest(long, 2);
  return swapped || rest(long, 1) === rest(short, long.length === short.length ? 1 : 0);
}
