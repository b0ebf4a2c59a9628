"SamplingPlayer in Python: what it keeps, how much, what it says of bad steps, and that no page can break it."

import base64
import json
import re
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from test_widgets import Line

from ddpm_widgets.widgets.film import ROUGHEST, Film, fill_alpha_bar, measure_alpha_bar, pack, unpack
from ddpm_widgets.widgets.sampling_player import SamplingPlayer, ddpm_coefficients

JS = Path(__file__).parents[2] / "js"
LINEAR = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))


def steps(count=50, n=4, h=16, w=16, c=1, seed=0, make=np.asarray, T=1000):
    "Steps that differ in every picture."
    rng = np.random.default_rng(seed)
    for t in np.linspace(T - 1, 0, count).round().astype(int):
        x = rng.normal(size=(3, n, c, h, w))
        yield SimpleNamespace(t=int(t), x_t=make(x[0]), x0=make(np.tanh(x[1])), eps=make(x[2]))


def grey(x):
    return np.rint((np.clip(np.asarray(x), -1, 1) + 1) * 127.5).transpose(0, 2, 3, 1)


@pytest.mark.parametrize(
    "make", [np.asarray, torch.as_tensor, lambda x: torch.as_tensor(x, dtype=torch.float32).requires_grad_()]
)
@pytest.mark.parametrize("c", [1, 3])
def test_frames_are_the_pictures(make, c):
    walk = list(steps(20, c=c))
    p = SamplingPlayer(steps(20, c=c, make=make))
    assert p.shape == [4, 16, 16, c] and p.ts == [[s.t for s in walk]] and p.at == [list(range(1, 21))] and p.t == 999
    for i in (0, 7, 19):
        for k, stream in enumerate(("x_t", "x0", "eps")):
            assert np.abs(p.pictures()[i, k] - grey(getattr(walk[i], stream))).max() <= 1


def test_it_begins_at_the_timestep_that_was_asked_for():
    walk = list(steps(20))
    p = SamplingPlayer(walk, t=400)
    assert p.t == 400 and p.ts[0][p.index()] == min(p.ts[0], key=lambda t: abs(t - 400))
    assert SamplingPlayer({"a": walk, "b": walk}, LINEAR, t=np.int64(0)).t == 0 and SamplingPlayer(walk).t == 999
    for bad in (1000, -1, 1.5, "1"):
        with pytest.raises(ValueError, match="t must be a whole number from 0 to 999, found .*: pass None"):
            SamplingPlayer(walk, t=bad)


def test_a_film_in_0_1_is_said_to_be_so():
    def moved():
        for step in steps(10):
            yield SimpleNamespace(t=step.t, x_t=step.x_t, x0=(step.x0 + 1) / 2, eps=step.eps)

    with pytest.warns(UserWarning, match="'run': x0 holds no negative value at the end"):
        SamplingPlayer(moved())


def test_sixteen_images_fit_into_a_megabyte():
    p = SamplingPlayer(steps(50, 16, 32, 32))
    assert len(p.frames) <= 1_000_000 and len(p.ts[0]) == 20 and p.taken == [50]
    x_t = SamplingPlayer(steps(50, 16, 32, 32), show="x_t")
    assert len(x_t.frames) <= 16 * 51 * 1024 <= 1_000_000 and len(x_t.ts[0]) == 51
    both = SamplingPlayer({"a": steps(50, 16, 32, 32), "b": steps(50, 16, 32, 32)})
    assert len(both.frames) <= 1_000_000 and [len(t) for t in both.ts] == [10, 10]
    every = SamplingPlayer(steps(50, 16, 32, 32), max_bytes=3_000_000)
    assert len(every.ts[0]) == 50


def test_without_the_guess_the_film_ends_with_the_finished_picture():
    walk = list(steps(50, 4, 16, 16))
    p = SamplingPlayer(walk, show="x_t")
    assert p.ts[0][-2:] == [walk[-1].t, -1] and p.at[0][-2:] == [50, 51] and p.taken == [50]
    finished = np.rint((np.asarray(walk[-1].x0).clip(-1, 1) + 1) * 127.5)
    assert np.abs(p.pictures()[-1, 0].squeeze() - finished.squeeze()).max() <= 1
    change = p.changes()
    assert change["left"][-1] == 0 and change["left"][0] == pytest.approx(
        SamplingPlayer(walk, max_bytes=4_000_000).changes()["left"][0], rel=0.01
    )
    p.t = -1
    assert p.t == -1 and p.index() == 50
    p.t = -7
    assert p.t == -1, "nothing lies behind the end"
    whole = SamplingPlayer(walk)
    whole.t = -1
    assert whole.t == 0, "with the guess there is no such frame"
    halfway = SamplingPlayer(show="x_t")
    for step in halfway.watch(walk):
        if step.t < 500:
            break
    assert halfway.ts[0][-1] >= 0, "a run that was left has no finished picture"


