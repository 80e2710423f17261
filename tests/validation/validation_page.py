# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes docs/validation.md, and out/validation.html with plots: `make validate`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import arsis
import kernels
import validation_plots as plots
import validation_prose as prose
from bands import LAUNCH_US, TARGETS, Point, errors, groups, read_simulated, write_simulated
from kernels import Kernel

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build/release/bin"
PAGE, PLOTS = ROOT / "docs/validation.md", ROOT / "out/validation.html"
ONE_PASS = {"matrix.fp32_passes": 1}  # fp32 tensors in the default precision of XLA: one bf16 product
CORE = "tpu_v3"
BYTES_PER_CYCLE = 450e9 / (kernels.V3_MHZ * 1e6)
ARRAYS = 6  # shapes of arrays that RTL is compared at
V3_TARGETS = (0.10, 0.08)  # of each kernel, of the mean
RESNET_TARGET = 0.15
PADDED_BANDS = ("GEMM, smallest dimension 1 to 128", "GEMM, smallest dimension 129 to 255")
RESNET = ("bf16", 128, 931.0)  # images/s of a core: mlcommons/training_results_v0.5, google/cloud_v3.8


def percent(value: float) -> str:
    return f"{100 * value:+.1f} %"


def verdict(error: float, target: float) -> str:
    return f"{100 * target:g} %: {'met' if abs(error) <= target else 'missed'}"


# The point, its settings, percent of the peak as known (least and most), from where.
GROUPS, RANKS = "row-rank-bank-column-group-channel", "row-bank-rank-column-channel"
ONE_GROUP = "row-group-rank-bank-column-channel"
OTHERS = "other simulators"
DRAM_POINTS = [
    ("reads that never leave one bank group", "in_order", 64, ONE_GROUP, 1, "sequential", 47.7, 47.7,
     "nBL / nCCD_L x (1 - tRFC / tREFI)"),
    ("sequential reads, bank groups interleaved", "in_order", 64, GROUPS, 1, "sequential", 94, 94, OTHERS),
    ("random reads, one rank", "fr_fcfs", 64, RANKS, 1, "random", 43, 43, OTHERS),
    ("random reads, two ranks", "fr_fcfs", 64, RANKS, 2, "random", 80, 88, OTHERS),
    ("sequential reads along rows, window of 16", "fr_fcfs", 16, RANKS, 1, "sequential", 53, 53, OTHERS),
    ("sequential reads along rows, window of 32", "fr_fcfs", 32, RANKS, 1, "sequential", 61, 61, OTHERS),
    ("sequential reads along rows, window of 40", "fr_fcfs", 40, RANKS, 1, "sequential", 67, 67, OTHERS),
]  # fmt: skip


def dram_share(scheduler: str, depth: int, order: str, ranks: int, pattern: str) -> float:
    """Percent of the peak that 60,000 requests of a burst reach on a channel of DDR4-3200."""
    values = {
        "dram.scheduler": scheduler, "dram.read_queue": depth, "dram.order": order, "dram.ranks": ranks,
        "dram.bank_permutation": 0, "dram.write_queue": 64, "dram.write_batch": 32,
    }  # fmt: skip
    sets = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
    command = [
        BIN / "arsis-dram",
        "run",
        "--json",
        "--preset",
        "DDR4_3200",
        "--pattern",
        pattern,
        "--requests",
        "60000",
    ]
    done = subprocess.run(
        [*command, "--outstanding", str(2 * depth), *sets], capture_output=True, text=True, check=True
    )
    return 100 * json.loads(done.stdout)["share_of_peak"]


def dram_section() -> str:
    lines = [prose.DRAM]
    for what, scheduler, depth, order, ranks, pattern, least, most, source in DRAM_POINTS:
        reached = dram_share(scheduler, depth, order, ranks, pattern)
        known = f"{least:g} %" if least == most else f"{least:g} to {most:g} %"
        off = min(reached - least, 0) + max(reached - most, 0)
        cells = [what, f"`{scheduler}`, {depth}", f"`{order}`", known, source, f"{reached:.1f} %", f"{off:+.1f} points"]
        lines.append(table_row(cells))
    return "\n".join(lines) + "\n"


