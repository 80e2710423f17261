# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A chip as Python sees it: checked values by dotted key, each with its unit and source."""

from __future__ import annotations

import numbers
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import _arsis
from _arsis import ChipError, InputError

Setting: TypeAlias = int | float | str
ChipLike: TypeAlias = "str | os.PathLike[str] | Chip"

# The products that an array may make, and the key that says in how many passes.
PASSES = {"fp32": "matrix.fp32_passes", "bf16": "matrix.bf16_passes", "fp16": "matrix.fp16_passes"}


@dataclass(frozen=True)
class Value:
    """A value of a chip. `unit` as in the chip's file ("PE", "GB/s"); `source` says where the value is from."""

    key: str
    value: Setting
    unit: str
    source: str
    meaning: str


@dataclass(frozen=True)
class Difference:
    """A key on which two chips differ. None: the chip leaves the key out, which is a function of its sizes then."""

    key: str
    left: Setting | None
    right: Setting | None
    unit: str


@dataclass(frozen=True)
class Peak:
    """What a chip can do at most: operations (a multiply-add counts as two) and bytes of DRAM, each a second."""

    ops_per_s: float
    bytes_per_s: float

    @property
    def ridge(self) -> float:
        """Operations per byte of DRAM from which on the arrays bound, and no more the DRAM."""
        return self.ops_per_s / self.bytes_per_s


@dataclass(frozen=True)
class Figure:
    """A figure with what its sources say at least and at most; `given` where the chip's file or an override says
    what a function of sizes and technology would have said. `unit`: of an energy "pJ" or "pJ/B", of power "mW",
    of an area "mm2"."""

    low: float
    nominal: float
    high: float
    unit: str
    source: str
    given: bool = False


