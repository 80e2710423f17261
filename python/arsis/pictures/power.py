# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Figure of a step's power over time: what is drawn all the time, and on it what each unit's events cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arsis.pictures import style

if TYPE_CHECKING:
    import plotly.graph_objects as go


def over_time(report: dict[str, Any], height: int = 260) -> go.Figure:
    """Watts over microseconds, stacked by unit; each window is a step. REQUIRES: the report has `power`."""
    import plotly.graph_objects as go

    power, total_ns = report["power"], report["totals"]["time_ns"]
    count = len(next(iter(power["dynamic_mw"].values())))
    edges = [min(window * power["window_ns"], total_ns) / 1000 for window in range(count + 1)]

    def area(name: str, milliwatts: list[float], colour: str) -> go.Scatter:
        watts = [value / 1000 for value in [*milliwatts, milliwatts[-1]]]  # the last step reaches to the end
        return go.Scatter(
            x=edges, y=watts, name=name, stackgroup="power", line={"shape": "hv", "width": 0, "color": colour},
            fillcolor=colour, hovertemplate=f"<b>{name}</b>: %{{y:.3s}}W<extra></extra>",
        )  # fmt: skip

    colours = [*style.COMPONENT_COLOURS.values()]
    traces = [area("all the time", [power["static_mw"]] * count, style.IDLE)]
    for number, (unit, milliwatts) in enumerate(power["dynamic_mw"].items()):
        traces.append(area(unit, milliwatts, colours[number % len(colours)]))
    made = style.figure(*traces, height=height, x="time in µs", y="power in W", hovermode="x unified")
    made.add_hline(
        y=power["average_mw"] / 1000, line={"color": style.TEXT, "width": 1, "dash": "dot"},
        annotation={"text": "average", "font": {"size": 11, "color": style.FAINT}},
    )  # fmt: skip
    return made


def areas(report: dict[str, Any], height: int = 200) -> go.Figure:
    """Square millimetres of the chip's parts, the largest first."""
    parts = sorted(report["area"]["parts"], key=lambda part: part["mm2"])
    names = [part["name"].replace("_", " ") for part in parts]
    values = [part["mm2"] for part in parts]
    texts = [f"<b>{name}</b>: {value:.4g} mm²" for name, value in zip(names, values, strict=True)]
    shown = [f"{value:.3g}" for value in values]
    bars = style.bars(
        names, values, name="area", colour=style.BUSY_COLOUR, texts=texts, text=shown, textposition="outside"
    )
    made = style.figure(bars, height=height, x="mm²", showlegend=False)
    return made.update_xaxes(range=[0, max(values, default=0) * 1.25 or 1])
