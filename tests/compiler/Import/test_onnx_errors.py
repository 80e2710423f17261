# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every way in which a file can be wrong or not supported: one error that says what, where and what is expected."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_files import floats

RELU = helper.make_node("Relu", ["x"], ["y"], name="r")


def test_all_unsupported_nodes_at_once(importer):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="c1", group=0),
        helper.make_node("Acos", ["a"], ["b"], name="e1"),
        helper.make_node("Mystery", ["b"], ["c"], name="m1", domain="elsewhere"),
        helper.make_node("MaxPool", ["c"], ["d"], name="p1", kernel_shape=[2, 2, 2]),
        helper.make_node("SoftmaxCrossEntropyLoss", ["d", "d"], ["y"], name="s1"),
    ]
    out = importer.nodes(nodes, {"x": (1, 4, 8, 8)}, ["y"], {"w": floats(4, 2, 3, 3)})
    out.rejects(
        "5 nodes are not supported",
        "node 'c1' (Conv): group = 0, expected at least 1",
        "node 'e1' (Acos): operator is not supported",
    )
    out.rejects(
        "node 'm1' (Mystery)",
        "node 'p1' (MaxPool): kernel_shape has 3 numbers (supported: 2, two spatial dimensions)",
        "node 's1' (SoftmaxCrossEntropyLoss): not supported; --loss adds the loss, so export the model with its logits",
    )
    out.rejects("supported operators: Abs, Add, AveragePool")


def test_a_node_without_a_name_is_named_by_its_output(importer):
    importer.nodes(helper.make_node("Acos", ["x"], ["result"]), {"x": (2, 3)}, ["result"]).rejects(
        "node 'result' (Acos)"
    )


@pytest.mark.parametrize("content", [b"", b"not an onnx file at all", b"\x08\x07"])
def test_broken_file(importer, content):
    importer.file(content).rejects("model.onnx: not an ONNX file")


def test_missing_file(importer, tmp_path):
    importer.folder = tmp_path / "absent"
    importer.folder.mkdir()
    out = importer.file(b"")
    out.rejects("not an ONNX file")


def test_graph_out_of_order(importer):
    nodes = [helper.make_node("Relu", ["t"], ["y"]), helper.make_node("Relu", ["x"], ["t"])]
    importer.nodes(nodes, {"x": (2, 3)}, ["y"]).rejects("not a valid ONNX model: ")


def test_symbolic_batch(importer):
    importer.nodes(RELU, {"x": ("N", 3)}, ["y"]).rejects(
        "input 'x': dimension 0 is symbolic ('N'); bind it with --batch N or --dim N=VALUE"
    )
    importer.nodes(RELU, {"x": ("N", 3)}, ["y"], options=["--batch=4"]).has("tensor<4x3xf32>")
    importer.nodes(RELU, {"x": ("N", 3)}, ["y"], options=["--dim=N=5"]).has("tensor<5x3xf32>")
    importer.nodes(RELU, {"x": (2, "K")}, ["y"], options=["--dim=K=6"]).has("tensor<2x6xf32>")


def test_dimension_that_nobody_has(importer):
    importer.nodes(RELU, {"x": (2, 3)}, ["y"], options=["--dim=H=4"]).rejects("no input has a symbolic dimension 'H'")


@pytest.mark.parametrize(
    "option", ["--dim=4", "--dim=N=0", "--dim=N=x", "--batch=0", "--emit=nothing", "--optimizer=sgd,lr=1"]
)
def test_options(importer, option):
    importer.nodes(RELU, {"x": (2, 3)}, ["y"], options=[option]).rejects("expected")


@pytest.mark.parametrize(
    "option", ["--optimizer=adam", "--optimizer=sgd,lr=-1", "--optimizer=sgd,rate=1", "--loss=hinge", "--keep=all"]
)
def test_training_options(importer, option):
    importer.nodes(RELU, {"x": (2, 3)}, ["y"], options=["--train", option]).rejects("expected")


def test_declared_shape_that_does_not_follow(importer):
    importer.nodes(RELU, {"x": (2, 3)}, {"y": (2, 4)}).rejects("output 'y' has shape 2x3, but the file declares 2x4")


def test_conv_shapes(importer):
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="c")
    importer.nodes(node, {"x": (1, 3, 8, 8)}, ["y"], {"w": floats(4, 2, 3, 3)}).rejects(
        "has 3 channels, the weight expects 2"
    )
    importer.nodes(node, {"x": (1, 2, 2, 2)}, ["y"], {"w": floats(4, 2, 3, 3)}).rejects("the kernel does not fit")
    importer.nodes(node, {"x": (2, 8, 8)}, ["y"], {"w": floats(4, 8, 3)}).rejects(
        "input 'x' has shape 2x8x8, expected rank 4"
    )


