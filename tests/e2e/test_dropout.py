# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dropout in a training step: fresh masks in every step, the same in both passes, on every chip and in the reference,
bit for bit; with masks drawn here by Philox4x32-10, written in numpy, loss and gradients agree with PyTorch in fp64."""

import numpy as np
import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
torch = pytest.importorskip("torch", reason="the independent check needs Debian's python3-torch")

from arsis_tools import CHIPS, compile_step, simulate, tool  # noqa: E402
from philox import mask  # noqa: E402

onnx = pytest.importorskip("onnx", reason="builds its model with the onnx package")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # that a forward pass keeps every element
BATCH, CLASSES, SEED = 6, 5, 1234
IMAGE_RATIO, RATIO = 0.25, 0.5
SHAPES = {"conv.weight": (7, 2, 3, 3), "fc1.weight": (13, 7 * 5 * 3), "fc1.bias": (13,), "fc2.weight": (CLASSES, 13)}
NODES = [
    helper.make_node("Conv", ["x", "conv.weight"], ["c"], name="conv", kernel_shape=[3, 3]),
    helper.make_node("Tanh", ["c"], ["t1"], name="tanh1"),
    helper.make_node("Dropout", ["t1", "image_ratio", "training"], ["d1"], name="drop1"),
    helper.make_node("Flatten", ["d1"], ["f"], name="flatten"),
    helper.make_node("Gemm", ["f", "fc1.weight", "fc1.bias"], ["h"], name="fc1", transB=1),
    helper.make_node("Tanh", ["h"], ["t2"], name="tanh2"),
    helper.make_node("Dropout", ["t2", "ratio", "training"], ["d2"], name="drop2"),
    helper.make_node("Gemm", ["d2", "fc2.weight"], ["logits"], name="fc2", transB=1),
]


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(np.float32)


PARAMETERS = {name: 0.5 * values(*shape) for name, shape in SHAPES.items()}
LABELS = np.arange(BATCH, dtype=np.int32) % CLASSES


def model_file(folder):
    constants = {"image_ratio": np.float32(IMAGE_RATIO), "ratio": np.float32(RATIO), "training": np.bool_(True)}
    graph = helper.make_graph(
        NODES,
        "dropout",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [BATCH, 2, 7, 5])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [BATCH, CLASSES])],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in {**PARAMETERS, **constants}.items()],
    )
    path = folder / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return model_file(tmp_path_factory.mktemp("dropout"))


def expected(x: np.ndarray, parameters: dict, step: int) -> dict[str, np.ndarray]:
    """Loss and gradients by PyTorch in fp64; an image is dropped where it lies on the chip, channels last."""
    p = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in parameters.items()}
    image = mask((BATCH, 5, 3, 7), SEED, step, 0, IMAGE_RATIO).transpose(0, 3, 1, 2)
    y = torch.tanh(torch.conv2d(torch.tensor(x, dtype=torch.float64), p["conv.weight"]))
    y = y * torch.tensor(image / (1 - IMAGE_RATIO))
    y = torch.tanh(torch.nn.functional.linear(y.flatten(1), p["fc1.weight"], p["fc1.bias"]))
    y = y * torch.tensor(mask((BATCH, 13), SEED, step, 1, RATIO) / (1 - RATIO))
    loss = torch.nn.functional.cross_entropy(y @ p["fc2.weight"].T, torch.tensor(LABELS).long())
    loss.backward()
    return {"loss": loss.detach().numpy()} | {f"grad:{n}": v.grad.numpy() for n, v in p.items()}


@pytest.mark.parametrize("chip", CHIPS, ids=["tiny", "edge", "datacentre", "rect12x20"])
def test_three_steps(model, chip, tmp_path):
    program = compile_step(model, chip, BATCH, tmp_path / "step.arsis")
    tool("arsis-verify", program, "--chip", chip)
    carried = {"random_seed": np.array(SEED, np.float32)}
    parameters, losses = PARAMETERS, []
    x = values(BATCH, 2, 7, 5)
    for step in range(3):
        outputs, _ = simulate(program, chip, {"x": x, "labels": LABELS, **carried}, tmp_path, "--check=exact")
        for name, truth in expected(x, parameters, step).items():
            worst = np.linalg.norm(outputs[name] - truth) / np.linalg.norm(truth)
            assert worst < 2e-6, f"step {step}: {name} is off by {worst} of its norm"
        assert outputs["random_step"] == step + 1
        carried |= {n: outputs[n] for n in (*SHAPES, *(f"velocity:{n}" for n in SHAPES), "random_step")}
        parameters = {n: outputs[n] for n in SHAPES}
        losses.append(float(outputs["loss"]))
    assert len(set(losses)) == 3


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_in_half_precision(model, precision, tmp_path):
    program = compile_step(model, "edge", BATCH, tmp_path / "step.arsis", f"--precision={precision}")
    inputs = {"x": values(BATCH, 2, 7, 5), "labels": LABELS}
    simulate(program, "edge", inputs, tmp_path, "--check=exact")


def test_a_seed_is_a_setting_and_the_masks_follow_it(model, tmp_path):
    program = compile_step(model, "tiny", BATCH, tmp_path / "step.arsis")
    inputs = {"x": values(BATCH, 2, 7, 5), "labels": LABELS}
    seeds = [{}, {"random_seed": np.array(0, np.float32)}, {"random_seed": np.array(1, np.float32)}]
    losses = [float(simulate(program, "tiny", inputs | seed, tmp_path, "--check=exact")[0]["loss"]) for seed in seeds]
    assert losses[0] == losses[1] != losses[2]


def test_an_evaluation_drops_nothing(model):
    program = arsis.compile(str(model), "tiny")
    assert not [t["name"] for t in program.tensors if "random" in t["name"]]


def test_masks_keep_as_many_as_they_should():
    for layer, ratio in enumerate((0.1, 0.5, 0.9)):
        steps = [mask((64, 257), 7, step, layer, ratio) for step in range(4)]
        for kept in steps:
            deviation = np.sqrt(ratio * (1 - ratio) / kept.size)
            assert abs(kept.mean() - (1 - ratio)) < 5 * deviation
        agree = np.mean(steps[0] == steps[1]), np.mean(steps[0][0] == steps[0][1])
        by_chance = ratio**2 + (1 - ratio) ** 2
        assert abs(agree[0] - by_chance) < 0.02 and abs(agree[1] - by_chance) < 0.15
