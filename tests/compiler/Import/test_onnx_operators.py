# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each ONNX operator becomes on the nn level."""

import numpy as np
import pytest
from onnx import helper
from onnx_files import floats


def conv(importer, image=(1, 2, 8, 8), weight=(4, 2, 3, 3), bias=False, **attributes):
    constants = {"w": floats(*weight)} | ({"b": floats(weight[0])} if bias else {})
    node = helper.make_node("Conv", ["x", *constants], ["y"], name="c", **attributes)
    return importer.nodes(node, {"x": image}, ["y"], constants)


def test_conv_turns_layouts(importer):
    out = conv(importer, pads=[1, 2, 1, 0], strides=[2, 1])
    out.has(
        "strides [2, 1] pads [1, 2, 1, 0] dilations [1, 1]",
        "(tensor<1x8x8x2xf32>, tensor<3x3x2x4xf32>) -> tensor<1x4x8x4xf32>",
    )
    out.has(
        'nn.name = "x", nn.role = #nn.role<input>',
        "nn.host_permutation = array<i64: 0, 3, 1, 2>, nn.host_shape = array<i64: 1, 2, 8, 8>",
    )
    out.has(
        'nn.name = "w", nn.role = #nn.role<parameter>',
        "nn.host_permutation = array<i64: 3, 2, 0, 1>, nn.host_shape = array<i64: 4, 2, 3, 3>",
    )
    out.has('nn.name = "y", nn.role = #nn.role<output>', 'fused<"fwd">')


def test_conv_permutes_initial_values(importer):
    out = conv(importer, image=(1, 2, 1, 1), weight=(2, 2, 1, 1))
    # OIHW [[0, 1], [2, 3]] / 8 is IO [[0, 2], [1, 3]] / 8.
    out.has("dense<[[[[0.000000e+00, 2.500000e-01], [1.250000e-01, 3.750000e-01]]]]> : tensor<1x1x2x2xf32>")


