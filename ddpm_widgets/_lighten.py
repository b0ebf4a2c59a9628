"""Hand-written. Quarto's `post-render`: the site's pages made lighter, with nothing that a reader would miss.

`python -m ddpm_widgets._lighten` runs when Quarto has written the site. Formulas are set here and not in the browser, films and
pictures move out of the pages and are loaded when they are near, styles and fonts keep what some page uses, and no script holds
up a page. All of it works from disk, too: a browser lets such a page load scripts and pictures, but neither modules nor JSON.
"""

import base64
import html
import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HEAVY = 30_000  # characters of a widget's state: with more than that it waits in a file of its own until it is near
INK, PALE = (107, 114, 128), (156, 163, 175)  # of the labels of `show_images`, on white paper and on dark
PLACE = re.compile(
    r'<div data-ddw="([\w-]+)"><script type="application/json">(.*?)</script>(?:<img src="data:image/png;base64,([^"]*)")?',
    re.S,
)
MODULE = re.compile(r'<script type="application/json" id="ddw-([\w-]+)">(.*?)</script>', re.S)
MODULES = "static/widgets"  # of the site: widgets' modules, which pages share
MATH = re.compile(r'<span class="math (inline|display)">([^<]*)</span>')
SCRIPT = re.compile(r"<script\b[^>]*>.*?</script>", re.S)
FIGURE = re.compile(r'<img\b[^>]*?\bsrc="([^":]+?\.(?:png|svg|webp))"[^>]*>')
NAVBAR = re.compile(r'<a class="nav-link(?: active)?" href="([^"]+)"(?: aria-current="page")?>')
HEADER = re.compile(r'<header id="quarto-header"[^>]*>')
SKIP = '<a class="skip" href="#quarto-document-content">Skip to the content</a>'
NAMES = {  # what a navigation begins with, and what it is: to somebody who hears the page, one is like another without a name
    '<nav class="navbar ': "Parts of the site",
    '<nav class="quarto-secondary-nav': "Where this page stands",
    '<nav id="quarto-sidebar"': "All pages",
    '<nav id="TOC"': "On this page",
    '<nav class="page-navigation': "The page before and after",
}
FOLD = re.compile(r'<a (class="[^"]*"[^>]*?) role="navigation"([^>]*)>(.*?)</a>', re.S)
COURSE = {"the-course": "lessons"}  # a part of the front page, and the folder that it is about
ABOVE = re.compile(r"^\s*(Lesson \w+ page \d+ of [^\n]*|Open in\s+Colab\b.*?\bDownload\b)\s*", re.S)  # a lesson's text
ASKED = {  # a guide, and other words for its question
    "guides/own_pictures.html": "How to train on my own images, custom images, photos, my own data, a custom dataset, a folder of images, ImageFolder.",
    "guides/diffusers_model.html": "How to load a diffusers pipeline, import from diffusers, export to diffusers, Hugging Face models.",
    "guides/slides.html": "How to export a widget, embed in slides, embed in a web page, PowerPoint, reveal.js, save as HTML, offline.",
    "guides/resume_a_run.html": "How to resume training, continue training, save a checkpoint, restore after a crash.",
    "guides/samples_are_noise.html": "Why are my samples noise? Only noise, noisy images, black images, grey images, loss is NaN, does not learn, loss does not go down.",
}
DYNAMIC = ("aa-", "bs-tooltip")  # beginnings of class names that scripts put together
ALWAYS = {"html", "body"}
GROUPS = ("media", "supports", "layer", "container")  # at-rules with rules in them
ANYWHERE = {*range(0x20, 0x7F), 0xA0, 0x2212}  # characters that a reader may type, and plotly's minus
FEATURES = ["kern", "ccmp", "locl", "mark", "mkmk", "tnum"]  # of a font: no ligatures, no arrows made of hyphens


# Widgets and pictures


def waiting(file: Path, key: str, data: str) -> None:
    "A script that brings data (JSON) when the page asks for it."
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"(window.ddwSaved ??= {{}})[{json.dumps(key)}] = {data};\n", encoding="utf-8")


