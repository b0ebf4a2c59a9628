"""The drawings of the course's lessons: `python nbs/_cards.py` writes nbs/static/lessons/NN.svg.

They are drawn in dark ink on nothing. theme-dark.scss inverts them, so one file serves both themes.
"""

import math
import random
from collections.abc import Callable, Iterable
from pathlib import Path

W, H = 320, 180
INK, SOFT, ACCENT, NOISE = "#1f2937", "#9ca3af", "#4f46e5", "#c2410c"
GREYS = ("#eef0f3", "#cfd4db", "#a3abb6", "#6b7280", "#374151", "#111827")
SHIRT = ["0330003300", "3444444443", "4444444444", "4404444044", "0004444000", "0004444000", "0004554000", "0004444000", "0004444000", "0003333000"]  # fmt: skip
TROUSERS = ["0044444000", "0044444000", "0045544000", "0044044000", "0044044000", "0044044000", "0044044000", "0044044000", "0044044000", "0033033000"]  # fmt: skip
BOOT = ["0004440000", "0004440000", "0004440000", "0004450000", "0004445000", "0004444440", "0044444444", "0044444444", "0033333333", "0000000000"]  # fmt: skip
DRESS = ["0030003000", "0040004000", "0044044000", "0044444000", "0004440000", "0004440000", "0044444000", "0044444000", "0444444400", "0444444400"]  # fmt: skip
BAG = ["0000330000", "0003003000", "0030000300", "0030000300", "4444444444", "4444444444", "4444554444", "4444444444", "4444444444", "3333333333"]  # fmt: skip

Point = tuple[float, float]


def n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def line(points: Iterable[Point], color: str = INK, width: float = 2, more: str = "") -> str:
    d = "L".join(f"{n(x)} {n(y)}" for x, y in points)
    return f'<path d="M{d}" fill="none" stroke="{color}" stroke-width="{n(width)}" stroke-linecap="round" stroke-linejoin="round" {more}/>'


def curve(f: Callable[[float], float], x: Point, y: Point, color: str = INK, width: float = 2.5, more: str = "") -> str:
    "A function of 0…1 with values 0…1, drawn from x[0] to x[1] and from y[0] (for 0) to y[1]."
    at = [i / 40 for i in range(41)]
    return line([(x[0] + u * (x[1] - x[0]), y[0] + f(u) * (y[1] - y[0])) for u in at], color, width, more)


def dots(points: Iterable[Point], radius: float = 3, color: str = INK, more: str = "") -> str:
    drawn = "".join(f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(radius)}"/>' for x, y in points)
    return f'<g fill="{color}" {more}>{drawn}</g>'


def box(x: float, y: float, w: float, h: float, fill: str = "none", stroke: str = INK, more: str = "") -> str:
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(w)}" height="{n(h)}" rx="4" fill="{fill}" stroke="{stroke}" stroke-width="2" {more}/>'


def arrow(a: Point, b: Point, color: str = INK, width: float = 2) -> str:
    turn = math.atan2(b[1] - a[1], b[0] - a[0])
    head = [(b[0] - 7 * math.cos(turn + s), b[1] - 7 * math.sin(turn + s)) for s in (-0.5, 0.5)]
    return line([a, b], color, width) + line([head[0], b, head[1]], color, width)


def picture(rows: list[str], x: float, y: float, size: float, noise: float = 0, seed: int = 0) -> str:
    "A garment of ten by ten pixels, and so much noise on it: 0 none, 1 nothing else."
    rng = random.Random(seed)
    levels: dict[int, list[str]] = {}
    for j, row in enumerate(rows):
        for i, value in enumerate(row):
            clean, other = int(value), rng.random() * 5.99
            mixed = round((1 - noise) * clean + noise * other) if noise else clean
            levels.setdefault(min(5, mixed), []).append(f"M{i} {j}h1v1h-1z")
    pixels = "".join(f'<path fill="{GREYS[level]}" d="{"".join(at)}"/>' for level, at in sorted(levels.items()))
    return f'<g transform="translate({n(x)} {n(y)}) scale({n(size / 10)})" shape-rendering="crispEdges">{pixels}</g>'


def dropout() -> str:
    layers = [[(60, y) for y in (45, 90, 135)], [(160, y) for y in (25, 68, 112, 155)], [(260, y) for y in (68, 112)]]
    off = {(160, 68), (60, 135)}
    wires = [(a, b) for one, two in zip(layers, layers[1:], strict=False) for a in one for b in two]
    nodes = [p for layer in layers for p in layer]
    return (
        "".join(line(w, SOFT, 1.2, 'stroke-dasharray="2 6"' if off & set(w) else "") for w in wires)
        + dots([p for p in nodes if p not in off], 11, ACCENT)
        + "".join(
            f'<circle cx="{x}" cy="{y}" r="10" fill="#fff" stroke="{SOFT}" stroke-width="2" stroke-dasharray="3 4"/>'
            for x, y in off
        )
    )


