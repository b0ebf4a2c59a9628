"""The exercises of a page without Python say what Python says: js/src/exercise, and what ddpm_widgets/_exercises.py gives it."""

import builtins
import importlib
import json
import math
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from answers import ANSWERS
from browsing import come_back
from test_exercises import answer_to, source_of
from torch_expressions import GIVEN, expressions

from ddpm_widgets import _docs, exercises
from ddpm_widgets._exercises import (
    CALL,
    elsewhere,
    for_page,
    named_functions,
    offer_exercises,
    script,
    start,
    write_exercises,
)
from ddpm_widgets.exercises.engine import EXERCISES, grade
from ddpm_widgets.widgets.page import host_script, json_script

JS = Path(__file__).parents[2] / "js"
LESSONS = sorted((JS.parent / "nbs/lessons").glob("[0-9]*.ipynb"))
ON_PAGES = [name for name in ANSWERS if for_page(name)]
GRADE = """
import { readFileSync } from "node:fs";
import { grade } from "./src/exercise/grade.js";
import { opened } from "./src/exercise/open.js";
const asked = JSON.parse(readFileSync(0, "utf8"));
const exercises = Object.fromEntries(Object.entries(asked.exercises).map(([name, saved]) => [name, opened(saved)]));
console.log(JSON.stringify(asked.answers.map(([name, code]) => grade(code, exercises[name]))));
"""


EVALUATE = """
import { readFileSync } from "node:fs";
import { run } from "./src/exercise/run.js";
import { tensor } from "./src/exercise/tensor.js";
import { FUNCTIONS } from "./src/exercise/torch.js";
const { given, expressions } = JSON.parse(readFileSync(0, "utf8"));
const found = expressions.map((expression) => {
  const { shape, dtype, data } = tensor(run(given + "\\nanswer = " + expression).get("answer"));
  return [shape, dtype, Array.from(data, String)];
});
console.log(JSON.stringify({ found, names: Object.keys(FUNCTIONS) }));
"""


NAMES = """
import { readFileSync } from "node:fs";
import { BUILTINS } from "./src/exercise/builtins.js";
import { run } from "./src/exercise/run.js";
import { ATTRIBUTES, MODULES } from "./src/exercise/torch.js";
const errors = JSON.parse(readFileSync(0, "utf8")).flatMap((expression) => {
  try {
    return run("answer = " + expression) && [];
  } catch (e) {
    return e.kind === "elsewhere" ? [] : [`${expression}: ${e.message}`];
  }
});
const modules = Object.fromEntries(Object.entries(MODULES).map(([name, module]) => [name, Object.keys(module)]));
console.log(JSON.stringify({ errors, modules, tensor: ATTRIBUTES, builtins: Object.keys(BUILTINS) }));
"""


