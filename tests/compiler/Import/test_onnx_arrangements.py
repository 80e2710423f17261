# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every operator that the importer accepts, on tensors in every arrangement that a graph can bring to it, computes what
onnxruntime computes. All extents of a shape differ, so that a dimension taken for another shows.

Importer, compiler and reference share an arrangement that was taken wrongly, so only another implementation of ONNX
can see it."""

import itertools

import numpy as np
import pytest

pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
pytest.importorskip("onnxruntime", reason="needs onnxruntime, see scripts/requirements-test.txt")

from onnx_nets import Net, arrivals, values

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # what the importer remarks on batch norms
SHAPES = [(), (7,), (5, 3), (4, 3, 5), (2, 3, 7, 5)]
THIN = [(1, 3), (3, 1), (3, 1, 5), (2, 3, 1, 1), (1, 3, 1, 5), (4, 1, 5, 3)]
IMAGE = SHAPES[4]
TOLERANCE = {"rtol": 2e-5, "atol": 2e-6}  # fp32, in another order of additions


def compare(net: Net, outputs: dict[str, str]) -> None:
    """`outputs` maps what stands in the message to names of the net's outputs."""
    names = list(outputs.values())
    wrong = []
    for label, found, expected in zip(outputs, net.on_chip(names), net.by_onnxruntime(names), strict=True):
        if found.shape != expected.shape or not np.allclose(found, expected, **TOLERANCE):
            wrong.append(f"{label}: {found.shape}, expected {expected.shape}\n{found}\n{expected}")
    assert not wrong, f"{len(wrong)} of {len(outputs)} differ from onnxruntime: " + "\n".join(wrong)[:3000]


def in_every_arrangement(shape, build, opset: int = 13) -> None:
    """`build(net, name)` appends nodes that read `name`, a tensor of `shape`, and returns one output or several."""
    net, outputs = Net(opset), {}
    for label, name in arrivals(net, values(*shape)).items():
        built = build(net, name)
        for i, output in enumerate(built if isinstance(built, list) else [built]):
            outputs[f"{label} [{i}]"] = output
    compare(net, outputs)


@pytest.mark.parametrize("kind", ["Relu", "Tanh"])
@pytest.mark.parametrize("shape", SHAPES + THIN)
def test_elementwise(kind, shape):
    in_every_arrangement(shape, lambda net, x: net.node(kind, [x]))


@pytest.mark.parametrize("kind,opset", [("Identity", 13), ("Dropout", 7), ("Dropout", 13)])
@pytest.mark.parametrize("shape", SHAPES[1:])
def test_nothing_at_inference(kind, opset, shape):
    in_every_arrangement(shape, lambda net, x: net.node("Tanh", [net.node(kind, [x])]), opset)


def batch_norm(net, x, channels, outputs=1, **attributes):
    operands = [values(channels, seed=1), values(channels, seed=2), values(channels, seed=3)]
    operands.append(np.abs(values(channels, seed=4)) + 0.5)
    names = net.node("BatchNormalization", [x, *map(net.initialiser, operands)], outputs, **attributes)
    return names if outputs == 1 else names[0]


@pytest.mark.parametrize("opset", [7, 9, 15])
@pytest.mark.parametrize("shape", SHAPES[1:] + THIN)
def test_batch_normalization(opset, shape):
    channels = shape[1] if len(shape) > 1 else 1
    in_every_arrangement(shape, lambda net, x: batch_norm(net, x, channels, epsilon=1e-3), opset)


@pytest.mark.parametrize("opset,outputs,attributes", [(9, 5, {}), (15, 3, {"training_mode": 1})])
@pytest.mark.parametrize("shape", SHAPES[1:] + THIN[1:])
def test_batch_normalization_by_the_statistics_of_the_batch(opset, outputs, attributes, shape):
    channels = shape[1] if len(shape) > 1 else 1
    in_every_arrangement(shape, lambda net, x: batch_norm(net, x, channels, outputs, epsilon=0.25, **attributes), opset)


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("shape", SHAPES[1:] + THIN)
def test_layer_normalization(axis, shape):
    if axis >= len(shape):
        pytest.skip(f"a tensor of rank {len(shape)} has no dimension {axis}")
    rows = shape[axis:]

    def build(net, x):
        vectors = [net.initialiser(values(*rows, seed=seed)) for seed in (1, 2)]
        without_bias = net.node("LayerNormalization", [x, vectors[0]], axis=axis)
        return [*net.node("LayerNormalization", [x, *vectors], 3, axis=axis, epsilon=0.125), without_bias]

    in_every_arrangement(shape, build, 17)