class Chip(Mapping[str, Any]):
    """A shipped chip by name, a chip's YAML file, or another Chip. As a mapping: every key that it gives and its
    value; energies that it leaves out are functions (`energies`).

    Its values are right: a file or a value that is not, or two that contradict each other, raise ChipError.

    >>> chip = arsis.Chip("edge")
    >>> chip["matrix.rows"], chip.value("matrix.rows").unit
    (16, 'PE')
    >>> wide = chip.with_(**{"matrix.rows": 32, "matrix.cols": 32})
    >>> [(found.key, found.left, found.right) for found in chip.diff(wide)]
    [('matrix.cols', 16, 32), ('matrix.rows', 16, 32)]
    """

    def __init__(self, source: ChipLike, overrides: Mapping[str, object] | None = None) -> None:
        """`overrides` as for `with_`."""
        changed = {key: as_text(key, value) for key, value in (overrides or {}).items()}
        if isinstance(source, Chip):
            self.origin: str = source.origin
            self._native: _arsis.Chip = source._native.with_overrides(changed)
        else:
            self.origin = os.fspath(source)
            self._native = _arsis.Chip(self.origin, changed)

    @property
    def name(self) -> str:
        return self._native.name

    @property
    def description(self) -> str:
        return self._native.description

    @property
    def overrides(self) -> dict[str, str]:
        """The values that are not the file's, as text by key."""
        return self._native.overrides()

    @property
    def assumed(self) -> list[str]:
        """Keys whose value nobody published: their source says so."""
        return self._native.assumed()

    def __getitem__(self, key: str) -> Any:
        """The value of a key: int, float or str, as the schema says. Raises ChipError for a key that there is not."""
        return self._native.value(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._native.keys())

    def __len__(self) -> int:
        return len(self._native.keys())

    def __contains__(self, key: object) -> bool:
        return key in list(self)

    def value(self, key: str) -> Value:
        """The value of a key with its unit, source and meaning. Raises ChipError."""
        native = self._native
        return Value(key, native.value(key), native.unit(key), native.source(key), _arsis.describe_chip_key(key))

    @property
    def energies(self) -> dict[str, Figure]:
        """What each event costs, by key: from the chip's sizes and technology unless the chip gives the key.

        >>> small, large = (arsis.Chip("edge").with_(**{"scratchpad.kib": kib}) for kib in (256, 1024))
        >>> small.energies["energy.spm_read_pj"].nominal < large.energies["energy.spm_read_pj"].nominal
        True
        """
        return {key: Figure(**figure) for key, figure in self._native.power()["energies"].items()}

    @property
    def static_power(self) -> dict[str, Figure]:
        """What is drawn all the time, in mW by part; `dram_background` and `dram_refresh` are outside of the chip."""
        return {part: Figure(unit="mW", **figure) for part, figure in self._native.power()["static_mw"].items()}

    @property
    def areas(self) -> dict[str, Figure]:
        """In mm2 by part: arrays, memories and lanes; control, DMA engines and the interface are not modelled."""
        return {part: Figure(unit="mm2", **figure) for part, figure in self._native.power()["area_mm2"].items()}

    @property
    def area(self) -> float:
        """In mm2, the sum of `areas`."""
        return sum(figure.nominal for figure in self.areas.values())

    @property
    def clock_limit_mhz(self) -> float:
        """The fastest clock that memories and logic follow at the chip's node and voltage, in MHz."""
        return float(self._native.power()["clock_limit_mhz"])

    @property
    def clock_limited_by(self) -> str:
        """What allows no faster clock than `clock_limit_mhz`: "logic", "the scratchpad's banks", "the accumulators'
        banks" or "the instruction buffer"."""
        return str(self._native.power()["clock_limited_by"])

    def at_voltage(self, voltage: float) -> Chip:
        """The same chip at another supply, at the fastest clock (whole MHz) that it allows there: a pair of frequency
        and voltage. Raises ChipError for a voltage outside of what is known of the node."""
        slow = self.with_(**{"technology.voltage_v": voltage, "clock.core_mhz": 1})
        return slow.with_(**{"clock.core_mhz": int(slow.clock_limit_mhz)})

    def with_(self, **values: object) -> Chip:
        """The same chip with values replaced by dotted key: numbers, bools (for flags) or texts.
        Relations between keys need to hold at the end only. Raises ChipError."""
        return Chip(self, values)

    def validate(self) -> None:
        """Reads the chip's file again and checks all of it, overrides included. Raises ChipError."""
        _arsis.Chip(self.origin, self.overrides)

    def diff(self, other: ChipLike) -> list[Difference]:
        """The keys on which `other` differs, sorted."""
        right = Chip(other)
        mine, theirs = dict(self), dict(right)
        return [
            Difference(key, mine.get(key), theirs.get(key), self._native.unit(key))
            for key in self._native.differences(right._native)
        ]

    def peak(self, precision: str = "fp32") -> Peak:
        """The bounds of a roofline: 2 x units x rows x cols / passes x clock, and the bandwidth of the DRAM.
        `precision` of the factors: fp32, bf16 or fp16; no operations if the arrays do not multiply it."""
        if precision not in PASSES:
            raise InputError(f"precision: found {precision!r}, expected fp32, bf16 or fp16")
        passes = self[PASSES[precision]]
        macs = self["matrix.units"] * self["matrix.rows"] * self["matrix.cols"] / passes if passes else 0.0
        return Peak(2 * macs * self["clock.core_mhz"] * 1e6, self["dram.bandwidth_gbps"] * 1e9)

    def __repr__(self) -> str:
        changes = "".join(f", {key}={text}" for key, text in self.overrides.items())
        return f"<Chip {self.origin}{changes}>"

    def __eq__(self, other: object) -> bool:
        """Whether all values are the same, and the name."""
        return isinstance(other, Chip) and self.name == other.name and not self._native.differences(other._native)

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.values())))

    def __reduce__(self) -> tuple[type[Chip], tuple[str, dict[str, str]]]:
        is_file = "/" in self.origin or self.origin.endswith(".yaml")
        return Chip, (os.path.abspath(self.origin) if is_file else self.origin, self.overrides)


def as_text(key: str, value: object) -> str:
    """A value as a chip's file has it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    raise ChipError(f"{key}: found {value!r}, expected a number, True or False, or a text")


def resolve(chip: ChipLike, overrides: Mapping[str, object] | None = None) -> tuple[str, dict[str, str]]:
    """Name or path of a chip, and the values that replace its file's: what the native module takes."""
    changed = {key: as_text(key, value) for key, value in (overrides or {}).items()}
    if isinstance(chip, Chip):
        return chip.origin, chip.overrides | changed
    return os.fspath(chip), changed
