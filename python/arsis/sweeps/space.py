# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A space of points: what varies over which values, what is linked, what must hold, which chips have names.

A dictionary, or the same as YAML. Every key that is none of SECTIONS is a parameter: `model`, `chip`, `batch`,
`dims.NAME`, `tie`, `untie`, `freeze`, `random_weights`, an option of `arsis.compile`, or a key of the chip. Points come
in the order in which the parameters stand, the first varies slowest: the same space has the same points in the same
order, always.
"""

from __future__ import annotations

import difflib
import fnmatch
import itertools
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import _arsis

import arsis
from arsis.sweeps.expression import Expression, ExpressionError
from arsis.sweeps.values import expand, is_number, plain, text_of

SECTIONS = ("chips", "let", "cases", "constraints", "hold", "objectives", "measures", "limits")
# Of a compilation, besides its options.
ARGUMENTS = ("model", "chip", "batch", "tie", "untie", "freeze", "random_weights")
CASE = "case"
MOST_POINTS = 10_000_000  # before constraints

Point = dict[str, Any]


class SpaceError(arsis.InputError):
    """A space that means nothing. The message names the place and says what was expected."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"space: {place}: {text}")


@dataclass(frozen=True)
class NamedChip:
    """A chip of the space: a shipped one or a file, with values of its own."""

    base: str
    overrides: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Axis:
    """One parameter and its values; of cases, the values are points of their own."""

    name: str
    values: tuple[Any, ...]


@cache
def base_values(chip: str) -> dict[str, float | str]:
    """Every value that a shipped chip or a chip's file gives. Raises arsis.Error."""
    return {key: value if isinstance(value, str) else float(value) for key, value in arsis.Chip(chip).items()}


def is_energy(key: str) -> bool:
    """Whether a key of a chip may be left out, which is a function of the chip's other keys then."""
    return key.startswith("energy.")


@lru_cache(maxsize=1024)
def energies_of(chip: str, overrides: tuple[tuple[str, str], ...]) -> dict[str, float]:
    """Every energy of a chip with other keys than its file's; its static power is the sum of its parts, DRAM
    excluded. Raises arsis.Error."""
    found = arsis.Chip(chip, dict(overrides))
    parts = [part.nominal for name, part in found.static_power.items() if not name.startswith("dram_")]
    return {key: energy.nominal for key, energy in found.energies.items()} | {"energy.static_mw": sum(parts)}


def is_text_key(key: str) -> bool:
    """Whether the values of a key of a chip are words, as those of dram.scheduler are."""
    return isinstance(base_values(arsis.chips()[0]).get(key), str)


def chip_value(key: str, text: str | float) -> float | str:
    """The value of a key, from its text."""
    return str(text) if is_text_key(key) else float(text)


@cache
def chip_keys() -> frozenset[str]:
    return frozenset(_arsis.chip_keys())


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def _expression(text: object, place: str) -> Expression:
    if not isinstance(text, str):
        raise SpaceError(place, f"found {text!r}, expected the text of an expression")
    try:
        return Expression(text)
    except ExpressionError as error:
        raise SpaceError(place, str(error)) from None


