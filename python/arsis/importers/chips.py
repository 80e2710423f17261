# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Chip files from what another tool knows of a chip. What it does not know comes from a shipped chip, and says so;
what must fit together (ports, bus, interleave) is made to fit, and says so too."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arsis.importers.layers import ImportFailed


@dataclass(frozen=True)
class Figure:
    """A value with its source. `per_cycle`: a bandwidth in bytes per core cycle instead of GB/s."""

    key: str
    value: float
    source: str
    per_cycle: bool = False


def base_file(name: str) -> Path:
    """The file of a shipped chip. Raises ImportFailed."""
    here = Path(__file__).resolve()
    folders = [*map(Path, filter(None, os.environ.get("ARSIS_CHIP_PATH", "").split(":")))]
    folders += [here.parents[1] / "chips", here.parents[3] / "arch_configs/chips"]
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    raise ImportFailed(f"--base: found no shipped chip '{name}'")


def _next_power(value: float) -> int:
    power = 1
    while power < value:
        power *= 2
    return power


def _fitted(entries: dict[str, dict[str, Any]], given: set[str]) -> None:
    """Changes what would contradict the figures given, or starve the array because the base is a smaller chip."""

    def fit(key: str, value: float, why: str) -> None:
        if key not in given and value != entries[key]["value"]:
            entries[key] |= {"value": value, "source": f"assumed: {why}"}

    rows, columns, units = (entries[f"matrix.{key}"]["value"] for key in ("rows", "cols", "units"))
    fit("scratchpad.bank_width_bytes", _next_power(rows * 4), "a bank delivers a row of fp32 operands")
    fit("scratchpad.banks", max(4, _next_power(4 * units)), "four banks an array")
    fit("vector.lanes", columns * units, "as many lanes as columns of arrays")
    per_cycle = entries["dram.bandwidth_gbps"]["value"] * 1000 / entries["clock.core_mhz"]["value"]
    bus = max(_next_power(per_cycle), entries["dma.bus_bytes_per_cycle"]["value"])
    fit("dma.bus_bytes_per_cycle", bus, "no narrower than the DRAM")
    burst = entries["dram.burst_bytes"]["value"]
    request = max(entries["dma.request_bytes"]["value"], _next_power(burst))
    fit("dma.request_bytes", -(-request // burst) * burst, "whole bursts")
    fit("dram.interleave_bytes", entries["dma.request_bytes"]["value"], "one request, so that it stays in one channel")
    latency = sum(entries[f"dram.{part}_ns"]["value"] for part in ("controller", "interconnect", "phy", "tcl"))
    flying = entries["dram.bandwidth_gbps"]["value"] * latency / entries["dma.request_bytes"]["value"]
    fit("dma.outstanding_requests", max(16, _next_power(2 * flying)), "twice bandwidth x latency of the DRAM")


def _settle(entries: dict[str, dict[str, Any]], figures: list[Figure]) -> None:
    """Figures a cycle at the clock, and what has to fit."""
    mhz = entries["clock.core_mhz"]["value"]
    for figure in figures:
        if figure.per_cycle:
            entries[figure.key] |= {
                "value": figure.value * mhz / 1000,
                "source": f"{figure.source} at {mhz} MHz, which is assumed",
            }
    _fitted(entries, {figure.key for figure in figures})


def _clock_limit(text: str) -> tuple[float, str]:
    """MHz that a chip file's memories and logic follow at most, and what limits it."""
    from arsis.chip import Chip

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chip.yaml"
        path.write_text(text, encoding="utf-8")
        chip = Chip(path)
        return chip.clock_limit_mhz, chip.clock_limited_by


def _text_of(name: str, description: str, entries: dict[str, dict[str, Any]]) -> str:
    lines = ["# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception", f"name: {json.dumps(name)}"]
    lines.append(f"description: {json.dumps(description)}")
    section = ""
    for key, entry in entries.items():
        group, short = key.split(".", 1)
        if group != section:
            section = group
            lines += ["", f"{section}:"]
        value = entry["value"]
        shown = f"{value:.12g}" if isinstance(value, float) else str(value)
        bounds = "".join(f"{bound}: {entry[bound]}, " for bound in ("low", "high") if bound in entry)
        source = json.dumps(entry["source"])
        lines.append(f"  {short}: {{value: {shown}, {bounds}unit: {entry['unit']}, source: {source}}}")
    return "\n".join(lines) + "\n"


def chip_file(name: str, description: str, figures: list[Figure], base: str) -> tuple[str, list[str]]:
    """The text of a chip file and the keys whose figures are assumed. Raises ImportFailed."""
    import yaml

    shipped = yaml.safe_load(base_file(base).read_text(encoding="utf-8"))
    entries: dict[str, dict[str, Any]] = {}
    for section, keys in shipped.items():
        if isinstance(keys, dict):
            for key, entry in keys.items():
                source = f"assumed: not in the imported file, as in {base} ({entry['source']})"
                entries[f"{section}.{key}"] = {**entry, "source": source}
    for figure in figures:
        entries[figure.key] |= {"value": figure.value, "source": figure.source}
    _settle(entries, figures)
    clock = entries["clock.core_mhz"]
    if all(figure.key != "clock.core_mhz" for figure in figures):
        clock_mhz, clock["value"] = clock["value"], 1
        limit_mhz, what = _clock_limit(_text_of(name, description, entries))
        clock["value"] = clock_mhz
        if limit_mhz < clock_mhz:
            clock |= {"value": int(limit_mhz), "source": f"derived: as fast as {what} follow; no clock in the file"}
            _settle(entries, figures)
    assumed = [key for key, entry in entries.items() if "assumed" in entry["source"]]
    return _text_of(name, description, entries), assumed
