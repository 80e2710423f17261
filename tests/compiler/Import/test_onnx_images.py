# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators on images that are made of several operations: transposed convolution, resizing, normalisations of images,
groups and neighbouring channels, softmax inside a net. In every arrangement they compute what onnxruntime computes."""

import numpy as np
import pytest

pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
pytest.importorskip("onnxruntime", reason="needs onnxruntime, see scripts/requirements-test.txt")

from onnx import TensorProto, helper  # noqa: E402
from onnx_nets import Net, values  # noqa: E402
from test_onnx_arrangements import IMAGE, SHAPES, THIN, compare, in_every_arrangement  # noqa: E402

CHANNELS = IMAGE[1]
TRANSPOSED = [
    {},
    {"strides": [2, 2]},
    {"strides": [3, 2], "pads": [1, 0, 0, 1], "output_padding": [2, 1]},
    {"strides": [2, 1], "dilations": [1, 2], "pads": [2, 1, 1, 0]},
    {"strides": [2, 1], "auto_pad": "SAME_UPPER"},
    {"strides": [2, 1], "auto_pad": "SAME_LOWER"},
    {"strides": [2, 2], "auto_pad": "VALID"},
    {"strides": [2, 2], "output_shape": [14, 10]},
]


@pytest.mark.parametrize("attributes", TRANSPOSED)
def test_transposed_convolution(attributes):
    weight, bias = values(CHANNELS, 4, 3, 2, seed=1), values(4)
    in_every_arrangement(
        IMAGE,
        lambda net, x: net.node("ConvTranspose", [x, net.initialiser(weight), net.initialiser(bias)], **attributes),
    )


@pytest.mark.parametrize("groups,outputs", [(3, 1), (3, 2)])
def test_transposed_convolution_in_groups(groups, outputs):
    weight = values(CHANNELS, outputs, 3, 2, seed=1)
    attributes = {"group": groups, "strides": [2, 1], "pads": [1, 0, 1, 1]}
    in_every_arrangement(IMAGE, lambda net, x: net.node("ConvTranspose", [x, net.initialiser(weight)], **attributes))


def test_transposed_convolution_with_a_weight():
    in_every_arrangement(
        (3, 4, 5, 2), lambda net, w: net.node("ConvTranspose", [net.input(values(*IMAGE)), w], strides=[2, 2])
    )


@pytest.mark.parametrize("attributes,problem", [
    ({"output_padding": [0, 2], "strides": [2, 2]}, r"output_padding 2 \(supported: less than the stride, 2\)"),
    ({"output_shape": [40, 10], "strides": [2, 2]}, "asks for an output of 40 along dimension 2, expected at most 15"),
    ({"strides": [2, 3], "auto_pad": "SAME_UPPER"}, "asks for an output of 15 along dimension 3, expected at most 14"),
    ({"output_padding": [1]}, r"output_padding has 1 numbers \(supported: 2, two spatial dimensions\)"),
    ({"pads": [5, 0, 5, 0]}, "the pads leave nothing of an output of 9 along dimension 2"),
    ({"group": 2}, "group = 2 does not divide the 3 input channels"),
    ({"kernel_shape": [2, 2]}, "kernel_shape 2x2 differs from the weight's 3x2"),
])  # fmt: skip
def test_transposed_convolution_that_is_refused(attributes, problem):
    net = Net()
    y = net.node("ConvTranspose", [net.input(values(*IMAGE)), net.initialiser(values(3, 4, 3, 2))], **attributes)
    with pytest.raises(Exception, match=problem):
        net.on_chip([y])


PLACES = ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]
ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]


def resized(net, x, sizes=(), scales=(), **attributes):
    numbers = ["", net.initialiser(np.array(scales, np.float32)) if scales else ""]
    if sizes:
        numbers.append(net.integers(*sizes))
    return net.node("Resize", [x, *numbers], **attributes)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("size", [(14, 15), (3, 5), (10, 4), (1, 1)])
def test_nearest(size, place, rounding):
    if size == (1, 1) and place == "half_pixel" and rounding == "floor":
        pytest.skip("the middle of the image is an element, which onnxruntime misses by a rounding error")
    attributes = {"mode": "nearest", "coordinate_transformation_mode": place, "nearest_mode": rounding}
    net = Net()
    sizes = (*IMAGE[:2], *size)
    compare(net, {"image": resized(net, net.input(values(*IMAGE)), sizes, **attributes)})


@pytest.mark.parametrize("place", PLACES[:3])
@pytest.mark.parametrize("scales", [(2, 2), (3, 1), (1, 4), (5, 2)])
def test_linear_up(scales, place):
    attributes = {"mode": "linear", "coordinate_transformation_mode": place}
    in_every_arrangement(IMAGE, lambda net, x: resized(net, x, scales=(1, 1, *scales), **attributes))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("size", [(4, 2), (2, 3), (1, 6), (8, 1)])
def test_linear_down(size, place):
    shape = (2, 3, 8, 6)
    attributes = {"mode": "linear", "coordinate_transformation_mode": place}
    net = Net()
    compare(net, {"image": resized(net, net.input(values(*shape)), (*shape[:2], *size), **attributes)})


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("size", [(13, 11), (3, 2), (7, 17), (29, 1), (5, 5)])
def test_any_size(size, mode, place):
    attributes = {"mode": mode, "coordinate_transformation_mode": place}
    in_every_arrangement(IMAGE, lambda net, x: resized(net, x, (*IMAGE[:2], *size), **attributes))


@pytest.mark.parametrize("attributes", [{"cubic_coeff_a": -0.5}, {"exclude_outside": 1}], ids=str)
def test_forms_of_the_cubic(attributes):
    net = Net()
    x = net.input(values(*IMAGE))
    compare(net, {"image": resized(net, x, (*IMAGE[:2], 12, 4), mode="cubic", **attributes)})


def test_nearest_in_every_arrangement():
    in_every_arrangement(
        IMAGE,
        lambda net, x: [
            resized(net, x, scales=(1, 1, 2, 3), coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
            resized(net, x, sizes=(*IMAGE[:2], 3, 8)),
        ],
    )


def test_some_axes_of_a_later_opset():
    net = Net(18)
    x = net.input(values(*IMAGE))
    made = net.node("Resize", [x, "", "", net.integers(14, 10)], axes=[2, -1], mode="nearest")
    compare(net, {"image": made})


@pytest.mark.parametrize("kind,opset", [("Upsample", 9), ("Resize", 10)])
def test_older_forms(kind, opset):
    for mode in ("nearest", "linear"):
        net = Net(opset)
        scales = net.initialiser(np.array([1, 1, 2, 3], np.float32))
        compare(net, {mode: net.node(kind, [net.input(values(*IMAGE)), scales], mode=mode)})


@pytest.mark.parametrize("attributes,sizes,problem", [
    ({"mode": "lanczos"}, (2, 3, 14, 10), r"mode = lanczos \(supported: nearest, linear, cubic\)"),
    ({"coordinate_transformation_mode": "tf_crop_and_resize"}, (2, 3, 14, 10), "tf_crop_and_resize"),
    ({}, (2, 3, 14), "3 scales or sizes, expected one for each of 4 dimensions"),
    ({}, (2, 3, 0, 5), "makes 0 elements of dimension 2, expected 1"),
])  # fmt: skip
def test_resize_that_is_refused(attributes, sizes, problem):
    net = Net()
    with pytest.raises(Exception, match=problem):
        net.on_chip([resized(net, net.input(values(*IMAGE)), sizes, **attributes)])


@pytest.mark.parametrize("shape", [*SHAPES[3:], *THIN[2:3], *THIN[4:]])
def test_instance_normalization(shape):
    vectors = [values(shape[1], seed=seed) for seed in (1, 2)]
    in_every_arrangement(
        shape,
        lambda net, x: net.node("InstanceNormalization", [x, *map(net.initialiser, vectors)], epsilon=0.125),
    )


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_group_normalization(groups):
    """Of opset 21, whose vectors have an element per channel; onnxruntime expands it into other operators."""
    shape, vectors = (2, 6, 3, 5), [values(6, seed=seed) for seed in (1, 2)]
    in_every_arrangement(
        shape,
        lambda net, x: net.node(
            "GroupNormalization", [x, *map(net.initialiser, vectors)], num_groups=groups, epsilon=0.125
        ),
        21,
    )


def test_group_normalization_with_vectors_per_group():
    x, vectors = values(2, 6, 3, 5), [values(2, seed=seed) for seed in (1, 2)]
    net = Net(18)
    name = net.node("GroupNormalization", [net.input(x), *map(net.initialiser, vectors)], num_groups=2, epsilon=0.125)
    groups = x.astype(np.float64).reshape(2, 2, -1)
    normal = (groups - groups.mean(2, keepdims=True)) / np.sqrt(groups.var(2, keepdims=True) + 0.125)
    expected = normal * vectors[0][:, None] + vectors[1][:, None]
    np.testing.assert_allclose(net.on_chip([name])[0], expected.reshape(x.shape), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("size", [1, 3, 5, 9, 41])
def test_local_response_normalization(size):
    attributes = {"size": size, "alpha": 0.5, "beta": 0.6, "bias": 1.5}
    in_every_arrangement((2, 5, 4, 3), lambda net, x: net.node("LRN", [x], **attributes))


@pytest.mark.parametrize("shape", [*SHAPES[3:], *THIN[2:]])
def test_product_of_the_last_dimension_of_a_tensor(shape):
    """A linear layer behind an image whose channels were moved last."""
    weight = values(shape[-1], 6, seed=1)
    in_every_arrangement(
        shape,
        lambda net, x: [net.node("MatMul", [x, net.initialiser(weight)]), net.node("MatMul", [x, net.input(weight)])],
    )


@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("kind", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize("shape", [*SHAPES[1:], *THIN])
def test_softmax(kind, shape, opset):
    axes = [axis for axis in (None, -1, 0, 1, 2) if axis is None or axis < len(shape)]
    if opset == 11 and len(shape) == 1:
        axes = [0, -1]  # the default is dimension 1
    in_every_arrangement(
        shape,
        lambda net, x: [net.node(kind, [x], **({} if axis is None else {"axis": axis})) for axis in axes],
        opset,
    )


def test_ones_and_zeros_of_a_group_norm_are_not_trained():
    """What PyTorch writes for one: an InstanceNormalization with constants, then a factor and a sum."""
    import arsis

    net = Net(17)
    x = net.reshape(net.input(values(2, 6, 3, 5)), 0, 2, -1)
    ones, zeros = (net.constant(np.full(2, value, np.float32)) for value in (1, 0))
    y = net.node("Flatten", [net.node("InstanceNormalization", [x, ones, zeros])])
    logits = net.node("Gemm", [y, net.initialiser(values(90, 4))])
    program = arsis.compile(net.model([logits]), "tiny", train=True)
    assert len([tensor for tensor in program.tensors if tensor["role"] == "parameter"]) == 1


def test_a_mask_of_equal_probabilities_is_its_mean_in_inference():
    import arsis

    net = Net(15)
    x = net.input(values(3, 2, 4, 4))
    shape = net.node("Shape", [x], start=0, end=1)
    whole = net.node("Concat", [shape, net.integers(1, 1, 1)], axis=0)
    filled = net.node("ConstantOfShape", [whole], value=helper.make_tensor("p", TensorProto.FLOAT, [1], [0.75]))
    drawn = net.node("Div", [net.node("Bernoulli", [filled]), net.initialiser(np.array(0.75, np.float32))])
    y = net.node("Mul", [x, drawn])
    with pytest.warns(UserWarning, match="exported in training mode: is its mean here"):
        session = arsis.Session(arsis.compile(net.model([y]), "tiny"), "tiny")
    session.write(x, net.inputs[x])
    session.run("functional")
    np.testing.assert_allclose(session.read(y), net.inputs[x], rtol=1e-6)
