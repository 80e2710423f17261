# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of elements and arithmetic with operands that repeat, on tensors in every arrangement that a graph can
bring to them, against onnxruntime."""

import itertools

import numpy as np
import pytest

pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
pytest.importorskip("onnxruntime", reason="needs onnxruntime, see scripts/requirements-test.txt")

from onnx_nets import Net, arrivals, values
from test_onnx_arrangements import IMAGE, SHAPES, THIN, broadcasts, compare, in_every_arrangement

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # what the importer remarks on constants
FUNCTIONS = {
    "Sigmoid": {},
    "HardSigmoid": {"alpha": 0.3, "beta": 0.4},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.3},
    "Elu": {"alpha": 0.7},
    "Softplus": {},
    "Erf": {},
    "Exp": {},
    "Neg": {},
}


@pytest.mark.parametrize("shape", SHAPES + THIN[:3])
def test_functions_of_one_tensor(shape):
    """Numbers on both sides of the kinks; of what is positive also the functions that ask for it."""

    def build(net, x):
        wide, one = net.node("Mul", [x, net.constant(np.float32(6))]), net.constant(np.float32(1.25))
        positive = net.node("Add", [one, x])
        built = [net.node(kind, [wide], **numbers) for kind, numbers in FUNCTIONS.items()]
        built += [net.node(kind, [positive]) for kind in ("Log", "Sqrt", "Reciprocal")]
        built += [net.node("Pow", [positive, net.constant(np.float32(power))]) for power in (-1, 0.5, 1, 2, 3)]
        return built

    in_every_arrangement(shape, build, opset=14)


@pytest.mark.parametrize("opset", [6, 11, 13])
@pytest.mark.parametrize("bounds", [(-0.5, 0.25), (0.0, None), (None, 0.0), (None, None)])
def test_clip(opset, bounds):
    def build(net, x):
        if net.opset < 11:
            given = {name: bound for name, bound in zip(("min", "max"), bounds, strict=True) if bound is not None}
            return net.node("Tanh", [net.node("Clip", [x], **given)])
        inputs = ["" if bound is None else net.initialiser(np.float32(bound)) for bound in bounds]
        built = [net.node("Tanh", [net.node("Clip", [x, *inputs])])]
        for kind, bound in zip(("Max", "Min"), bounds, strict=True):
            if bound is not None:
                built.append(net.node(kind, [net.constant(np.float32(bound)), x]))
        return built

    in_every_arrangement(IMAGE if bounds[0] else (5, 3), build, max(opset, 7))


ARITHMETIC = ["Mul", "Sub", "Div"]


@pytest.mark.parametrize("shape", [SHAPES[2], IMAGE, (2, 3, 1, 1), (1, 3, 1, 5)])
def test_arithmetic_with_a_constant(shape):
    """In each arrangement of the tensor and on both sides; the constant is shared and has no zero."""
    for small in sorted(set(broadcasts(shape))):
        net, outputs = Net(), {}
        constant = net.initialiser(np.float32(values(*small, seed=1) + 2))
        for i, (label, x) in enumerate(arrivals(net, values(*shape) + 2).items()):
            kind = ARITHMETIC[i % 3]
            outputs[f"{label} {kind}"] = net.node(kind, [x, constant] if i // 3 % 2 else [constant, x])
        compare(net, outputs)


@pytest.mark.parametrize("kind", ARITHMETIC + ["Add"])
def test_arithmetic_with_numbers(kind):
    """Constants of one element are part of the operation, but for those with more dimensions than the tensor."""

    def build(net, x):
        numbers = [
            net.constant(np.float32(2.5)),
            net.constant(np.full((1, 1), 0.3, np.float32)),
            net.constant(np.full((1, 1, 1), 4.0, np.float32)),
        ]
        wide = net.node("Add", [x, net.constant(np.float32(3))])
        return [net.node(kind, order) for number in numbers for order in ([wide, number], [number, wide])]

    in_every_arrangement((5, 3), build)


@pytest.mark.parametrize(
    "left,right", [((2, 1), (1, 3)), ((4, 1, 5), (3, 1)), ((2, 1, 7, 1), (3, 1, 5)), ((1, 3), (5, 1))]
)
def test_operands_that_both_repeat(left, right):
    def build(net, x):
        other = net.initialiser(np.float32(values(*right, seed=1) + 2))
        return [
            net.node(kind, order)
            for kind in ["Add", *ARITHMETIC]
            for order in ([x, other], [other, net.node("Exp", [x])])
        ]

    in_every_arrangement(left, build)


@pytest.mark.parametrize(
    "shape,slope", [((5, 3), (3,)), ((5, 3), ()), (IMAGE, (3, 1, 1)), (IMAGE, (1,)), (IMAGE, (3, 7, 5))]
)
def test_prelu(shape, slope):
    in_every_arrangement(shape, lambda net, x: net.node("PRelu", [x, net.initialiser(values(*slope, seed=1))]))


@pytest.mark.parametrize("shape", [IMAGE, (2, 3, 1, 1), (1, 3, 4, 5), (2, 1, 4, 5)])
def test_squeeze_and_excite(shape):
    """A factor per channel of each image, from their means."""

    def build(net, x):
        squeezed = net.node("GlobalAveragePool", [x])
        weight = net.initialiser(values(shape[1], shape[1], 1, 1, seed=1))
        gate = net.node("Sigmoid", [net.node("Conv", [squeezed, weight])])
        return [net.node("Mul", [x, gate]), net.node("Mul", [gate, net.node("Relu", [x])])]

    in_every_arrangement(shape, build)


@pytest.mark.parametrize("kind,opset", [("ReduceMean", 13), ("ReduceSum", 11), ("ReduceSum", 13)])
@pytest.mark.parametrize("shape", [*SHAPES[1:], (3, 1, 5), (1, 3, 1, 5)])
def test_sums_over_any_dimensions(shape, kind, opset):
    axes = [axes for count in range(len(shape) + 1) for axes in itertools.combinations(range(len(shape)), count)]

    def build(net, x):
        built = []
        for i, over in enumerate(axes):
            given = [axis - len(shape) for axis in over] if i % 2 else list(over)
            if kind == "ReduceMean" or opset < 13:
                named = {"axes": given} if given else {}
                sums = net.node(kind, [x], keepdims=i % 3 % 2, **named)
            else:
                sums = net.node(kind, [x, *([net.integers(*given)] if given else [])], keepdims=i % 3 % 2)
            built.append(net.node("Tanh", [sums]))
        return built

    net, outputs = Net(opset), {}
    for label, name in arrivals(net, values(*shape), every_order=len(shape) < 4).items():
        outputs |= {f"{label} {over}": name for over, name in zip(axes, build(net, name), strict=True)}
    compare(net, outputs)
