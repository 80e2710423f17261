# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Schedules as Python objects: what the search chose for every operation, at what estimate; and choosing otherwise."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import _arsis
from _arsis import FileError, InputError

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Estimate:
    """What the search expects of a schedule on its chip. Cycles are of the core clock."""

    cycles: float
    busy: Mapping[str, float]  # cycles by engine: load, store, vector, matrix, drain
    dram_cycles: float  # in which the whole DRAM is occupied
    dram_bytes: float
    bound_by: str  # an engine, "dram", or "latency" where all of them wait
    scratchpad_bytes: int  # that its buffers take
    accumulator_rows: int
    # Schedules that were held against the memories (none that can be no better), of them `feasible`, `priced` by a run.
    considered: int
    feasible: int
    priced: int
    runner_up: tuple[str, float] | None  # the second best in words, and its cycles


@dataclass(frozen=True)
class Schedule:
    """How one operation is computed. `fields` by dotted name ("tiles.k"): tiles, chunks, slots, placement."""

    strategy: str
    loops: tuple[str, ...] = ()  # outermost first; empty where the strategy has one order
    fields: Mapping[str, int] = field(default_factory=dict)
    estimate: Estimate | None = None  # of the search; None for a schedule that somebody else chose

    def with_(self, **fields: int) -> Schedule:
        """The same schedule with fields replaced, and no estimate: nobody has priced it yet."""
        return replace(self, fields={**self.fields, **fields}, estimate=None)

    def as_json(self) -> dict[str, Any]:
        """As the compiler reads it: strategy, loops, and the fields by group."""
        entry: dict[str, Any] = {"strategy": self.strategy} if self.strategy else {}
        if self.loops:
            entry["loops"] = list(self.loops)
        for name, value in self.fields.items():
            group, _, rest = name.partition(".")
            entry.setdefault(group, {})[rest] = value
        return entry

    @classmethod
    def from_json(cls, entry: Mapping[str, Any], estimate: Estimate | None = None) -> Schedule:
        fields = {
            f"{group}.{name}": value
            for group, values in entry.items()
            if isinstance(values, Mapping)
            for name, value in values.items()
        }
        return cls(entry.get("strategy", ""), tuple(entry.get("loops", ())), fields, estimate)


class Schedules(Mapping[str, Schedule]):
    """Schedules by the key of their operation, `layer/phase/op`. What is not in it, the compiler chooses."""

    def __init__(self, entries: Mapping[str, Schedule] | None = None) -> None:
        self._entries = dict(entries or {})

    def __getitem__(self, key: str) -> Schedule:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<Schedules of {len(self)} operations>"

    def with_(self, key: str, schedule: Schedule) -> Schedules:
        """The same schedules with that of `key` put in or replaced."""
        return Schedules({**self._entries, key: schedule})

    def only(self, *keys: str) -> Schedules:
        """Those of `keys` alone, so that the rest is chosen anew. Raises InputError for a key that there is not."""
        for key in keys:
            if key not in self._entries:
                raise InputError(f"schedules: found no operation '{key}' among {len(self)}")
        return Schedules({key: self._entries[key] for key in keys})

    def to_json(self) -> str:
        """The text that `compile` reads, without estimates."""
        return json.dumps({key: schedule.as_json() for key, schedule in self._entries.items()}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Schedules:
        """Raises InputError for a text that is no JSON object of objects."""
        try:
            entries = json.loads(text)
            return cls({key: Schedule.from_json(entry) for key, entry in entries.items()})
        except (ValueError, AttributeError) as error:
            raise InputError(f"schedules: not a JSON object of schedules by key: {error}") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        _arsis.write_file(path, self.to_json().encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Schedules:
        try:
            return cls.from_json(Path(path).read_text())
        except OSError as error:
            raise FileError(f"{os.fspath(path)}: cannot read the file: {error.strerror}") from None

    def to_pandas(self) -> pandas.DataFrame:
        """One row per operation: strategy, loops, every field, and what is estimated."""
        from arsis.tables import frame

        rows = []
        for key, schedule in self._entries.items():
            row: dict[str, Any] = {"key": key, "strategy": schedule.strategy, "loops": " ".join(schedule.loops)}
            if (estimate := schedule.estimate) is not None:
                row |= {"cycles": estimate.cycles, "bound_by": estimate.bound_by, "dram_bytes": estimate.dram_bytes}
                row |= {f"busy.{engine}": cycles for engine, cycles in estimate.busy.items()}
                row |= {"scratchpad_bytes": estimate.scratchpad_bytes, "accumulator_rows": estimate.accumulator_rows}
            rows.append(row | dict(schedule.fields))
        return frame(rows)


SchedulesLike = Schedules | Mapping[str, Any] | str | os.PathLike[str]


def as_text(schedules: SchedulesLike) -> str:
    """The JSON text of schedules, which may be a file's path, or a dictionary as the file has it."""
    if isinstance(schedules, (str, os.PathLike)):
        return Schedules.load(schedules).to_json()
    if isinstance(schedules, Schedules):
        return schedules.to_json()
    return json.dumps(
        {key: entry.as_json() if isinstance(entry, Schedule) else entry for key, entry in schedules.items()}
    )


def from_native(text: str, found: list[dict[str, Any]]) -> Schedules:
    """What the native module returns: the schedules, and what the search found, by key."""
    estimates = {entry.pop("key"): Estimate(**entry) for entry in found}
    return Schedules({key: Schedule.from_json(entry, estimates.get(key)) for key, entry in json.loads(text).items()})
