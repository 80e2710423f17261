# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Figures of a training run: loss by step and accuracy by epoch, chip and reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arsis.pictures import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

FEW_EPOCHS = 20  # that the axis names one by one
MOST_POINTS = 200  # of a curve; more steps are averaged


def means(values: list[float], window: int) -> tuple[list[int], list[float]]:
    """Means over `window` steps, at the step that ends each window."""
    ends = list(range(window, len(values) + 1, window))
    return ends, [sum(values[end - window : end]) / window for end in ends]


def _curve(name: str, x: list[int], y: list[float], text: str) -> go.Scatter:
    import plotly.graph_objects as go

    first = name == "chip"
    return go.Scatter(
        x=x,
        y=y,
        name=name,
        mode="lines+markers" if len(x) <= 40 else "lines",
        marker={"size": 5},
        line={"color": style.SERIES[0 if first else 1], "width": 2, "dash": "solid" if first else "dash"},
        hovertemplate=f"{name}: {text}<extra></extra>",
    )


def loss(training: dict[str, Any], height: int = 190) -> go.Figure:
    window = max(len(training["loss_chip"]) // MOST_POINTS, 1)
    curves = [
        _curve(who, *means(training[f"loss_{who}"], window), "loss %{y:.4g}, step %{x}")
        for who in ("chip", "reference")
        if training[f"loss_{who}"]
    ]
    title = f"loss (mean of {window} steps)" if window > 1 else "loss"
    return style.figure(*curves, height=height, x="step", y=title).update_yaxes(rangemode="tozero")


def accuracy(training: dict[str, Any], height: int = 190) -> go.Figure:
    curves = [
        _curve(who, list(range(1, len(shares) + 1)), shares, "%{y:.2%} after epoch %{x}")
        for who in ("chip", "reference")
        if (shares := training[f"accuracy_{who}"])
    ]
    made = style.figure(*curves, height=height, x="epoch", y="test accuracy")
    few = len(training["accuracy_chip"]) <= FEW_EPOCHS
    return made.update_yaxes(tickformat="~%").update_xaxes(dtick=1 if few else None)