def _mapping(given: object, place: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise SpaceError(place, f"found {given!r}, expected names with values")
    return given


def _texts(given: object, place: str) -> list[str]:
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
        raise SpaceError(place, f"found {given!r}, expected a text or a list of texts")
    return list(given)


class Space:
    """What `space` says, checked. Raises SpaceError. `folder` is where relative paths of models and chips begin."""

    def __init__(self, space: Mapping[str, Any], folder: Path | None = None) -> None:
        space = _mapping(space, "the space")
        base_values.cache_clear()  # a file may have changed since the last space
        energies_of.cache_clear()
        self._folder = folder
        self.chips = self._named_chips(space.get("chips", {}))
        self.axes: list[Axis] = []
        self.linked: dict[str, Expression] = {}
        self.variables = set(_mapping(space.get("let", {}), "let"))
        for name in space:
            if name == "let":
                for variable, given in space["let"].items():
                    self._variable(variable)
                    self._parameter(variable, given)
            elif name == "cases":
                self._cases(space["cases"])
            elif name not in SECTIONS:
                self._check_name(name)
                self._parameter(name, space[name])
        self.hold = self._holds(space.get("hold", []))
        self.constraints = [
            _expression(text, "constraints") for text in _texts(space.get("constraints", []), "constraints")
        ]
        self.objectives = _texts(space.get("objectives", []), "objectives")
        self.limits = [_expression(text, "limits") for text in _texts(space.get("limits", []), "limits")]
        measures = _mapping(space.get("measures", {}), "measures")
        self.measures = {name: _expression(text, f"measures: {name}") for name, text in measures.items()}
        self._check_whole()

    # What stands in the space.

    def _named_chips(self, given: object) -> dict[str, NamedChip]:
        chips = {}
        for name, values in _mapping(given, "chips").items():
            place = f"chips: {name}"
            values = dict(_mapping(values, place))
            if "base" not in values:
                raise SpaceError(place, "has no base, expected the chip that it changes, as in {base: edge}")
            base = self._chip_file(values.pop("base"), place)
            for key, value in values.items():
                if key not in chip_keys():
                    raise SpaceError(place, f"'{key}' is no key of a chip{_nearest(key, sorted(chip_keys()))}")
                if not is_number(value):
                    raise SpaceError(place, f"{key} is {value!r}, expected a number")
            chips[name] = NamedChip(base, {key: text_of(value) for key, value in values.items()})
        return chips

    def _path(self, name: str) -> str:
        return str(self._folder / name) if self._folder and not Path(name).is_absolute() else name

    def _chip_file(self, name: object, place: str) -> str:
        if not isinstance(name, str):
            raise SpaceError(place, f"found {name!r}, expected the name of a chip or the path of its file")
        path = str(Path(self._path(name)).resolve()) if "/" in name or name.endswith(".yaml") else name
        try:
            base_values(path)
        except arsis.Error as error:
            raise SpaceError(place, str(error)) from None
        return path

    def _known(self) -> list[str]:
        return [*ARGUMENTS, *_arsis.compile_options(), *sorted(chip_keys())]

    def _check_name(self, name: str) -> None:
        if name in self._known() or (name.startswith("dims.") and len(name) > 5):
            return
        raise SpaceError(
            name,
            f"is no parameter{_nearest(name, [*self._known(), *SECTIONS])}; expected {', '.join(ARGUMENTS)}, "
            f"dims.NAME, an option of arsis.compile or a key of a chip; a name of your own belongs under let",
        )

    def _variable(self, name: str) -> None:
        if name in self._known() or not name.isidentifier():
            raise SpaceError(f"let: {name}", "expected a name of letters that is no parameter")

    def _parameter(self, name: str, given: object) -> None:
        if name in self.linked or any(axis.name == name for axis in self.axes):
            raise SpaceError(name, "is given twice, expected it once")
        if isinstance(given, str) and given.startswith("="):
            self.linked[name] = _expression(given[1:], name)
            return
        values = expand(
            os.fspath(given) if isinstance(given, os.PathLike) else given, lambda text: SpaceError(name, text)
        )
        self.axes.append(Axis(name, tuple(self._checked(name, value) for value in values)))

    def _cases(self, given: Any) -> None:
        named = isinstance(given, Mapping)
        entries = list(given.values()) if named else given
        if not isinstance(entries, list | tuple) or not entries:
            raise SpaceError("cases", f"found {given!r}, expected a list of points, or points by name")
        cases = []
        for number, entry in enumerate(entries):
            label = list(given)[number] if named else number + 1
            place = f"cases: {label}"
            point: Point = {}
            for name, value in _mapping(entry, place).items():
                self._check_name(name)
                point[name] = self._checked(name, value, place)
            if set(point) != set(entries[0]):
                raise SpaceError(
                    place, f"gives {', '.join(point)}, expected what the first gives: {', '.join(entries[0])}"
                )
            cases.append({CASE: label, **point} if named else point)
        for name in entries[0]:
            if name in self.linked or any(axis.name == name for axis in self.axes):
                raise SpaceError("cases", f"{name} is a parameter of its own too, expected it once")
        self.axes.append(Axis("cases", tuple(cases)))

    def _checked(self, name: str, value: object, place: str = "") -> object:
        """A value of a parameter as points have it. Raises SpaceError where it cannot be one."""
        place = f"{place}: {name}" if place else name
        if name == "chip":
            return value if value in self.chips else self._chip_file(value, place)
        if name == "model":
            if isinstance(value, str) and (value.endswith((".onnx", ".mlir"))):
                path = self._path(value)
                if not Path(path).is_file():
                    raise SpaceError(place, f"{path}: no such file")
                return path
            return value
        if name == "batch" or name.startswith("dims."):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise SpaceError(place, f"found {value!r}, expected whole numbers from 1")
        elif name == "random_weights":
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**64:
                raise SpaceError(place, f"found {value!r}, expected whole numbers from 0, below 2^64")
        elif name in chip_keys() and not (isinstance(value, str) if is_text_key(name) else is_number(value)):
            raise SpaceError(place, f"found {value!r}, expected {'words' if is_text_key(name) else 'numbers'}")
        return value

    def _holds(self, given: object) -> tuple[str, ...]:
        patterns = _texts(given, "hold")
        for pattern in patterns:
            if not fnmatch.filter(chip_keys(), pattern):
                raise SpaceError(
                    "hold", f"'{pattern}' matches no key of a chip{_nearest(pattern, sorted(chip_keys()))}"
                )
        return tuple(patterns)

    # What must hold of all of it.

    def _check_whole(self) -> None:
        names = self.names()
        for needed in ("model", "chip"):
            if needed not in names:
                raise SpaceError("the space", f"has no {needed}, expected one, as in {needed}: ...")
        if math.prod(len(axis.values) for axis in self.axes) > MOST_POINTS:
            raise SpaceError("the space", f"has more than {MOST_POINTS:,} points before constraints")
        for place, expression in [("constraints", each) for each in self.constraints] + list(self.linked.items()):
            for name in expression.names:
                if name not in names and name not in chip_keys():
                    raise SpaceError(
                        place,
                        f"'{expression.text}' reads {name}, which is no parameter of the space and no key of a "
                        f"chip{_nearest(name, [*names, *chip_keys()])}",
                    )
        self._order = self._link_order()

    def _link_order(self) -> list[str]:
        order: list[str] = []
        pending = dict(self.linked)
        while pending:
            ready = [name for name, expression in pending.items() if not self._reads(expression) & set(pending)]
            if not ready:
                energies = any(is_energy(name) for expression in pending.values() for name in expression.names)
                why = "; an energy that is no parameter is read of the chip and all its other keys" if energies else ""
                raise SpaceError(", ".join(pending), f"read each other, expected links without a circle{why}")
            order += ready
            for name in ready:
                del pending[name]
        return order

    def _reads(self, expression: Expression) -> set[str]:
        """The parameters and variables on which its value depends: what is none is read of the chip, and an energy
        that is none may be a function of every other key."""
        names = self.names()
        found, of_chip = set(expression.names), set(expression.names).difference(names)
        if of_chip:
            found.add("chip")
        if any(map(is_energy, of_chip)):
            found |= {name for name in names if name in chip_keys() and not is_energy(name)}
        return found

    # What it means.

    def names(self) -> list[str]:
        """Every parameter and variable, in order."""
        plain = [name for axis in self.axes for name in (axis.values[0] if axis.name == "cases" else [axis.name])]
        return [*plain, *self.linked]

    def moving(self) -> dict[str, list[str]]:
        """The columns of every axis with several values, by its name; those of cases go together."""
        several = [axis for axis in self.axes if len(axis.values) > 1]
        return {axis.name: list(axis.values[0]) if axis.name == "cases" else [axis.name] for axis in several}

    def varied(self) -> list[str]:
        """Those that differ between points."""
        plain = [name for columns in self.moving().values() for name in columns]
        moved = set(plain)
        for name in self._order:
            if self._reads(self.linked[name]) & moved:
                moved.add(name)
        return [*plain, *(name for name in self.linked if name in moved)]

    def chip_of(self, name: str) -> NamedChip:
        return self.chips.get(name) or NamedChip(name)

    def value(self, point: Point, name: str) -> Any:
        """Of a parameter, or of a key of the point's chip."""
        if name in point:
            return point[name]
        chip = self.chip_of(point["chip"])
        if name in chip.overrides:
            return chip_value(name, chip.overrides[name])
        given = base_values(chip.base)
        if name in given:
            return given[name]
        keys = chip.overrides | {key: text_of(value) for key, value in point.items() if key in chip_keys()}
        sizes = tuple(sorted((key, text) for key, text in keys.items() if not is_energy(key)))
        try:
            return energies_of(chip.base, sizes)[name]
        except arsis.Error as error:
            raise SpaceError(name, f"there is none, {error}") from None

    def complete(self, point: Point) -> Point | None:
        """The point with what is linked; None if a constraint does not hold. Raises SpaceError."""
        for name in self._order:
            value = self._value_of(self.linked[name], name, point)
            if isinstance(value, tuple) or value is None:
                raise SpaceError(name, f"'{self.linked[name].text}' is {value!r}, expected one value")
            point[name] = self._checked(name, plain(value))
        return point if all(self._value_of(each, "constraints", point) for each in self.constraints) else None

    def _value_of(self, expression: Expression, place: str, point: Point) -> Any:
        try:
            return expression(lambda name: self.value(point, name))
        except ExpressionError as error:
            given = ", ".join(f"{name} = {self.value(point, name)!r}" for name in expression.names)
            raise SpaceError(place, f"{error}{f' where {given}' if given else ''}") from None

    def point(self, choice: tuple[Any, ...]) -> Point | None:
        """The point of one value per axis; None if a constraint does not hold."""
        point: Point = {}
        for axis, value in zip(self.axes, choice, strict=True):
            if isinstance(value, dict):  # a case
                point |= value
            else:
                point[axis.name] = value
        return self.complete(point)

    def points(self) -> Iterator[Point]:
        """All of them. Raises SpaceError if there is none."""
        found = False
        for choice in itertools.product(*(axis.values for axis in self.axes)):
            if (point := self.point(choice)) is not None:
                found = True
                yield point
        if not found:
            raise SpaceError("constraints", "hold for no point of the space")
