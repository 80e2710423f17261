# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One network on several chips: simulated ones, and beside them GPUs and CPUs as upper bounds of a roofline.

A bound counts what any machine has to do: the multiply-adds of the step at the peak of their type, and the bytes that
must pass its memory once, which are images, labels, parameters and, in a training, parameters and optimizer state
once more on their way back. Activations are left out, since a machine may keep them; so no device can be faster with
products of matrices, and a real one is slower (Williams, Waterman, Patterson, CACM 52 (2009))."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from _arsis import ChipError, Error, InputError, Program

from arsis import rooflines
from arsis.chip import PASSES, Chip, ChipLike, Peak
from arsis.comparison import Comparison, Row, Work
from arsis.compiling import Option, compile
from arsis.models import Model, ModelLike
from arsis.pictures.quantities import PICOJOULES, quantity
from arsis.rooflines import TYPES, Device
from arsis.run_report import Report
from arsis.session import simulate

Target: TypeAlias = "ChipLike | Device"

OPTIMIZER = "sgd,lr=0.1,momentum=0.9"  # of a training that names none
ELEMENT_BYTES = {"f32": 4, "i32": 4, "bf16": 2, "f16": 2}
COUNTED_ON = "datacentre"  # where nothing is simulated, the work is counted in the program of this chip
ONCE, AND_BACK = ("input", "label"), ("parameter", "state")


def resolve(target: Target) -> Chip | Device:
    """A device of arch_configs/rooflines by name or file, else a chip. Raises ChipError, FileError."""
    if isinstance(target, (Chip, Device)):
        return target
    text = os.fspath(target)
    if text in rooflines.names() or (text.endswith(".yaml") and rooflines.describes_device(Path(text))):
        return rooflines.load(text)
    try:
        return Chip(text)
    except ChipError as error:
        if not str(error).startswith("unknown chip '"):
            raise
        raise ChipError(
            str(error).replace(" or the path", f", of the roofline devices {', '.join(rooflines.names())}, or the path")
        ) from None


def first_line(error: Exception) -> str:
    """Of an error that may have a line for each layer."""
    lines = str(error).splitlines() or [type(error).__name__]
    more = len(lines) - 1
    return lines[0] + (f" (and {more} more like it)" if more else "")


def work_of(program: Program, report: Report, train: bool) -> Work:
    """What the step has to do on any machine. The gradients of a layer's input and weights count as twice its forward
    product at most: the chip's own gradient of an input is a convolution that may multiply more zeros."""
    forward: dict[str, int] = {}
    backward: dict[str, int] = {}
    for row in report["layers"]:
        of_phase = forward if row["phase"] == "fwd" else backward
        of_phase[row["layer"]] = of_phase.get(row["layer"], 0) + row["macs"]
    macs = sum(forward.values())
    macs += sum(min(count, 2 * forward.get(layer, count)) for layer, count in backward.items())
    once = back = 0
    for tensor in program.tensors:
        size = math.prod(tensor["host_shape"]) * ELEMENT_BYTES[tensor["type"]]
        if tensor["role"] in ONCE:
            once += size
        elif tensor["role"] in AND_BACK:
            back += size
    return Work(2 * macs, once + back * (2 if train else 1), once + back)


def bound_by(report: Report) -> str:
    """What was busy longest in the layers that take the most cycles together, with its share: `matrix 61 %`."""
    cycles: dict[str, int] = {}
    for row in report["layers"]:
        unit = row["bound_by"].rstrip("0123456789")
        cycles[unit] = cycles.get(unit, 0) + row["cycles"]
    unit = max(cycles, key=lambda name: cycles[name])
    return f"{unit} {cycles[unit] / max(sum(cycles.values()), 1):.0%}"


def simulated(chip: Chip, report: Report, batch: int, precision: str) -> Row:
    totals = report["totals"]
    time, energy = totals["time_ns"] * 1e-9, totals["energy_pj"] * PICOJOULES
    return Row(
        name=chip.name,
        kind="simulated",
        description=chip.description,
        time_s=time,
        energy_j=energy,
        area_mm2=totals["area_mm2"],
        utilisation=totals["utilisation"],
        bound_by=bound_by(report),
        images_per_s=batch / time,
        images_per_j=batch / energy,
        operations=2 * totals["macs"],
        memory_bytes=totals["dram_read_bytes"] + totals["dram_write_bytes"],
        peak=chip.peak(precision),
    )


def upper_bound(device: Device, peak: Peak, work: Work, batch: int) -> Row:
    """Raises ChipError where the memory cannot hold what the step reads."""
    capacity = device.value("memory.capacity_gb") * 1e9
    if work.resident_bytes > capacity:
        raise ChipError(
            f"{device.name}: the step needs at least {quantity(work.resident_bytes, 'B')} of memory for parameters and "
            f"images, the device has {quantity(capacity, 'B')}"
        )
    arithmetic, memory = work.operations / peak.ops_per_s, work.compulsory_bytes / peak.bytes_per_s
    time = max(arithmetic, memory)
    energy = time * device.value("board.tdp_w")
    return Row(
        name=device.name,
        kind="upper bound",
        description=device.description,
        time_s=time,
        energy_j=energy,
        area_mm2=device.value("board.area_mm2"),
        utilisation=None,
        bound_by="arithmetic" if arithmetic >= memory else "memory",
        images_per_s=batch / time,
        images_per_j=batch / energy,
        operations=work.operations,
        memory_bytes=work.compulsory_bytes,
        peak=peak,
    )


