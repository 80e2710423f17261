# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One network on several chips: simulated ones, and beside them GPUs and CPUs as upper bounds of a roofline.

A bound counts what any machine has to do (`arsis.work`): the multiply-adds of the net at the peak of their type, and
the bytes that must pass its memory once, which are images, labels, parameters and, in a training, parameters and
optimizer state once more on their way back. Parameters are taken to come from memory in each step. Activations are left
out, since a machine may keep them; so no device can be faster with products of matrices, and a real one is slower
(Williams, Waterman, Patterson, CACM 52 (2009))."""

from __future__ import annotations

import inspect
import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from _arsis import ChipError, Error, InputError, chips, describe_options

from arsis import rooflines
from arsis.chip import PASSES, Chip, ChipLike, Peak
from arsis.comparison import Comparison, Row
from arsis.compiling import Option, compile
from arsis.models import Model, ModelLike
from arsis.pictures.quantities import PICOJOULES, quantity
from arsis.rooflines import TYPES, Device
from arsis.run_report import Report
from arsis.session import simulate
from arsis.work import Work, work_of

Target: TypeAlias = "ChipLike | Device"

OPTIMIZER = "sgd,lr=0.1,momentum=0.9"  # of a training that names none
ELEMENT_BYTES = {"fp32": 4, "tf32": 4, "bf16": 2, "fp16": 2}
# Options of the compiler that a comparison does not take, and what it takes instead.
REFUSED = {
    "overrides": "Chip(NAME).with_(..) in the list of chips",
    "chip": "the list of chips as `on`",
    "no_verify": "none: every program is verified",
    "phase": "none: a step is whole",
    "freeze": "none: the bounds are those of a step that trains every parameter",
}


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
    if lines[0].endswith(":"):
        return " ".join(line.strip() for line in lines[:2])
    more = len(lines) - 1
    return lines[0] + (f" (and {more} more like it)" if more else "")


def roof(chip: Chip, report: Report, precision: str) -> Peak:
    """Of a step: the arrays' rate, and that of the narrower of the DRAM and its bus, which has a lane each way and so
    carries reads and writes of this step's ratio at once."""
    totals, peak = report["totals"], chip.peak(precision)
    read, written = totals["dram_read_bytes"], totals["dram_write_bytes"]
    each_way = chip["dma.bus_bytes_per_cycle"] * chip["clock.core_mhz"] * 1e6
    bus = each_way * (read + written) / max(read, written, 1)
    return replace(peak, bytes_per_s=min(peak.bytes_per_s, bus))


def bound_by(report: Report) -> str:
    """What was busy longest in the layers that take the most cycles together, with its share: `matrix 61 %`."""
    cycles: dict[str, int] = {}
    for row in report["layers"]:
        unit = row["bound_by"].rstrip("0123456789")
        cycles[unit] = cycles.get(unit, 0) + row["cycles"]
    unit = max(cycles, key=lambda name: cycles[name])
    return f"{unit} {cycles[unit] / max(sum(cycles.values()), 1):.0%}"


def simulated(chip: Chip, report: Report, work: Work, batch: int, precision: str) -> Row:
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
        operations=work.operations,
        memory_bytes=totals["dram_read_bytes"] + totals["dram_write_bytes"],
        peak=roof(chip, report, precision),
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
    """The step that is compiled and simulated for each chip, and the work that it is on any."""

    def __init__(self, model: Model, batch: int, train: bool, precision: str, options: dict[str, Any]) -> None:
        self.model, self.batch, self.precision = model, batch, precision
        self.options = ({"optimizer": OPTIMIZER} | options if train else options) | {"train": train}
        loss = options.get("loss", "softmax-xent")
        self.work = work_of(
            model.read(), model.name, batch=batch, element=ELEMENT_BYTES[precision], train=train,
            optimizer=self.options.get("optimizer", ""), loss=loss if isinstance(loss, str) else loss[0],
            dims=options.get("dims"),
        )  # fmt: skip

    def run(self, chip: Chip) -> Report:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on the model, the same for every chip
            program = compile(self.model, chip, batch=self.batch, **self.options | {"precision": self.precision})
        return simulate(program, chip, verify=False)  # the compiler has verified it

    def row(self, target: Chip | Device) -> Row:
        if isinstance(target, Chip):
            has = [name for name, key in PASSES.items() if target[key]]
            if self.precision not in has:
                raise lacks(target.name, has, self.precision)
            return simulated(target, self.run(target), self.work, self.batch, self.precision)
        peak = target.peak(self.precision)
        if peak is None:
            raise lacks(target.name, target.types, self.precision)
        return upper_bound(target, peak, self.work, self.batch)


def check_options(options: dict[str, Any]) -> None:
    """Raises InputError for one that is none, or that cannot hold for every chip alike."""
    for name in options:
        if name in REFUSED:
            raise InputError(f"{name}: found this option in a comparison, expected {REFUSED[name]}")
    known = set(inspect.signature(compile).parameters) - {"model", "chip", "options"}
    known |= set(re.findall(r"^  (\w+):", describe_options(), re.M))
    if unknown := sorted(options.keys() - known):
        expected = ", ".join(sorted(known - REFUSED.keys() - {"batch", "train", "precision"}))
        raise InputError(f"{unknown[0]}: found this option, expected one of {expected}")


def is_shipped(target: Target, known: Chip | Device) -> bool:
    """Whether what is published of this name is of this: a shipped chip or device, none of its values changed."""
    if isinstance(target, Device):
        return target.name in rooflines.names() and target == rooflines.load(target.name)
    if isinstance(target, Chip):
        return target.origin in chips() and not target.overrides
    return os.fspath(target) in (rooflines.names() if isinstance(known, Device) else chips())


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
    the others have theirs. Raises InputError for an argument, ModelError for a model that is none or whose work cannot
    be counted from an ONNX graph.

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
    check_options(options)
    step = _Step(Model(model), batch, train, precision, dict(options))
    rows: dict[str, Row] = {}
    resolved: dict[str, Chip | Device] = {}
    for name, target in zip(names, on, strict=True):
        try:
            resolved[name] = resolve(target)
        except Error as error:
            rows[name] = failed(name, error)
    for name, known in resolved.items():
        try:
            rows[name] = step.row(known)
        except (Error, MemoryError) as error:
            rows[name] = failed(name, error, known.description)
    about = (step.model.name, "training" if train else "inference", precision)
    shipped = {
        name for name, target in zip(names, on, strict=True) if name in resolved and is_shipped(target, resolved[name])
    }
    found = [
        replace(
            rows[name],
            name=name,
            published=tuple(
                entry
                for entry in rooflines.published()
                if name in shipped
                and rows[name].kind != "failed"
                and (entry.device, entry.model, entry.mode, entry.precision) == (name, *about)
            ),
        )
        for name in names
    ]
    return Comparison(step.model.name, batch, train, precision, found)