def apart(path: Path, text: str, folder: Path) -> str:
    """A page with the posters of its widgets, and the states that are heavy, in files beside it.

    The module of the first widget stays in the page, so that it is there at once. The others are files of the site, in `folder`.
    """
    there = path.with_name(f"{path.stem}_files")
    stay = {module for i, (module, saved, _) in enumerate(PLACE.findall(text)) if not i or '"link":""' not in saved}
    up = "../" * len(path.parent.relative_to(folder).parts)

    def module(found: re.Match) -> str:
        if found[1] in stay:
            return found[0]
        waiting(folder / MODULES / f"{found[1]}.js", found[1], found[2])
        return ""

    def widget(found: re.Match) -> str:
        name, saved, poster = found.groups()
        number = f"{len(list(there.glob('widget-*'))) + 1}" if there.is_dir() else "1"
        there.mkdir(exist_ok=True)
        place, script = f'<div data-ddw="{name}"', f'<script type="application/json">{saved}</script>'
        if len(saved) > HEAVY and '"link":""' in saved:  # those that move together are there together
            beside = f"{there.name}/widget-{number}.js"
            waiting(there / f"widget-{number}.js", beside, saved)
            place, script = f'{place} data-ddw-from="{beside}"', ""
        if name not in stay:
            place = f'{place} data-ddw-module="{up}{MODULES}/{name}.js"'
        if poster is None:
            return f"{place}>{script}"
        picture = Image.open(io.BytesIO(base64.b64decode(poster)))
        shown = f"{there.name}/widget-{number}.webp"
        picture.convert("RGB").save(path.with_name(there.name) / f"widget-{number}.webp", lossless=True, method=6)
        size = f'width="{picture.width}" height="{picture.height}"'
        return f'{place}>{script}<img src="{shown}" loading="lazy" {size}'

    return PLACE.sub(widget, MODULE.sub(module, text))


def pictures(path: Path, text: str, folder: Path) -> str:
    "A page whose pictures are WebP (the same pixels, half the bytes), know their size, and are loaded when they are near."

    def picture(found: re.Match) -> str:
        tag, src = found[0], found[1]
        file = (folder / src.lstrip("/") if src.startswith("/") else path.parent / src).resolve()
        if "navbar-logo" in tag or not file.is_file():
            return tag
        pale = None
        if file.suffix == ".png":
            pale, file = webp(file, PALE) if labelled(file) else None, webp(file)
            tag = tag.replace(f'src="{src}"', f'src="{src.removesuffix("png")}webp"') if file.suffix == ".webp" else tag
        if file.suffix != ".svg" and not re.search(r'\s(?:width|height)="', tag):
            with Image.open(file) as opened:
                size = f'width="{opened.width}" height="{opened.height}" style="--w:{opened.width}px"'  # for phones
                tag = tag.replace("<img", f"<img {size}", 1)
        if " alt=" not in tag:  # of a figure, whose caption says it
            tag = tag.replace("<img", '<img alt=""', 1)
        tag = tag if "loading=" in tag else tag.replace("<img", '<img loading="lazy"', 1)
        if pale is None:
            return tag
        dark = tag.replace(file.name, pale.name)
        return f'<span class="light-content">{tag}</span><span class="dark-content">{dark}</span>'

    return FIGURE.sub(picture, text)


def webp(file: Path, ink: tuple[int, int, int] = INK) -> Path:
    "A PNG's twin in WebP, its labels in this ink, if that is lighter: without loss, but for the front page's pictures."
    twin = file.with_suffix(".pale.webp" if ink == PALE else ".webp")
    if not twin.is_file():
        clear(Image.open(file), ink).save(
            twin, method=6, **({"quality": 66} if file.parent.name == "front" else {"lossless": True})
        )
    return twin if twin.stat().st_size < file.stat().st_size else file


def labelled(file: Path) -> bool:
    "Whether the ink of a picture's labels makes a difference."
    with Image.open(file) as picture:
        return clear(picture).tobytes() != clear(picture, PALE).tobytes()