def generative_models() -> str:
    def bell(u: float, at: float, wide: float) -> float:
        return math.exp(-(((u - at) / wide) ** 2))

    rng = random.Random(1)
    paths = ""
    for k in range(7):
        begin, end = 48 if k % 2 else 132, 90 + rng.gauss(0, 22)
        walk = [begin + (end - begin) * (i / 24) ** 0.8 + (i / 24) * rng.gauss(0, 5) for i in range(25)]
        walk[0] = begin
        paths += line([(92 + i * 5.6, y) for i, y in enumerate(walk)], (ACCENT, NOISE)[k % 2], 1.4, 'opacity=".75"')
    humps = [(76 - 44 * (bell(u, 0.2, 0.13) + bell(u, 0.8, 0.13)), 20 + 140 * u) for u in (i / 40 for i in range(41))]
    one = [(244 + 44 * bell(u, 0.5, 0.24), 20 + 140 * u) for u in (i / 40 for i in range(41))]
    return paths + line(humps, INK, 2.5) + line(one, INK, 2.5)


def two_dimensions() -> str:
    rng = random.Random(4)
    moon = []
    for k in range(60):
        a, upper = math.pi * rng.random(), k % 2
        x, y = (math.cos(a), -math.sin(a)) if upper else (1 - math.cos(a), math.sin(a) - 0.45)
        moon.append((118 + 62 * x + rng.gauss(0, 3), 98 + 56 * y + rng.gauss(0, 3), upper))
    arrows = ""
    for x, y, tx, ty in ((40, 40, 72, 62), (40, 140, 74, 116), (285, 40, 246, 66), (285, 140, 252, 118), (160, 22, 146, 46), (160, 165, 172, 142)):  # fmt: skip
        arrows += arrow((x, y), (tx, ty), NOISE)
    return dots([(x, y) for x, y, u in moon if u], 3, ACCENT) + dots([(x, y) for x, y, u in moon if not u], 3) + arrows


def forward_process() -> str:
    tiles = "".join(picture(SHIRT, 16 + 59 * k, 32, 52, level, k) for k, level in enumerate((0, 0.3, 0.55, 0.8, 1)))
    fall = curve(lambda u: math.cos(u * math.pi / 2) ** 2, (18, 302), (152, 108), ACCENT)
    rise = curve(lambda u: math.sin(u * math.pi / 2) ** 2, (18, 302), (152, 108), NOISE)
    return tiles + fall + rise


def training() -> str:
    rng = random.Random(2)
    axes = line([(24, 24), (24, 152), (196, 152)], SOFT, 2)
    points = [
        (26 + 4.2 * i, 150 - 118 * (0.06 + math.exp(-i / 7) + 0.05 * rng.random() * math.exp(-i / 30)))
        for i in range(41)
    ]
    grows = [picture(SHIRT, 222, y, 38, level, s) for y, level, s in ((24, 0.95, 3), (70, 0.5, 4), (116, 0.05, 5))]
    return axes + line(points, ACCENT, 2.5) + "".join(grows)


def the_unet() -> str:
    shapes = [(22, 28, 22, 124), (62, 56, 26, 84), (104, 80, 30, 48), (145, 96, 30, 24), (186, 80, 30, 48), (232, 56, 26, 84), (276, 28, 22, 124)]  # fmt: skip
    skips = arrow((48, 40), (272, 40), SOFT) + arrow((92, 67), (228, 67), SOFT) + arrow((138, 90), (182, 90), SOFT)
    return skips + "".join(box(*s, fill=ACCENT if k < 3 else NOISE if k > 3 else INK, stroke="none") for k, s in enumerate(shapes))  # fmt: skip


def sampling() -> str:
    tiles = "".join(picture(TROUSERS, 16 + 59 * k, 44, 52, level, k) for k, level in enumerate((1, 0.8, 0.5, 0.22, 0)))
    return tiles + arrow((20, 128), (300, 128), ACCENT, 2.5) + dots([(20 + 70 * k, 128) for k in range(4)], 4, ACCENT)


def watching_it_happen() -> str:
    holes = "".join(box(14 + 20 * k, y, 9, 7, fill=SOFT, stroke="none") for k in range(15) for y in (32, 141))
    frames = "".join(picture(DRESS, 26 + 70 * k, 58, 64, level, k) for k, level in enumerate((0.9, 0.6, 0.3, 0)))
    glass = f'<circle cx="196" cy="90" r="40" fill="none" stroke="{NOISE}" stroke-width="4"/>'
    return holes + frames + glass + line([(225, 119), (250, 144)], NOISE, 6)