def node(program: str, asked: dict | list):
    "What a program that reads JSON prints as JSON."
    command = ["node", "--input-type=module", "--eval", program]
    done = subprocess.run(command, cwd=JS, input=json.dumps(asked), capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def in_page(answers: list[tuple[str, str]]) -> list[dict]:
    "What a page says of each answer: (check, source)."
    return node(GRADE, {"exercises": {name: for_page(name) for name, _ in answers}, "answers": answers})


def says(source: str, name: str) -> str:
    "What a page says of one answer, as a check prints it."
    (found,) = in_page([(name, source)])
    return f"{'right' if found['right'] else 'not yet'}: {found['text']}"


def test_three_quarters_of_the_exercises_work_in_a_page():
    assert len(ON_PAGES) >= 34 and {"check_dropout", "check_sample_heights", "check_noisify"} < set(ON_PAGES)
    assert max(len(script(name)) for name in ON_PAGES) < 300_000


@pytest.mark.node
def test_a_page_says_what_python_says():
    """Of every right and every wrong answer of the course.

    Two differences are known. Of two mistakes at once a page says how far the result is off, and answers with what a page does not
    have (numpy's arrays, gradients) are sent to Python.
    """
    answers = [(name, source_of(name, row)) for name in ON_PAGES for row in ANSWERS[name]["right"]]
    answers += [(name, source_of(name, row)) for name in ON_PAGES for _, row in ANSWERS[name]["wrong"]]
    elsewhere, otherwise = [], []
    for (name, source), found in zip(answers, in_page(answers), strict=True):
        right, text = grade(answer_to(name, source), EXERCISES[name])
        if "open the lesson in Python" in found["text"]:
            elsewhere.append(source)
            assert not found["right"]
        elif right != found["right"] or (found["text"] != text and not text.startswith("two things are wrong.")):
            otherwise.append(f"{name}\n{source}\nPython: {right} {text}\npage: {found['right']} {found['text']}\n")
    assert len(answers) > 1000 and len(elsewhere) < 90
    assert len(otherwise) <= 12, "\n".join(otherwise)  # words of an error, or a package that is not there


@pytest.mark.node
def test_every_function_of_a_page_is_pytorchs():
    "Shapes, dtypes and values, of three hundred expressions."
    given = {"torch": torch, "F": torch.nn.functional, "math": math}
    exec(GIVEN, given)
    said = node(EVALUATE, {"given": GIVEN, "expressions": expressions()})
    for expression, (shape, dtype, data) in zip(expressions(), said["found"], strict=True):
        x = torch.as_tensor(eval(expression, dict(given)))
        found = torch.tensor([float(v.lower().replace("infinity", "inf")) for v in data], dtype=torch.float64).reshape(
            shape
        )
        assert (list(x.shape), str(x.dtype).removeprefix("torch.")) == (shape, dtype), expression
        same = torch.isclose(found, x.double(), rtol=1e-5, atol=1e-5, equal_nan=True)
        assert same.all(), f"{expression}: {found} and not {x}"
    used = {name.rstrip("_") for name in re.findall(r"[.]([a-z]\w*)", "\n".join(expressions()))}
    assert sorted(set(said["names"]) - used) == [], "no expression uses these"


@pytest.mark.node
def test_names_of_a_page_are_pythons():
    "It has none that Python has not, and never says that Python has none of a name that it has."
    things = {"np": np, "math": math, "torch.ones(2, 2)": torch.ones(2, 2), "torch.ones(2).shape": torch.Size([2])}
    things |= {"[1]": [1], "(1,)": (1,), "{}": {}, "'a'": "a", "(1)": 1, "(1.0)": 1.0, "True": True, "None": None}
    for module in ("", ".nn", ".nn.functional", ".linalg", ".distributions"):
        things[f"torch{module}"] = importlib.import_module(f"torch{module}")
    asked = [
        f"{thing}.{name}"
        for thing, value in things.items()
        for name in dir(value)
        if name[0] != "_" and name != "Inf"  # some packages add `np.Inf`
    ]
    found = node(NAMES, [*asked, *(name for name in dir(builtins) if name[0].islower())])
    assert found["errors"] == [] and len(asked) > 2500
    owners = {name: importlib.import_module(name) for name in found["modules"]}
    missing = [f"{owner}.{n}" for owner in owners for n in found["modules"][owner] if not hasattr(owners[owner], n)]
    missing += [name for name in found["tensor"] if not hasattr(torch.Tensor, name)]
    assert missing + [name for name in found["builtins"] if not hasattr(builtins, name)] == []


@pytest.mark.node
@pytest.mark.parametrize(
    "source, said",
    [
        ("def undo(x_t, eps, alpha_bar, t):\n    return x_t +", "line 2 cannot be read:"),
        ("def undo(x_t, eps, alpha_bar, t):\nreturn x_t", "line 2 cannot be read: the lines of this block have to be"),
        ("def undo(x_t, eps, alpha_bar, t):\n    return (x_t", "line 2 cannot be read: '(' was never closed."),
        ("def undo(x_t, eps, alpha_bar, t):\n    return [x_t)", "line 2 cannot be read: closing parenthesis ')' does not match opening parenthesis '['."),
        ("def undo(x_t, eps, alpha_bar, t):\n    return torch.cumpod(x_t)", "it stops at `return torch.cumpod(x_t)` with AttributeError: module 'torch' has no attribute 'cumpod'. Did you mean: 'cumprod'?"),
        ("def undo(x_t, eps, alpha_bar, t):\n    return x_t[True]", "this page cannot run these lines: write it with tensors and their functions, or open the lesson in Python."),
        ("x = 1", "there is no function undo: write one that begins with `def undo(x_t, eps, alpha_bar, t):`."),
        ("def undo(x_t, eps):\n    return x_t", "it is called as undo(x_t, eps, alpha_bar, t), and yours takes (x_t, eps)."),
        ("def undo(x_t, eps, alpha_bar, t):\n    pass", "it returns nothing: does it end with `return`?"),
        ("def undo(x_t, eps, alpha_bar, t):\n    return x", "it stops at `return x` with NameError: name 'x' is not defined."),
        ("def undo(x_t, eps, alpha_bar, t):\n    while True:\n        pass", "it stops at `while True:` with TimeoutError:"),
        ("def undo(x_t, eps, alpha_bar, t):\n    return undo(x_t, eps, alpha_bar, t)", "it stops at `return undo(x_t, eps, alpha_bar, t)` with RecursionError: the function calls itself without end."),
        ("def undo(x_t, eps, alpha_bar, t):\n    x_t /= 2\n    return x_t", "it writes into x_t, which its caller still needs"),
        ("def undo(a, b, c, d):\n    a[0] = 0\n    return a", "it writes into a, which its caller still needs"),
        ("def undo(x_t, eps, alpha_bar, t):\n    return 'x'", "x0 is of type str, and should be a tensor."),
        ("def undo(x_t, eps, alpha_bar, t):\n    return x_t[None]", "x0 has the shape (1, 4, 1, 4, 4), and should have (4, 1, 4, 4)."),
        ("import os\ndef undo(x_t, eps, alpha_bar, t):\n    return x_t", "this page does not know `os`: look whether it is spelled right, write it with other functions, or open the lesson"),
        ("class A:\n    pass", "line 1 cannot be read: `class` works only where Python runs"),
    ],
)  # fmt: skip
def test_what_is_plainly_wrong(source, said):
    assert says(source, "check_x0_from_eps").startswith(f"not yet: {said}")


def test_a_lesson_offers_all_its_exercises():
    "Each that a page can check, with the lesson's own lines; of the others it says where they work."
    for path in LESSONS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for source in ("".join(c["source"]) for c in cells if c["cell_type"] == "code"):
            for name in CALL.findall(source):
                lines = start(source, name)
                assert (
                    name not in lines
                    and f"def {EXERCISES[name].name}(" in lines
                    or f"class {EXERCISES[name].name}" in lines
                )
        text = "".join(line for cell in cells if cell["cell_type"] == "markdown" for line in cell["source"])
        assert not re.search(r"until it says|run the cell until", text), "a page has no cell to run"


def cells_of(path: Path) -> list[SimpleNamespace]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [SimpleNamespace(cell_type=c["cell_type"], source="".join(c["source"])) for c in cells]


@pytest.mark.node
def test_the_solution_that_a_lesson_shows_is_right_on_its_page():
    "After the lines that the reader goes on from, with the lesson's own functions among them."
    answers = []
    for cells in map(cells_of, LESSONS):
        for i, cell in enumerate(cells):
            for name in set(CALL.findall(cell.source)) & set(ON_PAGES) if cell.cell_type == "code" else ():
                solution = re.findall(r"```python\n(.*?)```", cells[i + 1].source, re.S)[0]
                lines = [*named_functions(cells[: i + 1]), start(cell.source, name), solution]
                answers.append((name, "\n".join(lines)))
    wrong = [(name, said) for (name, _), said in zip(answers, in_page(answers), strict=True) if not said["right"]]
    assert wrong == [] and len(answers) == len(ON_PAGES)


def test_a_page_says_where_an_exercise_works_that_it_cannot_check():
    "With the addresses of the links at the top of the page, which are seen as links."
    assert for_page("check_doubt") is for_page("check_sampler") is for_page("check_unet") is None
    path = next(path for path in LESSONS if path.stem == "05_sampling")
    said = elsewhere(path)
    assert "This check needs PyTorch: [open the lesson in Colab](https://colab.research.google.com/github/" in said
    links = re.findall(r"\]\(([^)]+)\)", said)
    assert len(links) == 2 and all(f"]({link})" in _docs.offer(path, "../") for link in links)
    processor = offer_exercises(SimpleNamespace(path_=path))
    cell = SimpleNamespace(cell_type="code", source="check_sampler(sample)")
    shown: dict = {}
    processor.put = lambda cell, others, text: shown.update(text=text)  # type: ignore[method-assign]
    processor.begin()
    cell.get = lambda name: None
    processor.cell(cell)
    assert shown["text"] == said


@pytest.fixture
def exercise(page, tmp_path):
    "A page from disk with one exercise, and the exercise opened."
    write_exercises(tmp_path)
    lines = "def undo(x_t, eps, alpha_bar, t):\n    return x_t  # change this line\n"
    place = f'<div class="ddw-exercise" data-ddw-exercise="check_x0_from_eps" data-folder="static/exercises" data-weight="80">{json_script(lines)}</div>'
    html = f'<!doctype html><meta charset="utf-8"><title>t</title><body>{place}{host_script("exercises")}'
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.get_by_role("textbox").count() == 0 and page.evaluate("globalThis.ddwExercise") is None
    page.get_by_role("button", name="Try it here (80 kB)").click()
    page.get_by_role("textbox").wait_for()
    return page


KEPT = "Go on with your answer (80 kB)"


def write(page, answer):
    "Write an answer, into an exercise that may be closed."
    if not page.get_by_role("textbox").count():
        page.get_by_role("button", name="80 kB").click()
    page.get_by_role("textbox").fill(answer)


def test_a_reader_answers_in_the_page(exercise):
    "Wrong with a hint, an error, right; by keys and by pointer; what was written is there when the page is opened again."
    box, status = exercise.get_by_role("textbox"), exercise.locator("[role=status]")
    exercise.get_by_role("button", name="Check").click()
    assert status.inner_text() == "Not yet: x_t comes back as it was: no noise has been taken away."
    box.fill("")
    exercise.keyboard.type("def undo(x_t, eps, alpha_bar, t):\nab = alpha_bar[t].reshape(-1, 1, 1, 1)\n")
    exercise.keyboard.type("return (x_t - (1 - ab).sqrt() * eps) / ab")
    assert box.input_value().endswith("\n    return (x_t - (1 - ab).sqrt() * eps) / ab"), (
        "Enter goes on below the line before"
    )
    assert status.inner_text() == ""
    exercise.keyboard.press("Control+Enter")
    assert "What was the image multiplied by?" in status.inner_text()
    exercise.keyboard.type(".sqr()")
    exercise.keyboard.press("Control+Enter")
    said = "AttributeError: 'Tensor' object has no attribute 'sqr'. Did you mean: 'sqrt'?"
    assert status.inner_text().endswith(said)
    for _ in ".sqr()":
        exercise.keyboard.press("Backspace")
    exercise.keyboard.type(".sqrt()")
    exercise.keyboard.press("Control+Enter")
    assert status.inner_text() == f"✓ Right: {EXERCISES['check_x0_from_eps'].praise}"
    answer = box.input_value()
    exercise.keyboard.press("Escape")
    exercise.keyboard.press("Tab")
    assert exercise.evaluate("document.activeElement.textContent") == "Check", "Tab is no trap"
    button = exercise.get_by_role("button", name="80 kB")
    come_back(exercise, lambda: write(exercise, answer), lambda: button.inner_text() == KEPT)
    button.click()
    assert exercise.get_by_role("textbox").input_value() == answer
    exercise.get_by_role("button", name="Start over").click()
    assert exercise.get_by_role("textbox").input_value().endswith("return x_t  # change this line\n")
    assert exercise.errors == exercise.outside == []


def test_long_lines_are_wrapped_on_a_phone(exercise):
    "All of the code is seen without scrolling, also after it has grown, and in a window that becomes narrow."
    box = exercise.get_by_role("textbox")
    fits = "e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight"
    lines = (
        "def undo(x_t, eps, alpha_bar, t):\n"
        + "    x_t = x_t - (1 - alpha_bar[t].reshape(-1, 1, 1, 1)).sqrt() * eps\n" * 9
    )
    box.fill(lines)
    high = box.evaluate("e => e.clientHeight")
    exercise.set_viewport_size({"width": 400, "height": 700})
    assert box.evaluate(fits) and box.evaluate("e => e.clientHeight") > 1.5 * high
    box.fill(lines * 2)
    assert box.evaluate(fits)
    exercise.set_viewport_size({"width": 1000, "height": 700})
    box.fill(lines)
    assert box.evaluate("e => e.clientHeight") == high


def test_a_closed_exercise_says_that_it_keeps_an_answer(exercise):
    exercise.reload()
    button = exercise.get_by_role("button", name="80 kB")
    assert button.inner_text() == "Try it here (80 kB)", "the lesson's own lines are no answer"
    answer = "def undo(x_t, eps, alpha_bar, t):\n    return eps\n"
    come_back(exercise, lambda: write(exercise, answer), lambda: button.inner_text() == KEPT)
    button.click()
    exercise.get_by_role("button", name="Start over").click()
    exercise.reload()
    assert button.inner_text() == "Try it here (80 kB)"
    exercise.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } })"
    )
    exercise.reload()
    assert button.inner_text() == "Try it here (80 kB)"
    button.click()
    exercise.get_by_role("textbox").wait_for()
    assert exercise.errors == []


def test_nothing_covers_the_code_that_is_edited(exercise):
    "Quarto's button, which its script shows, goes while the focus is in an exercise."
    theme = (JS.parent / "nbs/theme.scss").read_text(encoding="utf-8")
    (rule,) = re.findall(r"^.*#quarto-back-to-top [{] display: none !important; [}]", theme, re.M)
    exercise.add_style_tag(content=rule)
    up = '<a id="quarto-back-to-top" style="display: inline-block">Back to top</a>'
    exercise.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", up)
    button = exercise.get_by_text("Back to top")
    exercise.get_by_role("textbox").focus()
    assert not button.is_visible()
    exercise.evaluate("document.activeElement.blur()")
    assert button.is_visible()


def test_an_exercise_that_cannot_be_loaded_says_so(page, tmp_path):
    html = '<!doctype html><title>t</title><div data-ddw-exercise="check_betas" data-folder="gone" data-weight="9"><script type="application/json">""</script></div>'
    (tmp_path / "page.html").write_text(html + host_script("exercises"), encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_role("button").click()
    page.get_by_text("could not be loaded").wait_for()
    assert page.get_by_role("button").is_enabled()


def test_every_check_is_for_one_of_both():
    assert set(ON_PAGES) < set(exercises.__all__)
