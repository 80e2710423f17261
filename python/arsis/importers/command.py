# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m arsis import`: tells by its form what a file is, writes the model or chip, and says what was assumed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import arsis
from arsis.importers import chips, network, onnxim, scalesim, timeloop
from arsis.importers.layers import ImportFailed, Layer, with_distinct_names
from arsis.pictures.quantities import quantity

FORMS = "a SCALE-Sim topology (.csv) or chip (.cfg), a Timeloop problem (.yaml) or an ONNXim chip (.json)"


def form(path: Path) -> str:
    """topology, problem, scalesim-chip or onnxim-chip. Raises ImportFailed, OSError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFailed(f"{path}: found no text, expected {FORMS}") from error
    if scalesim.is_topology(text):
        return "topology"
    if scalesim.is_chip(text):
        return "scalesim-chip"
    if onnxim.is_chip(_parsed(text, "json")):
        return "onnxim-chip"
    if timeloop.is_problem(_parsed(text, "yaml")):
        return "problem"
    raise ImportFailed(f"{path}: found another form, expected {FORMS}")


def _parsed(text: str, kind: str) -> Any:
    """None if the text is not of that kind."""
    import yaml

    try:
        return json.loads(text) if kind == "json" else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None


def model(paths: list[Path], kind: str, chained: bool, seed: int) -> tuple[bytes, list[str]]:
    """An ONNX model and what is to be said of it."""
    layers: list[Layer] = []
    notes = []
    for path in paths:
        if kind == "topology":
            layers += scalesim.read_topology(path)
        else:
            layer, batch = timeloop.read_problem(path)
            layers.append(layer)
            if batch > 1:
                notes.append(f"{layer.name}: batch {batch}, which the model leaves open (--batch {batch})")
    layers = with_distinct_names(layers)
    name = paths[0].stem
    macs = quantity(sum(layer.macs for layer in layers))
    notes.insert(0, f"{len(layers)} layer{'s' if len(layers) != 1 else ''}, {macs} MACs for one image or product")
    if not chained:
        return network.side_by_side(layers, name, seed), notes
    made, between = network.chain(layers, name, seed)
    return made, notes + between


def chip(path: Path, kind: str, base: str) -> tuple[bytes, list[str]]:
    """A chip file and what is to be said of it."""
    figures = scalesim.read_chip(path) if kind == "scalesim-chip" else onnxim.read_chip(path)
    tool = "SCALE-Sim" if kind == "scalesim-chip" else "ONNXim"
    description = f"Imported from the {tool} file {path.name}; what it does not say is assumed as in {base}."
    text, assumed = chips.chip_file(path.stem, description, figures, base)
    notes = [f"{len(figures)} values from {path.name}", f"assumed: {', '.join(assumed)}"]
    return text.encode(), notes


def run(paths: list[Path], output: Path | None, chained: bool, base: str, seed: int) -> str:
    """Writes the model or chip and returns what to print. Raises ImportFailed, OSError."""
    kinds = {path: form(path) for path in paths}
    kind = kinds[paths[0]]
    if differing := [path for path in paths if kinds[path] != kind]:
        raise ImportFailed(f"{differing[0]}: found a {kinds[differing[0]]}, expected a {kind} like {paths[0]}")
    is_chip = kind.endswith("chip")
    if is_chip and len(paths) > 1:
        raise ImportFailed(f"{paths[1]}: found a second chip, expected one")
    if is_chip and chained:
        raise ImportFailed(f"--chain: found the chip {paths[0]}, expected layers")
    written = output or Path(paths[0].with_suffix(".yaml" if is_chip else ".onnx").name)
    given: dict[str, str | os.PathLike[str]] = {f"input {number}": str(path) for number, path in enumerate(paths, 1)}
    arsis.refuse_shared_files(given, {"--output": [str(written)]})
    made, notes = chip(paths[0], kind, base) if is_chip else model(paths, kind, chained, seed)
    arsis.write_file(str(written), made)
    return "\n".join([*notes, f"{'chip' if is_chip else 'model'}: {written}"])
