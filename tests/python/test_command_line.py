# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m arsis`: every mistake is one error, nothing is changed or left out without a word."""

import json
import os
import re
import resource
import signal
import subprocess
import sys

import numpy as np
import onnx
import pytest
from command_line import one_error, replaced
from tiny_model import CLASSES, IMAGE, tiny_data, tiny_model


@pytest.mark.parametrize(
    "changes,problem",
    [
        ({"epochs": 0}, "--epochs: found '0', expected a whole number from 1 to"),
        ({"epochs": "1.5"}, "--epochs: found '1.5'"),
        ({"batch": 0}, "--batch: found '0'"),
        ({"batch": -1}, "--batch: found '-1'"),
        ({"batch": 2**63}, f"--batch: found '{2**63}'"),
        ({"batch": 11}, "a batch of 11 is larger than the 10 training images"),
        ({"lr": "nan"}, "--lr: found 'nan', expected a number from 0 to 1e+30"),
        ({"lr": "inf"}, "--lr: found 'inf'"),
        ({"lr": "1e-46"}, "lr: found '1e-46', which is 0 in fp32"),
        ({"momentum": "-0.1"}, "--momentum: found '-0.1'"),
        ({"seed": -1}, "--seed: found '-1'"),
        ({"require_accuracy": "nan"}, "--require-accuracy: found 'nan', expected a number from 0 to 1"),
        ({"require_accuracy": "1.01"}, "--require-accuracy: found '1.01'"),
        ({"reference": "f32"}, "--reference: found 'f32', expected exact, onednn, plain, f64 or off"),
        ({"timing": "none"}, "--timing: found 'none', expected all or first"),
        ({"model": "m.mlir"}, "unknown model 'm.mlir'"),
        ({"model": "x" * 5000}, "unknown model 'xxx"),
        ({"data": "x.npy"}, "unknown data 'x.npy'"),
        ({"data": "/absent/d.npz"}, "/absent/d.npz: No such file or directory"),
        ({"init": "/absent/w.npz"}, "/absent/w.npz: cannot read the file: No such file or directory"),
        ({"chip": "x" * 5000}, "unknown chip 'xxx"),
        ({"set": "matrix.rows"}, "--set: found 'matrix.rows', expected KEY=VALUE"),
        ({"set": "matrix.row=8"}, "cannot override unknown chip key 'matrix.row'"),
        ({"epoch": 1}, "epoch"),
    ],
)
def test_arguments(call, tiny, tmp_path, changes, problem):
    one_error(call(*replaced(tiny, out=tmp_path / "out", **changes)), problem)


def test_an_option_is_given_once(call, tiny):
    one_error(call(*tiny, "--epochs", 1), "--epochs: found it more than once, expected it once")
    one_error(call(), "the following arguments are required")
    one_error(call("trian"), "trian")


@pytest.mark.parametrize(
    "name,content,problem",
    [
        ("garbage.onnx", b"garbage", "garbage.onnx: not an ONNX file"),
        ("empty.onnx", b"", "the graph has no input"),
        ("garbage.npz", b"garbage", "garbage.npz: cannot read it as an .npz file"),
        ("short.npz", b"PK\x03\x04", "short.npz: cannot read it as an .npz file"),
    ],
)
def test_broken_files(call, tiny, tmp_path, name, content, problem):
    (tmp_path / name).write_bytes(content)
    option = "model" if name.endswith("onnx") else "data"
    one_error(call(*replaced(tiny, out=tmp_path / "out", **{option: tmp_path / name})), problem)


IMAGES = np.zeros((10, *IMAGE), np.float32)