def test_a_film_can_be_made_lighter():
    p = SamplingPlayer(steps(50, 16, 32, 32))
    exact, p.t = p.pictures(), p.ts[0][3]
    t, last = p.t, p.ts[0][-1]
    p.max_bytes = 300_000
    assert len(p.frames) <= p.max_bytes == 300_000 and p.t == t and p.ts[0][-1] == last
    assert 2 <= len(p.ts[0]) < len(exact) and (p.pictures()[-1] == exact[-1]).all()
    with pytest.raises(ValueError, match="max_bytes must be a whole number from 1 to 16000000, found 0"):
        p.max_bytes = 0
    assert p.max_bytes == 300_000
    waiting = SamplingPlayer()  # no film yet
    waiting.max_bytes = 500_000
    assert waiting.max_bytes == 500_000 and waiting.frames == b""


# -- all three pictures in a megabyte


def reverse(count=50, n=16, c=1, seed=0, error=0.05, h=32):
    "DDPM by a network that knows the answer, but for a little noise in ε̂; x̂0 is clamped."
    rng = np.random.default_rng(seed)
    x, y, k, _ = np.mgrid[:h, :h, :n, :c].transpose(0, 3, 4, 1, 2)
    end = np.clip(1.5 * np.sin(y / (3 + k)) * np.cos(x / (2 + k)), -1, 1)
    x_t, ts = rng.normal(size=end.shape), np.linspace(999, 0, count).round().astype(int)
    for t, prev, (to_x0, to_x_t) in zip(ts, [*LINEAR[ts[1:]], 1.0], ddpm_coefficients(LINEAR, ts), strict=True):
        now = LINEAR[t]
        eps = (x_t - now**0.5 * end) / (1 - now) ** 0.5 + error * rng.normal(size=end.shape)
        x0 = ((x_t - (1 - now) ** 0.5 * eps) / now**0.5).clip(-1, 1)
        yield SimpleNamespace(
            t=int(t), x_t=x_t.astype(np.float32), x0=x0.astype(np.float32), eps=eps.astype(np.float32)
        )
        sigma = ((1 - now / prev) * (1 - prev) / (1 - now)) ** 0.5
        x_t = to_x0 * x0 + to_x_t * x_t + sigma * rng.normal(size=end.shape)


def off(player, run, walk):  # float64, shape (frames, 3)
    "By how many grey levels what is shown is off at most, in each picture of each frame."
    by_t = {step.t: step for step in walk}
    pictures = player.pictures(run)
    return np.array(
        [
            [np.abs(shown - grey(getattr(by_t[t], s))).max() for s, shown in zip(player.streams, frame, strict=True)]
            for t, frame in zip(player.ts[run], pictures, strict=True)
        ]
    )


def is_as_exact_as_it_says(player, walk, run=0):
    x_t, x0, eps = off(player, run, walk).T
    if player.tolerance == 0:
        assert max(*x_t, *x0, *eps) == 0
        return
    noise = np.sqrt(1 - np.array(player.alpha_bar[run]))
    assert player.tolerance <= ROUGHEST and max(x0) <= 1 and max(eps) <= player.tolerance
    assert (x_t <= np.maximum(1, np.ceil(player.tolerance * noise))).all()


