// The site's search by words. Quarto asks Fuse, which looks for all that is typed as one run of letters: "how does training work"
// finds nothing there. Fuse is asked where no page holds the words, for what is spelled wrong.
(() => {
  const Letters = globalThis.Fuse;
  if (!Letters) return;
  const LITTLE = new Set("a an and are as at be by can do does for from get have how i if in is it me my not of on or own so that the then there this to use was what when where which why will with work works you your".split(" "));
  const FIELDS = [["title", 5], ["section", 4], ["text", 1]]; // prettier-ignore
  /** What a page is worth by its kind: to a question, and to a name. */
  const KINDS = [["guides/", 8, 3], ["lessons/", 5, 2], ["gallery", 0, 1], ["index", -2, -2], ["benchmarks", -2, -2], ["api/exercises/", -12, -12]]; // prettier-ignore
  const low = (text) => (text ?? "").toLowerCase().replaceAll("-", " ");
  const bare = (text) => low(text).replace(/^\d+\w?\. |[^\p{L}\p{N}]/gu, "");
  /** A word without its ending: "training" and "trained" are about the same. */
  const stem = (word) => (word.length > 4 ? word.replace(/(?:ings?|ers?|ed|es|s|e)$/, "") : word);

  globalThis.Fuse = class extends Letters {
    constructor(pages, options) {
      super(pages, { ...options, threshold: 0.3 });
      this.pages = [...pages];
    }
    add(page) {
      super.add(page);
      this.pages.push(page);
    }
    search(query, { limit = 20, ...options } = {}) {
      const typed = low(query).match(/[\p{L}\p{N}_]+/gu) ?? [];
      const telling = typed.filter((word) => !LITTLE.has(word));
      const kind = telling.length < typed.length ? 1 : 2;
      const words = (telling.length ? telling : typed).map((word) => new RegExp(`(?<![\\p{L}\\p{N}_])${stem(word)}`, "u"));
      const pages = this.pages.map((item) => ({ item, texts: FIELDS.map(([name]) => low(item[name])) }));
      const holds = words.map((word) => pages.map(({ texts }) => texts.map((text) => word.test(text))));
      const rare = holds.map((of) => Math.log(1 + pages.length / (1 + of.filter((fields) => fields.includes(true)).length)));
      const found = pages.map(({ item }, i) => {
        const has = holds.map((of) => of[i].findIndex(Boolean));
        const named = bare(item.section || item.title) === bare(query);
        const worth = has.reduce((sum, at, k) => sum + (at < 0 ? 0 : FIELDS[at][1] * rare[k]), named ? 30 : 0);
        const bonus = KINDS.find(([start]) => item.href.startsWith(start))?.[kind] ?? 0;
        return { item, all: named || has.every((at) => at >= 0), score: worth + bonus + (item.section ? 0 : 1) };
      });
      const good = words.length ? found.filter((page) => page.all).sort((a, b) => b.score - a.score) : [];
      const last = ({ item }) => +item.href.startsWith("api/exercises/");
      return good.length ? good.slice(0, limit) : super.search(query, { limit, ...options }).sort((a, b) => last(a) - last(b));
    }
  };
})();
