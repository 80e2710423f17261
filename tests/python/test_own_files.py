# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A user's own PyTorch net with batch norm and dropout, exported by `from_torch`, and an .npz of uint8 images: they
train by the README's words; what is wrong with either is one line that says what."""

import json

import arsis
import numpy as np
import pytest
import torch
from torch import nn

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
IMAGE, CLASSES, TRAIN, TEST = (1, 6, 6), 4, 32, 8


def layers() -> list[nn.Module]:
    torch.manual_seed(0)
    convolution = nn.Conv2d(1, 6, 3, padding=1, bias=False)
    body = [convolution, nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2), nn.Flatten()]
    return [*body, nn.Linear(6 * 9, CLASSES)]


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """A bright corner says the class, under a little noise."""
    random = np.random.default_rng(count)
    labels = np.arange(count) % CLASSES
    pixels = random.integers(0, 90, (count, *IMAGE))
    for image, label in zip(pixels, labels, strict=True):
        row, column = divmod(label, 2)
        image[0, 3 * row : 3 * row + 3, 3 * column : 3 * column + 3] += 160
    return pixels.astype(np.uint8), labels


def files(folder, *more: nn.Module, **changed: np.ndarray) -> list[str]:
    """The arguments of a training on a net that ends with `more`, and on data of which some are changed."""
    arsis.from_torch(nn.Sequential(*layers(), *more), torch.zeros(2, *IMAGE), folder / "net.onnx")
    (x_train, y_train), (x_test, y_test) = images(TRAIN), images(TEST)
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test} | changed
    np.savez(folder / "images.npz", **arrays)
    return ["train", "--model", str(folder / "net.onnx"), "--data", str(folder / "images.npz"), "--chip", "tiny",
            "--batch", "8", "--out", str(folder / "out")]  # fmt: skip


def test_they_train(call, tmp_path):
    status, _, problem = call(*files(tmp_path), "--epochs", "5", "--lr", "0.1")
    assert status == 0, problem
    training = json.loads((tmp_path / "out/report.json").read_text())["training"]
    assert training["epochs_bit_exact"] == 5 and training["accuracy_chip"] == training["accuracy_reference"]
    assert training["accuracy_chip"][-1] == 1.0
    weights = arsis.read_tensors(str(tmp_path / "out/weights.npz"))
    assert weights["0.weight"].shape == (6, 1, 3, 3) and (weights["1.running_mean"] != 0).all()


def test_they_are_evaluated_by_the_running_statistics(call, tmp_path):
    """The chip's accuracy is that of PyTorch's module in evaluation form with the trained weights."""
    random = np.random.default_rng(1)
    unclear = random.integers(0, 256, (40, *IMAGE)).astype(np.uint8)
    arguments = files(tmp_path, x_test=unclear, y_test=random.integers(0, CLASSES, 40))
    status, _, problem = call(*arguments, "--epochs", "2", "--lr", "0.05")
    assert status == 0, problem
    net = nn.Sequential(*layers()).eval()
    weights = arsis.read_tensors(str(tmp_path / "out/weights.npz"))
    found = net.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()}, strict=False)
    assert {*found.missing_keys} <= {"1.num_batches_tracked"} and not found.unexpected_keys
    with torch.no_grad():
        found = net(torch.from_numpy(unclear.astype(np.float32) / np.float32(255))).argmax(1).numpy()
    expected = float((found == np.load(tmp_path / "images.npz")["y_test"]).mean())
    training = json.loads((tmp_path / "out/report.json").read_text())["training"]
    assert training["accuracy_chip"][-1] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("more", "changed", "options", "problem"),
    [
        ([], {"y_train": np.arange(TRAIN - 1) % CLASSES}, [], "found 31 labels in y_train, expected 32, one per image"),
        (
            [],
            {"y_test": np.arange(TEST) % 5},
            [],
            "test label 4 at position 4, the model has 4 classes: expected 0 to 3",
        ),
        ([], {"y_train": np.arange(TRAIN) % CLASSES + 1}, [], "train label 4 at position 3, the model has 4 classes"),
        (
            [],
            {"x_test": images(TEST)[0] / 2},
            [],
            "and x_train is uint8, which is scaled to [0, 1]",
        ),
        (
            [],
            {"x_train": images(TRAIN)[0].astype(np.float32), "x_test": images(TEST)[0].astype(np.float32)},
            [],
            "x_train: found floats that are whole numbers from 0 to 249, expected uint8 for pixels",
        ),
        ([], {"x_train": images(TRAIN)[0].transpose(0, 2, 3, 1)}, [], "images of (6, 6, 1), the model takes (1, 6, 6)"),
        ([], {"x_train": images(TRAIN)[0][:, 0]}, [], "images of (6, 6), the model takes (1, 6, 6)"),
        ([], {}, ["--epochs", "0"], "--epochs: found '0', expected a whole number from 1"),
        ([], {}, ["--batch", "33"], "a batch of 33 is larger than the 32 training images"),
        (
            [nn.Softmax(1)],
            {},
            [],
            "is a softmax in front of the loss, which contains one; export the model with its logits",
        ),
    ],
)
def test_what_is_wrong_is_one_line(call, tmp_path, more, changed, options, problem):
    arguments = files(tmp_path, *more, **changed)
    for option in options[::2]:
        if option in arguments:
            del arguments[arguments.index(option) : arguments.index(option) + 2]
    status, _, said = call(*arguments, *options)
    assert status == 1 and said.count("error: ") == 1 and problem in said and "Traceback" not in said, said
