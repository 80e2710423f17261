# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sizes beyond the stated limits are refused before anything is spent on them, and time and memory follow the file."""

import time

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_files import floats

RELU = helper.make_node("Relu", ["x"], ["y"], name="r")
LIMIT = 1 << 31


@pytest.mark.parametrize(
    "shape,problem",
    [
        ((1 << 32, 1 << 32), "input 'x': an extent of 4294967296, expected 0 to 2147483648"),
        (((1 << 63) - 1,), "an extent of 9223372036854775807"),
        ((LIMIT, 513), "more than 1099511627776 elements"),
        ((1, 2, LIMIT, LIMIT), "more than 1099511627776 elements"),
        ((2,) * 70, "rank 70, expected at most 8"),
    ],
)
def test_inputs(importer, shape, problem):
    importer.nodes(RELU, {"x": shape}, ["y"]).rejects(problem)


def test_the_largest_that_pass(importer):
    importer.nodes(RELU, {"x": (LIMIT, 512)}, ["y"]).has(f"tensor<{LIMIT}x512xf32>")
    importer.nodes(RELU, {"x": (2,) * 8}, ["y"]).has("tensor<2x2x2x2x2x2x2x2xf32>")


@pytest.mark.parametrize("option", [f"--batch={1 << 62}", f"--batch={(1 << 63) - 1}", f"--dim=N={LIMIT + 1}"])
def test_bound_dimensions(importer, option):
    importer.nodes(RELU, {"x": ("N", 3)}, ["y"], options=[option]).rejects("expected", str(LIMIT))


def test_bindings_that_contradict_each_other(importer):
    square = {"x": ("N", "N")}
    importer.nodes(RELU, square, ["y"], options=["--dim=N=3", "--batch=2"]).rejects(
        "dimension 0 ('N') is bound to 3 by name and to 2 as the batch"
    )
    importer.nodes(RELU, square, ["y"], options=["--dim=N=3", "--batch=3"]).has("tensor<3x3xf32>")
    importer.nodes(RELU, square, ["y"], options=["--dim=N=3", "--dim=N=4"]).rejects("--dim: found 'N=4' beside 'N=3'")


@pytest.mark.parametrize("attribute", ["strides", "dilations", "pads"])
@pytest.mark.parametrize("value", [LIMIT + 1, (1 << 63) - 1])
def test_windows(importer, attribute, value):
    numbers = [1] * (4 if attribute == "pads" else 2)
    numbers[-1] = value
    node = helper.make_node("MaxPool", ["x"], ["y"], name="p", kernel_shape=[2, 2], **{attribute: numbers})
    importer.nodes(node, {"x": (1, 2, 8, 8)}, ["y"]).rejects(f"{attribute} holds {value}, expected at most {LIMIT}")


def test_padding_to_more_than_the_limit(importer):
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="c", pads=[LIMIT] * 4)
    importer.nodes(node, {"x": (1, 2, 8, 8)}, ["y"], {"w": floats(4, 2, 3, 3)}).rejects(
        "node 'c' (Conv): output 'y' has an extent of"
    )


def test_auto_pad_of_the_largest_numbers(importer):
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], name="c", auto_pad="SAME_UPPER", strides=[LIMIT, LIMIT], dilations=[LIMIT, LIMIT]
    )
    out = importer.nodes(node, {"x": (1, 2, 8, 8)}, ["y"], {"w": floats(4, 2, 3, 3)})
    out.has(f"pads [{LIMIT - 4}, {LIMIT - 4}, {LIMIT - 3}, {LIMIT - 3}]", "-> tensor<1x1x1x4xf32>")


def test_products_of_matrices(importer):
    node = helper.make_node("MatMul", ["a", "b"], ["y"], name="m")
    importer.nodes(node, {"a": (LIMIT, 1), "b": (1, LIMIT)}, ["y"]).rejects(
        "node 'm' (MatMul): output 'y' has more than"
    )


@pytest.mark.parametrize(
    "wanted,problem",
    [
        ([1 << 32, 1 << 32, -1], "the new shape has an extent of 4294967296"),
        ([1 << 31, 1 << 31, 1 << 31, -1], "the new shape has more than"),
        ([1] * 9, "the new shape has rank 9"),
    ],
)
def test_reshape(importer, wanted, problem):
    node = helper.make_node("Reshape", ["x", "s"], ["y"], name="r")
    importer.nodes(node, {"x": (2, 3)}, ["y"], {"s": np.array(wanted, np.int64)}).rejects(problem)


@pytest.mark.parametrize("dims", [[1 << 62], [1 << 32, 1 << 32], [-1], [1 << 40], [1] * 9])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.INT64])
def test_initialisers(importer, dims, kind):
    tensor = TensorProto(dims=dims, data_type=kind, name="b", raw_data=b"\0" * 8)
    importer.nodes(helper.make_node("Add", ["x", "b"], ["y"]), {"x": (2, 3)}, ["y"], {"b": tensor}).rejects("error: ")


