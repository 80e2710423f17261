# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""arsis-sim as a person starts it, on a convolution written by hand: values, modes, report, trace, every refusal."""

import json

import numpy as np
import pytest
from arsis_tools import ROOT, tool

PROGRAM = ROOT / "tests/dialects/Isa/Encoding/conv.arsis.s"


@pytest.fixture
def inputs() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "x": random.standard_normal((1, 4, 5, 6), np.float32),
        "w": random.standard_normal((8, 4, 3, 3), np.float32),
    }


def run(folder, inputs, *more, check=True):
    np.savez(folder / "in.npz", **inputs)
    return tool("arsis-sim", PROGRAM, "--chip", "tiny", "--inputs", folder / "in.npz", *more, check=check)


def convolution(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return np.einsum("nchwij,fcij->nfhw", windows, w)


@pytest.mark.parametrize(
    "mode",
    [[], ["--functional-only"], ["--fast"], ["--perturb-latency", 7]],
    ids=lambda m: "".join(map(str, m)) or "full",
)
def test_values(tmp_path, inputs, mode):
    run(tmp_path, inputs, "--outputs", tmp_path / "out.npz", *mode)
    with np.load(tmp_path / "out.npz") as outputs:
        assert sorted(outputs.files) == ["w", "y"]
        np.testing.assert_allclose(outputs["y"], convolution(**inputs), rtol=1e-5, atol=1e-5)


def test_report_and_trace(tmp_path, inputs):
    run(tmp_path, inputs, "--report", tmp_path / "r.json", "--trace", tmp_path / "t.json")
    report = json.loads((tmp_path / "r.json").read_text())
    for unit in report["units"]:
        assert unit["busy"] + sum(unit["stalled"].values()) + unit["idle"] == report["totals"]["cycles"]
    slices = [event for event in json.loads((tmp_path / "t.json").read_text())["traceEvents"] if event["ph"] == "X"]
    assert len(slices) == report["totals"]["instructions"]
    assert report["host"]["written_bytes"] == sum(array.nbytes for array in inputs.values())


def test_a_line_of_the_chip_moves_the_cycles(tmp_path, inputs):
    def cycles(*more):
        run(tmp_path, inputs, "--timing-only", "--report", tmp_path / "r.json", *more)
        return json.loads((tmp_path / "r.json").read_text())["totals"]["cycles"]

    assert cycles("--set", "dram.latency_ns=500") > cycles()


@pytest.mark.parametrize(
    "change,message",
    [
        (lambda i: i.pop("w"), "input w of shape 8x4x3x3 is missing"),
        (lambda i: i.update(x=i["x"][:, :, :4]), "tensor x has shape 1x4x4x6, expected 1x4x5x6"),
        (lambda i: i.update(x=i["x"].astype(np.int32)), "tensor x has type i32, expected f32"),
        (lambda i: i.update(z=i["x"]), "tensor z is not a tensor of the program"),
        (lambda i: i.update(y=i["x"]), "tensor y is not an input of the program"),
    ],
)
def test_rejects_inputs(tmp_path, inputs, change, message):
    change(inputs)
    done = run(tmp_path, inputs, check=False)
    assert done.returncode == 1 and done.stderr.startswith("error: ") and message in done.stderr


@pytest.mark.parametrize(
    "options,message",
    [
        (["--timing-only", "--functional-only"], "exclude each other"),
        (["--timing-only", "--check=exact"], "--timing-only computes no values"),
        (["--functional-only", "--perturb-latency", 1], "--functional-only has no clock"),
        (["--fast", "--timing-only"], "--fast runs values beside an unperturbed clock"),
        (["--check=nearly"], "--check is nearly, expected exact, reference or off"),
        (["--check=exact"], "the program carries no nn module for the reference"),
        (["--set", "dram.latency_ns"], "--set is dram.latency_ns, expected KEY=VALUE"),
        (["--set", "matrix.cols=4"], "matrix.cols >= 8, found 4"),
        (["--report", "/nowhere/r.json"], "cannot write the report to /nowhere/r.json"),
    ],
)
def test_rejects_options(tmp_path, inputs, options, message):
    done = run(tmp_path, inputs, *options, check=False)
    assert done.returncode == 1 and message in done.stderr
