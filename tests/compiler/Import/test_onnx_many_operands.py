# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators of several tensors (Max, Mean, Min, Sum, Einsum), extremes and norms along axes, the greatest pixel, and
elements by number (Gather, slices backwards, blocks of pixels): in every arrangement against onnxruntime, their
gradients against torch in fp64, and their mistakes."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_files import floats

arsis = pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
pytest.importorskip("onnxruntime", reason="needs onnxruntime, see scripts/requirements-test.txt")
torch = pytest.importorskip("torch")

from onnx_nets import values  # noqa: E402
from test_onnx_arranged_gradients import ARRANGEMENTS, Both  # noqa: E402
from test_onnx_arrangements import IMAGE, SHAPES, THIN, in_every_arrangement  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
SOME = ["image", "reshaped", "transposed", "transposed batch"]


def begin(arrangement: str = "image", opset: int = 15) -> tuple[Both, str]:
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both(opset)
    return both, both.tanh(both.move(both.start(shape), moves))


def finish(both: Both, name: str, exact) -> None:
    both.check(both.linear(both.tanh(both.put(name, exact))))


# Several tensors


@pytest.mark.parametrize("kind", ["Max", "Mean", "Min", "Sum"])
@pytest.mark.parametrize("shape", SHAPES)
def test_several_tensors(kind, shape):
    def build(net, x):
        other, weight = net.input(values(*shape, seed=1)), net.initialiser(values(*shape, seed=2))
        results = [[x, other], [other, x, weight], [x], [x, x]]
        if len(shape) > 1:
            channel = net.input(values(1, shape[1], *[1] * (len(shape) - 2), seed=4))
            results += [[x, net.input(values(*shape[1:], seed=3))], [channel, x, other], [channel, weight, x, channel]]
        return [net.node(kind, inputs) for inputs in results]

    in_every_arrangement(shape, build)


OF_SEVERAL = {
    "Max": lambda tensors: torch.stack(tensors).amax(0),
    "Min": lambda tensors: torch.stack(tensors).amin(0),
    "Sum": sum,
    "Mean": lambda tensors: sum(tensors) / len(tensors),
}


@pytest.mark.parametrize("kind", OF_SEVERAL)
@pytest.mark.parametrize("arrangement", SOME)
def test_gradients_of_several_tensors(kind, arrangement):
    both, x = begin(arrangement)
    shape = both.tensors[x].shape
    others = [both.parameter(values(*shape, seed=3), "other"), both.parameter(values(shape[1], 1, 1, seed=4), "small")]
    exact = OF_SEVERAL[kind]([both.tensors[name].expand(shape) for name in (x, *others)])
    finish(both, both.net.node(kind, [x, *others]), exact)


def test_maxout():
    """The halves of the channels, as in LightCNN."""
    both, x = begin()
    weight = both.parameter(values(8, 3, 1, 1, seed=1), "filter")
    y = both.put(both.net.node("Conv", [x, weight]), torch.conv2d(both.tensors[x], both.tensors[weight]))
    halves = both.net.node("Split", [y], 2, axis=1)
    finish(both, both.net.node("Max", halves), torch.stack(both.tensors[y].chunk(2, 1)).amax(0))


# Along axes


@pytest.mark.parametrize("kind", ["ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare"])
@pytest.mark.parametrize("shape", SHAPES[1:] + THIN)
def test_reductions(kind, shape):
    def build(net, x):
        results = [net.node(kind, [x], axes=[0]), net.node(kind, [x], axes=[-1], keepdims=0), net.node(kind, [x])]
        if len(shape) > 2:
            results += [net.node(kind, [x], axes=[0, 2], keepdims=keeps) for keeps in (0, 1)]
        return results

    in_every_arrangement(shape, build)


def test_logarithm_of_a_sum():
    in_every_arrangement(
        (4, 3, 5), lambda net, x: net.node("ReduceLogSum", [net.node("Abs", [x])], axes=[1], keepdims=0)
    )


REDUCTIONS = {
    "ReduceMax": lambda x, axes: x.amax(axes),
    "ReduceMin": lambda x, axes: x.amin(axes),
    "ReduceL1": lambda x, axes: x.abs().sum(axes),
    "ReduceL2": lambda x, axes: x.pow(2).sum(axes).sqrt(),
    "ReduceSumSquare": lambda x, axes: x.pow(2).sum(axes),
}


