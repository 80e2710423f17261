# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Topologies and chips of SCALE-Sim, versions 2 and 3.

A topology is a CSV file whose first row is a heading. A row of a convolution is a name, height and width of the input
with its padding, height and width of the filter, channels, filters, one stride or two, and from version 3 on a
sparsity N:M; a row of a product is a name, M, N, K, and again a sparsity or a count of equal products. A name with
`DP` in it is a depthwise convolution. Windows that reach over the end of the input are counted
(scalesim/topology_utils.py rounds up)."""

from __future__ import annotations

import configparser
import csv
import io
from pathlib import Path

from arsis.importers.chips import Figure
from arsis.importers.layers import Convolution, ImportFailed, Layer, Product, checked, whole, with_distinct_names

CONVOLUTION_COLUMNS, PRODUCT_COLUMNS = 8, 4  # the least of them
WORD_BYTES = 1  # of SCALE-Sim, whose bandwidths are words per cycle


def is_topology(text: str) -> bool:
    heading = text.split("\n", 1)[0].lower().replace(" ", "")
    return heading.startswith(("layer,", "layername,", "layers,", "layernames,"))


def read_topology(path: Path) -> list[Layer]:
    """The layers of a CSV file. Raises ImportFailed."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except csv.Error as error:
        raise ImportFailed(f"{path}: found no CSV: {error}") from error
    heading = [cell.strip().lower() for cell in rows[0]]
    products = [cell for cell in heading if cell][1:4] == ["m", "n", "k"]
    if not products and not any("filter" in cell for cell in heading):
        raise ImportFailed(
            f"{path}:1: found neither columns M, N, K nor those of filters, expected a topology's heading"
        )
    layers = []
    for number, row in enumerate(rows[1:], 2):
        cells = [cell.strip() for cell in row]
        while cells and not cells[-1]:  # rows end in a comma
            cells.pop()
        if cells:
            where = f"{path}:{number}: layer {cells[0]}"
            layers.append(_product(cells, where) if products else _convolution(cells, where))
    if not layers:
        raise ImportFailed(f"{path}: found no layer, expected one in each row behind the heading")
    return with_distinct_names(layers)


def _dense(cell: str, where: str) -> None:
    """Refuses a sparsity that leaves elements out."""
    kept, _, of = cell.partition(":")
    if whole(kept, where) != whole(of, where):
        raise ImportFailed(f"{where}: found sparsity {cell}, expected a dense layer (1:1)")


def _product(cells: list[str], where: str) -> Product:
    if len(cells) < PRODUCT_COLUMNS:
        raise ImportFailed(f"{where}: found {len(cells)} columns, expected name, M, N, K")
    for cell in cells[PRODUCT_COLUMNS:]:
        if ":" in cell:
            _dense(cell, where)
        elif whole(cell, where) != 1:
            raise ImportFailed(f"{where}: found {cell} products in one layer, expected one")
    rows, columns, inner = (whole(cell, where) for cell in cells[1:4])
    return Product(cells[0], rows, columns, inner)


def _convolution(cells: list[str], where: str) -> Convolution:
    if cells[-1].count(":") == 1:
        _dense(cells.pop(), where)
    if not CONVOLUTION_COLUMNS <= len(cells) <= CONVOLUTION_COLUMNS + 1:
        raise ImportFailed(
            f"{where}: found {len(cells)} columns, expected name, height and width of input and filter, channels, "
            "filters and one stride or two"
        )
    height, width, kernel_height, kernel_width, channels, filters, *strides = (whole(cell, where) for cell in cells[1:])
    depthwise = "DP" in cells[0]
    return checked(
        Convolution(
            name=cells[0],
            height=height,
            width=width,
            kernel=(kernel_height, kernel_width),
            channels=channels,
            filters=filters * channels if depthwise else filters,
            strides=(strides[0], strides[-1]),
            groups=channels if depthwise else 1,
            partial=True,
        ),
        where,
    )


def is_chip(text: str) -> bool:
    return "[architecture_presets]" in text


def read_chip(path: Path) -> list[Figure]:
    """What a cfg file says about the chip, in the keys of a chip file. Raises ImportFailed."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
        section = dict(parser["architecture_presets"])
    except (configparser.Error, KeyError) as error:
        raise ImportFailed(f"{path}: {str(error).splitlines()[0]}") from error

    def number(key: str, *others: str) -> tuple[str, int]:
        for name in (key, *others):
            if name.lower() in section:
                return name, whole(section[name.lower()], f"{path}: {name}")
        raise ImportFailed(f"{path}: found no {key}, expected it in [architecture_presets]")

    rows, columns = number("ArrayHeight")[1], number("ArrayWidth")[1]
    inputs, filters, results = (number(f"{part}SramSzkB", f"{part}SramSz")[1] for part in ("Ifmap", "Filter", "Ofmap"))
    dataflow = section.get("dataflow", "").strip()
    if dataflow not in ("ws", "os", "is"):
        raise ImportFailed(f"{path}: Dataflow: found '{dataflow}', expected ws, os or is")
    said = f"{path.name}: "
    how = "weight stationary, as here" if dataflow == "ws" else f"assumed: weight stationary, {dataflow} there"
    figures = [
        Figure("matrix.units", 1, f"{said}one array, {how}" if dataflow == "ws" else f"{how}; {said}one array"),
        Figure("matrix.rows", rows, f"{said}ArrayHeight"),
        Figure("matrix.cols", columns, f"{said}ArrayWidth"),
        Figure("scratchpad.kib", inputs + filters, f"{said}IfmapSramSzkB + FilterSramSzkB, one memory for both"),
        Figure(
            "matrix.accumulator_rows",
            max(results * 1024 // (columns * 4), 1),
            f"derived: {said}OfmapSramSzkB in rows of {columns} sums of 4 B",
        ),
    ]
    if parser.get("run_presets", "InterfaceBandwidth", fallback="CALC").strip().upper() == "USER":
        words = min(whole(part, f"{path}: Bandwidth") for part in section.get("bandwidth", "").split(","))
        figures.append(
            Figure(
                "dram.bandwidth_gbps",
                words * WORD_BYTES,
                f"derived: {said}Bandwidth {words} words of {WORD_BYTES} B a cycle",
                per_cycle=True,
            )
        )
    return figures
