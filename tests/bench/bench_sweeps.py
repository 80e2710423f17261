# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How many points a minute a sweep computes: a training step of ResNet-18, batch 8, 224 x 224, timing only.

Kinds of points, by what they share: nothing (`reuse=False`), the model, the program (DRAM timing or frequency, held
from the compiler), the run (energies). Workers start before the clock does. Prints a table, writes sweeps.json. Needs
torch and torchvision for the export. Where other work shares the cores, the processor time of a point says more than
the rate. Nothing here passes or fails.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import arsis

ROOT = Path(__file__).resolve().parents[2]
ARRAYS = {"16x16": {"chip": "edge"}, "128x128": {"chip": "datacentre"}}


def kinds(points: int) -> dict[str, tuple[dict, bool]]:
    """What varies over so many values, and whether anything is reused."""
    different = {"scratchpad.kib": {"range": [1024, 1024 + 64 * (points - 1)], "step": 64}}
    timing = {"dram.tcl_ns": {"range": [10, 20], "count": points}, "hold": "dram.*"}
    frequency = {"clock.core_mhz": {"range": [500, 1000], "count": points}, "hold": "clock.*"}
    energy = {"energy.dram_read_pj_per_byte": {"range": [1, 100], "count": points}}
    return {
        "nothing shared": (different, False),
        "the model shared": (different, True),
        "only DRAM timing": (timing, True),
        "only frequency": (frequency, True),
        "only energies": (energy, True),
    }


def measure(space: dict, reuse: bool, workers: int) -> dict:
    result = arsis.sweep(space, reuse=reuse, workers=workers, progress=False)
    assert not result.failures, result.failures[0]["message"]
    rows = sorted(result, key=lambda row: row["finished"])
    # From the end of the first points, which start workers and compile what is shared, to that of the last.
    first = rows[workers - 1]["finished"] if len(rows) > 2 * workers else rows[0]["finished"]
    seconds = rows[-1]["finished"] - first
    return {
        "points": len(rows),
        "per_minute": 60 * (len(rows) - workers) / seconds,
        "cpu_s": statistics.median(row["cpu_seconds"] for row in rows),
        "compile_s": sum(row["compile_seconds"] for row in rows) / len(rows),
        "simulate_s": sum(row["simulate_seconds"] for row in rows) / len(rows),
        "worker_mib": [rows[workers - 1]["worker_mib"], rows[-1]["worker_mib"]],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", type=Path, help="an export of ResNet-18 (default: made now)")
    parser.add_argument("--image", type=int, default=224)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--points", type=int, default=16, help="of a kind that compiles; four times as many else")
    parser.add_argument("--out", type=Path, default=ROOT / "out/bench")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    results: dict = {"load": os.getloadavg(), "cores": os.cpu_count(), "workers": arguments.workers}
    with tempfile.TemporaryDirectory() as folder:
        model = arguments.model or Path(folder) / "resnet18.onnx"
        if arguments.model is None:
            export = [sys.executable, ROOT / "models/torchvision_builder.py", "resnet18", "-o", model]
            subprocess.run([*map(str, export), "--image", str(arguments.image)], check=True, capture_output=True)
        for array, chip in ARRAYS.items():
            base = {
                "model": str(model),
                "train": True,
                "optimizer": "sgd,lr=0.1,momentum=0.9",
                "batch": arguments.batch,
            }
            for kind in kinds(2):
                points = arguments.points if "shared" in kind else 4 * arguments.points
                varied, reuse = kinds(points)[kind]
                begin = time.perf_counter()
                found = measure({**base, **chip, **varied}, reuse, arguments.workers)
                results[f"{array}, {kind}"] = found
                print(
                    f"{array:8} {kind:18} {found['per_minute']:8.0f} points/min, {found['cpu_s']:.3f} CPU s a point, "
                    f"worker {found['worker_mib'][0]:.0f} to "
                    f"{found['worker_mib'][1]:.0f} MiB ({time.perf_counter() - begin:.0f} s in all)",
                    flush=True,
                )
    results["load_after"] = os.getloadavg()
    (arguments.out / "sweeps.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