@pytest.mark.parametrize(
    "changes,problem",
    [
        ({"y_train": np.arange(9) % CLASSES}, "found 9 labels in y_train, expected 10, one per image"),
        ({"y_train": np.arange(11) % CLASSES}, "found 11 labels in y_train, expected 10"),
        ({"y_test": np.zeros(3, int)}, "found 3 labels in y_test, expected 4"),
        ({"y_train": np.arange(10) % CLASSES + 2**40}, "y_train: found 1099511627776 at position 0"),
        (
            {"y_train": np.arange(10) % CLASSES + 0.5},
            "y_train: found 0.5 at position 0, expected the number of a class",
        ),
        ({"y_train": np.full(10, np.nan)}, "y_train: found nan at position 0"),
        ({"y_train": np.full(10, -1)}, "train label -1 at position 0, the model has 3 classes: expected 0 to 2"),
        ({"y_train": np.zeros((10, 1), int)}, "found train labels of shape (10, 1), the model's loss takes (10,)"),
        ({"y_train": np.full(10, "a")}, "y_train: found <U1 of shape (10,)"),
        ({"y_train": np.array([0, 3] * 5)}, "train label 3 at position 1, the model has 3 classes: expected 0 to 2"),
        ({"y_test": np.array([0, 1, 2, 7])}, "test label 7 at position 3, the model has 3 classes"),
        ({"x_test": None, "y_test": None}, "no array x_test, y_test"),
        ({"x_test": IMAGES[:0], "y_test": np.zeros(0, int)}, "x_test: found no images"),
        ({"x_train": np.float32(1)}, "x_train: found no images"),
        ({"x_train": np.full_like(IMAGES, np.nan)}, "x_train: found nan at [0, 0, 0, 0], expected finite fp32 numbers"),
        ({"x_train": np.full(IMAGES.shape, 1e39)}, "x_train: found 1e+39 at [0, 0, 0, 0]"),
        ({"x_test": np.full((4, *IMAGE), np.inf)}, "x_test: found inf"),
        ({"x_train": IMAGES.astype(np.int64)}, "x_train: found int64, expected floats, which are taken as they are"),
        ({"x_train": IMAGES[:, :, :1]}, "has images of (1, 1, 2), the model takes (1, 2, 2)"),
        ({"x_test": np.zeros((4, 1, 2, 3), np.float32)}, "has images of (1, 2, 3), the model takes (1, 2, 2)"),
        ({"x_train": np.array([{}] * 10, object)}, "cannot read it as an .npz file"),
    ],
)
def test_data(call, tiny, tmp_path, changes, problem):
    tiny_data(tmp_path / "d.npz", **changes)
    one_error(call(*tiny, "--out", tmp_path / "out"), problem)


def test_uint8_pixels_are_scaled_with_a_word(call, tiny, tmp_path):
    bright = np.array(np.load(tmp_path / "d.npz")["x_train"] * 255, np.uint8)
    losses = []
    for images in (bright, bright.astype(np.float32) / np.float32(255)):
        tiny_data(tmp_path / "d.npz", x_train=images)
        status, printed, _ = call(*tiny, "--out", tmp_path / "out")
        assert status == 0
        said = "x_train: uint8 pixels are divided by 255, so that images are in [0, 1]" in printed
        assert said == (images.dtype == np.uint8)
        losses.append(json.loads((tmp_path / "out/report.json").read_text())["training"]["loss_chip"])
    assert losses[0] == losses[1]


def test_the_last_incomplete_batch_is_named(call, tiny, tmp_path):
    status, printed, _ = call(*tiny, "--out", tmp_path / "out")
    assert status == 0 and "each epoch leaves out 2 of 10 images, which fill no batch of 4" in printed
    training = json.loads((tmp_path / "out/report.json").read_text())["training"]
    assert training["train_images_left_out_per_epoch"] == 2 and training["steps"] == 2
    assert "Each epoch leaves out\n 2 of 10 images" in (tmp_path / "out/report.html").read_text()
    status, printed, _ = call(*replaced(tiny, out=tmp_path / "out", batch=5))
    assert status == 0 and "leaves out" not in printed


def test_the_reference_in_double_precision(call, tiny, tmp_path):
    status, _, errors = call(*tiny, "--reference", "f64", "--out", tmp_path / "out")
    assert status == 0, errors
    training = json.loads((tmp_path / "out/report.json").read_text())["training"]
    np.testing.assert_allclose(training["loss_chip"], training["loss_reference"], rtol=1e-6)
    assert training["accuracy_reference"] == training["accuracy_chip"]


def test_outputs_that_are_inputs_are_refused(call, tiny, tmp_path):
    assert call(*tiny, "--out", tmp_path)[0] == 0
    one_error(
        call(*tiny, "--out", tmp_path, "--init", tmp_path / "weights.npz"), "expected another file than that of --init"
    )
    one_error(
        call(*replaced(tiny, out=tmp_path, model=tmp_path / "model.onnx")), "expected another file than that of --model"
    )
    one_error(call("report", tmp_path / "report.json", "-o", tmp_path / "report.json"), "than that of the report")
    one_error(call(*tiny, "--out", tmp_path / "m.onnx"), "--out: found the file")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "[" * 100_000, '{"schema_version": 1}', '{"schema_version": 4}', "\xff"]
)
def test_report_of_something_else(call, tmp_path, text):
    (tmp_path / "r.json").write_text(text, encoding="latin-1")
    one_error(call("report", tmp_path / "r.json"), f"{tmp_path / 'r.json'}: found no ")
    assert not (tmp_path / "r.html").exists()


