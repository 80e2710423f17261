# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One self-contained HTML page of a sweep: its points, what its parameters move, rows, failures, reports."""

from __future__ import annotations

import base64
import zlib
from collections import Counter
from typing import Any

from _arsis import InputError

from arsis.pictures.quantities import quantity
from arsis.sweeps.effects import Effect, effects
from arsis.sweeps.result import Objective, SweepResult, cell
from arsis.sweeps.store import Row, Store
from arsis.sweeps.values import is_number

USUAL = ("time_ns", "energy_pj")  # objectives where nobody named any
BESIDES = ("cycles", "time_ns", "energy_pj", "power_mw", "utilisation")  # columns of the table that every sweep has
MOST_ROWS = 5000  # of the table


def _goals(result: SweepResult, objectives: list[str] | None) -> list[Objective]:
    """Raises SpaceError for one that reads no column."""
    if objectives is not None:
        return [Objective(text) for text in objectives]
    return result.objectives or [Objective(text) for text in USUAL]


def _reports(result: SweepResult, numbers: list[int], most: int) -> dict[int, str]:
    """Pages of points whose report was kept, without plotly.js, compressed for a script: by number of the row."""
    from arsis import report

    found: dict[int, str] = {}
    if result.store is None or most < 1:
        return found
    with Store(result.store) as store:
        for number in numbers:
            kept = store.report(str(result.rows[number]["key"]))
            if kept is not None:
                page = report.page(kept, plotly=False)
                found[number] = base64.b64encode(zlib.compress(page.encode(), 9)).decode()
            if len(found) == most:
                break
    return found


def _sensitivities(result: SweepResult) -> tuple[list[tuple[str, list[Effect]]], list[Row], int]:
    """What the store knows besides the rows: swings, where the sweep is the points of a sensitivity one at a time; the
    latest indices of Sobol of the same parameters, and the number of their sweep."""
    if result.store is None:
        return [], [], 0
    with Store(result.store) as store:
        kept = store.sensitivities()
    alike = {n: each for n, each in kept.items() if {row["parameter"] for row in each["rows"]} == set(result.axes)}
    sobol = [number for number, each in alike.items() if each["method"] == "sobol"]
    shares = (alike[sobol[-1]]["rows"], sobol[-1]) if sobol else ([], 0)
    own = alike.get(result.sweep or 0)
    if own is None or own["method"] == "sobol":
        return [], *shares
    names = dict.fromkeys(row["objective"] for row in own["rows"])
    return [(name, [_effect(row) for row in own["rows"] if row["objective"] == name]) for name in names], *shares


def _effect(row: dict[str, Any]) -> Effect:
    swing = float(row["swing"])
    return Effect(row["parameter"], 1, swing, swing, swing)


def _columns(result: SweepResult, goals: list[Objective]) -> list[str]:
    """Columns of the table besides parameters and objectives."""
    named = {goal.name for goal in goals} | set(result.varied)
    return [name for name in BESIDES if name not in named and any(name in row for row in result.rows)]


def _fixed(result: SweepResult) -> list[tuple[str, str]]:
    """Parameters that all points have in common."""
    first = result.rows[0]
    return [(name, cell(first[name])) for name in result.fixed if first.get(name) is not None]


def _cards(result: SweepResult, goals: list[Objective], best: list[int], values: list[dict[int, float]],
           front: int) -> list[tuple[str, str]]:  # fmt: skip
    found = [("points", f"{len(result):,}"), ("failed", f"{len(result.failures):,}")]
    found.append(("on the Pareto front", f"{front:,}"))
    for goal, of in zip(goals, values, strict=True):
        good = [of[n] for n in best]
        value = min(good) if goal.sign > 0 else max(good)
        found.append((f"{'least' if goal.sign > 0 else 'largest'} {goal.name}", quantity(value)))
    seconds = sum(float(str(row["cpu_seconds"])) for row in result.rows if row.get("cpu_seconds") is not None)
    return [*found, ("processor time of its rows", quantity(seconds, "s"))]


def page(result: SweepResult, objectives: list[str] | None = None, reports: int = 40) -> str:
    """The page of a result, as `SweepResult.to_html` says. Raises SpaceError, InputError."""
    from arsis.pictures import moving, parallel, swept
    from arsis.pictures import page as pages

    goals = _goals(result, objectives)
    points = swept.Swept(result, goals)
    if not points.placed:
        raise InputError(f"a page needs a point with {' and '.join(goal.name for goal in goals)}, found none")
    order = points.best_first()
    opened = _reports(result, order, reports)
    alone, shares, shares_in = _sensitivities(result)
    is_sensitivity = bool(alone)
    if not alone:
        alone = [(goal.name, found) for goal, _ in points.outcomes if (found := effects(result, goal))]
    figures = {"front": swept.front(points, set(opened))}
    if result.varied:
        figures["parallel"] = parallel.parallel(points)
    if (heat := moving.heat(points)) is not None:
        figures["heat"] = heat
    if alone:
        figures["alone"] = moving.swings(alone)
    if shares:
        figures["shares"] = moving.shares(shares)
    front = sum(name == swept.FRONT for name in points.classes.values())
    usable = [n for n in order if points.classes[n] != swept.OVER] or order
    return pages.render(
        "sweep.html.j2",
        figures,
        title=f"sweep of {', '.join(result.varied) or 'one point'}",
        result=result,
        goals=goals,
        outcomes=points.outcomes,
        points=points,
        rows=order[:MOST_ROWS],
        left_out=len(order) - MOST_ROWS,
        columns=_columns(result, goals),
        fixed=_fixed(result),
        cards=_cards(result, goals, usable, points.values, front),
        classes=(swept.FRONT, swept.OVER),
        is_sensitivity=is_sensitivity,
        shares_in=shares_in,
        missing=[name for name in result.axes if name not in {e.parameter for _, of in alone for e in of}],
        errors=Counter(str(row["error"]) for row in result.failures).most_common(),
        reports=pages.markup(opened),
        opened=opened,
        cell=cell,
        is_number=is_number,
    )
