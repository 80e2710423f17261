# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Figures of two reports side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arsis import diff as diffs
from arsis.pictures import style
from arsis.pictures.quantities import PICOJOULES, change, quantity
from arsis.pictures.step import component_energy, phase_name

if TYPE_CHECKING:
    import plotly.graph_objects as go

MORE, LESS = "#d55e00", "#009e73"  # more and fewer cycles
MOST_STEPS, MOST_ACCOUNTS = 18, 14


def waterfall(diff: diffs.Diff, height: int = 340) -> go.Figure:
    """From the cycles of the first report to those of the second, the rows that moved most on the way."""
    import plotly.graph_objects as go

    first, second = (report["totals"]["cycles"] for report in diff.reports)
    moved = [row for row in diff.rows if row.cycles]
    shown, rest = moved[:MOST_STEPS], moved[MOST_STEPS:]
    names, values = ["before"], [first]
    texts = [f"<b>before</b>: {first:,} cycles"]
    for row in shown:
        names.append(f"{style.shortened(row.layer, 18)}<br>{phase_name(row.phase)}")
        values.append(row.cycles)
        why = "<br>".join(diffs.reasons(row))
        texts.append(f"<b>{row.layer}</b>, {phase_name(row.phase)}: {change(row.cycles)} cycles<br>{why}")
    if rest:
        left = sum(row.cycles for row in rest)
        names.append(f"{len(rest)} others")
        values.append(left)
        texts.append(f"<b>{len(rest)} others</b>: {change(left)} cycles")
    names.append("after")
    values.append(second)
    texts.append(f"<b>after</b>: {second:,} cycles")
    kinds = ["absolute", *["relative"] * (len(names) - 2), "total"]
    trace = go.Waterfall(
        x=list(range(len(names))),
        y=values,
        measure=kinds,
        increasing={"marker": {"color": MORE}},
        decreasing={"marker": {"color": LESS}},
        totals={"marker": {"color": style.BUSY_COLOUR}},
        connector={"line": {"color": style.GRID, "width": 1}},
        customdata=texts,
        hovertemplate="%{customdata}<extra></extra>",
    )
    made = style.figure(trace, height=height, y="cycles", showlegend=False, bargap=0.2)
    made.update_xaxes(tickvals=list(range(len(names))), ticktext=names, tickangle=-40, tickfont={"size": 10})
    levels = [first]
    for value in values[1:-1]:
        levels.append(levels[-1] + value)
    low, high = min([*levels, second]), max([*levels, second])
    room = (high - low) * 0.15 or high * 0.05 or 1
    made.update_yaxes(range=[max(low - room, 0), high + room])
    return made


def accounts(diff: diffs.Diff, height: int = 320) -> go.Figure:
    """What the units did more or less of, the largest change on top."""
    import plotly.graph_objects as go

    entries = list(reversed(diffs.units(diff)[:MOST_ACCOUNTS]))
    names = [f"{unit}: {'work' if what == 'busy' else what.replace('_', ' ')}" for unit, what, _, _ in entries]
    moved = [after - before for _, _, before, after in entries]
    texts = [
        f"<b>{name}</b><br>{before:,} to {after:,} cycles, {change(after - before)}"
        for name, (_, _, before, after) in zip(names, entries, strict=True)
    ]
    trace = go.Bar(
        y=names,
        x=moved,
        orientation="h",
        marker={"color": [MORE if value > 0 else LESS for value in moved]},
        customdata=texts,
        hovertemplate="%{customdata}<extra></extra>",
    )
    return style.figure(trace, height=height, x="change of cycles", showlegend=False)


def _pairs(names: list[str], sides: list[list[float]], unit: str, height: int) -> go.Figure:
    traces = []
    for number, (side, values) in enumerate(zip(("before", "after"), sides, strict=True)):
        texts = [f"<b>{n}</b> {side}: {quantity(v, unit)}" for n, v in zip(names, values, strict=True)]
        colour = style.SERIES[5] if number == 0 else style.SERIES[0]
        traces.append(style.bars(names[::-1], values[::-1], name=side, colour=colour, texts=texts[::-1]))
    made = style.figure(*reversed(traces), height=height, barmode="group")
    made.update_xaxes(tickformat="~s", ticksuffix=unit if len(unit) < 3 else "", nticks=6)
    return made.update_layout(legend={"traceorder": "reversed"})


def phases(diff: diffs.Diff, height: int = 260) -> go.Figure:
    """Cycles of every phase, before and after."""
    sums: list[dict[str, Any]] = [{entry["phase"]: entry["cycles"] for entry in r["phases"]} for r in diff.reports]
    names = [phase for phase in style.PHASES if phase in sums[0] or phase in sums[1]]
    return _pairs([phase_name(n) for n in names], [[s.get(n, 0) for n in names] for s in sums], "cycles", height)


def energy(diff: diffs.Diff, height: int = 260) -> go.Figure:
    """Energy of every part of the chip, before and after."""
    sums = [component_energy(report["layers"]) for report in diff.reports]
    names = [part for part in [*style.COMPONENTS, "other"] if sums[0].get(part) or sums[1].get(part)]
    return _pairs(names, [[s.get(n, 0.0) * PICOJOULES for n in names] for s in sums], "J", height)
