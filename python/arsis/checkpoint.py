# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trained weights: as an .npz with the model's own names, and inside a copy of the ONNX file."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

import arsis

Weights = dict[str, np.ndarray]

# (operator, what a parameter of it is called): the inputs that may hold it. The compiler names a parameter
# `<layer>.<word>` where several nodes read one initialiser and each has a parameter of its own.
PLACES = {
    ("Conv", "weight"): (1,),
    ("Conv", "bias"): (2,),
    ("Gemm", "weight"): (0, 1),
    ("Gemm", "bias"): (2,),
    ("MatMul", "weight"): (0, 1),
    ("Add", "bias"): (0, 1),
    ("BatchNormalization", "weight"): (1,),
    ("BatchNormalization", "bias"): (2,),
    ("BatchNormalization", "running_mean"): (3,),
    ("BatchNormalization", "running_var"): (4,),
}
SEPARATED = re.compile(r"(?P<layer>.+)\.(?P<word>[a-z_]+?)(?P<input>\d+)?(_\d+)?")


def read_weights(path: Path) -> Weights:
    """The arrays of an .npz file. Raises ValueError if it is none, or a number is not finite."""
    weights = arsis.read_tensors(str(path))
    for name, array in weights.items():
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise ValueError(f"{path}: tensor {name} is {array.dtype}, expected finite float32 numbers")
    return weights


def check_weights(weights: Weights, tensors: dict[str, tuple[int, ...]], path: object = "--init") -> None:
    """Raises ValueError unless `weights` has each of `tensors`, in its shape, and nothing else."""
    for name in sorted(weights.keys() - tensors.keys()):
        raise ValueError(f"{path}: tensor {name} is no weight of the model")
    for name, shape in tensors.items():
        if name not in weights:
            raise ValueError(f"{path}: tensor {name} of shape {shape} is missing")
        if weights[name].shape != shape:
            raise ValueError(f"{path}: tensor {name} has shape {weights[name].shape}, expected {shape}")


class Keeper:
    """Puts trained weights in the place of the file's own."""

    def __init__(self, model: Path) -> None:
        self.model = onnx.load(str(model))
        self.path = model

    def trained_model(self, weights: Weights) -> bytes:
        """The ONNX file with `weights`. Raises ValueError if one of them has no place in it."""
        graph = self.model.graph
        initialisers = {tensor.name: tensor for tensor in graph.initializer}
        for name, array in weights.items():
            tensor = numpy_helper.from_array(np.ascontiguousarray(array), name)
            if name in initialisers:
                initialisers[name].CopyFrom(tensor)
            else:
                self._make_place(name)
                graph.initializer.append(tensor)
        return self.model.SerializeToString()

    def _make_place(self, name: str) -> None:
        """Lets the graph read an initialiser `name` that is not there yet."""
        nodes = self.model.graph.node
        constants = {tensor.name for tensor in self.model.graph.initializer}
        for node in nodes:
            if node.op_type in ("Constant", "Identity"):
                if list(node.output) == [name]:
                    nodes.remove(node)
                    return
                constants.update(node.output)
        parts = SEPARATED.fullmatch(name)
        for node in nodes if parts else ():
            if parts["layer"] not in (node.name, node.output[0], f"{node.name}:{node.output[0]}"):
                continue
            places = (int(parts["input"]),) if parts["input"] else PLACES.get((node.op_type, parts["word"]), ())
            for place in places:
                if place < len(node.input) and node.input[place] in constants:
                    node.input[place] = name
                    return
        raise ValueError(f"{self.path}: found no place for the trained tensor '{name}'")
