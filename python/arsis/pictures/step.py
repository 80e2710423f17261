# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Figures of one step: where its time goes, what its units did, what it spent energy on and what it moved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from arsis.pictures import style
from arsis.pictures.quantities import PICOJOULES, quantity

if TYPE_CHECKING:
    import plotly.graph_objects as go

FEW_LAYERS = 40  # more of them have no room for their names below the axis


def phases_of(report: dict[str, Any]) -> list[str]:
    """The phases that occur, in the order of a step."""
    found = {row["phase"] for row in report["layers"]}
    return [phase for phase in style.PHASES if phase in found]


def phase_name(phase: str) -> str:
    return phase or "no phase"


def time_by_layer(report: dict[str, Any], height: int = 260) -> go.Figure:
    """Cycles of every layer in the order of the program, stacked by phase. They add up to the total."""
    import plotly.graph_objects as go

    total = report["totals"]["cycles"]
    layers = list(dict.fromkeys(row["layer"] for row in report["layers"]))
    traces = []
    for phase in phases_of(report):
        cycles = dict.fromkeys(layers, 0)
        for row in report["layers"]:
            if row["phase"] == phase:
                cycles[row["layer"]] += row["cycles"]
        texts = [
            f"<b>{layer or 'no layer'}</b><br>{phase_name(phase)}: {value:,} cycles, {value / max(total, 1):.2%}"
            for layer, value in cycles.items()
        ]
        traces.append(
            go.Bar(
                x=list(range(len(layers))),
                y=list(cycles.values()),
                name=phase_name(phase),
                marker={"color": style.PHASE_COLOURS[phase], "line": {"width": 0}},
                customdata=texts,
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    few = len(layers) <= FEW_LAYERS
    made = style.figure(
        *traces,
        height=height,
        x="" if few else f"the {len(layers)} layers in the order of the program",
        y="cycles",
        barmode="stack",
        bargap=0.15,
    )
    if few:
        names = [style.shortened(layer or "no layer", 22) for layer in layers]
        made.update_xaxes(tickvals=list(range(len(layers))), ticktext=names, tickangle=-30 if len(layers) > 12 else 0)
    else:
        made.update_xaxes(showticklabels=False)
    made.update_xaxes(showgrid=False, zeroline=False)
    return made


def cycle_accounts(report: dict[str, Any], height: int = 340) -> go.Figure:
    """Every unit's time: busy, stalled by cause, idle, as shares of the step."""
    total = max(report["totals"]["cycles"], 1)
    units = list(reversed(report["units"]))
    names = [unit["name"] for unit in units]
    causes = {
        cause: sum(unit["stalled"].get(cause, 0) for unit in units) for unit in units for cause in unit["stalled"]
    }
    parts = [("busy", style.BUSY_COLOUR, [unit["busy"] for unit in units])]
    for cause in sorted(causes, key=lambda cause: -causes[cause]):
        colour = style.CAUSE_COLOURS.get(cause, style.OTHER_COLOUR)
        parts.append((f"stalled: {cause.replace('_', ' ')}", colour, [unit["stalled"].get(cause, 0) for unit in units]))
    parts.append(("idle", style.IDLE, [unit["idle"] for unit in units]))
    traces = [
        style.bars(
            names,
            [cycles / total for cycles in values],
            name=part.removeprefix("stalled: "),
            colour=colour,
            texts=[
                f"<b>{name}</b><br>{part}: {cycles:,} cycles, {cycles / total:.1%}"
                for name, cycles in zip(names, values, strict=True)
            ],
        )
        for part, colour, values in parts
    ]
    made = style.figure(*traces, height=height, barmode="stack")
    made.update_xaxes(tickformat=".0%", range=[0, 1])
    made.update_layout(legend={"y": -0.1, "yanchor": "top", "font": {"size": 10}}, margin={"t": 6, "r": 24})
    return made


def component_energy(rows: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Picojoules of each part of the chip in rows of a report; what no part claims is `other`."""
    owner = {event: part for part, events in style.COMPONENTS.items() for event in events}
    sums: dict[str, float] = {}
    for row in rows:
        for event, picojoules in row["energy"].items():
            part = owner.get(event, "other")
            sums[part] = sums.get(part, 0.0) + picojoules
    return sums


def _energy_table(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Joules by phase and part of the chip."""
    return {
        phase: {
            part: picojoules * PICOJOULES
            for part, picojoules in component_energy(row for row in report["layers"] if row["phase"] == phase).items()
        }
        for phase in phases_of(report)
    }


def _stack(
    table: dict[str, dict[str, float]], rows: list[str], columns: list[str], colours: dict[str, str], height: int
) -> go.Figure:
    """Horizontal bars, one a row, stacked by column, each with its sum behind it."""
    whole = sum(value for parts in table.values() for value in parts.values()) or 1.0
    rows = list(reversed(rows))
    traces = []
    for column in columns:
        values = [table[row].get(column, 0.0) for row in rows]
        texts = [
            f"<b>{phase_name(row)}</b>, {phase_name(column)}: {quantity(value, 'J')}, {value / whole:.1%}"
            for row, value in zip(rows, values, strict=True)
        ]
        names = [phase_name(row) for row in rows]
        colour = colours.get(column, style.OTHER_COLOUR)
        traces.append(style.bars(names, values, name=phase_name(column), colour=colour, texts=texts))
    sums = [sum(table[row].values()) for row in rows]
    made = style.figure(*traces, height=height, barmode="stack")
    made.update_xaxes(tickformat="~s", ticksuffix="J", nticks=6, range=[0, max(sums, default=0) * 1.25 or 1])
    for row, value in zip(rows, sums, strict=True):
        made.add_annotation(
            x=value, y=phase_name(row), text=f" {quantity(value, 'J')}", showarrow=False, xanchor="left",
            font={"size": 11, "color": style.FAINT},
        )  # fmt: skip
    made.update_layout(legend={"font": {"size": 10}})
    return made


def energy_by_part(report: dict[str, Any], height: int = 255) -> go.Figure:
    """Joules of every part of the chip, stacked by phase; the largest first."""
    by_phase = _energy_table(report)
    parts = [*style.COMPONENTS, "other"]
    table = {part: {phase: by_phase[phase].get(part, 0.0) for phase in by_phase} for part in parts}
    spent = sorted((part for part in parts if sum(table[part].values()) > 0), key=lambda p: -sum(table[p].values()))
    return _stack({part: table[part] for part in spent}, spent, list(by_phase), style.PHASE_COLOURS, height)


def energy_by_phase(report: dict[str, Any], height: int = 255) -> go.Figure:
    """Joules of every phase, stacked by part of the chip."""
    table = _energy_table(report)
    parts = [part for part in [*style.COMPONENTS, "other"] if any(table[phase].get(part, 0) > 0 for phase in table)]
    return _stack(table, list(table), parts, style.COMPONENT_COLOURS, height)


def traffic(report: dict[str, Any], height: int = 255) -> go.Figure:
    """Bytes into and out of every level, by who moved them where the machine knows."""
    levels = list(reversed(report["traffic"]))
    traces = []
    for side, name, colour in (("in", "in (written)", style.SERIES[5]), ("out", "out (read)", style.SERIES[0])):
        values = [report["traffic"][level].get(side, 0) for level in levels]
        texts = []
        for level, value in zip(levels, values, strict=True):
            text = f"<b>{level}</b> {side}: {quantity(value, 'B')}"
            for unit, part in report["traffic"][level].get(f"{side}_by_unit", {}).items():
                text += f"<br>{unit}: {quantity(part, 'B')}"
            if overfetch := report["traffic"][level].get(f"overfetch_{side}", 0):
                text += f"<br>of which nobody asked for: {quantity(overfetch, 'B')}"
            texts.append(text)
        shown = [quantity(value, "B") if value else "" for value in values]
        traces.append(
            style.bars(levels, values, name=name, colour=colour, texts=texts, text=shown, textposition="outside")
        )
    most = max((max(entry.get("in", 0), entry.get("out", 0)) for entry in report["traffic"].values()), default=0)
    made = style.figure(*traces, height=height, barmode="group")
    made.update_xaxes(tickformat="~s", ticksuffix="B", nticks=6, range=[0, most * 1.25 or 1])
    made.update_layout(uniformtext={"minsize": 9, "mode": "show"})
    return made
