# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors of many kernels by operation and size: bias, mean absolute error, the farthest either way."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernels import Kernel

LAUNCH_US = 1.07  # precedes each kernel of tpu_v4.csv, as its source measured
# Least and largest of a GEMM's smallest dimension.
GEMM_BANDS = [(1, 128), (129, 255), (256, 511), (512, 1023), (1024, 2047), (2048, 10**9)]
ELEMENTWISE = ("add", "multiply", "divide", "maximum", "exponential", "rsqrt")


@dataclass(frozen=True)
class Point:
    kernel: Kernel
    simulated: float | None  # microseconds without launch; None where the operation is not supported
    why: str = ""

    def error(self, launch: float = 0.0) -> float:
        """Signed, of the measured time."""
        assert self.simulated is not None
        return (self.simulated + launch) / self.kernel.measured - 1


SIMULATED = Path(__file__).resolve().parent / "tpu_v4_simulated.csv"
TARGETS = {"all": 0.2, "GEMM, every dimension over 512": 0.1, "elementwise, over 10 us": 0.1}


def write_simulated(points: Iterable[Point], padded: Mapping[str, Point]) -> None:
    """Microseconds of every kernel as they are told on the page; `padded` by the name of the kernel."""
    with SIMULATED.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kernel", "simulated_us", "padded_us", "why"])
        for point in points:
            whole = padded.get(point.kernel.name)
            times = [point.simulated, whole.simulated if whole else None]
            writer.writerow([point.kernel.name, *("" if t is None else f"{t:.4f}" for t in times), point.why])


def read_simulated(kernels: Iterable[Kernel]) -> tuple[list[Point], dict[str, Point]]:
    """What `write_simulated` wrote, of exactly these kernels."""
    with SIMULATED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    points, padded = [], {}
    for kernel, row in zip(kernels, rows, strict=True):
        if row["kernel"] != kernel.name:
            raise ValueError(f"{SIMULATED}: found {row['kernel']}, expected {kernel.name}")
        points.append(Point(kernel, float(row["simulated_us"]) if row["simulated_us"] else None, row["why"]))
        if row["padded_us"]:
            padded[kernel.name] = Point(kernel, float(row["padded_us"]))
    return points, padded


@dataclass(frozen=True)
class Errors:
    count: int
    bias: float  # mean
    mean_absolute: float
    least: float
    most: float


def errors(points: Iterable[Point], launch: float = 0.0) -> Errors | None:
    """None of no points; those without a result do not count."""
    found = [point.error(launch) for point in points if point.simulated is not None]
    if not found:
        return None
    return Errors(len(found), sum(found) / len(found), sum(map(abs, found)) / len(found), min(found), max(found))


def groups(points: list[Point]) -> list[tuple[str, list[Point]]]:
    """All, what the targets speak of, GEMMs by smallest dimension, other operations by time."""
    gemms = [point for point in points if point.kernel.op == "gemm"]
    elementwise = [point for point in points if point.kernel.op in ELEMENTWISE]
    made = [
        ("all", points),
        ("GEMM, every dimension over 512", [point for point in gemms if min(point.kernel.shape) > 512]),
        ("elementwise, over 10 us", [point for point in elementwise if point.kernel.measured > 10]),
    ]
    for least, most in GEMM_BANDS:
        name = f"{least} to {most}" if most < 10**9 else f"{least} and more"
        chosen = [point for point in gemms if least <= min(point.kernel.shape) <= most]
        made.append((f"GEMM, smallest dimension {name}", chosen))
    for op in dict.fromkeys(point.kernel.op for point in points if point.kernel.op != "gemm"):
        rows = [point for point in points if point.kernel.op == op]
        made.append((f"{op}, up to 10 us", [point for point in rows if point.kernel.measured <= 10]))
        made.append((f"{op}, over 10 us", [point for point in rows if point.kernel.measured > 10]))
    return [(name, chosen) for name, chosen in made if chosen]
