"""Hand-written. The reference: what a page of the library says of a function or a class, and in which order.

Two of the processors that `[tool.nbdev] doc_procs` names; `_docs.py` has the others. `document` writes each entry: the call, a table
of parameters, what comes back, the errors. `arrange` puts an example and the entries first, and the notebook below them.
"""

import ast
import inspect
import io
import json
import re
import tokenize
from collections.abc import Iterable
from functools import cache, reduce
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from fastcore.nbio import mk_cell
from nbdev.config import get_config
from nbdev.doclinks import NbdevLookup
from nbdev.process import Processor

SHOW_DOC = re.compile(r"^show_doc\((.*)\)\s*$", re.M | re.S)
SHOWN = ("application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json", "image/png")
ERROR = re.compile(r"Raises\b|\w*Error\b")
EXAMPLE, HOW = "## Example", "## How it works"
WIDTHS = (15, 23, 14, 48)  # of a table's columns, in hundredths


class document(Processor):
    """Give each `show_doc` what it shows, of the module as it is imported: an entry of the reference, or where the code itself is
    shown (`#| exports`), its heading alone.

    It stands in for nbdev's `exec_show_docs`, which runs the exported cells once more, from the top: there a class cannot be
    documented before another that its annotations name.
    """

    def begin(self):
        exported = re.search(r"#\|\s*default_exp\s+([\w.]+)", Path(self.nb.path_).read_text(encoding="utf-8"))
        self.names = vars(import_module(f"{get_config().lib_path.name}.{exported[1]}")) if exported else {}
        self.level = 2  # of a heading alone: below the title, or, after the first section's, below that
        code = "\n".join(cell.source for cell in self.nb.cells if re.match(r"(#\|.*\n)*#\|\s*exports\b", cell.source))
        self.in_full = set(re.findall(r"^(?:def|class) (\w+)", code, re.M))

    def cell(self, cell):
        if cell.cell_type == "markdown" and re.search("^## ", cell.source, re.M):
            self.level = 3
        if cell.cell_type == "code" and cell.source.startswith("#| code-fold: show\n"):  # nbdev folds what it exports
            cell.source = cell.source.split("\n", 2)[2]
        if cell.cell_type == "code" and (call := SHOW_DOC.search(cell.source)):
            name, *attributes = call[1].strip().split(".")
            if name in self.in_full:
                said = f"{'#' * self.level} {name}"
            else:
                said = reference(reduce(getattr, attributes, self.names[name]), 3 if attributes else 2)
            cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"text/markdown": said}}]


