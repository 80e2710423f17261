# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphs made in the test and run three ways: on the simulated chip, by onnxruntime, and, the caller's part, by torch.

Nets that bring one array to a node in every arrangement that the importer can meet: `arrivals`."""

from __future__ import annotations

import itertools

import arsis
import numpy as np
from onnx import TensorProto, helper, numpy_helper


class Net:
    """A graph under construction, with the values of its inputs."""

    def __init__(self, opset: int = 13) -> None:
        self.opset = opset
        self.nodes, self.initialisers, self.inputs = [], [], {}
        self.count = 0

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def input(self, array: np.ndarray) -> str:
        name = self.fresh("x")
        self.inputs[name] = np.array(array, np.float32, order="C")
        return name

    def initialiser(self, array: np.ndarray, name: str = "") -> str:
        name = name or self.fresh("w")
        self.initialisers.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def integers(self, *values: int) -> str:
        return self.initialiser(np.array(values, np.int64))

    def constant(self, array: np.ndarray) -> str:
        return self.node("Constant", [], value=numpy_helper.from_array(np.array(array, order="C")))

    def node(self, kind: str, inputs: list[str], outputs: int = 1, **attributes):
        names = [self.fresh(kind.lower()) for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names

    def reshape(self, name: str, *shape: int) -> str:
        return self.node("Reshape", [name, self.integers(*shape)])

    def model(self, outputs: list[str]) -> bytes:
        inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in self.inputs.items()]
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "test", inputs, results, self.initialisers)
        opset = helper.make_opsetid("", self.opset)
        return helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()

    def on_chip(self, outputs: list[str]) -> list[np.ndarray]:
        session = arsis.Session(arsis.compile(self.model(outputs), "tiny"), "tiny")
        for name, array in self.inputs.items():
            session.write(name, array)
        session.run("functional")
        return [session.read(name) for name in outputs]

    def by_onnxruntime(self, outputs: list[str]) -> list[np.ndarray]:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(self.model(outputs), options, providers=["CPUExecutionProvider"])
        return session.run(outputs, self.inputs)


def values(*shape: int, seed: int = 0) -> np.ndarray:
    """Random numbers in [-1, 1), the same for the same arguments."""
    return np.random.default_rng([seed, *shape]).uniform(-1, 1, shape).astype(np.float32)


def transposed(net: Net, name_of, array: np.ndarray, order: tuple[int, ...]) -> str:
    """A tensor equal to `array` that a Transpose by `order` makes; `name_of` makes the tensor that it reads."""
    return net.node("Transpose", [name_of(np.transpose(array, np.argsort(order)))], perm=list(order))


def arrivals(net: Net, array: np.ndarray, every_order: bool = True) -> dict[str, str]:
    """Names of tensors equal to `array`, by the way they come: as inputs, constants, reshaped, transposed in every
    order of their dimensions (or only in one)."""
    rank = array.ndim
    names = {
        "input": net.input(array),
        "initialiser": net.initialiser(array),
        "constant": net.constant(array),
        "reshaped": net.reshape(net.input(array.reshape(-1)), *array.shape),
        "reshaped initialiser": net.reshape(net.initialiser(array.reshape(-1)), *array.shape),
    }
    if rank < 2:
        return names
    names["image reshaped"] = net.reshape(net.input(array.reshape(1, array.shape[0], 1, -1)), *array.shape)
    turned = tuple(range(1, rank)) + (0,)
    names["transposed initialiser"] = transposed(net, net.initialiser, array, turned)
    names["reshaped, transposed"] = transposed(
        net, lambda before: net.reshape(net.input(before.reshape(-1)), *before.shape), array, turned
    )
    for order in itertools.permutations(range(rank)) if every_order else [turned]:
        names[f"transposed {order}"] = transposed(net, net.input, array, order)
    return names
