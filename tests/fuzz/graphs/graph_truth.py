# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What PyTorch makes of an ONNX graph, node by node, in fp64: values in training or in inference, and gradients."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch.nn import functional

Values = dict[str, torch.Tensor]


class Unknown(Exception):
    """A graph that this page has no words for."""


def padded(x: torch.Tensor, pads: list[int], value: float) -> torch.Tensor:
    top, left, bottom, right = pads
    return functional.pad(x, (left, right, top, bottom), value=value)


def conv(x, w, b=None, *, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), group=1, **_):
    return functional.conv2d(padded(x, pads, 0.0), w, b, strides, 0, dilations, group)


def max_pool(x, *, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), ceil_mode=0):
    if ceil_mode:  # padded here, the edge rule would be another one
        return functional.max_pool2d(x, kernel_shape, strides, pads[:2], dilations, ceil_mode=True)
    return functional.max_pool2d(padded(x, pads, -np.inf), kernel_shape, strides, 0, dilations)


def average_pool(x, *, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), ceil_mode=0, count_include_pad=0):
    if ceil_mode:
        return functional.avg_pool2d(
            x, kernel_shape, strides, pads[:2], ceil_mode=True, count_include_pad=bool(count_include_pad)
        )
    ones = padded(torch.ones_like(x), pads, float(count_include_pad))
    sums = (functional.avg_pool2d(each, kernel_shape, strides) for each in (padded(x, pads, 0.0), ones))
    return torch.div(*sums)


def in_order(y):
    """The gradient that comes to `y` lies in the order of its dimensions: where it does not, those of PyTorch 1.13's
    norms are wrong (a batch norm of images one pixel high, an instance norm before a product over the images)."""
    if y.requires_grad:
        y.register_hook(lambda gradient: gradient.contiguous())
    return y


def batch_norm(x, scale, bias, mean, var, *, training, momentum=0.9, epsilon=1e-5, **_):
    mean, var = mean.clone(), var.clone()
    y = functional.batch_norm(x.contiguous(), mean, var, scale, bias, training, 1 - momentum, epsilon)
    return in_order(y), mean, var


def gemm(a, b, c=None, *, alpha=1.0, beta=1.0, transA=0, transB=0):  # noqa: N803
    y = alpha * ((a.T if transA else a) @ (b.T if transB else b))
    return y if c is None else y + beta * c


def conv_transpose(x, w, b=None, *, strides, pads, output_padding, group, **_):
    return functional.conv_transpose2d(x, w, b, strides, pads[:2], output_padding, group)


def resize(x, _, scales, *, mode, **__):
    factors = [int(s) for s in scales[2:].tolist()]
    if mode == b"nearest":
        return functional.interpolate(x, scale_factor=factors)
    return functional.interpolate(x, scale_factor=factors, mode="bilinear", align_corners=False)


def instance_norm(x, scale, bias, *, epsilon):
    return in_order(functional.instance_norm(x.contiguous(), None, None, scale, bias, eps=epsilon))


def local_response_norm(x, *, size, alpha, beta, bias):
    return functional.local_response_norm(x, size, alpha, beta, bias)


def layer_norm(x, scale, bias=None, *, axis=-1, epsilon=1e-5):
    return functional.layer_norm(x, x.shape[axis:], scale, bias, epsilon)


def pad(x, pads, value=None, *, mode=b"constant"):
    count, before = x.ndim, pads.tolist()
    for axis in range(count):
        low, high, extent = before[axis], before[axis + count], x.shape[axis]
        places = torch.arange(-low, extent + high)
        if mode == b"reflect":
            places = (places.abs() - 2 * (places.abs() - (extent - 1)).clamp(min=0)).clamp(0)
        inside = x.index_select(axis, places.clamp(0, extent - 1))
        if mode == b"constant":
            shape = [1] * count
            shape[axis] = -1
            keep = ((places >= 0) & (places < extent)).reshape(shape)
            inside = torch.where(keep, inside, torch.zeros_like(inside) if value is None else value)
        x = inside
    return x


def slice_of(x, starts, ends, axes, steps=None):
    steps = torch.ones_like(starts) if steps is None else steps
    for start, end, axis, step in zip(*(t.tolist() for t in (starts, ends, axes, steps)), strict=True):
        if step < 0:
            x = slice_backwards(x, start, end, axis, step)
            continue
        index = [slice(None)] * x.ndim
        index[axis] = slice(start, end, step)
        x = x[tuple(index)]
    return x


