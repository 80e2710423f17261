# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a step of a net has to do on any machine, counted from its ONNX graph and from nothing else."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from _arsis import ModelError
from google.protobuf.message import DecodeError
from onnx import numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

MOVES = {"Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Identity", "Constant", "Shape", "Cast", "Gather"}
FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
LABEL_BYTES = MASTER_BYTES = 4  # of a class number; of a parameter or momentum of a training, in fp32 for every type


def elements(shape: list[int]) -> int:
    """Raises ValueError for an extent that is not known."""
    if 0 in shape:
        raise ValueError(f"found the shape {shape}, expected known extents")
    return math.prod(shape)


def fold(graph: onnx.GraphProto, shapes: dict[str, list[int]]) -> bool:
    """Makes initialisers of what is computed from known shapes alone; false if there is nothing more."""
    known: dict[str, Any] = {t.name: numpy_helper.to_array(t) for t in graph.initializer if t.data_type == INT64}
    left = []
    for node in graph.node:
        shape = shapes.get(node.input[0]) if node.op_type == "Shape" else None
        if shape and 0 not in shape:
            known[node.output[0]] = np.array(shape, np.int64)
        elif (
            len(node.output) == 1 and all(name in known for name in node.input) and not node.op_type.startswith("Rand")
        ):
            (known[node.output[0]],) = ReferenceEvaluator(node).run(None, {name: known[name] for name in node.input})
        else:
            left.append(node)
            continue
        graph.initializer.append(numpy_helper.from_array(np.asarray(known[node.output[0]]), node.output[0]))
    is_done = len(left) == len(graph.node)
    del graph.node[:]
    graph.node.extend(left)
    return not is_done


def values_of(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """All values with their shapes. Inference knows no division, so that the arithmetic on shapes is done here, as far
    as the shapes of one pass go."""
    while True:
        graph = shape_inference.infer_shapes(model, data_prop=True).graph
        values = [*graph.value_info, *graph.input, *graph.output]
        if not fold(model.graph, {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}):
            return values


class Count:
    """What the images of a graph cost: `parameters`, multiply-adds `forward` and `backward_input` (of the gradients of
    inputs; those of weights are as many as forward), bytes of `activations`. A symbolic batch counts as one image.

    A convolution's taps on padding count, its products across groups do not. Raises ValueError for shapes that cannot
    be inferred.
    """

    def __init__(self, model: onnx.ModelProto, dims: Mapping[str, int] | None = None) -> None:
        """`dims`: extents of symbolic dimensions; of those that are not named, 1. `model` is changed."""
        graph = model.graph
        for value in (*graph.input, *graph.output):
            for dim in value.type.tensor_type.shape.dim:
                if dim.dim_param:
                    dim.dim_value = (dims or {}).get(dim.dim_param, 1)
        del graph.value_info[:]
        weights = {t.name: list(t.dims) for t in graph.initializer if t.data_type == FLOAT}
        depends = {t.name for t in graph.initializer}  # on a parameter
        self.inputs = [value for value in graph.input if value.name not in depends]
        self.outputs = [value.name for value in graph.output]
        nodes = copy.deepcopy(graph.node)
        # Inference needs the shapes of weights alone, and copies what there is at every pass.
        kept = [t for t in graph.initializer if t.name not in weights or math.prod(t.dims) < 16]
        small = {t.name for t in kept} | {value.name for value in graph.input}
        graph.input.extend(
            onnx.helper.make_tensor_value_info(name, FLOAT, shape)
            for name, shape in weights.items()
            if name not in small
        )
        del graph.initializer[:]
        graph.initializer.extend(kept)
        values = values_of(model)
        self.shapes: dict[str, list[int]] = {
            v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values
        } | weights
        floats = {v.name for v in values if v.type.tensor_type.elem_type == FLOAT}
        statistics = {name for n in nodes if n.op_type == "BatchNormalization" for name in n.input[3:5]}
        self.parameters = sum(math.prod(w) for name, w in weights.items() if name not in statistics and w)
        self.forward = self.backward_input = self.activations = 0
        for node in nodes:
            moved = any(name in depends for name in node.input)
            macs = self.macs(node)
            self.forward += macs
            if node.input and node.input[0] in depends - set(weights):
                self.backward_input += macs
            for output in node.output[:1]:
                if moved:
                    depends.add(output)
                if output in floats and node.op_type not in MOVES:
                    self.activations += 4 * elements(self.shapes[output])

    def macs(self, node: onnx.NodeProto) -> int:
        if node.op_type in ("Gemm", "MatMul"):  # the weight of a MatMul may be behind a Transpose
            return elements(self.shapes[node.input[0]]) * self.shapes[node.output[0]][-1]
        if node.op_type not in ("Conv", "ConvTranspose"):
            return 0
        weight = self.shapes[node.input[1]]
        side = node.output[0] if node.op_type == "Conv" else node.input[0]
        return elements(self.shapes[side]) * math.prod(weight[1:])


@dataclass(frozen=True)
class Work:
    """What a step has to do on any machine: operations (a multiply-add counts as two), bytes that pass the memory at
    least once, and of these the bytes that it has to hold."""

    operations: int
    compulsory_bytes: int
    resident_bytes: int


def momentum_of(optimizer: str) -> bool:
    """Whether `sgd,lr=..,momentum=..` keeps a momentum of each parameter."""
    given = dict(part.partition("=")[::2] for part in optimizer.split(",")[1:])
    try:
        return float(given.get("momentum", "0")) != 0
    except ValueError:
        return False  # the compiler says what is wrong with it


def label_bytes(logits: list[int], loss: str, element: int) -> int:
    """Of the labels of a loss: a class for each row of logits, or a target as large as the output."""
    if loss.partition(",")[0] == "softmax-xent":
        return LABEL_BYTES * elements(logits) // logits[1] if len(logits) > 1 else 0
    return element * elements(logits)


def work_of(
    content: bytes,
    name: str,
    *,
    batch: int,
    element: int,
    train: bool,
    optimizer: str = "sgd",
    loss: str = "softmax-xent",
    dims: Mapping[str, int] | None = None,
) -> Work:
    """The work of a step of `batch` images on the ONNX model of these bytes, which messages call `name`.

    `element`: bytes of an activation, and in an inference of a parameter. A training has parameters and momentum in
    fp32, and writes both back. Parameters are taken to come from memory in each step. Raises ModelError.
    """
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError:
        model = onnx.ModelProto()
    if not model.graph.node:
        raise ModelError(f"{name}: not an ONNX file, from whose graph alone the work of a step is counted")
    try:
        count = Count(model, dims)
        first = count.inputs[0].type.tensor_type.shape.dim
        held = max(first[0].dim_value, 1)  # images of a file with a batch of its own
        images = sum(elements(count.shapes[value.name]) for value in count.inputs)
        labels = label_bytes(count.shapes[count.outputs[0]], loss, element) if train else 0
    except (ValueError, KeyError, IndexError, OSError, RuntimeError, onnx.shape_inference.InferenceError) as error:
        raise ModelError(f"{name}: multiply-adds cannot be counted: {str(error).splitlines()[0]}") from None
    macs = (2 * count.forward + count.backward_input) if train else count.forward
    once = (element * images + labels) * batch // held
    back = count.parameters * (MASTER_BYTES * (1 + momentum_of(optimizer)) if train else element)
    return Work(2 * macs * batch // held, once + back * (2 if train else 1), once + back)
