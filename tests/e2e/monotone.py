# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Chips that differ in one resource, from little to much, and steps that are compiled and run again for each."""

import dataclasses
import json
import re
from itertools import pairwise
from pathlib import Path

from arsis_tools import tool

CHIP_FILES = Path(__file__).resolve().parents[2] / "arch_configs/chips"
BATCH = 8
NETS = ["lenet5", "resnet8"]
CHIPS = ["tiny", "edge", "datacentre"]
COUNTS = {"matrix.units": range(1, 9), "dma.load_queues": range(1, 9), "matrix.weight_banks": range(1, 9)}
# Eight values of another resource, in parts of what the chip has.
SCALES = {
    "scratchpad.kib": (0.5, 0.75, 1, 1.5, 2, 4, 8, 16),
    "scratchpad.banks": (0.125, 0.25, 0.5, 1, 2, 4, 8, 16),
    "dram.bandwidth_gbps": (0.25, 0.5, 0.75, 1, 1.5, 2, 4, 8),
    "dma.bus_bytes_per_cycle": (0.25, 0.5, 1, 2, 4, 8, 16, 32),
    "dma.outstanding_requests": (0.25, 0.5, 0.75, 1, 2, 4, 8, 16),
    "vector.lanes": (0.25, 0.5, 1, 2, 4, 8, 16, 32),
    "matrix.accumulator_rows": (0.5, 0.75, 1, 1.5, 2, 4, 8, 16),
}


@dataclasses.dataclass(frozen=True)
class Step:
    """Two neighbouring values of a resource."""

    net: str
    chip: str
    key: str
    less: str
    more: str

    def __str__(self) -> str:
        return f"{self.net}-{self.chip}-{self.key}-{self.less}-{self.more}"


def ladder(chip: str, key: str) -> list[str]:
    """The values of a resource, rising; whole numbers where the chip has one."""
    if key in COUNTS:
        return [str(value) for value in COUNTS[key]]
    section, name = key.split(".")
    text = (CHIP_FILES / f"{chip}.yaml").read_text()
    base = float(re.search(rf"^{section}:\n(?:  .*\n)*?  {name}: \{{value: ([\d.]+)", text, re.MULTILINE)[1])
    values = [base * scale for scale in SCALES[key]]
    if key != "dram.bandwidth_gbps":
        values = [max(1, round(value)) for value in values]
    return [f"{value:.8g}" for value in dict.fromkeys(values)]


def steps() -> list[Step]:
    found = []
    for net in NETS:
        for chip in CHIPS:
            for key in [*COUNTS, *SCALES]:
                found += [Step(net, chip, key, *pair) for pair in pairwise(ladder(chip, key))]
    return found


def cycles(model: Path, chip: str, key: str, value: str, folder: Path) -> int | None:
    """Of one training step; nothing if it does not fit the chip."""
    program, report = folder / "p.arsis", folder / "report.json"
    options = [f"--batch={BATCH}", "--train", "--optimizer=sgd,lr=0.01,momentum=0.9", "--no-verify"]
    chosen = ["--chip", chip, f"--set={key}={value}"]
    compiled = tool("arsis-compile", model, *chosen, *options, "-o", program, check=False)
    if compiled.returncode != 0:
        if "no schedule" in compiled.stderr or "finds no room" in compiled.stderr:
            return None
        raise AssertionError(compiled.stderr)
    tool("arsis-sim", program, *chosen, "--timing-only", "--report", report)
    return json.loads(report.read_text())["totals"]["cycles"]


# What is worse than allowed, and why.
KNOWN = {
    ("lenet5", "tiny", "dram.bandwidth_gbps", "12.8"): 1.025,  # five streams of an update meet in one bank of the DRAM
    ("resnet8", "tiny", "matrix.units", "8"): 1.025,  # eight arrays on four banks of the scratchpad
    ("resnet8", "edge", "matrix.units", "3"): 1.015,  # three arrays on four banks
}


def allowed(step: Step, less: int) -> float:
    """By how much a step may be slower with more: what is not in an estimate (rows of the DRAM, contention)."""
    usual = 1.01 if less > 1e6 else 1.02
    return KNOWN.get((step.net, step.chip, step.key, step.more), usual)
