"What a widget holds is JSON, whoever sets it; a page's nonsense is passed over; a closed widget is freed."

import gc
import json
import logging
import math
import weakref

import ipywidgets
import numpy as np
import pytest
import traitlets as T
from hypothesis import given, settings
from hypothesis import strategies as st
from test_damage import IMAGES, LINEAR, NAMES, frames_of, widgets, with_classes

import ddpm_widgets as d

HEAPS = {"a": {"b": np.zeros((4, 2, 2)), "c": np.ones((4, 2, 2))}}
MAKERS = {
    "NoiseScrubber": lambda **o: d.NoiseScrubber(IMAGES, LINEAR, **o),
    "ScheduleExplorer": lambda **o: d.ScheduleExplorer(IMAGES, **o),
    "TrainingMonitor": lambda **o: d.TrainingMonitor(**o),
    "SamplingPlayer": lambda **o: d.SamplingPlayer(frames_of(), **o),
    "DensityScrubber": lambda **o: d.DensityScrubber(**o),
    "SolverLab": lambda **o: d.SolverLab(**o),
    "LiveSampler": lambda **o: d.LiveSampler(**o),
    "PathExplorer": lambda **o: d.PathExplorer(IMAGES, **o),
    "DiffusionPlayground": lambda **o: d.DiffusionPlayground(n=20, **o),
    "UNetXRay": lambda **o: d.UNetXRay(**o),
    "GuidanceLab": lambda **o: d.GuidanceLab(with_classes(), **o),
    "FIDLab": lambda **o: d.FIDLab(np.eye(4), HEAPS, lambda x: x.reshape(4, 4) + np.eye(4), counts=[2], **o),
}
ODD = st.one_of(
    st.sampled_from([math.nan, math.inf, -math.inf, "nan", "inf", "1e999", 10**400, -(10**400), np.float32("nan")]),
    st.floats(), st.integers(), st.text(), st.none(), st.booleans(), st.binary(),
    st.lists(st.floats()), st.lists(st.lists(st.floats())), st.dictionaries(st.text(), st.floats()),
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return dict(zip(NAMES, widgets(), strict=True))


def is_json(widget) -> bool:
    return bool(json.dumps(widget.saved_state(), allow_nan=False))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_state_that_is_not_json(name, made, data):
    "Set by Python, sent by a page: refused, or kept as what JSON knows."
    widget = made[name]
    own = [n for n, t in widget.traits(sync=True).items() if not n.startswith("_") and n not in ("layout", "tabbable", "tooltip")]  # fmt: skip
    trait, value = data.draw(st.sampled_from(own)), data.draw(ODD)
    before = widget.get_state(own)
    try:
        widget.set_trait(trait, value)
    except (T.TraitError, ValueError):
        pass
    assert is_json(widget), (trait, value)
    with widget.hold_trait_notifications():
        for n, v in before.items():
            widget.set_trait(n, v)
    widget.set_state({trait: value})
    assert is_json(widget), (trait, value)


def test_a_speed_that_is_no_number_is_refused():
    player = MAKERS["SamplingPlayer"]()
    with pytest.raises(T.TraitError, match="finite number"):
        player.speed = math.nan
    player.set_state({"speed": math.nan})
    assert player.speed == 1
    player.set_state({"speed": 99})
    assert player.speed == 4


NONSENSE = [
    *({"method": "custom", "content": content} for content in ({"do": ["stop"]}, {"do": {"a": 1}}, {"do": None}, ["stop"], "stop", None, 3)),
    {"method": "custom"},
    {"method": "update"},
    *({"method": "update", "state": state} for state in (None, [1], "t", 3, {"t": None}, {"t": ["a"]})),
    *({"method": "update", "state": {"nobody": 1}, "buffer_paths": paths} for paths in (None, [["t", 3]], [[]], [3], "t")),
    *({"method": method} for method in (None, ["x"], {}, "", "nobody's")),
    {}, None, [1], "update", 3,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_messages_that_make_no_sense_raise_nothing_and_change_nothing(name, made, caplog):
    widget = made[name]
    before = json.dumps(widget.saved_state())
    caplog.set_level(logging.INFO)
    for data in NONSENSE:
        for message in ({"content": {"data": data}, "buffers": []}, {"content": {"data": data}}):
            widget._handle_msg(message)
    for message in ({}, {"content": None}, None):
        widget._handle_msg(message)
    widget.set_state(None)
    assert json.dumps(widget.saved_state()) == before and not caplog.records, caplog.text


def test_a_press_that_is_no_word_does_not_stop_a_run():
    monitor = d.TrainingMonitor()
    monitor._live = True
    for do in (["stop"], {"stop": 1}, None, 1):
        monitor._handle_msg({"content": {"data": {"method": "custom", "content": {"do": do}}}, "buffers": []})
    assert not monitor._stop_asked
    monitor._handle_msg({"content": {"data": {"method": "custom", "content": {"do": "stop"}}}, "buffers": []})
    assert monitor._stop_asked


@pytest.mark.parametrize("name", NAMES)
def test_closed_widgets_are_freed(name):
    "And their layouts; a layout that was given stays."
    known = ipywidgets.widgets.widget._instances
    gc.collect()
    before, given = set(known), ipywidgets.Layout()
    made = [MAKERS[name]() for _ in range(5)] + [MAKERS[name](layout=given)]
    gone = [weakref.ref(w) for w in made]
    for w in made:
        w._repr_mimebundle_()
        w.close()
        w.close()
    del made, w
    gc.collect()
    assert not [ref for ref in gone if ref() is not None]
    assert set(known) - before == {given.model_id}
    given.close()
