# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A net with Tanh, trained for one step on every chip: bit for bit against the oracle, and each gradient
against the slope of a loss computed by numpy in fp64, which knows nothing of the compiler's rules."""

import numpy as np
import pytest
from arsis_tools import CHIPS, compile_step, simulate, tool

onnx = pytest.importorskip("onnx", reason="builds its model with the onnx package")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

BATCH, CLASSES = 5, 4
SHAPES = {"conv.weight": (3, 2, 3, 3), "fc1.weight": (9, 75), "fc1.bias": (9,), "fc2.weight": (CLASSES, 9)}
NODES = [
    helper.make_node("Conv", ["x", "conv.weight"], ["c"], name="conv", kernel_shape=[3, 3]),
    helper.make_node("Tanh", ["c"], ["t1"], name="tanh1"),
    helper.make_node("Flatten", ["t1"], ["f"], name="flatten"),
    helper.make_node("Gemm", ["f", "fc1.weight", "fc1.bias"], ["h"], name="fc1", transB=1),
    helper.make_node("Tanh", ["h"], ["t2"], name="tanh2"),
    helper.make_node("Gemm", ["t2", "fc2.weight"], ["logits"], name="fc2", transB=1),
]


def make_values() -> dict[str, np.ndarray]:
    random = np.random.default_rng(11)
    values = {name: 0.5 * random.standard_normal(shape) for name, shape in SHAPES.items()}
    values["x"] = random.standard_normal((BATCH, 2, 7, 7))
    return {name: value.astype(np.float32) for name, value in values.items()}


VALUES = make_values()
LABELS = np.array([0, 3, 1, 1, 2])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    graph = helper.make_graph(
        NODES,
        "tanh_net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [BATCH, 2, 7, 7])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [BATCH, CLASSES])],
        [numpy_helper.from_array(VALUES[name], name) for name in SHAPES],
    )
    path = tmp_path_factory.mktemp("tanh") / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def loss_of(values: dict[str, np.ndarray]) -> float:
    v = {name: value.astype(np.float64) for name, value in values.items()}
    windows = np.lib.stride_tricks.sliding_window_view(v["x"], (3, 3), axis=(2, 3))
    image = np.tanh(np.einsum("nchwij,fcij->nfhw", windows, v["conv.weight"]))
    hidden = np.tanh(image.reshape(BATCH, -1) @ v["fc1.weight"].T + v["fc1.bias"])
    logits = hidden @ v["fc2.weight"].T
    logits -= logits.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(BATCH), LABELS]))


def slope(name: str, direction: np.ndarray, step: float = 1e-6) -> float:
    ends = [VALUES | {name: VALUES[name].astype(np.float64) + sign * step * direction} for sign in (1, -1)]
    return (loss_of(ends[0]) - loss_of(ends[1])) / (2 * step)


@pytest.mark.parametrize("chip", CHIPS, ids=["tiny", "edge", "datacentre", "rect12x20"])
def test_one_step(model, chip, tmp_path):
    program = compile_step(model, chip, BATCH, tmp_path / "step.arsis")
    tool("arsis-verify", program, "--chip", chip)
    outputs, report = simulate(program, chip, {"x": VALUES["x"], "labels": LABELS}, tmp_path, "--check=exact")
    assert outputs["loss"] == pytest.approx(loss_of(VALUES), rel=1e-6)
    random = np.random.default_rng(5)
    for name, shape in SHAPES.items():
        gradient = outputs["grad:" + name].astype(np.float64)
        for _ in range(3):
            direction = random.standard_normal(shape)
            scale = np.linalg.norm(gradient) * np.linalg.norm(direction)
            assert np.vdot(gradient, direction) == pytest.approx(slope(name, direction), abs=1e-6 * scale), name
    operations = [row["op"] for row in report["layers"]]  # of their own, or on the tiles of products
    assert sum("tanh" in op.split(".")[1].split("+") for op in operations) == 2, operations
    assert sum("tanh_grad" in op.split(".")[1].split("+") for op in operations) == 2, operations
