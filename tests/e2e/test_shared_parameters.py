# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parameters that a PyTorch model shares, and those that only its exporter merged, against PyTorch's own gradients."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the independent check needs Debian's python3-torch")
import arsis  # noqa: E402
import onnx  # noqa: E402
import torch.nn as nn  # noqa: E402
import torch.nn.functional as F  # noqa: E402
import torch_models as nets  # noqa: E402
from arsis_tools import compile_step, simulate, tensors_of, tool  # noqa: E402


class OneFilterTwice(nn.Module):
    """A convolution applied to its own result; smooth, so that no kink blurs the comparison."""

    image = (4, 6, 6)

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 3)

    def forward(self, x):
        x = torch.tanh(self.conv(torch.tanh(self.conv(x))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class SharedHead(nn.Module):
    """Two branches end in one head, whose bias starts from zeros, as do those of the branches."""

    image = (2, 6, 6)

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(2, 3, 3), nn.Conv2d(2, 3, 3, 2)
        self.head = nn.Linear(3, 3)
        for layer in (self.left, self.right, self.head):
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        branches = (
            torch.flatten(F.adaptive_avg_pool2d(torch.tanh(layer(x)), 1), 1) for layer in (self.left, self.right)
        )
        left, right = (self.head(branch) for branch in branches)
        return left + right


def export_merged(model: nn.Module, path, batch: int) -> None:
    """Exports what the exporter takes for an inference net: initialisers of equal bytes are stored once."""
    torch.onnx.export(
        copy.deepcopy(model).eval(),
        torch.zeros(batch, *model.image),
        str(path),
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        opset_version=13,
        input_names=["x"],
        output_names=["logits"],
    )


def without_identities(path) -> None:
    """As newer exporters write it: every node reads the merged initialiser itself."""
    model = onnx.load(str(path))
    source = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "Identity"}
    kept = [n for n in model.graph.node if n.op_type != "Identity"]
    for node in kept:
        for index, name in enumerate(node.input):
            while name in source:
                name = source[name]
            node.input[index] = name
    del model.graph.node[:]
    model.graph.node.extend(kept)
    onnx.save(model, str(path))


@pytest.mark.parametrize("form", ["apart", "merged behind Identity", "merged"])
@pytest.mark.parametrize("kind", [OneFilterTwice, SharedHead])
def test_gradients_of_shared_parameters(kind, form, tmp_path):
    """The gradient of a shared parameter is the sum over its uses; what only the exporter merged stays apart."""
    torch.manual_seed(3)
    model = kind()
    batch, path = 4, tmp_path / "model.onnx"
    (nets.export if form == "apart" else export_merged)(model, path, batch)
    if form == "merged":
        without_identities(path)
    program = compile_step(path, "tiny", batch, tmp_path / "step.arsis")
    x, labels = torch.randn(batch, *model.image), torch.tensor([0, 2, 1, 2])
    outputs, _ = simulate(program, "tiny", {"x": x.numpy(), "labels": labels.numpy()}, tmp_path, "--check=exact")
    double = copy.deepcopy(model).double().train()
    F.cross_entropy(double(x.double()), labels).backward()
    expected = {f"grad:{name}": p.grad.numpy() for name, p in double.named_parameters()}
    found = {name: outputs[name] for name in tensors_of(program, "gradient")}
    assert len(found) == len(expected)
    if form != "merged":  # else the file does not say how those were called that it lacks
        assert set(found) == set(expected)
    for name, gradient in expected.items():
        near = [
            array
            for array in found.values()
            if array.shape == gradient.shape
            and np.linalg.norm(array.astype(np.float64) - gradient) <= 1e-5 * np.linalg.norm(gradient)
        ]
        assert len(near) == 1, f"{name}: {len(near)} gradients of the step are its own"
        assert form == "merged" or near[0] is found[name]


@pytest.mark.parametrize("identities", [True, False])
def test_merged_resnet18_has_all_its_gradients(identities, tmp_path):
    torch.manual_seed(0)
    model, path = nets.resnet18(), tmp_path / "model.onnx"
    export_merged(model, path, 2)
    assert len(onnx.load(str(path)).graph.initializer) == 30  # of 102 parameters and running statistics
    if not identities:
        without_identities(path)
    with pytest.warns(UserWarning, match="constants that the file gives to several nodes"):
        program = arsis.compile(str(path), "edge", train=True, keep="gradients")
    gradients = {t["name"] for t in program.tensors if t["role"] == "gradient"}
    assert len(gradients) == 62
    if identities:  # their names are those of the parameters
        assert gradients == {f"grad:{name}" for name, _ in model.named_parameters()}


def test_batch_norms_that_were_folded_away(tmp_path):
    model = nets.build("resnet8")
    path = tmp_path / "model.onnx"
    torch.onnx.export(copy.deepcopy(model).eval(), torch.zeros(2, *model.image), str(path), opset_version=13)
    done = tool("arsis-compile", path, "--train", "--emit=nn", "-o", tmp_path / "nn.mlir")
    assert "warning: " in done.stderr and "has folded a batch norm" in done.stderr
    assert "training=torch.onnx.TrainingMode.TRAINING" in done.stderr