@pytest.mark.parametrize("group,outputs", [(2, 2), (2, 4), (1, 3)])
def test_conv_groups(importer, group, outputs):
    """The filter's input channels are those of a group, its outputs are counted over groups: as they stand in ONNX."""
    out = conv(importer, weight=(outputs, 2 // group, 3, 3), pads=[1, 1, 1, 1], group=group)
    out.has(f"tensor<3x3x{2 // group}x{outputs}xf32>", *([f"groups = {group}"] if group > 1 else []))


def test_conv_bias(importer):
    out = conv(importer, bias=True)
    assert [op.split()[0] for op in out.ops()] == ["nn.conv2d", "nn.bias_add"]


@pytest.mark.parametrize(
    "mode,size,kernel,stride,pads,result",
    [
        ("SAME_UPPER", 8, 3, 1, [1, 1, 1, 1], 8),
        ("SAME_UPPER", 8, 3, 2, [0, 0, 1, 1], 4),
        ("SAME_LOWER", 8, 3, 2, [1, 1, 0, 0], 4),
        ("SAME_UPPER", 7, 2, 3, [0, 0, 1, 1], 3),
        ("SAME_UPPER", 6, 1, 3, [0, 0, 0, 0], 2),
        ("VALID", 8, 3, 2, [0, 0, 0, 0], 3),
    ],
)
def test_auto_pad(importer, mode, size, kernel, stride, pads, result):
    out = conv(importer, (1, 2, size, size), (4, 2, kernel, kernel), auto_pad=mode, strides=[stride] * 2)
    out.has(f"pads {pads}", f"-> tensor<1x{result}x{result}x4xf32>")


def test_auto_pad_follows_the_dilated_kernel(importer):
    conv(importer, auto_pad="SAME_UPPER", dilations=[2, 2]).has(
        "pads [2, 2, 2, 2] dilations [2, 2]", "-> tensor<1x8x8x4xf32>"
    )


def pool(importer, op, image=(1, 3, 7, 7), options=(), opset=13, **attributes):
    return importer.nodes(
        helper.make_node(op, ["x"], ["y"], name="p", **attributes), {"x": image}, ["y"], options=options, opset=opset
    )


def test_max_pool(importer):
    pool(importer, "MaxPool", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 0]).has(
        "nn.max_pool", "kernel [3, 2] strides [2, 2] pads [1, 0, 1, 0] dilations [1, 1]", "-> tensor<1x4x3x3xf32>"
    )


def test_max_pool_dilated(importer):
    pool(importer, "MaxPool", kernel_shape=[2, 2], dilations=[3, 2]).has("dilations [3, 2]", "-> tensor<1x4x5x3xf32>")


@pytest.mark.parametrize(
    "size,kernel,stride,pad,expected",
    [(7, 2, 2, 0, 4), (6, 2, 2, 0, 3), (4, 3, 2, 1, 3), (3, 1, 2, 0, 2), (5, 2, 3, 1, 2)],
)
def test_ceil_mode(importer, size, kernel, stride, pad, expected):
    """The last window must start inside the input or the leading pad, as in PyTorch."""
    out = pool(
        importer,
        "MaxPool",
        (1, 3, size, size),
        kernel_shape=[kernel] * 2,
        strides=[stride] * 2,
        pads=[pad] * 4,
        ceil_mode=1,
    )
    out.has(f"-> tensor<1x{expected}x{expected}x3xf32>")


def test_average_pool(importer):
    pool(importer, "AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1).has(
        "nn.avg_pool", "count_include_pad = true"
    )
    out = pool(importer, "AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    assert "count_include_pad = true" not in out.text


def test_average_pool_auto_pad(importer):
    pool(importer, "AveragePool", (1, 3, 8, 8), kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_LOWER").has(
        "pads [1, 1, 0, 0]"
    )


def test_global_average_pool(importer):
    pool(importer, "GlobalAveragePool", (2, 3, 5, 4)).has(
        "kernel [5, 4] strides [1, 1] pads [0, 0, 0, 0]", "-> tensor<2x1x1x3xf32>"
    )


STATISTICS = {"s": floats(3), "b": floats(3), "mean": floats(3), "var": floats(3) + 1}


def batch_norm(importer, outputs=("y",), options=(), opset=15, image=(2, 3, 4, 4), **attributes):
    node = helper.make_node("BatchNormalization", ["x", *STATISTICS], list(outputs), name="bn", **attributes)
    return importer.nodes(node, {"x": image}, ["y"], STATISTICS, options=options, opset=opset)


def test_batch_norm_inference(importer):
    out = batch_norm(importer, epsilon=0.25)
    out.has(
        "nn.batch_norm_inference",
        "epsilon 2.500000e-01",
        'nn.name = "s", nn.role = #nn.role<parameter>',
        'nn.name = "mean", nn.role = #nn.role<state>',
    )


def test_batch_norm_becomes_training_on_request(importer):
    out = batch_norm(importer, options=["--train"], momentum=0.75)
    out.has(
        "nn.batch_norm %", "momentum 2.500000e-01", 'nn.donates = 3 : i64, nn.name = "mean", nn.role = #nn.role<state>'
    )


def test_batch_norm_that_the_request_turns_is_named(importer):
    said = (
        "remark: {}: exported in inference form, but normalises by the statistics of the batch in the training step: bn"
    )
    out = batch_norm(importer, options=["--train"])
    assert said.format(importer.folder / "model.onnx") in out.error
    outputs = ["y", "new_mean", "new_var"]
    assert "remark" not in batch_norm(importer, outputs, options=["--train"], training_mode=1).error


@pytest.mark.parametrize("opset,attributes", [(15, {"training_mode": 1}), (14, {"training_mode": 1}), (9, {})])
def test_batch_norm_exported_for_training(importer, opset, attributes):
    outputs = ["y", "new_mean", "new_var"] + (["saved_mean", "saved_var"] if opset < 14 else [])
    out = batch_norm(importer, outputs, opset=opset, **attributes)
    out.has("nn.batch_norm %", 'nn.donates = 4 : i64, nn.name = "var"')
    assert "warning: bn (fwd): exported in training mode" in out.error


def test_batch_norm_of_a_matrix(importer):
    batch_norm(importer, image=(5, 3)).has("tensor<5x3xf32>")


def test_gemm(importer):
    constants = {"w": floats(4, 6), "b": floats(4)}
    node = helper.make_node("Gemm", ["x", "w", "b"], ["y"], name="fc", transB=1)
    out = importer.nodes(node, {"x": (2, 6)}, ["y"], constants)
    assert [op.split()[0] for op in out.ops()] == ["nn.matmul", "nn.bias_add"]
    out.has(
        "(tensor<2x6xf32>, tensor<6x4xf32>) -> tensor<2x4xf32>",
        "nn.host_permutation = array<i64: 1, 0>, nn.host_shape = array<i64: 4, 6>",
    )


def test_gemm_of_two_inputs_keeps_its_transposes(importer):
    node = helper.make_node("Gemm", ["a", "b"], ["y"], name="fc", transA=1, transB=1)
    out = importer.nodes(node, {"a": (6, 2), "b": (4, 6)}, ["y"])
    out.has("transpose_a = true, transpose_b = true", "-> tensor<2x4xf32>")


@pytest.mark.parametrize("bias_first", [False, True])
def test_matmul_and_add(importer, bias_first):
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["t"], name="m"),
        helper.make_node("Add", ["b", "t"] if bias_first else ["t", "b"], ["y"], name="a"),
    ]
    out = importer.nodes(nodes, {"x": (2, 6)}, ["y"], {"w": floats(6, 4), "b": floats(4)})
    assert [op.split()[0] for op in out.ops()] == ["nn.matmul", "nn.bias_add"]


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 3, 1, 1)])
def test_add_of_a_channel_bias(importer, shape):
    out = importer.nodes(helper.make_node("Add", ["x", "b"], ["y"]), {"x": (2, 3, 4, 4)}, ["y"], {"b": floats(*shape)})
    assert [op.split()[0] for op in out.ops()] == ["nn.reshape", "nn.bias_add"]


