# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m arsis`: every mistake is one error, files are whole, and weights come back."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import arsis
import numpy as np
import onnx
import pytest
from arsis.__main__ import main
from onnx import numpy_helper
from tiny_model import CLASSES, IMAGE, tiny_data, tiny_model


@pytest.fixture
def call(monkeypatch, capsys):
    """Runs the command line in this process: (exit status, standard output, standard error)."""

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


def replaced(arguments: list[object], **changes: object) -> list[object]:
    given = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    given |= {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return [arguments[0], *(part for option in given.items() for part in option)]


def one_error(outcome: tuple[int, str, str], problem: str) -> None:
    status, _, errors = outcome
    lines = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert status == 1 and len(lines) == 1 and problem in lines[0] and "Traceback" not in errors, errors


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
        ({"model": "x" * 5000}, "File name too long"),
        ({"data": "x.npy"}, "unknown data 'x.npy'"),
        ({"data": "/absent/d.npz"}, "/absent/d.npz: No such file or directory"),
        ({"init": "/absent/w.npz"}, "/absent/w.npz: cannot read the file: No such file or directory"),
        ({"chip": "x" * 5000}, "unknown chip 'xxx"),
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
        ({"y_train": np.full(10, -1)}, "y_train: found -1 at position 0"),
        ({"y_train": np.zeros((10, 1), int)}, "y_train: found int64 of shape (10, 1), expected one whole number"),
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


def first_loss(folder: Path) -> float:
    return json.loads((folder / "report.json").read_text())["training"]["loss_chip"][0]


def test_trained_weights_come_back(call, tiny, tmp_path):
    """As --init and inside the ONNX file: both go on from the same weights, bit for bit."""
    folders = [tmp_path / name for name in ("first", "init", "model")]
    assert call(*tiny, "--out", folders[0], "--momentum", 0)[0] == 0
    weights = np.load(folders[0] / "weights.npz")
    trained = onnx.load(folders[0] / "model.onnx")
    onnx.checker.check_model(trained)
    assert set(weights.files) == {"w1", "b1", "w2", "b2"}
    for tensor in trained.graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), weights[tensor.name])
    original = onnx.load(tmp_path / "m.onnx")
    assert any(
        not np.array_equal(numpy_helper.to_array(a), numpy_helper.to_array(b))
        for a, b in zip(original.graph.initializer, trained.graph.initializer, strict=True)
    )
    assert call(*tiny, "--out", folders[1], "--init", folders[0] / "weights.npz")[0] == 0
    assert call(*replaced(tiny, out=folders[2], model=folders[0] / "model.onnx"))[0] == 0
    assert first_loss(folders[1]) == first_loss(folders[2]) != first_loss(folders[0])
    again = [np.load(folder / "weights.npz") for folder in folders[1:]]
    assert all(again[0][name].tobytes() == again[1][name].tobytes() for name in weights.files)


@pytest.mark.parametrize(
    "change,problem",
    [
        (lambda w: w.pop("b1"), "--init: tensor b1 of shape (4,) is missing"),
        (lambda w: w.update(b3=w["b1"]), "--init: tensor b3 is no weight of the model"),
        (lambda w: w.update(b1=w["b2"]), "--init: tensor b1 has shape (3,), expected (4,)"),
        (lambda w: w.update(b1=w["b1"].astype(int)), "tensor b1 is int64, expected finite float32 numbers"),
        (lambda w: w.update(b1=w["b1"] * np.float32(np.nan)), "tensor b1 is float32, expected finite float32 numbers"),
    ],
)
def test_weights_that_do_not_fit(call, tiny, tmp_path, change, problem):
    weights = {t.name: numpy_helper.to_array(t) for t in onnx.load(tmp_path / "m.onnx").graph.initializer}
    change(weights)
    np.savez(tmp_path / "w.npz", **weights)
    one_error(call(*tiny, "--out", tmp_path / "out", "--init", tmp_path / "w.npz"), problem)


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
    "text", ["", "{}", "[]", "null", "[" * 100_000, '{"schema_version": 1}', '{"schema_version": 2}', "\xff"]
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


def start(*arguments: object, **settings: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "arsis", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **settings)


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


FORK = """
import os, sys, threading, time
import arsis, numpy
program = arsis.compile(sys.argv[1], "tiny", batch=512, train=True)
sessions = [arsis.Session(program, "tiny") for _ in range(2)]
for session in sessions:
    session.write("x", numpy.zeros((512, 1, 2, 2), numpy.float32))
    session.write("labels", numpy.zeros(512, numpy.int32))
stop = False
def work():
    while not stop:
        sessions[0].run()
thread = threading.Thread(target=work)
thread.start()
torn = 0
for _ in range(12):
    time.sleep(0.01)
    child = os.fork()
    if child == 0:
        sessions[1].run()
        try:
            sessions[0].run()
            os._exit(0)
        except arsis.Error as error:
            os._exit(3 if "was running a step in another thread" in str(error) else 1)
    deadline = time.monotonic() + 20
    status = None
    while status is None and time.monotonic() < deadline:
        done, code = os.waitpid(child, os.WNOHANG)
        status = os.waitstatus_to_exitcode(code) if done else None
        time.sleep(0.005)
    if status is None:
        os.kill(child, 9)
    assert status in (0, 3), status
    torn += status == 3
stop = True
thread.join()
print("torn", torn)
"""


