# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long the verifier takes for a training step of ResNet-50, batch 32, 224 x 224, on 128 x 128 and on 16 x 16.

Seconds as arsis-verify prints them (the walk, without reading the file), the shortest of --repeats; with --base, those
of another build too, each on the program that it compiled itself, in turn with the first so that both see the same
noise. Writes resnet50_verifier.json. Needs torch and torchvision for the export. Nothing here passes or fails.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ["--batch", "32", "--train", "--optimizer", "sgd,lr=0.1,momentum=0.9,weight-decay=0.0001"]
# The activations of the step do not fit the 2 GiB of the shipped edge chip.
CHIPS = {"datacentre": "datacentre", "edge": "edge, 8 GiB"}
DRAM_MIB = 8192


def chip_file(name: str, folder: Path) -> Path:
    text = (ROOT / "arch_configs/chips" / f"{name}.yaml").read_text()
    path = folder / f"{name}.yaml"
    path.write_text(re.sub(r"(capacity_mib: \{value: )\d+", rf"\g<1>{DRAM_MIB}", text))
    return path


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]}: exit {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=Path, default=Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")))
    parser.add_argument("--base", type=Path, help="another build to compare with")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "out/bench")
    arguments = parser.parse_args()
    builds = {"build": arguments.build} | ({"base": arguments.base} if arguments.base else {})
    results: dict = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run(sys.executable, ROOT / "models/torchvision_builder.py", "resnet50", "-o", folder / "resnet50.onnx")
        for name, title in CHIPS.items():
            chip = chip_file(name, folder)
            programs = {key: folder / f"{name}-{key}.arsis" for key in builds}
            for key, build in builds.items():
                run(
                    build / "bin/arsis-compile", folder / "resnet50.onnx", "--chip", chip, *OPTIONS, "-o", programs[key]
                )
            best = dict.fromkeys(builds, float("inf"))
            for _ in range(arguments.repeats):
                for key, build in builds.items():
                    words = run(build / "bin/arsis-verify", programs[key], "--chip", chip)
                    best[key] = min(best[key], float(re.search(r"([\d.]+) s$", words.strip()).group(1)))
            results[name] = best
            print(f"{title}: " + ", ".join(f"{key} {seconds:.3f} s" for key, seconds in best.items()), flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    summary = {"repeats": arguments.repeats, "load": os.getloadavg(), "chips": results}
    (arguments.out / "resnet50_verifier.json").write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