@pytest.mark.parametrize("attributes,problem", [
    ({"strides": [1]}, "strides has 1 numbers"),
    ({"pads": [0, 0, -1, 0]}, "pads holds -1, expected at least 0"),
    ({"auto_pad": "SAME"}, "auto_pad = SAME"),
    ({"kernel_shape": [2, 2]}, "kernel_shape 2x2 differs from the weight's 3x3"),
    ({"group": 3}, "group = 3 does not divide the 4 output channels"),
    ({"group": 2}, "has 2 channels, the weight expects 4"),
    ({"group": -1}, "group = -1, expected at least 1"),
])  # fmt: skip
def test_conv_attributes(importer, attributes, problem):
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="c", **attributes)
    importer.nodes(node, {"x": (1, 2, 8, 8)}, ["y"], {"w": floats(4, 2, 3, 3)}).rejects(problem)


def test_conv_bias_length(importer):
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], name="c")
    importer.nodes(node, {"x": (1, 2, 8, 8)}, ["y"], {"w": floats(4, 2, 3, 3), "b": floats(3)}).rejects(
        "the bias has 3 elements, expected 4"
    )


def test_pool_pad_as_large_as_the_kernel(importer):
    node = helper.make_node("MaxPool", ["x"], ["y"], name="p", kernel_shape=[2, 2], pads=[2, 0, 0, 0])
    importer.nodes(node, {"x": (1, 2, 8, 8)}, ["y"]).rejects("pad 2 is as large as the kernel")


def test_gemm_shapes(importer):
    node = helper.make_node("Gemm", ["x", "w"], ["y"], name="g")
    importer.nodes(node, {"x": (2, 3)}, ["y"], {"w": floats(5, 4)}).rejects(
        "contracts 3 elements of the first operand with 5"
    )


@pytest.mark.parametrize(
    "node,constants,message",
    [
        (("PRelu", ["x", "w"]), {"w": floats(3, 1)}, "a slope of shape 3x1, which does not broadcast to 2x3"),
        (("PRelu", ["x", "w"]), {"w": floats(4, 2, 3)}, "a slope of shape 4x2x3, which does not broadcast to 2x3"),
        (("Pow", ["x", "w"]), {"w": np.float32(1.5)}, "the power 1.500000 (supported: -1, 0.5, 1, 2 and 3)"),
        (("Pow", ["x", "x"]), {}, "a power that is no number known at import (supported:"),
        (
            ("Div", ["x", "w"]),
            {"w": np.float32(0)},
            "divides by 0.000000, whose reciprocal is no finite number of fp32",
        ),
        (
            ("Clip", ["x", "", "x"]),
            {},
            "input 'x' is not a float known at import (supported: bounds that are constants)",
        ),
        (("Clip", ["x", "w", "w"]), {"w": np.float32(1)}, "clips to values from 1.000000 to 1.000000 (supported:"),
    ],
)
def test_arithmetic_and_activations(importer, node, constants, message):
    kind, inputs, attributes = (*node, {})[:3]
    made = helper.make_node(kind, inputs, ["y"], name="n", **attributes)
    importer.nodes(made, {"x": (2, 3)}, ["y"], constants).rejects(f"node 'n' ({kind}): ", message)


def test_add_shapes(importer):
    node = helper.make_node("Add", ["x", "z"], ["y"], name="a")
    importer.nodes(node, {"x": (2, 3)}, ["y"], {"z": floats(3, 2)}).rejects(
        "node 'a' (Add): combines tensors of shapes 2x3 and 3x2, which do not broadcast to one shape"
    )
    gemm = helper.make_node("Gemm", ["x", "w", "c"], ["y"], name="g")
    importer.nodes(gemm, {"x": (2, 3)}, ["y"], {"w": floats(3, 4), "c": floats(2, 2)}).rejects(
        "node 'g' (Gemm): adds input 'c' of shape 2x2 to a product of 2x4, to which it does not broadcast"
    )


@pytest.mark.parametrize("ratio", [1.0, -0.25, 1.5, float("nan")])
def test_dropout_with_an_impossible_ratio(importer, ratio):
    node = helper.make_node("Dropout", ["x", "ratio"], ["y"], name="d")
    importer.nodes(node, {"x": (2, 3)}, ["y"], {"ratio": np.float32(ratio)}, options=["--train"]).rejects(
        f"node 'd' (Dropout): ratio = {ratio:f}, expected 0 to less than 1"
    )


def test_dropout_with_a_ratio_that_is_computed(importer):
    nodes = [helper.make_node("Relu", ["r"], ["c"]), helper.make_node("Dropout", ["x", "c"], ["y"], name="d")]
    importer.nodes(nodes, {"x": (2, 3), "r": ()}, ["y"], options=["--train"]).rejects(
        "node 'd' (Dropout): ratio is computed by other nodes; expected a constant"
    )


