# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long the tools take for a training step of ResNet-18 on 224 x 224 images.

Compiler by stage, verifier, simulator by mode.

Every figure is the shortest of --repeats runs, wall clock of the whole process, file reading and writing included; the
simulator's own time (`wall_clock_s` of its report) stands beside it. Prints a table, writes resnet18.json. Needs torch
and torchvision for the export. Nothing here passes or fails.
"""

import argparse
import collections
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
STAGES = ["nn", "step", "mapped", "tile", "isa", "bin"]
MODES = {
    "timing only": ["--timing-only"],
    "functional only": ["--functional-only"],
    "full": [],
    "full, two threads": ["--fast"],
}
OPTIONS = ["--train", "--loss", "softmax-xent", "--optimizer", "sgd,lr=0.1,momentum=0.9,weight-decay=0.0001"]
CLASSES = 1000


def shortest(repeats: int, *command: object) -> float:
    """Seconds of the quickest run; a failing command ends the benchmark with its own words."""
    best = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        best = min(best, time.perf_counter() - begin)
        if done.returncode != 0:
            raise SystemExit(f"{command[0]}: exit {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return best


def hot_functions(folder: Path, *command: object) -> dict[str, float]:
    """Shares of the samples per function from Linux perf; empty where perf is not there or not allowed."""
    if not shutil.which("perf"):
        return {}
    data = folder / "perf.data"
    recorded = subprocess.run(
        ["perf", "record", "-q", "-F", "500", "-o", str(data), *map(str, command)], capture_output=True
    )
    if recorded.returncode != 0:
        return {}
    report = ["perf", "report", "-i", str(data), "--stdio", "--no-children", "-F", "overhead,symbol"]
    shares: dict[str, float] = collections.defaultdict(float)
    for line in subprocess.run(report, capture_output=True, text=True).stdout.splitlines():
        share, _, symbol = line.strip().partition("%")
        if symbol and not line.startswith("#"):
            name = symbol.strip().removeprefix("[.]").removeprefix("[k]").strip().split("(")[0]
            shares[name if len(name) < 60 else name[:57] + "..."] += float(share) / 100
    return dict(sorted(shares.items(), key=lambda item: -item[1])[:12])


def measure(chip: str, model: Path, arguments: argparse.Namespace, folder: Path) -> dict:
    tools = arguments.build / "bin"
    program, report_path = folder / f"{chip}.arsis", folder / "report.json"
    compiler = [tools / "arsis-compile", model, "--chip", chip, "--batch", arguments.batch, *OPTIONS]
    result: dict = {"chip": chip, "compile_until_s": {}, "simulate": {}}
    for stage in STAGES:
        out = program if stage == "bin" else os.devnull
        result["compile_until_s"][stage] = shortest(arguments.repeats, *compiler, f"--emit={stage}", "-o", out)
    result["program_bytes"] = program.stat().st_size
    result["verify_s"] = shortest(arguments.repeats, tools / "arsis-verify", program, "--chip", chip)
    random = np.random.default_rng(0)
    inputs = folder / "inputs.npz"
    image = random.standard_normal((arguments.batch, 3, arguments.image, arguments.image), np.float32)
    np.savez(inputs, x=image, labels=random.integers(0, CLASSES, arguments.batch).astype(np.int32))
    simulator = [tools / "arsis-sim", program, "--chip", chip, "--inputs", inputs, "--report", report_path]
    for mode, options in MODES.items():
        own = float("inf")
        wall = float("inf")
        for _ in range(arguments.repeats):
            wall = min(wall, shortest(1, *simulator, *options))
            report = json.loads(report_path.read_text())
            own = min(own, report["wall_clock_s"])
        totals = report["totals"]
        result["simulate"][mode] = {
            "process_s": wall,
            "step_s": own,
            "instances_per_s": totals["instructions"] / own,
            "macs_per_s": totals["macs"] / own if mode != "timing only" else None,
        }
        if mode == "timing only":
            result["totals"] = {
                key: totals[key] for key in ("cycles", "time_ns", "macs", "instructions", "utilisation")
            }
            result["instances"] = {u["name"]: u["executed_instructions"] for u in report["program"]["streams"]}
            result["encoded"] = sum(u["encoded_instructions"] for u in report["program"]["streams"])
    result["hot_timing_only"] = hot_functions(folder, *simulator, "--timing-only")
    result["hot_compile"] = hot_functions(folder, *compiler, "-o", program)
    return result


def table(result: dict) -> str:
    totals, until = result["totals"], result["compile_until_s"]
    lines = [f"{result['chip']}: {totals['cycles']:,} cycles, utilisation {100 * totals['utilisation']:.1f} %"]
    lines += [f"  compile up to {stage:8} {until[stage]:8.2f} s" for stage in STAGES]
    lines += [
        f"  program {result['program_bytes'] / 1e6:.1f} MB, {result['encoded']:,} instructions encoded, "
        f"{totals['instructions']:,} instances"
    ]
    lines += [f"  verify                 {result['verify_s']:8.2f} s"]
    for mode, row in result["simulate"].items():
        macs = f"{row['macs_per_s'] / 1e9:8.2f} GMAC/s" if row["macs_per_s"] else ""
        lines += [
            f"  {mode:18} process {row['process_s']:7.2f} s, step {row['step_s']:7.2f} s, "
            f"{row['instances_per_s'] / 1e3:9.1f} k instances/s {macs}"
        ]
    for key, title in (("hot_timing_only", "timing-only simulation"), ("hot_compile", "compiler")):
        if result[key]:
            lines += [f"  {title}:"] + [f"    {100 * share:5.1f} %  {name}" for name, share in result[key].items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=Path, default=Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")))
    parser.add_argument("--chips", nargs="+", default=["edge", "datacentre"])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--image", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "out/bench")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model = folder / "resnet18.onnx"
        export = [sys.executable, ROOT / "models/torchvision_builder.py", "resnet18", "-o", model]
        export_s = shortest(1, *export, "--image", arguments.image, "--classes", CLASSES)
        results = []
        for chip in arguments.chips:
            results.append(measure(chip, model, arguments, folder))
            print(table(results[-1]), flush=True)
    summary = {
        "batch": arguments.batch,
        "image": arguments.image,
        "repeats": arguments.repeats,
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine(), "load": os.getloadavg()},
        "export_s": export_s,
        "chips": results,
    }
    path = arguments.out / "resnet18.json"
    path.write_text(json.dumps(summary, indent=1) + "\n")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
