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


RECIPES = {
    "lenet5": [ROOT / "models/lenet5/build.py"],
    "resnet8": [ROOT / "models/resnet8/build.py"],
    "resnet18": [ROOT / "models/torchvision_builder.py", "resnet18", "--image", "64", "--classes", "10"],
}


@pytest.fixture(scope="module", params=list(RECIPES))
def net(request, tmp_path_factory) -> tuple[list, Path, Path]:
    """The command that compiles a training step for a chip with a changed value, the program, and a folder."""
    folder = tmp_path_factory.mktemp(request.param)
    model, program = folder / "model.onnx", folder / "direct.arsis"
    subprocess.run([sys.executable, *RECIPES[request.param], "-o", model], check=True)
    command = [
        model,
        "--batch=1",
        "--chip=datacentre",
        "--set",
        "dma.load_queues=2",
        *TRAIN,
        "--keep=gradients,activations",
    ]
    passes("arsis-compile", *command, "-o", program)
    return command, program, folder


@pytest.mark.parametrize("level", ["nn", "step", "mapped", "tile", "isa"])
def test_the_text_of_every_level_gives_the_same_program(net, level):
    """What was asked for above the level is in its text, the chip too once a pass has read it."""
    command, direct, folder = net
    text, program = folder / f"{level}.mlir", folder / f"{level}.arsis"
    passes("arsis-compile", *command, f"--emit={level}", "-o", text)
    rest = {"nn": command[2:], "step": command[2:5]}.get(level, [])
    passes("arsis-compile", text, *rest, "-o", program)
    assert program.read_bytes() == direct.read_bytes()
    text.unlink()


@pytest.mark.parametrize("level", ["nn", "step", "mapped", "tile"])
def test_the_registered_pipeline_gives_the_same_program(lenet, tmp_path, level):
    """arsis-opt runs what arsis-compile runs, and translation adds nothing."""
    command = [lenet, "--batch=2", "--chip=tiny", *TRAIN]
    text, isa, program, direct = (tmp_path / name for name in ("l.mlir", "i.mlir", "p.arsis", "d.arsis"))
    passes("arsis-compile", *command, "-o", direct)
    passes("arsis-compile", *command, f"--emit={level}", "-o", text)
    options = "chip=tiny" + (" train optimizer=sgd,lr=0.02,momentum=0.9" if level == "nn" else "")
    passes("arsis-opt", text, f"--arsis-pipeline={options}", "--mlir-print-debuginfo", "-o", isa)
    passes("arsis-translate", "--isa-to-binary", isa, "-o", program)
    assert program.read_bytes() == direct.read_bytes()


def test_a_step_is_not_trained_twice(lenet, tmp_path):
    text = tmp_path / "step.mlir"
    passes("arsis-compile", lenet, "--batch=2", *TRAIN, "--emit=step", "-o", text)
    refused("@train_step is a training step already", "arsis-compile", text, *TRAIN, "--emit=step")


@pytest.mark.parametrize("level,op", [("tile", "tile.program"), ("isa", "isa.program")])
def test_what_a_lowered_program_cannot_become(lenet, tmp_path, level, op):
    text = tmp_path / "lowered.mlir"
    passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", f"--emit={level}", "-o", text)
    refused(
        f"{op} is lowered already, expected neither --train nor --keep", "arsis-compile", text, "--train", "--emit=isa"
    )
    refused(f"{op} lies below the level mapped", "arsis-compile", text, "--emit=mapped")
    wider = ["--chip=tiny", "--set", "matrix.accumulator_rows=512"]
    refused(
        "was compiled so far for matrix.accumulator_rows = 256, the chip tiny has 512",
        "arsis-compile",
        text,
        *wider,
        "--emit=asm",
    )
    refused("--set: found no chip to change, expected --chip with it", "arsis-compile", text, *wider[1:], "--emit=asm")


def test_a_mapped_step_goes_to_another_chip(lenet, tmp_path):
    """The decisions hold, the chip is read anew."""
    text = tmp_path / "mapped.mlir"
    passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", "--emit=mapped", "-o", text)
    moved = passes("arsis-compile", text, "--chip=tiny", "--set", "scratchpad.kib=128", "--emit=asm")
    assert 'option chip.scratchpad.kib "128"' in moved and 'option chip_overrides "scratchpad.kib=128"' in moved
    assert code(moved) == code(passes("arsis-compile", text, "--emit=asm"))


def test_a_level_without_a_chip_needs_one(lenet, tmp_path):
    text = tmp_path / "step.mlir"
    passes("arsis-compile", lenet, "--batch=2", "--emit=step", "-o", text)
    refused("--chip: found nothing, expected a value", "arsis-compile", text, "--emit=tile")


def test_text_without_locations_is_refused_where_they_are_missed(lenet, tmp_path):
    tile, isa = tmp_path / "tile.mlir", tmp_path / "isa.mlir"
    passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", *TRAIN, "--emit=tile", "-o", tile)
    passes("arsis-opt", tile, "--arsis-pipeline=chip=tiny", "-o", isa)
    refused(
        "print the module with --mlir-print-debuginfo", "arsis-translate", "--isa-to-binary", isa, "-o", tmp_path / "p"
    )


def test_isa_text_is_the_whole_program(lenet, direct, tmp_path):
    isa, program, back = tmp_path / "isa.mlir", tmp_path / "p.arsis", tmp_path / "back.arsis"
    passes("arsis-compile", lenet, "--chip=tiny", "--batch=2", *TRAIN, "--emit=isa", "-o", isa)
    assert passes("arsis-translate", "--isa-to-asm", isa) == direct
    passes("arsis-translate", "--isa-to-binary", isa, "-o", program)
    passes("arsis-translate", "--binary-to-isa", program, "-o", isa)
    passes("arsis-translate", "--isa-to-binary", isa, "-o", back)
    assert back.read_bytes() == program.read_bytes()


@pytest.mark.parametrize(
    "text,problem",
    [
        ("module {}", "holds 0 functions and programs, expected one"),
        ("func.func @other() { return }", "holds 1 functions, @other, expected one, @forward or @train_step"),
        ("module { module {} }", "holds builtin.module, expected a function of nn, a tile.program or an isa.program"),
        (
            "tile.program @a attributes {nn.options = {batch = 2}} {}",
            "expects nn.options to be a dictionary of strings",
        ),
        (
            'isa.program @a attributes {counters = [], dram_bytes = 0 : i64, nn_module = "", not_observable = [], '
            "options = {batch = 2}, placements = [], requirements = []} {}",
            'has option "batch" = 2 : i64, expected a string',
        ),
        ("module attributes {nn.reference = 1} { tile.program @a {} }", "expects nn.reference to be a dense_resource"),
    ],
)
def test_modules_that_are_no_level(tmp_path, text, problem):
    model = tmp_path / "m.mlir"
    model.write_text(text)
    refused(problem, "arsis-compile", model, "--chip=tiny", "-o", tmp_path / "p.arsis")


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
        assert {"nn.conv2d+bias_add+relu", "nn.conv2d_grad_weight", "nn.max_pool_grad", "nn.sgd"} <= operations
    named = {(row["layer"], row["op"]) for row in reports[0]["layers"]}
    assert named >= {("conv1", "nn.conv2d+bias_add+relu"), ("fc1", "nn.matmul+bias_add+relu")}


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
