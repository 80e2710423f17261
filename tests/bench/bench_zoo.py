# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every net of `models/` at its own image size: one training step of 32 images, compiled, verified and timed.

For `edge` with the DRAM that it needs and for `datacentre`, in fp32 and bf16, with the loss of its own. What is
simulated agrees to the last digit from run to run; seconds of processor time are of this machine. Writes each row as it
is measured into reports/baselines/zoo.json, which keeps the rows that were not run again, and zoo.md, its table. Needs
torch and torchvision. Fails if a net does not compile, or takes longer than it may."""

import argparse
import collections
import hashlib
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
MOST_COMPILE_S = 20.0  # processor time; the verifier is not in it
OPTIMIZER = "sgd,lr=0.1,momentum=0.9"
CHIPS = {"edge": ["--set", "dram.capacity_mib=65536"], "datacentre": []}
PRECISIONS = ["fp32", "bf16"]
PHASES = ["fwd", "bwd-input", "bwd-weight"]
OWN = ["lenet5", "resnet8", "unet", "fsrcnn"]  # each a folder with a recipe; all others are torchvision's
sys.path.insert(0, str(ROOT / "models"))
sys.path.insert(0, str(ROOT / "python"))
from torchvision_builder import NETS  # noqa: E402


def recipe_of(net: str) -> list:
    return [ROOT / f"models/{net}/build.py"] if net in OWN else [ROOT / "models/torchvision_builder.py", net]


def loss_of(net: str) -> str:
    from arsis.models import load_recipe

    return getattr(load_recipe(recipe_of(net)[0]), "LOSS", "softmax-xent") if net in OWN else NETS[net].loss


def run(*command: object) -> float:
    """Processor seconds of a command; raises RuntimeError with its last words."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(str(command[0])).name}: exit {done.returncode}: {done.stderr.strip()[-1500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compiled(build: Path, net: str, model: Path, program: Path, chip: str, precision: str) -> dict:
    """The part of a row that needs no simulation."""
    step = ["--train", "--loss", loss_of(net), "--optimizer", OPTIMIZER, "--precision", precision, "--batch", BATCH]
    weights = ["--weights", program.with_suffix(".safetensors")]
    command = [build / "bin/arsis-compile", model, "--chip", chip, *CHIPS[chip], *step, *weights, "-o", program]
    alone, whole = run(*command, "--no-verify"), run(*command)
    return {
        "program_bytes": program.stat().st_size,
        "program_sha256": hashlib.sha256(program.read_bytes()).hexdigest(),
        "compile_cpu_s": round(alone, 2),
        "verify_cpu_s": round(max(0.0, whole - alone), 2),
    }


def simulated(build: Path, program: Path, chip: str) -> dict:
    report = program.with_suffix(".json")
    options = ["--chip", chip, *CHIPS[chip], "--timing-only", "--report", report]
    seconds = run(build / "bin/arsis-sim", program, *options)
    made = json.loads(report.read_text())
    totals, macs = made["totals"], collections.Counter()
    for row in made["layers"]:
        macs[row["phase"]] += row["macs"]
    return {
        "macs": {phase: macs[phase] for phase in PHASES},
        "cycles": totals["cycles"],
        "time_ns": totals["time_ns"],
        "utilisation": totals["utilisation"],
        "dram_traffic_bytes": totals["dram_read_bytes"] + totals["dram_write_bytes"],
        "dram_peak_bytes": made["program"]["dram_bytes"],
        "instances": totals["instructions"],
        "verified": made["verification"],
        "simulate_cpu_s": round(seconds, 2),
    }


def table(nets: dict[str, list[dict]]) -> str:
    lines = [
        "<!-- Written by tests/bench/bench_zoo.py (make zoo). -->",
        "# The zoo",
        "",
        f"One training step of {BATCH} images (SGD with momentum) of every net at its own image size. MACs count zeros",
        "of padding and strides; peak is what the program occupies in DRAM, seconds are processor time of the",
        "compiler, of its verifier and of the simulator without values.",
        "",
        "| net | chip | type | GMAC fwd | bwd-input | bwd-weight | Mcycles | images/s | utilisation | DRAM GB "
        "| peak GB | instances | program KB | compile s | verify s | simulate s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
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
                f"{row['verify_cpu_s']:.1f}",
                f"{row['simulate_cpu_s']:.1f}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def summary(net: str, row: dict) -> str:
    return (
        f"{net:20} {row['chip']:10} {row['precision']} {row['cycles']:14,} cycles, {100 * row['utilisation']:5.1f} %, "
        f"compiled in {row['compile_cpu_s']:.1f} s, simulated in {row['simulate_cpu_s']:.1f} s"
    )


class Table:
    """The rows of a folder's zoo.json by net, chip and precision."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "zoo.json"
        self.nets: dict[str, list[dict]] = json.loads(self.file.read_text())["nets"] if self.file.is_file() else {}

    def find(self, net: str, chip: str, precision: str) -> dict | None:
        rows = (row for row in self.nets.get(net, []) if (row["chip"], row["precision"]) == (chip, precision))
        return next(rows, None)

    def put(self, net: str, row: dict) -> None:
        """Writes both files anew."""
        order = [(chip, precision) for chip in CHIPS for precision in PRECISIONS]
        place = order.index((row["chip"], row["precision"]))
        others = [each for each in self.nets.get(net, []) if order.index((each["chip"], each["precision"])) != place]
        self.nets[net] = sorted([*others, row], key=lambda each: order.index((each["chip"], each["precision"])))
        content = {"batch": BATCH, "optimizer": OPTIMIZER, "nets": dict(sorted(self.nets.items()))}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(content, indent=1) + "\n")
        (self.folder / "zoo.md").write_text(table(self.nets))


def measure(build: Path, net: str, known: Table, what: str) -> list[str]:
    """Adds the rows of a net to the table and returns what is wrong."""
    wanted = [(chip, precision) for chip in CHIPS for precision in PRECISIONS]
    if what == "missing":
        wanted = [each for each in wanted if known.find(net, *each) is None]
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / f"{net}.onnx"
        try:
            if wanted:
                run(sys.executable, *recipe_of(net), "-o", model)
            for chip, precision in wanted:
                program = Path(scratch) / "step.arsis"
                made, row = compiled(build, net, model, program, chip, precision), known.find(net, chip, precision)
                if what != "compile" or row is None or row.get("program_sha256") != made["program_sha256"]:
                    row = {"chip": chip, "precision": precision, **simulated(build, program, chip)}
                known.put(net, row := {**row, **made})
                print(summary(net, row), flush=True)
                if row["compile_cpu_s"] > MOST_COMPILE_S:
                    problems.append(f"{net} on {chip} in {precision} compiles in {row['compile_cpu_s']:.1f} s")
        except RuntimeError as error:
            problems.append(f"{net}: {error}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("nets", nargs="*", default=[*OWN, *NETS], help="all unless named")
    parser.add_argument("--build", type=Path, default=Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release")))
    parser.add_argument("--out", type=Path, default=BASELINES)
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--missing", action="store_const", dest="what", const="missing", help="only rows not there yet")
    part.add_argument(
        "--compile",
        action="store_const",
        dest="what",
        const="compile",
        help="only seconds of compilation, where the program is still the same",
    )
    arguments = parser.parse_args()
    known, problems = Table(arguments.out), []
    for net in arguments.nets:
        found = measure(arguments.build, net, known, arguments.what or "all")
        problems += found
        for problem in found:
            print(problem, flush=True)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