def test_fork_while_another_thread_runs(tmp_path):
    """The child can run sessions of its own; the one whose step was cut in half is refused there."""
    model = tiny_model(tmp_path / "m.onnx", hidden=16)
    done = subprocess.run([sys.executable, "-c", FORK, model], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[1]) > 0  # that a fork fell into a run is what is tested


FORK_REFERENCE = """
import os, sys, time
import arsis, numpy
reference = arsis.Reference(arsis.compile(sys.argv[1], "tiny", batch=512))
reference.write("x", numpy.zeros((512, 1, 2, 2), numpy.float32))
reference.run("onednn")
child = os.fork()
if child == 0:
    reference.run("onednn")
    os._exit(0)
deadline = time.monotonic() + 20
while time.monotonic() < deadline:
    done, code = os.waitpid(child, os.WNOHANG)
    if done:
        sys.exit(os.waitstatus_to_exitcode(code))
    time.sleep(0.005)
os.kill(child, 9)
sys.exit("the child hangs")
"""


def test_fork_after_the_reference_ran(tmp_path):
    """OpenMP's threads do not come along into the child."""
    model = tiny_model(tmp_path / "m.onnx", hidden=1024)
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", FORK_REFERENCE, model], capture_output=True, text=True, timeout=100, env=environment
    )
    assert done.returncode == 0, done.stderr


def test_none_is_a_type_error():
    with pytest.raises(TypeError):
        arsis.Session(None, "tiny")
    with pytest.raises(TypeError):
        arsis.Reference(None)
    with pytest.raises(TypeError):
        arsis.compile(None, "tiny")


@pytest.mark.parametrize(
    "options,problem",
    [
        ({"batch": 0}, "batch: found 0, expected at least 1"),
        ({"batch": -(2**63)}, "expected at least 1"),
        ({"dims": {"N": 0}}, "dimension N: found 0, expected at least 1"),
        ({"batch": 2, "keep": "gradients"}, "found no training step"),
        ({"batch": 2, "optimizer": "sgd,lr=1"}, "expected train=True with it"),
        ({"batch": 2, "train": True, "optimizer": "sgd,lr=1,lr=2"}, "found lr more than once"),
        ({"batch": 2, "train": True, "optimizer": "sgd,lr=1e-46"}, "which is 0 in fp32"),
        ({"batch": 2, "train": True, "keep": "gradients,gradients"}, "found gradients more than once"),
    ],
)
def test_compile_options(tmp_path, options, problem):
    with pytest.raises(arsis.Error, match=re.escape(problem)):
        arsis.compile(str(tiny_model(tmp_path / "m.onnx")), "tiny", **options)


def test_a_step_that_is_refused_has_not_been_taken(tmp_path):
    program = arsis.compile(str(tiny_model(tmp_path / "m.onnx")), "tiny", batch=4, train=True, optimizer="sgd,lr=1")
    session = arsis.Session(program, "tiny")
    session.write("x", np.ones((4, *IMAGE), np.float32))
    session.write("labels", np.zeros(4, np.int32))
    before = session.read("w1").tobytes()
    with pytest.raises(arsis.Error, match="/absent/t.json: cannot write the file: No such file or directory"):
        session.run(trace="/absent/t.json")
    with pytest.raises(arsis.Error, match="a functional-only run has no trace"):
        session.run(mode="functional", trace=str(tmp_path / "t.json"))
    with pytest.raises(arsis.Error, match="mode: found 'fast'"):
        session.run(mode="fast")
    assert session.read("w1").tobytes() == before and not (tmp_path / "t.json").exists()
    with pytest.raises(arsis.Error, match="/dev/full: .*No space left on device; the step has been taken"):
        session.run(trace="/dev/full")
    assert session.read("w1").tobytes() != before


def test_tensors_in_files(tmp_path):
    arrays = {"grad:ä/€": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.int64([7])}
    arsis.write_tensors(str(tmp_path / "t.npz"), arrays)
    with np.load(tmp_path / "t.npz") as found:
        assert set(found.files) == set(arrays)
        assert all(np.array_equal(found[name], array) for name, array in arrays.items())
    back = arsis.read_tensors(str(tmp_path / "t.npz"))
    assert all(back[name].dtype == array.dtype for name, array in arrays.items())
    former = (tmp_path / "t.npz").read_bytes()
    for name, problem in (("n" * 65532, "has 65532 bytes"), ("a\0b", "goes on after a NUL"), ("", "without a name")):
        with pytest.raises(arsis.Error, match=problem):
            arsis.write_tensors(str(tmp_path / "t.npz"), {name: arrays["n"]})
    assert (tmp_path / "t.npz").read_bytes() == former
