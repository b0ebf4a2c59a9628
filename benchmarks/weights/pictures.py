"""Pictures in colour from two folders or archives: one to train on, one that is held out."""

from pathlib import Path

from ddpm_widgets import image_folder
from ddpm_widgets.data import DataLoaders


def colour_pictures(train: Path, test: Path, batch_size: int, seed: int) -> DataLoaders:
    "Loaders of 32×32 pictures, read by `image_folder`."
    mine, held_out = (image_folder(path, batch_size, size=32, valid=1e-9, progress=False) for path in (train, test))
    if mine.classes != held_out.classes:
        raise SystemExit(f"{test} must have the classes {mine.classes}, found {held_out.classes}.")
    return DataLoaders.from_datasets(
        mine.train.dataset, held_out.train.dataset, batch_size, seed, mine.classes, mine.source
    )