@pytest.mark.parametrize("kind,shape,problem", [
    ("Dropout", (2, 3), "output mask is read"), ("MaxPool", (1, 3, 4, 4), "output Indices is read")
])  # fmt: skip
def test_second_outputs_that_are_read(importer, kind, shape, problem):
    attributes = {"kernel_shape": [2, 2]} if kind == "MaxPool" else {}
    node = helper.make_node(kind, ["x"], ["y", "second"], name="n", **attributes)
    importer.nodes(node, {"x": shape}, ["y"]).has("return")
    importer.nodes(node, {"x": shape}, ["y", "second"]).rejects(f"node 'n' ({kind}): {problem}")


def test_reshape_errors(importer):
    node = helper.make_node("Reshape", ["x", "s"], ["y"], name="r")
    for shape, problem in [
        ([5, 2], "has 10 elements, the input 6"),
        ([-1, -1], "more than one -1"),
        ([4, -1], "elements, the input 6"),
    ]:
        importer.nodes(node, {"x": (2, 3)}, ["y"], {"s": np.array(shape, np.int64)}).rejects(problem)


def test_batch_norm_errors(importer):
    node = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], name="bn")
    short = {name: floats(2) for name in "sbmv"}
    importer.nodes(node, {"x": (2, 3, 4, 4)}, ["y"], short).rejects(
        "has 2 elements, expected one for each of the 3 channels"
    )
    right = {name: floats(3) for name in "sbmv"}
    importer.nodes(node, {"x": (1, 3, 1, 1)}, ["y"], right, options=["--train"]).rejects(
        "more than one value per channel"
    )


def test_batch_norm_of_a_scalar(importer):
    node = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], name="bn")
    importer.nodes(node, {"x": ()}, ["y"], {name: floats(1) for name in "sbmv"}).rejects(
        "node 'bn' (BatchNormalization): input 'x' is a scalar, expected rank 2 or more with the channels"
    )


def test_saved_statistics_that_are_read(importer):
    outputs = ["y", "mean", "var", "saved_mean", "saved_var"]
    node = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], outputs, name="bn")
    importer.nodes(node, {"x": (2, 3, 4, 4)}, ["y", "saved_var"], {n: floats(3) for n in "sbmv"}, opset=9).rejects(
        "output 'saved_var' is read (supported: the normalised output and the running statistics)"
    )


def test_means_over_dimensions_that_are_not_there(importer):
    for axes in [[4], [0, -5]]:
        node = helper.make_node("ReduceMean", ["x"], ["y"], name="m", axes=axes)
        importer.nodes(node, {"x": (2, 3, 4, 5)}, ["y"]).rejects(
            "node 'm' (ReduceMean): axes include one that is none of the 4 dimensions of 'x'"
        )
    node = helper.make_node("ReduceSum", ["x", "x"], ["y"], name="m")
    importer.nodes(node, {"x": (2, 3)}, ["y"]).rejects("the axes are not known at import")


def test_average_of_no_image(importer):
    importer.nodes(helper.make_node("GlobalAveragePool", ["x"], ["y"], name="g"), {"x": (2, 3)}, ["y"]).rejects(
        "node 'g' (GlobalAveragePool): input 'x' has shape 2x3, expected rank 3 or more"
    )


def test_shared_running_statistics(importer):
    first = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["t"], name="bn1")
    second = helper.make_node("BatchNormalization", ["t", "s", "b", "m", "v"], ["y"], name="bn2")
    statistics = {name: floats(3) for name in "sbmv"}
    importer.nodes([first, second], {"x": (2, 3, 4, 4)}, ["y"], statistics, options=["--train"]).rejects(
        "node 'bn2' (BatchNormalization): shares its running statistics with another node"
    )


def test_elements_of_a_value(importer):
    node = helper.make_node("Gather", ["x", "five"], ["y"], name="n")
    importer.nodes(node, {"x": (5,)}, ["y"], {"five": np.array([5])}).rejects(
        "node 'n' (Gather): index 5 into 5 elements"
    )


def test_element_types(importer):
    node = helper.make_node("Add", ["x", "b"], ["y"])
    importer.nodes(node, {"x": (2, 3)}, ["y"], {"b": np.zeros(3, np.uint64)}).rejects(
        "node 'y' (Add): input 'b' holds integers, expected floats"
    )


@pytest.mark.parametrize("raw", [False, True])
def test_encodings_of_initialisers(importer, raw):
    values = np.array([1, 2, 3], np.float32)
    tensor = helper.make_tensor("b", TensorProto.FLOAT, [3], values.tobytes() if raw else values, raw=raw)
    out = importer.nodes(helper.make_node("Add", ["x", "b"], ["y"]), {"x": (2, 3)}, ["y"], {"b": tensor})
    out.has("dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]>")


def test_truncated_initialiser(importer):
    tensor = TensorProto(dims=[3], data_type=TensorProto.FLOAT, name="b", raw_data=b"\0" * 8)
    importer.nodes(helper.make_node("Add", ["x", "b"], ["y"]), {"x": (2, 3)}, ["y"], {"b": tensor}).rejects("b")