def test_report_of_what_cannot_be_read_or_written(call, tiny, tmp_path):
    one_error(call("report", tmp_path), f"{tmp_path}: Is a directory")
    one_error(call("report", tmp_path / "absent.json"), f"{tmp_path / 'absent.json'}: No such file or directory")
    assert call(*tiny, "--out", tmp_path / "out")[0] == 0
    report = tmp_path / "out/report.json"
    one_error(call("report", report, "-o", "/dev/full"), "/dev/full: cannot write the file: No space left on device")
    damaged = json.loads(report.read_text())
    del damaged["units"]
    (tmp_path / "damaged.json").write_text(json.dumps(damaged))
    one_error(call("report", tmp_path / "damaged.json"), "found no complete report: KeyError: 'units'")


def heed_interrupts() -> None:
    """What a shell starts in the background ignores them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(*arguments: object, **settings: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "arsis", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts, **settings)


def test_ctrl_c(tiny, tmp_path):
    running = start(*replaced(tiny, epochs=100_000, out=tmp_path / "out"), stdout=subprocess.PIPE)
    while "epoch 1:" not in running.stdout.readline():
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130 and re.sub(r".*step/s.*|\r", "", errors).strip() == "error: interrupted"
    json.loads((tmp_path / "out/report.json").read_text())
    assert not [name for name in os.listdir(tmp_path / "out") if name.endswith(".partial")]


def test_a_full_or_closed_standard_output_is_noticed():
    with open("/dev/full", "w") as full:
        running = start("chips", stdout=full)
        assert running.communicate(timeout=60)[1] == "error: standard output: No space left on device\n"
        assert running.returncode == 1
    reading, writing = os.pipe()
    os.close(reading)
    running = start("chips", stdout=writing)
    os.close(writing)
    assert running.communicate(timeout=60)[1] == "error: standard output: Broken pipe\n"
    assert running.returncode == 1


def test_a_full_disk_leaves_the_former_files(tiny, tmp_path):
    command = [sys.executable, "-m", "arsis", *map(str, tiny), "--out", str(tmp_path / "out")]
    subprocess.run(command, check=True, capture_output=True)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 1
    assert "error: " in done.stderr and ": cannot write the file: File too large" in done.stderr.splitlines()[-1]
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def change_fixed_batch(model):
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 3


def change_to_pixels(model):
    model.graph.node.append(onnx.helper.make_node("Reshape", ["logits", "shape"], ["pixels"], name="pixels"))
    shape = np.array([0, CLASSES, 1, 1], np.int64)
    model.graph.initializer.append(onnx.numpy_helper.from_array(shape, "shape"))
    value = onnx.helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, ["N", CLASSES, 1, 1])
    model.graph.output[0].CopyFrom(value)


def change_nothing(model):
    pass


def test_models_of_other_forms_train_alike(call, tiny, tmp_path):
    """A batch that the file fixes is not the one of training and evaluation; logits may be images of one pixel."""
    results = []
    for change in (change_nothing, change_fixed_batch, change_to_pixels):
        model = onnx.load(tiny_model(tmp_path / "m.onnx"))
        change(model)
        onnx.save(model, tmp_path / "m.onnx")
        status, _, errors = call(*tiny, "--out", tmp_path / "out")
        assert status == 0, errors
        training = json.loads((tmp_path / "out/report.json").read_text())["training"]
        results.append((training["loss_chip"], training["accuracy_chip"], training["accuracy_reference"]))
    assert results[0] == results[1] == results[2]


def test_the_logits_of_several_outputs_are_named(call, tiny, tmp_path):
    model = onnx.load(tiny_model(tmp_path / "m.onnx"))
    model.graph.output.insert(0, onnx.helper.make_tensor_value_info("h", onnx.TensorProto.FLOAT, ["N", 4]))
    onnx.save(model, tmp_path / "m.onnx")
    one_error(call(*tiny, "--out", tmp_path / "out"), "--logits")
    assert call(*tiny, "--out", tmp_path / "out", "--logits", "logits")[0] == 0
