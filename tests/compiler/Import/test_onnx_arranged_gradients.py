# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training step of nets whose tensors come in several arrangements: loss, every gradient and the running
statistics agree with torch in fp64. Batch normalisation in training, biases along any dimensions, and the gradients of
the moves."""

import numpy as np
import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
torch = pytest.importorskip("torch")

from onnx_nets import Net, values  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # what the importer remarks on batch norms
BATCH, CLASSES = 6, 7
MOMENTUM, EPSILON = 0.75, 1e-2
# The shape of the input and the moves that bring it before the node: a shape to reshape to, or ("transpose", order).
ARRANGEMENTS = {
    "image": ((6, 3, 2, 4), []),
    "reshaped": ((6, 24), [(6, 3, 2, 4)]),
    "reshaped image": ((6, 4, 3, 2), [(6, 3, 2, 4)]),
    "transposed": ((6, 2, 4, 3), [("transpose", (0, 3, 1, 2))]),
    "transposed batch": ((3, 6, 4, 2), [("transpose", (1, 0, 3, 2))]),
    "reshaped and transposed": ((18, 8), [(3, 6, 2, 4), ("transpose", (1, 0, 2, 3))]),
    "rank 3": ((6, 3, 8), []),
    "rank 3 of an image": ((6, 3, 2, 4), [(6, 3, 8)]),
    "rank 3 transposed": ((8, 3, 6), [("transpose", (2, 1, 0))]),
    "rank 2": ((6, 3), []),
    "rank 2 transposed": ((3, 6), [("transpose", (1, 0))]),
    "rank 2 of an image": ((6, 3, 1, 4), [(6, 12)]),
    "rank 5": ((6, 8, 3), [("transpose", (0, 2, 1)), (6, 3, 2, 2, 2)]),
    "rank 5 transposed": ((6, 8, 3), [(6, 2, 4, 1, 3), ("transpose", (0, 4, 1, 3, 2))]),
}


class Both:
    """A graph for the chip and the same computation by torch, side by side."""

    def __init__(self, opset: int = 15) -> None:
        self.net, self.tensors, self.parameters = Net(opset), {}, {}

    def parameter(self, array: np.ndarray, name: str) -> str:
        self.net.initialiser(array, name)
        self.parameters[name] = self.tensors[name] = torch.tensor(array, dtype=torch.float64, requires_grad=True)
        return name

    def start(self, shape) -> str:
        """An input plus a parameter, whose gradient is the input's."""
        array = values(*shape)
        name = self.net.input(array)
        self.tensors[name] = torch.tensor(array, dtype=torch.float64)
        return self.add(name, self.parameter(values(*shape, seed=1), "start"))

    def put(self, name: str, tensor) -> str:
        self.tensors[name] = tensor
        return name

    def add(self, a: str, b: str) -> str:
        return self.put(self.net.node("Add", [a, b]), self.tensors[a] + self.tensors[b])

    def tanh(self, a: str) -> str:
        return self.put(self.net.node("Tanh", [a]), torch.tanh(self.tensors[a]))

    def wide(self, a: str, factor: float = 4.0, offset: float = 6.0) -> str:
        """factor * a + offset: away from zero as it stands, on both sides of the kinks with smaller offsets."""
        factors = [self.net.constant(np.float32(number)) for number in (factor, offset)]
        scaled = self.net.node("Mul", [a, factors[0]])
        return self.put(self.net.node("Add", [factors[1], scaled]), self.tensors[a] * factor + offset)

    def move(self, a: str, moves) -> str:
        for move in moves:
            if move[0] == "transpose":
                a = self.put(self.net.node("Transpose", [a], perm=list(move[1])), self.tensors[a].permute(move[1]))
            else:
                a = self.put(self.net.reshape(a, *move), self.tensors[a].reshape(move))
        return a

    def linear(self, a: str) -> str:
        """Logits from any tensor whose first dimension is the batch."""
        flat = self.put(self.net.node("Flatten", [a]), self.tensors[a].flatten(1))
        weight = self.parameter(values(CLASSES, self.tensors[flat].shape[1]), "weight")
        bias = self.parameter(values(CLASSES), "bias")
        result = torch.nn.functional.linear(self.tensors[flat], self.tensors[weight], self.tensors[bias])
        return self.put(self.net.node("Gemm", [flat, weight, bias], transB=1), result)

    def check(self, logits: str) -> "arsis.Session":
        labels = np.arange(BATCH, dtype=np.int32) % CLASSES
        program = arsis.compile(self.net.model([logits]), "tiny", train=True, keep="gradients")
        session = arsis.Session(program, "tiny")
        for name, array in self.net.inputs.items():
            session.write(name, array)
        session.write("labels", labels)
        session.run("functional")
        loss = torch.nn.functional.cross_entropy(self.tensors[logits], torch.tensor(labels).long())
        loss.backward()
        np.testing.assert_allclose(session.read("loss"), loss.item(), rtol=1e-5)
        for name, tensor in self.parameters.items():
            expected, found = tensor.grad.numpy(), session.read(f"grad:{name}")
            assert found.shape == expected.shape
            worst = np.linalg.norm(found - expected) / (np.linalg.norm(expected) + 1e-6)
            assert worst < 2e-5, f"gradient of {name} is off by {worst} of its norm"
        return session


