# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Figures of what the parameters of a sweep move: heat maps of two of them, bars of what each does alone."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from arsis.pictures import style
from arsis.pictures.swept import MENU, Swept
from arsis.sweeps.effects import Effect, effects, ordered_places, place
from arsis.sweeps.result import Objective, cell

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_MAPS = 20
MOST_WRITTEN = 120  # cells that have room for their number
COLOURS = [[0, "#0072b2"], [0.5, "#9cc4df"], [1, "#f4f1e6"]]  # from the best to the worst


Map = tuple[Objective, dict[int, float], str, str]  # an objective, its values by row, two parameters


def _maps(swept: Swept) -> list[Map]:
    """Of each objective first the pair that moves it most."""
    found = []
    for number, (goal, of) in enumerate(swept.outcomes):
        swings = {effect.parameter: effect.swing for effect in effects(swept.result, goal)}
        order = sorted(swept.result.axes, key=lambda axis: -swings.get(axis, 0))
        found += [(rank, number, (goal, of, a, b)) for rank, (a, b) in enumerate(_by_rank(order))]
    return [each for _, _, each in sorted(found, key=lambda entry: entry[:2])][:MOST_MAPS]


def _by_rank(order: list[str]) -> list[tuple[str, str]]:
    places = {axis: number for number, axis in enumerate(order)}
    return sorted(itertools.combinations(order, 2), key=lambda pair: places[pair[0]] + places[pair[1]])


def _label(at: tuple[object, ...]) -> str:
    return ", ".join(cell(value) for value in at)


def _cells(swept: Swept, goal: Objective, of: dict[int, float], a: str, b: str) -> dict[str, Any]:
    """The best value of an objective at every pair of values, over all that else varies."""
    rows, axes = swept.result.rows, swept.result.axes
    best: dict[tuple[str, str], int] = {}
    counts: dict[tuple[str, str], int] = {}
    for n, value in of.items():
        at = _label(place(rows[n], axes[a])), _label(place(rows[n], axes[b]))
        counts[at] = counts.get(at, 0) + 1
        if at not in best or goal.sign * value < goal.sign * of[best[at]]:
            best[at] = n
    xs, ys = ([_label(at) for at in ordered_places((rows[n] for n in of), axes[axis])] for axis in (a, b))
    values: list[list[float | None]] = [[None] * len(xs) for _ in ys]
    texts = [["" for _ in xs] for _ in ys]
    for (x, y), n in best.items():
        column, row = xs.index(x), ys.index(y)
        values[row][column] = of[n]
        texts[row][column] = f"best of {counts[x, y]}:<br>{swept.text(n)}"
    return {"x": xs, "y": ys, "z": values, "customdata": texts}


def heat(swept: Swept, height: int = 380) -> go.Figure | None:
    """Maps of two parameters, chosen by a menu; None where fewer than two vary."""
    import plotly.graph_objects as go

    maps = [(each, _cells(swept, *each)) for each in _maps(swept)]
    if not maps:
        return None
    (goal, _, a, b), cells = maps[0]
    shown = all(len(of["x"]) * len(of["y"]) <= MOST_WRITTEN for _, of in maps)
    trace = go.Heatmap(
        **cells,
        colorscale=COLOURS,
        reversescale=goal.sign < 0,
        colorbar={"thickness": 12, "outlinewidth": 0, "tickformat": "~s", "tickfont": {"size": 10}},
        texttemplate="%{z:.3s}" if shown else None,
        textfont={"size": 10},
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{customdata}<extra></extra>",
    )
    made = style.figure(trace, height=height, x=a, y=b)
    made.update_xaxes(type="category", showgrid=False).update_yaxes(type="category", showgrid=False)
    buttons = [
        {
            "label": style.shortened(f"{goal.name}: {a} × {b}", 70),
            "method": "update",
            "args": [
                {key: [value] for key, value in of.items()} | {"reversescale": [goal.sign < 0]},
                {"xaxis.title.text": a, "yaxis.title.text": b, "xaxis.autorange": True, "yaxis.autorange": True},
            ],
        }
        for (goal, _, a, b), of in maps
    ]
    menu = {**MENU, "buttons": buttons, "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    return made.update_layout(updatemenus=[menu] if len(maps) > 1 else [], margin={"t": 44})


def swings(found: list[tuple[str, list[Effect]]], height: int = 0) -> go.Figure:
    """How far each parameter alone moves each objective: the median line, whiskers from the least to the largest."""
    import plotly.graph_objects as go

    names = list(dict.fromkeys(effect.parameter for _, of in found for effect in of))
    names.sort(key=lambda name: next(e.swing for _, of in found for e in of if e.parameter == name))
    traces = []
    for number, (objective, of) in enumerate(found):
        each = {effect.parameter: effect for effect in of}
        present = [name for name in names if name in each]
        texts = [
            f"<b>{name}</b> moves {objective} by {each[name].swing:.3%}<br>median of {each[name].lines:,} lines, "
            f"from {each[name].least:.3%} to {each[name].most:.3%}"
            for name in present
        ]
        bar = style.bars(
            present, [each[name].swing for name in present], name=objective,
            colour=style.SERIES[number % len(style.SERIES)], texts=texts,
            error_x={
                "type": "data", "symmetric": False, "thickness": 1, "width": 3, "color": style.FAINT,
                "array": [each[name].most - each[name].swing for name in present],
                "arrayminus": [each[name].swing - each[name].least for name in present],
            },
        )  # fmt: skip
        traces.append(bar)
    return _grouped(traces, names, len(found), height, "~%", go)


def shares(rows: list[dict[str, Any]], height: int = 0) -> go.Figure:
    """Indices of Sobol: the share of the variance that a parameter has alone, and with its interactions."""
    import plotly.graph_objects as go

    objectives = list(dict.fromkeys(row["objective"] for row in rows))
    names = list(dict.fromkeys(row["parameter"] for row in rows))
    names.sort(key=lambda name: next(row["total"] for row in rows if row["parameter"] == name))
    traces = []
    for number, objective in enumerate(objectives):
        each = {row["parameter"]: row for row in rows if row["objective"] == objective}
        for kind, opacity in (("first", 1.0), ("total", 0.45)):
            words = "alone" if kind == "first" else "with interactions"
            texts = [
                f"<b>{name}</b>, {words}: {each[name][kind]:.3f} ± {each[name][f'{kind}_error']:.3f}<br>"
                f"of the variance of {objective}"
                for name in names
            ]
            bar = style.bars(
                names, [each[name][kind] for name in names], name=f"{objective}, {words}",
                colour=style.SERIES[number % len(style.SERIES)], texts=texts, opacity=opacity,
                error_x={"type": "data", "array": [each[name][f"{kind}_error"] for name in names], "thickness": 1,
                         "width": 3, "color": style.FAINT},
            )  # fmt: skip
            traces.append(bar)
    return _grouped(traces, names, len(traces), height, ".1f", go)


def _grouped(traces: list[Any], names: list[str], bars: int, height: int, tickformat: str, go: Any) -> go.Figure:
    tall = height or max(200, 70 + len(names) * (14 + 12 * bars))
    made = style.figure(*reversed(traces), height=tall, barmode="group", bargap=0.3)
    made.update_xaxes(tickformat=tickformat, rangemode="tozero").update_yaxes(
        categoryorder="array", categoryarray=names
    )
    return made.update_layout(legend={"traceorder": "reversed"})
