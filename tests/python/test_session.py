# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The native module: compile, write, run, read, and its errors."""

import json
import os
import re
import subprocess
import threading
from pathlib import Path

import arsis
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")) / "bin"
OPTIMIZER = "sgd,lr=0.02,momentum=0.9"


@pytest.fixture(scope="module")
def program(lenet):
    return arsis.compile(str(lenet), "edge", batch=4, train=True, optimizer=OPTIMIZER, keep="gradients")


@pytest.fixture
def inputs():
    random = np.random.default_rng(1)
    return {"x": random.normal(size=(4, 1, 28, 28)).astype(np.float32), "labels": np.arange(4)}


def write(target, inputs):
    for name, array in inputs.items():
        target.write(name, array)


def test_chip_and_reference_agree_bit_for_bit_over_steps(program, inputs):
    session, reference = arsis.Session(program, "edge"), arsis.Reference(program)
    names = [t["name"] for t in program.tensors if t["role"] in ("parameter", "state", "gradient", "loss", "output")]
    for _ in range(3):
        write(session, inputs)
        write(reference, inputs)
        session.run()
        reference.run("exact")
        for name in names:
            assert session.read(name).tobytes() == reference.read(name).tobytes(), name


def test_modes_give_the_same_bits(program, inputs):
    results = []
    for mode, seed in (("full", None), ("functional", None), ("full", 3)):
        session = arsis.Session(program, "edge")
        write(session, inputs)
        session.run(mode=mode, latency_seed=seed)
        results.append(session.read("conv1.weight").tobytes())
    assert len(set(results)) == 1


def test_timing_only_leaves_values_alone(program, inputs):
    session = arsis.Session(program, "edge")
    write(session, inputs)
    before = session.read("fc1.weight")
    timing = session.run(mode="timing")
    assert np.array_equal(session.read("fc1.weight"), before)
    assert session.run()["totals"]["cycles"] == timing["totals"]["cycles"]


def test_state_moves_between_sessions(program, inputs, lenet):
    session = arsis.Session(program, "edge")
    write(session, inputs)
    session.run(mode="functional")
    forward = arsis.Session(arsis.compile(str(lenet), "edge", batch=2), "edge")
    forward.adopt_state(session)
    assert np.array_equal(forward.read("fc2.weight"), session.read("fc2.weight"))


def test_overrides_change_the_time_only(program, inputs):
    fast, slow = arsis.Session(program, "edge"), arsis.Session(program, "edge", {"dram.bandwidth_gbps": "1"})
    for session in (fast, slow):
        write(session, inputs)
    a, b = fast.run(), slow.run()
    assert b["totals"]["cycles"] > a["totals"]["cycles"]
    assert fast.read("conv2.weight").tobytes() == slow.read("conv2.weight").tobytes()
    assert [change["key"] for change in b["chip"]["mapping_chosen_for_other_values"]] == ["dram.bandwidth_gbps"]


def test_program_survives_its_file(program, tmp_path):
    program.save(str(tmp_path / "p.arsis"))
    loaded = arsis.Program.load(str(tmp_path / "p.arsis"))
    assert bytes(loaded) == bytes(program)
    assert loaded.options["optimizer.momentum"].startswith("0.9")


def test_a_model_in_memory(lenet):
    from_file = arsis.compile(str(lenet), "edge", batch=2)
    from_bytes = arsis.compile(lenet.read_bytes(), "edge", batch=2)
    assert from_bytes.options["model"] == "<bytes>"
    assert from_bytes.tensors == from_file.tensors and from_bytes.dram_bytes == from_file.dram_bytes
    with pytest.raises(arsis.Error, match="<bytes>: not an ONNX file"):
        arsis.compile(b"nonsense", "edge", batch=2)


def test_remarks_of_a_compilation_are_warnings(lenet):
    """Of a pass in the middle of the pipeline: one for each unit, LeNet's 17 operations but for the bias and
    ReLU behind four products, and the bias behind the fifth."""
    with pytest.warns(
        UserWarning, match=r"^remark: conv1 \(fwd\): conv1/fwd/conv2d\+bias_add\+relu: .* best of "
    ) as record:
        arsis.compile(str(lenet), "edge", batch=2, explain_mapping=True)
    assert len([warning for warning in record if "estimated" in str(warning.message)]) == 8


def test_the_text_of_a_level_is_a_model(lenet, tmp_path):
    """The keywords are the options of the pipeline, and what the text remembers goes on."""
    step = tmp_path / "step.mlir"
    command = [BIN / "arsis-compile", lenet, "--batch=2", "--train", f"--optimizer={OPTIMIZER}", "--emit=step"]
    subprocess.run([*command, "-o", step], check=True)
    direct = arsis.compile(str(lenet), "edge", batch=2, train=True, optimizer=OPTIMIZER)
    assert bytes(arsis.compile(str(step), "edge")) == bytes(direct)
    unverified = arsis.compile(str(step), "edge", no_verify=True)
    assert bytes(unverified) != bytes(direct) and unverified.tensors == direct.tensors


@pytest.mark.parametrize(
    "options,problem",
    [
        (
            {"optimiser": "sgd"},
            "option optimiser: found 'sgd', expected one of these with a text, texts or True or False",
        ),
        ({"train": 1}, "option train: found 1, expected one of these with a text, texts or True or False"),
        ({"to": "tile"}, "option to: found 'tile', expected one of these"),
        ({"at_step": "absent"}, "at_step: 'absent' does not refer to a registered pass"),
        ({"overrides": {"matrix.row": "8"}}, "cannot override unknown chip key 'matrix.row'"),
    ],
)
def test_options_that_there_are_not(lenet, options, problem):
    with pytest.raises(arsis.Error, match=re.escape(problem)):
        arsis.compile(str(lenet), "edge", batch=2, **options)