def test_an_initialiser_without_elements(importer):
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="m")
    importer.nodes(node, {"x": (2, 3)}, ["y"], {"w": floats(3, 0)}).rejects("input 'w' has no elements")


def test_shapes_that_double(importer):
    """Forty of these made eight million gigabytes of a kilobyte of file."""
    nodes = [helper.make_node("Shape", ["x"], ["c0"])]
    nodes += [helper.make_node("Concat", [f"c{i}"] * 2, [f"c{i + 1}"], name=f"n{i}", axis=0) for i in range(40)]
    importer.nodes([*nodes, RELU], {"x": (2, 3)}, ["y"]).rejects(
        "node 'n5' (Concat): makes a constant of", "at most 64"
    )


def test_gathering_more_than_a_shape(importer):
    nodes = [helper.make_node("Shape", ["x"], ["s"]), helper.make_node("Gather", ["s", "i"], ["g"], name="g"), RELU]
    importer.nodes(nodes, {"x": (2, 3)}, ["y"], {"i": np.zeros(65, np.int64)}).rejects("makes a constant of 65")


@pytest.mark.parametrize(
    "node,problem",
    [
        (helper.make_node("Concat", ["s", "s"], ["g"], name="g", axis=5), "axis 5"),
        (helper.make_node("Gather", ["s", "zero"], ["g"], name="g", axis=1), "axis 1"),
        (helper.make_node("Concat", ["zero", "zero"], ["g"], name="g", axis=0), "axis 0 of a constant of rank 0"),
        (
            helper.make_node("Unsqueeze", ["zero", "five"], ["g"], name="g"),
            "axes are not 1 dimensions of a result of rank 1",
        ),
    ],
)
def test_arithmetic_on_shapes_as_the_standard_has_it(importer, node, problem):
    constants = {"zero": np.int64(0), "five": np.array([5], np.int64)}
    nodes = [helper.make_node("Shape", ["x"], ["s"]), node, RELU]
    importer.nodes(nodes, {"x": (2, 3)}, ["y"], constants).rejects("node 'g'", problem)


@pytest.mark.parametrize("kind", ["inputs", "identities", "batch norms"])
def test_many(importer, kind):
    """Time and memory are linear: 20,000 inputs, copies of a constant of a megabyte, running statistics."""
    count, big = 20_000, np.zeros(1 << 18, np.float32)
    inputs, constants, nodes, options = {"x": (2, 3)}, {}, [RELU], []
    if kind == "inputs":
        inputs |= {f"i{n}": ("N", "M") for n in range(count)}
        options = ["--batch=2", "--dim=M=3"]
    elif kind == "identities":
        inputs, constants = {"x": (2, 1 << 18)}, {"b": big, "c": big + 1}
        nodes = [helper.make_node("Identity", ["bc"[n % 2]], [f"c{n}"]) for n in range(count)]
        nodes += [helper.make_node("Add", ["x", f"c{count - 1}"], ["t"]), helper.make_node("Add", ["t", "c0"], ["y"])]
    else:
        inputs, constants, count = {"t0": (4, 2)}, {"o": np.ones(2, np.float32)}, 5_000
        nodes = [
            helper.make_node("BatchNormalization", [f"t{n}", "o", "o", "o", "o"], [f"t{n + 1}"], name=f"n{n}")
            for n in range(count)
        ]
        nodes.append(helper.make_node("Relu", [f"t{count}"], ["y"]))
        options = ["--train"]
    importer.limit = 3 << 30
    start = time.monotonic()
    out = importer.nodes(nodes, inputs, ["y"], constants, options=options)
    assert out.code == 0, out.error[-2000:]
    assert time.monotonic() - start < 120  # the quadratic ones take many minutes


@pytest.mark.parametrize("depth", [10, 300])
def test_nesting(importer, depth):
    """A graph inside an attribute inside a graph: the checker refuses the attribute, protobuf the depth."""
    graph = b""  # GraphProto.node(1).attribute(5).g(6)
    for _ in range(depth):
        for field in (6, 5, 1):
            graph = bytes([field << 3 | 2]) + length(graph) + graph
    node = helper.make_node("Relu", ["x"], ["y"], name="r").SerializeToString()
    attribute = bytes([1 << 3 | 2, 1]) + b"g" + bytes([6 << 3 | 2]) + length(graph) + graph
    node += bytes([5 << 3 | 2]) + length(attribute) + attribute
    model = helper.make_model(
        helper.make_graph([], "outer", [], [helper.make_tensor_value_info("y", 1, None)]),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    body = model.graph.SerializeToString() + bytes([1 << 3 | 2]) + length(node) + node
    model.ClearField("graph")
    importer.file(model.SerializeToString() + bytes([7 << 3 | 2]) + length(body) + body).rejects("not a")


def length(content: bytes) -> bytes:
    """A varint."""
    number, text = len(content), b""
    while number >= 128:
        text, number = text + bytes([number & 127 | 128]), number >> 7
    return text + bytes([number])