def experiments() -> str:
    axes = line([(24, 24), (24, 152), (300, 152)], SOFT, 2)
    ways = [(4, 0.04, INK), (7, 0.12, ACCENT), (12, 0.22, NOISE), (22, 0.3, SOFT)]
    return axes + "".join(
        curve(lambda u, f=f, low=low: low + (0.95 - low) * math.exp(-u * 40 / f), (26, 298), (152, 28), c)
        for f, low, c in ways
    )


def better_schedules() -> str:
    ticks = "".join(line([(20 + 7 * k, 144), (20 + 7 * k, 152)], SOFT, 1.4) for k in range(41))
    hops = ""
    for a, b in ((300, 230), (230, 160), (160, 90), (90, 20)):
        hops += f'<path d="M{a} 138Q{(a + b) / 2} 66 {b} 138" fill="none" stroke="{ACCENT}" stroke-width="2.5" stroke-linecap="round"/>'
    return ticks + hops + dots([(x, 138) for x in (20, 90, 160, 230, 300)], 5, ACCENT) + picture(BOOT, 16, 36, 48) + picture(BOOT, 256, 36, 48, 1, 8)  # fmt: skip


def how_good_is_it() -> str:
    rng = random.Random(6)
    real = [(132 + rng.gauss(0, 34), 92 + rng.gauss(0, 24)) for _ in range(70)]
    made = [(186 + rng.gauss(0, 34), 88 + rng.gauss(0, 24)) for _ in range(70)]
    rings = (
        f'<ellipse cx="132" cy="92" rx="82" ry="58" fill="none" stroke="{INK}" stroke-width="2"/>'
        f'<ellipse cx="186" cy="88" rx="82" ry="58" fill="none" stroke="{NOISE}" stroke-width="2"/>'
    )
    return dots(real, 2.6, INK, 'opacity=".7"') + dots(made, 2.6, NOISE, 'opacity=".7"') + rings


def many_names() -> str:
    ends = [(40, 90), (280, 90)]
    bow = '<path d="M40 90Q160 {} 280 90" fill="none" stroke="{}" stroke-width="2.5"/>'
    ways = bow.format(-40, ACCENT) + bow.format(90, INK) + bow.format(220, NOISE)
    marks = dots([(100, 42), (160, 25), (220, 42)], 4, ACCENT) + dots([(100, 90), (160, 90), (220, 90)], 4)
    return ways + marks + dots([(100, 138), (160, 155), (220, 138)], 4, NOISE) + picture(BAG, 20, 70, 40) + picture(BAG, 260, 70, 40, 1, 2) + dots(ends, 0)  # fmt: skip


def say_what_you_want() -> str:
    kinds = [SHIRT, TROUSERS, DRESS, BOOT, BAG]
    tiles = "".join(picture(kind, 17 + 59 * k, 36, 50) for k, kind in enumerate(kinds))
    ring = box(189, 31, 60, 60, stroke=ACCENT, more='stroke-dasharray="0"')
    slider = line([(40, 130), (280, 130)], SOFT, 4) + line([(40, 130), (214, 130)], ACCENT, 4)
    return tiles + ring + slider + dots([(214, 130)], 9, ACCENT)


def your_turn() -> str:
    folder = line([(40, 56), (40, 140), (150, 140), (150, 62), (92, 62), (82, 48), (40, 48), (40, 62)], INK, 2.5)
    plus = line([(95, 84), (95, 118)], ACCENT, 4) + line([(78, 101), (112, 101)], ACCENT, 4)
    tiles = [(k, 204 + 50 * (i % 2), 44 + 50 * (i // 2)) for i, k in enumerate((DRESS, BAG, BOOT, SHIRT))]
    return folder + plus + arrow((162, 95), (192, 95), ACCENT, 2.5) + "".join(picture(k, x, y, 44) for k, x, y in tiles)


CARDS = {
    "01": dropout, "02": generative_models, "02b": two_dimensions, "03": forward_process, "04": training, "04b": the_unet,
    "05": sampling, "06": watching_it_happen, "07": experiments, "08": better_schedules, "09": how_good_is_it,
    "09b": many_names, "09c": say_what_you_want, "10": your_turn,
}  # fmt: skip


if __name__ == "__main__":
    folder = Path(__file__).parent / "static/lessons"
    folder.mkdir(exist_ok=True)
    for number, draw in CARDS.items():
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" width="{W}" height="{H}">{draw()}</svg>\n'
        (folder / f"{number}.svg").write_text(svg, encoding="utf-8")
