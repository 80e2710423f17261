# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A small trained run that several tests look at; made once."""

import importlib.util
import signal
import sys
from pathlib import Path

import pytest
from tiny_model import tiny_data, tiny_model

ROOT = Path(__file__).resolve().parents[2]
if importlib.util.find_spec("arsis") is None:
    sys.path.insert(0, str(ROOT / "python"))


@pytest.fixture(autouse=True)
def interruptible():
    """Ctrl-C raises, here and in what is started here, also where a shell has put the tests into the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Recipes are made once for all tests, and leave nothing in the user's cache."""
    patch = pytest.MonkeyPatch()
    patch.setenv("ARSIS_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def lenet(tmp_path_factory) -> Path:
    from arsis import models

    return models.model_path("lenet5", tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def trained(lenet):
    """The report of two short epochs of LeNet-5 on synthetic images, every step timed."""
    import arsis
    from arsis import data, training

    images = data.load("synthetic", (1, 28, 28))
    images.train_images, images.train_labels = images.train_images[:128], images.train_labels[:128]
    settings = arsis.Settings(chip="edge", batch=16, epochs=2, reference="exact")
    return training.train(lenet, images, settings).content


@pytest.fixture
def call(monkeypatch, capsys):
    """Runs the command line in this process: (exit status, standard output, standard error)."""
    from arsis.__main__ import main

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["arsis", *map(str, arguments)])
        status = main()
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def tiny(tmp_path) -> list[object]:
    """Arguments of a training that takes a moment."""
    model, data = tiny_model(tmp_path / "m.onnx"), tiny_data(tmp_path / "d.npz")
    return ["train", "--model", model, "--data", data, "--chip", "tiny", "--batch", 4, "--epochs", 1]
