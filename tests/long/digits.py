# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A PyTorch net with batch norm and dropout, as a user writes it, learns the 5,000 MNIST digits from an .npz of uint8
images by `arsis train`: 97 % of the 1,000 that are held out, classified with its running statistics and without
dropout; parameters and statistics are the oracle's bit for bit after every epoch. Part of `make check-long`.

    python tests/long/digits.py [--epochs N] [--seed N]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import arsis
import numpy as np
import torch
from arsis import data
from torch import nn

LEAST = 0.97


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.1), nn.Flatten(), nn.Linear(24 * 7 * 7, 64), nn.ReLU(), nn.Dropout(0.25), nn.Linear(64, 10),
    )  # fmt: skip


def bytes_of(images: np.ndarray) -> np.ndarray:
    return np.round(images * data.PIXEL_MAX).astype(np.uint8)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    mnist = data.load("mnist", (1, 28, 28))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arsis.from_torch(net(), torch.zeros(2, 1, 28, 28), folder / "net.onnx")
        np.savez(
            folder / "images.npz",
            x_train=bytes_of(mnist.train_images),
            y_train=mnist.train_labels,
            x_test=bytes_of(mnist.test_images),
            y_test=mnist.test_labels,
        )
        arguments = ["train", f"--model={folder}/net.onnx", f"--data={folder}/images.npz", f"--out={folder}/out"]
        arguments += [f"--epochs={options.epochs}", f"--seed={options.seed}", "--lr=0.02", "--decay=cosine"]
        subprocess.run([sys.executable, "-m", "arsis", *arguments, "--timing=first"], check=True)
        training = json.loads((folder / "out/report.json").read_text())["training"]
    reached = training["accuracy_chip"][-1]
    print(f"{reached:.2%} of the held-out digits, {training['epochs_bit_exact']} epochs bit for bit")
    return int(reached < LEAST or training["epochs_bit_exact"] < options.epochs)


if __name__ == "__main__":
    sys.exit(main())
