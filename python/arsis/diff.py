# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Two reports of one model side by side: what moved from the first to the second, by how much, and why.

A row is a layer and a phase. Its cycles are those that the report gives to it, so that the changes of all rows add up
to the change of the step. Why it moved is read from the accounts that its units keep for it: work of a unit, or
standing still by cause; waiting for another unit names no reason of its own and is passed over where there is
another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arsis.pictures.quantities import PICOJOULES, change, percent_change, quantity
from arsis.report import Incomparable, model_of

NOTABLE = 0.02  # of the other side: a smaller change of traffic or work is no reason
MOST_REASONS = 3


@dataclass
class Side:
    """Sums of a row in one report."""

    cycles: int = 0
    macs: int = 0
    dram_bytes: int = 0
    energy_pj: float = 0.0
    ops: tuple[str, ...] = ()
    bound_by: tuple[str, ...] = ()
    account: dict[tuple[str, str], int] | None = None  # cycles by (unit, busy or cause of a stall)


@dataclass
class Moved:
    """A layer and phase in both reports."""

    layer: str
    phase: str
    before: Side
    after: Side

    @property
    def cycles(self) -> int:
        return self.after.cycles - self.before.cycles

    def accounts(self) -> list[tuple[str, str, int, int]]:
        """(unit, what it did, cycles before, cycles after), the largest change first."""
        first, second = self.before.account or {}, self.after.account or {}
        keys = {**first, **second}
        found = [(unit, what, first.get((unit, what), 0), second.get((unit, what), 0)) for unit, what in keys]
        return sorted(found, key=lambda entry: -abs(entry[3] - entry[2]))


@dataclass
class Diff:
    names: tuple[str, str]
    reports: tuple[dict[str, Any], dict[str, Any]]
    rows: list[Moved]  # the largest change of cycles first
    chip: list[tuple[str, str, str]]  # key, before, after
    options: list[tuple[str, str, str]]

    @property
    def cycles(self) -> int:
        first, second = self.reports
        return int(second["totals"]["cycles"]) - int(first["totals"]["cycles"])


def _multiplying(report: dict[str, Any]) -> set[str]:
    """Layers that tell models apart whatever is fused: those with products, all where there are none."""
    return {row["layer"] for row in report["layers"] if row["macs"]} or {row["layer"] for row in report["layers"]}


def _check(first: dict[str, Any], second: dict[str, Any], names: tuple[str, str]) -> None:
    for report, name in zip((first, second), names, strict=True):
        if "cycles" not in report["totals"]:
            raise Incomparable(f"{name}: found a run without a clock, expected one with cycles")
    layers = _multiplying(first), _multiplying(second)
    if layers[0] == layers[1]:
        return
    only = [sorted(layers[0] - layers[1]), sorted(layers[1] - layers[0])]
    which = "; ".join(
        f"only {name} has {', '.join(found[:3])}{f' and {len(found) - 3} more' if len(found) > 3 else ''}"
        for name, found in zip(names, only, strict=True)
        if found
    )
    raise Incomparable(
        f"found reports of different models, {model_of(first)} and {model_of(second)}, expected one model: {which}"
    )


def _sides(report: dict[str, Any]) -> dict[tuple[str, str], Side]:
    sides: dict[tuple[str, str], Side] = {}
    for row in report["layers"]:
        side = sides.setdefault((row["layer"], row["phase"]), Side(account={}))
        side.cycles += row["cycles"]
        side.macs += row["macs"]
        side.dram_bytes += row["dram_read_bytes"] + row["dram_write_bytes"]
        side.energy_pj += row["energy_pj"]
        side.ops += (row["op"],)
        side.bound_by = tuple(dict.fromkeys((*side.bound_by, row["bound_by"])))
        states = [(unit, "busy", cycles) for unit, cycles in row["busy"].items()]
        states += [(unit, cause, n) for unit, causes in row["stalled"].items() for cause, n in causes.items()]
        account = side.account = side.account or {}
        for unit, what, cycles in states:
            account[unit, what] = account.get((unit, what), 0) + cycles
    return sides


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _differing(first: dict[str, Any], second: dict[str, Any]) -> list[tuple[str, str, str]]:
    keys = sorted({**first, **second})
    return [
        (key, _text(first.get(key, "none")), _text(second.get(key, "none")))
        for key in keys
        if first.get(key) != second.get(key)
    ]


