# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Valid models at the edges of the lowering, through the whole tool and against PyTorch: strides longer than the image,
a kept activation that is a parameter, a channel shuffle of rank five, windows longer than an instruction's field."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from arsis_tools import compile_step, simulate, tool
from onnx import TensorProto, helper, numpy_helper


def save(path: Path, nodes, inputs: dict, outputs: dict, weights: dict) -> Path:
    def infos(shapes):
        return [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]

    initialisers = [numpy_helper.from_array(np.asarray(w), n) for n, w in weights.items()]
    graph = helper.make_graph(nodes, "hard", infos(inputs), infos(outputs), initialisers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def forward(model: Path, chip: str, folder: Path, inputs: dict, *more: str) -> dict:
    program = folder / "forward.arsis"
    tool("arsis-compile", model, "--chip", chip, *more, "-o", program)
    tool("arsis-verify", program, "--chip", chip)
    outputs, report = simulate(program, chip, inputs, folder, "--check=exact")
    assert report["parity"]["passed"]
    return outputs


def stem_and_strided(path: Path, kernel: int, stride: int, size: int) -> tuple[Path, dict]:
    random = np.random.default_rng(5)
    weights = {
        "stem": random.standard_normal((4, 3, 1, 1), dtype=np.float32),
        "conv": random.standard_normal((6, 4, kernel, kernel), dtype=np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "stem"], ["s"], name="stem"),
        helper.make_node("Conv", ["s", "conv"], ["c"], name="conv", strides=[stride] * 2, pads=[kernel // 2] * 4),
        helper.make_node("GlobalAveragePool", ["c"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["logits"], name="flatten"),
    ]
    return save(path, nodes, {"x": [2, 3, size, size]}, {"logits": [2, 6]}, weights), weights


@pytest.mark.parametrize(
    "kernel,stride,size", [(1, 14, 1), (1, 2, 1), (3, 2, 1), (3, 14, 5), (1, 32, 40), (1, 100000, 9), (3, 10**9, 6)]
)
def test_strides_beyond_the_image(tmp_path, kernel, stride, size):
    model, weights = stem_and_strided(tmp_path / "m.onnx", kernel, stride, size)
    random = np.random.default_rng(6)
    x, labels = random.standard_normal((2, 3, size, size), dtype=np.float32), np.array([1, 4])
    program = compile_step(model, "tiny", 2, tmp_path / "step.arsis", keep="gradients")
    tool("arsis-verify", program, "--chip", "tiny")
    outputs, report = simulate(program, "tiny", {"x": x, "labels": labels}, tmp_path, "--check=exact")
    assert report["parity"]["passed"]

    w = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    y = torch.conv2d(torch.conv2d(torch.tensor(x), w["stem"]), w["conv"], stride=stride, padding=kernel // 2)
    torch.nn.functional.cross_entropy(y.mean((2, 3)), torch.tensor(labels)).backward()
    for name, parameter in w.items():
        np.testing.assert_allclose(outputs[f"grad:{name}"], parameter.grad.numpy(), rtol=1e-4, atol=1e-6)


def test_a_kept_activation_that_is_a_parameter_is_the_one_that_was_used(tmp_path):
    random = np.random.default_rng(7)
    w, x = random.standard_normal(24, dtype=np.float32), random.standard_normal((2, 6), dtype=np.float32)
    nodes = [
        helper.make_node("Reshape", ["w", "shape"], ["v"], name="r"),
        helper.make_node("MatMul", ["x", "v"], ["logits"], name="m"),
    ]
    weights = {"w": w, "shape": np.array([6, 4])}
    model = save(tmp_path / "m.onnx", nodes, {"x": [2, 6]}, {"logits": [2, 4]}, weights)
    program = compile_step(model, "tiny", 2, tmp_path / "step.arsis", keep="activations")
    outputs, report = simulate(program, "tiny", {"x": x, "labels": np.array([0, 3])}, tmp_path, "--check=exact")
    assert report["parity"]["passed"]
    np.testing.assert_array_equal(outputs["act:r"], w.reshape(6, 4))
    assert not np.array_equal(outputs["w"], w)


@pytest.mark.parametrize("train", [False, True])
def test_what_is_kept_of_a_channel_shuffle(tmp_path, train):
    """No tensor of a program has five dimensions: the layer that has is left out and named, the others are kept."""
    random = np.random.default_rng(8)
    x, w = (random.standard_normal(s, dtype=np.float32) for s in ((2, 4, 4, 4), (3, 4, 1, 1)))
    nodes = [
        helper.make_node("Reshape", ["x", "grouped"], ["g"], name="split"),
        helper.make_node("Transpose", ["g"], ["t"], name="shuffle", perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["t", "flat"], ["s"], name="merge"),
        helper.make_node("Conv", ["s", "w"], ["c"], name="conv"),
        helper.make_node("Flatten", ["c"], ["y"], name="flatten"),
    ]
    weights = {"w": w, "grouped": np.array([2, 2, 2, 4, 4]), "flat": np.array([2, 4, 4, 4])}
    model = save(tmp_path / "m.onnx", nodes, {"x": [2, 4, 4, 4]}, {"y": [2, 48]}, weights)
    program = tmp_path / "p.arsis"
    mode = ["--train"] if train else []
    done = tool("arsis-compile", model, "--chip=tiny", *mode, "--keep=activations", "-o", program)
    assert "'act:split' is not kept: it has rank 5" in done.stderr
    tool("arsis-verify", program, "--chip", "tiny")
    inputs = {"x": x, "labels": np.array([3, 40])} if train else {"x": x}
    outputs, report = simulate(program, "tiny", inputs, tmp_path, "--check=exact")
    assert report["parity"]["passed"]
    assert report["program"]["not_observable"] == ["act:split"]
    shuffled = torch.tensor(x).view(2, 2, 2, 4, 4).transpose(1, 2).reshape(2, 4, 4, 4)
    np.testing.assert_array_equal(outputs["act:merge"], shuffled.permute(0, 2, 3, 1).numpy())
    expected = torch.conv2d(shuffled, torch.tensor(w)).permute(0, 2, 3, 1)
    np.testing.assert_allclose(outputs["act:conv"], expected.numpy(), rtol=1e-4, atol=1e-5)


def test_a_parameter_of_five_dimensions_is_named(tmp_path):
    nodes = [
        helper.make_node("Reshape", ["kernel5", "flat"], ["v"], name="r"),
        helper.make_node("MatMul", ["x", "v"], ["y"], name="m"),
    ]
    weights = {"kernel5": np.ones((1, 2, 3, 2, 2), np.float32), "flat": np.array([6, 4])}
    model = save(tmp_path / "m.onnx", nodes, {"x": [2, 6]}, {"y": [2, 4]}, weights)
    done = tool("arsis-compile", model, "--chip=tiny", "-o", tmp_path / "p.arsis", check=False)
    assert done.returncode == 1
    assert done.stderr.count("error:") == 1
    assert "'kernel5' has rank 5, expected at most 4" in done.stderr


def test_channel_shuffle(tmp_path):
    random = np.random.default_rng(8)
    x, w = (
        random.standard_normal((1, 4, 8, 8), dtype=np.float32),
        random.standard_normal((3, 4, 3, 3), dtype=np.float32),
    )
    nodes = [
        helper.make_node("Reshape", ["x", "grouped"], ["g"], name="group"),
        helper.make_node("Transpose", ["g"], ["t"], name="shuffle", perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["t", "flat"], ["s"], name="ungroup"),
        helper.make_node("Conv", ["s", "w"], ["y"], name="conv"),
    ]
    weights = {"w": w, "grouped": np.array([1, 2, 2, 8, 8]), "flat": np.array([1, 4, 8, 8])}
    model = save(tmp_path / "m.onnx", nodes, {"x": [1, 4, 8, 8]}, {"y": [1, 3, 6, 6]}, weights)
    outputs = forward(model, "tiny", tmp_path, {"x": x})
    shuffled = torch.tensor(x).view(1, 2, 2, 8, 8).transpose(1, 2).reshape(1, 4, 8, 8)
    np.testing.assert_allclose(outputs["y"], torch.conv2d(shuffled, torch.tensor(w)).numpy(), rtol=1e-4, atol=1e-5)


def test_more_than_four_dimensions_against_each_other_name_the_node(tmp_path):
    nodes = [
        helper.make_node("Reshape", ["x", "many"], ["g"], name="group"),
        helper.make_node("Transpose", ["g"], ["t"], name="reverse", perm=[4, 3, 2, 1, 0]),
        helper.make_node("Reshape", ["t", "flat"], ["y"], name="ungroup"),
    ]
    weights = {"many": np.array([2, 3, 2, 3, 2]), "flat": np.array([72])}
    model = save(tmp_path / "m.onnx", nodes, {"x": [72]}, {"y": [72]}, weights)
    done = tool("arsis-compile", model, "--chip=tiny", "-o", tmp_path / "p.arsis", check=False)
    assert done.returncode == 1
    assert done.stderr.count("error:") == 1
    assert "moves more than four dimensions against each other" in done.stderr
    assert "ungroup" in done.stderr or "reverse" in done.stderr


@pytest.mark.parametrize("pixels", [65535, 65536, 70000])
def test_average_over_a_line_of_many_pixels(tmp_path, pixels):
    x = np.random.default_rng(9).standard_normal((1, 8, pixels, 1), dtype=np.float32) + 1
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["y"], name="gap")]
    model = save(tmp_path / "m.onnx", nodes, {"x": [1, 8, pixels, 1]}, {"y": [1, 8, 1, 1]}, {})
    outputs = forward(model, "datacentre", tmp_path, {"x": x})
    np.testing.assert_allclose(outputs["y"], x.astype(np.float64).mean((2, 3), keepdims=True), rtol=1e-4)


POOLS = {
    "GlobalAveragePool": {},
    "GlobalMaxPool": {},
    "AveragePool": {"kernel_shape": [512, 512]},
    "ReduceMean": {"axes": [2, 3]},
}


@pytest.mark.parametrize("pool", POOLS)
def test_pool_of_an_image_larger_than_the_scratchpad(tmp_path, pool):
    """A channel of 512x512 pixels is 1 MiB, the scratchpad has 64 KiB."""
    random = np.random.default_rng(11)
    weight = random.standard_normal((3, 2, 1, 1), dtype=np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "conv"], ["c"], name="conv"),
        helper.make_node(pool, ["c"], ["p"], name="pool", **POOLS[pool]),
        helper.make_node("Flatten", ["p"], ["logits"], name="flatten"),
    ]
    model = save(tmp_path / "m.onnx", nodes, {"x": [2, 2, 512, 512]}, {"logits": [2, 3]}, {"conv": weight})
    program = compile_step(model, "tiny", 2, tmp_path / "step.arsis", keep="gradients")
    tool("arsis-verify", program, "--chip", "tiny")
    x, labels = random.standard_normal((2, 2, 512, 512), dtype=np.float32) + 1, np.array([0, 2])
    run = ("--check=exact", "--functional-only", "--no-verify")
    outputs, report = simulate(program, "tiny", {"x": x, "labels": labels}, tmp_path, *run)
    assert report["parity"]["passed"]
    w = torch.tensor(weight, dtype=torch.float64, requires_grad=True)
    image = torch.conv2d(torch.tensor(x, dtype=torch.float64), w)
    logits = image.amax((2, 3)) if pool == "GlobalMaxPool" else image.mean((2, 3))
    torch.nn.functional.cross_entropy(logits, torch.tensor(labels)).backward()
    np.testing.assert_allclose(outputs["logits"], logits.detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(outputs["grad:conv"], w.grad.numpy(), rtol=1e-4, atol=1e-6)


WINDOW = {"kernel_shape": [130, 120], "strides": [50, 7], "pads": [20, 10, 0, 30]}


@pytest.mark.parametrize("kind,more", [("MaxPool", {}), ("AveragePool", {}), ("AveragePool", {"count_include_pad": 1})])
def test_a_window_larger_than_the_scratchpad(tmp_path, kind, more):
    """15,600 pixels of three channels are 183 KiB, the scratchpad has 64; windows that overlap, and others cut off."""
    random = np.random.default_rng(12)
    weight = random.standard_normal((3, 2, 1, 1), dtype=np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "conv"], ["c"], name="conv"),
        helper.make_node(kind, ["c"], ["p"], name="pool", **WINDOW, **more),
        helper.make_node("Tanh", ["p"], ["logits"], name="tanh"),
    ]
    model = save(tmp_path / "m.onnx", nodes, {"x": [2, 2, 200, 150]}, {"logits": [2, 3, 2, 11]}, {"conv": weight})
    program = compile_step(model, "tiny", 2, tmp_path / "step.arsis", keep="gradients", loss="mse")
    tool("arsis-verify", program, "--chip", "tiny")
    x = random.standard_normal((2, 2, 200, 150), dtype=np.float32)
    targets = random.standard_normal((2, 3, 2, 11), dtype=np.float32)
    run = ("--check=exact", "--functional-only", "--no-verify")
    outputs, report = simulate(program, "tiny", {"x": x, "targets": targets}, tmp_path, *run)
    assert report["parity"]["passed"]
    w = torch.tensor(weight, dtype=torch.float64, requires_grad=True)
    image = torch.conv2d(torch.tensor(x, dtype=torch.float64), w)
    top, left, bottom, right = WINDOW["pads"]

    def windows(tensor: torch.Tensor, filled: float) -> torch.Tensor:
        wide = torch.nn.functional.pad(tensor, (left, right, top, bottom), value=filled)
        return wide.unfold(2, 130, 50).unfold(3, 120, 7).flatten(4)

    if kind == "MaxPool":
        pooled = windows(image, -np.inf).amax(4)
    else:
        counted = windows(torch.ones_like(image), float(more.get("count_include_pad", 0)))
        pooled = windows(image, 0).sum(4) / counted.sum(4)
    torch.nn.functional.mse_loss(pooled.tanh(), torch.tensor(targets, dtype=torch.float64)).backward()
    np.testing.assert_allclose(outputs["logits"], pooled.tanh().detach().numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(outputs["grad:conv"], w.grad.numpy(), rtol=1e-4, atol=1e-6)


def test_a_window_that_no_instruction_holds_names_the_layer(tmp_path):
    nodes = [helper.make_node("AveragePool", ["x"], ["y"], name="gap", kernel_shape=[65537, 1])]
    model = save(tmp_path / "m.onnx", nodes, {"x": [1, 8, 65538, 1]}, {"y": [1, 8, 2, 1]}, {})
    done = tool("arsis-compile", model, "--chip=datacentre", "-o", tmp_path / "p.arsis", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "error: gap (fwd): no schedule of nn.avg_pool is feasible: its window is 65537 by 1, an instruction"
    )
    assert not (tmp_path / "p.arsis").exists()


def test_what_fits_neither_forward_nor_backward_is_one_error(tmp_path):
    w = np.random.default_rng(10).standard_normal((2, 40000), dtype=np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["logits"], name="fc")]
    model = save(tmp_path / "m.onnx", nodes, {"x": [4, 2]}, {"logits": [4, 40000]}, {"w": w})
    done = tool("arsis-compile", model, "--chip=tiny", "--train", "-o", tmp_path / "p.arsis", check=False)
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 1 and "buffer" in done.stderr
