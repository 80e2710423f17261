# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The roofline: operations per cycle against operations per byte of DRAM, every row of the report on it.

After Williams, Waterman, Patterson, "Roofline: an insightful visual performance model", CACM 52 (2009). An operation is
a multiply-accumulate where a row has any, else an element operation of the vector unit. The slope is the narrower of
DRAM and bus. The time of a row is what was attributed to it, or how long a unit, bus or DRAM worked for it, if that is
longer: neighbouring layers overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arsis.pictures import style
from arsis.pictures.quantities import quantity
from arsis.pictures.step import phase_name, phases_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

SMALLEST_MARK, LARGEST_MARK = 5.0, 26.0  # pixels


@dataclass(frozen=True)
class Roofs:
    """Operations or bytes per core cycle."""

    array: float
    vector: float
    dram: float
    bus: float  # both ways together, at the program's balance of reads and writes
    bus_one_way: float

    @property
    def slope(self) -> float:
        return min(self.dram, self.bus)

    def reachable(self, point: Point) -> float:
        """Operations per cycle that array or vector unit, DRAM and bus allow, with what the row itself carries."""
        row = point.row
        carried = max(row["load_payload_bytes"], row["store_payload_bytes"], 1)
        bus = point.operations / carried * self.bus_one_way
        return float(min(self.array if row["macs"] else self.vector, point.intensity * self.dram, bus))


@dataclass(frozen=True)
class Point:
    row: dict[str, Any]
    operations: int
    intensity: float  # operations per byte of DRAM
    rate: float  # operations per cycle


def roofs(report: dict[str, Any]) -> Roofs:
    """What the chip can do at most. The bus carries `dma.bus_bytes_per_cycle` each way at once, so both ways
    together carry more the better the program's reads and writes balance."""
    values, given = report["chip"]["values"], report["roofline"]
    dram = report["traffic"]["dram"]
    larger = max(dram["payload_in"], dram["payload_out"])
    balance = (dram["in"] + dram["out"]) / larger if larger else 1.0
    return Roofs(
        array=given["peak_macs_per_cycle"],
        vector=values["vector.lanes"],
        dram=given["dram_bytes_per_cycle"],
        bus=values["dma.bus_bytes_per_cycle"] * balance,
        bus_one_way=values["dma.bus_bytes_per_cycle"],
    )


def points(report: dict[str, Any]) -> tuple[list[Point], list[dict[str, Any]]]:
    """Rows that have a place, and those that have none: they compute nothing, or touch no DRAM."""
    placed, left = [], []
    bus = report["chip"]["values"]["dma.bus_bytes_per_cycle"]
    for row in report["layers"]:
        operations = row["macs"] or row["vector_ops"]
        moved = row["dram_read_bytes"] + row["dram_write_bytes"]
        on_bus = max(row["load_payload_bytes"], row["store_payload_bytes"]) / bus
        time = max([row["cycles"], row["dram_cycles"], on_bus, *row["busy"].values()])
        if operations and moved and time:
            placed.append(Point(row, operations, operations / moved, operations / time))
        else:
            left.append(row)
    return placed, left


def _hover(point: Point, roof: Roofs, total: int) -> str:
    row = point.row
    return (
        f"<b>{row['layer'] or 'no layer'}</b><br>{phase_name(row['phase'])}, {row['op']}<br>"
        f"{row['cycles']:,} cycles, {row['cycles'] / max(total, 1):.2%}, bound by {row['bound_by']}<br>"
        f"{quantity(point.operations)} {'MACs' if row['macs'] else 'vector operations'}, "
        f"{quantity(row['dram_read_bytes'] + row['dram_write_bytes'], 'B')} of DRAM: {point.intensity:.3g} per byte<br>"
        f"{point.rate:.4g} per cycle, {point.rate / roof.reachable(point):.0%} of what the roof allows"
    )


def figure(report: dict[str, Any], height: int = 340) -> go.Figure:
    import plotly.graph_objects as go

    roof, (placed, _) = roofs(report), points(report)
    total = report["totals"]["cycles"]
    longest = max((point.row["cycles"] for point in placed), default=0) or 1
    low = min([point.intensity for point in placed] + [roof.vector / roof.slope]) / 2
    high = max([point.intensity for point in placed] + [roof.array / roof.slope]) * 3
    traces = []
    narrow = "DRAM" if roof.dram <= roof.bus else "bus"
    wide = "bus" if narrow == "DRAM" else "DRAM"
    for name, peak, dash in (("array", roof.array, "solid"), ("vector unit", roof.vector, "dash")):
        ridge = peak / roof.slope
        xs = [min(low, ridge), ridge, max(high, ridge)]
        traces.append(
            go.Scatter(
                x=xs, y=[x * roof.slope if x < ridge else peak for x in xs], mode="lines", showlegend=False,
                line={"color": style.TEXT, "width": 1.6, "dash": dash}, name=name,
                hovertemplate=f"{name}: {peak:.5g} operations per cycle, from {ridge:.3g} per byte on<br>"
                f"{narrow}: {roof.slope:.4g} bytes per cycle<extra></extra>",
            )
        )  # fmt: skip
    wider = max(roof.dram, roof.bus)
    traces.append(
        go.Scatter(
            x=[low, roof.array / wider], y=[low * wider, roof.array], mode="lines", showlegend=False, name=wide,
            line={"color": style.FAINT, "width": 1, "dash": "dot"},
            hovertemplate=f"{wide}: {wider:.4g} bytes per cycle<extra></extra>",
        )
    )  # fmt: skip
    for phase in phases_of(report):
        chosen = [point for point in placed if point.row["phase"] == phase]
        if not chosen:
            continue
        sizes = [
            SMALLEST_MARK + (LARGEST_MARK - SMALLEST_MARK) * (point.row["cycles"] / longest) ** 0.5 for point in chosen
        ]
        traces.append(
            go.Scatter(
                x=[point.intensity for point in chosen],
                y=[point.rate for point in chosen],
                mode="markers",
                name=phase_name(phase),
                marker={
                    "color": style.PHASE_COLOURS[phase],
                    "size": sizes,
                    "opacity": 0.75,
                    "symbol": ["circle" if point.row["macs"] else "diamond" for point in chosen],
                    "line": {"width": 0.6, "color": "#fff"},
                },
                customdata=[_hover(point, roof, total) for point in chosen],
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    made = style.figure(*traces, height=height, x="operations per byte of DRAM", y="operations per cycle")
    made.update_xaxes(type="log", dtick=1, exponentformat="power")
    made.update_yaxes(type="log", dtick=1, exponentformat="power")
    made.update_layout(hovermode="closest", legend={"itemsizing": "constant"})
    return made
