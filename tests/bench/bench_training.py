# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a training step costs on a chip: cycles, images per second, DRAM traffic, utilisation, instances, program size.

ResNet-50 (224 x 224, SGD with momentum) on `datacentre` and on `edge` with the DRAM that it needs; then, net by net,
what each fusion saves by itself, and what views save a net of concatenations. Everything is simulated time: two runs
agree to the last digit. Writes training.json.
Needs torch and torchvision for the export. Nothing here passes or fails.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ["--train", "--optimizer", "sgd,lr=0.1,momentum=0.9", "--no-verify"]
DRAM = {"datacentre": [], "edge": ["--set", "dram.capacity_mib=8192"]}
STEPS = [
    ("datacentre", "fp32", 32),
    ("datacentre", "bf16", 32),
    ("datacentre", "bf16", 128),
    ("edge", "fp32", 32),
    ("edge", "bf16", 32),
]
THREE = "vector,sums,epilogues"  # what loads and gradients go on from
FUSIONS = ["none", "vector", "sums", "epilogues", THREE, f"{THREE},loads", f"{THREE},gradients", "all"]
NETS = {"lenet5": 32, "resnet8": 32, "resnet18": 8, "resnet50": 32}
MOVING = f"{THREE},loads,gradients"  # all but views
JOINING = {"densenet121": 32, "squeezenet1_1": 16, "shufflenet_v2_x1_0": 16}  # what concatenates
TORCHVISION = ROOT / "models/torchvision_builder.py"
RECIPES = {
    "lenet5": [ROOT / "models/lenet5/build.py"],
    "resnet8": [ROOT / "models/resnet8/build.py"],
    "resnet18": [TORCHVISION, "resnet18", "--image", "64", "--classes", "10"],
    "resnet50": [TORCHVISION, "resnet50"],
    **{net: [TORCHVISION, net] for net in JOINING},
}


def run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]}: exit {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


def measure(build: Path, model: Path, folder: Path, chip: str, precision: str, batch: int, fuse: str = "all") -> dict:
    program, report = folder / "step.arsis", folder / "report.json"
    net = ["--precision", precision, "--batch", batch, f"--fuse={fuse}", "--weights", folder / "step.safetensors"]
    run(build / "bin/arsis-compile", model, "--chip", chip, *DRAM[chip], *OPTIONS, *net, "-o", program)
    run(build / "bin/arsis-sim", program, "--chip", chip, *DRAM[chip], "--timing-only", "--report", report)
    totals = json.loads(report.read_text())["totals"]
    return {
        "chip": chip,
        "precision": precision,
        "batch": batch,
        "fuse": fuse,
        "cycles": totals["cycles"],
        "images_per_s": batch / (totals["time_ns"] * 1e-9),
        "dram_gb": (totals["dram_read_bytes"] + totals["dram_write_bytes"]) / 1e9,
        "utilisation": totals["utilisation"],
        "instances": totals["instructions"],
        "program_bytes": program.stat().st_size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=Path, default=Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")))
    parser.add_argument("--out", type=Path, default=ROOT / "out/bench")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    steps, switches = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        models = {net: folder / f"{net}.onnx" for net in (NETS | JOINING)}
        for net, path in models.items():
            run(sys.executable, *RECIPES[net], "-o", path)
        print("ResNet-50       batch        cycles  images/s   DRAM GB  utilisation   instances  program KB")
        for chip, precision, batch in STEPS:
            row = measure(arguments.build, models["resnet50"], folder, chip, precision, batch)
            steps.append(row)
            print(
                f"{chip:10} {precision} {batch:5} {row['cycles']:13,} {row['images_per_s']:9.1f} {row['dram_gb']:9.2f} "
                f"{100 * row['utilisation']:10.1f} % {row['instances']:11,} {row['program_bytes'] / 1e3:11.0f}",
                flush=True,
            )
        print("saved by fusions alone and together, datacentre, bf16")
        for net, batch in NETS.items():
            rows = [measure(arguments.build, models[net], folder, "datacentre", "bf16", batch, f) for f in FUSIONS]
            switches[net] = rows
            none = rows[0]
            saved = [
                f"{row['fuse']} {100 * (1 - row['dram_gb'] / none['dram_gb']):.1f} % bytes, "
                f"{100 * (1 - row['cycles'] / none['cycles']):.1f} % cycles"
                for row in rows[1:]
            ]
            print(f"{net:9} batch {batch:3}: " + "; ".join(saved), flush=True)
        print("with and without views, bf16")
        views = {}
        for net, chip in itertools.product(JOINING, DRAM):
            moving, viewing = views[f"{net} {chip}"] = [
                measure(arguments.build, models[net], folder, chip, "bf16", JOINING[net], f) for f in (MOVING, "all")
            ]
            print(
                f"{net:18} {chip:10} batch {JOINING[net]}: {moving['dram_gb']:.2f} and {viewing['dram_gb']:.2f} GB, "
                f"{moving['cycles']:,} and {viewing['cycles']:,} cycles",
                flush=True,
            )
    path = arguments.out / "training.json"
    path.write_text(json.dumps({"steps": steps, "fusions": switches, "views": views}, indent=1) + "\n")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
