# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Chips of ONNXim: a JSON file, whose cores are described at its top or, in newer files, each below `core_config`.

Sizes of memories are KiB of one core (src/operations count `spad_size KB`), latencies cycles of one vector operation of
`vector_process_bit`. A core with its array becomes an array here; the cores' memories become one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from arsis.importers.chips import Figure
from arsis.importers.layers import ImportFailed, whole

MOST_ARRAYS = 16
LATENCIES = {  # the key here, and the operation of ONNXim that stands for it
    "vector.cycles_simple": "add_latency",
    "vector.cycles_reciprocal": "div_latency",
    "vector.cycles_rsqrt": "scalar_sqrt_latency",
    "vector.cycles_exp": "exp_latency",
}


def is_chip(data: Any) -> bool:
    return isinstance(data, dict) and "num_cores" in data


def _core(data: dict[str, Any], cores: int, path: Path) -> dict[str, Any]:
    """What all cores have."""
    if "core_config" not in data:
        return data
    listed = data["core_config"]
    described = [listed.get(f"core_{number}") for number in range(cores)] if isinstance(listed, dict) else [None]
    alike = [core for core in described if isinstance(core, dict)]
    if len(alike) < len(described):
        raise ImportFailed(f"{path}: core_config: found fewer than {cores} cores, expected core_0 to core_{cores - 1}")
    if differing := [number for number, core in enumerate(alike) if core != alike[0]]:
        raise ImportFailed(f"{path}: core_config: found core_{differing[0]} unlike core_0, expected equal cores")
    return alike[0]


def read_chip(path: Path) -> list[Figure]:
    """What a JSON file says about the chip, in the keys of a chip file. Raises ImportFailed."""
    data = json.loads(path.read_bytes())
    cores = whole(data["num_cores"], f"{path}: num_cores", most=MOST_ARRAYS)
    core = _core(data, cores, path)

    def number(key: str, of: dict[str, Any] = core, least: int = 1) -> int:
        if key not in of:
            raise ImportFailed(f"{path}: found no {key}, expected the form of ONNXim")
        return whole(of[key], f"{path}: {key}", least)

    kind = core.get("core_type")
    if kind not in ("systolic_ws", "systolic_os"):
        raise ImportFailed(f"{path}: core_type: found '{kind}', expected systolic_ws or systolic_os")
    said, precision, columns = f"{path.name}: ", number("precision", data), number("core_width")
    each = "assumed: cores share one scratchpad, one vector unit and one program here; " if cores > 1 else ""
    how = "" if kind == "systolic_ws" else "assumed: weight stationary, output stationary there; "
    bits = number("vector_process_bit")
    lanes = max(bits // (8 * precision) * cores, 1)
    figures = [
        Figure("clock.core_mhz", number("core_freq", data), f"{said}core_freq"),
        Figure("matrix.units", cores, f"{each or how}{said}num_cores {cores}, each with one array"),
        Figure("matrix.rows", number("core_height"), f"{how}{said}core_height"),
        Figure("matrix.cols", columns, f"{how}{said}core_width"),
        Figure("scratchpad.kib", number("spad_size") * cores, f"{each}{said}spad_size x num_cores"),
        Figure(
            "matrix.accumulator_rows",
            max(number("accum_spad_size") * 1024 // (columns * 4), 1),
            f"derived: {said}accum_spad_size in rows of {columns} sums of 4 B",
        ),
        Figure("vector.lanes", lanes, f"{each}{said}vector_process_bit / {8 * precision} bit x num_cores"),
    ]
    figures += [
        Figure(key, max(number(name, least=0), 1), f"{said}{name}") for key, name in LATENCIES.items() if name in core
    ]
    channels, bytes_, mhz = (number(key, data) for key in ("dram_channels", "dram_req_size", "dram_freq"))
    beats = whole(data.get("dram_nbl", 1), f"{path}: dram_nbl")
    figures += [
        Figure("dram.channels", channels, f"{said}dram_channels"),
        Figure("dram.burst_bytes", bytes_, f"{said}dram_req_size"),
        Figure(
            "dram.bandwidth_gbps",
            channels * bytes_ * mhz / beats / 1000,
            f"derived: {said}dram_channels x dram_req_size x dram_freq / dram_nbl {beats}",
        ),
    ]
    return figures
