# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whatever a model calls its tensors and nodes, and whichever of its outputs are the logits: the step runs, agrees with
the reference bit for bit, and its loss is the softmax cross-entropy of the logits."""

import arsis
import numpy as np
import pytest
from arsis_tools import compile_step, simulate, tool
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(5)
X = RANDOM.standard_normal((4, 2, 3, 3)).astype(np.float32)
LABELS = np.array([0, 2, 1, 2], np.int32)


def weight(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def save(path, nodes, outputs, constants, inputs=("x",), value_info=()):
    def info(name, shape=None):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "names",
        [info(name, X.shape) for name in inputs],
        [info(name) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
        value_info=list(value_info),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def head(x: str, logits: str, first: str = "w", second: str = "v", names=("c1", "c2")):
    """x -> 1x1 convolution -> tanh -> convolution over the whole image: logits of shape [4, 3, 1, 1]."""
    return [
        helper.make_node("Conv", [x, first], ["hidden"], name=names[0]),
        helper.make_node("Tanh", ["hidden"], ["squashed"], name="tanh"),
        helper.make_node("Conv", ["squashed", second], [logits], name=names[1]),
    ]


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    logits = logits.reshape(logits.shape[:2]).astype(np.float64)
    return float(np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(len(labels)), labels]))


def run(path, tmp_path, *options, x="x", labels="labels", truth=LABELS, keep="gradients,activations"):
    program = compile_step(path, "tiny", 4, tmp_path / "step.arsis", *options, keep=keep)
    outputs, _ = simulate(program, "tiny", {x: X, labels: truth}, tmp_path, "--check=exact")
    return outputs


def test_logits_of_a_convolution(tmp_path):
    constants = {"w": weight(5, 2, 1, 1), "v": weight(3, 5, 3, 3)}
    out = run(save(tmp_path / "m.onnx", head("x", "y"), ["y"], constants), tmp_path)
    assert out["y"].shape == (4, 3, 1, 1)
    assert out["loss"] == pytest.approx(cross_entropy(out["y"], LABELS), rel=1e-6)


def test_logits_that_a_transpose_turned(tmp_path):
    """Rows of the host's matrix are images, in whichever order it lies here: 3 images of 4 classes."""
    nodes = [*head("x", "t"), helper.make_node("Flatten", ["t"], ["f"]), helper.make_node("Transpose", ["f"], ["y"])]
    labels = np.array([3, 0, 1], np.int32)
    constants = {"w": weight(5, 2, 1, 1), "v": weight(3, 5, 3, 3)}
    out = run(save(tmp_path / "m.onnx", nodes, ["y"], constants), tmp_path, truth=labels)
    assert out["y"].shape == (3, 4)
    assert out["loss"] == pytest.approx(cross_entropy(out["y"], labels), rel=1e-6)


def test_two_outputs(tmp_path):
    constants = {"w": weight(5, 2, 1, 1), "v": weight(3, 5, 3, 3)}
    path = save(tmp_path / "m.onnx", head("x", "y"), ["hidden", "y", "y"], constants)
    out = run(path, tmp_path, "--logits=y")
    assert out["loss"] == pytest.approx(cross_entropy(out["y"], LABELS), rel=1e-6) and "hidden" in out
    done = tool("arsis-compile", path, "--train", "--emit=step", check=False)
    assert done.returncode == 1 and "--logits: 'hidden', 'y'" in done.stderr
    done = tool("arsis-compile", path, "--train", "--logits=z", "--emit=step", check=False)
    assert done.returncode == 1 and "expects an output named 'z'" in done.stderr


def test_an_output_that_is_an_input(tmp_path):
    constants = {"w": weight(5, 2, 1, 1), "v": weight(3, 5, 3, 3)}
    out = run(save(tmp_path / "m.onnx", head("x", "y"), ["x", "y"], constants), tmp_path)
    assert out["loss"] == pytest.approx(cross_entropy(out["y"], LABELS), rel=1e-6)