@pytest.mark.parametrize("kind", REDUCTIONS)
@pytest.mark.parametrize("axes", [[1], [2, 3], [1, 3]])
@pytest.mark.parametrize("arrangement", ["image", "transposed"])
def test_gradients_of_reductions(kind, axes, arrangement):
    both, x = begin(arrangement)
    reduced = both.put(both.net.node(kind, [x], axes=axes, keepdims=0), REDUCTIONS[kind](both.tensors[x], axes))
    both.check(both.linear(both.tanh(both.wide(reduced, 0.125, 0))))  # sums are larger than where tanh has a slope


@pytest.mark.parametrize("shape", SHAPES[3:] + THIN[2:])
def test_greatest_pixel(shape):
    in_every_arrangement(shape, lambda net, x: net.node("GlobalMaxPool", [x]))


@pytest.mark.parametrize("arrangement", [*SOME, "rank 3", "rank 3 transposed"])
def test_gradient_of_the_greatest_pixel(arrangement):
    both, x = begin(arrangement)
    axes = list(range(2, both.tensors[x].dim()))
    finish(both, both.net.node("GlobalMaxPool", [x]), both.tensors[x].amax(axes, keepdim=True))


def test_of_equal_pixels_the_first_has_the_gradient():
    both = Both()
    x = both.start((6, 3, 4, 5))
    both.tensors[x] = both.tensors[x].clamp(max=-0.5)
    bounds = [both.net.initialiser(np.array(number, np.float32)) for number in (-9, -0.5)]
    clipped = both.net.node("Clip", [x, *bounds])
    exact = torch.nn.functional.max_pool2d(both.tensors[x], (4, 5))
    finish(both, both.net.node("GlobalMaxPool", [clipped]), exact)


# Products


@pytest.mark.parametrize("equation,a,b", [
    ("ij,jk->ik", (5, 3), (3, 7)), ("ij , kj", (5, 3), (7, 3)), ("bchw,oc->bohw", IMAGE, (4, 3)),
    ("bchw,hd->bcdw", IMAGE, (7, 4)), ("bchw,bchw->", IMAGE, IMAGE), ("i,j->ij", (5,), (3,)), ("bij,jbk", (4, 3, 5),
    (5, 4, 2)), ("nctv,vw->nctw", IMAGE, (5, 6)),
])  # fmt: skip
def test_einsum(equation, a, b):
    in_every_arrangement(a, lambda net, x: net.node("Einsum", [x, net.input(values(*b, seed=5))], equation=equation))
    in_every_arrangement(b, lambda net, y: net.node("Einsum", [net.input(values(*a, seed=5)), y], equation=equation))


@pytest.mark.parametrize("arrangement", SOME)
def test_gradient_of_einsum(arrangement):
    both, x = begin(arrangement)
    weight = both.parameter(values(4, both.tensors[x].shape[1], seed=1), "mixture")
    exact = torch.einsum("bchw,oc->bohw", both.tensors[x], both.tensors[weight])
    finish(both, both.net.node("Einsum", [x, weight], equation="bchw,oc->bohw"), exact)


@pytest.mark.parametrize("turned", [0, 1])
def test_factors_of_gemm(turned):
    rows, inner = (3, 5) if turned else (5, 3)

    def build(net, x):
        weight = net.input(values(inner, 4, seed=1))
        shapes = [(4,), (1,), (), (rows, 1), (rows, 4)]
        scaled = {"alpha": 0.5, "beta": -1.5, "transA": turned}
        return [
            *(net.node("Gemm", [x, weight, net.input(values(*shape, seed=2))], **scaled) for shape in shapes),
            net.node("Gemm", [x, weight, net.initialiser(values(4, seed=2))], beta=0.0, transA=turned),
            net.node("Gemm", [x, weight], alpha=3.0, beta=5.0, transA=turned),
        ]

    in_every_arrangement((5, 3), build)


@pytest.mark.parametrize("small", [(), (7,), (6, 1), (6, 7)])
def test_gradients_of_the_factors_of_gemm(small):
    both = Both()
    x, weight, bias = both.start((6, 3)), both.parameter(values(3, 7), "w"), both.parameter(values(*small, seed=1), "b")
    exact = 0.75 * both.tensors[x] @ both.tensors[weight] - 2.5 * both.tensors[bias]
    finish(both, both.net.node("Gemm", [x, weight, bias], alpha=0.75, beta=-2.5), exact)


# Elements by number


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_gather(shape):
    def build(net, x):
        places = [(0, 0), (-1, -1), ([2 % shape[-1], 0], -1), ([1, 1], 0), ([[1, 0], [0, 1]], 0), ([0, 2, 4], -1)]
        return [
            net.node("Gather", [x, net.initialiser(np.array(place))], axis=axis)
            for place, axis in places
            if len(shape) + np.ndim(place) - 1 <= 4 and np.max(place) < shape[axis]
        ]

    in_every_arrangement(shape, build)


