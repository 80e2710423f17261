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
    """A key on which two chips differ."""

    key: str
    left: Setting
    right: Setting
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


class Chip(Mapping[str, Any]):
    """A shipped chip by name, a chip's YAML file, or another Chip. As a mapping: every key and its value.

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
        return iter(_arsis.chip_keys())

    def __len__(self) -> int:
        return len(_arsis.chip_keys())

    def __contains__(self, key: object) -> bool:
        return key in _arsis.chip_keys()

    def value(self, key: str) -> Value:
        """The value of a key with its unit, source and meaning. Raises ChipError."""
        native = self._native
        return Value(key, native.value(key), native.unit(key), native.source(key), _arsis.describe_chip_key(key))

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
        return [
            Difference(key, self[key], right[key], self._native.unit(key))
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
