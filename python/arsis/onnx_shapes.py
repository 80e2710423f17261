# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shapes that are needed before a model is compiled."""

from __future__ import annotations

from pathlib import Path

import onnx


def image_shape(model: Path) -> tuple[int, ...]:
    """Shape of one image: the model's first input without its batch dimension."""
    graph = onnx.load(str(model), load_external_data=False).graph
    initialisers = {tensor.name for tensor in graph.initializer}
    for value in graph.input:
        if value.name not in initialisers:
            return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])
    raise ValueError(f"{model}: the graph has no input")
