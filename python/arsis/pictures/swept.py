# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A sweep as figures read it, and the figure of its objectives against each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from arsis.pictures import style
from arsis.sweeps.result import Objective, SweepResult, cell
from arsis.sweeps.values import is_number

if TYPE_CHECKING:
    import plotly.graph_objects as go

FRONT, OTHER, OVER = "Pareto front", "other points", "misses a limit"
LOOKS = {  # by class, drawn in this order
    OTHER: {"color": "#9db4c8", "size": 6, "opacity": 0.75},
    OVER: {"color": "#c4c9d1", "size": 6, "symbol": "circle-open", "opacity": 0.8},
    FRONT: {"color": "#d55e00", "size": 9, "line": {"width": 1, "color": "#fff"}},
}
MENU = {"bgcolor": "#fff", "bordercolor": "#c4c9d1", "font": {"size": 11}, "pad": {"t": 0, "b": 0}}


@dataclass(frozen=True)
class Swept:
    """A sweep as its figures read it."""

    result: SweepResult
    goals: list[Objective]

    @cached_property
    def values(self) -> list[dict[int, float]]:
        """Of every objective, by the number of the row, as a person reads it; rows without one are missing."""
        rows = [(number, row) for number, row in enumerate(self.result.rows) if row["status"] == "ok"]
        found = [{number: goal.sign * goal.value(row) for number, row in rows} for goal in self.goals]
        return [{number: value for number, value in of.items() if not math.isnan(value)} for of in found]

    @cached_property
    def placed(self) -> list[int]:
        """Rows that have every objective."""
        return [number for number in self.values[0] if all(number in of for of in self.values)]

    @cached_property
    def classes(self) -> dict[int, str]:
        """What each placed row is."""
        numbers = {id(row): number for number, row in enumerate(self.result.rows)}
        good = {numbers[id(row)] for row in self.result.good}
        front = {numbers[id(row)] for row in self.result.pareto([goal.text for goal in self.goals])}
        return {n: FRONT if n in front else OTHER if n in good else OVER for n in self.placed}

    @property
    def outcomes(self) -> list[tuple[Objective, dict[int, float]]]:
        """The objectives that are no parameter themselves, with their values."""
        pairs = zip(self.goals, self.values, strict=True)
        return [(goal, of) for goal, of in pairs if goal.name not in self.result.varied]

    def best_first(self) -> list[int]:
        """Placed rows: the front, then the others, then those that miss a limit; each by the first objective."""
        order = [FRONT, OTHER, OVER]
        sign = self.goals[0].sign
        return sorted(self.placed, key=lambda n: (order.index(self.classes[n]), sign * self.values[0][n]))

    def text(self, number: int) -> str:
        """What hovering says of a point."""
        row = self.result.rows[number]
        given = [f"{name} {cell(row.get(name))}" for name in self.result.varied]
        found = [f"<b>{goal.name} {cell(of[number])}</b>" for goal, of in self.outcomes]
        return "<br>".join([f"point {number + 1}", *given, *found])


def _places(swept: Swept) -> list[tuple[str, list[Any]]]:
    """What an axis of the scatter can show, of the placed rows: objectives; parameters where there is one only."""
    found = [(goal.name, [of[n] for n in swept.placed]) for goal, of in zip(swept.goals, swept.values, strict=True)]
    if len(found) > 1:
        return found
    rows = [swept.result.rows[n] for n in swept.placed]
    return found + [(name, [row.get(name) for row in rows]) for name in swept.result.varied]


def _border(swept: Swept) -> go.Scatter:
    """The edge of what the front beats, where there are two objectives."""
    import plotly.graph_objects as go

    front = sorted((n for n, name in swept.classes.items() if name == FRONT), key=lambda n: swept.values[0][n])
    return go.Scatter(
        x=[swept.values[0][n] for n in front],
        y=[swept.values[1][n] for n in front],
        mode="lines",
        line={"color": "#d55e00", "width": 1.2, "dash": "dot", "shape": "hv" if swept.goals[0].sign > 0 else "vh"},
        hoverinfo="skip",
        showlegend=False,
    )


def front(swept: Swept, opening: set[int], height: int = 400) -> go.Figure:
    """Every point by two objectives, those that no other beats on top; menus choose the axes where there are more.
    `opening`: rows whose point opens a report."""
    import plotly.graph_objects as go

    places = _places(swept)
    across, up = (0, 1) if len(swept.goals) > 1 else (min(1, len(places) - 1), 0)
    at = {number: position for position, number in enumerate(swept.placed)}
    groups = [(name, [n for n in swept.placed if swept.classes[n] == name]) for name in LOOKS]
    groups = [(name, numbers) for name, numbers in groups if numbers]

    def of(choice: int) -> list[list[Any]]:
        return [[places[choice][1][at[n]] for n in numbers] for _, numbers in groups]

    traces: list[Any] = [_border(swept)] if len(swept.goals) == 2 else []
    for (name, numbers), xs, ys in zip(groups, of(across), of(up), strict=True):
        texts = [swept.text(n) + ("<br><i>click: its report</i>" if n in opening else "") for n in numbers]
        traces.append(
            go.Scatter(
                x=xs, y=ys, mode="markers", name=name, marker=LOOKS[name],
                customdata=list(zip(texts, numbers, strict=True)), hovertemplate="%{customdata[0]}<extra></extra>",
                selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 0.08}},
            )
        )  # fmt: skip
    made = style.figure(*traces, height=height, x=places[across][0], y=places[up][0], hovermode="closest")
    for axis, choice in ((made.layout.xaxis, across), (made.layout.yaxis, up)):
        if all(is_number(value) for value in places[choice][1]):
            axis.tickformat = "~s"
    if len(swept.goals) == 2 or len(places) == 2:
        return made
    menus = []
    for letter, chosen, left in (("x", across, 0), ("y", up, 0.36)):
        if letter == "y" and len(swept.goals) == 1:
            continue
        buttons = [
            {
                "label": f"{letter}: {style.shortened(name, 24)}",
                "method": "update",
                "args": [{letter: of(choice)}, {f"{letter}axis.title.text": name}],
            }
            for choice, (name, _) in enumerate(places)
            if len(swept.goals) > 1 or choice > 0
        ]
        active = chosen if len(swept.goals) > 1 else chosen - 1
        place = {"x": left, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}  # the right corner is plotly's
        menus.append({**MENU, **place, "buttons": buttons, "active": active})
    made.update_layout(legend={"y": -0.14, "yanchor": "top"}, margin={"t": 44})
    return made.update_layout(updatemenus=menus)
