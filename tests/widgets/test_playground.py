"DiffusionPlayground: its arithmetic against PyTorch's, in Node; what it takes and refuses; the code that it shows."

import base64
import contextlib
import io
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from browsing import POLICIES, forbidding

from ddpm_widgets import DiffusionPlayground, PlaneNet, exact_denoiser, plane_points, sample, two_sample
from ddpm_widgets.noising import Diffusion, make_target, noisify
from ddpm_widgets.schedule import cosine_schedule, linear_schedule, sigmoid_schedule
from ddpm_widgets.widgets.base import normal
from ddpm_widgets.widgets.diffusion_playground import BOUNDS, SHAPES, n_weights

JS = Path(__file__).parents[2] / "js"

# Reads {weights, settings, points, …} and answers with what the page makes of them; `plant` is a fault.
NODE = """
let text = ''; for await (const c of process.stdin) text += c;
const { Trainer, adam, follow } = await import("./src/playground/training.js"), { server } = await import("./src/playground/serve.js");
const { plainKernels, wasmKernels } = await import("./src/playground/kernels.js"), { plain, relaxed } = await import("./src/playground/kernel.wasm.js");
const { twoSample } = await import("./src/playground/fit.js"), { program } = await import("./src/playground/code.js"), { shape } = await import("./src/playground/shapes.js");
const { alphaBarOf } = await import("./src/playground/read.js"), { bestLoss } = await import("./src/playground/exact.js");
const f32 = (b) => new Float32Array(new Uint8Array(Buffer.from(b, "base64")).buffer);
const out = (o) => JSON.stringify(o, (k, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v));
const asked = JSON.parse(text, (k, v) => (typeof v === "string" && v.startsWith("f32:") ? f32(v.slice(4)) : v));
const traits = { get: (name) => asked.traits[name] };
const settings = { width: 64, seed: 0, batch: 256, lr: 0.005, ema: 0.999, time_input: true, target: "eps", ...asked.settings, alphaBar: alphaBarOf(traits) };
const codes = asked.kind === "js" ? [] : [Buffer.from(plain, "base64")];
const memory = (n) => { if (asked.kind === "js") return plainKernels; const e = new WebAssembly.Instance(new WebAssembly.Module(codes[0])).exports; e.memory.grow(Math.ceil((e.heap() + 4 * n) / 65536)); return wasmKernels(e); };
const answers = {
  batches() { // one loss for each batch, with Adam and the average after it
    const trainer = new Trainer(memory, settings, asked.weights.slice());
    if (asked.plant) eval(asked.plant);
    const losses = [];
    let first, input;
    asked.x0.forEach((x0, k) => {
      losses.push(trainer.lossOf((i) => [x0[2 * i], x0[2 * i + 1]], (i) => asked.t[k][i], asked.eps[k]));
      first ??= trainer.net.gradients.slice(); input ??= trainer.net.input.slice();
      adam(trainer.net.weights, trainer.net.gradients, trainer.m, trainer.v, k + 1, settings.lr);
      follow(trainer.average.weights, trainer.net.weights, k + 1, settings.ema);
    });
    return { losses, gradients: first, input, weights: trainer.net.weights, average: trainer.average.weights };
  },
  served() { // requests to the Worker, one after the other
    const answer = server();
    answer({ kernels: codes }); answer({ network: { settings, weights: asked.weights } }); answer({ points: asked.points });
    return asked.requests.map(answer);
  },
  distance: () => twoSample(asked.x, asked.y),
  best: () => bestLoss(asked.points, settings),
  shapes: () => Object.fromEntries(asked.names.map((name) => [name, shape(name, 600, 1)])),
  alphaBar: () => settings.alphaBar,
  program: () => program(traits),
};
console.log(out(answers[asked.do]()));
"""
TRAITS = {name: trait.default_value for name, trait in DiffusionPlayground.class_traits(sync=True).items() if trait.metadata.get("page")}  # fmt: skip
TRAITS = {k: v for k, v in TRAITS.items() if isinstance(v, int | float | str)} | {"shape": "moons"}


def b64(x):
    return "f32:" + base64.b64encode(np.ascontiguousarray(x, np.float32).tobytes()).decode()


