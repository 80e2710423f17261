# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The registered pipeline in the compile tool, with MLIR's printing, timing, reproducers and plugins."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release"))
PLUGIN = BUILD / "lib/libArsisTestPlugin.so"
TRAIN = ["--train", "--optimizer=sgd,lr=0.02,momentum=0.9", "--keep=activations"]


def run(tool: str, *arguments: object) -> subprocess.CompletedProcess:
    command = [str(BUILD / "bin" / tool), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def lenet(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "lenet5.onnx"
    subprocess.run([sys.executable, ROOT / "models/lenet5/build.py", "-o", path], check=True)
    return path


@pytest.fixture(scope="module")
def step(lenet, tmp_path_factory) -> list:
    return [lenet, "--batch=2", "--chip=tiny", *TRAIN, "-o", tmp_path_factory.mktemp("out") / "p.arsis"]


def test_both_tools_run_the_same_passes(lenet, step, tmp_path):
    """The passes as text are the same, every option of every pass included, so a dump can be run again."""
    text = tmp_path / "nn.mlir"
    assert run("arsis-compile", lenet, "--batch=2", "--train", "--emit=nn", "-o", text).returncode == 0
    done = run("arsis-compile", *step, "--set", "dma.load_queues=2", "--dump-pass-pipeline")
    compiled = done.stderr[: done.stderr.index("\n)") + 2]
    options = "chip=tiny set=dma.load_queues=2 train optimizer=sgd,lr=0.02,momentum=0.9 keep=activations"
    done = run("arsis-opt", text, f"--arsis-pipeline={options}", "--dump-pass-pipeline", "-o", tmp_path / "isa.mlir")
    assert "nn-attach-loss{" in compiled and done.stderr.startswith(compiled)
    flat = re.sub(r"\n\s*", "", compiled.split("\n", 1)[1])
    again = run("arsis-opt", text, f"--pass-pipeline={flat}", "-o", tmp_path / "again.mlir")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.mlir").read_bytes() == (tmp_path / "isa.mlir").read_bytes()


def test_every_step_is_a_pass(step):
    names = re.findall(r"IR Dump After (\S+)", run("arsis-compile", *step, "--mlir-print-ir-after-all").stderr)
    assert names == [
        "AttachLoss",
        "Differentiate",
        "AttachOptimizer",
        "KeepActivations",
        "Canonicalizer",
        "JoinPhases",
        "PlaceViews",
        "FormUnits",
        "MapPass",
        "KeepReference",
        "ConvertNNToTilePass",
        "PlanMemory",
        "CheckMemory",
        "SplitStreams",
        "ConvertTileToIsa",
        "ProveProgram",
    ]


def test_printing_elides_constants_and_leaves_the_program_alone(step, tmp_path):
    plain, printed = tmp_path / "plain.arsis", tmp_path / "printed.arsis"
    assert run("arsis-compile", *step[:-1], plain).returncode == 0
    full = run("arsis-compile", *step, "--mlir-print-ir-after=nn-map")
    elided = run(
        "arsis-compile",
        *step[:-1],
        printed,
        "--mlir-print-ir-after=nn-map",
        "--mlir-elide-elementsattrs-if-larger",
        "16",
    )
    assert full.returncode == elided.returncode == 0, elided.stderr
    assert "dense_resource<__elided__>" in elided.stderr and 10 * len(elided.stderr) < len(full.stderr)
    assert "nn.conv2d_grad_weight" in elided.stderr
    assert printed.read_bytes() == plain.read_bytes()


def test_timing(step):
    done = run("arsis-compile", *step, "--mlir-timing", "--mlir-timing-display=list")
    assert done.returncode == 0, done.stderr
    for part in ("Execution time report", "import", "MapPass", "SplitStreams", "ProveProgram", "output"):
        assert part in done.stderr


def test_a_failing_pass_leaves_a_reproducer(lenet, step, tmp_path):
    """Accumulators that are too few: arsis-opt fails alike on what was left."""
    reproducer = tmp_path / "reproducer.mlir"
    small = ["--set", "matrix.accumulator_rows=1", f"--mlir-pass-pipeline-crash-reproducer={reproducer}"]
    done = run("arsis-compile", *step, *small)
    assert done.returncode == 1 and "no schedule of nn.conv2d_grad_weight is feasible" in done.stderr
    assert "mlir_reproducer" in reproducer.read_text()
    again = run("arsis-opt", "--run-reproducer", reproducer)
    assert again.returncode == 1 and "no schedule of nn.conv2d_grad_weight is feasible" in again.stderr, again.stderr


@pytest.mark.parametrize("tool", ["arsis-compile", "arsis-opt"])
def test_a_pass_from_a_plugin(lenet, tmp_path, tool):
    text = tmp_path / "nn.mlir"
    assert run("arsis-compile", lenet, "--batch=2", "--train", "--emit=nn", "-o", text).returncode == 0
    if tool == "arsis-compile":
        arguments = ["--train", "--at-step=test-count-convolutions", "--emit=step"]
    else:
        arguments = ["--arsis-pipeline=to=step train at-step=test-count-convolutions"]
    plugin = [f"--load-pass-plugin={PLUGIN}"]
    done = run(tool, text, *plugin, *arguments, "-o", tmp_path / "out.mlir")
    assert done.returncode == 0 and "counted 2 convolutions; dialect absent" in done.stderr, done.stderr
    done = run(tool, text, *plugin, f"--load-dialect-plugin={PLUGIN}", *arguments, "-o", tmp_path / "out.mlir")
    assert done.returncode == 0 and "counted 2 convolutions; dialect available" in done.stderr, done.stderr


@pytest.mark.parametrize("level", ["nn", "step", "mapped", "tile", "isa"])
def test_a_further_pass_at_every_level(step, level):
    done = run("arsis-compile", *step, f"--load-pass-plugin={PLUGIN}", f"--at-{level}=test-fail")
    assert done.returncode == 1 and done.stderr.count("error: ") == 1 and "asked to fail" in done.stderr, done.stderr


@pytest.mark.parametrize(
    "arguments,problem",
    [
        (["--load-pass-plugin=/absent.so"], "cannot load plugin /absent.so: "),
        (["--at-tile=absent"], "--at-tile: "),
        (["--mlir-timing-display=pie"], "pie"),
        (["--mlir-print-nothing"], "found option '--mlir-print-nothing', expected one of those that --help lists"),
        (["--set", "matrix.row=8"], "cannot override unknown chip key 'matrix.row', expected a key"),
        (["--set", "matrix.rows"], "--set: found 'matrix.rows', expected KEY=VALUE"),
        (["--set", "matrix.rows=8", "--set", "matrix.rows=9"], "--set: found matrix.rows more than once"),
    ],
)
def test_one_error(step, arguments, problem):
    done = run("arsis-compile", *step, *arguments)
    assert done.returncode == 1 and done.stderr.count("error: ") == 1 and problem in done.stderr, done.stderr


@pytest.mark.parametrize("tool", ["arsis-compile", "arsis-sim", "arsis-verify", "arsis-opt"])
def test_every_tool_overrides_values_of_the_chip(lenet, step, tool):
    """The figure reaches the chip, and a wrong key is one error."""
    text = step[-1].with_suffix(".mlir")
    assert run("arsis-compile", *step).returncode == 0
    assert run("arsis-compile", *step[:-2], "--emit=step", "-o", text).returncode == 0

    def command(entry: str) -> list:
        return {
            "arsis-compile": [*step, "--set", entry],
            "arsis-sim": [step[-1], "--chip=tiny", "--timing-only", "--set", entry],
            "arsis-verify": [step[-1], "--chip=tiny", "--set", entry],
            "arsis-opt": [text, f"--arsis-pipeline=chip=tiny set={entry}", "-o", step[-1].with_suffix(".isa")],
        }[tool]

    assert run(tool, *command("dma.load_queues=2")).returncode == 0
    done = run(tool, *command("matrix.row=8"))
    assert done.returncode != 0 and done.stderr.count("unknown chip key 'matrix.row'") == 1, done.stderr
    done = run(tool, *command("matrix.accumulator_rows=1"))
    assert done.returncode != 0, done.stdout


def test_options_are_listed_once_for_all(lenet):
    """What --help lists is what the pipeline registers."""
    compile_help = run("arsis-compile", "--help").stdout
    opt_help = run("arsis-opt", "--help").stdout
    pipeline = opt_help[opt_help.index("--arsis-pipeline") :]
    names = re.findall(r"\n {8}--([a-z-]+)", pipeline)
    for name in ("chip", "set", "train", "optimizer", "keep", "mapping", "at-step", "no-verify"):
        assert f"--{name}" in compile_help and name in names
    for name in ("mlir-timing", "mlir-print-ir-after-all", "mlir-elide-elementsattrs-if-larger", "load-pass-plugin"):
        assert f"--{name}" in compile_help
