# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether two builds compile to the same bytes and report the same numbers, and how much faster one is.

For work on speed alone: with BASE a build of the commit before (its bin and lib folders suffice), every program, every
file of schedules and every report has to be equal, except for run times. Nets and chips are those of the golden metrics
and ResNet-50; `--values` computes values too, where a step takes seconds. Exits with 1 at the first difference. Needs
torch and torchvision for the export.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
# Net: batch, shape of an image, classes, chips; options of a chip.
NETS = {
    "lenet5": (32, (1, 28, 28), 10, ["tiny", "edge", "datacentre"]),
    "resnet8": (32, (3, 32, 32), 10, ["tiny", "edge", "datacentre"]),
    "resnet18": (8, (3, 224, 224), 1000, ["edge", "datacentre"]),
    "resnet50": (32, (3, 224, 224), 1000, ["edge", "datacentre"]),
}
SETS = {("resnet50", "edge"): ["--set", "dram.capacity_mib=8192"]}
OPTIONS = ["--train", "--optimizer", "sgd,lr=0.1,momentum=0.9"]
RUN_TIMES = {"wall_clock_s"}


def run(build: Path, tool: str, *arguments: object) -> float:
    """Processor seconds of the tool and its words where it fails."""
    environment = {**os.environ, "LD_LIBRARY_PATH": str(build / "lib")}
    before = os.times()
    done = subprocess.run(
        [str(build / "bin" / tool), *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    after = os.times()
    if done.returncode != 0:
        raise SystemExit(f"{build}: {tool}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return after.children_user - before.children_user + after.children_system - before.children_system


def without_run_times(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_run_times(each) for key, each in value.items() if key not in RUN_TIMES}
    return [without_run_times(each) for each in value] if isinstance(value, list) else value


def must_agree(what: str, files: list[Path], report: bool = False) -> None:
    contents = [without_run_times(json.loads(file.read_text())) if report else file.read_bytes() for file in files]
    if contents[0] != contents[1]:
        raise SystemExit(f"{what}: {files[0]} and {files[1]} differ")


def compile_both(builds: list[Path], folders: list[Path], model: Path, chip: str, sets: list[str], batch: int) -> None:
    seconds = []
    for build, folder in zip(builds, folders, strict=True):
        files = ["--weights", folder / "step.safetensors", "--write-schedules", folder / "schedules.json"]
        arguments = [model, "--chip", chip, *sets, "--batch", batch, *OPTIONS, *files, "-o", folder / "step.arsis"]
        seconds.append(run(build, "arsis-compile", *arguments))
    for file in ("step.arsis", "schedules.json", "step.safetensors"):
        must_agree("compilation", [folder / file for folder in folders])
    print(f"    compiles to the same bytes: {seconds[0]:7.2f} and {seconds[1]:7.2f} processor s", flush=True)


def simulate_both(builds: list[Path], folders: list[Path], name: str, *options: object) -> None:
    seconds, steps = [], []
    for build, folder in zip(builds, folders, strict=True):
        report = folder / "report.json"
        seconds.append(run(build, "arsis-sim", folders[0] / "step.arsis", *options, "--report", report))
        steps.append(json.loads(report.read_text())["wall_clock_s"])
    must_agree(name, [folder / "report.json" for folder in folders], report=True)
    print(
        f"    {name}, the same report: {seconds[0]:7.2f} and {seconds[1]:7.2f} processor s, "
        f"step {steps[0]:.3f} and {steps[1]:.3f} s",
        flush=True,
    )


def inputs_of(folder: Path, batch: int, image: tuple[int, ...], classes: int) -> Path:
    random = np.random.default_rng(0)
    path = folder / "inputs.npz"
    labels = random.integers(0, classes, batch).astype(np.int32)
    np.savez(path, x=random.standard_normal((batch, *image), np.float32), labels=labels)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("base", type=Path, help="build folder that is taken to be right")
    parser.add_argument("--build", type=Path, default=Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")))
    parser.add_argument("--nets", nargs="+", default=list(NETS), choices=list(NETS))
    parser.add_argument("--values", nargs="*", default=["lenet5", "resnet8"], help="nets whose values are computed too")
    arguments = parser.parse_args()
    builds = [arguments.base, arguments.build]
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / "base", Path(scratch) / "build"]
        for folder in folders:
            folder.mkdir()
        for net in arguments.nets:
            batch, image, classes, chips = NETS[net]
            model = Path(scratch) / f"{net}.onnx"
            own = ROOT / f"models/{net}/build.py"
            recipe = [own] if own.exists() else [ROOT / "models/torchvision_builder.py", net]
            export = [sys.executable, *recipe, "-o", model]
            subprocess.run([str(part) for part in export], check=True, capture_output=True)
            for chip in chips:
                print(f"{net} on {chip}, {time.strftime('%H:%M:%S')}", flush=True)
                sets = SETS.get((net, chip), [])
                compile_both(builds, folders, model, chip, sets, batch)
                simulate_both(builds, folders, "timing only", "--chip", chip, *sets, "--timing-only")
                if net in arguments.values:
                    inputs = inputs_of(Path(scratch), batch, image, classes)
                    simulate_both(builds, folders, "with values", "--chip", chip, *sets, "--inputs", inputs)
    print("equal")


if __name__ == "__main__":
    main()
