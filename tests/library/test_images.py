"One rule for images, at every door: what is read, what is refused, and never white or black without a word."

import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from PIL import __version__ as PIL_VERSION

import ddpm_widgets as d
from ddpm_widgets.evaluation import check_images, features
from ddpm_widgets.images import as_bytes, as_images, as_unit, flatten, read_square
from ddpm_widgets.widgets.previews import as_frame, data_range_of

GREY = np.full((32, 32), 40, np.uint8)
GREY[:, 16:] = 200
COLOUR = np.stack([GREY, GREY // 2, 255 - GREY], -1)
LEFT, RIGHT, WHITE = [40, 20, 215], [200, 100, 55], [255, 255, 255]
CLEAR = np.where(GREY > 100, 255, 0).astype(np.uint8)  # the left half is transparent
SCHEDULE = d.linear_schedule(50)


def with_palette_alpha():
    image = Image.fromarray(COLOUR).quantize(8)
    image.info["transparency"] = image.getpixel((5, 5))
    return image


def sixteen_with_a_clear_level():
    image = Image.fromarray(GREY.astype(np.uint16) * 257)
    image.info["transparency"] = 40 * 257
    return image


PIL = {  # what each is read as, left and right
    "1": (Image.fromarray(CLEAR).convert("1"), [0], [255]),
    "L": (Image.fromarray(GREY), [40], [200]),
    "LA": (Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(CLEAR)]), [255], [200]),
    "I;16": (Image.fromarray(GREY.astype(np.uint16) * 257), [40], [200]),
    "I;16B": (Image.fromarray(GREY.astype(np.uint16) * 257).convert("I").convert("I;16B"), [40], [200]),
    "I of 16 bits": (Image.fromarray(GREY.astype(np.int32) * 257), [40], [200]),
    "I;16, transparent": (sixteen_with_a_clear_level(), [255], [200]),
    "P": (Image.fromarray(COLOUR).quantize(16), LEFT, RIGHT),
    "P, transparent": (with_palette_alpha(), WHITE, RIGHT),
    "RGB": (Image.fromarray(COLOUR), LEFT, RIGHT),
    "RGBA": (Image.fromarray(np.dstack([COLOUR, CLEAR])), WHITE, RIGHT),
    "RGBa": (Image.fromarray(np.dstack([COLOUR, CLEAR])).convert("RGBa"), WHITE, RIGHT),
    "CMYK": (Image.fromarray(COLOUR).convert("CMYK"), LEFT, RIGHT),
    "YCbCr": (Image.fromarray(COLOUR).convert("YCbCr"), LEFT, RIGHT),
    "HSV": (Image.fromarray(COLOUR).convert("HSV"), LEFT, RIGHT),
}


def close(found, wanted):
    return len(found) == len(wanted) and np.abs(np.array(found, int) - wanted).max() < 4


@pytest.mark.parametrize(("image", "left", "right"), PIL.values(), ids=PIL)
def test_a_pil_image_is_read_by_its_mode(image, left, right):
    for got in (as_images(image)[0], d.NoiseScrubber([image, image], SCHEDULE).images[1], as_frame([image])[0]):
        assert close(got[5, 5].tolist(), left) and close(got[5, 25].tolist(), right)


IN_FILES = {name: case for name, case in PIL.items() if name not in ("HSV", "RGBa")}


@pytest.mark.parametrize(("image", "left", "right"), IN_FILES.values(), ids=IN_FILES)
@pytest.mark.parametrize("background", ["white", "#ff8800"])
def test_a_folder_reads_it_in_the_same_way(tmp_path, image, left, right, background):
    if image.mode == "YCbCr" and int(PIL_VERSION.partition(".")[0]) < 13:
        pytest.skip("this Pillow can not read the file that it writes")
    kind = "tiff" if image.mode in ("CMYK", "YCbCr", "I;16B", "LA", "I") else "png"
    for i in range(2):
        image.save(tmp_path / f"{i}.{kind}", **{k: v for k, v in image.info.items() if k == "transparency"})
    pixels = d.image_folder(tmp_path, size=32, background=background, progress=False).train.dataset.images[0]
    transparent = left in (WHITE, [255])
    expected = [255, 136, 0] if transparent and background != "white" else (left * 3)[:3]
    if image.mode == "YCbCr":  # its file is a JPEG inside
        expected = left
    assert close(pixels[:, 5, 5].tolist(), expected) and close(pixels[:, 5, 25].tolist(), (right * 3)[:3])


REFUSED = {
    "F": Image.fromarray(GREY.astype(np.float32)),
    "F in [0, 1]": Image.fromarray(GREY.astype(np.float32) / 255),
    "I to 255": Image.fromarray(GREY.astype(np.int32)),
    "I beyond 16 bits": Image.fromarray(GREY.astype(np.int32) * 2**20),
    "I below 0": Image.fromarray(GREY.astype(np.int32) - 100),
    "I;16 to 255": Image.fromarray(GREY.astype(np.uint16)),
}


