# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compile tool: every level it can write, what a program says of itself, and its errors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")) / "bin"
TRAIN = ["--train", "--optimizer=sgd,lr=0.02,momentum=0.9"]


@pytest.fixture(scope="module")
def lenet(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "lenet5.onnx"
    subprocess.run([sys.executable, ROOT / "models/lenet5/build.py", "-o", path], check=True)
    return path


def run(*arguments: object) -> subprocess.CompletedProcess:
    command = [str(BIN / "arsis-compile"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    "stage,words",
    [
        ("nn", ["func.func @forward", "nn.conv2d"]),
        ("step", ["func.func @train_step", "nn.conv2d_grad_weight", "nn.sgd", 'fused<"bwd-weight">']),
        ("mapped", ["#nn.schedule<", "#nn.plan<"]),
        ("tile", ["tile.program", "tile.multiply", "scf.for"]),
        ("isa", ["isa."]),
        ("asm", ["multiply", "load_weights"]),
    ],
)
def test_every_level_as_text(lenet, stage, words):
    done = run(lenet, "--chip=edge", "--batch=2", *TRAIN, f"--emit={stage}")
    assert done.returncode == 0, done.stderr
    for word in words:
        assert word in done.stdout


def test_an_nn_module_is_a_model_too(lenet, tmp_path):
    text, direct = tmp_path / "lenet5.mlir", tmp_path / "direct.arsis"
    assert run(lenet, "--batch=2", "--train", "--emit=nn", "-o", text).returncode == 0
    assert run(lenet, "--chip=tiny", "--batch=2", *TRAIN, "-o", direct).returncode == 0
    again = tmp_path / "again.arsis"
    done = run(text, "--chip=tiny", *TRAIN, "-o", again)
    assert done.returncode == 0, done.stderr


def test_equal_inputs_give_equal_programs(lenet, tmp_path):
    files = [tmp_path / name for name in ("a.arsis", "b.arsis")]
    for file in files:
        assert run(lenet, "--chip=tiny", "--batch=2", *TRAIN, "-o", file).returncode == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_mapping_that_holds(lenet, tmp_path):
    decisions = tmp_path / "mapping.json"
    decisions.write_text(json.dumps({"conv2/fwd/conv2d": {"slots": {"tiles": 1}}}))
    done = run(lenet, "--chip=edge", "--batch=2", f"--mapping={decisions}", "--emit=mapped")
    assert done.returncode == 0 and "tiles = 1}" in done.stdout, done.stderr
    decisions.write_text(json.dumps({"conv9/fwd/conv2d": {"slots": {"tiles": 1}}}))
    done = run(lenet, "--chip=edge", "--batch=2", f"--mapping={decisions}", "--emit=mapped")
    assert done.returncode == 1 and "conv9/fwd/conv2d" in done.stderr


def test_explained_mapping(lenet):
    done = run(lenet, "--chip=edge", "--batch=2", "--explain-mapping", "--emit=mapped")
    assert done.returncode == 0 and done.stderr.count("remark: ") >= 5


@pytest.mark.parametrize(
    "arguments,problem",
    [
        ([], "a program is binary; name its file with -o FILE"),
        (["--chip=absent", "--emit=tile"], "absent"),
        (["--mapping=/absent.json", "--emit=nn"], "/absent.json: cannot read the file"),
        (["-o", "/absent/program.arsis"], "/absent/program.arsis"),
        (["--emit=nn", "-o", "/absent/model.mlir"], "cannot write the file"),
    ],
)
def test_errors(lenet, arguments, problem):
    done = run(lenet, "--batch=2", *arguments)
    assert done.returncode == 1 and "error: " in done.stderr and problem in done.stderr, done.stderr


def test_a_missing_file():
    done = run("/absent.onnx", "--emit=nn")
    assert done.returncode == 1 and "error: /absent.onnx: cannot read the file" in done.stderr


def test_a_layer_that_cannot_fit(lenet, tmp_path):
    """The error names the layer and what misses by how much."""
    text = (ROOT / "arch_configs/chips/tiny.yaml").read_text()
    chip = tmp_path / "minute.yaml"
    lines = text.splitlines()
    key = next(i for i, line in enumerate(lines) if line.strip().startswith("accumulator_rows:"))
    lines[key] = "  accumulator_rows: {value: 1, unit: rows, source: assumed}"
    chip.write_text("\n".join(lines))
    done = run(lenet, f"--chip={chip}", "--batch=2", *TRAIN, "-o", tmp_path / "p.arsis")
    found = done.stderr
    assert done.returncode == 1 and "error: conv1 (bwd-weight): " in found and "misses 128 bytes (4 rows)" in found, (
        found
    )


def test_a_program_records_small_numbers_exactly(lenet):
    optimizer = "--optimizer=sgd,lr=1e-7,momentum=0.9,weight-decay=2.5e-9"
    done = run(lenet, "--chip=tiny", "--batch=2", "--train", optimizer, "--emit=asm")
    assert done.returncode == 0, done.stderr
    quoted = (line.split(" ", 2)[1:] for line in done.stdout.splitlines() if line.startswith("option "))
    recorded = {key: value.strip('"') for key, value in quoted}
    assert [recorded[f"optimizer.{key}"] for key in ("learning_rate", "momentum", "weight_decay")] == [
        "1e-07",
        "0.9",
        "2.5e-09",
    ]


@pytest.mark.parametrize(
    "option", ["--batch=64", "--dim=N=2", "--tie=*", "--untie=*", "--freeze=*", "--random-weights=1"]
)
def test_an_nn_module_has_its_sizes_and_parameters_already(lenet, tmp_path, option):
    text = tmp_path / "lenet5.mlir"
    assert run(lenet, "--batch=2", "--emit=nn", "-o", text).returncode == 0
    done = run(text, option, "--emit=nn")
    assert done.returncode == 1 and done.stderr.count("error: ") == 1
    assert (
        f"error: {text}: found a batch, a dimension, --tie, --untie, --freeze or --random-weights for an nn module"
        in done.stderr
    )


@pytest.mark.parametrize("options", [["--keep=activations"], ["--train"], []])
def test_a_forward_function_without_a_body(tmp_path, options):
    text = tmp_path / "declared.mlir"
    text.write_text("func.func private @forward(tensor<2x3xf32>) -> tensor<2x3xf32>\n")
    done = run(text, *options, "--emit=step")
    assert done.returncode == 1 and "expects @forward to have a body of one block" in done.stderr


def test_logits_without_a_training_step(lenet):
    done = run(lenet, "--batch=2", "--logits=logits", "--emit=nn")
    assert done.returncode == 1 and "--logits: found no training step" in done.stderr