def test_two_threads_take_turns(program, inputs):
    sessions = [arsis.Session(program, "edge") for _ in range(2)]
    for session in sessions:
        write(session, inputs)
    threads = [threading.Thread(target=session.run) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sessions[0].read("fc3.bias").tobytes() == sessions[1].read("fc3.bias").tobytes()


@pytest.mark.parametrize("array,problem", [
    (np.zeros((4, 1, 28, 28)), "float64, expected float32, int32 or int64"),
    (np.zeros((4, 1, 28, 27), np.float32), "tensor x is 4x1x28x28, found an array of 4x1x28x27"),
    (np.zeros((4, 1, 28, 28), np.int32), "holds floats, found an array of integers"),
])  # fmt: skip
def test_wrong_arrays(program, array, problem):
    with pytest.raises(arsis.Error, match=problem):
        arsis.Session(program, "edge").write("x", array)


@pytest.mark.parametrize("labels,problem", [
    ([0, 1, 10, 3], "tensor labels has label 10 at element 2, expected 0 to 9"),
    ([0, 1, 2, -1], "tensor labels has label -1 at element 3, expected 0 to 9"),
    ([0, 5_000_000_000, 2, 3], "tensor labels: value 5000000000 is no i32"),
])  # fmt: skip
def test_labels_that_are_no_class(program, labels, problem):
    with pytest.raises(arsis.Error, match=problem):
        arsis.Session(program, "edge").write("labels", np.array(labels))


@pytest.mark.parametrize("name,shape", [("x", "4x1x28x28"), ("labels", "4")])
def test_a_missing_input(program, inputs, name, shape):
    session = arsis.Session(program, "edge")
    write(session, {key: array for key, array in inputs.items() if key != name})
    with pytest.raises(arsis.Error, match=f"input {name} of shape {shape} is missing"):
        session.run(mode="functional")


def test_computed_tensors_are_read_after_a_run_and_never_written(program):
    session = arsis.Session(program, "edge")
    with pytest.raises(arsis.Error, match="tensor loss has no value yet"):
        session.read("loss")
    with pytest.raises(arsis.Error, match="tensor loss is not an input of the program"):
        session.write("loss", np.zeros((), np.float32))


def test_errors_are_exceptions(program, tmp_path):
    with pytest.raises(arsis.Error, match="no such file"):
        arsis.compile(str(tmp_path / "absent.onnx"), "edge", batch=1)
    with pytest.raises(arsis.Error):
        arsis.Session(program, "tiny-and-unknown")
    with pytest.raises(arsis.Error, match="no tensor named absent"):
        arsis.Session(program, "edge").read("absent")
    with pytest.raises(ValueError, match="expected full, timing or functional"):
        arsis.Session(program, "edge").run(mode="fast")


def test_a_program_with_a_file_of_weights_takes_the_same_step(program, inputs, tmp_path):
    path = tmp_path / "step.arsis"
    program.save(str(path), weights=str(tmp_path / "step.safetensors"))
    loaded = arsis.Program.load(str(path))
    assert "in step.safetensors of " in loaded.summary() and " in the program\n" in program.summary()
    assert path.stat().st_size < len(bytes(program)) / 2
    results = []
    for one in (program, loaded):
        session, reference = arsis.Session(one, "edge"), arsis.Reference(one)
        for target in (session, reference):
            write(target, inputs)
        session.run(mode="functional")
        reference.run("exact")
        names = [t["name"] for t in one.tensors if t["role"] in ("parameter", "state", "loss")]
        assert all(session.read(name).tobytes() == reference.read(name).tobytes() for name in names)
        results.append([session.read(name).tobytes() for name in names])
    assert results[0] == results[1]


def test_a_file_of_weights_that_is_another_is_refused(program, inputs, tmp_path):
    path, weights = tmp_path / "step.arsis", tmp_path / "step.safetensors"
    program.save(str(path), weights=str(weights))
    loaded = arsis.Program.load(str(path))
    session = arsis.Session(loaded, "edge")
    weights.write_bytes(b"x")
    for _ in range(2):  # what failed once has left no values behind
        with pytest.raises(arsis.Error, match="step.safetensors: found 1 bytes with sha256 2d711642.*, expected "):
            session.write("x", inputs["x"])
    with pytest.raises(arsis.Error, match="step.safetensors: found 1 bytes"):
        arsis.Reference(loaded)
    session.run(mode="timing")
    with pytest.raises(arsis.Error, match="weights: found .*, expected another file than that of path"):
        program.save(str(path), weights=str(path))


def test_simulate_writes_the_trace_that_is_asked_for(tmp_path):
    """As fine as the detail says, of the window alone."""
    program = arsis.compile("lenet5", "edge", batch=2)
    traces = {}
    for name, settings in {
        "coarse": {"trace_detail": "layers"},
        "fine": {"trace_detail": "instructions"},
        "window": {"trace_detail": "instructions", "trace_window": "2000:4000"},
    }.items():
        report = arsis.simulate(program, "edge", trace=tmp_path / name, **settings)
        traces[name] = [e for e in json.loads((tmp_path / name).read_text())["traceEvents"] if e["ph"] == "X"]
    cycle_us = report.totals.time_ns / report.cycles / 1000
    assert 0 < len(traces["coarse"]) < len(traces["window"]) < len(traces["fine"])
    assert all(2000 <= round(e["ts"] / cycle_us) <= 4000 for e in traces["window"])
    with pytest.raises(arsis.InputError, match="trace detail: found .bits."):
        arsis.simulate(program, "edge", trace=tmp_path / "t", trace_detail="bits")
