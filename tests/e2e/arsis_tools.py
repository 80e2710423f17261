# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the command-line tools as a user would; every helper returns what the tool wrote."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")) / "bin"
CHIPS = ["tiny", "edge", "datacentre", str(ROOT / "tests/e2e/chips/rect12x20.yaml")]
# Keys of a chip on which bursts alone take the DRAM time: no rows, turns or refresh.
BURSTS = {
    f"dram.{name}_ns": "0"
    for name in ("trcd", "tras", "trp", "trrd", "tfaw", "twr", "trtp", "twtr", "trtw", "trfc", "tcl", "tcwl")
}
OPTIMIZER = "sgd,lr=0.002,momentum=0.9,weight-decay=0.0005"


def tool(name: str, *args: object, check: bool = True) -> subprocess.CompletedProcess:
    """Runs one tool; with `check`, a non-zero exit fails with the tool's own words."""
    done = subprocess.run([str(BIN / name), *map(str, args)], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise AssertionError(
            f"{name} {' '.join(map(str, args))}\nexit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    return done


def compile_step(
    model: Path, chip: str, batch: int, out: Path, *more: str, keep: str = "gradients", loss: str = "softmax-xent"
) -> Path:
    """Compiles one training step of `model`; returns the program file."""
    options = ["--train", "--loss", loss, "--optimizer", OPTIMIZER]
    if keep:
        options.append(f"--keep={keep}")
    tool("arsis-compile", model, "--chip", chip, "--batch", batch, *options, *more, "-o", out)
    return out


def simulate(program: Path, chip: str, inputs: dict[str, np.ndarray], folder: Path, *more: str) -> tuple[dict, dict]:
    """Runs one step; returns (outputs by name, report)."""
    np.savez(folder / "in.npz", **inputs)
    outputs, report = folder / "out.npz", folder / "report.json"
    tool(
        "arsis-sim",
        program,
        "--chip",
        chip,
        "--inputs",
        folder / "in.npz",
        "--outputs",
        outputs,
        "--report",
        report,
        *more,
    )
    with np.load(outputs) as data:
        return {name: data[name] for name in data.files}, json.loads(report.read_text())


def tensors_of(program: Path, *roles: str) -> list[str]:
    """Names of the tensors of a program file that have one of the roles; there must be one of each role."""
    import arsis

    tensors = arsis.Program.load(str(program)).tensors
    assert set(roles) <= {tensor["role"] for tensor in tensors}
    return [tensor["name"] for tensor in tensors if tensor["role"] in roles]