@pytest.mark.parametrize("image", REFUSED.values(), ids=REFUSED)
def test_what_would_be_black_or_white_is_refused(image, tmp_path):
    for i in range(2):
        image.save(tmp_path / f"{i}.tiff")
    for door in (
        lambda: d.show_images(image),
        lambda: d.NoiseScrubber(image, SCHEDULE),
        lambda: d.image_grid([image]),
        lambda: d.image_folder(tmp_path, progress=False),
    ):
        with pytest.raises(ValueError) as e:
            door()
        assert "must" in str(e.value) and "found" in str(e.value) and str(e.value).endswith("."), e.value


def from_arrays(images):
    labels = np.zeros(len(images), int)
    return d.DataLoaders.from_arrays(images, labels, images, labels, size=32)


SIGNED = GREY / 127.5 - 1
BATCH = np.stack([GREY, GREY.T])
SAME = {  # each is the batch, in another spelling
    "uint8": BATCH,
    "int64": BATCH.astype(np.int64),
    "uint16": BATCH.astype(np.uint16) * 257,
    "floats": BATCH / 127.5 - 1,
    "half": torch.from_numpy(BATCH / 127.5 - 1).half(),
    "bfloat16": torch.from_numpy(BATCH / 127.5 - 1).bfloat16(),
    "channels last": BATCH[..., None],
    "channels first": torch.from_numpy(BATCH)[:, None],
    "PIL": [Image.fromarray(x) for x in BATCH],
    "of two kinds": [BATCH[0], BATCH[1] / 127.5 - 1],
    "with 16 bits": [Image.fromarray(BATCH[0]), BATCH[1].astype(np.uint16) * 257],
}


@pytest.mark.parametrize("images", SAME.values(), ids=SAME)
def test_every_door_reads_the_same(images):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = {
            "show_images": np.array(d.show_images(images, columns=1, scale=1))[:32, :, :1],
            "image_grid": np.array(d.image_grid(images, columns=1, zoom=1))[:32, :, None],
            "scrubber": d.NoiseScrubber(images, SCHEDULE).images[0],
            "explorer": d.ScheduleExplorer(images).images[0],
            "from_arrays": from_arrays(images).train.dataset.images[0].numpy().transpose(1, 2, 0),
            "frame": as_frame(images)[0],
        }
        if isinstance(images, torch.Tensor):
            judged = (
                check_images(images)[0].float().permute(1, 2, 0)
                if images.ndim == 4
                else torch.from_numpy(SIGNED[..., None])
            )
            found["evaluate"] = ((judged + 1) * 127.5).round().numpy()
    for door, x in found.items():
        assert x.shape == (32, 32, 1) and np.abs(x[..., 0].astype(int) - GREY).max() <= 1, door


@pytest.mark.parametrize("top", [255.0, 65535.0, 100.0])
def test_grey_levels_as_floats_are_refused_at_every_door(top):
    x = torch.rand(4, 1, 32, 32) * top
    for door in (
        *(d.show_images, d.image_grid, from_arrays, d.ScheduleExplorer, lambda x: d.NoiseScrubber(x, SCHEDULE)),
        *(lambda x: d.evaluate(x, dls=DLS, progress=False), features),
    ):
        with pytest.raises(ValueError, match=r"must lie in \[-1, 1\] if they are floats, found .*: (pass|clip)"):
            door(x)


DLS = d.garments(16, n=64, n_valid=16, seed=0)


