# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A small builder for the recipes: layers by name, initial weights from one seeded generator, a checked ONNX file.

Names follow PyTorch (`conv1.weight`, `bn1.running_mean`), the input is `x`, the output `logits`, the batch is
symbolic (`N`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 13, 8  # what Debian's libonnx 1.12 reads


class Builder:
    """Collects nodes and initialisers; every layer method takes and returns the name of a value."""

    def __init__(self, name: str, image: tuple[int, int, int], seed: int) -> None:
        self.name, self.image = name, image
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[onnx.TensorProto] = []

    def tensor(self, name: str, values: np.ndarray) -> str:
        self.initialisers.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def kaiming(self, name: str, shape: tuple[int, ...]) -> str:
        """He et al. 2015, fan in, for ReLU: normal with standard deviation sqrt(2 / fan in)."""
        fan_in = int(np.prod(shape[1:]))
        return self.tensor(name, self.random.normal(0.0, np.sqrt(2.0 / fan_in), shape))

    def node(
        self, op: str, name: str, inputs: list[str], outputs: list[str] | None = None, **attributes: object
    ) -> str:
        outputs = outputs or [f"{name}.out"]
        self.nodes.append(helper.make_node(op, inputs, outputs, name=name, **attributes))
        return outputs[0]

    def conv(
        self,
        x: str,
        name: str,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        pad: int = 0,
        bias: bool = True,
    ) -> str:
        operands = [x, self.kaiming(f"{name}.weight", (outputs, inputs, kernel, kernel))]
        if bias:
            operands.append(self.tensor(f"{name}.bias", np.zeros(outputs)))
        return self.node("Conv", name, operands, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def batch_norm(self, x: str, name: str, channels: int) -> str:
        parts = {"weight": np.ones, "bias": np.zeros, "running_mean": np.zeros, "running_var": np.ones}
        operands = [self.tensor(f"{name}.{part}", make(channels)) for part, make in parts.items()]
        return self.node("BatchNormalization", name, [x, *operands], epsilon=1e-5, momentum=0.9)

    def relu(self, x: str, name: str) -> str:
        return self.node("Relu", name, [x])

    def max_pool(self, x: str, name: str, kernel: int) -> str:
        return self.node("MaxPool", name, [x], kernel_shape=[kernel] * 2, strides=[kernel] * 2)

    def linear(self, x: str, name: str, inputs: int, outputs: int, output: str | None = None) -> str:
        operands = [
            x,
            self.kaiming(f"{name}.weight", (outputs, inputs)),
            self.tensor(f"{name}.bias", np.zeros(outputs)),
        ]
        return self.node("Gemm", name, operands, [output] if output else None, transB=1)

    def save(self, path: Path, classes: int) -> None:
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *self.image])
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", classes])
        graph = helper.make_graph(self.nodes, self.name, [x], [logits], self.initialisers)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="arsis"
        )
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)


def parse_arguments(name: str, description: str, seed: int = 7) -> argparse.Namespace:
    """The command line that all recipes share: -o FILE and --seed N."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("-o", "--output", type=Path, default=Path(f"out/models/{name}.onnx"), help="file to write")
    parser.add_argument("--seed", type=int, default=seed, help="seed of the initial weights")
    return parser.parse_args()
