# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a worker does with a job, and what it keeps for the next one: the model as it was read, programs, the last run.

What is reused, and why it changes no number:

- A model is read once: compilation works on a copy of what was read.
- A program is reused where every value of the chip that its compilation read is the same. The chip's reader records
  the keys, the program carries them with their values (`chip.KEY` among its options). A compilation is a function of
  the model, the options and what it reads, so that the other chip would lead it along the same way.
- A run is priced again where chips differ in `energy.*` and `technology.*` only: no engine reads these keys, energies
  are events times coefficients, and `Session.price` refuses any other difference.
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
import warnings
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import _arsis

import arsis
from arsis.sweeps.jobs import Job
from arsis.sweeps.memory import resident_mib

MOST_MODELS = 2
MOST_PROGRAMS = 4
_PREFIX = "chip."

Row = dict[str, object]
Report = dict[str, Any]
Measure = Callable[[dict[str, object], Report], object]


@dataclass
class _Compiled:
    program: arsis.Program
    asked: dict[str, float | str]  # what its compilation read of the chip
    warnings: list[str]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _load_measure(measure: str) -> Measure:
    path, _, function = measure.rpartition(":")
    spec = importlib.util.spec_from_file_location("arsis_sweep_measure", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module of Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(Measure, getattr(module, function))


def _plain(name: str, value: object) -> object:
    """A value that a store can hold. Raises TypeError."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or isinstance(value, str | float) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    raise TypeError(f"the measure returned {value!r} for {name}, expected a number, a text or None")


def report_columns(report: Report) -> Row:
    """The outputs of a row: totals, phases, units and components of energy."""
    row: Row = dict(report["totals"])
    row["dram_bytes"] = report["program"]["dram_bytes"]
    for phase in report["phases"]:
        name = (phase["phase"] or "none").replace("-", "_")  # so that expressions can read it
        row[f"phase.{name}.cycles"] = phase["cycles"]
        row[f"phase.{name}.energy_pj"] = phase["energy_pj"]
    for unit in report["units"]:
        for column, field in (("busy", "busy"), ("stalled", "stalled_total"), ("idle", "idle")):
            row[f"unit.{unit['name']}.{column}"] = unit[field]
    for name, component in report["energy"].items():
        row[f"pj.{name}"] = component["pj"]
    return row


@dataclass
class _Run:
    """The last run, which can be priced again."""

    timing: str
    session: arsis.Session
    compiled: _Compiled


class Evaluator:
    """Does jobs one after the other, in one process."""

    def __init__(self) -> None:
        self._models: OrderedDict[str, _arsis.ImportedModel] = OrderedDict()
        self._programs: OrderedDict[int, tuple[str, _Compiled]] = OrderedDict()
        self._compilations = 0
        self._run: _Run | None = None
        self._measures: dict[str, Measure] = {}

    def __call__(self, job: Job) -> tuple[Row, bytes | None]:
        """The outputs of a point, and its report where that is asked for. Raises what goes wrong."""
        begin, begin_cpu = time.perf_counter(), time.process_time()
        if not job.reuse:
            self._models.clear()
            self._programs.clear()
            self._run = None
        if self._run and self._run.timing == job.timing:
            reuse, compiled, compiled_at = "run", self._run.compiled, begin
            report = self._run.session.price(job.chip, job.overrides).content
        else:
            self._run = None  # first, so that there are not two
            compiled, reuse = self._compiled(job)
            compiled_at = time.perf_counter()
            session = arsis.Session(compiled.program, job.chip, job.overrides)
            report = session.run(mode="timing").content
            self._run = _Run(job.timing, session, compiled)
        if job.report or job.measure:
            options = report["program"]["options"]  # a shared program has those of another point
            options["chip_overrides"] = ",".join(_arsis.chip_overrides(job.chip, job.compile_overrides))
        row = report_columns(report)
        if job.measure:
            row |= self._measured(job, report, row)
        row |= {
            "warnings": "\n".join(compiled.warnings),
            "reuse": reuse,
            "compile_seconds": compiled_at - begin,
            "simulate_seconds": time.perf_counter() - compiled_at,
            "cpu_seconds": time.process_time() - begin_cpu,
            "worker_mib": resident_mib(os.getpid()),
        }
        return row, _packed(report) if job.report else None

    def _measured(self, job: Job, report: Report, row: Row) -> Row:
        if job.measure not in self._measures:
            self._measures[job.measure] = _load_measure(job.measure)
        found = self._measures[job.measure](dict(job.point), report)
        if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
            raise TypeError(f"the measure returned {found!r}, expected a dictionary of columns")
        if both := sorted(set(found) & (set(row) | set(job.point) | set(job.overrides))):
            raise ValueError(f"the measure returned {both[0]}, which is a column already, expected another name")
        return {name: _plain(name, value) for name, value in found.items()}

    def _compiled(self, job: Job) -> tuple[_Compiled, str]:
        about = json.dumps([job.content, job.chip, job.imports, job.options], sort_keys=True)
        values = dict(arsis.Chip(job.chip, job.compile_overrides))
        for number, (which, compiled) in self._programs.items():
            if which == about and all(values.get(key) == value for key, value in compiled.asked.items()):
                self._programs.move_to_end(number)
                return compiled, "program"
        model, known = self._imported(job)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            program = model.compile(job.chip, overrides=job.compile_overrides, **job.options)
        asked = {key[len(_PREFIX) :]: _number(text) for key, text in program.options.items() if key.startswith(_PREFIX)}
        compiled = _Compiled(program, asked, [str(each.message) for each in caught])
        self._compilations += 1
        self._programs[self._compilations] = (about, compiled)
        while len(self._programs) > MOST_PROGRAMS:
            self._programs.popitem(last=False)
        return compiled, "model" if known else "none"

    def _imported(self, job: Job) -> tuple[_arsis.ImportedModel, bool]:
        about = json.dumps([job.content, job.train, job.imports], sort_keys=True)
        known = about in self._models
        if not known:
            self._models[about] = _arsis.ImportedModel(job.model, train=job.train, **job.imports)
            while len(self._models) > MOST_MODELS:
                self._models.popitem(last=False)
        self._models.move_to_end(about)
        return self._models[about], known


def _packed(report: Report) -> bytes:
    """As it is kept: without what differs from run to run."""
    report["wall_clock_s"] = 0.0
    report["verification"]["wall_clock_s"] = 0.0
    return zlib.compress(json.dumps(report).encode())
