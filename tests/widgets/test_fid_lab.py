"FIDLab: its figures against evaluation's, what it takes and refuses, and one look in a browser."

import numpy as np
import pytest
import torch

from ddpm_widgets.evaluation import fid, kid
from ddpm_widgets.widgets.fid_lab import FIDLab, Measures

RNG = np.random.default_rng(0)
HEAP = RNG.uniform(-1, 1, (64, 8, 8))
REFERENCE = RNG.normal(size=(300, 12)) * np.linspace(0.5, 2, 12)
VIEWS = RNG.normal(size=(64, 12)) / 8
FAULTS = {
    "blur": {"none": HEAP, "some": 0.9 * HEAP, "much": 0.3 * HEAP},
    "noise": {"none": HEAP, "some": HEAP + 0.1 * RNG.normal(size=HEAP.shape)},
}


def look(images):
    return np.asarray(images).reshape(len(images), -1) @ VIEWS


def lab(**options):
    return FIDLab(REFERENCE, FAULTS, look, **{"counts": [8, 16], **options})


def test_figures_are_those_of_evaluation():
    x, measures = RNG.normal(size=(50, 12)) + 0.3, Measures(REFERENCE, most=300)
    a, b = torch.as_tensor(REFERENCE), torch.as_tensor(x)
    assert measures.fid(x) == pytest.approx(fid(a, b), rel=1e-5)
    assert Measures(REFERENCE[:50], most=50).kid(x) == pytest.approx(
        kid(a[:50], b, subset_size=50, subsets=1), rel=1e-4
    )


def test_each_heap_is_split_into_parts():
    w = lab()
    assert w.heaps == [[0, 1, 2], [0, 3]], "a heap that is shared is looked at once"
    order, measures = np.random.default_rng(0).permutation(64), Measures(REFERENCE)
    parts = look(0.9 * HEAP)[order].reshape(-1, 16, 12)
    found = [measures.fid(part) for part in parts]
    assert w.fid[0][1][1] == pytest.approx([np.mean(found), np.std(found, ddof=1)])
    w.fault, w.strength, w.count = 0, 1, 1
    assert w.figures()["FID"] == pytest.approx(tuple(w.fid[0][1][1]))
    assert len(w.points) == 4 * 16 * 2 and w.poster().shape[2] == 3


BAD = {
    "no faults": (
        lambda: FIDLab(REFERENCE, {}, look),
        "faults must be a dict of faults, each a dict of two strengths or more",
    ),
    "one strength": (lambda: FIDLab(REFERENCE, {"a": {"none": HEAP}}, look), "faults must be a dict of faults"),
    "too many pictures": (lambda: lab(counts=[40]), "each of the counts must be a whole number from 2 to 32, found 40"),
    "an unknown fault": (lambda: lab(fault="rain"), "fault must be one of blur, noise, found 'rain'."),
    "another judge": (
        lambda: FIDLab(REFERENCE[:, :4], FAULTS, look, counts=[8]),
        "features must have the shape (n, d) of the reference",
    ),
}


@pytest.mark.parametrize(("bad", "says"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_sentence(bad, says):
    with pytest.raises(ValueError) as e:
        bad()
    assert says in str(e.value) and "\n" not in str(e.value)


def test_a_page_can_not_break_it():
    w = lab()
    w.set_state({"fault": 9, "strength": 9, "count": -4, "fid": []})
    assert w.fault == 1 and w.count == 0 and len(w.fid) == 2 and w.description() and w.figures()


def test_in_a_page(page, tmp_path):
    w = lab(strength=1)
    page.set_viewport_size({"width": 400, "height": 900})
    page.goto(w.to_html(tmp_path / "page.html").as_uri())
    root = page.locator(".ddw-fid-lab")
    root.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400

    def figures():
        return [float(text.split(" ")[0].replace("−", "-")) for text in root.locator(".value").all_inner_texts()]

    for steps, (fault, strength, count) in (([], (0, 1, 1)), (["ArrowRight"], (0, 2, 1)), (["Home"], (0, 0, 1))):
        root.get_by_role("slider", name="how much of it").focus()
        for key in steps:
            page.keyboard.press(key)
        page.wait_for_function(
            "([el, t]) => el.dataset.painted === t", arg=[root.element_handle(), f"{fault},{strength},{count}"]
        )
        expected = [values[fault][strength][count][0] for values in (w.fid, w.kid)]
        np.testing.assert_allclose(figures(), expected, rtol=0.006)
    root.get_by_role("button", name="noise").click()
    root.get_by_role("slider", name="how many pictures").press("Home")
    page.wait_for_function("el => el.dataset.painted === '1,0,0'", arg=root.element_handle())
    assert root.locator(".bar").count() == 4, "two strengths, in two charts"
