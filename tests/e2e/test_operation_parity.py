# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operation by operation, the chip's values are the reference's; of those that differ the first is named."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from arsis_tools import ROOT, compile_step, simulate, tool

IMAGES = {"lenet5": (2, 1, 28, 28), "resnet8": (2, 3, 32, 32)}


def inputs(net: str) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    return {"x": random.standard_normal(IMAGES[net], np.float32), "labels": np.array([3, 7], np.int32)}


@pytest.fixture(scope="module", params=list(IMAGES))
def step(request, tmp_path_factory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    model = folder / "model.onnx"
    subprocess.run([sys.executable, ROOT / "models" / request.param / "build.py", "-o", model], check=True)
    return request.param, compile_step(model, "tiny", 2, folder / "step.arsis", keep="")


@pytest.fixture(scope="module")
def lenet(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("lenet5")
    subprocess.run([sys.executable, ROOT / "models/lenet5/build.py", "-o", folder / "model.onnx"], check=True)
    return compile_step(folder / "model.onnx", "tiny", 2, folder / "step.arsis", keep="")


def check(net: str, program: Path, folder: Path, how: str = "ops") -> str:
    """The error of a run that is compared; empty if there is none."""
    np.savez(folder / "in.npz", **inputs(net))
    options = ["--chip=tiny", "--inputs", folder / "in.npz", "--functional-only", "--no-verify", f"--check={how}"]
    return tool("arsis-sim", program, *options, check=False).stderr


def edited(program: Path, folder: Path, *changes: tuple[str, str, int]) -> Path:
    """The program with the n-th occurrence of a text in its assembly replaced, for each of (old, new, n)."""
    text = tool("arsis-as", "disasm", program).stdout
    for old, new, number in changes:
        parts = text.split(old)
        text = old.join(parts[: number + 1]) + new + old.join(parts[number + 1 :])
    (folder / "edited.s").write_text(text)
    tool("arsis-as", "asm", folder / "edited.s", "-o", folder / "edited.arsis")
    return folder / "edited.arsis"


def test_every_operation_is_compared(step, tmp_path):
    """All that compute, no two of them by one tensor; what is left out are results that nobody reads."""
    net, program = step
    _, report = simulate(program, "tiny", inputs(net), tmp_path, "--functional-only", "--check=ops")
    parity = report["parity"]
    assert parity["passed"] and parity["check"] == "ops" and all(entry["equal_bits"] for entry in parity["tensors"])
    assert len({entry["tensor"] for entry in parity["tensors"]}) == len(parity["tensors"])
    module = tool("arsis-as", "disasm", program).stdout.split("\nmodule\n")[1]
    computing = [line for line in module.splitlines() if " = nn." in line]
    outermost = min(line.index("%") for line in computing)  # what stands inside of units is not kept
    computing = [line for line in computing if line.index("%") == outermost]
    computing = [line for line in computing if not any(op in line for op in ("nn.reshape", "nn.constant"))]
    compared = {entry["operation"] for entry in parity["tensors"]}
    assert len(computing) <= len(parity["tensors"]) + len(parity["not_compared"])
    assert set(parity["not_compared"]) <= compared  # a further result of an operation whose first one was seen


@pytest.mark.parametrize(
    "changes,expected",
    [
        ([1], "nn.conv2d+bias_add+relu of conv2 (fwd): tensor conv2/conv2d+bias_add+relu differs at element ["),
        ([0], "nn.conv2d+bias_add+relu of conv1 (fwd): tensor conv1/conv2d+bias_add+relu differs at element ["),
        ([2, 1], "nn.conv2d+bias_add+relu of conv2 (fwd): tensor conv2/conv2d+bias_add+relu differs at element ["),
    ],
)
def test_the_first_operation_that_differs_is_named(lenet, tmp_path, changes, expected):
    """All behind it differ too, and some of them come first by the alphabet or in time."""
    program = edited(lenet, tmp_path, *[("map function=relu,", "map function=tanh,", number) for number in changes])
    error = check("lenet5", program, tmp_path)
    assert error.count("error: ") == 1 and f"error: {expected}" in error, error


def test_the_last_operations_are_compared_too(step, tmp_path):
    """No counter announces a parameter that nobody reads after its update."""
    net, program = step
    text = tool("arsis-as", "disasm", program).stdout
    last = text.count("map function=scale_add,") - 1
    broken = edited(program, tmp_path, ("map function=scale_add,", "map function=subtract,", last))
    error = check(net, broken, tmp_path)
    assert "error: nn.sgd of " in error, error


def test_the_exact_check_names_the_first_tensor_in_program_order(lenet, tmp_path):
    """Of logits, loss and parameters the logits are computed first; "conv1.bias" would be the first by name."""
    broken = edited(lenet, tmp_path, ("map function=relu,", "map function=tanh,", 1))
    assert "error: tensor logits differs at element [" in check("lenet5", broken, tmp_path, "exact")


def test_only_a_run_without_a_clock_is_watched(lenet):
    done = tool("arsis-sim", lenet, "--chip=tiny", "--check=ops", check=False)
    assert done.returncode == 1 and "expected --functional-only with it" in done.stderr
