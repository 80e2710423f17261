# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a graph that fails to a small one that fails in the same way: as few nodes, heads and options as that takes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import graph_truth
import numpy as np
import onnx
from graph_grower import Graph
from onnx import TensorProto, helper


def without_dead_parts(graph: Graph) -> Graph:
    """Drops nodes, inputs and initialisers that no output needs, and orders nothing anew."""
    needed, kept = {value.name for value in graph.model.graph.output}, []
    for node in reversed(graph.model.graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.insert(0, node)
    whole = graph.model.graph
    for values, keep in (
        (whole.node, kept),
        (whole.initializer, [t for t in whole.initializer if t.name in needed]),
        (whole.input, [v for v in whole.input if v.name in needed]),
    ):
        copies = [copy.deepcopy(each) for each in keep]
        del values[:]
        values.extend(copies)
    graph.inputs = {name: array for name, array in graph.inputs.items() if name in needed}
    return graph


def with_outputs(graph: Graph, names: list[str], loss: str) -> Graph:
    """The graph with other outputs, and a loss on them where it trains."""
    made = copy.deepcopy(graph)
    values = graph_truth.evaluate(graph.model, graph.inputs, "loss" in graph.options)
    del made.model.graph.output[:]
    made.model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, tuple(values[name].shape)) for name in names
    )
    if "loss" in graph.options:
        made.options["loss"] = loss
    return without_dead_parts(made)


def fewer_heads(graph: Graph) -> Iterator[Graph]:
    outputs = [value.name for value in graph.model.graph.output]
    terms = str(graph.options.get("loss", "")).split("+")
    for number in range(len(outputs) if len(outputs) > 1 else 0):
        rest = [each for n, each in enumerate(terms) if n != number]
        yield with_outputs(graph, outputs[:number] + outputs[number + 1 :], "+".join(rest))


def earlier_ends(graph: Graph) -> Iterator[Graph]:
    for node in graph.model.graph.node[:-1]:
        name = node.output[0]
        yield with_outputs(graph, [name], f"mse,of={name},weight=1,targets=t_{name}")


def fewer_nodes(graph: Graph) -> Iterator[Graph]:
    """Each node in turn gives way to its first input, where that has its shape."""
    values = graph_truth.evaluate(graph.model, graph.inputs, "loss" in graph.options)
    for number, node in enumerate(graph.model.graph.node):
        if not node.input or values[node.input[0]].shape != values[node.output[0]].shape:
            continue
        made = copy.deepcopy(graph)
        made.model.graph.node[number].CopyFrom(
            helper.make_node("Identity", [node.input[0]], [node.output[0]], name=node.name)
        )
        if node.op_type != "Identity":
            yield without_dead_parts(made)


def later_beginnings(graph: Graph) -> Iterator[Graph]:
    """What a node gives becomes an input of that value."""
    values = graph_truth.evaluate(graph.model, graph.inputs, "loss" in graph.options)
    outputs = {value.name for value in graph.model.graph.output}
    for number, node in reversed(list(enumerate(graph.model.graph.node))):
        if len(node.output) > 1 or node.output[0] in outputs:
            continue
        made, name = copy.deepcopy(graph), node.output[0]
        del made.model.graph.node[number]
        made.inputs[name] = values[name].detach().numpy().astype("float32")
        made.model.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, made.inputs[name].shape))
        yield without_dead_parts(made)


def plainer_options(graph: Graph) -> Iterator[Graph]:
    for key, value in (("precision", "fp32"), ("fuse", "none")):
        if graph.options[key] != value:
            made = copy.deepcopy(graph)
            made.options[key] = value
            yield made
    if graph.overrides:
        made = copy.deepcopy(graph)
        made.overrides = {}
        yield made
    if graph.chip != "tiny":
        made = copy.deepcopy(graph)
        made.chip = "tiny"
        yield made


STEPS = (earlier_ends, fewer_heads, later_beginnings, fewer_nodes, plainer_options)


def shrink(graph: Graph, still_fails: Callable[[Graph], bool]) -> Graph:
    """The last of a chain of graphs that all fail, each a step smaller than the one before."""
    changed = True
    while changed:
        changed = False
        for step in STEPS:
            for smaller in step(graph):
                if still_fails(smaller):
                    graph, changed = smaller, True
                    break
    return graph


def size(graph: Graph) -> int:
    return len([node for node in graph.model.graph.node if node.op_type != "Identity"])


def command(graph: Graph, path: str) -> str:
    """What repeats the compilation and compares it with the oracle."""
    chip = " ".join([f"--chip {graph.chip}", *(f"--set {key}={value}" for key, value in graph.overrides.items())])
    given = [chip]
    for key, value in graph.options.items():
        given.append(f"--{key}" if value is True else f"--{key} '{value}'")
    run = f"arsis-sim failing.arsis {chip} --inputs {path}.npz --check=exact"
    return f"arsis-compile {path} {' '.join(given)} -o failing.arsis && {run}"


def save(graph: Graph, path: str) -> None:
    """The model at `path`, and beside it what the host gives."""
    onnx.save(graph.model, path)
    np.savez(path + ".npz", **graph.inputs, **graph.given)
