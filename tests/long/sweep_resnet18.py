# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""10,000 points of a training step of ResNet-18 (224 x 224, batch 8, timing only), of which 1,000 need a compilation.

Scratchpads, accumulators and lanes of `datacentre` make the programs; what the compiler is not told (CAS latency,
energies) makes ten points of each. Prints how long it took and how the time was spent; the store stays, and the same
command goes on. Needs torch and torchvision for the export.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import arsis

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=ROOT / "out/long")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    model = arguments.folder / "resnet18.onnx"
    if not model.is_file():
        export = [sys.executable, ROOT / "models/torchvision_builder.py", "resnet18", "-o", model]
        subprocess.run([*map(str, export)], check=True, capture_output=True)
    space = {
        "model": str(model),
        "chip": "datacentre",
        "train": True,
        "batch": 8,
        "scratchpad.kib": {"range": [8192, 8192 + 64 * (arguments.programs - 1)], "step": 64},
        "dram.tcl_ns": {"range": [10, 18], "step": 2},
        "energy.dram_read_pj_per_byte": [10, 30],
        "hold": "dram.*",
    }
    begin = time.monotonic()
    result = arsis.sweep(space, store=arguments.folder / "resnet18.sqlite", workers=arguments.workers, time_limit=600)
    seconds = time.monotonic() - begin
    reused = Counter(row["reuse"] for row in result)
    cpu = sum(row["cpu_seconds"] or 0 for row in result)
    memory = [row["worker_mib"] for row in sorted(result, key=lambda row: row["finished"]) if row["worker_mib"]]
    print(f"{len(result):,} points, {len(result.failures)} failed, {seconds / 60:.1f} minutes here and now")
    print(f"{cpu / 60:.1f} minutes of processor time; reused: {dict(reused)}; load {os.getloadavg()}")
    print(f"workers held {memory[0]:.0f} MiB at first, {memory[-1]:.0f} MiB at last, {max(memory):.0f} MiB at most")


if __name__ == "__main__":
    main()