def test_gradient_of_gather():
    """A column, and columns in another order, one of them twice."""
    both, x = begin("transposed")
    mixed = both.put(both.net.node("Gather", [x, both.net.integers(2, 0, 0)], axis=1), both.tensors[x][:, [2, 0, 0]])
    first = both.net.node("Gather", [mixed, both.net.initialiser(np.array(-1))], axis=3)
    finish(both, first, both.tensors[mixed][..., -1])


@pytest.mark.parametrize("step", [-1, -2])
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_slices_backwards(axis, step):
    given = [[-1], [-(2**62)], [axis], [step]]
    in_every_arrangement(IMAGE, lambda net, x: net.node("Slice", [x, *(net.integers(*each) for each in given)]))


def test_gradient_of_a_flip():
    both, x = begin("image")
    given = [both.net.integers(*each) for each in ([-1], [-(2**62)], [3], [-1])]
    finish(both, both.net.node("Slice", [x, *given]), both.tensors[x].flip(3))


@pytest.mark.parametrize("shape,wanted", [
    ((7,), (5, 7)), ((5, 3), (2, 5, 3)), ((5, 1), (5, 4)), ((3, 1, 5), (4, 3, 2, 5)), ((1, 3, 1, 1), (2, 3, 4, 5)),
    ((2, 3, 7, 5), (1, 3, 1, 5)), ((), (3, 2)),
])  # fmt: skip
def test_expand(shape, wanted):
    in_every_arrangement(shape, lambda net, x: net.node("Tanh", [net.node("Expand", [x, net.integers(*wanted)])]))


@pytest.mark.parametrize(
    "shape,repeats", [((7,), (3,)), ((5, 3), (1, 2)), ((4, 3, 5), (2, 1, 3)), (IMAGE, (1, 2, 1, 2))]
)
def test_tile(shape, repeats):
    in_every_arrangement(shape, lambda net, x: net.node("Tile", [x, net.integers(*repeats)]))


def test_gradients_of_what_is_repeated():
    """`torch.nn.functional.normalize` has an Expand, `repeat` is a Tile."""
    both, x = begin("transposed")
    length = both.net.node("ReduceL2", [x], axes=[1], keepdims=1)
    tensor = both.tensors[x]
    whole = both.net.node("Expand", [length, both.net.integers(*tensor.shape)])
    unit = both.put(both.net.node("Div", [x, whole]), torch.nn.functional.normalize(tensor))
    tiled = both.net.node("Tile", [unit, both.net.integers(1, 2, 1, 3)])
    finish(both, tiled, both.tensors[unit].repeat(1, 2, 1, 3))


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_blocks_come_out_of_channels(mode):
    in_every_arrangement((2, 12, 3, 5), lambda net, x: net.node("DepthToSpace", [x], blocksize=2, mode=mode))


def test_blocks_become_channels():
    in_every_arrangement((2, 3, 4, 6), lambda net, x: net.node("SpaceToDepth", [x], blocksize=2))


def test_gradient_of_pixel_shuffle():
    both, x = begin()
    weight = both.parameter(values(8, 3, 1, 1, seed=1), "filter")
    y = both.put(both.net.node("Conv", [x, weight]), torch.conv2d(both.tensors[x], both.tensors[weight]))
    exact = torch.nn.functional.pixel_shuffle(both.tensors[y], 2)
    finish(both, both.net.node("DepthToSpace", [y], blocksize=2, mode="CRD"), exact)


# Functions of one tensor


@pytest.mark.parametrize("kind", ["Abs", "Celu", "Selu", "Softsign"])
def test_functions_of_one_tensor(kind):
    in_every_arrangement((4, 3, 5), lambda net, x: net.node(kind, [x]))


