# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphs drawn at random: operators on tensors of odd shapes, with shared weights and several heads; and how each is to
be compiled. A graph depends on its seed and on nothing else."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from pathlib import Path

import graph_truth
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
CHIPS = ["tiny", "edge", "datacentre", str(Path(__file__).resolve().parents[2] / "e2e/chips/rect12x20.yaml")]
# What a chip has where tensors do not fit as a whole; banks of `datacentre` are 8 KiB of words, and its clock takes
# accumulators of some size.
CRAMPED_KIB, CRAMPED_ROWS = {"datacentre": [8, 16]}, {"datacentre": [512]}
EXTENTS = [1, 1, 2, 3, 4, 5, 7, 8, 11, 13]
MOST_ELEMENTS = 6000  # of a tensor
UNARY = [
    "Relu",
    "Tanh",
    "Sigmoid",
    "LeakyRelu",
    "HardSwish",
    "HardSigmoid",
    "Elu",
    "Softplus",
    "Erf",
    "Neg",
    "Identity",
]


@dataclass
class Graph:
    """A model, and the options with which it is compiled."""

    model: onnx.ModelProto
    inputs: dict[str, np.ndarray]
    options: dict[str, object]  # of arsis.compile
    chip: str = "tiny"
    overrides: dict[str, object] = field(default_factory=dict)  # values of the chip
    given: dict[str, np.ndarray] = field(default_factory=dict)  # labels and targets