def test_floats_in_0_1_are_said_to_be_so(tmp_path):
    x = torch.rand(4, 1, 32, 32)
    for door in (
        *(d.show_images, d.image_grid, d.ScheduleExplorer, lambda x: d.NoiseScrubber(x, SCHEDULE), features),
        lambda x: d.evaluate(x, dls=DLS, cache=tmp_path, progress=False),
    ):
        with pytest.warns(UserWarning, match="hold no negative value"):
            door(x)
    with pytest.raises(d.DataError, match="without a negative value: pass np.uint8"):
        from_arrays(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array(d.image_grid(torch.full((1, 1, 9, 9), 0.5), range=(0, 1), zoom=1)).max() == 128


class Bright(torch.nn.Module):
    "Draws nearly white images, in whatever range it is said to know."

    def __init__(self, data_range):
        super().__init__()
        self.diffusion = d.Diffusion(SCHEDULE, "x0", data_range, sampler="ddim", steps=2)
        self.white = data_range[1]

    def forward(self, x_t, t):
        return x_t * 0.01 + self.white * 0.9


def test_no_false_alarm_on_what_a_model_draws(tmp_path):
    "Bright images in [-1, 1] are no images in [0, 1]; samples beyond ±1 and noise are clipped."
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = [
            d.evaluate(Bright(r), n=4, seeds=(0,), dls=DLS, cache=tmp_path, progress=False).fid
            for r in ((-1.0, 1.0), (-1.0, 1.0))
        ]
        assert same[0] == same[1]
        for x in (torch.randn(4, 1, 32, 32), torch.randn(4, 1, 32, 32) * 2, (torch.rand(4, 3, 32, 32) * 2 - 1) * 1.05):
            d.show_images(x), d.image_grid(x), features(x)
            d.evaluate(x, dls=DLS, cache=tmp_path, progress=False)
        dark = torch.full((4, 1, 32, 32), -0.98)
        d.show_images(dark), d.NoiseScrubber(dark, SCHEDULE), features(dark)


def test_a_model_of_another_range_is_judged_in_ours(tmp_path):
    "The same white squares, drawn in [0, 1] and in [-1, 1]."

    class Square(Bright):
        def forward(self, x_t, t):
            low, high = self.diffusion.data_range
            x = torch.full_like(x_t, low)
            x[..., 8:24, 8:24] = high
            return x

    options = {"n": 4, "seeds": (0,), "dls": DLS, "cache": tmp_path, "progress": False}
    a, b, c = (d.evaluate(Square(r), **options).fid for r in ((-1.0, 1.0), (0.0, 1.0), (0.0, 255.0)))
    assert a == pytest.approx(b, rel=1e-6) == pytest.approx(c, rel=1e-6)


def test_previews_are_shown_in_the_range_of_the_training():
    class Learn:
        cbs = (d.DDPMCB(SCHEDULE, data_range=(0, 1)),)

    assert data_range_of(Learn) == (0, 1) and data_range_of(object()) == (-1, 1)
    assert as_frame(torch.tensor([[[[0.0, 0.5, 1.0, 2.0]]]]), (0, 1)).ravel().tolist() == [0, 128, 255, 255]
    assert as_frame(torch.zeros(3, 8, 8)).shape == (3, 8, 8, 1), "three samples"


def test_one_image_in_colour_is_not_three_grey_ones():
    x = torch.from_numpy(COLOUR).permute(2, 0, 1)
    for one in (x, COLOUR, x[None], [x], [x.numpy()], Image.fromarray(COLOUR)):
        assert np.array_equal(as_images(one), COLOUR[None])
    with pytest.raises(ValueError, match=r"three grey images or one in colour: pass x\[:, None\] if they are grey"):
        as_images(x.numpy())
    assert as_images(x[:, None]).shape == (3, 32, 32, 1) and as_images(list(x)).shape == (3, 32, 32, 1)
    assert as_images(GREY[..., None]).shape == (1, 32, 32, 1)
    with pytest.raises(ValueError, match="no alpha channel"):
        as_images(np.zeros((32, 32, 4), np.uint8))


def test_a_giant_is_refused_before_it_is_decoded(monkeypatch):
    giant = Image.new("L", (1, 1))
    giant._size = (13_000, 13_000)
    monkeypatch.setattr("ddpm_widgets.images.flatten", None)
    with pytest.raises(ValueError, match="at most 16 megapixels, found 161: make them smaller"):
        as_images(giant)


def test_levels_and_ranges():
    assert as_bytes(np.array([0, 127, 128, 129, 65535], np.uint16)).tolist() == [0, 0, 0, 1, 255]
    assert as_unit(np.array([1, 2]), 0, 1).tolist() == [1, 2], "integers have a range of their own"
    assert flatten(Image.new("L", (2, 2), 7)).getpixel((0, 0)) == 7
    sideways = Image.new("L", (4, 2))
    sideways.getexif()[0x0112] = 6
    assert flatten(sideways).size == (2, 4)


@pytest.mark.parametrize("size", [(9, 3), (9, 1), (3, 3), (5, 2)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pictures_of_very_few_rows_keep_their_shape(size, mode):
    rows = np.arange(np.prod(size) * len(mode), dtype=np.uint8).reshape(size[1], size[0], len(mode))
    rows = rows if mode == "RGB" else rows[..., :1]
    picture = Image.fromarray(rows if mode == "RGB" else rows[..., 0])
    assert np.array_equal(as_images([picture, picture]), np.stack([rows, rows]))
    assert np.array_equal(as_images(picture)[0], rows)


def test_a_grey_picture_beside_an_array_in_colour():
    with pytest.raises(ValueError, match="must have one shape.*resize them, or give all the same channels"):
        as_images([Image.new("L", (28, 28)), np.zeros((28, 28, 3), np.uint8)])


@pytest.mark.parametrize("ends", [(0, 0), (0, 1, 2), None, 3])
def test_a_grid_refuses_ends_that_are_none(ends):
    with pytest.raises(ValueError, match="range must be two different numbers"):
        d.image_grid(np.zeros((2, 8, 8), np.float32), range=ends)


def test_an_error_without_words_is_said_by_its_kind():
    def opened():
        raise OSError

    assert read_square(opened, 8, True, "white") == "OSError"
