# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Concat, Slice, Split, Pad and chains of Reshape and Transpose, on tensors in every arrangement, against onnxruntime;
what they become on the nn level; and their mistakes."""

import itertools

import numpy as np
import pytest
from onnx import helper
from onnx_files import floats

pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
pytest.importorskip("onnxruntime", reason="needs onnxruntime, see scripts/requirements-test.txt")

from onnx_nets import Net, arrivals, values
from test_onnx_arrangements import IMAGE, SHAPES, THIN, compare, in_every_arrangement

SOME = SHAPES[1:] + THIN


@pytest.mark.parametrize("shape", SOME)
def test_concat(shape):
    def build(net, x):
        results = []
        for axis in range(-len(shape), len(shape)):
            other = list(shape)
            other[axis] = 2
            rest = [net.input(values(*other)), net.initialiser(values(*shape, seed=1))]
            results += [net.node("Concat", [x, *rest], axis=axis), net.node("Concat", [rest[0], x, x], axis=axis)]
        return results

    in_every_arrangement(shape, build)


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_concat_of_two_arrangements(shape):
    net, outputs = Net(), {}
    right = arrivals(net, values(*shape, seed=1), every_order=False)
    for (label, x), (other, y) in itertools.product(arrivals(net, values(*shape), False).items(), right.items()):
        outputs[f"{label}, {other}"] = net.node("Concat", [x, y], axis=-1)
    compare(net, outputs)


RANGES = [
    ([1], [3], None, None),
    ([0], [2**62], [-1], None),
    ([-2], [-1], [0], None),
    ([1], [2**62], [-1], [2]),
    ([0], [-1], [-1], [3]),
    ([-1], [-(2**62)], [0], [-2**40]),
]  # fmt: skip


@pytest.mark.parametrize("shape", [(7,), (5, 3), (4, 3, 5), (2, 3, 7, 5)])
def test_slice(shape):
    def build(net, x):
        results = []
        for starts, ends, axes, steps in RANGES:
            given = [starts, ends, axes or [0], steps or [1]]
            results.append(net.node("Slice", [x, *(net.integers(*each) for each in given)]))
        if len(shape) > 1:
            given = [[1, 0], [2**31, -1], [0, -1], [1, 2]]
            results.append(net.node("Slice", [x, *(net.integers(*each) for each in given)]))
            results.append(net.node("Slice", [x, *(net.integers(*each) for each in given[:3])]))
        return [net.node("Tanh", [name]) for name in results]

    in_every_arrangement(shape, build)


@pytest.mark.parametrize("begin,end,step", [(0, 11, 2), (1, 11, 2), (2, 9, 4), (0, 11, 3), (3, 11, 5), (10, 11, 3)])
@pytest.mark.parametrize("axis", [0, 1])
def test_steps(begin, end, step, axis):
    def build(net, x):
        return net.node("Slice", [x, *(net.integers(value) for value in (begin, end, axis, step))])

    in_every_arrangement((11, 2) if axis == 0 else (3, 11), build)


def test_slice_with_attributes():
    in_every_arrangement(
        (4, 3, 5),
        lambda net, x: [
            net.node("Slice", [x], starts=[1, -2], ends=[9, 5], axes=[0, 2]),
            net.node("Slice", [x], starts=[1], ends=[3]),
        ],
        opset=9,
    )


@pytest.mark.parametrize("shape,axis,sizes", [
    ((7,), 0, [3, 4]), ((5, 3), 0, [1, 4]), ((5, 3), -1, [1, 1, 1]), ((2, 6, 7, 5), 1, [1, 2, 3]),
    ((2, 3, 7, 5), 3, [4, 1]), ((2, 3, 7, 5), -2, [3, 1, 3]), ((3, 1, 5), 1, [1]),
])  # fmt: skip
def test_split(shape, axis, sizes):
    in_every_arrangement(
        shape, lambda net, x: [*as_list(net.node("Split", [x, net.integers(*sizes)], len(sizes), axis=axis))]
    )
    in_every_arrangement(
        shape, lambda net, x: [*as_list(net.node("Split", [x], len(sizes), axis=axis, split=sizes))], opset=11
    )


def as_list(names):
    return [names] if isinstance(names, str) else names


def test_split_into_equal_parts():
    in_every_arrangement((2, 6, 3), lambda net, x: net.node("Split", [x], 3, axis=1))


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
@pytest.mark.parametrize("shape,pads", [
    ((7,), [2, 3]), ((5, 3), [0, 1, 2, 0]), ((4, 3, 5), [0, 1, 2, 0, 2, 4]), (IMAGE, [0, 0, 1, 2, 0, 0, 3, 4]),
    (IMAGE, [1, 2, 0, 0, 1, 1, 0, 0]),
])  # fmt: skip
def test_pad(mode, shape, pads):
    def build(net, x):
        value = [net.initialiser(np.array(-0.75, np.float32))] if mode == "constant" else []
        return [
            net.node("Pad", [x, net.integers(*pads), *value], mode=mode),
            net.node("Pad", [x, net.integers(*pads)], mode=mode),
        ]

    if mode == "constant" or all(pad < extent for pad, extent in zip(pads, shape * 2, strict=True)):
        in_every_arrangement(shape, build)
    in_every_arrangement(shape, lambda net, x: net.node("Pad", [x], pads=[1] * 2 * len(shape), value=0.5), opset=10)


@pytest.mark.parametrize("shape,pads", [
    ((7,), [2, 3]), ((5, 3), [0, 1, 2, 0]), (IMAGE, [0, 0, 1, 2, 0, 0, 7, 5]), (IMAGE, [1, 2, 0, 0, 1, 1, 0, -2]),
])  # fmt: skip
def test_pads_from_the_other_end(shape, pads):
    in_every_arrangement(shape, lambda net, x: net.node("Pad", [x, net.integers(*pads)], mode="wrap"), opset=19)


def test_pads_that_take_away():
    in_every_arrangement(IMAGE, lambda net, x: net.node("Pad", [x, net.integers(0, -1, 0, 2, 0, 0, -2, 1)]))


def test_pads_as_pytorch_computes_them():
    """torch.nn.functional.pad in training form: the pads of the last dimension come first, and are turned round."""

    def build(net, x):
        pairs = net.node("Concat", [net.integers(1, 2, 0, 1), net.integers(0, 0, 0, 0)], axis=0)
        rows = net.reshape(pairs, -1, 2)
        turned = net.node("Slice", [rows, *(net.integers(v) for v in (-1, -(2**63) + 1, 0, -1))])
        pads = net.reshape(net.node("Transpose", [turned], perm=[1, 0]), -1)
        return net.node("Pad", [x, pads])

    in_every_arrangement(IMAGE, build)


def shuffled(net, x, groups, shape):
    """As torchvision's ShuffleNet exports it."""
    n, channels, *image = shape
    apart = net.reshape(x, n, groups, channels // groups, *image)
    return net.reshape(net.node("Transpose", [apart], perm=[0, 2, 1, 3, 4]), n, -1, *image)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_channel_shuffle(groups):
    shape = (2, 6, 5, 7)
    in_every_arrangement(shape, lambda net, x: net.node("Tanh", [shuffled(net, x, groups, shape)]))
    in_every_arrangement((1, 6, 1, 1), lambda net, x: net.node("Tanh", [shuffled(net, x, groups, (1, 6, 1, 1))]))


def test_channel_shuffle_by_arithmetic_on_the_shape():
    """In training form PyTorch computes the shape in the graph."""

    def build(net, x):
        whole = net.node("Shape", [x])
        n, channels, h, w = (net.node("Gather", [whole, net.integers(i)]) for i in range(4))
        per_group = net.node("Cast", [net.node("Div", [channels, net.integers(2)])], to=7)
        again = net.node("Mul", [net.node("Sub", [net.integers(5), net.integers(3)]), per_group])
        zeros = net.node("ConstantOfShape", [net.integers(1)], value=helper.make_tensor("v", 7, [1], [0]))
        all_channels = net.node("Add", [again, zeros])
        apart = net.node("Concat", [n, net.integers(2), per_group, h, w], axis=0)
        turned = net.node("Transpose", [net.node("Reshape", [x, apart])], perm=[0, 2, 1, 3, 4])
        return net.node("Reshape", [turned, net.node("Concat", [n, all_channels, h, w], axis=0)])

    in_every_arrangement((2, 6, 5, 7), build)


def test_reshapes_that_cut_and_merge():
    """Patches, windows, pixel shuffle and its inverse."""

    def build(net, x):
        grown = net.node("Transpose", [net.reshape(x, 2, 3, 1, 6, 8)], perm=[0, 1, 3, 2, 4])
        tokens = net.node("Transpose", [net.reshape(x, 2, 3, -1)], perm=[0, 2, 1])
        return [
            net.node("Tanh", [name])
            for name in [
                net.reshape(grown, 2, 3, 6, 8), net.reshape(tokens, 96, 3), tokens, net.reshape(x, 6, 48),
                net.reshape(x, 2, 1, 3, 48), net.reshape(x, 12, 24),
            ]
        ]  # fmt: skip

    in_every_arrangement((2, 3, 6, 8), build)


@pytest.mark.parametrize("apart,order,shape", [
    ((2, 8, 3, 2, 5, 2), (0, 3, 5, 1, 2, 4), (2, -1, 3, 5)),  # blocks of pixels become channels
    ((2, 6, 10, 2, 2, 2), (0, 1, 3, 2, 4, 5), (2, 12, 20, 2)),  # and back, channels last
    ((2, 8, 3, 2, 5, 2), (0, 2, 4, 3, 5, 1), (30, 4, 8)),  # windows of pixels, each a list of tokens
])  # fmt: skip
def test_blocks_of_an_image(apart, order, shape):
    net = Net(15)
    x = net.input(values(2, 8, 6, 10))
    if apart[1] == 6:
        x = net.node("Transpose", [x], perm=[0, 2, 3, 1])
    y = net.reshape(net.node("Transpose", [net.reshape(x, *apart)], perm=list(order)), *shape)
    compare(net, {"blocks": net.node("Tanh", [y])})


@pytest.mark.parametrize("shape,axes", [((3, 1, 5), [1]), ((2, 3, 1, 1), [-1, 2]), ((1, 3, 1, 5), [0]), ((1, 3), [0])])
def test_squeeze(shape, axes):
    def build(net, x):
        return [net.node("Squeeze", [x, net.integers(*axes)]), net.node("Squeeze", [x])]

    in_every_arrangement(shape, build)
    in_every_arrangement(shape, lambda net, x: net.node("Squeeze", [x], axes=axes), opset=11)


# What they become


def test_a_shuffle_of_an_image_is_one_transposition(importer):
    nodes = [
        helper.make_node("Reshape", ["x", "apart"], ["a"]),
        helper.make_node("Transpose", ["a"], ["t"], perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["t", "joined"], ["s"]),
        helper.make_node("MaxPool", ["s"], ["y"], kernel_shape=[2, 2]),
    ]
    constants = {"apart": np.array([2, 2, 3, 4, 5]), "joined": np.array([2, -1, 4, 5])}
    out = importer.nodes(nodes, {"x": (2, 6, 4, 5)}, ["y"], constants)
    out.has("permutation [0, 1, 2, 4, 3] : (tensor<2x4x5x2x3xf32>) -> tensor<2x4x5x3x2xf32>")
    assert out.text.count("nn.transpose") == 1


def test_pieces_keep_the_arrangement(importer):
    nodes = [
        helper.make_node("Split", ["x"], ["a", "b"], axis=1),
        helper.make_node("Concat", ["b", "a", "b"], ["c"], axis=1),
        helper.make_node("Pad", ["c", "pads"], ["y"]),
    ]
    constants = {"pads": np.array([0, 0, 1, 0, 0, 0, 0, 2])}
    out = importer.nodes(nodes, {"x": (2, 6, 4, 5)}, ["y"], constants)
    out.has(
        "nn.split %arg0 along 3 : (tensor<2x4x5x6xf32>) -> (tensor<2x4x5x3xf32>, tensor<2x4x5x3xf32>)",
        "along 3 : (tensor<2x4x5x3xf32>, tensor<2x4x5x3xf32>, tensor<2x4x5x3xf32>) -> tensor<2x4x5x9xf32>",
        "behind [0, 1, 0, 0] of 0.000000e+00 : (tensor<2x4x5x9xf32>) -> tensor<2x5x7x9xf32>",
    )


def test_what_is_joined_already_is_not_joined_again(importer):
    """As in a DenseNet."""
    nodes = [helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Tanh", ["a"], ["c"])]
    for name, pieces in (("ab", "ab"), ("again", "ab"), ("abc", "abc"), ("cab", "cab"), ("abcb", "abcb")):
        nodes.append(helper.make_node("Concat", list(pieces), [f"join_{name}"], axis=1))
    names = ["join_ab", "join_abc", "join_cab", "join_abcb"]
    nodes.append(helper.make_node("Relu", ["join_again"], ["relu"]))
    out = importer.nodes(nodes, {"a": (2, 3)}, [*names, "relu"])
    assert [op.split(" : ")[0] for op in out.ops() if "concat" in op] == [
        "nn.concat %arg0, %0 along 1",
        "nn.concat %2, %1 along 1",
        "nn.concat %1, %arg0, %0 along 1",
        "nn.concat %3, %0 along 1",
    ], out.text


# Mistakes


@pytest.mark.parametrize("kind,inputs,attributes,constants,problem", [
    ("Concat", ["x", "w"], {"axis": 0}, {"w": floats(2, 4)},
     "joins tensors of shapes 2x3 and 2x4 along dimension 0"),
    ("Concat", ["x", "x"], {"axis": 2}, {}, "axis = 2 of a tensor of rank 2"),
    ("Slice", ["x", "s", "e"], {}, {"s": np.array([2]), "e": np.array([2])}, "leaves nothing along dimension 0"),
    ("Slice", ["x", "s", "e", "a", "t"], {},
     {"s": np.array([0]), "e": np.array([9]), "a": np.array([1]), "t": np.array([0])}, "a step is 0"),
    ("Slice", ["x", "s", "e"], {}, {"s": np.array([0, 0]), "e": np.array([2])}, "2 starts, 1 ends, 2 axes and 2 steps"),
    ("Slice", ["x", "x", "x"], {}, {}, "the starts are not known at import"),
    ("Split", ["x", "s"], {"axis": 1}, {"s": np.array([1, 1])},
     "cuts 3 elements into 1 outputs, expected sizes that add up to them, none of them zero"),
    ("Pad", ["x", "p"], {"mode": "mirror"}, {"p": np.array([0, 0, 1, 1])},
     "mode = mirror (supported: constant, reflect, edge, wrap)"),
    ("Pad", ["x", "p"], {"mode": "wrap"}, {"p": np.array([0, 4, 0, 0])}, "wraps 4 elements round a dimension of 3"),
    ("Pad", ["x", "p"], {}, {"p": np.array([0, 1])}, "2 pads, expected two for each of 2 dimensions"),
    ("Pad", ["x", "p"], {}, {"p": np.array([0, -2, 0, -1])},
     "pads of -2 and -1 have nothing left along dimension 1"),
    ("Pad", ["x", "p", "x"], {}, {"p": np.array([0, 0, 0, 1])}, "the value is computed by other nodes"),
    ("Pad", ["x", "p"], {"mode": "reflect"}, {"p": np.array([0, 3, 0, 0])}, "mirrors 3 elements of a dimension of 3"),
    ("Pad", ["x", "p"], {}, {"p": np.array([0, 0, 0, 2**40])}, "pads of 0 and 1099511627776 have an extent of"),
    ("Squeeze", ["x", "a"], {}, {"a": np.array([1])}, "axes are not dimensions of one element of a tensor"),
])  # fmt: skip
def test_mistakes(importer, kind, inputs, attributes, constants, problem):
    node = helper.make_node(kind, inputs, ["y"], name="n", **attributes)
    importer.nodes(node, {"x": (2, 3)}, ["y"], constants, opset=13).rejects(f"node 'n' ({kind}): ", problem)
