# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every loss with its keys, on the logits of images, of pixels, of one pixel, and of several outputs: in fp64 the loss
and its gradients are PyTorch's, and the gradients those of central differences; the chip has the bits of the oracle."""

import numpy as np
import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
torch = pytest.importorskip("torch", reason="the independent check needs Debian's python3-torch")
onnx = pytest.importorskip("onnx", reason="builds its model with the onnx package")

from arsis_tools import CHIPS  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from torch.nn.functional import (  # noqa: E402
    binary_cross_entropy_with_logits,
    conv2d,
    cross_entropy,
    mse_loss,
)

CLASSES, BATCH = 3, 5
CLASS_WEIGHTS = torch.tensor([0.5, 0.0, 2.0], dtype=torch.float64)
SIZES = {"image": (7, 5), "pixel": (1, 1)}
NODES = {  # by the output that needs them
    "pixels": [helper.make_node("Conv", ["t", "w2"], ["pixels"], name="conv2")],
    "classes": [
        helper.make_node("GlobalAveragePool", ["t"], ["g"], name="mean"),
        helper.make_node("Flatten", ["g"], ["f"], name="flatten"),
        helper.make_node("Gemm", ["f", "w3"], ["classes"], transB=1, name="fc"),
    ],
}


def weighted(x, t):
    return cross_entropy(x, t, weight=CLASS_WEIGHTS, ignore_index=-100, label_smoothing=0.2)


# What is asked for, and the same in PyTorch's words: of the outputs, and of what the host gives.
LOSSES = {
    "softmax-xent": lambda y, t: cross_entropy(y["classes"], t["labels"]),
    "softmax-xent,label-smoothing=0.1": lambda y, t: cross_entropy(y["classes"], t["labels"], label_smoothing=0.1),
    "softmax-xent,label-smoothing=1": lambda y, t: cross_entropy(y["classes"], t["labels"], label_smoothing=1.0),
    "softmax-xent,ignore-index=1": lambda y, t: cross_entropy(y["classes"], t["labels"], ignore_index=1),
    "softmax-xent,class-weights=0.5:0:2": lambda y, t: cross_entropy(y["classes"], t["labels"], CLASS_WEIGHTS),
    "softmax-xent,weight=0.25,class-weights=0.5:0:2,ignore-index=-100,label-smoothing=0.2": lambda y, t: (
        0.25 * weighted(y["classes"], t["labels"])
    ),
    "softmax-xent,of=pixels": lambda y, t: cross_entropy(y["pixels"], t["labels"]),
    "softmax-xent,of=pixels,ignore-index=255": lambda y, t: cross_entropy(y["pixels"], t["labels"], ignore_index=255),
    "softmax-xent,of=pixels,ignore-index=0,label-smoothing=0.3": lambda y, t: cross_entropy(
        y["pixels"], t["labels"], ignore_index=0, label_smoothing=0.3
    ),
    "softmax-xent,of=pixels,class-weights=0.5:0:2,ignore-index=-100,label-smoothing=0.2": lambda y, t: weighted(
        y["pixels"], t["labels"]
    ),
    "mse": lambda y, t: mse_loss(y["classes"], t["targets"]),
    "mse,of=pixels,weight=3": lambda y, t: 3 * mse_loss(y["pixels"], t["targets"]),
    "bce-with-logits": lambda y, t: binary_cross_entropy_with_logits(y["classes"], t["targets"]),
    "bce-with-logits,of=pixels": lambda y, t: binary_cross_entropy_with_logits(y["pixels"], t["targets"]),
    "softmax-xent,of=classes+mse,of=pixels,weight=0.3": lambda y, t: (
        cross_entropy(y["classes"], t["labels"]) + 0.3 * mse_loss(y["pixels"], t["targets"])
    ),
    "softmax-xent,of=pixels,ignore-index=1+bce-with-logits,of=pixels,weight=0.1"
    "+softmax-xent,of=classes,labels=whole,label-smoothing=0.1,weight=2": lambda y, t: (
        cross_entropy(y["pixels"], t["labels"], ignore_index=1)
        + 0.1 * binary_cross_entropy_with_logits(y["pixels"], t["targets"])
        + 2 * cross_entropy(y["classes"], t["whole"], label_smoothing=0.1)
    ),
}


