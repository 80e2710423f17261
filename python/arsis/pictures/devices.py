# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The rooflines of several chips and devices in one figure, with what a network reaches on each.

A line is what peak and bandwidth allow; a filled mark is a simulated step at the bytes that it moved, a hollow one the
upper bound of a device at the bytes that it must move, a star what was published, at the intensity of its mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arsis.pictures import style
from arsis.pictures.quantities import quantity

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from arsis.comparison import Comparison, Row

MORE_COLOURS = (style.OTHER_COLOUR, "#1d2430", "#7a5cc0", "#8f2d2d", "#5f8f7b", "#8a8f98")


def _colours(rows: list[Row]) -> dict[str, str]:
    palette = [*style.SERIES, *MORE_COLOURS]
    return {row.name: palette[n % len(palette)] for n, row in enumerate(rows)}


def _line(row: Row, low: float, high: float, colour: str) -> Any:
    import plotly.graph_objects as go

    assert row.peak is not None
    ridge = row.peak.ridge
    xs = [low, *([ridge] if low < ridge < high else []), high]
    return go.Scatter(
        x=xs,
        y=[min(x * row.peak.bytes_per_s, row.peak.ops_per_s) for x in xs],
        mode="lines",
        name=f"{row.name} ({row.kind})",
        legendgroup=row.name,
        line={"color": colour, "width": 1.6, "dash": "solid" if row.kind == "simulated" else "dash"},
        hovertemplate=f"<b>{row.name}</b>, {row.kind}<br>peak {quantity(row.peak.ops_per_s)} operations a second<br>"
        f"memory {quantity(row.peak.bytes_per_s, 'B')} a second<br>ridge {ridge:.3g} per byte<extra></extra>",
    )


def _mark(row: Row, rate: float, symbol: str, colour: str, text: str) -> Any:
    import plotly.graph_objects as go

    return go.Scatter(
        x=[row.intensity],
        y=[rate],
        mode="markers",
        name=row.name,
        legendgroup=row.name,
        showlegend=False,
        marker={"color": colour, "size": 12, "symbol": symbol, "line": {"width": 1.4, "color": colour}},
        hovertemplate=f"<b>{row.name}</b><br>{text}<br>{row.intensity:.3g} operations per byte<extra></extra>",
    )


def figure(comparison: Comparison, height: int = 460) -> go.Figure:
    rows = [*comparison.simulated, *comparison.bounds]
    colours = _colours(rows)
    intensities = [row.intensity for row in rows] + [row.peak.ridge for row in rows if row.peak is not None]
    low, high = min(intensities) / 4, max(intensities) * 4
    traces = [_line(row, low, high, colours[row.name]) for row in rows]
    for row in rows:
        assert row.time_s and row.operations and row.images_per_s
        rate = row.operations / row.time_s
        is_run = row.kind == "simulated"
        told = f"{row.images_per_s:,.4g} images a second" + (f", bound by {row.bound_by}" if row.bound_by else "")
        traces.append(
            _mark(
                row, rate, "circle" if is_run else "diamond-open", colours[row.name],
                ("simulated: " if is_run else "upper bound: ") + told,
            )
        )  # fmt: skip
        for entry in row.published:
            about = f"published: {entry.images_per_s:,.4g} images a second, batch {entry.batch or 'not stated'}"
            traces.append(_mark(row, rate * entry.images_per_s / row.images_per_s, "star", colours[row.name], about))
    made = style.figure(*traces, height=height, x="operations per byte of memory", y="operations per second")
    made.update_xaxes(type="log", dtick=1, exponentformat="power")
    made.update_yaxes(type="log", dtick=1, exponentformat="power")
    return made.update_layout(hovermode="closest")