FUNCTIONS = {
    "Abs": (15, torch.abs),
    "Celu": (15, lambda x: torch.nn.functional.celu(x, 0.75)),
    "Selu": (15, torch.selu),
    "Softsign": (15, torch.nn.functional.softsign),
    "Swish": (24, lambda x: x * torch.sigmoid(0.75 * x)),
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_gradients_of_functions_of_one_tensor(kind):
    opset, function = FUNCTIONS[kind]
    both, x = begin(opset=opset)
    attributes = {"alpha": 0.75} if kind in ("Celu", "Swish") else {}
    finish(both, both.net.node(kind, [x], **attributes), function(both.tensors[x]))


# Mistakes


@pytest.mark.parametrize("kind,inputs,attributes,constants,problem", [
    ("Sum", ["x", "w"], {}, {"w": floats(3, 2)}, "combines tensors of shapes 2x3 and 3x2, which do not broadcast"),
    ("Max", ["x", "x", "w"], {}, {"w": floats(2)}, "combines tensors of shapes 2x3 and 2, which do not broadcast"),
    ("GlobalMaxPool", ["x"], {}, {}, "input 'x' has shape 2x3, expected rank 3 or more"),
    ("Einsum", ["x", "x"], {"equation": "ij,ij->ij"}, {}, "equation = 'ij,ij->ij' (supported: products of two tensors"),
    ("Einsum", ["x"], {"equation": "ij->ji"}, {}, "equation = 'ij->ji' (supported: products of two tensors"),
    ("Einsum", ["x", "x"], {"equation": "...j,kj"}, {}, "equation = '...j,kj' (supported: products of two tensors"),
    ("Einsum", ["x", "x"], {"equation": "ij,jk->ik"}, {}, "contracts 3 elements of the first operand with 2"),
    ("Einsum", ["x", "x"], {"equation": "ijk,jl->ikl"}, {}, "names 3 dimensions of a tensor of shape 2x3"),
    ("Gemm", ["x", "w"], {"alpha": float("inf")}, {"w": floats(3, 2)}, "alpha = inf, expected a finite number"),
    ("Gather", ["x", "i"], {}, {"i": np.array(2)}, "index 2 into 2 elements"),
    ("Gather", ["x", "i"], {"axis": 2}, {"i": np.array(0)}, "axis = 2 of a tensor of rank 2"),
    ("Expand", ["x", "i"], {}, {"i": np.array([4, 3])}, "combines tensors of shapes 2x3 and 4x3, which do not"),
    ("Expand", ["x", "i"], {}, {"i": np.array([-1, 3])}, "the shape is -1x3, expected positive numbers"),
    ("Expand", ["x", "x"], {}, {}, "the shape is not known at import"),
    ("Tile", ["x", "i"], {}, {"i": np.array([2])}, "1 repeats, expected one for each of 2 dimensions"),
    ("Tile", ["x", "i"], {}, {"i": np.array([2, 0])}, "repeats dimension 1 0 times (supported: 1 to 256)"),
    ("DepthToSpace", ["x"], {"blocksize": 0}, {}, "blocksize = 0, expected a positive number"),
    ("SpaceToDepth", ["x"], {"blocksize": 2}, {}, "input 'x' has shape 2x3, expected rank 4"),
    ("Celu", ["x"], {"alpha": 0.0}, {}, "alpha = 0.000000, expected a number with a reciprocal"),
])  # fmt: skip
def test_mistakes(importer, kind, inputs, attributes, constants, problem):
    node = helper.make_node(kind, inputs, ["y"], name="n", **attributes)
    importer.nodes(node, {"x": (2, 3)}, ["y"], constants, opset=13).rejects(f"node 'n' ({kind}): ", problem)


def test_blocks_that_do_not_cut_evenly(importer):
    node = helper.make_node("DepthToSpace", ["x"], ["y"], name="n", blocksize=2)
    importer.nodes(node, {"x": (2, 6, 4, 4)}, ["y"]).rejects(
        "node 'n' (DepthToSpace): input 'x' has shape 2x6x4x4, which is not cut evenly by blocks of 2x2"
    )


def test_more_pieces_than_buffers(importer):
    node = helper.make_node("Slice", ["x", "s", "e", "a", "t"], ["y"], name="flip")
    given = {"s": np.array([-1]), "e": np.array([-999]), "a": np.array([1]), "t": np.array([-1])}
    importer.nodes(node, {"x": (2, 300)}, ["y"], given, opset=13).rejects(
        "node 'flip' (Slice): takes 300 elements in an order that has more than 256 pieces"
    )


def test_an_embedding_is_named(importer):
    node = helper.make_node("Gather", ["table", "ids"], ["y"], name="embed")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [5, 4])],
        [helper.make_tensor("table", TensorProto.FLOAT, [10, 4], [0.5] * 40)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    importer.file(model.SerializeToString()).rejects(
        "input 'ids': element type INT64 (supported: FLOAT, DOUBLE, FLOAT16, BFLOAT16); "
        "node 'embed' (Gather) looks elements up by it, an embedding, which there is not"
    )


def test_elements_that_are_looked_up_by_what_is_computed(importer):
    node = helper.make_node("Gather", ["x", "x"], ["y"], name="n")
    importer.nodes(node, {"x": (5,)}, ["y"]).rejects(
        "node 'n' (Gather): looks elements up by indices that are computed or come from the host, as an embedding does"
    )
