# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which constants of a file are which parameters: what exporters merged is separated, what a model shares is shared."""

import re

import numpy as np
import pytest
from onnx import helper, numpy_helper
from onnx_files import floats


def arguments(out, role: str) -> list[str]:
    """Names of the function's arguments of a role."""
    assert out.code == 0, out.error
    signature = out.text.split("->", 1)[0]
    return re.findall(rf'nn\.name = "([^"]*)", nn\.role = #nn\.role<{role}>', signature)


def parameters(out) -> list[str]:
    return arguments(out, "parameter")


def conv(name: str, x: str, y: str, *constants: str):
    return helper.make_node("Conv", [x, *constants], [y], name=name, kernel_shape=[1, 1])


def two_convs(importer, constants: dict, readers: tuple, *options: str, before=(), x="x"):
    """Two convolutions in a row, each with (weight, bias) of `readers`."""
    nodes = [*before, conv("c1", x, "t", *readers[0]), conv("c2", "t", "y", *readers[1])]
    return importer.nodes(nodes, {"x": (1, 2, 3, 3)}, ["y"], constants, options=options)


ZEROS, SOME = np.zeros(2, np.float32), floats(2)
FILTER, OTHER = floats(2, 2, 1, 1), floats(2, 2, 1, 1) + 1


def test_equal_elements_are_separated(importer):
    """Exporters merge zeros; each reader has a bias of its own, the first one under the name in the file."""
    out = two_convs(importer, {"v": FILTER, "w": OTHER, "b": ZEROS}, (("v", "b"), ("w", "b")), "--train")
    assert parameters(out) == ["v", "b", "w", "c2.bias"]
    assert "remark: " in out.error and "'b' is 'b', 'c2.bias'" in out.error


def test_other_values_are_shared(importer):
    out = two_convs(importer, {"v": FILTER, "w": OTHER, "b": SOME}, (("v", "b"), ("w", "b")), "--train")
    assert parameters(out) == ["v", "b", "w"]
    assert "remark: " in out.error and "'b' of 'c1', 'c2'" in out.error


def test_equal_elements_stay_shared_where_the_layer_is(importer):
    """One head in two places: its zero bias belongs to the shared filter."""
    out = two_convs(importer, {"w": FILTER, "b": ZEROS}, (("w", "b"), ("w", "b")))
    assert parameters(out) == ["w", "b"]


def test_equal_elements_stay_shared_behind_a_shared_product(importer):
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"], name="m1"),
        helper.make_node("Add", ["p", "b"], ["q"], name="a1"),
        helper.make_node("MatMul", ["q", "w"], ["r"], name="m2"),
        helper.make_node("Add", ["r", "b"], ["s"], name="a2"),
        helper.make_node("MatMul", ["s", "v"], ["t"], name="m3"),
        helper.make_node("Add", ["t", "b"], ["y"], name="a3"),
    ]
    out = importer.nodes(nodes, {"x": (3, 2)}, ["y"], {"w": floats(2, 2), "v": floats(2, 2) + 1, "b": ZEROS})
    assert parameters(out) == ["w", "b", "v", "a3.bias"]


@pytest.mark.parametrize("value,expected", [(SOME, ["v", "b", "w"]), (ZEROS, ["v", "b", "w", "b2"])])
def test_identity_is_no_difference(importer, value, expected):
    """A separated parameter takes the name that its node reads: exporters name the Identity node's output after it."""
    identity = helper.make_node("Identity", ["b"], ["b2"])
    again = helper.make_node("Identity", ["b2"], ["b3"])
    out = two_convs(
        importer, {"v": FILTER, "w": OTHER, "b": value}, (("v", "b"), ("w", "b2")), before=(identity, again)
    )
    assert parameters(out) == expected


