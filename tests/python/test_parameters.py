# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Merged and shared parameters from Python: options, warnings, and the way of trained weights back to the file."""

import warnings
from pathlib import Path

import arsis
import numpy as np
import onnx
import pytest
from arsis.checkpoint import Keeper
from onnx import TensorProto, helper, numpy_helper

WIDTH = 3
RANDOM = np.random.default_rng(2)
SQUARE = [RANDOM.normal(size=(WIDTH, WIDTH)).astype(np.float32) for _ in range(3)]


def model_of(path: Path, nodes, constants: dict, outputs=("y",)) -> Path:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", WIDTH])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", WIDTH]) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def gemm(x: str, weight: str, bias: str, y: str, name: str | None = None):
    return helper.make_node("Gemm", [x, weight, bias], [y], name=name)


@pytest.fixture
def merged(tmp_path) -> Path:
    """One constant of zeros as five biases: by name, through Identity, of a node without a name, of a layer used twice;
    and a weight in a Constant node."""
    nodes = [
        helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(SQUARE[2])),
        helper.make_node("Identity", ["zeros"], ["named.bias"]),
        gemm("x", "w0", "zeros", "a", "first"),
        gemm("a", "k", "named.bias", "b", "second"),
        gemm("b", "w0", "zeros", "c", "third"),  # the first layer again
        gemm("c", "w1", "zeros", "y"),
    ]
    return model_of(
        tmp_path / "m.onnx", nodes, {"w0": SQUARE[0], "w1": SQUARE[1], "zeros": np.zeros(WIDTH, np.float32)}
    )


def parameters(program: arsis.Program) -> set[str]:
    return {tensor["name"] for tensor in program.tensors if tensor["role"] == "parameter"}


NAMES = {"w0", "k", "w1", "zeros", "named.bias", "y.bias"}


def test_warnings_and_options(merged):
    with pytest.warns(UserWarning) as caught:
        program = arsis.compile(str(merged), "tiny", batch=2, train=True)
    texts = [str(warning.message) for warning in caught]
    assert any(text.startswith("remark: ") and "'zeros', 'named.bias', 'y.bias'" in text for text in texts)
    assert any("weights in Constant nodes are trained" in text and "'k'" in text for text in texts)
    assert parameters(program) == NAMES
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parameters(arsis.compile(str(merged), "tiny", batch=2)) == NAMES  # silent without training
    tied = arsis.compile(str(merged), "tiny", batch=2, tie=["z*"])
    assert parameters(tied) == {"w0", "k", "w1", "zeros"} and tied.options["tie"] == "z*"
    untied = arsis.compile(str(merged), "tiny", batch=2, untie=["w0", "zeros"])
    assert parameters(untied) == NAMES | {"third.weight", "third.bias"}
    with pytest.raises(arsis.Error, match="tie 'absent' matches no weight"):
        arsis.compile(str(merged), "tiny", batch=2, tie=["absent"])


def test_trained_weights_find_their_places(merged):
    """Every parameter gets other values; the written file computes with them, read by an interpreter of its own."""
    program = arsis.compile(str(merged), "tiny", batch=2)
    weights = {
        tensor["name"]: RANDOM.normal(size=tensor["host_shape"]).astype(np.float32)
        for tensor in program.tensors
        if tensor["name"] in NAMES
    }
    x = RANDOM.normal(size=(2, WIDTH)).astype(np.float32)
    value = x
    for weight, bias in [("w0", "zeros"), ("k", "named.bias"), ("w0", "zeros"), ("w1", "y.bias")]:
        value = value @ weights[weight] + weights[bias]
    written = Keeper(merged).trained_model(weights)
    onnx.checker.check_model(onnx.load_from_string(written))
    again = arsis.compile(written, "tiny", batch=2)
    assert parameters(again) == NAMES
    session = arsis.Session(again, "tiny")
    for name, array in weights.items():
        np.testing.assert_array_equal(session.read(name), array)
    session.write("x", x)
    session.run("functional")
    np.testing.assert_allclose(session.read("y"), value, rtol=1e-5)
    with pytest.raises(arsis.InputError, match="found no place for the trained tensor 'other'"):
        Keeper(merged).trained_model({"other": x})


def test_readers_of_parameters(merged):
    assert arsis.parameter_readers(str(merged)) == {
        "w0": [(2, 1), (4, 1)],
        "zeros": [(2, 2), (4, 2)],
        "k": [(3, 1)],
        "named.bias": [(3, 2)],
        "w1": [(5, 1)],
        "y.bias": [(5, 2)],
    }


def test_the_logits_among_several_outputs(tmp_path):
    nodes = [gemm("x", "w0", "b", "h", "one"), gemm("h", "w1", "b", "y", "two")]
    constants = {"w0": SQUARE[0], "w1": SQUARE[1], "b": np.arange(WIDTH, dtype=np.float32)}
    path = model_of(tmp_path / "m.onnx", nodes, constants, ("h", "y"))
    with pytest.raises(arsis.Error, match="name the logits among them with logits: 'h', 'y'"):
        arsis.compile(str(path), "tiny", batch=2, train=True)
    with pytest.raises(arsis.Error, match="logits: found no training step"):
        arsis.compile(str(path), "tiny", batch=2, logits="y")
    with pytest.warns(UserWarning, match="'b' of 'one', 'two'"):
        program = arsis.compile(str(path), "tiny", batch=2, train=True, logits="y")
    assert program.options["logits"] == "y"


@pytest.mark.parametrize(
    "options",
    [{"batch": 0}, {"batch": -1}, {"batch": 1 << 62}, {"dims": {"N": 0}}, {"dims": {"N": -(1 << 63)}}],
)
def test_sizes_that_no_tensor_has(merged, options):
    """A batch of zero ended the interpreter."""
    for call in (
        lambda: arsis.compile(str(merged), "tiny", **options),
        lambda: arsis.step_reference(str(merged), **options),
    ):
        with pytest.raises(arsis.Error, match="expected"):
            call()


def test_a_batch_for_an_nn_module(tmp_path):
    path = tmp_path / "m.mlir"
    path.write_text("func.func @forward(%x: tensor<2x3xf32>) -> tensor<2x3xf32> { return %x : tensor<2x3xf32> }")
    with pytest.raises(
        arsis.Error, match="found a batch, a dimension, tie, untie, freeze or random_weights for an nn module"
    ):
        arsis.compile(str(path), "tiny", batch=64)