def array_section() -> tuple[str, bool]:
    """The section, and whether every test of the array passes."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        command = [BIN / "FidelityTests", f"--gtest_output=json:{told}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        suites = json.loads(told.read_text())["testsuites"]
    found: dict[str, dict[str, str]] = {}
    for suite in suites:
        for test in suite["testsuite"] if suite["name"].startswith("Rtl/") else ():
            name, _, shape = test["name"].partition("/")
            agrees = test["result"] == "COMPLETED" and not test.get("failures")
            found.setdefault(shape, {})[name] = "agrees" if agrees else "differs"
    if len(found) != ARRAYS:
        raise SystemExit(f"error: found {len(found)} arrays compared with RTL, expected {ARRAYS}")
    lines = [prose.ARRAY]
    for shape, row in found.items():
        lines.append(
            table_row([shape.replace("Latency", ", "), row["AgreeWeightStationary"], row["AgreeOutputStationary"]])
        )
    total, failed = (sum(suite[key] for suite in suites) for key in ("tests", "failures"))
    agree = all(value == "agrees" for row in found.values() for value in row.values())
    told = "\n".join([*lines, "", f"{total} tests of the array, {failed} failed.", ""])
    return told, done.returncode == 0 and agree


def tpu_v3_section() -> str:
    lines, scored, rest = [prose.V3], [], []
    for kernel in kernels.tpu_v3():
        report = kernels.run(kernel, CORE, "fp32", ONE_PASS)
        error = report.cycles / kernel.measured - 1
        if kernel.scored:
            scored.append(error)
        elif kernel.op != "conv":
            passes = kernel.measured * BYTES_PER_CYCLE / (4 * kernel.shape[0] * kernel.shape[1])
            rest.append(prose.V3_PASSES.format(name=kernel.name, passes=f"{passes:.1f}"))
        name = kernel.name if kernel.scored else f"{kernel.name} (not scored)"
        bound = max(report.layers, key=lambda row: row.cycles)["bound_by"].rstrip("0123456789")
        others = ", ".join(f"{who} {percent(cycles / kernel.measured - 1)}" for who, cycles in kernel.others)
        target = verdict(error, V3_TARGETS[0]) if kernel.scored else "-"
        cells = [name, f"{kernel.measured:,.0f}", f"{report.cycles:,}", percent(error), target, bound, others or "-"]
        lines.append(table_row(cells))
    mean = sum(map(abs, scored)) / len(scored)
    told = {"mean": f"{100 * mean:.1f} %", "farthest": percent(max(scored, key=abs))}
    left_out = ", ".join(kernel.name for kernel in kernels.tpu_v3() if not kernel.scored)
    about = {"count": len(scored), "verdict": verdict(mean, V3_TARGETS[1]), "left_out": left_out}
    lines.append(prose.V3_SCORE.format(**told, **about))
    staged: dict[str, list[float]] = {"fp32": [], "bf16": []}
    for kernel in [*kernels.tpu_v3(), *kernels.tpu_v3_matmuls()]:
        if kernel.op != "gemm":
            continue
        cells = []
        for precision in ("fp32", "bf16"):
            for is_staged in (False, True):
                cycles = reading(kernel, precision, is_staged)
                if cycles is None:
                    cells.append("no room")
                    continue
                error = cycles / kernel.measured - 1
                cells.append(f"{cycles:,} ({percent(error)})")
                if is_staged and kernel.scored:
                    staged[precision].append(error)
        name = kernel.name if kernel.scored else f"{kernel.name} (not scored)"
        lines.append(table_row([name, f"{kernel.measured:,.0f}", *cells]))
    means = {
        name: f"{' and '.join(map(percent, found))}, {100 * sum(map(abs, found)) / len(found):.1f} % in the mean"
        for name, found in staged.items()
    }
    return "\n".join(lines) + "\n" + prose.V3_REST.format(**means) + "".join(rest)


def reading(kernel: Kernel, precision: str, is_staged: bool) -> int | None:
    """Cycles of a GEMM of TPU v3; None where scratchpad or accumulators do not hold all of it."""
    overrides = ONE_PASS if precision == "fp32" else {}
    try:
        schedules = kernels.staged(kernel, CORE, precision, overrides) if is_staged else None
        return kernels.run(kernel, CORE, precision, overrides, schedules).cycles
    except arsis.Infeasible:
        if not is_staged:
            raise
        return None


def resnet50(chip: str) -> arsis.Report:
    precision, batch, _ = RESNET
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks
        program = arsis.compile(
            "resnet50", chip, batch=batch, train=True, optimizer="sgd,lr=0.1,momentum=0.9", precision=precision
        )
    return arsis.simulate(program, chip, verify=False)


def resnet50_section() -> str:
    _, batch, published = RESNET
    lines = [prose.RESNET.format(published=f"{published:g}")]
    for chip in (CORE, "datacentre"):
        report = resnet50(chip)
        time = report.totals.time_ns * 1e-9
        watts = 2 * report["totals"]["power_mw"] / 1000
        error = batch / time / published - 1
        cells = [f"`{chip}`", f"{1000 * time:.1f}", f"{batch / time:,.0f}", percent(error)]
        lines.append(table_row([*cells, verdict(error, RESNET_TARGET), f"{watts:.0f} W", "123 W, 175 W, 220 W, 262 W"]))
    idle = 2 * sum(figure.nominal for figure in arsis.Chip(CORE).static_power.values()) / 1000
    return "\n".join(lines) + "\n" + prose.RESNET_REST.format(idle=f"{idle:.1f}")


def measure(kernel: Kernel) -> Point:
    try:
        report = kernels.run(kernel, "tpu_v4", "bf16")
    except arsis.ModelError as error:
        why = next(line for line in str(error).splitlines() if "note: node" in line)
        return Point(kernel, None, why.strip().removeprefix("note: "))
    return Point(kernel, report.totals.time_ns * 1e-3)


def padded_bands(points: list[Point]) -> list[tuple[str, list[Point]]]:
    """The bands of GEMMs whose smallest dimension is below 256."""
    return [(name, chosen) for name, chosen in groups(points) if name.startswith(PADDED_BANDS)]


def measure_padded(kernel: Kernel) -> Point:
    """A GEMM of whole tiles of 8 x 128 elements against the time that was measured of the kernel itself."""
    m, n, k = kernel.shape
    shape = (-(-m // 8) * 8, -(-n // 128) * 128, -(-k // 128) * 128)
    return Point(kernel, measure(replace(kernel, shape=shape)).simulated)


def tpu_v4_section(points: list[Point], padded: Mapping[str, Point]) -> str:
    """`padded`: GEMMs of whole tiles by the name of their kernel."""
    lines = [prose.V4.format(launch=LAUNCH_US)]
    for name, chosen in groups(points):
        plain, launched = errors(chosen), errors(chosen, LAUNCH_US)
        if plain is None or launched is None:
            lines.append(table_row([name, str(len(chosen)), "no result", *[""] * 6]))
            continue
        target = verdict(plain.mean_absolute, TARGETS[name]) if name in TARGETS else ""
        cells = [name, str(plain.count), percent(plain.bias), f"{100 * plain.mean_absolute:.1f} %"]
        cells += [percent(plain.least), percent(plain.most), percent(launched.bias)]
        lines.append(table_row([*cells, f"{100 * launched.mean_absolute:.1f} %", target]))
    lines += ["", prose.V4_PADDED]
    for name, chosen in padded_bands(points):
        plain, whole = errors(chosen), errors(padded[point.kernel.name] for point in chosen)
        assert plain is not None and whole is not None
        cells = [name, str(plain.count), percent(plain.bias), f"{100 * plain.mean_absolute:.1f} %"]
        lines.append(table_row([*cells, percent(whole.bias), f"{100 * whole.mean_absolute:.1f} %"]))
    without = [point for point in points if point.simulated is None]
    for op, why in {point.kernel.op: point.why.strip() for point in without}.items():
        count = sum(point.kernel.op == op for point in without)
        lines += ["", f"{count} of {len(points)} kernels, all of `{op}`, have no result and are in no mean: {why}."]
    return "\n".join(lines) + "\n" + prose.V4_REST


def table_row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    array, agrees = array_section()
    measured = [measure(kernel) for kernel in kernels.tpu_v4()]
    small = [point.kernel for _, chosen in padded_bands(measured) for point in chosen]
    write_simulated(measured, {kernel.name: measure_padded(kernel) for kernel in small})
    points, padded = read_simulated(kernels.tpu_v4())  # as rounded there, so that a test can make this page again
    sections = [prose.HEAD, array, dram_section(), tpu_v3_section(), resnet50_section()]
    sections.append(tpu_v4_section(points, padded))
    PAGE.write_text("\n".join(sections))
    PLOTS.parent.mkdir(exist_ok=True)
    PLOTS.write_text(plots.page(points))
    print(f"{PAGE}\n{PLOTS}")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
