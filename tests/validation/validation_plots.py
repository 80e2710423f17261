# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Simulated against measured time of every kernel of a TPU v4, and its error, on one page that opens from disk."""

from __future__ import annotations

import plotly.graph_objects as go
from arsis.pictures import style
from bands import Point

COLOURS = [*style.SERIES, "#6f4a2d", "#1d2430", "#7a5cc0", "#8f2d2d", "#5f8f7b"]


def _traces(points: list[Point], vertical) -> list[go.Scatter]:
    ops = list(dict.fromkeys(point.kernel.op for point in points))
    traces = []
    for op, colour in zip(ops, COLOURS, strict=False):
        chosen = [point for point in points if point.kernel.op == op and point.simulated is not None]
        traces.append(
            go.Scatter(
                x=[point.kernel.measured for point in chosen],
                y=[vertical(point) for point in chosen],
                mode="markers",
                name=op,
                marker={"color": colour, "size": 6, "opacity": 0.75},
                customdata=[f"{point.kernel.name}<br>error {100 * point.error():+.1f} %" for point in chosen],
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    return traces


def page(points: list[Point]) -> str:
    """HTML with plotly.js in it."""
    times = [point.kernel.measured for point in points]
    line = go.Scatter(
        x=[min(times), max(times)], y=[min(times), max(times)], mode="lines", showlegend=False,
        line={"color": style.FAINT, "width": 1}, hoverinfo="skip",
    )  # fmt: skip
    parity = style.figure(
        *_traces(points, lambda point: point.simulated), line, height=480, x="measured, us", y="simulated, us"
    )
    parity.update_xaxes(type="log").update_yaxes(type="log")
    error = style.figure(
        *_traces(points, lambda point: 100 * point.error()), height=480, x="measured, us", y="error, %"
    )
    error.update_xaxes(type="log")
    first, second = (
        parity.to_html(full_html=False, include_plotlyjs=True),
        error.to_html(full_html=False, include_plotlyjs=False),
    )
    head = '<!doctype html><meta charset="utf-8"><title>Arsis: validation</title><h1>TPU v4, lone kernels</h1>'
    return f"{head}{first}{second}"
