# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the table of nets in models/nets.md: parameters, multiply-accumulates of each phase, bytes of activations.
Counted from the exported files at one image of the net's own size; of nets that are named, only their rows. Needs
torch, torchvision and the package arsis."""

from __future__ import annotations

import copy
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER / "nets.md"
sys.path.insert(0, str(FOLDER))
import torchvision_builder  # noqa: E402

BEGIN, END = "<!-- nets: written by models/describe.py -->", "<!-- end of nets -->"
# What each folder of its own holds: the size of its images, the reduced one, and how it is exported.
OWN = {
    "lenet5": ("1x28x28", "own", "by hand, inference form"),
    "resnet8": ("3x32x32", "own", "by hand, inference form"),
    "unet": ("3x128x128", "32", "`from_torch`, logits are pixels x classes"),
    "fsrcnn": ("1x64x64", "16", "`from_torch`, with mean squared error"),
}
HEAD = [
    "| net | exported | image | compared at | parameters | MACs forward | of input gradients | of weight gradients "
    "| activations |",
    "|---|---|---|---|---|---|---|---|---|",
]
MOVES = {"Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Identity", "Constant", "Shape", "Cast", "Gather"}


def elements(shape: list[int]) -> int:
    if 0 in shape:
        raise ValueError(f"found the shape {shape}, expected known extents")
    return math.prod(shape)


def fold(graph: onnx.GraphProto, shapes: dict[str, list[int]]) -> bool:
    """Makes initialisers of what is computed from known shapes alone; false if there is nothing more."""
    known = {t.name: numpy_helper.to_array(t) for t in graph.initializer if t.data_type == onnx.TensorProto.INT64}
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
    """What one image costs in a file with a symbolic batch."""

    def __init__(self, path: Path) -> None:
        model = onnx.load(str(path))
        for value in (*model.graph.input, *model.graph.output):
            for dim in value.type.tensor_type.shape.dim:
                if dim.dim_param:
                    dim.dim_value = 1
        del model.graph.value_info[:]
        graph, values = copy.deepcopy(model.graph), values_of(model)
        self.shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}
        floats = {v.name for v in values if v.type.tensor_type.elem_type == onnx.TensorProto.FLOAT}
        weights = {t.name: numpy_helper.to_array(t) for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT}
        statistics = {name for n in graph.node if n.op_type == "BatchNormalization" for name in n.input[3:5]}
        self.parameters = sum(w.size for name, w in weights.items() if name not in statistics and w.ndim)
        self.forward = self.backward_input = self.activations = 0
        depends = {t.name for t in graph.initializer}  # on a parameter
        for node in graph.node:
            moved = any(name in depends for name in node.input)
            macs = self.macs(node, weights)
            self.forward += macs
            if node.input and node.input[0] in depends - set(weights):
                self.backward_input += macs
            for output in node.output[:1]:
                if moved:
                    depends.add(output)
                if output in floats and node.op_type not in MOVES:
                    self.activations += 4 * elements(self.shapes[output])

    def macs(self, node: onnx.NodeProto, weights: dict) -> int:
        if node.op_type in ("Gemm", "MatMul"):  # the weight of a MatMul may be behind a Transpose
            return elements(self.shapes[node.input[0]]) * self.shapes[node.output[0]][-1]
        if node.op_type not in ("Conv", "ConvTranspose"):
            return 0
        weight = weights[node.input[1]]
        side = node.output[0] if node.op_type == "Conv" else node.input[0]
        return elements(self.shapes[side]) * (weight.size // weight.shape[0])


def row(name: str, path: Path, image: str, reduced: str, how: str) -> str:
    count = Count(path)
    counts = (count.parameters, count.forward, count.backward_input, count.forward)
    cells = [f"`{name}`", how, image, reduced, *(f"{number:,}" for number in counts)]
    return "| " + " | ".join([*cells, f"{count.activations / 1e6:.2f} MB"]) + " |"


def main() -> None:
    from arsis.models import recipes

    known, rows = recipes(), rows_of(PAGE.read_text())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        for name in sys.argv[1:] or sorted(known):
            known[name][1](path, 7)
            if name in OWN:
                rows[name] = row(name, path, *OWN[name])
            else:
                net = torchvision_builder.NETS[name]
                how = "torchvision, training form" + (f", {net.remark}" if net.remark else "")
                rows[name] = row(name, path, f"3x{net.image}x{net.image}", str(net.reduced), how)
            write([rows[name] for name in sorted(rows)])


def rows_of(page: str) -> dict[str, str]:
    """The rows that are there, by net."""
    table = page.partition(BEGIN)[2].partition(END)[0]
    return {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}


def write(rows: list[str]) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + "\n".join([BEGIN, *HEAD, *rows, END]) + rest.partition(END)[2])


if __name__ == "__main__":
    main()
