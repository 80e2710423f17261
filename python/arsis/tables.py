# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows of a report with typed columns, and tables of them that add up, filter, and become pandas frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from _arsis import InputError

if TYPE_CHECKING:
    import pandas


class Row(Mapping[str, Any]):
    """A row as the report has it: every column by name, and those below as typed attributes."""

    __slots__ = ("_row",)

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row

    def __getitem__(self, column: str) -> Any:
        return self._row[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __len__(self) -> int:
        return len(self._row)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self._row)})"

    def _timed(self, column: str) -> Any:
        """A column that a run without a clock does not have."""
        if column not in self._row:
            raise InputError(f"{column}: a functional run has none, expected a run with a clock")
        return self._row[column]


class Counted(Row):
    """What layers, phases and totals share."""

    __slots__ = ()

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the arrays, padding included."""
        return int(self["macs"])

    @property
    def dram_read_bytes(self) -> int:
        return int(self["dram_read_bytes"])

    @property
    def dram_write_bytes(self) -> int:
        return int(self["dram_write_bytes"])

    @property
    def energy_pj(self) -> float:
        return float(self["energy_pj"])

    @property
    def cycles(self) -> int:
        """Of the core clock; those of all layers add up to the total. Raises InputError without a clock."""
        return int(self._timed("cycles"))


class Totals(Counted):
    """Sums over the step."""

    __slots__ = ()

    @property
    def time_ns(self) -> float:
        return float(self._timed("time_ns"))

    @property
    def power_mw(self) -> float:
        return float(self._timed("power_mw"))

    @property
    def utilisation(self) -> float:
        """Multiply-adds over what all PEs could do meanwhile, 0 to 1."""
        return float(self._timed("utilisation"))


class Layer(Counted):
    """An operation of a layer in a phase: "fwd", "loss", "bwd-input", "bwd-weight", "update"."""

    __slots__ = ()

    @property
    def layer(self) -> str:
        return str(self["layer"])

    @property
    def phase(self) -> str:
        return str(self["phase"])

    @property
    def op(self) -> str:
        return str(self["op"])

    @property
    def bound_by(self) -> str:
        """What was busy longest: a unit, "dram", or "none"."""
        return str(self._timed("bound_by"))

    @property
    def utilisation(self) -> float:
        return float(self._timed("utilisation"))

    @property
    def busy(self) -> dict[str, int]:
        """Cycles by unit."""
        return dict(self._timed("busy"))

    @property
    def stalled(self) -> dict[str, dict[str, int]]:
        """By unit and cause, cycles in which a unit stood still for an instruction of the row."""
        return {unit: dict(causes) for unit, causes in self._timed("stalled").items()}

    @property
    def load_payload_bytes(self) -> int:
        """Of tensors, that loads took over the bus."""
        return int(self["load_payload_bytes"])

    @property
    def store_payload_bytes(self) -> int:
        return int(self["store_payload_bytes"])

    @property
    def energy(self) -> dict[str, float]:
        """Picojoules by component."""
        return dict(self["energy"])


class Phase(Counted):
    __slots__ = ()

    @property
    def phase(self) -> str:
        return str(self["phase"])


class Unit(Row):
    """A unit's account: busy + stalled + idle = total, in cycles."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return str(self["name"])

    @property
    def kind(self) -> str:
        return str(self["kind"])

    @property
    def instructions(self) -> int:
        return int(self["instructions"])

    @property
    def busy(self) -> int:
        return int(self._timed("busy"))

    @property
    def idle(self) -> int:
        return int(self._timed("idle"))

    @property
    def total(self) -> int:
        return int(self._timed("total"))

    @property
    def stalled(self) -> dict[str, int]:
        """By cause."""
        return dict(self._timed("stalled"))


class Component(Row):
    """Energy of one kind of event: events x coefficient = pj."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return str(self["name"])

    @property
    def events(self) -> float:
        return float(self["events"])

    @property
    def coefficient(self) -> float:
        """In `unit`."""
        return float(self["coefficient"])

    @property
    def unit(self) -> str:
        return str(self["unit"])

    @property
    def source(self) -> str:
        return str(self["source"])

    @property
    def pj(self) -> float:
        return float(self["pj"])


class Placement(Row):
    """Where a buffer lies: rows in an accumulator, bytes in the other memories; `end` is behind the last."""

    __slots__ = ()

    @property
    def memory(self) -> str:
        return str(self["memory"])

    @property
    def buffer(self) -> str:
        return str(self["buffer"])

    @property
    def layer(self) -> str:
        return str(self["layer"])

    @property
    def begin(self) -> int:
        return int(self["begin"])

    @property
    def end(self) -> int:
        return int(self["end"])

    @property
    def slots(self) -> int:
        return int(self["slots"])


RowT = TypeVar("RowT", bound=Row)


class Table(Sequence[RowT], Generic[RowT]):
    """Rows in the order of the report."""

    def __init__(self, rows: Sequence[RowT]) -> None:
        self._rows = tuple(rows)

    @overload
    def __getitem__(self, index: int) -> RowT: ...
    @overload
    def __getitem__(self, index: slice) -> Table[RowT]: ...
    def __getitem__(self, index: int | slice) -> RowT | Table[RowT]:
        return Table(self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows>"

    def where(self, wanted: Callable[[RowT], bool]) -> Table[RowT]:
        return Table([row for row in self._rows if wanted(row)])

    def to_pandas(self) -> pandas.DataFrame:
        """One row each; a column that is a dictionary becomes one column per key: `busy.load0`."""
        return frame([flat(row) for row in self._rows])


class Layers(Table[Layer]):
    """Rows of operations, and what they come to together."""

    @property
    def cycles(self) -> int:
        return sum(row.cycles for row in self)

    @property
    def macs(self) -> int:
        return sum(row.macs for row in self)

    @property
    def energy_pj(self) -> float:
        return sum(row.energy_pj for row in self)

    @property
    def dram_read_bytes(self) -> int:
        return sum(row.dram_read_bytes for row in self)

    @property
    def dram_write_bytes(self) -> int:
        return sum(row.dram_write_bytes for row in self)


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            columns |= {f"{name}.{key}": part for key, part in value.items()}
        else:
            columns[name] = value
    return columns


def frame(rows: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """Raises ImportError that says what to install, if pandas is not."""
    try:
        import pandas
    except ImportError:
        raise ImportError("tables need pandas, which is not installed: pip install 'arsis[pandas]'") from None
    return pandas.DataFrame(list(rows))