def test_add_of_equals(importer):
    out = importer.nodes(helper.make_node("Add", ["a", "b"], ["y"]), {"a": (2, 3, 4, 4), "b": (2, 3, 4, 4)}, ["y"])
    assert [op.split()[0] for op in out.ops()] == ["nn.add"]


def test_relu(importer):
    importer.nodes(helper.make_node("Relu", ["x"], ["y"]), {"x": (2, 3)}, ["y"]).has("nn.relu %arg0 : tensor<2x3xf32>")


def test_tanh_keeps_the_arrangement(importer):
    image = {"x": (2, 3, 4, 5)}
    nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]), helper.make_node("Tanh", ["t"], ["y"])]
    assert importer.nodes(nodes, image, ["y"]).ops() == ["nn.tanh %arg0 : tensor<2x4x5x3xf32>"]
    importer.nodes(helper.make_node("Tanh", ["x"], ["y"]), {"x": (2, 3)}, ["y"]).has("nn.tanh %arg0 : tensor<2x3xf32>")


def test_a_squeeze_excite_factor_stays_where_it_is(importer):
    """No transposition: the factor lies along batch and channels of the image."""
    node = helper.make_node("Mul", ["x", "s"], ["y"])
    out = importer.nodes(node, {"x": (2, 3, 4, 5), "s": (2, 3, 1, 1)}, ["y"])
    assert [op.split()[0] for op in out.ops()] == ["nn.reshape", "nn.multiply"]
    out.has("along [0, 3] : (tensor<2x4x5x3xf32>, tensor<2x3xf32>) -> tensor<2x4x5x3xf32>")


def test_numbers_become_part_of_operations(importer):
    nodes = [
        helper.make_node("Constant", [], ["two"], value_float=2.0),
        helper.make_node("Mul", ["two", "x"], ["m"]),
        helper.make_node("Sub", ["two", "m"], ["s"]),
        helper.make_node("Div", ["s", "two"], ["y"]),
    ]
    assert importer.nodes(nodes, {"x": (2, 3)}, ["y"]).ops() == [
        "nn.affine %arg0 scale 2.000000e+00 offset 0.000000e+00 : tensor<2x3xf32>",
        "nn.affine %0 scale -1.000000e+00 offset 2.000000e+00 : tensor<2x3xf32>",
        "nn.affine %1 scale 5.000000e-01 offset 0.000000e+00 : tensor<2x3xf32>",
    ]


def test_clip_without_bounds_is_its_operand(importer):
    nodes = [helper.make_node("Clip", ["x"], ["c"]), helper.make_node("Relu", ["c"], ["y"])]
    assert importer.nodes(nodes, {"x": (2, 3)}, ["y"]).ops() == ["nn.relu %arg0 : tensor<2x3xf32>"]