def clear(picture: Image.Image, ink: tuple[int, int, int] = INK) -> Image.Image:
    """A picture on the ground of its page: the colour that the file calls transparent is, and so is what is mixed with it.

    `show_images` draws its labels in one grey on such a ground, so how clear a pixel of a letter is can be read from its colour.
    """
    ground = picture.info.get("transparency")
    if picture.mode != "RGB" or not isinstance(ground, tuple):
        return picture.convert("RGB")
    seen = np.asarray(picture).astype(np.float32)
    share = (ground[0] - seen[..., :1]) / (ground[0] - INK[0])  # of ink
    paper, drawn = np.asarray(ground, np.float32), np.asarray(INK, np.float32)
    mixed = np.abs(seen - (paper + share * (drawn - paper))).max(-1) <= 1.5
    mixed &= (seen[..., 2] > seen[..., 0]) & (share[..., 0] >= 0)
    out = np.dstack([seen, np.full(seen.shape[:2], 255)])
    out[mixed] = np.concatenate([np.broadcast_to(ink, (mixed.sum(), 3)), 255 * share[mixed].clip(0, 1)], 1)
    return Image.fromarray(out.round().astype(np.uint8))


# Formulas and scripts


def formulas(pages: dict[Path, str], katex: Path, program: Path) -> str:
    "Set every formula, once for all pages, and take KaTeX itself out of them: its style sheet is enough. Returns their HTML."
    every = [found for text in pages.values() for found in MATH.findall(text)]
    asked = sorted({(html.unescape(tex), kind == "display") for kind, tex in every})
    if not asked:
        return ""
    quarto = shutil.which("quarto")
    command = [quarto, "run"] if quarto else [shutil.which("node") or "node"]
    done = subprocess.run([*command, str(program), str(katex)], input=json.dumps(asked), capture_output=True, text=True, encoding="utf-8")  # fmt: skip
    if done.returncode:
        sys.exit(f"{program.name} could not set the formulas: {done.stderr.strip()}")
    found = dict(zip(asked, json.loads(done.stdout), strict=True))
    if wrong := [tex for (tex, _), said in found.items() if "katex-error" in said]:
        names = [str(path) for path, text in pages.items() if html.escape(wrong[0], quote=False) in text]
        sys.exit(f"{', '.join(names)}: KaTeX cannot set the formula {wrong[0]}")
    for path, text in pages.items():
        text = MATH.sub(
            lambda m: f'<span class="math {m[1]}">{found[html.unescape(m[2]), m[1] == "display"]}</span>', text
        )
        text = re.sub(r'<script [^>]*src="[^"]*/katex\.min\.js"[^>]*></script>', "", text)
        pages[path] = SCRIPT.sub(lambda m: "" if "var mathElements = document.getElements" in m[0] else m[0], text)
    return "".join(found.values())


def classic(main: Path) -> bool:
    "Make a module and what it imports one plain script, in place. False if it is not of the kind that can be."
    if not main.is_file():
        return False
    text = main.read_text(encoding="utf-8")
    for line, name, path in re.findall(r'^(import \* as (\w+) from "(\./[^"]+)";)$', text, re.M):
        body = (main.parent / path).read_text(encoding="utf-8")
        names = ", ".join(re.findall(r"^export (?:async )?function (\w+)", body, re.M))
        body = re.sub(r"^export (?=(?:async )?function)", "", body, flags=re.M)
        text = text.replace(line, f"const {name} = (() => {{\n{body}\nreturn {{ {names} }};\n}})();")
    if re.search(r"^(?:import|export)\b", text, re.M):
        return False
    main.write_text(f'(() => {{\n"use strict";\n{text}\n}})();\n', encoding="utf-8")
    return True


def scripts(text: str, plain: bool) -> str:
    "A page whose scripts wait until it is read, without those that it has no use for."
    bare = SCRIPT.sub("", text)
    unused = []
    if not re.search(r'role="doc-noteref"|quarto-xref|data-cites|code-annotation', bare):
        unused += [r"tippy\.umd\.min\.js", r"tippy\.css"]
    if plain:
        unused.append(r"tabsets\.js")
        text = re.sub(r'(<script src="[^"]*/quarto\.js") type="module">', r"\1 defer>", text)
    for name in unused:
        text = re.sub(rf'<(script|link) (?:src|href)="[^"]*/{name}"[^>]*>(?:</script>)?\n?', "", text)
    return re.sub(r'<script src="([^"]*)"></script>', r'<script src="\1" defer></script>', text)