class arrange(Processor):
    """Put an example first, then the entries of the reference, those first that the lessons call most often and errors last, and
    then the notebook as it was written, one level of headings deeper.

    A page that shows its code in full stays as it is, and so does one without entries.
    """

    def begin(self):
        cells = self.nb.cells
        entries = [cell for cell in cells if is_entry(cell)]
        if not entries or not all("\n```python\n" in text_of(cell) for cell in entries):
            return
        names = [SHOW_DOC.search(cell.source)[1].strip().split(".")[0] for cell in entries]  # type: ignore[index]
        calls = {name: len(re.findall(rf"\b{name}\(", lessons())) for name in names}
        place = {name: (name.endswith("Error"), -calls[name], names.index(name)) for name in names}
        entries = [cell for _, cell in sorted(zip(names, entries, strict=True), key=lambda pair: place[pair[0]])]
        head = [cell for cell in cells if cell.cell_type == "raw" or "WARNING: THIS FILE" in cell.source]
        rest = [cell for cell in cells if not is_entry(cell) and not any(cell is h for h in head)]
        example = self.example(rest, sorted(set(names), key=lambda name: place[name]))
        rest = [cell for cell in rest if not any(cell is e for e in example)]
        for cell in rest:
            if cell.cell_type == "markdown":
                cell.source = deeper(cell.source)
        if len(set(names)) == 1:
            self.call_it(head, names[0])
        below = [mk_cell(HOW, "markdown"), *rest] if any(cell.source.strip() for cell in rest) else []
        above = (
            [mk_cell(EXAMPLE, "markdown"), *example] if example else []
        )  # its heading: widgets have headings below that
        self.nb.cells[:] = [*head, *above, *entries, *below]

    def call_it(self, head: list[Any], name: str) -> None:
        "A module that holds one class, and is named for it, has a page with the name that users know: `NoiseScrubber`."
        for cell in head:
            title = re.search(r"^title: (?:\w+\.)*(\w+)$", cell.source, re.M) if cell.cell_type == "raw" else None
            if title and title[1].replace("_", "") == name.lower():
                cell.source = cell.source.replace(title[0], f"title: {name}")

    def example(self, cells: list[Any], names: Iterable[str]) -> list[Any]:
        "The first code cell that calls one of the names and shows a widget, a figure or a picture, else that prints; and the sentence above it."
        uses = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\(")
        code = [i for i, cell in enumerate(cells) if cell.cell_type == "code" and uses.search(cell.source)]
        kinds = {i: {kind for out in cells[i].get("outputs", []) for kind in out.get("data", {})} for i in code}
        shows = [i for i in code if kinds[i] & set(SHOWN)]
        prints = [i for i in code if cells[i].get("outputs") and "AssertionError(" not in cells[i].source]
        if not (found := shows or prints):
            return []
        above = cells[max(found[0] - 1, 0)]
        is_lead = above.cell_type == "markdown" and "#" not in above.source and len(above.source) < 500
        return [above, cells[found[0]]] if is_lead else [cells[found[0]]]


@cache
def lessons() -> str:
    "The code of all lessons and guides."
    folder = Path(get_config().nbs_path)
    books = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[gl]*s/[0-9]*.ipynb"))]
    return "\n".join("".join(cell["source"]) for book in books for cell in book["cells"] if cell["cell_type"] == "code")


def is_entry(cell: Any) -> bool:
    return cell.cell_type == "code" and bool(SHOW_DOC.search(cell.source))


def text_of(cell: Any) -> str:
    return "".join(out.get("data", {}).get("text/markdown", "") for out in cell.get("outputs", []))


def deeper(text: str) -> str:
    "Markdown whose headings are one level deeper; code in it is left alone."
    parts = re.split(r"(^```.*?^```)", text, flags=re.M | re.S)
    return "".join(part if part.startswith("```") else re.sub(r"^(##+) ", r"#\1 ", part, flags=re.M) for part in parts)


# One entry


def reference(
    what: Any,  # a function or a class
    level: int = 2,  # of its heading
) -> str:  # Markdown
    "What the reference says of a function or a class: how it is called, what it does, its parameters, what comes back, the errors."
    name = what.__qualname__
    text, errors = split_errors(inspect.getdoc(what) or "")
    comments = remarks(what)
    home = get_config().lib_path.name
    home = home if name in import_module(home).__all__ else what.__module__
    bring = "" if "." in name else f"from {home} import {name}"
    parts = [
        f"{'#' * level} {name}",
        source(what),
        f"`{bring}`" if bring else "",
        f"```python\n{call(what)}\n```",
        linked(text),
        table(what, comments),
    ]
    if returned := inspect.isfunction(what) and gives(what, comments.get("return", "")):
        parts.append(f"**Returns** {returned}")
    if errors:
        parts.append(f"**Errors.** {errors}")
    if inspect.isclass(what) and (has := members(what)):
        parts.append(has)
    return "\n\n".join(part for part in parts if part)


def linked(text: str) -> str:
    "Names of the library that have an entry lead to it; what modules only lend each other has none."
    home = get_config().lib_path.name
    names = {n for sub in ("", ".diagnosis", ".exercises", ".widgets") for n in import_module(f"{home}{sub}").__all__}
    links = NbdevLookup().linkify(text)
    return re.sub(r"\[`((\w+)[\w.]*)`\]\([^)]+\)", lambda m: m[0] if m[2] in names else f"`{m[1]}`", links)


def source(what: Any) -> str:
    "A link to the line where it begins, on the site of the repository."
    address = NbdevLookup().code(f"{what.__module__}.{what.__qualname__}")
    if not address:
        return ""
    line = inspect.getsourcelines(inspect.unwrap(what))[1]
    return f'[source]({address.partition("#")[0]}#L{line}){{target="_blank" .entry-source}}'


def parameters(what: Any) -> list[inspect.Parameter]:
    "What it is called with, without `self`."
    try:
        found = list(inspect.signature(what, eval_str=True).parameters.values())
    except (NameError, TypeError, ValueError):
        try:
            found = list(inspect.signature(what).parameters.values())
        except (TypeError, ValueError):
            return []
    plain = inspect.isclass(what) and issubclass(what, BaseException) and "__init__" not in vars(what)
    return [] if plain else [p for p in found if p.name not in ("self", "cls")]


def marked(p: inspect.Parameter) -> str:
    "Its name, with the stars before it."
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return "".join(star for kind, star in stars.items() if p.kind == kind) + p.name


def call(what: Any) -> str:
    "`noisify(x0, schedule, t=None)`, a class as `class Schedule(betas)`: on one line if it fits, else one parameter a line."
    given, stars = [], False
    for p in parameters(what):
        if p.kind is p.KEYWORD_ONLY and not stars:
            given.append("*")
        stars = stars or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        given.append(marked(p) + ("" if p.default is p.empty else f"={literal(p.default)}"))
    start = f"class {what.__qualname__}" if inspect.isclass(what) else f"def {what.__qualname__}"
    if not given and inspect.isclass(what):
        return start
    line = f"{start}({', '.join(given)})"
    return line if len(line) <= 88 else f"{start}(\n" + "".join(f"    {part},\n" for part in given) + ")"


def literal(value: Any) -> str:
    "A default as one would write it."
    if isinstance(value, type) or inspect.isroutine(value):
        return value.__name__
    if isinstance(value, str) and '"' not in value:
        return f'"{value}"'
    if isinstance(value, float) and value >= 1e6:
        return f"{value:g}".replace("e+", "e")
    text = re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", repr(value)).removeprefix("functools.")
    return "…" if " object at " in text else text


def kind(annotation: Any) -> str:
    "A type in words: `` `Tensor`, `int` or `None` ``."
    each = list(dict.fromkeys(kinds(annotation)))
    return " or ".join(filter(None, [", ".join(each[:-1]), *each[-1:]]))


def kinds(annotation: Any) -> list[str]:
    "The types that it may be, each as code."
    if annotation is inspect.Parameter.empty:
        return []
    if annotation is Any:
        return ["any"]
    if get_origin(annotation) in (Union, UnionType):
        return [one for part in get_args(annotation) for one in kinds(part)]
    if get_origin(annotation) is Literal:
        return [f"`{literal(value)}`" for value in get_args(annotation)]
    return [f"`{plain(annotation)}`"]


def plain(annotation: Any) -> str:
    "A type's name, without the modules that it is from."
    if annotation is NoneType or annotation is None:
        return "None"
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    text = (
        annotation if isinstance(annotation, str) else getattr(annotation, "__forward_arg__", None) or str(annotation)
    )
    text = re.sub(r"<class '([^']+)'>", r"\1", text).replace("NoneType", "None")
    return re.sub(r"\b(?:[a-zA-Z_]\w*\.)+(?=[A-Za-z_])", "", text)


def table(what: Any, comments: dict[str, str]) -> str:
    "The parameters: type, default and meaning; empty where there are none."
    rows = []
    for p in parameters(what):
        default = "" if p.default is p.empty else f"`{literal(p.default)}`"
        default = "above" if len(default) > 60 else default  # in the signature, where there is room
        rows.append(f"| `{marked(p)}` | {kind(p.annotation)} | {default} | {cell_text(comments.get(p.name, ''))} |")
    if not rows:
        return ""
    head = "| Parameter | Type | Default | Meaning |\n|:" + "|:".join("-" * n for n in WIDTHS) + "|\n"
    return "::: {.parameters}\n" + head + "\n".join(rows) + "\n:::"


def cell_text(text: str) -> str:
    "A comment as Markdown in a table: what Markdown would read as more than words is escaped, except code."
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([|*_<>\[\]$~^])", r"\\\1", part) for part in parts)


def gives(what: Any, comment: str) -> str:
    "What a function returns, and what it is; empty for nothing."
    annotation = inspect.signature(what).return_annotation
    if annotation in (None, NoneType, inspect.Signature.empty, "None"):
        return cell_text(comment)
    named = kind(annotation)
    return f"{named}: {cell_text(comment)}" if comment else named


def split_errors(doc: str) -> tuple[str, str]:
    "A docstring without the sentences that say which errors there are, and these."
    text, errors = [], []
    for paragraph in re.split(r"\n\s*\n", doc):
        sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z`])", paragraph)
        errors += [s for s in sentences if ERROR.match(s)]
        text.append(" ".join(s for s in sentences if not ERROR.match(s)))
    return "\n\n".join(filter(None, text)), " ".join(" ".join(errors).split())


def members(what: type) -> str:
    "A class's own public methods and properties, each with the first line of its docstring."
    rows = []
    for name, value in vars(what).items():
        own = getattr(value, "__func__", getattr(value, "func", getattr(value, "fget", value)))
        doc = inspect.getdoc(own) if inspect.isfunction(own) else None
        if name.startswith("_") or not doc:
            continue
        is_property = not inspect.isfunction(value) and not isinstance(value, classmethod | staticmethod)
        anchor = f"{what.__qualname__}.{name}".lower()  # to which nbdev links a method's name
        rows.append(f"| [`{name}{'' if is_property else '()'}`]{{#{anchor}}} | {cell_text(doc.splitlines()[0])} |")
    return (
        "::: {.members}\n| Member | What it does |\n|:------|:--------------|\n" + "\n".join(rows) + "\n:::"
        if rows
        else ""
    )


def remarks(what: Any) -> dict[str, str]:
    "The comment beside each parameter or field, and `return`: of the function, the class's `__init__`, or the class's own fields."
    try:
        text = dedent(inspect.getsource(inspect.unwrap(what)))
    except (OSError, TypeError):
        return {}
    lines = comments_of(text)
    node: Any = ast.parse(text).body[0]
    found: dict[str, str] = {}
    if isinstance(node, ast.ClassDef):
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                found[field.target.id] = between(lines, field.lineno, field.end_lineno)
        inits = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
        if not inits:
            return found
        node = inits[0]
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    every = sorted(filter(None, every), key=lambda a: (a.lineno, a.col_offset))
    starts = [a.lineno for a in every]
    end = node.body[0].lineno - 1  # of the head
    last = node.returns.lineno - 1 if node.returns else end
    for a, after in zip(every, [*(start - 1 for start in starts[1:]), last], strict=False):
        found[a.arg] = between(lines, a.lineno, max(after, a.lineno))
    if node.returns:
        found["return"] = between(lines, max([node.returns.lineno, *(start + 1 for start in starts)]), end)
    return found


def comments_of(text: str) -> dict[int, str]:
    "Line → the comment on it."
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def between(lines: dict[int, str], first: int, last: int | None) -> str:
    return " ".join(lines[i] for i in range(first, (last or first) + 1) if i in lines)
