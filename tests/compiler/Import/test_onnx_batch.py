# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The batch of a file: unknown, named or fixed, and another one on request."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_files import floats

RELU = helper.make_node("Relu", ["x"], ["y"], name="r")


@pytest.mark.parametrize("unknown", [-1, 0, None])
def test_unknown_batch(importer, unknown):
    """-1 and 0 are how exporters write a size that they do not know."""
    importer.nodes(RELU, {"x": (unknown, 3)}, {"y": (unknown, 3)}).rejects(
        "input 'x': dimension 0 is unknown; bind it with --batch N"
    )
    importer.nodes(RELU, {"x": (unknown, 3)}, {"y": (unknown, 3)}, options=["--batch=4"]).has("-> (tensor<4x3xf32>")


@pytest.mark.parametrize("unknown", [-1, 0, None])
def test_other_unknown_dimensions_have_no_remedy_but_the_file(importer, unknown):
    importer.nodes(RELU, {"x": (2, unknown)}, ["y"]).rejects(
        "input 'x': dimension 1 is unknown and has no name; expected a size or a name in the file"
    )


def test_negative_sizes(importer):
    importer.nodes(RELU, {"x": (2, -3)}, ["y"]).rejects("dimension 1 is -3, expected a positive number")


def test_batch_and_name_that_contradict(importer):
    importer.nodes(RELU, {"x": ("N", 3)}, ["y"], options=["--batch=2", "--dim=N=3"]).rejects(
        "dimension 0 ('N') is bound to 3 by name and to 2 as the batch"
    )


def test_fixed_batch_is_replaced_with_all_shapes_that_follow_from_it(importer):
    nodes = [helper.make_node("Relu", ["x"], ["t"]), helper.make_node("Relu", ["t"], ["y"])]
    stale = [helper.make_tensor_value_info("t", TensorProto.FLOAT, (32, 3))]
    out = importer.nodes(nodes, {"x": (32, 3)}, {"y": (32, 3)}, options=["--batch=50"], value_info=stale)
    out.has("-> (tensor<50x3xf32>")
    assert "tensor<32" not in out.text
    wrong = [helper.make_tensor_value_info("t", TensorProto.FLOAT, (31, 3))]
    importer.nodes(nodes, {"x": (32, 3)}, ["y"], options=["--batch=32"], value_info=wrong).rejects("declares 31x3")


def test_inputs_without_the_batch_keep_their_size(importer):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["t"]), helper.make_node("Add", ["t", "z"], ["y"])]
    shapes = {"x": (32, 3), "w": (3, 5), "z": (32, 5)}
    importer.nodes(nodes, shapes, ["y"], options=["--batch=8"]).has("(tensor<8x3xf32>, tensor<3x5xf32>)")


@pytest.mark.parametrize("wanted", [[32, -1], [32, 12], [32, 3, 4], [-1, 12], [0, -1], [0, 12]])
def test_reshape_with_the_batch_in_its_shape(importer, wanted):
    """`x.view(32, -1)`, exported as it stands."""
    nodes = [helper.make_node("Reshape", ["x", "s"], ["t"], name="view"), helper.make_node("Flatten", ["t"], ["y"])]
    constants = {"s": np.array(wanted, np.int64)}
    importer.nodes(nodes, {"x": (32, 3, 4)}, {"y": (32, 12)}, constants).has("-> (tensor<32x12xf32>")
    importer.nodes(nodes, {"x": (32, 3, 4)}, {"y": (32, 12)}, constants, options=["--batch=50"]).has(
        "-> (tensor<50x12xf32>"
    )


def test_reshape_of_a_weight_that_happens_to_lead_with_the_batch(importer):
    nodes = [
        helper.make_node("Reshape", ["w", "s"], ["v"]),
        helper.make_node("Transpose", ["w"], ["t"]),
        helper.make_node("Reshape", ["t", "whole"], ["u"]),
        helper.make_node("MatMul", ["x", "v"], ["p"]),
        helper.make_node("MatMul", ["p", "u"], ["y"]),
    ]
    constants = {"w": floats(32, 12), "s": np.array([32, -1]), "whole": np.array([12, 32])}
    importer.nodes(nodes, {"x": (32, 32)}, ["y"], constants, options=["--batch=50"]).has("-> (tensor<50x32xf32>")


@pytest.mark.parametrize("moves,wanted,problem", [
    ([], [384], "the new shape has 384 elements, the input 600; the file fixes the batch to 32"),
    ([], [8, 4, 12], "the new shape has 384 elements, the input 600; the file fixes the batch to 32"),
    (["Transpose"], [32, -1], "leads with 32, the batch that the file fixes, but its input of shape 4x3x50 does not"),
])  # fmt: skip
def test_reshape_that_depends_on_the_batch(importer, moves, wanted, problem):
    nodes = [helper.make_node(kind, ["x"], ["t"]) for kind in moves]
    nodes.append(helper.make_node("Reshape", ["t" if moves else "x", "s"], ["y"], name="view"))
    importer.nodes(nodes, {"x": (32, 3, 4)}, ["y"], {"s": np.array(wanted, np.int64)}, options=["--batch=50"]).rejects(
        "node 'view' (Reshape): ", problem, "export the model with a symbolic batch"
    )


def test_training_evaluates_a_file_of_fixed_batch_with_its_own(importer):
    """The evaluation asks for another batch than the file's and the training's."""
    arsis = pytest.importorskip("arsis")
    data = pytest.importorskip("arsis.data")
    nodes = [
        helper.make_node("Reshape", ["x", "s"], ["t"], name="view"),
        helper.make_node("Gemm", ["t", "w", "b"], ["y"], name="fc"),
    ]
    constants = {"s": np.array([32, -1], np.int64), "w": floats(16, 10) / 100, "b": floats(10)}
    importer.nodes(nodes, {"x": (32, 1, 4, 4)}, {"y": (32, 10)}, constants).has("tensor<32x10xf32>")
    images = data.load("synthetic", (1, 4, 4))
    images.train_images, images.train_labels = images.train_images[:64], images.train_labels[:64]
    settings = arsis.Settings(chip="tiny", batch=32, epochs=1, timing="first")
    report = arsis.train(importer.folder / "model.onnx", images, settings)
    assert len(report["training"]["accuracy_chip"]) == 1
    assert report["training"]["accuracy_chip"] == report["training"]["accuracy_reference"]