def current(text: str, page: Path, folder: Path) -> str:
    """A page whose header begins with a link past it, whose navbar marks the part of the site it is in, and whose navigations have names.

    Quarto would mark the first that the sidebar lists, too: the lessons, on every page. What folds the sidebar's sections it calls
    navigations, and no key reaches them.
    """
    where = page.relative_to(folder)

    def link(found: re.Match) -> str:
        target = Path(os.path.normpath(where.parent / found[1])) if ":" not in found[1] else Path()
        part = COURSE.get(found[1].partition("#")[2]) or (target.parts[0] if target.parts[:-1] else "")
        mark = "page" if target == where else "true" if part == where.parts[0] else ""
        return f'<a class="nav-link active" href="{found[1]}" aria-current="{mark}">' if mark else f'<a class="nav-link" href="{found[1]}">'  # fmt: skip

    def fold(found: re.Match) -> str:
        "A section's name is the button; the arrow beside it does the same for the mouse."
        own = f"{found[1]}{found[2]}"
        if "sidebar-item-text" in own:
            return f'<button type="button" {own}>{found[3]}</button>'
        own = re.sub(r' aria-label="[^"]*"', "", own)  # which way it points, `aria-expanded` says
        return f'<a aria-hidden="true" {own}>{found[3]}</a>'

    text = NAVBAR.sub(link, text)
    for start, name in NAMES.items():
        named = start.replace("<nav", f'<nav aria-label="{name}"')
        text = re.sub(rf"{re.escape(start)}(?![^>]*aria-label)", named, text)
    text = FOLD.sub(fold, text).replace(' role="menu" aria-expanded=', " aria-expanded=")  # a button that opens no menu
    return text if SKIP in text else HEADER.sub(lambda m: m[0] + SKIP, text, count=1)


# Styles and fonts


def words(pages: Iterable[str], programs: Iterable[str]) -> set[str]:
    "Every name that a selector could meet: tags, classes and ids of the pages, and whatever word a script holds."
    found, said = set(ALWAYS), set(programs)
    for text in pages:
        said.update(script for script in SCRIPT.findall(text) if "application/json" not in script[:200])
        bare = SCRIPT.sub("", text)
        found.update(re.findall(r"<([a-zA-Z][\w-]*)", bare))
        for value in re.findall(r'\s(?:class|id)="([^"]*)"', bare):
            found.update(value.split())
    return found.union(*(re.findall(r"(?:--)?[A-Za-z_][\w-]*", text) for text in said))


def prune(css: str, used: set[str]) -> str:
    "A style sheet without the rules that match nothing, the variables that nothing asks for, and comments, but for licences."
    import tinycss2

    used = used.union(re.findall(r"var\(\s*(--[\w-]+)", css))

    def wanted(name: str) -> bool:
        return name in used or name.startswith(DYNAMIC) or (name.startswith("bi-") and name[3:] in used)

    def declarations(content: list) -> str:
        found = tinycss2.parse_declaration_list(content, skip_comments=True, skip_whitespace=True)
        if any(d.type != "declaration" for d in found):
            return tinycss2.serialize(content).strip()
        return ";".join(d.serialize() for d in found if not d.name.startswith("--") or d.name in used)

    def asks(selector: list) -> set[str]:
        "The tags, classes and ids that an element must have, or an element around it. What stands in :not(…) or :is(…) is not asked."
        names, before = set(), ""
        for token in selector:
            if token.type == "hash":
                names.add(token.value)
            elif token.type == "ident" and before != ":":
                names.add(token.value if before == "." else token.lower_value)
            before = token.value if token.type == "literal" else ""
        return names

    def rule(node: Any) -> str:
        if node.type == "comment":
            return f"/*{node.value}*/" if node.value.startswith("!") else ""
        if node.type == "at-rule" and node.content is not None and node.lower_at_keyword in GROUPS:
            inner = "".join(map(rule, tinycss2.parse_rule_list(node.content, skip_whitespace=True)))
            return f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}{{{inner}}}" if inner else ""
        if node.type != "qualified-rule":
            return node.serialize()
        selectors: list[list] = [[]]
        for token in node.prelude:
            if token.type == "literal" and token.value == ",":
                selectors.append([])
            else:
                selectors[-1].append(token)
        kept = [s for s in selectors if all(map(wanted, asks(s)))]
        heads, said = ",".join(tinycss2.serialize(s).strip() for s in kept), declarations(node.content)
        return f"{heads}{{{said}}}" if kept and said else ""

    return "".join(map(rule, tinycss2.parse_stylesheet(css, skip_whitespace=True)))


