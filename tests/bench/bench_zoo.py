# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every net of `models/` at its own image size: one training step of 32 images, compiled, verified and timed.

For `edge` with the DRAM that it needs and for `datacentre`, in fp32 and bf16. What is simulated agrees to the last
digit from run to run; seconds of processor time are of this machine. Writes reports/baselines/zoo.json, which keeps
the rows of nets that were not run again, and zoo.md, its table. Needs torch and torchvision. Fails if a net does not
compile."""

import argparse
import collections
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASELINES = ROOT / "reports/baselines"
BATCH = 32
OPTIMIZER = "sgd,lr=0.1,momentum=0.9"
CHIPS = {"edge": ["--set", "dram.capacity_mib=65536"], "datacentre": []}
PRECISIONS = ["fp32", "bf16"]
PHASES = ["fwd", "bwd-input", "bwd-weight"]
OWN = ["lenet5", "resnet8", "unet"]  # each a folder with a recipe; all others are torchvision's


def recipe_of(net: str) -> list:
    own = ROOT / f"models/{net}/build.py"
    return [own] if own.is_file() else [ROOT / "models/torchvision_builder.py", net]


def torchvision_nets() -> list[str]:
    sys.path.insert(0, str(ROOT / "models"))
    from torchvision_builder import NETS

    return list(NETS)


def run(*command: object) -> float:
    """Processor seconds of a command; raises RuntimeError with its last words."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(str(command[0])).name}: exit {done.returncode}: {done.stderr.strip()[-1500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(build: Path, model: Path, folder: Path, chip: str, precision: str) -> dict:
    program, report, memory = folder / "step.arsis", folder / "report.json", CHIPS[chip]
    step = ["--train", "--optimizer", OPTIMIZER, "--precision", precision, "--batch", BATCH]
    weights = ["--weights", folder / "step.safetensors"]
    compile_s = run(build / "bin/arsis-compile", model, "--chip", chip, *memory, *step, *weights, "-o", program)
    simulate_s = run(build / "bin/arsis-sim", program, "--chip", chip, *memory, "--timing-only", "--report", report)
    made = json.loads(report.read_text())
    totals, macs = made["totals"], collections.Counter()
    for row in made["layers"]:
        macs[row["phase"]] += row["macs"]
    return {
        "chip": chip,
        "precision": precision,
        "macs": {phase: macs[phase] for phase in PHASES},
        "cycles": totals["cycles"],
        "time_ns": totals["time_ns"],
        "utilisation": totals["utilisation"],
        "dram_traffic_bytes": totals["dram_read_bytes"] + totals["dram_write_bytes"],
        "dram_peak_bytes": made["program"]["dram_bytes"],
        "instances": totals["instructions"],
        "program_bytes": program.stat().st_size,
        "verified": made["verification"],
        "compile_cpu_s": round(compile_s, 2),
        "simulate_cpu_s": round(simulate_s, 2),
    }


def table(nets: dict[str, list[dict]]) -> str:
    lines = [
        "<!-- Written by tests/bench/bench_zoo.py (make zoo). -->",
        "# The zoo",
        "",
        f"One training step of {BATCH} images (SGD with momentum) of every net at its own image size. MACs count zeros",
        "of padding and strides; peak is what the program occupies in DRAM, seconds are processor time of the",
        "compiler, its verifier included, and of the simulator without values.",
        "",
        "| net | chip | type | GMAC fwd | bwd-input | bwd-weight | Mcycles | images/s | utilisation | DRAM GB "
        "| peak GB | instances | program KB | compile s | simulate s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for net, rows in sorted(nets.items()):
        for row in rows:
            cells = [net, row["chip"], row["precision"]]
            cells += [f"{row['macs'][phase] / 1e9:.2f}" for phase in PHASES]
            cells += [f"{row['cycles'] / 1e6:.2f}", f"{BATCH / (row['time_ns'] * 1e-9):.1f}"]
            cells += [f"{100 * row['utilisation']:.1f} %", f"{row['dram_traffic_bytes'] / 1e9:.2f}"]
            cells += [f"{row['dram_peak_bytes'] / 1e9:.2f}", f"{row['instances']:,}"]
            cells += [
                f"{row['program_bytes'] / 1e3:.0f}",
                f"{row['compile_cpu_s']:.1f}",
                f"{row['simulate_cpu_s']:.1f}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def summary(net: str, row: dict) -> str:
    return (
        f"{net:20} {row['chip']:10} {row['precision']} {row['cycles']:14,} cycles, {100 * row['utilisation']:5.1f} %, "
        f"compiled in {row['compile_cpu_s']:.1f} s, simulated in {row['simulate_cpu_s']:.1f} s"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("nets", nargs="*", help="all unless named")
    parser.add_argument("--build", type=Path, default=Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")))
    parser.add_argument("--out", type=Path, default=BASELINES)
    arguments = parser.parse_args()
    file, failures = arguments.out / "zoo.json", []
    known = json.loads(file.read_text())["nets"] if file.is_file() else {}
    for net in arguments.nets or [*OWN, *torchvision_nets()]:
        rows = []
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            model = folder / f"{net}.onnx"
            try:
                run(sys.executable, *recipe_of(net), "-o", model)
                for chip in CHIPS:
                    for precision in PRECISIONS:
                        rows.append(measure(arguments.build, model, folder, chip, precision))
                        print(summary(net, rows[-1]), flush=True)
            except RuntimeError as error:
                failures.append(net)
                print(f"{net}: {error}", flush=True)
                continue
        known[net] = rows
        content = {"batch": BATCH, "optimizer": OPTIMIZER, "nets": dict(sorted(known.items()))}
        arguments.out.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=1) + "\n")
        (arguments.out / "zoo.md").write_text(table(known))
    if failures:
        print(f"failed: {', '.join(failures)}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