@pytest.mark.parametrize(("n", "c"), [(16, 1), (5, 3)], ids=["grey", "rgb"])
def test_fifty_frames_of_three_pictures_fit(n, c):
    walk = list(reverse(n=n, c=c))
    p = SamplingPlayer(walk)
    assert len(p.frames) <= 1_000_000 and len(p.ts[0]) == 50 and p.tolerance > 0
    assert sum(len(v) for v in p.saved_state()["buffers"][0].values()) <= 1_334_000  # base64
    np.testing.assert_allclose(p.alpha_bar[0], LINEAR[p.ts[0]], rtol=1e-4)
    is_as_exact_as_it_says(p, walk)
    assert off(p, 0, walk)[-2:, 0].max() <= 1, "no roughness is left in the picture itself"
    finer = SamplingPlayer(walk, max_bytes=1_300_000)
    assert finer.tolerance < p.tolerance and len(finer.ts[0]) == 50
    exact = SamplingPlayer(walk, max_bytes=3_000_000)
    assert exact.tolerance == 0 and exact.alpha_bar == []
    is_as_exact_as_it_says(exact, walk)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm++"])
def test_a_real_run_fits(sampler):
    from ddpm_widgets import pretrained, sample_steps

    trained = pretrained()
    walk = []
    p = SamplingPlayer()
    for step in p.watch(sample_steps(trained, n=16, sampler=sampler, steps=100, seed=0)):
        walk.append(step._replace(x_t=step.x_t.clone(), x0=step.x0.clone(), eps=step.eps.clone()))
    assert len(p.frames) <= 1_000_000 and len(p.ts[0]) == 50 and p.taken == [100]
    is_as_exact_as_it_says(p, walk)
    if p.tolerance:
        expected = trained.diffusion.schedule.alpha_bar64.numpy()[p.ts[0]]
        np.testing.assert_allclose(p.alpha_bar[0], expected, rtol=1e-4)


def test_runs_share_the_megabyte():
    walks = {name: list(reverse(50, seed=i)) for i, name in enumerate(("a", "b", "c"))}
    p = SamplingPlayer(walks)
    assert len(p.frames) <= 1_000_000 and all(14 <= len(t) <= 25 for t in p.ts) and p.tolerance > 0
    for run, name in enumerate(walks):
        is_as_exact_as_it_says(p, walks[name], run)


def test_what_is_not_tied_is_exact():
    for walk in (list(steps(30)), [SimpleNamespace(**{**vars(s), "eps": -s.eps}) for s in reverse(30, 4)]):
        p = SamplingPlayer(walk)
        assert p.tolerance == 0 and off(p, 0, walk).max() == 0
    mixed = SamplingPlayer({"tied": reverse(50), "not": steps(50, 16, 32, 32)})
    assert mixed.tolerance == 0 and len(mixed.frames) <= 1_000_000 and len(mixed.ts[0]) < 20
    whole = [
        SimpleNamespace(t=s.t, **{k: grey(getattr(s, k)).astype(np.uint8) for k in ("x_t", "x0", "eps")})
        for s in reverse(30, 4)
    ]
    p = SamplingPlayer(whole)
    assert all(np.array_equal(frame, [s.x_t, s.x0, s.eps]) for frame, s in zip(p.pictures(), whole, strict=True))


def test_pictures_may_differ_in_layout():
    walk = [SimpleNamespace(**{**vars(s), "x0": s.x0[:, 0], "eps": s.eps.transpose(0, 2, 3, 1)}) for s in reverse()]
    p = SamplingPlayer(walk)
    assert p.tolerance and p.frames == SamplingPlayer(reverse()).frames


def test_a_little_does_not_untie():
    walk = list(reverse())
    for i in (0, 20, 49):  # all clamped: nothing to measure
        walk[i].x0 = np.sign(walk[i].x0)
    p = SamplingPlayer(walk)
    assert p.tolerance and len(p.ts[0]) == 50
    is_as_exact_as_it_says(p, walk)
    assert np.isnan(fill_alpha_bar([0.1, np.nan])).all() and fill_alpha_bar([0.1, np.nan, 0.3]).tolist() == [
        0.1,
        0.2,
        0.3,
    ]


@pytest.mark.parametrize("alpha_bar", [4e-5, 0.01, 0.5, 0.9999])
@pytest.mark.parametrize("clamp", [(-1, 1), (0, 1), (-9e9, 9e9)])
def test_alpha_bar_is_measured_where_nothing_is_clamped(alpha_bar, clamp):
    rng = np.random.default_rng(0)
    x_t, eps = rng.normal(size=(2, 16, 1, 32, 32)).astype(np.float32)
    x0 = np.clip((x_t - (1 - alpha_bar) ** 0.5 * eps) / alpha_bar**0.5, *clamp).astype(np.float32)
    assert measure_alpha_bar(x_t, x0, eps) == pytest.approx(alpha_bar, rel=1e-3)
    assert measure_alpha_bar(x_t, np.ones_like(x0), eps[::-1]) is np.nan
    assert np.isfinite(measure_alpha_bar(0 * x_t, 0 * x_t, 0 * x_t))