def test_flatten_moves_only_what_must_move(importer):
    node = helper.make_node("Flatten", ["x"], ["y"])
    spatial = importer.nodes(node, {"x": (2, 3, 4, 4)}, ["y"])
    assert [op.split()[0] for op in spatial.ops()] == ["nn.transpose", "nn.reshape"]
    pixel = importer.nodes(node, {"x": (2, 3, 1, 1)}, ["y"])
    assert [op.split()[0] for op in pixel.ops()] == ["nn.reshape"]
    grey = importer.nodes(node, {"x": (2, 1, 4, 4)}, ["y"])
    assert [op.split()[0] for op in grey.ops()] == ["nn.reshape"]


@pytest.mark.parametrize("axis,shape", [(0, "1x96"), (1, "2x48"), (2, "6x16"), (-1, "24x4"), (4, "96x1")])
def test_flatten_axis(importer, axis, shape):
    importer.nodes(helper.make_node("Flatten", ["x"], ["y"], axis=axis), {"x": (2, 3, 4, 4)}, ["y"]).has(
        f"-> tensor<{shape}xf32>"
    )


@pytest.mark.parametrize("wanted,shape", [([0, -1], "2x12"), ([-1, 4], "6x4"), ([0, 4, 3], "2x4x3"), ([24], "24")])
def test_reshape(importer, wanted, shape):
    node = helper.make_node("Reshape", ["x", "s"], ["y"])
    importer.nodes(node, {"x": (2, 3, 4)}, ["y"], {"s": np.array(wanted, np.int64)}).has(f"-> tensor<{shape}xf32>")


def test_reshape_by_arithmetic_on_the_shape(importer):
    """`x.view(x.size(0), -1)` as exporters write it."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Constant", [], ["zero"], value_int=0),
        helper.make_node("Gather", ["shape", "zero"], ["n"], axis=0),
        helper.make_node("Constant", [], ["axes"], value_ints=[0]),
        helper.make_node("Unsqueeze", ["n", "axes"], ["n1"]),
        helper.make_node("Constant", [], ["rest"], value_ints=[-1]),
        helper.make_node("Concat", ["n1", "rest"], ["wanted"], axis=0),
        helper.make_node("Reshape", ["x", "wanted"], ["y"]),
    ]
    importer.nodes(nodes, {"x": ("N", 3, 1, 1)}, ["y"], options=["--batch=5"]).has("-> tensor<5x3xf32>")


def test_transpose_only_relabels(importer):
    nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]), helper.make_node("Relu", ["t"], ["y"])]
    out = importer.nodes(nodes, {"x": (2, 3, 4, 5)}, ["y"])
    assert out.ops() == ["nn.relu %arg0 : tensor<2x4x5x3xf32>"]
    assert "nn.host_permutation" not in out.text.split("->", 1)[1].splitlines()[0]


def test_constant_node_is_not_trained(importer):
    nodes = [
        helper.make_node("Constant", [], ["b"], value_floats=[1.0, 2.0, 3.0]),
        helper.make_node("Add", ["x", "b"], ["y"]),
    ]
    importer.nodes(nodes, {"x": (2, 3)}, ["y"]).has('nn.name = "b", nn.role = #nn.role<state>')


def test_dropout_is_nothing_at_inference(importer):
    out = importer.nodes(
        [helper.make_node("Dropout", ["x"], ["t"]), helper.make_node("Relu", ["t"], ["y"])], {"x": (2, 3)}, ["y"]
    )
    assert out.ops() == ["nn.relu %arg0 : tensor<2x3xf32>"]


@pytest.mark.parametrize("axes", [[2, 3], [-1, -2]])
@pytest.mark.parametrize("keep,shape", [(1, "2x1x1x3"), (0, "2x3")])
def test_mean_over_the_image(importer, axes, keep, shape):
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=axes, keepdims=keep)
    out = importer.nodes(node, {"x": (2, 3, 5, 4)}, ["y"])
    out.has("kernel [5, 4]", f"-> tensor<{shape}xf32>")


def test_gemm_with_a_matrix_to_add(importer):
    node = helper.make_node("Gemm", ["a", "b", "c"], ["y"], name="g")
    out = importer.nodes(node, {"a": (2, 6), "b": (6, 4), "c": (2, 4)}, ["y"])
    assert [op.split()[0] for op in out.ops()] == ["nn.matmul", "nn.add"]
