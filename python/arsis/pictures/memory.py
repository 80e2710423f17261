# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memory maps: who has which addresses, in the order of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arsis.pictures import style
from arsis.pictures.quantities import quantity

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW_PIXELS, LABEL_PIXELS, LEAST_PIXELS, MOST_PIXELS = 5, 16, 220, 900


def memories(report: dict[str, Any]) -> list[str]:
    return sorted({block["memory"] for block in report["memory_plan"]})


def unit_of(memory: str) -> str:
    """Accumulators are counted in rows of the array's width, other memories in bytes."""
    return "rows" if memory.startswith("acc") else "B"


def _labelled_rows(layers: list[str], apart: float) -> list[int]:
    """Rows at which a layer begins, at least `apart` from the one before."""
    rows: list[int] = []
    for row, layer in enumerate(layers):
        begins = layer and (row == 0 or layers[row - 1] != layer)
        if begins and (not rows or row - rows[-1] >= apart):
            rows.append(row)
    return rows


def figure(report: dict[str, Any], memory: str) -> go.Figure:
    """Addresses run to the right, the program runs down; a colour is a layer."""
    import plotly.graph_objects as go

    blocks = [block for block in report["memory_plan"] if block["memory"] == memory]
    owners = [block["layer"] or block["buffer"] for block in blocks]
    colours = {owner: style.SERIES[number % len(style.SERIES)] for number, owner in enumerate(dict.fromkeys(owners))}
    shades = [colours[owner] for owner in owners]
    unit = unit_of(memory)
    texts = [
        f"<b>{block['buffer']}</b> {block['layer']}<br>{block['begin']:,} to {block['end']:,} {unit}, "
        f"{quantity(block['end'] - block['begin'], unit)}, {block['slots']} slot{'s' if block['slots'] != 1 else ''}"
        for block in blocks
    ]
    trace = go.Bar(
        orientation="h",
        y=list(range(len(blocks))),
        base=[block["begin"] for block in blocks],
        x=[block["end"] - block["begin"] for block in blocks],
        marker={"color": shades, "line": {"width": 0.8, "color": shades}},  # the line keeps thin bars visible
        customdata=texts,
        hovertemplate="%{customdata}<extra></extra>",
    )
    height = min(max(60 + ROW_PIXELS * len(blocks), LEAST_PIXELS), MOST_PIXELS)
    made = style.figure(trace, height=height, x="rows" if unit == "rows" else "address", bargap=0.0, showlegend=False)
    labelled = _labelled_rows([block["layer"] for block in blocks], len(blocks) * LABEL_PIXELS / height)
    made.update_yaxes(
        autorange="reversed",
        tickvals=labelled,
        ticktext=[style.shortened(blocks[row]["layer"]) for row in labelled],
        tickfont={"size": 10},
        showgrid=False,
    )
    made.update_xaxes(tickformat="~s", ticksuffix="" if unit == "rows" else "B", side="top")
    return made
