# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trained weights: as an .npz with the model's own names, and inside a copy of the ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import _arsis
import numpy as np
import onnx
from onnx import numpy_helper
from onnx.external_data_helper import ExternalDataInfo, load_external_data_for_tensor, uses_external_data

import arsis
from arsis import InputError
from arsis.arrays import Array

Weights = dict[str, Array]


def read_weights(path: Path) -> Weights:
    """The arrays of an .npz file. Raises InputError if it is none, or a number is not finite."""
    weights = arsis.read_tensors(str(path))
    for name, array in weights.items():
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise InputError(f"{path}: tensor {name} is {array.dtype}, expected finite float32 numbers")
    return weights


def check_weights(weights: Weights, tensors: dict[str, tuple[int, ...]], path: object = None) -> None:
    """Raises InputError unless `weights` has each of `tensors`, in its shape, and nothing else. `path` is what
    messages call them: the argument `init`, unless they say otherwise."""
    path = path or _arsis.option_name("init")
    for name in sorted(weights.keys() - tensors.keys()):
        raise InputError(f"{path}: tensor {name} is no weight of the model")
    for name, shape in tensors.items():
        if name not in weights:
            raise InputError(f"{path}: tensor {name} of shape {shape} is missing")
        if weights[name].shape != shape:
            raise InputError(f"{path}: tensor {name} has shape {weights[name].shape}, expected {shape}")


class Keeper:
    """Puts trained weights in the place of the file's own."""

    def __init__(
        self, model: Path, tie: Sequence[str] = (), untie: Sequence[str] = (), random_weights: int | None = None
    ) -> None:
        """`tie`, `untie` and `random_weights` as the weights were trained with: see `arsis.compile`. Raises ModelError
        or FileError."""
        self.path = model
        self.readers = _arsis.parameter_readers(model, tie=list(tie), untie=list(untie), random_weights=random_weights)
        self.model = onnx.load_model_from_string(_arsis.inlined_model(model))
        folder = Path(model).parent
        for tensor in self.model.graph.initializer:
            if uses_external_data(tensor) and (folder / ExternalDataInfo(tensor).location).exists():
                load_external_data_for_tensor(tensor, str(folder))

    def trained_model(self, weights: Weights) -> bytes:
        """The ONNX file with `weights`, each an initialiser of its own name that its nodes read. Raises InputError if
        one of them has no place in it."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        graph, nodes = model.graph, list(model.graph.node)
        computed = {output for node in nodes for output in node.output} - self.readers.keys()
        weights = {name: array for name, array in weights.items() if name not in computed}  # the file computes them
        for name in weights:
            if name not in self.readers:
                raise InputError(f"{self.path}: found no place for the trained tensor '{name}'")
            for node, place in self.readers[name]:
                nodes[node].input[place] = name
        # Where a name was the output of a node, the initialiser takes its place.
        replaced = [n for n in nodes if n.op_type in ("Constant", "Identity", "Cast") and n.output[0] in weights]
        for node in replaced:
            graph.node.remove(node)
        initialisers = {tensor.name: tensor for tensor in graph.initializer}
        for name, array in weights.items():
            tensor = numpy_helper.from_array(np.ascontiguousarray(array), name)
            if name in initialisers:
                initialisers[name].CopyFrom(tensor)
            else:
                graph.initializer.append(tensor)
        content: bytes = model.SerializeToString()
        return content
