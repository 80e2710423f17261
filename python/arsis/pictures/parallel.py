# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parallel coordinates of a sweep, drawn as lines of SVG: plotly's own need WebGL and scripts that make scripts, which
the policy of the page forbids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arsis.pictures import style
from arsis.pictures.quantities import quantity
from arsis.pictures.swept import FRONT, Swept
from arsis.sweeps.effects import ordered
from arsis.sweeps.result import cell

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_TICKS = 12  # of a parameter
OBJECTIVE_TICKS = 5
COLOURS = ["#e8a33d", "#cdb96f", "#adc3a0", "#9cc0c4", "#a9c1dc"]  # of equal shares of the points, the best first
HALO = ", ".join(["0 0 2px #fff"] * 4)  # so that ticks are read on lines
FRONT_COLOUR, CHOSEN_COLOUR = "#d55e00", "#0072b2"


@dataclass
class Axis:
    name: str
    places: list[float]  # of every point, from 0 to 1
    ticks: list[tuple[float, str]]


def _parameter(name: str, values: list[Any]) -> Axis:
    """Its values at equal distances, in order."""
    levels = ordered(values)
    last = max(len(levels) - 1, 1)
    at = {level: position / last for position, level in enumerate(levels)}
    every = math.ceil(len(levels) / MOST_TICKS)
    ticks = [(at[level], style.shortened(cell(level), 18)) for level in levels[::every]]
    return Axis(name, [at[value] for value in values], ticks)


def _objective(name: str, values: list[float]) -> Axis:
    least, most = min(values), max(values)
    span = (most - least) or 1.0
    shares = [step / (OBJECTIVE_TICKS - 1) for step in range(OBJECTIVE_TICKS)] if most > least else [0.0]
    ticks = [(share, quantity(least + share * span)) for share in shares]
    return Axis(name, [(value - least) / span for value in values], ticks)


def axes(swept: Swept) -> list[Axis]:
    rows = [swept.result.rows[n] for n in swept.placed]
    found = [_parameter(name, [row.get(name) for row in rows]) for name in swept.result.varied]
    return found + [_objective(goal.name, [of[n] for n in swept.placed]) for goal, of in swept.outcomes]


def _lines(swept: Swept, drawn: list[Axis], points: list[int], colour: str, name: str, **more: Any) -> go.Scatter:
    """The lines of points, given by their place among those drawn, as one curve with gaps."""
    import plotly.graph_objects as go

    ys: list[float | None] = []
    numbers: list[int] = []
    for point in points:
        ys += [*(axis.places[point] for axis in drawn), None]
        numbers += [swept.placed[point] + 1] * (len(drawn) + 1)
    return go.Scatter(
        x=[*range(len(drawn)), None] * len(points), y=ys, mode="lines", name=name, showlegend=False,
        line={"color": colour, "width": 1}, customdata=numbers, hovertemplate="point %{customdata}<extra></extra>",
        **more,
    )  # fmt: skip


def parallel(swept: Swept, height: int = 380) -> go.Figure:
    """A line for every placed row through its parameters and objectives. Colours follow the order of the first
    objective, the front lies on top; the last curve is empty, for the points that a reader chooses. `layout.meta` has
    the rows, and their places on every axis."""
    import plotly.graph_objects as go

    drawn = axes(swept)
    goal, of = swept.goals[0], swept.values[0]
    order = sorted(range(len(swept.placed)), key=lambda point: goal.sign * of[swept.placed[point]])
    size = math.ceil(len(order) / len(COLOURS))
    parts = [(order[k * size : (k + 1) * size], colour) for k, colour in enumerate(COLOURS)]
    front = [point for point in order if swept.classes[swept.placed[point]] == FRONT]
    traces = [_lines(swept, drawn, part, colour, "points", opacity=0.7) for part, colour in reversed(parts) if part]
    traces.append(_lines(swept, drawn, front, FRONT_COLOUR, FRONT))
    traces.append(_lines(swept, drawn, [], CHOSEN_COLOUR, "chosen"))
    ticks = [(x, y, text) for x, axis in enumerate(drawn) for y, text in axis.ticks]
    traces.append(
        go.Scatter(
            x=[x for x, _, _ in ticks], y=[y for _, y, _ in ticks], text=[f"{text} " for _, _, text in ticks],
            mode="markers+text", marker={"symbol": "line-ew-open", "size": 6, "color": style.FAINT},
            textposition="middle left", textfont={"size": 10, "color": style.TEXT, "shadow": HALO}, hoverinfo="skip",
            showlegend=False, unselected={"marker": {"opacity": 1}, "textfont": {"color": style.TEXT}},
        )
    )  # fmt: skip
    made = style.figure(*traces, height=height, hovermode="closest", dragmode="select")
    names = [style.shortened(axis.name, 24) for axis in drawn]
    made.update_xaxes(tickvals=list(range(len(drawn))), ticktext=names, side="top", gridcolor="#8a8f98", zeroline=False,
                      range=[-0.5, len(drawn) - 0.6], ticks="", showline=False)  # fmt: skip
    made.update_yaxes(visible=False, range=[-0.04, 1.04])
    places = [[round(place, 6) for place in axis.places] for axis in drawn]
    made.update_layout(meta={"rows": swept.placed, "places": places}, margin={"t": 8})
    return made.update_layout(newselection={"line": {"color": CHOSEN_COLOUR, "width": 1.5}})
