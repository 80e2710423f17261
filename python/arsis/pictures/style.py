# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one look of all figures: colours that keep their meaning from figure to figure, fonts, axes, what hovering shows.

Colours of phases and parts of the chip are those of Okabe and Ito, which people of every colour vision tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

TEXT, FAINT, GRID, IDLE = "#1d2430", "#5b6472", "#e8ebef", "#e3e7ec"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

PHASES = ["fwd", "loss", "bwd-input", "bwd-weight", "update", "collective", ""]
PHASE_COLOURS = dict(
    zip(PHASES, ["#0072b2", "#8a8f98", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#c4c9d1"], strict=True)
)
# What energy is spent on: what the machine counts, by the part of the chip that spends it.
COMPONENTS = {
    "array": ("mac_f32", "mac_bf16", "mac_f16", "register_bits"),
    "vector unit": ("vector_adds", "vector_multiplies", "vector_compares", "vector_transcendental_ops"),
    "accumulators": ("acc_read_rows", "acc_write_rows"),
    "scratchpad": ("spm_read_words", "spm_write_words"),
    "DRAM": ("dram_read_bytes", "dram_write_bytes", "dram_activations", "dram_background", "dram_refresh"),
    "instruction fetch": ("fetch_bytes",),
    "leakage": (
        "static_array",
        "static_scratchpad",
        "static_accumulators",
        "static_vector",
        "static_instruction_buffer",
        "static_chip",
    ),
}
COMPONENT_COLOURS = dict(
    zip(COMPONENTS, ["#0072b2", "#009e73", "#56b4e9", "#e69f00", "#d55e00", "#cc79a7", "#8a8f98"], strict=True)
)
OTHER_COLOUR = "#6f4a2d"
BUSY_COLOUR = "#0072b2"
# Waiting for others in warm colours, for memory in reds, for the unit itself in violets.
CAUSE_COLOURS = {
    "wait_load": "#f0c05a",
    "wait_store": "#dba24a",
    "wait_matrix": "#e8d48b",
    "wait_drain": "#c9b26a",
    "wait_vector": "#b8975a",
    "wait_collective": "#a5814a",
    "dram_latency": "#e58f7b",
    "dram_bandwidth": "#c94f3d",
    "bus": "#8f2d2d",
    "scratchpad_conflict": "#b1679c",
    "weight_load": "#7a5cc0",
    "weight_bank": "#9c86d6",
    "array_latency": "#bdaee6",
    "startup": "#8fb59e",
    "fetch": "#5f8f7b",
    "queue_full": "#3f6b5b",
}
SERIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]


def shortened(name: str, most: int = 30) -> str:
    """The end of a long name, where names of layers differ."""
    return name if len(name) <= most else "…" + name[1 - most :]


def figure(*traces: Any, height: int, x: str = "", y: str = "", **layout: Any) -> go.Figure:
    """A figure in the house's look; `x` and `y` are titles of the axes with units, `layout` as plotly takes it."""
    import plotly.graph_objects as go

    made = go.Figure(list(traces))
    axis = {"gridcolor": GRID, "zerolinecolor": "#c4c9d1", "linecolor": "#c4c9d1", "automargin": True}
    title = {"font": {"size": 12, "color": FAINT}, "standoff": 8}
    made.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 12, "t": 30, "b": 8},
        font={"family": FONT, "size": 12, "color": TEXT},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"bgcolor": "#fff", "bordercolor": "#c4c9d1", "font": {"size": 12, "color": TEXT}, "namelength": -1},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 11},
            "traceorder": "normal",
        },
        xaxis={**axis, "title": {**title, "text": x}},
        yaxis={**axis, "title": {**title, "text": y}},
        bargap=0.25,
    )
    made.update_layout(**layout)
    return made


def bars(names: list[str], values: list[float], *, name: str, colour: str, texts: list[str], **more: Any) -> go.Bar:
    """One colour of horizontal stacked bars; `texts` is what hovering shows for each."""
    import plotly.graph_objects as go

    return go.Bar(
        y=names,
        x=values,
        name=name,
        orientation="h",
        marker={"color": colour, "line": {"width": 0}},
        customdata=texts,
        hovertemplate="%{customdata}<extra></extra>",
        **more,
    )
