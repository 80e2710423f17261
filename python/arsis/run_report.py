# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The report of a run (reports/schema/report.schema.json) with types. As a mapping it is the JSON object itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import _arsis
from _arsis import FileError, InputError

from arsis.tables import Component, Layer, Layers, Phase, Placement, Row, Table, Totals, Unit

SCHEMA_VERSION = 5


class Report(Mapping[str, Any]):
    """What one step of a program did on a chip. JSON is read when it is first looked into.

    >>> report = arsis.simulate(arsis.compile("lenet5", "edge", batch=8), "edge")
    >>> report.cycles == sum(row.cycles for row in report.layers)
    True
    >>> report.at("conv*").cycles < report.cycles
    True
    >>> report["totals"]["cycles"] == report.cycles
    True
    """

    def __init__(self, content: str | bytes | Mapping[str, Any]) -> None:
        """The JSON text of a report, or the object that it holds."""
        self._text: str | bytes | None = content if isinstance(content, (str, bytes)) else None
        self._content: dict[str, Any] | None = None if self._text is not None else dict(content)  # type: ignore[arg-type]

    @property
    def content(self) -> dict[str, Any]:
        """The object itself. Raises InputError for a text that is no report of this version."""
        if self._content is None:
            assert self._text is not None
            try:
                content = _arsis.read_json(self._text)
            except ValueError as error:
                raise InputError(f"the report is no JSON: {error}") from None
            if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
                raise InputError(f"found no report, expected an object whose schema_version is {SCHEMA_VERSION}")
            self._content, self._text = content, None
        return self._content

    def __getitem__(self, section: str) -> Any:
        return self.content[section]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)

    def __repr__(self) -> str:
        cycles = self["totals"].get("cycles")
        return f"<Report of a {self.mode} run on {self.chip}" + (f", {cycles} cycles>" if cycles is not None else ">")

    def __reduce__(self) -> tuple[type[Report], tuple[str | bytes | dict[str, Any]]]:
        return Report, (self.content if self._text is None else self._text,)

    @property
    def mode(self) -> str:
        """ "full", "timing-only" or "functional-only"."""
        return str(self["mode"])

    @property
    def chip(self) -> str:
        """The chip's name."""
        return str(self["chip"]["name"])

    @property
    def totals(self) -> Totals:
        return Totals(self["totals"])

    @property
    def cycles(self) -> int:
        """Of the step, in cycles of the core clock. Raises InputError for a run without a clock."""
        return self.totals.cycles

    @property
    def energy_pj(self) -> float:
        return self.totals.energy_pj

    @property
    def layers(self) -> Layers:
        """One row per layer, phase and operation."""
        return Layers([Layer(row) for row in self["layers"]])

    @property
    def phases(self) -> Table[Phase]:
        return Table([Phase(row) for row in self["phases"]])

    @property
    def units(self) -> Table[Unit]:
        return Table([Unit(row) for row in self["units"]])

    @property
    def energy(self) -> Table[Component]:
        """One row per kind of event that costs energy."""
        return Table([Component({"name": name, **row}) for name, row in self["energy"].items()])

    @property
    def plan(self) -> Table[Placement]:
        """The memory plan, in the order of the program."""
        return Table([Placement(row) for row in self["memory_plan"]])

    @property
    def statistics(self) -> Table[Row]:
        """Counters of the machine: name, unit, description, value."""
        return Table([Row(row) for row in self["statistics"]])

    def at(self, layer: str = "*", *, phase: str = "*", op: str = "*") -> Layers:
        """The rows that match, as in the shell: `*`, `?` and `[...]`. Raises InputError if none does.

        `report.at("layer3/*", phase="bwd-input").cycles` are the cycles of these operations together."""
        rows = [
            row
            for row in self.layers
            if fnmatchcase(row.layer, layer) and fnmatchcase(row.phase, phase) and fnmatchcase(row.op, op)
        ]
        if not rows:
            known = list(dict.fromkeys(row.layer for row in self.layers))
            listed = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
            raise InputError(f"no row has layer '{layer}', phase '{phase}' and op '{op}'; the layers are {listed}")
        return Layers(rows)

    def to_json(self) -> str:
        """The text as `save` writes it."""
        return json.dumps(self.content, indent=1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the file, complete or not at all. Raises FileError."""
        _arsis.write_file(path, self.to_json().encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Report:
        """Raises FileError for a file that cannot be read, InputError for one that is no report."""
        try:
            report = cls(Path(path).read_bytes())
        except OSError as error:
            raise FileError(f"{os.fspath(path)}: cannot read the file: {error.strerror}") from None
        try:
            _ = report.content
        except InputError as error:
            raise InputError(f"{os.fspath(path)}: {error}") from None
        return report
