# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX models of layers that other tools describe by their sizes.

Side by side every layer has an input and an output of its own. In a chain each layer reads what the one before it
made: a ReLU lies between, and what the sizes ask for (max pooling, padding, the mean over pixels, flattening), so that
the model can be trained. Weights are random (He et al. 2015) from a seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from arsis.importers.layers import Convolution, ImportFailed, Layer, Product

OPSET, IR_VERSION = 13, 8  # what Debian's libonnx 1.12 reads


@dataclass
class _Graph:
    seed: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)

    def node(self, op: str, name: str, inputs: list[str], **attributes: Any) -> str:
        output = f"{name}.out"
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output

    def weight(self, name: str, shape: tuple[int, ...], fan_in: int) -> str:
        values = self.random.normal(0.0, np.sqrt(2.0 / fan_in), shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def layer(self, layer: Layer, x: str, pads: tuple[int, int, int, int] = (0, 0, 0, 0)) -> str:
        """`pads` (top, left, bottom, right) come before the zeros that a last, partial window reads."""
        if isinstance(layer, Product):
            return self.node(
                "MatMul",
                layer.name,
                [x, self.weight(f"{layer.name}.weight", (layer.inner, layer.columns), layer.inner)],
            )
        channels = layer.channels // layer.groups
        weight = self.weight(
            f"{layer.name}.weight",
            (layer.filters, channels, *layer.kernel),
            channels * layer.kernel[0] * layer.kernel[1],
        )
        reach = [
            (outputs - 1) * stride + span
            for outputs, stride, span in zip(layer.outputs, layer.strides, layer.spans, strict=True)
        ]
        more = max(reach[0] - layer.height, 0), max(reach[1] - layer.width, 0)
        return self.node(
            "Conv", layer.name, [x, weight],
            kernel_shape=list(layer.kernel), strides=list(layer.strides), dilations=list(layer.dilations),
            group=layer.groups,
            pads=[pads[0], pads[1], pads[2] + more[0], pads[3] + more[1]],
        )  # fmt: skip


def _input_shape(layer: Layer) -> list[int | str]:
    return [layer.rows, layer.inner] if isinstance(layer, Product) else ["N", layer.channels, layer.height, layer.width]


def _output_shape(layer: Layer) -> list[int | str]:
    return [layer.rows, layer.columns] if isinstance(layer, Product) else ["N", layer.filters, *layer.outputs]


def _value(name: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(graph: _Graph, name: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> bytes:
    made = helper.make_model(
        helper.make_graph(graph.nodes, name, inputs, outputs, graph.weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="arsis",
    )
    onnx.checker.check_model(made)
    found: bytes = made.SerializeToString()
    return found


def side_by_side(layers: list[Layer], name: str, seed: int = 7) -> bytes:
    """A model that computes every layer from an input of its own."""
    graph = _Graph(seed)
    inputs, outputs = [], []
    for layer in layers:
        inputs.append(_value(f"{layer.name}.x", _input_shape(layer)))
        outputs.append(_value(graph.layer(layer, f"{layer.name}.x"), _output_shape(layer)))
    return _model(graph, name, inputs, outputs)


def _joined_sizes(
    before: Convolution, after: Convolution, fault: str, graph: _Graph, x: str
) -> tuple[str, tuple[int, int, int, int]]:
    """What lies between two convolutions: the value that the second reads, and its padding (top, left, bottom,
    right)."""
    if before.filters != after.channels:
        raise ImportFailed(f"{fault}: found {before.filters} filters before {after.channels} channels")
    pads, windows = [], []
    for size, wanted, span in zip(before.outputs, (after.height, after.width), after.spans, strict=True):
        window = 1 if size <= wanted else next(w for w in range(2, size + 1) if size // w <= wanted)
        missing = wanted - size // window
        if missing >= max(span, 2):
            raise ImportFailed(
                f"{fault}: found {size} pixels before {wanted}, expected what padding or pooling by whole windows joins"
            )
        windows.append(window)
        pads.append((missing // 2, missing - missing // 2))
    if windows != [1, 1]:
        graph.notes.append(f"{after.name}: max pooling by {windows[0]}x{windows[1]} in front of it")
        x = graph.node("MaxPool", f"{before.name}.pool", [x], kernel_shape=windows, strides=windows)
    if any(sum(pair) for pair in pads):
        graph.notes.append(f"{after.name}: {sum(pads[0])} rows and {sum(pads[1])} columns of its input are padding")
    return x, (pads[0][0], pads[1][0], pads[0][1], pads[1][1])


def _flattened(before: Convolution, wanted: int, fault: str, graph: _Graph, x: str) -> str:
    """[N, wanted] of a convolution's result: its mean over pixels, or all of them, pooled if that is what fits."""
    height, width = before.outputs
    if wanted == before.filters:
        if (height, width) != (1, 1):
            graph.notes.append(f"{before.name}: mean over {height}x{width} pixels behind it")
            x = graph.node("GlobalAveragePool", f"{before.name}.mean", [x])
    else:
        window = next(
            (w for w in range(1, min(height, width) + 1) if (height // w) * (width // w) * before.filters == wanted),
            None,
        )
        if window is None:
            raise ImportFailed(f"{fault}: found {height}x{width}x{before.filters} values before {wanted}")
        if window > 1:
            graph.notes.append(f"{before.name}: max pooling by {window}x{window} behind it")
            x = graph.node("MaxPool", f"{before.name}.pool", [x], kernel_shape=[window] * 2, strides=[window] * 2)
    return graph.node("Flatten", f"{before.name}.flat", [x], axis=1)


def _is_dense(layer: Layer) -> bool:
    """A convolution of one pixel is a fully connected layer."""
    return isinstance(layer, Convolution) and (layer.height, layer.width, layer.groups) == (1, 1, 1)


def chain(layers: list[Layer], name: str, seed: int = 7) -> tuple[bytes, list[str]]:
    """A model of layers that follow each other, with logits [N, classes] as its result, and what was put between them.
    Raises ImportFailed if two neighbours do not fit."""
    graph = _Graph(seed)
    first = layers[0]
    x, flat = "x", isinstance(first, Product)
    for before, after in zip([None, *layers[:-1]], layers, strict=True):
        pads = (0, 0, 0, 0)
        if before is not None:
            x = graph.node("Relu", f"{before.name}.relu", [x])
            fault = f"layers {before.name} and {after.name} do not follow each other"
            if isinstance(before, Product) or isinstance(after, Product):
                x = _to_product(before, after, fault, graph, x)
            elif flat:
                if not _is_dense(after) or before.filters != after.channels:
                    raise ImportFailed(f"{fault}: found {before.filters} values before {after.channels} channels")
            elif _is_dense(after):
                x, flat = _flattened(before, after.channels, fault, graph, x), True
            else:
                x, pads = _joined_sizes(before, after, fault, graph, x)
        if flat and isinstance(after, Convolution):
            x = graph.node(
                "MatMul",
                after.name,
                [x, graph.weight(f"{after.name}.weight", (after.channels, after.filters), after.channels)],
            )
        else:
            x = graph.layer(after, x, pads)
    last = layers[-1]
    if isinstance(last, Convolution) and not flat:
        x = _flattened(last, last.filters, f"layer {last.name} has no logits", graph, x)
    logits = [_output_shape(last)[0], last.columns if isinstance(last, Product) else last.filters]
    graph.nodes[-1].output[0] = "logits"
    return _model(graph, name, [_value("x", _input_shape(first))], [_value("logits", logits)]), graph.notes


def _to_product(before: Layer, after: Layer, fault: str, graph: _Graph, x: str) -> str:
    if not isinstance(before, Product) or not isinstance(after, Product):
        raise ImportFailed(f"{fault}: found a convolution beside a product, expected one kind")
    if (before.rows, before.columns) != (after.rows, after.inner):
        raise ImportFailed(
            f"{fault}: found a result of {before.rows}x{before.columns} before an operand of {after.rows}x{after.inner}"
        )
    return x
