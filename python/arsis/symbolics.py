# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What PyTorch's exporter by tracing cannot write, written: random masks and adaptive average pools of any size; and
what it writes wrongly, circular padding (in 1.13 it leaves out the last row and column)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.onnx import symbolic_helper, symbolic_opset9, symbolic_opset11


def bernoulli(g: Any, value: Any, *rest: Any) -> Any:
    """`torch.bernoulli(p)` for a tensor of probabilities, `x.bernoulli_(p)` for one number: ONNX's Bernoulli."""
    if len(rest) < 2:  # (generator,)
        return g.op("Bernoulli", value)
    probability = symbolic_helper._maybe_get_const(rest[0], "f")
    if isinstance(probability, torch._C.Value):
        return symbolic_helper._unimplemented("bernoulli_", "the probability is computed", value)
    filled = torch.tensor([float(probability)], dtype=torch.float32)
    return g.op("Bernoulli", g.op("ConstantOfShape", g.op("Shape", value), value_t=filled))


def windows(extent: int, count: int) -> list[tuple[int, int]]:
    """Begin and end of the windows of `count` adaptive means over `extent` elements, as PyTorch has them."""
    return [(i * extent // count, -(-(i + 1) * extent // count)) for i in range(count)]


def means(g: Any, value: Any, axis: int, extent: int, count: int) -> Any:
    """The adaptive means along one axis: of slices, joined."""
    pieces = []
    for begin, end in windows(extent, count):
        bounds = (g.op("Constant", value_t=torch.tensor([number])) for number in (begin, end, axis))
        piece = g.op("Slice", value, *bounds)
        pieces.append(piece if end - begin == 1 else g.op("ReduceMean", piece, axes_i=[axis], keepdims_i=1))
    return pieces[0] if count == 1 else g.op("Concat", *pieces, axis_i=axis)


def adaptive_average_pool(g: Any, value: Any, output_size: Any) -> Any:
    """One AveragePool where all windows are alike, else one dimension after the other."""
    wanted = list(symbolic_helper._parse_arg(output_size, "is"))
    if wanted == [1] * len(wanted):
        return g.op("GlobalAveragePool", value)
    rank = symbolic_helper._get_tensor_rank(value)
    sizes = symbolic_helper._get_tensor_sizes(value)[rank - len(wanted) :] if rank else [None]
    if any(size is None for size in sizes):
        return symbolic_helper._unimplemented("adaptive_avg_pool2d", "the size of the image is not known", value)
    if all(size % count == 0 for size, count in zip(sizes, wanted, strict=True)):
        steps = [size // count for size, count in zip(sizes, wanted, strict=True)]
        return value if steps == [1] * len(steps) else g.op("AveragePool", value, kernel_shape_i=steps, strides_i=steps)
    for axis, size, count in zip(range(rank - len(wanted), rank), sizes, wanted, strict=True):
        if size != count:
            value = means(g, value, axis, size, count)
    return value


def cut(g: Any, value: Any, axis: int, begin: int, end: int) -> Any:
    return g.op("Slice", value, *(g.op("Constant", value_t=torch.tensor([number])) for number in (begin, end, axis)))


def pad(g: Any, value: Any, widths: Any, mode: Any, filler: Any) -> Any:
    """`torch.nn.functional.pad`: a circular one takes what is at the other end, dimension by dimension, the last one
    first."""
    if symbolic_helper._parse_arg(mode, "s") != "circular":
        return symbolic_opset11.pad(g, value, widths, mode, filler)
    sizes = symbolic_opset9._convert_padding_node(widths)
    if min(sizes) < 0:
        return symbolic_helper._unimplemented("pad", "a circular padding is negative", value)
    rank = symbolic_helper._get_tensor_rank(value)
    for number, (low, high) in enumerate(zip(sizes[::2], sizes[1::2], strict=True)):
        axis = rank - 1 - number
        before = [cut(g, value, axis, -low, torch.iinfo(torch.int64).max)] if low else []
        behind = [cut(g, value, axis, 0, high)] if high else []
        if before or behind:
            value = g.op("Concat", *before, value, *behind, axis_i=axis)
    return value


SYMBOLICS: dict[str, Callable[..., Any]] = {
    "aten::bernoulli": bernoulli,
    "aten::adaptive_avg_pool1d": adaptive_average_pool,
    "aten::adaptive_avg_pool2d": adaptive_average_pool,
    "aten::pad": pad,
}


@contextlib.contextmanager
def registered(opset: int) -> Iterator[None]:
    """The exporter by tracing knows the above as long as this lasts."""
    for name, function in SYMBOLICS.items():
        torch.onnx.register_custom_op_symbolic(name, function, opset)
    try:
        yield
    finally:
        for name in SYMBOLICS:
            torch.onnx.unregister_custom_op_symbolic(name, opset)
