# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shapes that are needed before a model is compiled."""

from __future__ import annotations

import onnx
from _arsis import ModelError
from google.protobuf.message import DecodeError


def image_shape(content: bytes, name: str) -> tuple[int, ...]:
    """Shape of one image: the model's first input without its batch dimension. `content` are the bytes of an ONNX
    file; messages call it `name`. Raises ModelError."""
    try:
        graph = onnx.load_model_from_string(content).graph
    except DecodeError as error:
        raise ModelError(f"{name}: not an ONNX file") from error
    initialisers = {tensor.name for tensor in graph.initializer}
    for value in graph.input:
        if value.name not in initialisers:
            shape = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])
            if not shape or min(shape) < 1:
                raise ModelError(f"{name}: input {value.name} has images of {shape}, expected known dimensions")
            return shape
    raise ModelError(f"{name}: the graph has no input")
