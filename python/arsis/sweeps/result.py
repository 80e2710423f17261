# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a sweep gives back: rows in the order of the points, the Pareto front, tables for other tools."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _arsis import Error, InputError

import arsis
from arsis.sweeps.expression import Expression, ExpressionError
from arsis.sweeps.lock import StoreError
from arsis.sweeps.pareto import nondominated
from arsis.sweeps.space import SpaceError
from arsis.sweeps.store import Row, Store

if TYPE_CHECKING:
    import pandas

MOST_PRINTED = 40  # rows


class MissingPackage(Error, ImportError):
    """A package that only this needs is not installed."""


def needed(package: str, what: str) -> Any:
    """The package, imported. Raises MissingPackage that says how to get it."""
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackage(f"{what} needs {package}, install it with pip install 'arsis[sweeps]' ({error})") from None


class Objective:
    """`time_ns`, `max: images_per_s` or any expression over columns: what is to be small, or large."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.name = text
        self.sign = 1.0
        head, colon, rest = text.partition(":")
        if colon:
            if head.strip() not in ("min", "max"):
                raise SpaceError("objectives", f"found '{text}', expected an expression, 'min: ...' or 'max: ...'")
            self.name = rest.strip()
            self.sign = -1.0 if head.strip() == "max" else 1.0
        try:
            self.expression = Expression(self.name)
        except ExpressionError as error:
            raise SpaceError("objectives", str(error)) from None

    def value(self, row: Row) -> float:
        """As it is minimised; nan where a column is missing."""
        return self.sign * number_of(self.expression, row)


def is_complete(expression: Expression, row: Row) -> bool:
    """Whether the row has all that it reads. Raises SpaceError for what is no column."""
    for name in expression.names:
        if name not in row:
            raise SpaceError(
                "objectives and measures",
                f"'{expression.text}' reads {name}, which is no column; expected one of {', '.join(sorted(row))}",
            )
    return all(row[name] is not None for name in expression.names)


def number_of(expression: Expression, row: Row) -> float:
    """Its value on a row; nan where there is none. Raises SpaceError for what is no column."""
    if not is_complete(expression, row):
        return float("nan")
    try:
        value = expression(row.__getitem__)
    except ExpressionError:
        return float("nan")
    return float(value) if isinstance(value, int | float) else float("nan")


def excess_of(limit: Expression, row: Row) -> float:
    """By how much a row misses a limit; 0 where it holds, 1 where that cannot be said. Raises SpaceError."""
    if not is_complete(limit, row):
        return 1.0
    try:
        return limit.excess(row.__getitem__)
    except ExpressionError:
        return 1.0


def measured(row: Row, measures: dict[str, Expression]) -> Row:
    """The row with a column for every measure; nothing where it failed or something is missing."""
    row = dict(row)
    for name, expression in measures.items():
        value = number_of(expression, row) if row["status"] == "ok" else float("nan")
        row[name] = None if np.isnan(value) else value
    return row


class SweepResult:
    """The rows of a sweep. `rows` are dictionaries by column, in the order of the points.

    `varied` are the parameters that differ between points, `fixed` the others; `axes` are the columns of what varies on
    its own, by its name: several for cases. `store` and `sweep` say where the rows are kept, under which number.
    """

    def __init__(
        self,
        rows: list[Row],
        varied: list[str],
        objectives: list[str],
        limits: Sequence[str] = (),
        *,
        fixed: Sequence[str] = (),
        axes: Mapping[str, Sequence[str]] | None = None,
        store: Path | None = None,
        sweep: int | None = None,
    ) -> None:
        self.rows = rows
        self.varied, self.fixed = varied, list(fixed)
        self.axes = {name: [name] for name in varied} if axes is None else {k: list(v) for k, v in axes.items()}
        self.store, self.sweep = store, sweep
        self.limits = [Expression(text) for text in limits]
        self.objectives = [Objective(text) for text in objectives]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def failures(self) -> list[Row]:
        """Rows of points that have no result; `error` is the class, `message` says what was wrong."""
        return [row for row in self.rows if row["status"] != "ok"]

    @property
    def good(self) -> list[Row]:
        """Rows that have a result and keep every limit of the space."""
        fine = [row for row in self.rows if row["status"] == "ok"]
        return [row for row in fine if not any(excess_of(limit, row) > 0 for limit in self.limits)]

    def pareto(self, objectives: list[str] | None = None) -> list[Row]:
        """Good rows that no other one beats in all objectives at once, in the order of the points."""
        chosen = [Objective(text) for text in objectives] if objectives is not None else self.objectives
        if not chosen:
            raise InputError("a Pareto front needs objectives, found none")
        good = self.good
        values = np.array([[each.value(row) for each in chosen] for row in good]).reshape(len(good), len(chosen))
        known = ~np.isnan(values).any(axis=1)
        good, values = [row for row, is_known in zip(good, known, strict=True) if is_known], values[known]
        return [row for row, kept in zip(good, nondominated(values), strict=True) if kept]

    def best(self, objective: str | None = None) -> Row:
        """The good row in which one objective is best: the first of the sweep's, or the one named."""
        if objective is None and not self.objectives:
            raise InputError("the best row needs an objective, found none")
        chosen = Objective(objective) if objective is not None else self.objectives[0]
        good = [row for row in self.good if not np.isnan(chosen.value(row))]
        if not good:
            raise InputError(f"no row has a value of {chosen.text}")
        return min(good, key=chosen.value)

    def to_pandas(self) -> pandas.DataFrame:
        """A frame with a row per point and every column. Raises MissingPackage."""
        frame: pandas.DataFrame = needed("pandas", "a data frame").DataFrame(self.rows)
        return frame

    def to_csv(self, path: Path | str | None = None) -> str:
        """The table as CSV, written to `path` if there is one."""
        out = io.StringIO()
        writer = csv.DictWriter(out, list(self.rows[0]) if self.rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        if path is not None:
            arsis.write_file(str(path), out.getvalue().encode())
        return out.getvalue()

    def to_parquet(self, path: Path | str) -> None:
        """The table as a Parquet file. Raises MissingPackage."""
        needed("pyarrow", "a Parquet file")
        out = io.BytesIO()
        self.to_pandas().to_parquet(out, index=False)
        arsis.write_file(str(path), out.getvalue())

    def to_html(self, path: Path | str, objectives: list[str] | None = None, reports: int = 40) -> None:
        """One self-contained page of the sweep, written to `path` (docs/guide_sweeps.md says what is on it).

        `objectives`: in place of the sweep's own. `reports`: how many points open their report, if the store kept it
        (`reports=True` of the sweep): those of the front first, then the best in the first objective; each takes 20 kB
        and more. Raises SpaceError for an objective that reads no column, InputError where no row has a result.
        """
        from arsis.sweeps.page import page

        arsis.write_file(str(path), page(self, objectives, reports).encode())

    def __str__(self) -> str:
        """What varies and the objectives, a star where no other point is better in all of them, errors by class."""
        columns = [*self.varied, *(each.name for each in self.objectives)]
        front = {id(row) for row in self.pareto()} if self.objectives else set()
        lines = [[*columns, ""]]
        for row in self.rows[:MOST_PRINTED]:
            cells = [cell(row.get(name)) for name in self.varied]
            for objective in self.objectives:
                value = objective.sign * objective.value(row) if row["status"] == "ok" else float("nan")
                cells.append(cell(None if np.isnan(value) else value))
            lines.append([*cells, "*" if id(row) in front else f"{row['error'] or ''}"])
        widths = [max(len(line[column]) for line in lines) for column in range(len(columns))] + [0]
        shown = [
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        if len(self.rows) > MOST_PRINTED:
            shown.append(f"... {len(self.rows) - MOST_PRINTED:,} more")
        return "\n".join(shown)


def cell(value: object) -> str:
    """A value as tables show it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() or abs(value) >= 1e5 else f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def read_result(store: Path | str, sweep: int | None = None) -> SweepResult:
    """The rows of a sweep in a store, by default of the last one, also while it runs. Raises StoreError."""
    with Store(store) as opened:
        sweeps = {each["id"]: each["about"] for each in opened.sweeps()}
        if sweep is not None and sweep not in sweeps:
            raise StoreError(f"{store}: found no sweep {sweep}, the store has {', '.join(map(str, sweeps)) or 'none'}")
        number = sweep if sweep is not None else next(reversed(sweeps), None)
        about = sweeps[number] if number is not None else {}
        measures = {name: Expression(text) for name, text in about.get("measures", {}).items()}
        rows = [measured(row, measures) for row in opened.rows(number)]
    return SweepResult(
        rows,
        about.get("varied", []),
        about.get("objectives", []),
        about.get("limits", []),
        fixed=[name for name in about.get("names", []) if name not in about["varied"]],
        axes=about.get("axes"),
        store=Path(store),
        sweep=number,
    )
