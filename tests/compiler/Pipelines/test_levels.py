# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The levels as text, fed back into the tools: what each keeps, and what is refused; and text that no level allows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")) / "bin"
TRAIN = ["--train", "--optimizer=sgd,lr=0.02,momentum=0.9"]
MEMORY = f"scratchpad-bytes={64 * 1024} accumulator-rows=256 dram-bytes={8192 * 2**20}"
PROGRAM_PASSES = f"tile-plan-memory{{{MEMORY}}},tile-check-memory,tile-split-streams"
TO_ISA = f"--pass-pipeline=builtin.module(tile.program({PROGRAM_PASSES}),convert-tile-to-isa)"
DEEP = 20_000


def run(tool: str, *arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([str(BIN / tool), *map(str, arguments)], capture_output=True, text=True, timeout=300)


def passes(tool: str, *arguments: object) -> str:
    done = run(tool, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(problem: str, tool: str, *arguments: object) -> None:
    """One error, without a crash."""
    done = run(tool, *arguments)
    assert done.returncode == 1, done.stderr[-2000:]
    assert done.stderr.count("error: ") == 1 and problem in done.stderr, done.stderr[-2000:]


@pytest.fixture(scope="module")
def lenet(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "lenet5.onnx"
    subprocess.run([sys.executable, ROOT / "models/lenet5/build.py", "-o", path], check=True)
    return path


@pytest.fixture(scope="module")
def direct(lenet) -> str:
    """The assembly of the training step, compiled in one go."""
    return passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", *TRAIN, "--emit=asm")


def code(assembly: str) -> list[str]:
    """All of an assembly but its options and the nn module."""
    return [line for line in assembly.split("\nmodule\n")[0].splitlines() if not line.startswith("option ")]


@pytest.mark.parametrize("level,options", [("nn", TRAIN), ("step", []), ("mapped", [])])
def test_nn_levels_go_on_where_they_stopped(lenet, direct, tmp_path, level, options):
    text = tmp_path / f"{level}.mlir"
    passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", *TRAIN, f"--emit={level}", "-o", text)
    again = passes("arsis-compile", text, "--chip=tiny", *options, "--emit=asm")
    assert code(again) == code(direct)
    assert "option mode train" in again


def test_a_step_is_not_trained_twice(lenet, tmp_path):
    text = tmp_path / "step.mlir"
    passes("arsis-compile", lenet, "--batch=2", *TRAIN, "--emit=step", "-o", text)
    refused("@train_step is a training step already", "arsis-compile", text, *TRAIN, "--emit=step")


def test_tile_text_goes_through_the_passes(lenet, direct, tmp_path):
    tile, isa, program = tmp_path / "tile.mlir", tmp_path / "isa.mlir", tmp_path / "p.arsis"
    passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", *TRAIN, "--emit=tile", "-o", tile)
    passes("arsis-opt", tile, TO_ISA, "--mlir-print-debuginfo", "-o", isa)
    passes("arsis-translate", "--isa-to-binary", isa, "-o", program)
    passes("arsis-verify", program, "--chip=tiny")
    assert code(passes("arsis-translate", "--isa-to-asm", isa)) == code(direct)
    refused(f"{tile}: holds tile.program", "arsis-compile", tile, "--chip=tiny", "--emit=asm")

    passes("arsis-opt", tile, TO_ISA, "-o", isa)
    refused("print the module with --mlir-print-debuginfo", "arsis-translate", "--isa-to-binary", isa, "-o", program)


def test_isa_text_is_the_whole_program(lenet, direct, tmp_path):
    isa, program = tmp_path / "isa.mlir", tmp_path / "p.arsis"
    passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", *TRAIN, "--emit=isa", "-o", isa)
    assert passes("arsis-translate", "--isa-to-asm", isa) == direct
    passes("arsis-translate", "--isa-to-binary", isa, "-o", program)
    passes("arsis-translate", "--binary-to-isa", program, "-o", isa)
    assert passes("arsis-translate", "--isa-to-asm", isa) == direct
    refused(f"{isa}: holds isa.program", "arsis-compile", isa, "--chip=tiny", "--emit=asm")


def test_extents_of_nothing_read_back(tmp_path):
    """A convolution with stride over an image of one pixel has empty boxes."""
    model = tmp_path / "m.mlir"
    model.write_text(
        "func.func @forward(%x: tensor<1x1x1x3xf32>, %w: tensor<3x3x3x4xf32>) -> tensor<1x1x1x4xf32> {\n"
        "  %0 = nn.conv2d %x, %w strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1]"
        " : (tensor<1x1x1x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x1x1x4xf32>\n  return %0 : tensor<1x1x1x4xf32>\n}\n"
    )
    tile = tmp_path / "tile.mlir"
    passes("arsis-compile", model, "--chip=tiny", "--emit=tile", "-o", tile)
    passes("arsis-opt", "--verify-roundtrip", tile)


def test_locations_decide_nothing(lenet, tmp_path):
    """Without debug locations the memory plan and the cycles are the same, and rows still name the operation."""
    named, bare = tmp_path / "named.mlir", tmp_path / "bare.mlir"
    passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", *TRAIN, "--emit=step", "-o", named)
    passes("arsis-opt", "--strip-debuginfo", named, "-o", bare)
    reports = []
    for text in (named, bare):
        program, report = tmp_path / "p.arsis", tmp_path / "r.json"
        passes("arsis-compile", text, "--chip=tiny", "-o", program)
        passes("arsis-verify", program, "--chip=tiny")
        passes("arsis-sim", program, "--chip", "tiny", "--timing-only", "--report", report)
        reports.append(json.loads(report.read_text()))
    plans = [[(b["memory"], b["begin"], b["end"]) for b in report["memory_plan"]] for report in reports]
    assert set(plans[0]) == set(plans[1])
    assert reports[0]["totals"]["cycles"] == reports[1]["totals"]["cycles"]
    for report in reports:
        operations = {row["op"] for row in report["layers"]}
        assert {"nn.conv2d", "nn.conv2d_grad_weight", "nn.max_pool_grad", "nn.sgd"} <= operations
    assert {(row["layer"], row["op"]) for row in reports[0]["layers"]} >= {("conv1", "nn.conv2d"), ("fc1", "nn.matmul")}


@pytest.mark.parametrize(
    "signature,problem",
    [
        ("%a: tensor<2x0xf32>", "argument 0 to be a static tensor"),
        ("%a: tensor<4294967296x4294967296xf32>", "argument 0 to be a static tensor"),
        ("%a: tensor<?xf32>", "argument 0 to be a static tensor"),
        ("%a: f64", "argument 0 to be a static tensor"),
        ("%a: tensor<2xi64>", "argument 0 to be a static tensor"),
        ("%a: tensor<1x1x1x1x2xf32>", "argument 'argument0' has rank 5, expected at most 4"),
    ],
)
def test_arguments_that_are_no_tensors_of_ours(tmp_path, signature, problem):
    model, kind = tmp_path / "m.mlir", signature.split(": ")[1]
    model.write_text(f"func.func @forward({signature}) -> {kind} {{ return %a : {kind} }}\n")
    refused(problem, "arsis-compile", model, "--chip=tiny", "-o", tmp_path / "p.arsis")


def test_text_that_nests_too_deep(lenet, tmp_path):
    deep = tmp_path / "deep.mlir"
    for opening, closing in ("()", "[]", "{}"):
        deep.write_text(f'"a.b"() {{x = {opening * DEEP}{closing * DEEP}}} : () -> ()\n')
        for tool, options in (("arsis-compile", []), ("arsis-opt", []), ("arsis-translate", ["--isa-to-asm"])):
            refused("nests deeper than 200", tool, deep, *options, "-o", tmp_path / "out")
    deep.write_text('"a.b"() {x = ' + "tuple<" * DEEP + ">" * DEEP + "} : () -> ()\n")
    refused("nests deeper than 200", "arsis-opt", deep)


def test_an_nn_module_in_a_program_that_nests_too_deep(lenet, tmp_path):
    text = passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", "--emit=asm")
    assembly, program, inputs = tmp_path / "deep.s", tmp_path / "deep.arsis", tmp_path / "in.npz"
    assembly.write_text(text.split("\nmodule\n")[0] + "\nmodule\n| module " + "(" * DEEP + "\n")
    passes("arsis-as", "asm", assembly, "-o", program)
    np.savez(inputs, x=np.zeros((2, 1, 28, 28), np.float32))
    options = ["--chip", "tiny", "--functional-only", "--inputs", inputs, "--check=exact"]
    refused("the nn module: line 1 nests deeper than 200", "arsis-sim", program, *options)
