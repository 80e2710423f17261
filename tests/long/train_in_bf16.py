# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains LeNet-5 and the 8-layer ResNet on the 5,000 MNIST images in fp32 and in bf16, with the same orders of images,
and compares the accuracy on the 1,000 that are held out: the means over the seeds may differ by 0.3 points. Values
only, but for one timed step of each epoch. Part of `make check-long`; about half an hour on one core.

    python tests/long/train_in_bf16.py [--model NAME ...] [--seeds N] [--epochs N]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean

import numpy as np
from arsis import data

LIMIT = 0.003
EPOCHS = {"lenet5": 10, "resnet8": 8}
# A residual net with batch norm is only comparable where it has settled: its rate falls to zero.
RATE = {"lenet5": ("0.02", "none"), "resnet8": ("0.05", "cosine")}


def color_images(path: Path) -> Path:
    """The images as 3x32x32: two pixels of edge, three equal channels."""
    mnist = data.load("mnist", (1, 28, 28))

    def grown(images: np.ndarray) -> np.ndarray:
        return np.repeat(np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)), mode="edge"), 3, axis=1)

    np.savez(
        path,
        x_train=grown(mnist.train_images),
        y_train=mnist.train_labels,
        x_test=grown(mnist.test_images),
        y_test=mnist.test_labels,
    )
    return path


def accuracy(model: str, images: str, precision: str, seed: int, epochs: int, folder: Path) -> float:
    arguments = ["train", f"--model={model}", "--chip=edge", f"--data={images}", f"--epochs={epochs}"]
    rate, decay = RATE[model]
    arguments += [f"--lr={rate}", f"--decay={decay}", f"--seed={seed}", f"--precision={precision}"]
    command = [sys.executable, "-m", "arsis", *arguments, "--reference=off", "--timing=first", f"--out={folder}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / "report.json").read_text())["training"]["accuracy_chip"][-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", action="append", choices=sorted(EPOCHS), help="default: all")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="default: 10 of LeNet-5, 8 of the ResNet")
    options = parser.parse_args()
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        color = str(color_images(Path(folder) / "color.npz"))
        for model in options.model or EPOCHS:
            found = {"fp32": [], "bf16": []}
            for seed in range(options.seeds):
                for precision, values in found.items():
                    images = color if model == "resnet8" else "mnist"
                    epochs = options.epochs or EPOCHS[model]
                    values.append(accuracy(model, images, precision, seed, epochs, Path(folder) / "run"))
            apart = mean(found["bf16"]) - mean(found["fp32"])
            for precision, values in found.items():
                print(f"{model} in {precision}: {mean(values):.2%}, {values}", flush=True)
            if abs(apart) > LIMIT:
                bad.append(f"{model}: the means differ by {apart:+.2%}, at most {LIMIT:.1%} is allowed")
    print("\n".join(bad), file=sys.stderr)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