def outputs_of(loss: str) -> list[str]:
    named = [name for name in NODES if f"of={name}" in loss]
    return named or ["classes"]


class Case:
    """x -> 3x3 convolution, tanh -> `pixels`, by a 1x1 convolution, and `classes`, by the mean of all pixels."""

    def __init__(self, loss: str, size: tuple[int, int]) -> None:
        self.loss, self.outputs, random = loss, outputs_of(loss), np.random.default_rng([3, *size])
        shapes = {"x": (BATCH, 2, *size), "w1": (4, 2, 3, 3), "w2": (CLASSES, 4, 1, 1), "w3": (CLASSES, 4)}
        self.values = {n: random.standard_normal(s).astype(np.float32) for n, s in shapes.items()}
        self.parameters = ["w1"] + ["w2"] * ("pixels" in self.outputs) + ["w3"] * ("classes" in self.outputs)
        self.of = {"pixels": (BATCH, CLASSES, *size), "classes": (BATCH, CLASSES)}
        self.random, self.given = random, {}

    def model(self) -> bytes:
        nodes = [
            helper.make_node("Conv", ["x", "w1"], ["c"], pads=[1, 1, 1, 1], name="conv1"),
            helper.make_node("Tanh", ["c"], ["t"], name="tanh"),
        ]
        graph = helper.make_graph(
            nodes + [node for output in self.outputs for node in NODES[output]],
            "losses",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.values["x"].shape)],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, self.of[name]) for name in self.outputs],
            [numpy_helper.from_array(self.values[name], name) for name in self.parameters],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        return made.SerializeToString()

    def options(self) -> dict:
        return {"train": True, "loss": self.loss, "keep": "gradients", "optimizer": "sgd,lr=0.125"}

    def give(self, tensors: list[dict]) -> None:
        """Draws labels and targets; a label in five, the first among them, is one that is ignored."""
        for tensor in tensors:
            if tensor["role"] != "label":
                continue
            shape = tuple(tensor["host_shape"])
            if tensor["type"] == "f32":
                self.given[tensor["name"]] = self.random.uniform(0, 1, shape).astype(np.float32)
                continue
            labels = self.random.integers(0, CLASSES, shape)
            if tensor["name"] == "labels" and "ignore-index=" in self.loss:
                ignored = int(self.loss.split("ignore-index=")[1].split(",")[0].split("+")[0])
                labels[self.random.random(shape) < 0.2] = ignored
                labels.flat[0], labels.flat[-1] = ignored, 2
            self.given[tensor["name"]] = labels.astype(np.int32)

    def by_torch(self) -> tuple[float, dict[str, np.ndarray]]:
        v = {name: torch.tensor(value, dtype=torch.float64) for name, value in self.values.items()}
        for name in self.parameters:
            v[name].requires_grad_()
        hidden = torch.tanh(conv2d(v["x"], v["w1"], padding=1))
        y = {"pixels": conv2d(hidden, v["w2"]), "classes": hidden.mean((2, 3)) @ v["w3"].T}
        t = {
            name: torch.tensor(value).long() if value.dtype == np.int32 else torch.tensor(value).double()
            for name, value in self.given.items()
        }
        if y["pixels"].shape[2:] == (1, 1):  # labels of one pixel are those of images
            t = {name: value[:, None, None] if self.is_flat(name) else value for name, value in t.items()}
        loss = LOSSES[self.loss](y, t)
        loss.backward()
        return loss.item(), {name: v[name].grad.numpy() for name in self.parameters}

    def is_flat(self, name: str) -> bool:
        return name == "labels" and self.given[name].ndim == 1 and "softmax-xent,of=pixels" in self.loss


