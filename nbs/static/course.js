// Which lessons the reader has finished: marked on every link to one, and kept in this browser alone.
// Where a page may keep nothing, the marks last as long as the page.
(() => {
  const KEY = "ddpm-widgets-finished";
  const nameOf = (href) => /(?:^|\/)lessons\/([\w-]+)\.html/.exec(href)?.[1];
  let finished = new Set();
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    if (Array.isArray(kept)) finished = new Set(kept);
  } catch {} // forbidden, or not what was written here

  const links = [...document.querySelectorAll(".path a, .standing a, #quarto-sidebar a")];
  const buttons = [...document.querySelectorAll("[data-finish]")];
  const begin = document.querySelector(".front .buttons a");
  const first = begin && { text: begin.textContent, href: begin.getAttribute("href") };

  const paint = () => {
    for (const link of links) {
      const done = finished.has(nameOf(link.href));
      if (done === link.hasAttribute("data-finished")) continue;
      link.toggleAttribute("data-finished", done);
      if (done) {
        const said = document.createElement("span");
        said.className = "visually-hidden said-finished";
        said.textContent = " (finished)";
        link.append(said);
      } else link.querySelector(".said-finished")?.remove();
    }
    for (const button of buttons) {
      const done = finished.has(button.dataset.finish);
      button.setAttribute("aria-pressed", String(done));
      button.hidden = false;
    }
    if (!begin) return;
    const cards = links.filter((link) => link.closest(".path"));
    const next = cards.find((link) => !link.hasAttribute("data-finished"));
    const going = finished.size > 0 && next;
    begin.textContent = going ? `Go on with lesson ${next.textContent.split(".")[0].trim()}` : first.text;
    begin.setAttribute("href", going ? next.getAttribute("href") : first.href);
  };

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const name = button.dataset.finish;
      if (!finished.delete(name)) finished.add(name);
      try {
        localStorage.setItem(KEY, JSON.stringify([...finished]));
      } catch {} // forbidden, or full
      paint();
    });
  }
  addEventListener("storage", (e) => {
    if (e.key !== KEY) return;
    try {
      finished = new Set(JSON.parse(e.newValue ?? "[]"));
    } catch {}
    paint();
  });
  paint();

  // What scrolls sideways on a narrow screen can be reached by keys, too.
  const scrolls = [...document.querySelectorAll(".katex-display, .cell-output pre, .cell-output-display p")];
  const reach = () => {
    for (const el of scrolls) {
      if (el.scrollWidth > el.clientWidth + 1) el.tabIndex = 0;
      else el.removeAttribute("tabindex");
    }
  };
  addEventListener("load", reach);
  addEventListener("resize", reach);
})();