class Grower:
    """Appends nodes to a graph; knows the tensors so far with their values."""

    def __init__(self, seed: int) -> None:
        self.random, self.numpy = random.Random(seed), np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: dict[str, np.ndarray] = {}
        self.inputs: dict[str, np.ndarray] = {}
        self.values: graph_truth.Values = {}
        self.tensors: list[str] = []
        self.training = self.random.random() < 0.8
        channels, height, width = (self.random.choice(EXTENTS) for _ in range(3))
        shape = (self.random.choice([1, 2, 3, 5]), channels, height, width)
        shape = shape[: self.random.choice([2, 3, 4, 4, 4, 4, 4])]
        self.tensors.append(self.node("Add", [self.input(shape), self.weight(shape)]))  # every gradient goes somewhere

    # Tensors

    def draw(self, shape, scale: float = 1.0) -> np.ndarray:
        return (scale * self.numpy.standard_normal(shape)).astype(np.float32)

    def put(self, kind: str, store: dict[str, np.ndarray], array: np.ndarray) -> str:
        name = f"{kind}{len(store)}"
        store[name] = array
        is_float = array.dtype.kind == "f"
        self.values[name] = torch.tensor(array, dtype=torch.float64 if is_float else torch.int64)
        return name

    def input(self, shape) -> str:
        return self.put("x", self.inputs, self.draw(shape))

    def weight(self, shape, scale: float = 1.0) -> str:
        """A parameter, one in four of them another's. One element alone would be taken for a number."""
        known = [n for n, a in self.initialisers.items() if n[0] == "w" and a.shape == tuple(shape) and a.size > 1]
        if known and self.random.random() < 0.25:
            return self.random.choice(known)
        if math.prod(shape) == 1:
            return self.input(shape)
        return self.put("w", self.initialisers, self.draw(shape, scale))

    def whole(self, *numbers: int) -> str:
        return self.put("i", self.initialisers, np.array(numbers, np.int64))

    def state(self, array: np.ndarray) -> str:
        return self.put("s", self.initialisers, array)

    def node(self, kind: str, inputs: list[str], outputs: int = 1, **attributes) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        names = [name, *(f"{name}_{n}" for n in range(1, outputs))]
        node = helper.make_node(kind, inputs, names, name=name, **attributes)
        with torch.no_grad():
            graph_truth.apply(node, self.values, self.training)
        self.nodes.append(node)
        return self.random.choice(names)

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.values[name].shape)

    # Operators: each takes a tensor and gives one

    def grow(self) -> None:
        """Appends a node, whose result is neither too large nor empty nor out of all bounds."""
        name = self.random.choice(self.tensors[-3:])
        rank = len(self.shape(name))
        kinds = ["unary", "unary", "unary", "move", "arithmetic", "join", "cut", "widen"]
        kinds += ["convolve", "convolve", "convolve", "pool", "normalise", "squeeze"] if rank == 4 else []
        kinds += ["block", "block", "mix", "grow_image", "soften"] if rank == 4 else []
        kinds += ["multiply", "multiply", "layer_normalise"] if rank == 2 else []
        kinds += ["average"] if rank > 2 else []
        before = len(self.nodes), dict(self.initialisers), dict(self.inputs), dict(self.values)
        try:
            found = getattr(self, self.random.choice(kinds))(name)
        except (RuntimeError, IndexError):  # torch has no such window or box
            found = ""
        largest = max((self.values[n.output[0]].numel() for n in self.nodes[before[0] :]), default=0)
        if found and self.values[found].numel() > 0 and largest <= MOST_ELEMENTS and self.is_tame(found):
            self.tensors.append(found)
        else:
            del self.nodes[before[0] :]
            self.initialisers, self.inputs, self.values = before[1:]

    def is_tame(self, name: str) -> bool:
        return bool(self.values[name].abs().max() < 1e3)

    def unary(self, name: str) -> str:
        kind = self.random.choice([*UNARY, "PRelu"])
        if kind == "PRelu":
            return self.node(kind, [name, self.weight((self.shape(name)[1], *[1] * (len(self.shape(name)) - 2)))])
        more = {"alpha": self.random.choice([0.25, 1.5])} if kind in ("LeakyRelu", "Elu") else {}
        return self.node(kind, [name], **more)

    def move(self, name: str) -> str:
        shape = self.shape(name)
        choice = self.random.randint(0, 3)
        if choice == 0:
            return self.node("Transpose", [name], perm=self.random.sample(range(len(shape)), len(shape)))
        if choice == 1:
            return self.node("Flatten", [name], axis=self.random.randint(0, len(shape)))
        if choice == 2 and len(shape) < 4:
            return self.node("Unsqueeze", [name, self.whole(self.random.randint(0, len(shape)))])
        return self.node("Reshape", [name, self.whole(*self.random.sample(shape, len(shape)))])

    def arithmetic(self, name: str) -> str:
        shape, kind = self.shape(name), self.random.choice(["Add", "Add", "Mul", "Sub"])
        fits = [n for n in self.tensors if n != name and broadcasts(self.shape(n), shape)]
        if fits and self.random.random() < 0.6:
            kind = self.random.choice([kind, kind, "Max", "Min", "Sum", "Mean"])
            return self.node(kind, self.random.sample([name, self.random.choice(fits)], 2))
        small = [extent if self.random.random() < 0.5 else 1 for extent in shape]
        return self.node(kind, self.random.sample([name, self.weight(small)], 2))

    def join(self, name: str) -> str:
        shape = self.shape(name)
        axis = self.random.randrange(len(shape))

        def fits(other: tuple[int, ...]) -> bool:
            return len(other) == len(shape) and all(
                a == b for i, (a, b) in enumerate(zip(other, shape, strict=True)) if i != axis
            )

        others = [n for n in self.tensors if fits(self.shape(n))]
        return self.node("Concat", [name, *self.random.choices(others, k=self.random.randint(1, 2))], axis=axis)

    def cut(self, name: str) -> str:
        shape = self.shape(name)
        axis = self.random.randrange(len(shape))
        extent = shape[axis]
        if self.random.random() < 0.5 and extent > 1:
            first = self.random.randint(1, extent - 1)
            return self.node("Split", [name, self.whole(first, extent - first)], outputs=2, axis=axis)
        if self.random.random() < 0.2:
            places = self.random.choices(range(-extent, extent), k=self.random.randint(1, 4))
            return self.node("Gather", [name, self.whole(*places)], axis=axis)
        low = self.random.randrange(extent)
        high, step = self.random.randint(low + 1, extent), self.random.randint(1, 3)
        if self.random.random() < 0.2:
            low, high, step = high - 1, low - 1 if low else -extent - 1, -step
        return self.node("Slice", [name, self.whole(low), self.whole(high), self.whole(axis), self.whole(step)])

    def widen(self, name: str) -> str:
        shape = self.shape(name)
        mode = self.random.choice(["constant", "reflect", "edge"])  # "wrap" is of a later opset
        most = [0 if self.random.random() < 0.5 else min(2, extent - 1 if mode == "reflect" else 2) for extent in shape]
        pads = [self.random.randint(0, each) for each in most * 2]
        value = mode == "constant" and self.random.random() < 0.5
        filled = [self.state(np.array(-1.5, np.float32))] if value else []
        return self.node("Pad", [name, self.whole(*pads), *filled], mode=mode)

    def average(self, name: str) -> str:
        axes = self.random.sample(range(len(self.shape(name))), self.random.randint(1, 2))
        return self.node("ReduceMean", [name], axes=sorted(axes), keepdims=self.random.randint(0, 1))

    def window(self, name: str) -> dict[str, list[int]]:
        """Strides beyond the image, kernels that only pads make room for, every pad another."""
        kernel = [self.random.choice([1, 1, 2, 3, 3, 5]) for _ in range(2)]
        pads = [self.random.randint(0, extent) for extent in kernel * 2]
        strides = [self.random.choice([1, 1, 2, 3, 5]) for _ in range(2)]
        return {"kernel_shape": kernel, "pads": pads, "strides": strides}

    def convolve(self, name: str) -> str:
        window, channels = self.window(name), self.shape(name)[1]
        groups = self.random.choice([g for g in (1, 1, 1, 2, 3, channels) if channels % g == 0])
        outputs = groups * self.random.choice([1, 2, 3, 5])
        window["dilations"] = [self.random.choice([1, 1, 1, 2]) for _ in range(2)]
        shape = (outputs, channels // groups, *window["kernel_shape"])
        operands = [name, self.weight(shape, 1 / math.sqrt(math.prod(shape[1:])))]
        if self.random.random() < 0.5:
            operands.append(self.weight((outputs,)))
        return self.node("Conv", operands, group=groups, **window)

    def pool(self, name: str) -> str:
        kind = self.random.choice(["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"])
        if kind.startswith("Global"):
            return self.node(kind, [name])
        window = self.window(name)
        window["pads"] = [min(p, k // 2) for p, k in zip(window["pads"], window["kernel_shape"] * 2, strict=True)]
        more: dict[str, int] = {"ceil_mode": self.random.randint(0, 1)}
        if more["ceil_mode"]:
            window["pads"] = window["pads"][:2] * 2
        if kind == "AveragePool":
            more["count_include_pad"] = self.random.randint(0, 1)
        return self.node(kind, [name], **window, **more)

    def normalise(self, name: str) -> str:
        channels = self.shape(name)[1]
        if self.training and self.values[name].numel() < 2 * channels:
            raise IndexError("one pixel has no statistics")
        states = [self.state(self.draw(channels)), self.state(np.abs(self.draw(channels)) + np.float32(0.5))]
        operands = [name, self.vector(channels), self.vector(channels), *states]
        return self.node("BatchNormalization", operands, epsilon=1e-3)

    def grow_image(self, name: str) -> str:
        """A transposed convolution, or a resize by whole factors."""
        factors = [self.random.choice([1, 2, 3]) for _ in range(2)]
        if self.random.random() < 0.5:
            how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
            if self.random.random() < 0.5:  # thirds are no numbers of fp32: what was constant would not be
                how, factors = {"mode": "linear"}, [2 ** (factor - 1) for factor in factors]
            scales = self.state(np.array([1, 1, *factors], np.float32))
            return self.node("Resize", [name, "", scales], **how)
        channels, outputs = self.shape(name)[1], self.random.choice([1, 2, 3, 5])
        groups = self.random.choice([g for g in (1, 1, 2, channels) if channels % g == 0])
        kernel = [self.random.choice([1, 2, 3, 5]) for _ in range(2)]
        pads = [self.random.randint(0, extent // 2) for extent in kernel]
        weight = self.weight((channels, outputs, *kernel), 1 / math.sqrt(channels * math.prod(kernel)))
        more = {"output_padding": [self.random.randint(0, factor - 1) for factor in factors]}
        operands = [name, weight, *([self.weight((outputs * groups,))] if self.random.random() < 0.5 else [])]
        return self.node(
            "ConvTranspose", operands, kernel_shape=kernel, strides=factors, pads=pads * 2, group=groups, **more
        )

    def soften(self, name: str) -> str:
        """Norms and softmax of images."""
        kind, channels = self.random.choice(["Softmax", "InstanceNormalization", "LRN"]), self.shape(name)[1]
        if kind == "Softmax":
            return self.node(kind, [name], axis=self.random.randint(0, 3))
        if kind == "LRN":
            return self.node(kind, [name], size=self.random.choice([1, 3, 5]), alpha=0.5, beta=0.75, bias=1.5)
        if math.prod(self.shape(name)[2:]) == 1:
            raise IndexError("one pixel has no statistics")
        return self.node(kind, [name, self.vector(channels), self.vector(channels)], epsilon=1e-2)

    def vector(self, count: int) -> str:
        """A parameter, also of one element: a normalisation takes it for nothing else."""
        return self.put("w", self.initialisers, self.draw((count,)))

    def layer_normalise(self, name: str) -> str:
        columns = self.shape(name)[1]
        return self.node("LayerNormalization", [name, self.vector(columns), self.vector(columns)], epsilon=1e-3)

    def squeeze(self, name: str) -> str:
        """An image times one factor per channel, made of the image."""
        mean = self.node("GlobalAveragePool", [name])
        channels = self.shape(name)[1]
        factor = self.node("Conv", [mean, self.weight((channels, channels, 1, 1))])
        return self.node("Mul", [name, self.node(self.random.choice(["Sigmoid", "HardSigmoid"]), [factor])])

    def block(self, name: str) -> str:
        """Two convolutions that keep the image, with their norms, and what goes around them."""
        channels, image = self.shape(name)[1], name
        for number in range(2):
            kernel = self.random.choice([1, 3, 3, 5])
            groups = self.random.choice([1, 1, 1, channels])
            shape = (channels, channels // groups, kernel, kernel)
            operands = [image, self.weight(shape, 1 / math.sqrt(math.prod(shape[1:])))]
            image = self.node("Conv", operands, kernel_shape=[kernel] * 2, pads=[kernel // 2] * 4, group=groups)
            if self.random.random() < 0.7:
                image = self.normalise(image)
            if number == 0:
                image = self.node("Relu", [image])
        return self.node("Relu", [self.node("Add", [image, name])])

    def mix(self, name: str) -> str:
        """A product over one dimension of an image."""
        axis = self.random.randrange(4)
        letters = "bchw"
        result = letters.replace(letters[axis], "o")
        count = self.random.choice([1, 2, 3, 5])
        weight = self.weight((count, self.shape(name)[axis]), 1 / math.sqrt(self.shape(name)[axis]))
        return self.node("Einsum", [name, weight], equation=f"{letters},o{letters[axis]}->{result}")

    def multiply(self, name: str) -> str:
        rows, inner = self.shape(name)
        turned, columns = self.random.random() < 0.3, self.random.choice(EXTENTS)
        rows, inner = (inner, rows) if turned else (rows, inner)
        scale = 1 / math.sqrt(inner)
        if not turned and self.random.random() < 0.3:
            return self.node("MatMul", [name, self.weight((inner, columns), scale)])
        bias = self.weight(self.random.choice([(columns,), (1, columns), (rows, columns)]))
        operands = [name, self.weight((columns, inner), scale), bias]
        factors = {"alpha": 0.75, "beta": -1.5} if self.random.random() < 0.2 else {}
        return self.node("Gemm", operands, transA=int(turned), transB=1, **factors)


def broadcasts(small: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    aligned = zip(small[::-1], shape[::-1], strict=False)
    return len(small) <= len(shape) and all(extent in (1, wanted) for extent, wanted in aligned)


def head(grower: Grower, name: str) -> str:
    """A term of the loss."""
    draw, shape = grower.random, grower.shape(name)
    weight = f",weight={draw.choice(['0.5', '1', '3'])}"
    kinds = ["mse", "bce-with-logits"] + ["softmax-xent"] * 2 * (len(shape) > 1)
    kind = draw.choice(kinds)
    text = f"{kind},of={name}{weight}" + (f",targets=t_{name}" if kind != "softmax-xent" else f",labels=t_{name}")
    if kind != "softmax-xent":
        return text
    if draw.random() < 0.3:
        text += ",label-smoothing=0.125"
    if draw.random() < 0.3:
        text += f",ignore-index={draw.choice([-100, 0, 255])}"
    if draw.random() < 0.3:
        text += ",class-weights=" + ":".join(draw.choice(["0.5", "1", "2"]) for _ in range(shape[1]))
    return text


def graph(seed: int) -> Graph:
    """The graph of this number."""
    grower = Grower(seed)
    draw = grower.random
    for _ in range(draw.randint(3, 12)):
        grower.grow()
    heads = list(
        dict.fromkeys(
            [grower.tensors[-1], *draw.sample(grower.tensors, min(draw.choice([0, 0, 1, 2]), len(grower.tensors)))]
        )
    )
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, grower.shape(name)) for name in heads]
    made = helper.make_graph(
        grower.nodes,
        f"seed{seed}",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in grower.inputs.items()],
        outputs,
        [numpy_helper.from_array(array, name) for name, array in grower.initialisers.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    options: dict[str, object] = {"precision": draw.choice(["fp32", "fp32", "fp32", "bf16", "fp16"])}
    options["fuse"] = draw.choice(["all", "all", "none", "vector"])
    if grower.training:
        loss = "+".join(head(grower, name) for name in heads)
        options |= {"train": True, "loss": loss, "keep": "gradients", "optimizer": "sgd,lr=0.125,momentum=0.5"}
    chip, overrides = draw.choice(CHIPS), {}
    if draw.random() < 0.5:
        overrides["scratchpad.kib"] = draw.choice(CRAMPED_KIB.get(chip, [2, 3, 4, 6, 8]))
    if draw.random() < 0.25:
        overrides["matrix.accumulator_rows"] = draw.choice(CRAMPED_ROWS.get(chip, [16, 32, 64]))
    return Graph(model, grower.inputs, options, chip, overrides)