def failed(name: str, error: Exception, description: str = "") -> Row:
    line = first_line(error)
    return Row(name=name, kind="failed", description=description, message=line.removeprefix(f"{name}: "))


def label(target: Target) -> str:
    """What tells it from the others: its name, with the values that are not its file's."""
    if isinstance(target, Chip):
        changed = ", ".join(f"{key}={text}" for key, text in target.overrides.items())
        return f"{target.name} with {changed}" if changed else target.name
    if isinstance(target, Device):
        return target.name
    text = os.fspath(target)
    return Path(text).stem if text.endswith(".yaml") else text


def lacks(name: str, has: list[str], precision: str) -> ChipError:
    known = " or ".join(has) or "another chip, since it multiplies none of the types here"
    return ChipError(f"{name}: does not multiply {precision}, expected {known}")


class _Step:
    """The step that is compiled and simulated for each chip; the work that it is counts once for all."""

    def __init__(self, model: Model, batch: int, train: bool, precision: str, options: dict[str, Any]) -> None:
        self.model, self.batch, self.train, self.precision = model, batch, train, precision
        self.options = ({"optimizer": OPTIMIZER} | options if train else options) | {"train": train}
        self.work: Work | None = None

    def run(self, chip: Chip, precision: str) -> Report:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on the model, the same for every chip
            program = compile(self.model, chip, batch=self.batch, **self.options | {"precision": precision})
        report = simulate(program, chip, verify=False)  # the compiler has verified it
        if self.work is None or precision == self.precision:
            self.work = work_of(program, report, self.train)
        return report

    def row(self, target: Chip | Device) -> Row:
        if isinstance(target, Chip):
            has = [name for name, key in PASSES.items() if target[key]]
            if self.precision not in has:
                raise lacks(target.name, has, self.precision)
            return simulated(target, self.run(target, self.precision), self.batch, self.precision)
        peak = target.peak(self.precision)
        if peak is None:
            raise lacks(target.name, target.types, self.precision)
        if self.work is None:
            chip = Chip(COUNTED_ON)
            self.run(chip, self.precision if self.precision in PASSES and chip[PASSES[self.precision]] else "fp32")
        assert self.work is not None
        return upper_bound(target, peak, self.work, self.batch)


def compare(
    model: ModelLike,
    on: Sequence[Target],
    *,
    batch: int,
    train: bool = False,
    precision: str = "fp32",
    **options: Option,
) -> Comparison:
    """Compiles and times one step of a model on every chip of `on`, and bounds it on every roofline device.

    `on`: chips as `arsis.compile` takes them, and devices of `arsis.rooflines` by name, file or object, each once.
    `batch`: images per step. `precision`: "fp32", "bf16" or "fp16", of devices also "tf32". A training without
    `optimizer` has momentum 0.9; further options are those of `compile`. No layer's schedule and no image is shared
    between chips: each has the program that the compiler makes for it.

    A chip that is not known, does not multiply the type or has no room is a row of kind "failed" with one line, and
    the others have theirs. Raises InputError for an argument, ModelError for a model that is none.

    >>> made = arsis.compare("lenet5", ["edge", "tpu_v1", "p40"], batch=8, train=True)
    >>> [(row.name, row.kind) for row in made.rows]
    [('edge', 'simulated'), ('tpu_v1', 'failed'), ('p40', 'upper bound')]
    """
    if precision not in TYPES:
        raise InputError(f"precision: found {precision!r}, expected one of {', '.join(TYPES)}")
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise InputError(f"batch: found {batch!r}, expected a whole number from 1")
    if isinstance(on, (str, os.PathLike, Chip, Device)) or not on:
        raise InputError(f"on: found {on!r}, expected a list of chips and roofline devices")
    names = [label(target) for target in on]
    if twice := [name for n, name in enumerate(names) if name in names[:n]]:
        raise InputError(f"on: found {twice[0]} twice, expected each chip once")
    step = _Step(Model(model), batch, train, precision, dict(options))
    rows: dict[str, Row] = {}
    resolved: dict[str, Chip | Device] = {}
    for name, target in zip(names, on, strict=True):
        try:
            resolved[name] = resolve(target)
        except Error as error:
            rows[name] = failed(name, error)
    for name, known in sorted(resolved.items(), key=lambda item: isinstance(item[1], Device)):  # work is known by then
        try:
            rows[name] = step.row(known)
        except (Error, MemoryError) as error:
            rows[name] = failed(name, error, known.description)
    about = (step.model.name, "training" if train else "inference", precision)
    found = [
        replace(
            rows[name],
            name=name,
            published=tuple(
                entry
                for entry in rooflines.published()
                if rows[name].kind != "failed"
                and (entry.device, entry.model, entry.mode, entry.precision) == (name, *about)
            ),
        )
        for name in names
    ]
    return Comparison(step.model.name, batch, train, precision, found)
