# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shapes that are needed before a model is compiled."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError


def image_shape(model: Path) -> tuple[int, ...]:
    """Shape of one image: the model's first input without its batch dimension."""
    try:
        graph = onnx.load(str(model), load_external_data=False).graph
    except DecodeError as error:
        raise ValueError(f"{model}: not an ONNX file") from error
    initialisers = {tensor.name for tensor in graph.initializer}
    for value in graph.input:
        if value.name not in initialisers:
            shape = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])
            if not shape or min(shape) < 1:
                raise ValueError(f"{model}: input {value.name} has images of {shape}, expected known dimensions")
            return shape
    raise ValueError(f"{model}: the graph has no input")