@pytest.fixture(params=list(SIZES))
def size(request):
    return SIZES[request.param]


def reference_of(case: Case):
    program = arsis.compile(case.model(), "tiny", **case.options())
    case.give(program.tensors)
    reference = arsis.step_reference(case.model(), **case.options())
    for name, array in case.given.items():
        reference.write(name, array if array.dtype == np.int32 else array.astype(np.float64))
    reference.write("x", case.values["x"].astype(np.float64))
    return reference


@pytest.mark.parametrize("loss", list(LOSSES))
def test_in_fp64_it_is_pytorchs(loss, size):
    case = Case(loss, size)
    reference = reference_of(case)
    reference.run("f64")
    expected, gradients = case.by_torch()
    assert float(reference.read("loss")) == pytest.approx(expected, rel=1e-7)  # keys are rounded to fp32
    for name, gradient in gradients.items():
        found = reference.read("grad:" + name)
        assert np.linalg.norm(found - gradient) <= 1e-7 * np.linalg.norm(gradient) + 1e-16, name


@pytest.mark.parametrize("loss", list(LOSSES))
def test_gradients_are_slopes(loss):
    case, step = Case(loss, SIZES["image"]), 1e-5
    reference = reference_of(case)
    values = {name: case.values[name].astype(np.float64) for name in case.parameters}

    def loss_at(**changed) -> float:
        for name, array in (values | changed).items():
            reference.write(name, array)
        reference.run("f64")
        return float(reference.read("loss"))

    loss_at()
    gradients = {name: reference.read("grad:" + name).copy() for name in values}
    for name, value in values.items():
        direction = np.random.default_rng(1).standard_normal(value.shape)
        ends = [loss_at(**{name: value + sign * step * direction}) for sign in (1, -1)]
        assert np.vdot(gradients[name], direction) == pytest.approx(
            (ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-9
        )


# Of the norm of a gradient. In a half type the activations are rounded, whose effect the means over pixels lessen.
TOLERANCE = {"fp32": 2e-6, "bf16": 3e-2, "fp16": 3e-3}


@pytest.mark.parametrize(
    ("chip", "precision"),
    [*((chip, "fp32") for chip in CHIPS), ("edge", "bf16"), ("edge", "fp16")],
    ids=["tiny", "edge", "datacentre", "rect12x20", "bf16", "fp16"],
)
@pytest.mark.parametrize("loss", list(LOSSES))
def test_the_chip_has_the_bits_of_the_oracle(loss, size, chip, precision):
    case = Case(loss, size)
    program = arsis.compile(case.model(), chip, precision=precision, **case.options())
    case.give(program.tensors)
    session, reference = arsis.Session(program, chip), arsis.Reference(program)
    for name, array in {**case.given, "x": case.values["x"]}.items():
        session.write(name, array)
        reference.write(name, array)
    session.run("functional")
    reference.run("exact")
    terms = [t["name"] for t in program.tensors if t["name"].startswith("loss:") and t["role"] == "output"]
    gradients = ["grad:" + name for name in case.parameters]
    for name in ["loss", *terms, *gradients, *case.parameters]:
        assert session.read(name).tobytes() == reference.read(name).tobytes(), name
    assert len(terms) == (loss.count("+") + 1 if "+" in loss else 0)
    expected, truth = case.by_torch()
    assert float(session.read("loss")) == pytest.approx(expected, rel=TOLERANCE[precision])
    largest = max(np.linalg.norm(gradient) for gradient in truth.values())
    for name, gradient in truth.items():
        error = np.linalg.norm(session.read("grad:" + name) - gradient)
        assert error <= TOLERANCE[precision] * max(np.linalg.norm(gradient), 1e-2 * largest), name
