# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Chains of operators drawn at random, each valid for onnxruntime: they compile, and compute the same on the chip.

What one operator in one arrangement cannot show: constants that several nodes read in several arrangements, moves of
moves, sums of tensors that came by different ways."""

import random

import numpy as np
import pytest

pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
pytest.importorskip("onnxruntime", reason="needs onnxruntime, see scripts/requirements-test.txt")

from onnx_nets import Net, values

GRAPHS, OPSET = 150, 15


class Grower:
    """Appends nodes to a net; keeps the tensors so far with their values."""

    def __init__(self, seed: int) -> None:
        self.random, self.net, self.tensors = random.Random(seed), Net(OPSET), []
        extents = self.random.sample([2, 3, 4, 5, 6, 7], self.random.choice([1, 2, 3, 4, 4, 4]))
        self.tensors.append((self.operand(*extents), values(*extents)))

    def operand(self, *shape: int) -> str:
        make = self.random.choice([self.net.initialiser, self.net.constant, self.net.input])
        return make(values(*shape))

    def grow(self) -> None:
        name, value = self.random.choice(self.tensors[-3:])
        kinds = ["unary", "move", "bias", "residual"]
        kinds += ["normalise", "average"] if value.ndim > 2 else []
        kinds += ["convolve", "pool"] if value.ndim == 4 else []
        kinds += ["multiply", "normalise"] if value.ndim == 2 else []
        result = getattr(self, self.random.choice(kinds))(name, value)
        self.tensors.append((result, self.net.by_onnxruntime([result])[0]))

    def unary(self, name, value):
        return self.net.node(
            self.random.choice(["Relu", "Tanh", "Identity", "Dropout", "Sigmoid", "HardSwish", "Neg", "LeakyRelu"]),
            [name],
        )

    def move(self, name, value):
        order = self.random.sample(range(value.ndim), value.ndim)
        axis = self.random.randint(0, value.ndim)
        moves = [
            lambda: self.net.node("Transpose", [name], perm=order),
            lambda: self.net.node("Flatten", [name], axis=axis),
            lambda: self.net.reshape(name, *self.random.sample(value.shape, value.ndim)),
            lambda: self.net.reshape(name, *value.shape[:axis][:2], -1),
        ]
        if value.ndim < 4:
            moves.append(lambda: self.net.node("Unsqueeze", [name, self.net.integers(axis)]))
        return self.random.choice(moves)()

    def bias(self, name, value):
        small = [extent if self.random.random() < 0.5 else 1 for extent in value.shape]
        while small and small[0] == 1 and self.random.random() < 0.5:
            small.pop(0)
        kind = self.random.choice(["Add", "Add", "Mul", "Sub"])
        return self.net.node(kind, self.random.sample([name, self.operand(*small)], 2))

    def residual(self, name, value):
        fits = [other for other, array in self.tensors if broadcasts(array.shape, value.shape)]
        return self.net.node(self.random.choice(["Add", "Mul", "Sub"]), [name, self.random.choice(fits)])

    def normalise(self, name, value):
        channels = value.shape[1]
        operands = [self.operand(channels), self.operand(channels), self.net.initialiser(values(channels))]
        operands.append(self.net.initialiser(np.abs(values(channels)) + 0.5))
        return self.net.node("BatchNormalization", [name, *operands])

    def average(self, name, value):
        if self.random.random() < 0.5:
            return self.net.node("GlobalAveragePool", [name])
        return self.net.node("ReduceMean", [name], axes=list(range(2, value.ndim)), keepdims=self.random.randint(0, 1))

    def window(self, value) -> dict:
        kernel = [self.random.randint(1, min(3, extent)) for extent in value.shape[2:]]
        pads = [self.random.randint(0, extent - 1) for extent in kernel * 2]
        return {"kernel_shape": kernel, "pads": pads, "strides": [self.random.randint(1, 3) for _ in kernel]}

    def convolve(self, name, value):
        window, outputs = self.window(value), self.random.choice([1, 2, 5])
        weight = self.operand(outputs, value.shape[1], *window["kernel_shape"])
        return self.net.node("Conv", [name, weight, self.operand(outputs)], **window)

    def pool(self, name, value):
        # Not in ceil mode: there onnxruntime infers another shape than it computes.
        return self.net.node(self.random.choice(["MaxPool", "AveragePool"]), [name], **self.window(value))

    def multiply(self, name, value):
        turned, columns = self.random.random() < 0.5, self.random.choice([1, 2, 5, 8])
        rows, inner = value.shape[::-1] if turned else value.shape
        bias = self.operand(*self.random.choice([(), (1,), (columns,), (1, columns), (rows, 1), (rows, columns)]))
        return self.net.node("Gemm", [name, self.operand(columns, inner), bias], transA=int(turned), transB=1)


def broadcasts(small: tuple, shape: tuple) -> bool:
    aligned = zip(small[::-1], shape[::-1], strict=False)
    return len(small) <= len(shape) and all(extent in (1, wanted) for extent, wanted in aligned)


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_random_graph(seed):
    grower = Grower(seed)
    for _ in range(grower.random.randint(2, 9)):
        grower.grow()
    name, value = grower.tensors[-1]
    [found] = grower.net.on_chip([grower.net.node("Tanh", [name])])
    np.testing.assert_allclose(found, np.tanh(value), rtol=1e-4, atol=1e-5)