def test_one_initialiser_as_scale_and_variance(importer):
    """Ones of a fresh batch norm: a parameter and a running statistic."""
    node = helper.make_node("BatchNormalization", ["x", "one", "zero", "zero", "one"], ["y"], name="bn")
    out = importer.nodes(
        node, {"x": (2, 3, 4, 4)}, ["y"], {"one": np.ones(3, np.float32), "zero": np.zeros(3, np.float32)}
    )
    assert parameters(out) == ["one", "zero"]
    assert arguments(out, "state") == ["bn.running_mean", "bn.running_var"]
    other = importer.nodes(
        node, {"x": (2, 3, 4, 4)}, ["y"], {"one": floats(3), "zero": floats(3) + 1}, options=["--train"]
    )
    other.rejects("'zero' is both a parameter and a running statistic", "--untie 'zero'")


def test_tie_and_untie(importer):
    merged = ({"v": FILTER, "w": OTHER, "b": ZEROS}, (("v", "b"), ("w", "b")))
    assert parameters(two_convs(importer, *merged, "--tie=b")) == ["v", "b", "w"]
    shared = ({"head.w": FILTER, "b": ZEROS}, (("head.w", "b"), ("head.w", "b")))
    assert parameters(two_convs(importer, *shared, "--untie=head.*")) == ["head.w", "b", "c2.weight", "c2.bias"]
    assert parameters(two_convs(importer, *shared, "--untie=b")) == ["head.w", "b", "c2.bias"]


@pytest.mark.parametrize(
    "options,problem",
    [
        (["--tie=absent*"], "--tie 'absent*' matches no weight of the graph"),
        (["--untie=x"], "--untie 'x' matches no weight of the graph"),
        (["--tie=b", "--untie=?"], "constant 'b' matches both --tie and --untie"),
        (["--tie=["], "--tie '['"),
    ],
)
def test_patterns_that_cannot_hold(importer, options, problem):
    two_convs(importer, {"v": FILTER, "w": OTHER, "b": ZEROS}, (("v", "b"), ("w", "b")), *options).rejects(problem)


def constant_node(name: str, value: np.ndarray):
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))


def test_a_weight_in_a_constant_node_is_trained(importer):
    before = (constant_node("w", OTHER), constant_node("b", SOME))
    out = two_convs(importer, {"v": FILTER}, (("v",), ("w", "b")), "--train", before=before)
    assert parameters(out) == ["v", "w", "b"]
    assert "remark: " in out.error and "weights in Constant nodes are trained" in out.error and "'w', 'b'" in out.error


def test_a_constant_that_is_no_weight_is_named_as_frozen(importer):
    before = (constant_node("mean", SOME.reshape(2, 1, 1)), helper.make_node("Add", ["x", "mean"], ["z"], name="a"))
    out = two_convs(importer, {"v": FILTER, "w": OTHER}, (("v",), ("w",)), "--train", before=before, x="z")
    assert parameters(out) == ["v", "w"] and arguments(out, "state") == ["mean"]
    assert "constants that are no weights stay as they are" in out.error and "'mean'" in out.error


def test_thousands_of_readers_of_one_constant(importer):
    """Each has a bias of its own, and the memory is that of one: a megabyte of zeros with 2,000 readers."""
    count = 1 << 18
    nodes = [helper.make_node("Add", [f"t{i}", "b"], [f"t{i + 1}"], name=f"a{i}") for i in range(2000)]
    out = importer.nodes(nodes, {"t0": (2, count)}, ["t2000"], {"b": np.zeros(count, np.float32)})
    names = parameters(out)
    assert len(names) == 2000 and names[:2] == ["b", "a1.bias"]


def test_weights_with_batch_norms_folded_into_them(importer):
    """PyTorch names them so; training them is another model than the one that was exported."""
    node = helper.make_node("Conv", ["x", "onnx::Conv_7", "onnx::Conv_8"], ["y"], name="c")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", 1, (1, 2, 3, 3))],
        [helper.make_tensor_value_info("y", 1, None)],
        [numpy_helper.from_array(FILTER, "onnx::Conv_7"), numpy_helper.from_array(SOME, "onnx::Conv_8")],
    )
    for producer, warns in (("pytorch", True), ("other", False)):
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        model.producer_name = producer
        out = importer.file(model.SerializeToString(), "--train")
        assert out.code == 0, out.error
        assert ("warning: " in out.error and "TrainingMode.TRAINING" in out.error) == warns
        assert "warning: " not in importer.file(model.SerializeToString()).error
