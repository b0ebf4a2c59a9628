// nbs/static/search.js: which page a question finds first.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { runInNewContext } from "node:vm";

const PAGES = [
  { title: "How do I train on my own pictures?", section: "For long", href: "guides/own_pictures.html#train", text: "This cell takes a few seconds." },
  { title: "How do I train on my own pictures?", section: "", href: "guides/own_pictures.html", text: "Put them into a folder. A custom dataset, ImageFolder." },
  { title: "4. Training", section: "", href: "lessons/training.html", text: "A network that predicts noise; the loss falls." },
  { title: "2. Generative models", section: "A whole diffusion model", href: "lessons/generative_models.html#whole", text: "Two numbers go in." },
  { title: "noising", section: "noisify", href: "api/noising.html#noisify", text: "Mixes images with noise." },
  { title: "exercises.forward_process", section: "check_noisify", href: "api/exercises/forward_process.html", text: "Checks noisify." },
  { title: "3. The forward process", section: "noisify from scratch", href: "lessons/forward_process.html", text: "The jump is one line." },
  { title: "datasets", section: "image_folder", href: "api/datasets.html#image_folder", text: "A folder of pictures." },
];

/** As Fuse is, to those who add and search; it finds nothing of its own but what is asked of it. */
class Fuse {
  constructor(pages, options) {
    this.options = options;
    this.added = [...pages];
  }
  add(page) {
    this.added.push(page);
  }
  search(query, { limit }) {
    return [{ item: { href: "api/exercises/" } }, { item: { href: `letters of ${query}, ${this.added.length} pages, ${limit}` } }];
  }
}

function search() {
  const page = { Fuse };
  runInNewContext(readFileSync(new URL("../../nbs/static/search.js", import.meta.url), "utf8"), page);
  const made = new page.Fuse([], { ignoreLocation: true, threshold: 0.1 });
  PAGES.forEach((p) => made.add(p));
  return (query, limit = 20) => Array.from(made.search(query, { limit }), ({ item }) => item.href);
}

test("a question finds a page that holds its telling words", () => {
  const find = search();
  assert.equal(find("What is a diffusion model?")[0], "lessons/generative_models.html#whole");
  assert.equal(find("train on my own folder")[0], "guides/own_pictures.html");
  assert.equal(find("custom datasets")[0], "guides/own_pictures.html");
});

test("a name finds its entry, however it is written, before those that mention it", () => {
  const find = search();
  assert.deepEqual(find("noisify").slice(0, 2), ["api/noising.html#noisify", "lessons/forward_process.html"]);
  assert.equal(find("ImageFolder")[0], "api/datasets.html#image_folder");
  assert.equal(find("forward-process")[0], "lessons/forward_process.html");
});

test("a page stands before its sections, and no more are found than asked for", () => {
  const find = search();
  assert.deepEqual(find("how do I train", 2), ["guides/own_pictures.html", "guides/own_pictures.html#train"]);
});

test("where no page has the words, letters are looked for", () => {
  const find = search();
  assert.deepEqual(find("nosify", 5), ["letters of nosify, 8 pages, 5", "api/exercises/"]);
  assert.deepEqual(find("?", 5), ["letters of ?, 8 pages, 5", "api/exercises/"]);
});