CONVOLUTIONS = [
    {},
    {"strides": [2, 1], "pads": [1, 0, 2, 1]},
    {"dilations": [2, 1], "pads": [2, 1, 1, 0]},
    {"strides": [1, 2], "auto_pad": "SAME_UPPER"},
    {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
]


@pytest.mark.parametrize("attributes", CONVOLUTIONS)
def test_convolution_of_an_image(attributes):
    weight, bias = values(4, IMAGE[1], 3, 2, seed=1), values(4)
    in_every_arrangement(
        IMAGE, lambda net, x: net.node("Conv", [x, net.initialiser(weight), net.initialiser(bias)], **attributes)
    )


GROUPS = [
    {"group": IMAGE[1]},
    {"group": IMAGE[1], "strides": [2, 1], "pads": [1, 0, 2, 1], "dilations": [1, 2]},
]


@pytest.mark.parametrize("attributes", GROUPS)
@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolution_of_an_image(attributes, multiplier):
    weight, bias = values(multiplier * IMAGE[1], 1, 3, 2, seed=1), values(multiplier * IMAGE[1])
    in_every_arrangement(
        IMAGE, lambda net, x: net.node("Conv", [x, net.initialiser(weight), net.initialiser(bias)], **attributes)
    )


def test_grouped_convolution_with_a_weight():
    image = values(2, 6, 5, 4)
    in_every_arrangement(
        (4, 3, 3, 2), lambda net, w: net.node("Conv", [net.input(image), w], group=2, pads=[1, 1, 1, 1])
    )


def test_convolution_with_a_weight():
    image = values(*IMAGE)
    in_every_arrangement((4, 3, 5, 2), lambda net, w: net.node("Conv", [net.input(image), w], pads=[1, 1, 1, 1]))


def test_convolution_with_a_bias():
    image, weight = values(*IMAGE), values(7, 3, 2, 1)
    in_every_arrangement((7,), lambda net, b: net.node("Conv", [net.input(image), net.initialiser(weight), b]))


POOLS = [
    {"kernel_shape": [3, 2]},
    {"kernel_shape": [2, 3], "strides": [2, 1], "pads": [1, 2, 0, 1]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
    {"kernel_shape": [2, 3], "strides": [3, 2], "pads": [1, 1, 0, 1], "ceil_mode": 1},
    {"kernel_shape": [8, 7], "strides": [2, 3], "ceil_mode": 1},  # larger than the image: one window that hangs over
    {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "SAME_LOWER"},
    {"kernel_shape": [3, 2], "auto_pad": "VALID"},
]


@pytest.mark.parametrize("attributes", [*POOLS, {"kernel_shape": [3, 2], "dilations": [2, 3], "storage_order": 1}])
def test_max_pool(attributes):
    in_every_arrangement(IMAGE, lambda net, x: net.node("MaxPool", [x], **attributes))


@pytest.mark.parametrize("attributes", POOLS)
@pytest.mark.parametrize("include", [0, 1])
def test_average_pool(attributes, include):
    in_every_arrangement(IMAGE, lambda net, x: net.node("AveragePool", [x], count_include_pad=include, **attributes))


@pytest.mark.parametrize("shape", SHAPES[3:] + THIN[2:])
def test_mean_over_the_image(shape):
    def build(net, x):
        pixels = list(range(2, len(shape)))
        back = [axis - len(shape) for axis in reversed(pixels)]
        return [
            net.node("GlobalAveragePool", [x]),
            net.node("ReduceMean", [x], axes=pixels),
            net.node("ReduceMean", [x], axes=back, keepdims=0),
        ]

    in_every_arrangement(shape, build)


@pytest.mark.parametrize("left,right", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_products(left, right):
    a, b = ((3, 5) if left else (5, 3)), ((7, 3) if right else (3, 7))

    def gemm(net, x, y):
        return net.node("Gemm", [x, y], transA=left, transB=right)

    in_every_arrangement(
        a, lambda net, x: [gemm(net, x, net.initialiser(values(*b))), gemm(net, x, net.input(values(*b)))]
    )
    in_every_arrangement(b, lambda net, y: gemm(net, net.input(values(*a)), y))
    if not left and not right:
        in_every_arrangement(a, lambda net, x: net.node("MatMul", [x, net.initialiser(values(*b))]))
        in_every_arrangement(b, lambda net, y: net.node("MatMul", [net.input(values(*a)), y]))


@pytest.mark.parametrize("rows,columns", [(5, 7), (1, 7), (5, 1), (1, 1)])
def test_bias_of_a_product(rows, columns):
    shapes = {(), (1,), (columns,), (1, 1), (1, columns), (rows, 1), (rows, columns)}
    for shape in sorted(shapes):
        x, w = values(rows, 3), values(3, columns)
        in_every_arrangement(shape, lambda net, c: net.node("Gemm", [net.input(x), net.initialiser(w), c]))  # noqa: B023


def broadcasts(shape):
    """All shapes that broadcast to `shape` with as many dimensions, and each without its leading ones."""
    for kept in itertools.product([False, True], repeat=len(shape)):
        small = tuple(extent if keep else 1 for extent, keep in zip(shape, kept, strict=True))
        yield small
        first = next((i for i, extent in enumerate(small) if extent != 1), len(small))
        if first:
            yield small[first:]


@pytest.mark.parametrize("shape", SHAPES[2:] + THIN)
def test_sum_with_a_constant(shape):
    """The constant is shared by all sums with it, and first used in one arrangement after another."""
    for small in sorted(set(broadcasts(shape))):
        net, outputs = Net(), {}
        constant = net.initialiser(values(*small, seed=1))
        for i, (label, x) in enumerate(arrivals(net, values(*shape)).items()):
            outputs[label] = net.node("Add", [x, constant] if i % 2 else [constant, x])
        compare(net, outputs)


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_sum_of_two_arrangements(shape):
    net, outputs = Net(), {}
    right = arrivals(net, values(*shape, seed=1), every_order=False)
    for (label, x), (other, y) in itertools.product(arrivals(net, values(*shape), False).items(), right.items()):
        outputs[f"{label} + {other}"] = net.node("Add", [x, y])
    compare(net, outputs)


@pytest.mark.parametrize("small", [(3, 1, 1), (7, 5), (2, 1, 7, 1), (3, 7, 5), (1,)])
def test_sum_with_something_smaller_in_every_arrangement(small):
    def build(net, x):
        image = net.input(values(*IMAGE))
        return [net.node("Add", [image, x]), net.node("Add", [x, net.reshape(image, *IMAGE)])]

    in_every_arrangement(small, build)


def flattened(net, x, shape):
    return [net.node("Flatten", [x], axis=axis) for axis in range(-len(shape), len(shape) + 1)]


def reshaped(net, x, shape):
    size = int(np.prod(shape))
    wanted = [(-1,), (size,), (shape[0], -1), (0, -1), (-1, shape[-1]), (1, size, 1), (*shape[::-1],)]
    return [net.reshape(x, *new) for new in wanted]


def unsqueezed(net, x, shape):
    axes = [(0,), (len(shape),), (-1,), (0, 2), (1, -1)]
    results = []
    for new in axes:
        rank = len(shape) + len(new)
        if net.opset < 13:
            y = net.node("Unsqueeze", [x], axes=[axis % rank for axis in new])
        else:
            y = net.node("Unsqueeze", [x, net.integers(*new)])
        results.append(y if rank <= 4 else net.reshape(y, 0, 0, 0, -1))  # what the host reads has at most four
    return results


@pytest.mark.parametrize("move", [flattened, reshaped, unsqueezed])
@pytest.mark.parametrize("shape", SHAPES[2:] + THIN)
def test_movement(move, shape):
    def build(net, x):
        return [net.node("Tanh", [moved]) for moved in move(net, x, shape)]

    in_every_arrangement(shape, build)


def test_unsqueeze_with_axes_as_an_attribute():
    in_every_arrangement((5, 3), lambda net, x: [net.node("Tanh", [y]) for y in unsqueezed(net, x, (5, 3))], opset=11)


@pytest.mark.parametrize("shape", SHAPES[2:4] + [(2, 3, 4, 5)])
def test_transpose(shape):
    def build(net, x):
        orders = list(itertools.permutations(range(len(shape))))[:: 1 if len(shape) < 4 else 5]
        turned = [net.node("Transpose", [x], perm=list(order)) for order in orders]
        return [net.node("Tanh", [name]) for name in [*turned, net.node("Transpose", [x])]]

    in_every_arrangement(shape, build)


@pytest.mark.parametrize("shape", SHAPES[2:])
def test_arithmetic_on_the_shape(shape):
    """`x.view(x.size(0), -1)` and its like: the shape is that of the host, whatever the arrangement."""

    def build(net, x):
        whole = net.node("Shape", [x])
        first = net.node("Gather", [whole, net.initialiser(np.array(0))], axis=0)
        ends = net.node("Gather", [whole, net.integers(-1, 0)], axis=-1)
        vector = net.node("Unsqueeze", [first, net.integers(0)])
        rows = net.node("Concat", [vector, net.integers(-1)], axis=0)
        turned = net.node("Concat", [ends, net.integers(-1)], axis=-1)
        again = net.node("Reshape", [net.node("Reshape", [whole, net.integers(1, -1)]), net.integers(-1)])
        tail = net.node("Concat", [net.integers(-1), net.node("Shape", [x], start=1)], axis=0)
        return [net.node("Tanh", [net.node("Reshape", [x, new])]) for new in [rows, turned, again, tail]]

    in_every_arrangement(shape, build, opset=15)


def test_a_tensor_reshaped_twice_and_read_between():
    def build(net, x):
        middle = net.reshape(x, 3, -1)
        return [net.node("Tanh", [net.reshape(middle, -1, 3)]), net.node("Relu", [middle]), net.node("Tanh", [middle])]

    in_every_arrangement(IMAGE, build)


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (0, 2, 1, 3, 4), (1, 0, 2, 3, 4), (0, 1, 3, 4, 2), (0, 3, 4, 1, 2)])
def test_five_dimensions_inside_the_graph(order):
    """As a channel shuffle has them; the host writes and reads at most four."""
    shape = (2, 3, 4, 5, 7)
    net, turned = Net(15), tuple(shape[i] for i in order)
    x = net.node("Transpose", [net.reshape(net.input(values(6, 20, 7)), *shape)], perm=list(order))
    biases = [turned[1:2] + (1, 1, 1), turned[3:], (1,)]
    results = {
        "Relu": net.node("Relu", [x]),
        "BatchNormalization": batch_norm(net, x, turned[1]),
        "BatchNormalization by the batch": batch_norm(net, x, turned[1], 3, training_mode=1),
        "GlobalAveragePool": net.node("GlobalAveragePool", [x]),
        "Flatten": net.node("Flatten", [x], axis=3),
        "Add of images": net.node("Add", [x, net.reshape(net.initialiser(values(*turned[:2])), *turned[:2], 1, 1, 1)]),
        "Add": net.node("Add", [x, net.reshape(net.initialiser(values(30, 28)), *turned)]),
    }
    for bias in biases:
        results[f"Add {bias}"] = net.node("Add", [x, net.initialiser(values(*bias, seed=1))])
        results[f"Mul {bias}"] = net.node("Mul", [x, net.initialiser(values(*bias, seed=1))])
    compare(net, {label: net.reshape(net.node("Tanh", [name]), turned[0], -1) for label, name in results.items()})
