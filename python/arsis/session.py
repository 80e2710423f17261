# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs on a simulated chip: step by step with values, or once for the clock alone; and their verification."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import _arsis
from _arsis import Program

from arsis.chip import ChipLike, resolve
from arsis.run_report import Report

if TYPE_CHECKING:
    import numpy
    from numpy.typing import ArrayLike

PathLike = str | os.PathLike[str]


class Session:
    """A program, or several, on a simulated chip; keeps its DRAM from step to step.

    Several programs, numbered in the order of the list, share parameters, state and gradients by name: they are
    there once, so that `compile(..., phase="gradients")` and `phase="update"` make one step. Arrays have the model's
    own layout, and are copied once, on the way. Runs of several threads take turns; one session is one thread's.

    >>> program = arsis.compile("lenet5", "edge", batch=2)
    >>> session = arsis.Session(program, "edge")
    >>> session.write("x", numpy.zeros((2, 1, 28, 28), numpy.float32))
    >>> report = session.run()
    >>> session.read("logits").shape, report.mode
    ((2, 10), 'full')
    """

    def __init__(
        self,
        program: Program | Sequence[Program],
        chip: ChipLike,
        overrides: Mapping[str, object] | None = None,
        *,
        verify: bool = True,
        max_instances: int | None = None,
    ) -> None:
        """Raises Infeasible for a chip that cannot run the program, ProgramError for one that is not sound: what
        the compiler has proven is believed, everything else is verified, unless `verify` is False. `max_instances`
        bounds the instructions that a program may execute (250 million)."""
        name, changed = resolve(chip, overrides)
        programs = program if isinstance(program, Program) or program is None else list(program)
        limits = {} if max_instances is None else {"max_instances": max_instances}
        self._limits = limits
        self._native = _arsis.Session(programs, name, changed, verify=verify, **limits)

    def write(self, name: str, array: ArrayLike, program: int | None = None) -> None:
        """Copies an array of the host's shape to the chip: float32, or int32 or int64 for labels; anything that
        numpy.asarray takes. `program` says whose tensor, where the name is that of several. Raises InputError."""
        self._native.write(name, array, program)

    def read(self, name: str, program: int | None = None) -> numpy.ndarray[Any, Any]:
        """A tensor of the chip in the host's shape, float32 or int32. Raises InputError for one that is not there,
        has no value yet, or is not observable."""
        return self._native.read(name, program)

    def run(
        self,
        mode: str = "full",
        latency_seed: int | None = None,
        trace: PathLike | None = None,
        program: int = 0,
        trace_detail: str = "units",
        trace_window: str = "",
        power: bool = False,
    ) -> Report:
        """Runs one step of the program of this number.

        `mode`: "full" has values and cycles, "timing" cycles alone, "functional" values alone. `latency_seed` draws
        other durations for all instructions; no value changes. `trace`: a file for Perfetto, of `trace_detail`
        "layers", "units" or "instructions", and of the cycles "BEGIN:END" of `trace_window`. `power`: whether the
        report has power over time, by unit in windows. Raises InputError for an input that was never written,
        ProgramError for a deadlock. Ctrl-C stops it; a step with values that was stopped leaves the session without
        further use."""
        text = self._native.run(
            mode=mode,
            latency_seed=latency_seed,
            trace=trace or None,
            program=program,
            trace_detail=trace_detail,
            trace_window=trace_window,
            power=power,
            **self._limits,
        )
        return Report(text)

    def price(self, chip: ChipLike, overrides: Mapping[str, object] | None = None) -> Report:
        """The report that the last run would have had on a chip that differs from the session's in its energies
        (keys `energy.*` and `technology.*`): the same events and times, priced again without a run. Raises InputError
        if there was no run, or naming the other keys on which the chips differ."""
        name, changed = resolve(chip, overrides)
        return Report(self._native.price(name, overrides=changed))

    def adopt_state(self, other: Session) -> None:
        """Takes the parameters and state that both sessions have."""
        self._native.adopt_state(other._native)


def simulate(
    program: Program,
    chip: ChipLike,
    *,
    overrides: Mapping[str, object] | None = None,
    latency_seed: int | None = None,
    trace: PathLike | None = None,
    trace_detail: str = "units",
    trace_window: str = "",
    verify: bool = True,
    power: bool = False,
) -> Report:
    """One step of the program with a clock and without values: what it costs. Arguments as for Session.run, errors as
    for Session. Ctrl-C stops it.

    >>> program = arsis.compile("lenet5", "edge", batch=8)
    >>> slow = arsis.simulate(program, arsis.Chip("edge").with_(**{"clock.core_mhz": 500}))
    >>> slow.totals.time_ns > arsis.simulate(program, "edge").totals.time_ns
    True
    """
    return Session(program, chip, overrides, verify=verify).run(
        "timing",
        latency_seed=latency_seed,
        trace=trace,
        trace_detail=trace_detail,
        trace_window=trace_window,
        power=power,
    )


@dataclass(frozen=True)
class Place:
    """One execution of one instruction: its stream, position in it, and the indices of the loops around it."""

    stream: str
    position: int
    mnemonic: str
    loops: list[int]
    layer: str
    phase: str
    op: str


@dataclass(frozen=True)
class Finding:
    """What is wrong with a program. `kind`: "race", "deadlock", "undefined", ...; `begin` and `end` are bytes of
    `memory` ("spm", "acc0", "dram", or empty)."""

    kind: str
    message: str
    memory: str
    begin: int
    end: int
    places: list[Place]


@dataclass(frozen=True)
class Verification:
    """The verdict of a walk over all instances; true if the program was accepted."""

    accepted: bool
    findings: list[Finding]
    instances: int
    accesses: int
    seconds: float

    def __bool__(self) -> bool:
        return self.accepted


def verify(
    program: Program,
    chip: ChipLike,
    *,
    overrides: Mapping[str, object] | None = None,
    max_findings: int = 20,
) -> Verification:
    """Proves that no order in which the streams may run deadlocks, races, leaves a memory or reads what nobody
    wrote; or says what is wrong, `max_findings` times at most. What the program says of itself is not believed.

    >>> bool(arsis.verify(arsis.compile("lenet5", "edge", batch=2), "edge"))
    True
    """
    name, changed = resolve(chip, overrides)
    found = _arsis.verify(program, name, overrides=changed, max_findings=max_findings)
    findings = [
        Finding(**{**entry, "places": [Place(**place) for place in entry["places"]]}) for entry in found["findings"]
    ]
    return Verification(**{**found, "findings": findings})