def test_the_limit_of_tied_pictures():
    with pytest.raises(
        ValueError, match=r"found room for 6, of 143 kB each \(100 images, 3 pictures of each\): pass n=87"
    ):
        SamplingPlayer(reverse(3, 100))
    p = SamplingPlayer(reverse(12, 100), n=87)
    assert p.shape[0] == 87 and len(p.ts[0]) >= 8 and len(p.frames) <= 1_000_000


@pytest.mark.node
@pytest.mark.parametrize("tolerance", [0, 1, 5, 8])
def test_the_browser_unpacks_the_same_levels(tolerance, tmp_path):
    walks = [list(reverse(9, 3, h=8)), list(reverse(4, 3, h=8, error=0.5, seed=1))]
    frames = [SamplingPlayer(w)._films["run"].kept for w in walks]
    levels = [np.stack([f.levels for _, f in own]) for own in frames]
    alpha_bars = [fill_alpha_bar([f.alpha_bar for _, f in own]) for own in frames]
    data, ts = pack(levels, alpha_bars, tolerance), [[s.t for s in w] for w in walks]
    expected = unpack(data, [9, 4], levels[0].shape[1:], alpha_bars, tolerance)
    (tmp_path / "state.json").write_text(
        json.dumps([base64.b64encode(data).decode(), ts, 3, 3 * 64, tolerance, [a.tolist() for a in alpha_bars]])
    )
    code = """
        import { readFileSync } from "node:fs";
        import { unpack } from "./src/player/film.js";
        const [data, ...rest] = JSON.parse(readFileSync(process.argv[1], "utf8"));
        process.stdout.write(Buffer.from(unpack(Buffer.from(data, "base64"), ...rest)));
    """
    command = ["node", "--input-type=module", "-e", code, tmp_path / "state.json"]
    done = subprocess.run(command, cwd=JS, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b"".join(e.tobytes() for e in expected)


@pytest.mark.parametrize("count", [1, 2, 9, 50, 51, 333, 800, 1000])
def test_thinned_evenly_with_first_and_last(count):
    p = SamplingPlayer(steps(count, 1, 4, 4), max_frames=50)
    at = p.at[0]
    assert len(at) == min(count, 50) and (at[0], at[-1]) == (1, count) and at == sorted(set(at))
    if count > 1:
        gaps = np.diff(at)
        assert gaps.max() <= max(1, 1.5 * count / 50 + 1)


def test_memory_is_bounded_however_long_it_runs():
    film = Film(50)
    for t in range(100_000, 0, -1):
        film.add(t, np.zeros(1))
        assert len(film.kept) <= 400
    assert len(film.frames(50)) == 50


def test_watch_hands_the_steps_through_and_shows_them():
    p = SamplingPlayer(schedule=LINEAR)
    assert p.to_png is not None and p.poster() is None
    lives, given = [], list(steps(30))
    for i, step in enumerate(p.watch(iter(given), every=0)):
        assert step is given[i] and p.progress == [i + 1, step.t] and p.t == step.t
        lives.append(np.frombuffer(p.live, np.uint8).reshape(3, *p.shape)[0])
    assert len(lives) == 30 and np.abs(lives[4] - grey(given[4].x_t)).max() <= 1
    assert p.live == b"" and p.progress == [] and len(p.ts[0]) == 30 and len(p.coefficients[0]) == 30


def test_watch_sends_eight_times_a_second_at_most():
    p = SamplingPlayer()
    p.comm = line = Line()
    begun = time.monotonic()
    for _ in p.watch(steps(200)):
        pass
    assert len([m for m in line.sent if m.get("state", {}).get("live")]) <= 2 + 8 * (time.monotonic() - begun)


def test_walking_away_halfway_keeps_what_there_is():
    p = SamplingPlayer()
    walk = p.watch(steps(50))
    for step in walk:
        if step.t < 500:
            break
    walk.close()
    assert p.taken == [26] and p.ts[0][-1] == step.t and not p.live


def test_an_error_while_sampling_keeps_what_there_is_and_is_not_swallowed():
    def breaks():
        yield from list(steps(50))[:10]
        raise RuntimeError("the model fell over")

    p = SamplingPlayer()
    with pytest.raises(RuntimeError, match="fell over"):
        list(p.watch(breaks()))
    assert p.taken == [10]


def test_a_second_run_is_compared_and_the_same_name_replaces():
    p = SamplingPlayer()
    list(p.watch(steps(50), "slow"))
    list(p.watch(steps(10), "fast"))
    assert p.runs == ["slow", "fast"] and p.taken == [50, 10]
    list(p.watch(steps(20), "fast"))
    assert p.runs == ["slow", "fast"] and p.taken == [50, 20]
    with pytest.raises(ValueError, match="give all the same number and size"):
        list(p.watch(steps(20, n=5), "other"))
    assert p.runs == ["slow", "fast"], "what is refused changes nothing"


def test_runs_of_different_schedules_stay_in_step():
    p = SamplingPlayer({"long": steps(40), "short": steps(10, T=50)}, {"long": LINEAR, "short": LINEAR[::20]})
    for t in (999, 700, 333, 0):
        p.t = t
        ours, theirs = (p.ts[k][p.index(k)] / p.ts[k][0] for k in (0, 1))
        assert abs(ours - t / 999) < 0.02 and abs(theirs - ours) < 0.06
    assert p.timesteps == 1000 and [len(w) for w in p.coefficients] == [40, 10]


def test_weights_are_the_samplers():
    samplers, schedule = pytest.importorskip("ddpm_widgets.samplers"), pytest.importorskip("ddpm_widgets.schedule")
    linear = schedule.linear_schedule()
    for count in (1000, 50, 7):
        process = schedule.respace(linear, count)
        expected = np.array([w[:2] for w in samplers.ddpm_coefficients(process)])[::-1]
        got = ddpm_coefficients(linear.alpha_bar64.numpy(), process.timesteps.flip(0).tolist())
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


def test_real_steps_are_taken():
    sampling, schedule = pytest.importorskip("ddpm_widgets.sampling"), pytest.importorskip("ddpm_widgets.schedule")
    linear = schedule.linear_schedule()
    p = SamplingPlayer(schedule=linear)
    last = None
    for step in p.watch(sampling.sample_steps(Zero(), linear, 2, shape=(1, 8, 8), steps=20, seed=0)):
        last = step
    assert p.taken == [20] and np.abs(p.pictures()[-1, 1] - grey(last.x0)).max() <= 1
    assert p.coefficients[0][-1] == pytest.approx([1, 0], abs=1e-9)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
def test_fresh_noise_is_the_samplers(sampler):
    sampling, schedule = pytest.importorskip("ddpm_widgets.sampling"), pytest.importorskip("ddpm_widgets.schedule")
    linear = schedule.linear_schedule()
    walk = list(sampling.sample_steps(Zero(), linear, 2, shape=(1, 8, 8), steps=20, sampler=sampler, seed=0))
    assert SamplingPlayer(walk).sigmas == [[s.coefficients.sigma for s in walk]]
    assert SamplingPlayer(steps(20), LINEAR).sigmas == [[]], "eq. 7 says nothing of it"


class Zero(torch.nn.Module):
    def forward(self, x_t, t):
        return 0 * x_t


def test_changes_are_distances():
    p = SamplingPlayer(steps(12))
    x, got = p.pictures().astype(float) / 127.5, p.changes()
    assert got["left"][3] == pytest.approx(np.sqrt(((x[3, 0] - x[-1, 1]) ** 2).mean()))
    assert got["guess"][3] == pytest.approx(np.sqrt(((x[4, 1] - x[3, 1]) ** 2).mean()))
    assert got["nearer"].sum() == pytest.approx(got["left"][0])


def one(**attributes):
    return [
        SimpleNamespace(
            **{
                "t": 5,
                "x_t": np.zeros((2, 8, 8)) - 0.1,
                "x0": np.zeros((2, 8, 8)) - 0.1,
                "eps": np.zeros((2, 8, 8)) - 0.1,
                **attributes,
            }
        )
    ]


BAD = {
    "not steps": (lambda: SamplingPlayer([1, 2]), ValueError, "must be steps with t, x_t, x0 and eps, found a int without t: pass what sample_steps yields"),
    "one step": (lambda: SamplingPlayer(one()[0]), ValueError, "must be the steps that sample_steps yields, found namespace"),
    "text": (lambda: SamplingPlayer("abc"), ValueError, "found 'abc'"),
    "a number": (lambda: SamplingPlayer(3), ValueError, "found 3"),
    "no noise": (lambda: SamplingPlayer([SimpleNamespace(t=1, x_t=0, x0=0)]), ValueError, "without eps"),
    "NaN": (lambda: SamplingPlayer(one(x0=np.full((2, 8, 8), np.nan))), ValueError, "'run': x0 at t=5 must be finite, found 128 values that are NaN"),
    "sizes": (lambda: SamplingPlayer(one(x0=np.zeros((2, 8, 9)))), ValueError, "give all the same number and size"),
    "backwards": (lambda: SamplingPlayer(list(steps(5))[::-1]), ValueError, "t must not rise from step to step"),
    "schedule": (lambda: SamplingPlayer(steps(5), LINEAR[:50]), ValueError, "'run': t must be a step of the schedule, below 50, found 999"),
    "betas": (lambda: SamplingPlayer(steps(5), np.linspace(1e-4, 0.02, 1000)), ValueError, "not the betas"),
    "no runs": (lambda: SamplingPlayer({}), ValueError, "steps must be of one to 4 runs, found 0."),
    "five runs": (lambda: SamplingPlayer({k: steps(5) for k in "abcde"}), ValueError, "steps must be of one to 4 runs, found 5."),
    "too much": (lambda: SamplingPlayer(steps(5, 64, 32, 32)), ValueError, "'run' must have room for 8 frames in max_bytes=1000000, found room for 5, of 197 kB each (64 images, 3 pictures of each): pass n=40"),
    "show": (lambda: SamplingPlayer(steps(5), show="x0"), ValueError, "show must be 'x_t'"),
    "n": (lambda: SamplingPlayer(steps(5), n=0), ValueError, "n must be a whole number, 1 or more, found 0"),
    "frames": (lambda: SamplingPlayer(steps(5), max_frames=1), ValueError, "max_frames must be a whole number, 2 or more, found 1"),
    "bytes": (lambda: SamplingPlayer(steps(5), max_bytes=10**9), ValueError, "max_bytes must be a whole number from 1 to 16000000, found 1000000000"),
    "speed": (lambda: SamplingPlayer(steps(5), speed=0), ValueError, "speed must be a finite number at least 0.25 and at most 4, found 0"),
    "columns": (lambda: SamplingPlayer(steps(5), columns=0), ValueError, "columns must be a whole number from 1 to 2147483647, found 0"),
    "misspelled": (lambda: SamplingPlayer(steps(5), max_frame=9), TypeError, "did you mean 'max_frames'?"),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "error", "says"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_sentence(bad, error, says):
    with pytest.raises(error, match=re.escape(says)) as e:
        bad()
    assert "\n" not in str(e.value)


def test_the_mend_mends():
    p = SamplingPlayer(steps(50, 64, 32, 32), n=40)
    assert p.shape[0] == 40 and len(p.ts[0]) == 8 and len(p.frames) <= 1_000_000


def test_too_much_is_said_at_the_first_step():
    seen = []
    with pytest.raises(ValueError, match="pass n=40"):
        for step in SamplingPlayer().watch(steps(50, 64, 32, 32)):
            seen.append(step)
    assert seen == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"t": 5000}, 999),
        ({"t": -1}, 0),
        ({"t": "soon"}, 500),
        ({"frames": b"", "ts": [], "runs": [], "t": 7}, 7),
        ({"speed": "x", "loop": 3, "total": None}, 500),
    ],
)
def test_a_page_can_not_break_it(message, expected):
    p = SamplingPlayer(steps(20))
    p.t = 500
    frames = p.frames
    p.set_state(message)
    assert p.t == expected and p.frames == frames and p.speed == 1 and p.loop is False and p.runs == ["run"]
    p.poster()


def test_poster_shows_every_run():
    one, two = SamplingPlayer(steps(20)), SamplingPlayer({"a": steps(20), "b": steps(5)})
    assert one.poster().ndim == 3 and two.poster().shape[0] > 1.5 * one.poster().shape[0]
    before = one.poster()
    one.t = 0
    assert (before != one.poster()).any() and "t=0 of 20 steps" in one.description()