def test_names_of_the_step(tmp_path):
    """The model keeps its names; the step's own tensors give way, and a remark says how they are called."""
    nodes = head("learning_rate", "loss", "labels", "grad:labels", names=("velocity:labels", "act:c"))
    constants = {"labels": weight(5, 2, 1, 1), "grad:labels": weight(3, 5, 3, 3)}
    path = save(tmp_path / "m.onnx", nodes, ["loss", "squashed"], constants, inputs=("learning_rate",))
    out = run(path, tmp_path, "--logits=loss", x="learning_rate", labels="step:labels")
    assert out["step:loss"] == pytest.approx(cross_entropy(out["loss"], LABELS), rel=1e-6)
    assert {"labels", "grad:labels", "step:grad:labels", "grad:grad:labels", "velocity:labels"} <= set(out)
    assert out["step:grad:labels"].shape == out["labels"].shape == (5, 2, 1, 1)
    done = tool("arsis-compile", path, "--train", "--logits=loss", "--emit=step", "-o", tmp_path / "step.mlir")
    for name in ("labels", "loss", "grad:labels", "learning_rate"):
        assert f"a tensor named '{name}'; that of the training step is named 'step:{name}'" in done.stderr


def test_two_nodes_of_one_name_keep_their_activations(tmp_path):
    constants = {"w": weight(5, 2, 1, 1), "v": weight(3, 5, 3, 3)}
    nodes = [*head("x", "t", names=("conv", "conv")), helper.make_node("Flatten", ["t"], ["y"], name="flat")]
    out = run(save(tmp_path / "m.onnx", nodes, ["y"], constants), tmp_path, keep="activations")
    assert out["act:conv"].shape == (4, 3, 3, 5) and out["act:conv:t"].shape == (4, 1, 1, 3)


@pytest.mark.parametrize("name", ["größe", "重み", 'a"b\\c', "w@4x4", "a b\tc"])
def test_names_of_any_letters(name, tmp_path):
    """They are in the program as they are in the file, and the reference finds them there."""
    constants = {name: weight(5, 2, 1, 1), "v": weight(3, 5, 3, 3)}
    path = save(tmp_path / "m.onnx", head("x", "y", name, names=("c1", name + "/c")), ["y"], constants)
    run(path, tmp_path)
    tensors = {tensor["name"] for tensor in arsis.Program.load(str(tmp_path / "step.arsis")).tensors}
    assert {name, f"grad:{name}", f"velocity:{name}"} <= tensors


@pytest.mark.parametrize("name", ["w@1x10", "constant"])
def test_names_that_the_compiler_uses_itself(name, tmp_path):
    """The update of a weight of ten elements reads it as `w@1x10`."""
    constants = {"w": weight(5, 2, 1, 1), name: weight(3, 5, 3, 3)}
    out = run(save(tmp_path / "m.onnx", head("x", "y", "w", name), ["y"], constants), tmp_path, keep="")
    assert out["loss"] == pytest.approx(cross_entropy(out["y"], LABELS), rel=1e-6)


def test_a_tensor_declared_twice(tmp_path):
    def shape(name, *extents):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, extents)

    constants = {"w": weight(5, 2, 1, 1), "v": weight(3, 5, 3, 3)}
    nodes = head("x", "y")
    same = save(
        tmp_path / "m.onnx", nodes, ["y"], constants, value_info=[shape("y", "N", 3, 1, 1), shape("y", 4, 3, 1, 1)]
    )
    assert run(same, tmp_path)["y"].shape == (4, 3, 1, 1)
    other = save(tmp_path / "m.onnx", nodes, ["y"], constants, value_info=[shape("y", 4, 3, 1, 1), shape("y", 4, 3)])
    done = tool("arsis-compile", other, "--emit=nn", check=False)
    assert done.returncode == 1 and "tensor 'y' is declared twice, with different shapes" in done.stderr
