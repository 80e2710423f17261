# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lone kernels as ONNX models, and what they take on a chip."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import arsis
import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parent
UNARY = {"exponential": ["Exp"], "rsqrt": ["Sqrt", "Reciprocal"]}
V3_MHZ = 940
BINARY = {"add": "Add", "multiply": "Mul", "divide": "Div", "maximum": "Max"}


@dataclass(frozen=True)
class Kernel:
    name: str
    op: str
    shape: tuple[int, ...]
    measured: float  # cycles, or microseconds
    scored: bool = True
    others: tuple[tuple[str, float], ...] = ()  # what other simulators say


def tpu_v3() -> list[Kernel]:
    """In cycles."""
    peers = {"SCALE-Sim v3": "scalesim_v3", "Timeloop": "timeloop", "mNPUsim": "mnpusim", "MAESTRO": "maestro"}
    with (FOLDER / "tpu_v3.csv").open() as file:
        return [
            Kernel(
                row["kernel"], row["op"], tuple(map(int, row["shape"].split())), float(row["cycles"]),
                row["scored"] == "yes", tuple((name, float(row[key])) for name, key in peers.items() if row[key]),
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def tpu_v3_matmuls() -> list[Kernel]:
    """Further products, which no target speaks of; in cycles."""
    with (FOLDER / "tpu_v3_matmuls.csv").open() as file:
        return [
            Kernel(row["kernel"], "gemm", tuple(int(row[key]) for key in "mnk"), float(row["us"]) * V3_MHZ, False)
            for row in csv.DictReader(file)
        ]


def tpu_v4() -> list[Kernel]:
    """In microseconds."""
    with (FOLDER / "tpu_v4.csv").open() as file:
        return [
            Kernel(f"{row['op']} {shape}", row["op"], tuple(map(int, shape.split("x"))), float(row["kernel_us"]))
            for row in csv.DictReader(file)
            for shape in ["x".join(row[key] for key in ("d0", "d1", "d2") if row[key])]
        ]


def _value(name: str, shape: tuple[int, ...], element: int = TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def _graph(nodes: list[tuple], inputs: dict, result: tuple[int, ...], constants: dict | None = None) -> ModelProto:
    made = [helper.make_node(op, taken, [to], **attributes) for op, taken, to, attributes in nodes]
    initializers = [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()]
    graph = helper.make_graph(
        made, "kernel", [_value(name, shape) for name, shape in inputs.items()], [_value("y", result)], initializers
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def model(kernel: Kernel) -> ModelProto:
    """Operands are inputs, but the weights of a convolution and the scale of ones of a layer norm."""
    op, shape = kernel.op, kernel.shape
    if op == "gemm":
        m, n, k = shape
        return _graph([("MatMul", ["x", "w"], "y", {})], {"x": (m, k), "w": (k, n)}, (m, n))
    if op == "conv":
        images, size, channels, kernels, window, stride, padding = shape
        out = (size + 2 * padding - window) // stride + 1
        weights = np.zeros((kernels, channels, window, window), np.float32)
        attributes = {"strides": [stride] * 2, "pads": [padding] * 4}
        return _graph(
            [("Conv", ["x", "w"], "y", attributes)], {"x": (images, channels, size, size)},
            (images, kernels, out, out), {"w": weights},
        )  # fmt: skip
    if op in BINARY:
        return _graph([(BINARY[op], ["x", "w"], "y", {})], {"x": shape, "w": shape}, shape)
    if op in UNARY:
        names = ["x", *(f"t{n}" for n in range(1, len(UNARY[op]))), "y"]
        return _graph([(o, [names[n]], names[n + 1], {}) for n, o in enumerate(UNARY[op])], {"x": shape}, shape)
    if op == "transpose":
        return _graph([("Transpose", ["x"], "y", {"perm": [0, 2, 1]})], {"x": shape}, (shape[0], shape[2], shape[1]))
    if op == "slice":
        half, at = shape[-1] // 2, {"begin": 0, "end": shape[-1] // 2, "axis": len(shape) - 1}
        constants = {name: np.array([value], np.int64) for name, value in at.items()}
        return _graph([("Slice", ["x", *at], "y", {})], {"x": shape}, (*shape[:-1], half), constants)
    if op == "layer_norm_no_affine":
        scale = {"scale": np.ones(shape[-1], np.float32)}
        return _graph([("LayerNormalization", ["x", "scale"], "y", {"axis": -1})], {"x": shape}, shape, scale)
    if op == "softmax":
        return _graph([("Softmax", ["x"], "y", {"axis": -1})], {"x": shape}, shape)
    if op == "select":
        made = _graph([("Where", ["c", "x", "w"], "y", {})], {"c": shape, "x": shape, "w": shape}, shape)
        made.graph.input[0].type.tensor_type.elem_type = TensorProto.BOOL
        return made
    raise ValueError(f"found the kernel {op}, expected one that has a model here")


def staged(kernel: Kernel, chip: str, precision: str, overrides: Mapping[str, object]) -> dict:
    """A GEMM's schedule with both operands whole in the scratchpad before the array starts: one tile, one slot."""
    m, n, k = kernel.shape
    found = arsis.schedules(model(kernel), chip, precision=precision, overrides=overrides)
    schedules = json.loads(found.to_json())
    for schedule in schedules.values():
        schedule |= {"tiles": {"m": m, "n": n, "k": k}, "slots": {"accumulator": 1, "tiles": 1}}
        schedule |= {"split": {"rows": 1, "columns": 2}, "resident": {"b": 0}}
    return schedules


def run(
    kernel: Kernel,
    chip: str,
    precision: str,
    overrides: Mapping[str, object] | None = None,
    schedules: dict | None = None,
) -> arsis.Report:
    """One execution on the chip, in the given schedule or the compiler's own. Raises arsis.Error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks
        program = arsis.compile(
            model(kernel), chip, precision=precision, overrides=overrides, schedules=schedules, no_verify=True
        )
    return arsis.simulate(program, chip, overrides=overrides, verify=False)