def slice_backwards(x, start, end, axis, step):
    """numpy's, which PyTorch refuses."""
    return x.index_select(axis, torch.arange(x.shape[axis])[list(range(x.shape[axis]))[start:end:step]])


def extreme(is_greatest: bool):
    """Of equal elements the first one has the gradient."""

    def of(*tensors):
        first, *others = torch.broadcast_tensors(*tensors)
        for other in others:
            first = torch.where(first >= other if is_greatest else first <= other, first, other)
        return first

    return of


def reduced(function):
    def reduce(x, axes_input=None, *, axes=None, keepdims=1, **_):
        axes = axes_input.tolist() if axes_input is not None else axes
        return function(x, dim=tuple(axes) if axes else tuple(range(x.ndim)), keepdim=bool(keepdims))

    return reduce


ACTIVATIONS = {
    "Relu": torch.relu,
    "LeakyRelu": lambda x, alpha=0.01: functional.leaky_relu(x, alpha),
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "HardSwish": functional.hardswish,
    "HardSigmoid": lambda x, alpha=0.2, beta=0.5: (alpha * x + beta).clamp(0, 1),
    "Elu": lambda x, alpha=1.0: functional.elu(x, alpha),
    "Softplus": functional.softplus,
    "Erf": torch.erf,
    "Neg": torch.neg,
    "Identity": lambda x: x,
    "PRelu": lambda x, slope: torch.where(x > 0, x, slope * x),
}
OPERATORS = ACTIVATIONS | {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Resize": resize,
    "Softmax": lambda x, axis: torch.softmax(x, axis),
    "InstanceNormalization": instance_norm,
    "LRN": local_response_norm,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": lambda x: x.mean(tuple(range(2, x.ndim)), keepdim=True),
    "GlobalMaxPool": lambda x: functional.max_pool2d(x, x.shape[2:]),
    "Gemm": gemm,
    "Einsum": lambda *xs, equation: torch.einsum(equation.decode(), *xs),
    "Gather": lambda x, places, axis: x.index_select(axis, places % x.shape[axis]),
    "MatMul": torch.matmul,
    "LayerNormalization": layer_norm,
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Max": extreme(True),
    "Min": extreme(False),
    "Sum": lambda *xs: sum(xs),
    "Mean": lambda *xs: sum(xs) / len(xs),
    "Concat": lambda *xs, axis: torch.cat(xs, axis),
    "Split": lambda x, sizes, axis=0: torch.split(x, sizes.tolist(), axis),
    "Slice": slice_of,
    "Pad": pad,
    "Transpose": lambda x, perm: x.permute(perm),
    "Reshape": lambda x, shape: x.reshape(shape.tolist()),
    "Flatten": lambda x, axis=1: x.reshape(int(np.prod(x.shape[:axis])), -1),
    "Unsqueeze": lambda x, axes: x.unsqueeze(axes.item()),
    "ReduceMean": reduced(torch.mean),
    "ReduceSum": reduced(torch.sum),
}


def apply(node: onnx.NodeProto, values: Values, training: bool) -> None:
    """Adds the outputs of the node, and of a batch norm the next running statistics under the names of the old ones
    behind `next:`."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    inputs = [values[name] if name else None for name in node.input]
    if node.op_type == "BatchNormalization":
        attributes.pop("training_mode", None)
        y, mean, var = batch_norm(*inputs, training=training, **attributes)
        values |= {node.output[0]: y, f"next:{node.input[3]}": mean, f"next:{node.input[4]}": var}
        return
    if node.op_type not in OPERATORS:
        raise Unknown(node.op_type)
    found = OPERATORS[node.op_type](*inputs, **attributes)
    values |= dict(zip(node.output, found if isinstance(found, tuple) else (found,), strict=False))


def constants(model: onnx.ModelProto) -> Values:
    """The initialisers: floats as leaves with a gradient, but the running statistics of batch norms."""
    states = {name for node in model.graph.node if node.op_type == "BatchNormalization" for name in node.input[3:5]}
    values = {}
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        is_float = array.dtype.kind == "f"
        values[tensor.name] = torch.tensor(array, dtype=torch.float64 if is_float else torch.int64)
        if is_float and tensor.name not in states:
            values[tensor.name].requires_grad_()
    return values


def evaluate(model: onnx.ModelProto, inputs: dict[str, np.ndarray], training: bool) -> Values:
    """Every value of the graph."""
    values = constants(model)
    for name, array in inputs.items():  # which a training step takes for a parameter where only weights' places read it
        values[name] = torch.tensor(array, dtype=torch.float64, requires_grad=True)
    for node in model.graph.node:
        apply(node, values, training)
    return values