def compare(first: dict[str, Any], second: dict[str, Any], names: tuple[str, str]) -> Diff:
    """`names` stand for the reports in messages. Raises Incomparable for reports of different models, or of runs
    without a clock."""
    _check(first, second, names)
    sides = _sides(first), _sides(second)
    rows = [
        Moved(layer, phase, sides[0].get((layer, phase), Side()), sides[1].get((layer, phase), Side()))
        for layer, phase in {**sides[0], **sides[1]}
    ]
    options = [
        {
            key: value
            for key, value in report["program"]["options"].items()
            if not key.startswith("chip.") and key not in ("chip_overrides", "model")
        }
        for report in (first, second)
    ]
    chip = _differing(first["chip"]["values"], second["chip"]["values"])
    if first["chip"]["name"] != second["chip"]["name"]:
        chip.insert(0, ("name", first["chip"]["name"], second["chip"]["name"]))
    found = _differing(options[0], options[1])
    if (joined := _joined(first)) != _joined(second):
        found.append(("joined operations", _units_text(joined), _units_text(_joined(second))))
    return Diff(names, (first, second), sorted(rows, key=lambda row: -abs(row.cycles)), chip, found)


def _joined(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Units of several operations: what the search made of what the option `fuse` allows."""
    return {(row["layer"], row["phase"], row["op"]) for row in report["layers"] if "+" in row["op"]}


def _units_text(joined: set[tuple[str, str, str]]) -> str:
    return f"{len(joined)} units of several" if joined else "none"


def reasons(row: Moved) -> list[str]:
    """What moved with the cycles of a row: accounts of units that moved the same way, then work and traffic."""
    if row.before.account is None or row.after.account is None:
        return ["only in the second report" if row.before.account is None else "only in the first report"]
    found = []
    if row.cycles:
        same_way = [entry for entry in row.accounts() if (entry[3] - entry[2]) * row.cycles > 0]
        own = [entry for entry in same_way if not entry[1].startswith("wait_")]
        enough = abs(row.cycles) / 10
        own = [entry for entry in own if abs(entry[3] - entry[2]) >= enough] or same_way[:1]
        for unit, what, before, after in own[:MOST_REASONS]:
            words = "work" if what == "busy" else what.replace("_", " ")
            found.append(f"{unit} {words} {change(after - before)}")
    for what, before, after in (
        ("MACs", row.before.macs, row.after.macs),
        ("DRAM bytes", row.before.dram_bytes, row.after.dram_bytes),
    ):
        if abs(after - before) > NOTABLE * max(before, after):
            found.append(f"{what} {percent_change(before, after)}")
    if sorted(row.before.ops) != sorted(row.after.ops):
        found.append(f"now {', '.join(row.after.ops)}")
    return found


def totals(diff: Diff) -> list[tuple[str, str, str, str]]:
    """(what, before, after, change) of the whole step."""
    first, second = (report["totals"] for report in diff.reports)
    pairs: list[tuple[str, float, float, Callable[[Any], str]]] = [
        ("cycles", first["cycles"], second["cycles"], lambda v: f"{v:,}"),
        ("time", first["time_ns"] * 1e-9, second["time_ns"] * 1e-9, lambda v: quantity(v, "s")),
        ("energy", first["energy_pj"] * PICOJOULES, second["energy_pj"] * PICOJOULES, lambda v: quantity(v, "J")),
        ("power", first["power_mw"] * 1e-3, second["power_mw"] * 1e-3, lambda v: quantity(v, "W")),
        ("array utilisation", first["utilisation"], second["utilisation"], lambda v: f"{v:.1%}"),
        ("MACs", first["macs"], second["macs"], quantity),
        ("DRAM read", first["dram_read_bytes"], second["dram_read_bytes"], lambda v: quantity(v, "B")),
        ("DRAM written", first["dram_write_bytes"], second["dram_write_bytes"], lambda v: quantity(v, "B")),
    ]
    return [(what, shown(a), shown(b), percent_change(a, b)) for what, a, b, shown in pairs]


def units(diff: Diff) -> list[tuple[str, str, int, int]]:
    """(unit, what it did, cycles before, cycles after) of the whole step, the largest change first."""
    accounts: list[dict[tuple[str, str], int]] = []
    for report in diff.reports:
        account = {}
        for unit in report["units"]:
            account[unit["name"], "busy"] = unit["busy"]
            account |= {(unit["name"], cause): cycles for cause, cycles in unit["stalled"].items()}
            account[unit["name"], "idle"] = unit["idle"]
        accounts.append(account)
    first, second = accounts
    found = [(*key, first.get(key, 0), second.get(key, 0)) for key in {**first, **second}]
    return sorted((entry for entry in found if entry[2] != entry[3]), key=lambda entry: -abs(entry[3] - entry[2]))


def text(diff: Diff, most: int = 20) -> str:
    """For the terminal: what differs in chip and options, totals, then rows and accounts of units by what they
    moved."""
    lines = ["", f"  before: {diff.names[0]}", f"  after:  {diff.names[1]}"]
    for kind, changed in (("chip", diff.chip), ("option", diff.options)):
        lines += [f"  {kind} {key}: {before} -> {after}" for key, before, after in changed]
    if not diff.chip and not diff.options:
        lines.append("  the chip and the options that the programs record are the same")
    lines += ["", f"  {'':18s} {'before':>16s} {'after':>16s} {'change':>9s}"]
    lines += [f"  {what:18s} {before:>16s} {after:>16s} {by:>9s}" for what, before, after, by in totals(diff)]
    moved = [row for row in diff.rows if row.cycles]
    if not moved:
        return "\n".join([*lines, "", "  no layer moved"])
    lines += ["", f"  {'layer':28s} {'phase':10s} {'cycles':>12s} {'change':>10s} {'':8s}  why"]
    for row in moved[:most]:
        by = percent_change(row.before.cycles, row.after.cycles)
        lines.append(
            f"  {row.layer[-28:]:28s} {row.phase:10s} {row.after.cycles:12,} {change(row.cycles):>10s} {by:>8s}  "
            + "; ".join(reasons(row))
        )
    if rest := moved[most:]:
        left = sum(row.cycles for row in rest)
        lines.append(f"  {f'{len(rest)} others':28s} {'':10s} {'':12s} {change(left):>10s}")
    lines.append(f"  {'together':28s} {'':10s} {'':12s} {change(diff.cycles):>10s}")
    lines += ["", f"  {'unit':12s} {'what it did':22s} {'before':>14s} {'after':>14s} {'change':>10s}"]
    for unit, what, before, after in units(diff)[:most]:
        name = what if what in ("busy", "idle") else f"stalled: {what.replace('_', ' ')}"
        lines.append(f"  {unit:12s} {name:22s} {before:14,} {after:14,} {change(after - before):>10s}")
    return "\n".join(lines)


def page(diff: Diff) -> str:
    """One self-contained HTML page."""
    from arsis.pictures import compared
    from arsis.pictures import page as pages
    from arsis.pictures.step import phase_name

    return pages.render(
        "diff.html.j2",
        {
            "waterfall": compared.waterfall(diff),
            "accounts": compared.accounts(diff),
            "phases": compared.phases(diff),
            "energy": compared.energy(diff),
        },
        title=f"{model_of(diff.reports[0])}: {Path(diff.names[0]).stem} and {Path(diff.names[1]).stem}",
        diff=diff,
        totals=totals(diff),
        whole=abs(diff.cycles) or 1,
        reasons=reasons,
        change=change,
        percent_change=percent_change,
        phase_name=phase_name,
        picojoules=PICOJOULES,
    )
