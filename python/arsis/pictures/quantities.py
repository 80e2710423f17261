# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers with SI prefixes, as people write them."""

from __future__ import annotations

LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
SMALL = ((1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))
PICOJOULES = 1e-12


def _spaced(unit: str) -> str:
    """A unit that is a word stands apart from its prefix: k cycles, but kB."""
    return f" {unit}" if len(unit) > 2 else unit


def quantity(value: float, unit: str = "") -> str:
    """Three significant digits with an SI prefix: 1.23 M cycles."""
    for factor, prefix in LARGE:
        if abs(value) >= factor:
            return f"{value / factor:.3g} {prefix}{_spaced(unit)}"
    if value == 0 or abs(value) >= 1:
        return f"{value:.3g} {unit}".rstrip()
    for factor, prefix in SMALL:
        if abs(value) >= factor:
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".rstrip()


def change(value: float, unit: str = "") -> str:
    """A difference, with its sign: +1.23 M cycles, −4 kB, 0."""
    if value == 0:
        return "0"
    return ("+" if value > 0 else "−") + quantity(abs(value), unit)


def percent_change(before: float, after: float) -> str:
    """+12.3 %, or `new` and `gone` where one side has nothing."""
    if before == after:
        return "0 %"
    if before == 0:
        return "new"
    if after == 0:
        return "gone"
    share = (after - before) / before * 100
    return f"{'+' if share > 0 else '−'}{abs(share):.3g} %"