@pytest.mark.parametrize("opset,exported", [(15, 1), (15, 0), (9, 0)])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_batch_normalization(arrangement, opset, exported):
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both(opset)
    x = both.move(both.start(shape), moves)
    channels = both.tensors[x].shape[1]
    scale = both.parameter(values(channels, seed=1) + 1.5, "scale")
    shift = both.parameter(values(channels, seed=2), "shift")
    mean, var = values(channels, seed=3), np.abs(values(channels, seed=4)) + 0.5
    operands = [x, scale, shift, both.net.initialiser(mean, "mean"), both.net.initialiser(var, "var")]
    attributes = {"momentum": MOMENTUM, "epsilon": EPSILON}
    if exported:
        normalised, *_ = both.net.node("BatchNormalization", operands, outputs=3, training_mode=1, **attributes)
    else:
        normalised = both.net.node("BatchNormalization", operands, **attributes)
    new_mean, new_var = torch.tensor(mean, dtype=torch.float64), torch.tensor(var, dtype=torch.float64)
    both.put(
        normalised,
        torch.nn.functional.batch_norm(
            both.tensors[x], new_mean, new_var, both.tensors[scale], both.tensors[shift], True, 1 - MOMENTUM, EPSILON
        ),
    )
    session = both.check(both.linear(both.tanh(normalised)))
    np.testing.assert_allclose(session.read("mean"), new_mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(session.read("var"), new_var, rtol=1e-5)


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_layer_normalization(arrangement, axis):
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both(17)
    x = both.move(both.start(shape), moves)
    rows = both.tensors[x].shape[axis:]
    scale = both.parameter(values(*rows, seed=1) + 1.5, "scale")
    shift = both.parameter(values(*rows, seed=2), "shift")
    normalised = both.net.node("LayerNormalization", [x, scale, shift], axis=axis, epsilon=EPSILON)
    both.put(
        normalised,
        torch.nn.functional.layer_norm(both.tensors[x], rows, both.tensors[scale], both.tensors[shift], EPSILON),
    )
    both.check(both.linear(both.tanh(normalised)))


@pytest.mark.parametrize("small", [(), (1,), (3, 1, 1), (2, 1), (4,), (6, 1, 1, 1), (3, 2, 4), (3, 1, 4), (6, 3, 1, 1)])
@pytest.mark.parametrize("arrangement", ["image", "reshaped", "transposed", "transposed batch"])
def test_bias_along_any_dimensions(arrangement, small):
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both()
    x = both.move(both.start(shape), moves)
    both.check(both.linear(both.tanh(both.add(x, both.parameter(values(*small, seed=2), "small")))))


@pytest.mark.parametrize("kind", ["Mul", "Sub", "Div"])
@pytest.mark.parametrize("small", [(1,), (3, 1, 1), (2, 1), (6, 1, 1, 1), (3, 2, 4), (6, 3, 1, 1), (6, 3, 2, 4)])
@pytest.mark.parametrize("arrangement", ["image", "reshaped", "transposed", "transposed batch"])
def test_arithmetic_along_any_dimensions(arrangement, small, kind):
    """The small operand on the left of a difference or quotient for every other arrangement."""
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both()
    x, y = both.move(both.start(shape), moves), both.parameter(np.float32(values(*small, seed=2) + 2.5), "small")
    a, b = (x, y) if arrangement in ("image", "transposed") else (y, x if kind == "Mul" else both.wide(x))
    function = {"Mul": torch.mul, "Sub": torch.sub, "Div": torch.div}[kind]
    both.check(
        both.linear(both.tanh(both.put(both.net.node(kind, [a, b]), function(both.tensors[a], both.tensors[b]))))
    )


def test_operands_that_both_repeat():
    both = Both()
    x, y = both.move(both.start((6, 4)), [(6, 1, 4)]), both.parameter(values(3, 1, seed=2), "column")
    both.check(both.linear(both.tanh(both.put(both.net.node("Mul", [x, y]), both.tensors[x] * both.tensors[y]))))


@pytest.mark.parametrize("arrangement", ["image", "transposed", "rank 3 transposed"])
def test_squeeze_and_excite(arrangement):
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both()
    x = both.tanh(both.move(both.start(shape), moves))
    axes = list(range(2, both.tensors[x].dim()))
    squeezed = both.put(both.net.node("GlobalAveragePool", [x]), both.tensors[x].mean(axes, keepdim=True))
    gate = both.put(both.net.node("Sigmoid", [squeezed]), torch.sigmoid(both.tensors[squeezed]))
    both.check(both.linear(both.put(both.net.node("Mul", [x, gate]), both.tensors[x] * both.tensors[gate])))


F = torch.nn.functional
SQUARE = np.float32(2)
FUNCTIONS = {
    "Sigmoid": ({}, torch.sigmoid),
    "HardSigmoid": ({"alpha": 1 / 6}, F.hardsigmoid),
    "HardSwish": ({}, F.hardswish),
    "LeakyRelu": ({"alpha": 0.3}, lambda x: F.leaky_relu(x, 0.3)),
    "Elu": ({"alpha": 0.7}, lambda x: F.elu(x, 0.7)),
    "Softplus": ({}, F.softplus),
    "Erf": ({}, torch.erf),
    "Exp": ({}, torch.exp),
    "Neg": ({}, torch.neg),
    "Relu6": ({}, F.relu6),
    "Square": ({}, lambda x: x**2),
}
POSITIVE = {"Log": torch.log, "Sqrt": torch.sqrt, "Reciprocal": torch.reciprocal}


@pytest.mark.parametrize("arrangement", ["image", "transposed", "rank 2"])
@pytest.mark.parametrize("kind", [*FUNCTIONS, *POSITIVE])
def test_functions_of_one_tensor(kind, arrangement):
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both()
    x = both.wide(both.move(both.start(shape), moves), *((1.0, 3.5) if kind in POSITIVE else (4.0, 0.25)))
    attributes, function = FUNCTIONS.get(kind, ({}, POSITIVE.get(kind)))
    name = {"Relu6": "Clip", "Square": "Pow"}.get(kind, kind)
    numbers = {"Relu6": (np.float32(0), np.float32(6)), "Square": (SQUARE,)}.get(kind, ())
    operands = [both.net.initialiser(np.array(number)) for number in numbers]
    both.check(both.linear(both.put(both.net.node(name, [x, *operands], **attributes), function(both.tensors[x]))))


@pytest.mark.parametrize("slope", [(1,), (3, 1, 1), (3, 2, 4)])
@pytest.mark.parametrize("arrangement", ["image", "transposed", "transposed batch"])
def test_prelu(arrangement, slope):
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both()
    x, weight = both.move(both.start(shape), moves), both.parameter(values(*slope, seed=3), "slope")
    positive = torch.clamp(both.tensors[x], min=0)
    both.check(
        both.linear(
            both.put(
                both.net.node("PRelu", [x, weight]),
                positive + both.tensors[weight] * torch.clamp(both.tensors[x], max=0),
            )
        )
    )


def test_numbers_are_not_trained():
    """What exporters write for `0.5 * x`: an initialiser without dimensions."""
    both = Both()
    x, half = both.start((6, 3)), both.net.initialiser(np.array(0.5, np.float32), "half")
    scaled = both.put(both.net.node("Mul", [x, half]), both.tensors[x] * 0.5)
    with pytest.warns(UserWarning, match="initialisers without dimensions .* are numbers and are not trained: half"):
        session = both.check(both.linear(scaled))
    with pytest.raises(arsis.Error):
        session.read("grad:half")


def test_bias_that_is_reshaped_and_transposed_first():
    both = Both()
    x = both.start((6, 3, 2, 4))
    small = both.move(both.parameter(values(8, 3), "small"), [(2, 4, 3), ("transpose", (2, 0, 1))])
    both.check(both.linear(both.tanh(both.add(x, small))))


def test_logits_whose_classes_lie_before_the_images():
    """The loss is that of the host's rows, however the matrix lies on the chip."""
    both = Both()
    x = both.start((3, 6))
    weight, bias = both.parameter(values(CLASSES, 3), "w"), both.parameter(values(CLASSES, 1), "b")
    product = both.put(both.net.node("MatMul", [weight, x]), both.tensors[weight] @ both.tensors[x])
    both.check(both.move(both.add(product, bias), [("transpose", (1, 0))]))


def test_logits_with_a_bias_per_image():
    both = Both()
    x, weight = both.start((6, 3)), both.parameter(values(3, CLASSES), "w")
    bias = both.parameter(values(6, 1), "b")
    product = both.tensors[x] @ both.tensors[weight] + both.tensors[bias]
    logits = both.put(both.net.node("Gemm", [x, weight, bias]), product)
    del both.parameters["b"]  # adding to all classes of an image changes no loss: its gradient is rounding
    both.check(logits)


@pytest.mark.parametrize("small", [(), (1,), (7,), (1, 7), (6, 1), (6, 7)])
def test_bias_of_a_product(small):
    both = Both()
    x = both.start((6, 3))
    weight = both.parameter(values(3, 7), "w")
    bias = both.parameter(values(*small, seed=1), "b")
    product = both.tensors[x] @ both.tensors[weight] + both.tensors[bias]
    both.check(both.linear(both.tanh(both.put(both.net.node("Gemm", [x, weight, bias]), product))))


@pytest.mark.parametrize(
    "arrangement", ["image", "reshaped", "transposed", "transposed batch", "rank 3", "rank 3 transposed"]
)
def test_mean_over_the_image(arrangement):
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both()
    x = both.tanh(both.move(both.start(shape), moves))
    axes = list(range(2, both.tensors[x].dim()))
    average = both.put(both.net.node("GlobalAveragePool", [x]), both.tensors[x].mean(axes, keepdim=True))
    both.check(both.linear(average))


def test_batch_norms_that_the_step_turns_are_a_warning():
    both = Both()
    vectors = [both.net.initialiser(values(3, seed=seed) + 1.5) for seed in range(4)]
    turned = both.net.node("BatchNormalization", [both.net.input(values(6, 3)), *vectors])
    exported, *_ = both.net.node(
        "BatchNormalization",
        [turned, *vectors[:2], *map(both.net.initialiser, [values(3), values(3)])],
        outputs=3,
        training_mode=1,
    )
    with pytest.warns(UserWarning, match=f"normalises by the statistics of the batch in the training step: {turned}$"):
        arsis.compile(both.net.model([exported]), "tiny", train=True)
