# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The values that a space gives one parameter: one value, a list, a range with a step or a count, a range of ratios."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

MOST_VALUES = 100_000  # of one parameter

Fail = Callable[[str], Exception]  # makes the error for what is wrong, which names the parameter
FORMS = (
    "a value, a list, {range: [FIRST, LAST], step: S}, {range: [FIRST, LAST], count: N}, "
    "{log: [FIRST, LAST], factor: F}, {log: [FIRST, LAST], count: N} or '=EXPRESSION'"
)


def plain(value: Any) -> Any:
    """A number without the dust of floating point: whole where it is whole, 12 digits where it is not."""
    if isinstance(value, bool) or not isinstance(value, float):
        return value
    rounded = float(f"{value:.12g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


def text_of(value: float | int | str) -> str:
    """A value as a chip file has it: no exponent."""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def expand(given: Any, fail: Fail) -> tuple[Any, ...]:
    """The values in order. Raises what `fail` makes of whatever is none of FORMS."""
    if isinstance(given, dict):
        values = _from_range(given, fail)
    elif isinstance(given, list | tuple | range) or hasattr(given, "tolist"):
        values = tuple(given.tolist() if hasattr(given, "tolist") else given)
    else:
        values = (given,)
    if not values:
        raise fail(f"has no values, expected {FORMS}")
    for value in values:
        if isinstance(value, float) and not math.isfinite(value):
            raise fail(f"found {value}, expected finite numbers")
        if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
            continue  # an option that may be given repeatedly
        if not isinstance(value, str | int | float | bool | bytes) and not hasattr(value, "SerializeToString"):
            raise fail(f"found {value!r}, expected {FORMS}")
    values = tuple(plain(value) for value in values)
    repeated = [value for number, value in enumerate(values) if value in values[:number]] if len(values) < 1000 else []
    if repeated:
        raise fail(f"has the value {repeated[0]!r} twice, expected it once")
    return values


def _ends(given: object, fail: Fail) -> tuple[float | int, float | int]:
    if isinstance(given, Sequence) and len(given) == 2 and all(is_number(end) for end in given):
        return given[0], given[1]
    raise fail(f"found {given!r}, expected [FIRST, LAST], two numbers")


def _count(given: object, fail: Fail) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 2 <= given <= MOST_VALUES:
        raise fail(f"found count {given!r}, expected a whole number from 2 to {MOST_VALUES}")
    return given


def _from_range(given: dict[str, Any], fail: Fail) -> tuple[Any, ...]:
    match sorted(map(str, given)):
        case ["range", "step"]:
            return _steps(*_ends(given["range"], fail), given["step"], fail)
        case ["count", "range"]:
            first, last = _ends(given["range"], fail)
            count = _count(given["count"], fail)
            return tuple(first + (last - first) * i / (count - 1) for i in range(count))
        case ["factor", "log"]:
            return _ratios(*_ends(given["log"], fail), given["factor"], fail)
        case ["count", "log"]:
            first, last = _ends(given["log"], fail)
            count = _count(given["count"], fail)
            if first <= 0 or last <= 0:
                raise fail(f"found a log range from {first} to {last}, expected positive numbers")
            return tuple(first * (last / first) ** (i / (count - 1)) for i in range(count))
    raise fail(f"found {given!r}, expected {FORMS}")


def _steps(first: float | int, last: float | int, step: Any, fail: Fail) -> tuple[Any, ...]:
    if not is_number(step) or step == 0 or (last - first) * step < 0:
        raise fail(f"found step {step!r} from {first} to {last}, expected a number that leads from one to the other")
    count = math.floor((last - first) / step * (1 + 1e-12) + 1e-9) + 1
    if count > MOST_VALUES:
        raise fail(f"has {count} values, expected at most {MOST_VALUES}")
    return tuple(first + i * step for i in range(count))


def _ratios(first: float | int, last: float | int, factor: Any, fail: Fail) -> tuple[Any, ...]:
    if first <= 0 or last <= 0 or not is_number(factor) or factor <= 0 or factor == 1 or (last > first) != (factor > 1):
        raise fail(
            f"found factor {factor!r} from {first} to {last}, expected positive numbers of which the factor "
            f"leads from one to the other"
        )
    count = math.floor(math.log(last / first) / math.log(factor) + 1e-9) + 1
    if count > MOST_VALUES:
        raise fail(f"has {count} values, expected at most {MOST_VALUES}")
    return tuple(first * factor**i for i in range(count))