def in_node(do, traits=(), **asked):
    asked = json.dumps({"do": do, "traits": TRAITS | dict(traits), **asked})
    done = subprocess.run(["node", "--input-type=module", "-e", NODE], input=asked, cwd=JS, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def network(width=64, target="eps", schedule=None, seed=0):
    "A network whose answers are not all alike, as after some training."
    torch.manual_seed(seed)
    net = PlaneNet(width, 100 if schedule is None else schedule.T)
    torch.nn.init.normal_(net.layers[-1].weight, 0, 0.2)
    net.diffusion = Diffusion(schedule or cosine_schedule(100), target, shape=(2,))
    return net


def flat(net):
    return torch.nn.utils.parameters_to_vector(net.parameters()).detach().numpy()


def apart(a, b):
    "The largest difference, beside 1 or the largest value."
    a, b = np.asarray(a, np.float64).ravel(), np.asarray(b, np.float64).ravel()
    return np.abs(a - b).max() / max(1, np.abs(b).max())


def batches(n, size=256, T=100, seed=1):
    generator = torch.Generator().manual_seed(seed)
    points = plane_points("moons", 500)
    for _ in range(n):
        x0 = points[torch.randint(500, (size,), generator=generator)]
        yield x0, torch.randint(T, (size,), generator=generator), torch.randn(size, 2, generator=generator)


def learn(target="eps", kind="wasm", n=1, width=64, size=256, plant=None):
    "The same batches in the page and in PyTorch: losses, first gradients, weights and average after all."
    net, schedule = network(width, target), cosine_schedule(100)
    start, given = flat(net), list(batches(n, size))
    page = in_node("batches", kind=kind, plant=plant, weights=b64(start), settings=dict(width=width, target=target, batch=size),
                   x0=[b64(x) for x, _, _ in given], t=[t.tolist() for _, t, _ in given], eps=[b64(e) for _, _, e in given])  # fmt: skip
    opt = torch.optim.Adam(net.parameters(), lr=0.005)
    average, gradients, losses = torch.tensor(start), None, []
    for k, (x0, t, eps) in enumerate(given, 1):
        (x_t, _), _ = noisify(x0, schedule, t, eps)
        loss = (net(x_t, t) - make_target(x0, eps, t, schedule, target)).square().mean()
        opt.zero_grad()
        loss.backward()
        if gradients is None:
            gradients, seen = torch.cat([p.grad.ravel() for p in net.parameters()]).numpy(), x_t
        opt.step()
        average += (1 - min(0.999, (1 + k) / (10 + k))) * (torch.tensor(flat(net)) - average)
        losses.append(loss.item())
    found = np.asarray(page["input"]).reshape(30, -1)[:2, :size].T if len(page["input"]) == 30 * size else None
    if found is None:  # room for more points than a batch has
        found = np.asarray(page["input"])[: 30 * size].reshape(30, size)[:2].T
    return {"x_t": apart(found, seen), "loss": apart(page["losses"], losses), "gradients": apart(page["gradients"], gradients),
            "weights": apart(page["weights"], flat(net)), "average": apart(page["average"], average)}  # fmt: skip


@pytest.mark.node
@pytest.mark.parametrize(
    "target,kind,width,size", [("eps", "wasm", 64, 256), ("x0", "wasm", 24, 8), ("v", "js", 16, 64)]
)
def test_forward_process_loss_and_gradients_are_pytorchs(target, kind, width, size):
    off = learn(target, kind, 1, width, size)
    assert max(off[name] for name in ("x_t", "loss", "gradients")) < 1e-5, off


@pytest.mark.node
def test_adam_and_the_average_are_pytorchs_after_five_steps():
    off = learn(n=5)
    assert off["weights"] < 1e-4 and off["average"] < 1e-4 and off["loss"] < 1e-5, off  # Adam divides by small numbers


FAULTS = {
    "a chain rule left out": "trainer.net.kernels.siluBack = () => {};",
    "a bias left out": "const { product } = trainer.net.kernels; trainer.net.kernels.product = (c, a, b, bias, ...o) => product(c, a, b, null, ...o);",
    "the neighbouring timestep": "trainer.features = [...trainer.features.slice(1), trainer.features[0]];",
    "signal and noise swapped": "trainer.rates = trainer.rates.map(([a, b]) => [b, a]);",
    "x and y swapped": "const { point } = trainer.net; trainer.net.point = (i, n, x, y, f) => point.call(trainer.net, i, n, y, x, f);",
    "another target": "trainer.settings.target = 'v';",
}


@pytest.mark.node
@pytest.mark.parametrize("plant", FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_seen(plant):
    off = learn(width=16, size=64, plant=plant)
    assert max(off["x_t"], off["loss"], off["gradients"]) > 1e-3, off


@pytest.mark.node
def test_weights_go_both_ways():
    net, x = network(32, "v", linear_schedule(50)), torch.tensor(normal(3, (40, 2)))
    playground = DiffusionPlayground("rings", model=net)
    playground.set_state({"weights": memoryview(np.zeros(n_weights(32), np.float32).tobytes())})
    assert playground.weights == bytes(4 * n_weights(32)), "a page's weights are taken"
    playground.model = net
    assert (playground.width, playground.target, playground.schedule, playground.T) == (32, "v", "linear", 50)
    traits = dict(schedule="linear", T=50)
    asked = dict(weights=b64(np.frombuffer(playground.weights, "<f4")), settings=dict(width=32, target="v"), points=b64(plane_points("moons")), traits=traits)  # fmt: skip
    x0, weights = in_node(
        "served", requests=[{"clean": {"of": "learned", "x": b64(x), "t": 31}}, {"weights": True}], **asked
    )
    playground.set_state({"weights": memoryview(np.float32(weights).tobytes())})
    with torch.no_grad():
        for model in (net, playground.model):
            signal, noise = (rate.item() for rate in (model.diffusion.schedule.sqrt_alpha_bar[31], model.diffusion.schedule.sqrt_one_minus_alpha_bar[31]))  # fmt: skip
            assert apart(x0, signal * x - noise * model(x, torch.full((40,), 31))) < 1e-5


@pytest.mark.node
@pytest.mark.parametrize("t", [0, 7, 50, 99])
def test_the_exact_denoiser_is_the_librarys(t):
    points, x = plane_points("spiral", 300), torch.tensor(2 * normal(3, (64, 2)))
    theirs = exact_denoiser(points, cosine_schedule(100), "x0")(x, torch.full((64,), t))
    page = in_node(
        "served",
        points=b64(points),
        weights=b64(flat(network())),
        requests=[{"clean": {"of": "exact", "x": b64(x), "t": t}}],
    )
    assert apart(page[0], theirs) < 1e-5


WAYS = {
    "DDIM": (dict(sampler="ddim", eta=0), dict(sampler="ddim")),
    "DDIM with fresh noise": (dict(sampler="ddim", eta=0.7), dict(sampler="ddim", eta=0.7)),
    "DDPM": (dict(sampler="ddpm", eta=0), dict(sampler="ddpm", variance="large")),
    "DDPM, small variance": (dict(sampler="ddpm small", eta=0), dict(sampler="ddpm", variance="small")),
    "DPM-Solver++": (dict(sampler="dpm++", eta=0), dict(sampler="dpm++")),
}


@pytest.mark.node
@pytest.mark.parametrize("of", ["learned", "exact"])
@pytest.mark.parametrize("way", WAYS)
def test_walkers_end_where_the_librarys_samplers_end(way, of, monkeypatch):
    "From the same noise, and with the page's fresh noise."
    points, x, steps = plane_points("moons", 200), torch.tensor(normal(3, (40, 2))), 20
    page, library = WAYS[way]
    schedule, net = linear_schedule(100), network(schedule=linear_schedule(100))
    visited = iter(range(99, -1, -5))  # trailing: 99, 94, …
    monkeypatch.setattr("ddpm_widgets.sampling.Noise.__call__", lambda self: torch.tensor(normal((7 + (next(visited) + 1) * 0x9E3779B9) % 2**32, (40, 2))))  # fmt: skip
    theirs = sample(
        net if of == "learned" else exact_denoiser(points, schedule),
        n=40,
        x_T=x,
        steps=steps,
        progress=False,
        **library,
    )
    asked = dict(weights=b64(flat(net)), points=b64(points), traits=dict(schedule="linear"))
    found = in_node("served", requests=[{"walk": {"x": b64(x), "of": of, "steps": steps, "seed": 7, **page}}], **asked)[
        0
    ]
    path = np.asarray(found["path"]).reshape(21, 40, 2)
    assert found["ts"] == list(range(99, -1, -5)) and np.array_equal(path[0], x)
    assert apart(path[-1], theirs) < 1e-5


@pytest.mark.node
@pytest.mark.parametrize(
    "name,library", [("linear", linear_schedule), ("cosine", cosine_schedule), ("sigmoid", sigmoid_schedule)]
)
@pytest.mark.parametrize("T", [10, 100, 1000])
def test_schedules_are_the_librarys(name, library, T):
    page = in_node("alphaBar", traits=dict(schedule=name, T=T))
    assert apart(page, library(T).alpha_bar64) < 1e-9
    assert apart(page, DiffusionPlayground(schedule=name, T=T).noising().alpha_bar64) < 1e-9


@pytest.mark.node
def test_the_distance_of_two_clouds_is_the_librarys_and_the_floor_is_that_of_two_draws():
    x, y = plane_points("moons", 300), plane_points("rings", 120)
    for a, b in ((x, y), (y, x), (x, plane_points("moons", 300, seed=1))):
        assert abs(in_node("distance", x=b64(a), y=b64(b)) - two_sample(a, b)) < 1e-5
    data = plane_points("moons", 500)
    fit = in_node("served", points=b64(data), weights=b64(flat(network())), requests=[{"fit": b64(plane_points("moons", 400, seed=1))}, {"fit": b64(y.repeat(4, 1)[:400])}])  # fmt: skip
    draws = [data[torch.randperm(500, generator=torch.Generator().manual_seed(k))] for k in range(40)]
    floors = np.array([two_sample(d[:250], d[250:]) for d in draws])
    assert abs(fit[0]["floor"] - floors.mean()) < 3 * floors.std() * (1 / 40 + 1 / 20) ** 0.5
    assert 0.5 < fit[0]["fit"] / fit[0]["floor"] < 1.5 and fit[1]["fit"] > 2 * fit[1]["floor"]


@pytest.mark.node
@pytest.mark.parametrize("target", ["eps", "x0", "v"])
def test_the_best_loss_is_the_exact_denoisers(target):
    points, schedule = plane_points("moons", 200), cosine_schedule(100)
    generator = torch.Generator().manual_seed(0)
    (x_t, t), eps = noisify(points.repeat(100, 1), schedule, generator=generator)
    wanted = make_target(points.repeat(100, 1), eps, t, schedule, target)
    theirs = (exact_denoiser(points, schedule, target)(x_t, t) - wanted).square().mean().item()
    assert in_node("best", points=b64(points), settings=dict(target=target)) == pytest.approx(theirs, rel=0.1)


@pytest.mark.node
def test_data_by_name_are_the_librarys_shapes():
    for name, points in in_node("shapes", names=list(SHAPES)).items():
        page = np.float32(points).reshape(600, 2)
        floor = two_sample(plane_points(name, 600, seed=2), plane_points(name, 600, seed=3))
        assert np.abs(page).max() <= 1 and two_sample(page, plane_points(name, 600)) < 2 * floor, name


@pytest.mark.node
@pytest.mark.parametrize(
    "traits", [dict(), dict(target="v", time_input=False, schedule="linear", sampler="flow"), dict(field="exact", sampler="ddpm small", T=50),
               dict(shape="", sampler="dpm++", schedule="sigmoid", target="x0"), dict(sampler="ddim", eta=0.5, steps=100, T=20)])  # fmt: skip
def test_the_code_that_is_shown_runs(traits):
    code = in_node("program", traits=traits).replace("range(2000)", "range(3)").replace("n=400", "n=20")
    assert len(code.splitlines()) <= 16
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(code, {"playground": DiffusionPlayground([[0.1, 0.2], [0.3, -0.4]])})
    assert float(said.getvalue()) < 3


def test_what_is_set_is_an_array_and_what_is_wrong_is_said():
    playground = DiffusionPlayground(n=50, seed=3)
    assert playground.shape == "moons" and np.array_equal(playground.points, plane_points("moons", 50, 3))
    playground.points = torch.zeros(4, 2)
    assert playground.points.shape == (4, 2) and playground.points.dtype == np.float32
    assert playground.shape == ""
    playground.shape = "letters"
    assert playground.points.shape == (50, 2) and playground.shape == "letters"
    before = playground.get_state()
    nan = memoryview(np.full((2, 2), np.nan, np.float32).tobytes())
    playground.set_state({"points": nan, "weights": memoryview(b"12"), "start": [1], "fit": "x", "sampler": "euler", "T": "x", "lr": float("nan")})  # fmt: skip
    assert {k: v for k, v in playground.get_state().items() if k in before} == before
    playground.t = 90
    playground.set_state({"points": memoryview(b""), "T": 5, "width": 30, "t": 99, "losses": nan, "start": [0.5, 2]})
    assert (len(playground.points), playground.T, playground.width, playground.start) == (0, 10, 32, [0.5, 2])
    assert playground.t == 9 and playground.poster().shape == (360, 360, 3)
    wrong = [
        (dict(points="mons"), "points must be one of moons, spiral"),
        (dict(points=""), "points must be one of"),
        (dict(points=np.zeros((3, 3))), "found the shape (3, 3)"),
        (dict(points=np.zeros((2001, 2))), "at most 2,000"),
        (dict(points=[[0, 2]]), "must lie between -1 and 1, found 2"),
        (dict(points=[[0, np.nan]]), "must lie between -1 and 1"),
        (dict(points=np.zeros((0, 2))), "at least one point"),
        (dict(points=[["a", "b"]]), "must be an array of points"),
        (dict(n=0), "n must be"),
        (dict(lr=2), "lr must be"),
        (dict(width=17.5), "width must be"),
        (dict(model=torch.nn.Linear(2, 2)), "model must be a PlaneNet"),
        (dict(model=PlaneNet()), "carries `diffusion`"),
        (dict(target="noise"), "target"),
    ]
    for options, said in wrong:
        with pytest.raises(ValueError, match=re.escape(said)):
            DiffusionPlayground(**options)
    with pytest.raises(TypeError, match="pass the name as points"):
        DiffusionPlayground(shape="moons")
    with pytest.raises(TypeError, match="did you mean 'sampler'"):
        DiffusionPlayground(samplr="ddim")


def test_a_network_of_another_schedule_is_refused_and_leaves_what_was_there():
    playground = DiffusionPlayground(model=network())
    before = playground.get_state()
    for net in (
        network(schedule=linear_schedule(100, beta_max=0.01)),
        network(schedule=cosine_schedule(5)),
        network(320),
    ):
        with pytest.raises(ValueError, match="model must"):
            playground.model = net
        assert playground.get_state() == before
    playground.reset()
    assert not playground.weights and not playground.model(torch.ones(1, 2), torch.tensor([3])).any()


def test_its_network_draws_and_its_noise_is_the_pages():
    playground = DiffusionPlayground("spiral", model=network(), seed=4)
    assert sample(playground.model, n=3, steps=5, progress=False).shape == (3, 2)
    noisy = playground.noisy(60)
    a = playground.noising().alpha_bar64[60].item()
    eps = (noisy - a**0.5 * playground.points) / (1 - a) ** 0.5
    assert noisy.shape == (500, 2) and np.allclose(eps, normal((4 + 4 * 0x9E3779B9) % 2**32, (500, 2)), atol=1e-5)
    assert playground.poster().shape == (360, 360, 3)
    playground.samples = playground.points
    assert playground.poster().shape == (360, 720, 3)


def test_a_poster_shows_and_says_the_arrows_that_are_chosen():
    playground = DiffusionPlayground("spiral", t=30)
    points, (a,) = playground.points, [playground.noising().alpha_bar64[30].item()]
    at = np.float32([[1.5, 1.0], [-0.4, 0.2], [0.1, -1.6]])
    x0 = exact_denoiser(torch.tensor(points), playground.noising(), "x0")(torch.tensor(at), torch.tensor([30])).numpy()
    eps = (at - a**0.5 * x0) / (1 - a) ** 0.5
    seen, said = {}, {}
    for kind in ("score", "eps", "x0"):
        playground.arrows = kind
        (tail, head), seen[kind], said[kind] = playground._arrows(at), playground.poster(), playground.description()
        if kind == "x0":
            assert np.allclose(tail, at) and np.allclose(head, x0, atol=1e-5)
        else:
            way = (head - tail) / np.linalg.norm(head - tail, axis=1, keepdims=True)
            wanted = (eps if kind == "eps" else -eps) / np.linalg.norm(eps, axis=1, keepdims=True)
            assert np.allclose(way, wanted, atol=1e-4) and np.linalg.norm(head - tail, axis=1).max() < 0.18
    assert (
        "the score around" in said["score"]
        and "the estimated noise around" in said["eps"]
        and "clean points" in said["x0"]
    )
    assert len({picture.tobytes() for picture in seen.values()}) == 3


def test_the_parameters_are_counted_as_the_network_has_them():
    for width in (16, 64, 256):
        assert n_weights(width) == sum(p.numel() for p in PlaneNet(width).parameters())
    assert BOUNDS["width"] == (16, 256)


ROOT = ".ddw-diffusion-playground"
STATE = "n => { const v = document.querySelector('[data-ddw]').ddw.model.get(n); return v instanceof DataView ? Array.from(new Uint8Array(v.buffer)) : v }"  # fmt: skip


def state(page, name):
    found = page.evaluate(STATE, name)
    floats = name in ("points", "samples", "losses", "weights")
    return np.frombuffer(bytes(found), np.float32).reshape(-1, 1 if name == "weights" else 2) if floats else found


def opened(page, tmp_path, change=lambda text: text, **options):
    playground = DiffusionPlayground(**options)
    path = playground.to_html(tmp_path / "page.html")
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    page.set_viewport_size({"width": 1100, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_function("() => document.querySelector('.ddw')?.dataset.fit", timeout=30_000)
    return playground


def data(page, name):
    return page.get_attribute(ROOT, f"data-{name}")


def until(page, expression):
    page.wait_for_function(
        f"() => {{ const d = document.querySelector('{ROOT}').dataset; return {expression}; }}", timeout=60_000
    )


@pytest.mark.browser
def test_a_page_from_disk_trains_by_itself_and_what_it_learned_is_in_python(page, tmp_path):
    "Two moons to 1.5 times the floor; a hidden tab pauses; the weights answer in PyTorch as in the page; closing ends the Worker."
    playground = opened(page, tmp_path)
    page.get_by_role("button", name="Train", exact=True).click()
    until(page, "d.fit < 1.5 && d.step > 500")
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', { get: () => true, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"
    )
    page.wait_for_timeout(400)
    step = data(page, "step")
    page.wait_for_timeout(500)
    assert data(page, "step") == step, "a hidden tab pauses"
    page.evaluate("() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }")
    until(page, f"d.step > {step}")
    page.get_by_role("button", name="Pause").first.click()
    page.wait_for_timeout(1500)
    playground.set_state({"weights": memoryview(state(page, "weights").tobytes()), "step": state(page, "step"), "losses": memoryview(state(page, "losses").tobytes())})  # fmt: skip
    ours = two_sample(
        sample(playground.model, n=250, sampler="ddim", steps=20, progress=False, seed=0), playground.points
    )
    assert playground.step == int(data(page, "step")) and len(playground.losses) > 100 and ours < 0.25
    x = torch.tensor(state(page, "samples"))
    starts = torch.tensor(normal((8 * 0x9E3779B9) % 2**32, (400, 2)))
    theirs = sample(playground.model, n=400, x_T=starts, sampler="ddim", steps=20, progress=False)
    assert (theirs - x).abs().median() < 1e-4 and (theirs - x).abs().max() < 0.01
    page.evaluate("document.querySelector('[data-ddw]').ddw.unmount()")
    page.wait_for_timeout(600)
    assert not page.workers and not page.errors and not page.outside


@pytest.mark.browser
def test_a_hand_draws_data_and_puts_a_walker_down(page, tmp_path):
    opened(page, tmp_path, n=40)
    plane = page.locator("canvas.plane")
    box = plane.bounding_box()
    at = lambda x, y: (box["x"] + (x + 2) / 4 * box["width"], box["y"] + (2 - y) / 4 * box["height"])  # noqa: E731
    page.get_by_role("button", name="brush").click()
    page.get_by_role("button", name="clear").click()
    page.mouse.move(*at(-0.8, 0.5))
    page.mouse.down()
    page.mouse.move(*at(0.8, 0.5), steps=12)
    page.mouse.up()
    page.wait_for_timeout(300)
    drawn = state(page, "points")
    assert (
        len(drawn) > 60
        and abs(drawn[:, 1] - 0.5).max() < 0.15
        and np.ptp(drawn[:, 0]) > 1.5
        and state(page, "shape") == ""
    )
    page.get_by_role("button", name="eraser").click()
    page.mouse.move(*at(0, 0.5))
    page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(300)
    left = state(page, "points")
    assert 0 < len(left) < len(drawn) and np.hypot(left[:, 0], left[:, 1] - 0.5).min() > 0.1
    page.get_by_role("button", name="blob").click()
    plane.focus()
    for key in ("ArrowUp", "Space"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert len(state(page, "points")) == len(left) + 40
    page.get_by_role("button", name="walker").click()
    page.mouse.move(*at(1, 1))
    page.mouse.down()
    page.mouse.move(*at(-1, 1.5), steps=5)
    page.mouse.up()
    page.wait_for_timeout(200)
    assert np.allclose(state(page, "start"), [-1, 1.5], atol=0.02)
    page.keyboard.press("ArrowRight")
    assert np.allclose(state(page, "start"), [-0.9, 1.5], atol=0.02)
    page.keyboard.press("Escape")
    assert state(page, "start") == []
    page.locator(".shape").nth(2).click()
    assert state(page, "shape") == "rings" and len(state(page, "points")) == 500
    assert not page.errors


def says(page, text):
    page.wait_for_function(f"t => document.querySelector('{ROOT}').textContent.includes(t)", arg=text)


def press(page, *names):
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.browser
def test_new_data_keep_the_network_and_its_training_and_a_name_keeps_its_points(page, tmp_path):
    opened(page, tmp_path, n=40)
    plane, first = page.locator("canvas.plane"), state(page, "points")
    box = plane.bounding_box()
    assert "40 points" in plane.get_attribute("aria-label")
    says(page, "it answers 0, so there are no arrows")
    press(page, "exact")
    says(page, "weighted by how likely each is")
    page.wait_for_function(f"!document.querySelector('{ROOT}').textContent.includes('untrained')")
    press(page, "learned")
    page.locator(".shape").nth(2).click()
    page.locator(".shape").nth(0).click()
    assert np.array_equal(state(page, "points"), first)
    press(page, "eraser")
    page.locator("canvas[aria-label*='move the eraser']").wait_for()
    press(page, "Train")
    until(page, "d.step > 20")
    press(page, "clear")
    says(page, "data, n = 0")
    page.wait_for_timeout(300)
    drawn = "n => document.querySelectorAll('.squares canvas')[n].getContext('2d').getImageData(0, 0, 56, 56).data.some((v, i) => i % 4 === 3 && v)"  # fmt: skip
    assert not page.evaluate(drawn, 0) and not page.evaluate(drawn, 1) and not data(page, "field")
    step = int(data(page, "step"))
    press(page, "brush")
    for outside, x in ((True, 0.05), (False, 0.5)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + box["height"] / 2)
        page.wait_for_timeout(200)
        assert len(state(page, "points")) == (0 if outside else 1), "outside the square nothing is drawn"
    until(page, f"d.step > {step} + 20")  # it goes on by itself
    press(page, "Pause", "blob")
    says(page, "data, n = 1")
    page.wait_for_timeout(1300)
    assert state(page, "losses")[0, 0] > step, "the curve is that of the new data"
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    says(page, "The data are new: the network has learned the old ones.")
    assert int(data(page, "step")) > step and len(state(page, "points")) == 41
    press(page, "sample")
    assert state(page, "t") == 99
    says(page, "t = 99")
    assert not page.errors


@pytest.mark.browser
def test_a_network_from_python_is_named_kept_by_faults_of_sampling_and_brought_back(page, tmp_path):
    net = network()
    opened(page, tmp_path, model=net, n=40)
    says(page, "Your network, trained in Python.")
    press(page, "Step")
    until(page, "d.step == 1")
    page.locator("summary", has_text="Break it").click()
    press(page, "too few sampling steps")
    assert state(page, "steps") == 2
    press(page, "too few sampling steps")
    page.wait_for_timeout(300)
    assert state(page, "steps") == 20 and data(page, "step") == "1"
    press(page, "Reset")
    until(page, "d.step == 0")
    says(page, "Your network, trained in Python.")
    assert np.array_equal(state(page, "weights")[:, 0], flat(net))
    press(page, "learning rate too high")
    says(page, "The network is untrained")
    assert state(page, "lr") == 0.3 and not page.errors
    press(page, "only 100 training steps")
    until(page, "d.step == 100")
    assert page.get_by_title("Fresh noise in each step").count() == 2
    page.locator("summary", has_text="Show the code").click()
    page.set_viewport_size({"width": 400, "height": 900})
    inside = "() => { const a = document.querySelector('pre').getBoundingClientRect(), b = document.querySelector('.ddw').getBoundingClientRect(); return b.left < a.left && a.right < b.right && b.right <= 400; }"
    assert page.evaluate(inside), "long lines scroll"


@pytest.mark.browser
def test_ten_thousand_random_messages_leave_it_well(page, tmp_path):
    "All that Python lets through, in any order, while it trains; then it learns as if nothing had been."
    playground = opened(page, tmp_path, n=30, batch=8, width=16)
    random = np.random.default_rng(0)
    values = {
        **{name: [int(x) if isinstance(playground.traits()[name].default_value, int) else x for x in (lo or (hi / 2), hi, 0.3 * lo + 0.7 * hi)] for name, (lo, hi) in BOUNDS.items()},
        **{"t": [0, 5, 9, 99, 999], "direction": ["noise", "sample"], "field": ["learned", "exact", "both"], "arrows": ["score", "eps", "x0"], "running": [True, False]},
        **{"target": ["eps", "x0", "v"], "time_input": [True, False], "schedule": ["linear", "cosine", "sigmoid"], "sampler": ["ddpm", "ddpm small", "ddim", "dpm++", "flow"]},
        **{"start": [[], [0.5, -1.5]], "seed": [0, 7], "noise_seed": [0, 9], "step": [0, 17], "fit": [[], [1, 2, 3]], "shape": ["", "moons", "elsewhere"], "width": [16, 24, 64]},
        **{"points": [[], [0.1, 0.2], [0.5, 0.5, -0.5, 0.3, 0.2, 0.1]], "weights": [[], [0.0] * n_weights(16), [1e3] * n_weights(24), [float("nan")] * n_weights(16)], "losses": [[], [1, 2, 3, float("nan")]], "samples": [[], [0, 1]]},
    }  # fmt: skip
    names = random.choice(sorted(values), 10_000).tolist()
    picks = [int(random.integers(len(values[name]))) for name in names]
    values = json.loads(json.dumps(values).replace("NaN", '"nan"'))
    page.evaluate(
        """async ([names, picks, values]) => {
            const { model } = document.querySelector("[data-ddw]").ddw, bytes = ["points", "weights", "losses", "samples"];
            for (let k = 0; k < names.length; k++) {
                const value = values[names[k]][picks[k]];
                model.set(names[k], bytes.includes(names[k]) ? new DataView(Float32Array.from(value, Number).buffer) : value);
                if (k % 50 === 0) await new Promise((go) => setTimeout(go, 4));
            }
            const sound = { points: new DataView(Float32Array.from({ length: 200 }, (_, i) => Math.sin(i) / 2).buffer), T: 50, width: 32, target: "eps", schedule: "cosine", s: 0.008, t: 9,
                time_input: true, lr: 0.005, batch: 64, ema: 0.99, speed: 0, walkers: 100, sampler: "ddim", steps: 10, eta: 0, field: "learned", weights: new DataView(new ArrayBuffer(0)), running: true };
            for (const name in sound) model.set(name, sound[name]);
        }""",
        [names, picks, values],
    )
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Reset").click()
    until(page, "d.step > 300 && d.fit < 4 && d.field.includes('learned')")
    assert not page.errors and len(page.workers) == 1


@pytest.mark.browser
@pytest.mark.parametrize("policy,how,worker", POLICIES.values(), ids=POLICIES)
def test_pages_that_forbid_it_train_more_slowly_and_stay_alive(page, tmp_path, policy, how, worker):
    opened(page, tmp_path, lambda text: forbidding(policy, text), n=50, running=True)
    until(page, "d.step > 60")
    assert (data(page, "how"), data(page, "worker")) == (how, worker)
    step = int(data(page, "step"))
    page.evaluate("async () => { for (let n = 0; n < 10; n++) await new Promise(requestAnimationFrame); }")
    until(page, f"d.step > {step}")


@pytest.mark.browser
def test_what_was_saved_while_it_trained_goes_on_from_there(page, tmp_path):
    net = network()
    playground = opened(page, tmp_path, weights=flat(net).tobytes(), step=1200, losses=[[1199, 1.0], [1200, 0.3]])
    assert int(data(page, "step")) == 1200 == playground.step
    page.get_by_role("button", name="Step").click()
    until(page, "d.step == 1201")
    page.wait_for_timeout(300)
    moved = state(page, "weights")[:, 0] - flat(net)
    assert 0 < abs(moved).max() < 0.02 and len(state(page, "losses")) == 3
    page.get_by_role("button", name="Reset").click()
    until(page, "d.step == 0")
    page.wait_for_timeout(200)
    assert not len(state(page, "weights"))