def subset(file: Path, characters: set[int]) -> None:
    "A font with these characters alone, and weights from 400 to 700 where it has an axis of them, in place."
    from fontTools import subset as fonts
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    options = fonts.Options(flavor=file.suffix.removeprefix("."), notdef_outline=True, ignore_missing_unicodes=True)
    options.layout_features = FEATURES
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    font = TTFont(file)
    those = fonts.Subsetter(options)
    those.populate(unicodes=characters & set(font.getBestCmap()))
    those.subset(font)
    if "fvar" in font:
        font = instancer.instantiateVariableFont(font, {"wght": (400, 700)})
    out = io.BytesIO()
    font.flavor = options.flavor
    font.save(out)
    if len(out.getvalue()) < file.stat().st_size:
        file.write_bytes(out.getvalue())


def lighten(folder: Path, source: Path) -> None:
    "All of it, to the site that was built in `folder`; `source` is the folder of the notebooks."
    libs, vendor = folder / "site_libs", folder / "static/vendor"
    pages = {p: p.read_text(encoding="utf-8") for p in every(folder)}
    plain = classic(libs / "quarto-html/quarto.js")
    for path, text in pages.items():
        pages[path] = scripts(pictures(path, apart(path, text, folder), folder), plain)
    math = formulas(pages, vendor / "katex/katex.min.js", source / "_formulas.js")
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    programs = [p.read_text(encoding="utf-8") for p in libs.rglob("*.js")]
    styles = list(libs.rglob("*.css"))
    used = words(pages.values(), programs)
    for text in [*pages.values(), *(p.read_text(encoding="utf-8") for p in styles)]:
        used.update(re.findall(r"var\(\s*(--[\w-]+)", text))
    icons: set[int] = set()
    for path in styles:
        css = prune(path.read_text(encoding="utf-8"), used)
        path.write_text(css, encoding="utf-8")
        icons.update(int(code, 16) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', css, re.I))
        icons.update(ord(c) for c in css if "\ue000" <= c <= "\uf8ff")
    shown = ANYWHERE.union(*(map(ord, html.unescape(text)) for text in pages.values()))
    for path in libs.rglob("*.woff"):
        subset(path, icons)
    for path in vendor.rglob("*.woff2"):
        subset(path, {ord(c) for c in html.unescape(math)} if "katex" in path.parts else shown)


def excerpts(index: Path) -> None:
    """Make the search index find what is asked for: what stands above a lesson out of it, for each result would begin with that and
    not with the lesson, and other words for a guide's question into it.
    """
    entries = json.loads(index.read_text(encoding="utf-8"))
    for entry in entries:
        entry["text"] = ABOVE.sub("", entry["text"])
        if other := ASKED.get(entry.get("href", "")):
            entry["text"] += f"\n{other}"
    index.write_text(json.dumps(entries, indent=2, ensure_ascii=False), encoding="utf-8")


def every(folder: Path) -> list[Path]:
    "The pages of the built site."
    return [p for p in sorted(folder.rglob("*.html")) if p.relative_to(folder).parts[0] not in ("static", "site_libs")]


def main() -> None:
    folder = Path(os.environ["QUARTO_PROJECT_OUTPUT_DIR"]).resolve()
    for path in every(folder):
        path.write_text(current(path.read_text(encoding="utf-8"), path, folder), encoding="utf-8")
    if (index := folder / "search.json").is_file():
        excerpts(index)
    if os.environ.get("QUARTO_PROJECT_RENDER_ALL"):  # a preview is quick rather than light
        lighten(folder, folder.parents[1] / "nbs")


if __name__ == "__main__":
    main()
