# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`from_torch`: PyTorch's own gradients, names and statistics, from a module that stays as it was."""

import warnings

import arsis
import numpy as np
import onnx
import pytest
import torch
import torchvision
from own_net import example
from torch import nn


class Net(nn.Module):
    """Batch norms, a residual, a reshape by the size of the input, a bias that two fresh layers have alike."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.fc = nn.Linear(4 * 3 * 2, 5)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(images)))
        y = torch.relu(self.bn2(self.conv2(y)) + y)
        y = nn.functional.max_pool2d(y, 2)
        return self.fc(y.view(y.size(0), -1))


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(3)
    return Net()


def batch(count: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *shape)).astype(np.float32)


def test_one_step_is_that_of_pytorch(net):
    images, labels = batch(6, 3, 6, 5), np.arange(6) % 5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = arsis.compile(arsis.from_torch(net, torch.zeros(2, 3, 6, 5)), "tiny", batch=6, train=True,
                                optimizer="sgd,lr=0.1", keep="gradients")  # fmt: skip
    session = arsis.Session(program, "tiny")
    session.write("images", images)
    session.write("labels", labels)
    session.run("functional")
    exact = net.double().train()
    loss = nn.functional.cross_entropy(exact(torch.from_numpy(images).double()), torch.from_numpy(labels))
    loss.backward()
    assert float(session.read("loss")) == pytest.approx(loss.item(), rel=1e-5)
    names = dict(exact.named_parameters())
    assert {t["name"] for t in program.tensors if t["role"] == "parameter"} == set(names)
    for name, parameter in names.items():
        found, wanted = session.read(f"grad:{name}"), parameter.grad.numpy()
        assert np.linalg.norm(found - wanted) <= 1e-4 * np.linalg.norm(wanted) + 1e-6, name
        moved = parameter.detach().numpy() - 0.1 * wanted
        np.testing.assert_allclose(session.read(name), moved, rtol=1e-4, atol=1e-5, err_msg=name)
    for name, buffer in exact.named_buffers():
        if "running" in name:
            np.testing.assert_allclose(session.read(name), buffer.numpy(), rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_module_stays_as_it_was(net):
    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.eval()
    torch.manual_seed(11)
    arsis.from_torch(net, torch.ones(3, 3, 6, 5))
    after = torch.rand(1)
    torch.manual_seed(11)
    assert torch.equal(torch.rand(1), after) and not net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_the_file_is_in_training_form(net, tmp_path):
    path = arsis.from_torch(net, torch.zeros(2, 3, 6, 5), tmp_path / "net.onnx")
    assert path == str(tmp_path / "net.onnx")
    model = onnx.load(path)
    norms = [node for node in model.graph.node if node.op_type == "BatchNormalization"]
    assert len(norms) == 2 and all(a.i == 1 for node in norms for a in node.attribute if a.name == "training_mode")
    assert [value.name for value in model.graph.input] == ["images"]
    assert model.graph.output[0].name == "logits"
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 3), nn.Linear(2, 3)

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.a(left) + self.b(right), self.b(right)


def test_several_inputs_and_outputs():
    model = arsis.from_torch(Two(), (torch.zeros(2, 4), torch.zeros(2, 2)))
    program = arsis.compile(model, "tiny", batch=5)
    shapes = {t["name"]: t["host_shape"] for t in program.tensors if t["role"] in ("input", "output")}
    assert shapes == {"left": [5, 4], "right": [5, 2], "logits": [5, 3], "logits1": [5, 3]}


@pytest.mark.parametrize(
    "given,problem",
    [
        (torch.zeros(1, 3, 6, 5), "example 0: found shape (1, 3, 6, 5), expected a tensor of two images or more"),
        (torch.tensor(1.0), "example 0: found shape (), expected"),
        ((torch.zeros(2, 3, 6, 5), "text"), "example 1: found str, expected"),
    ],
)
def test_an_example_without_a_batch(net, given, problem):
    with pytest.raises(arsis.InputError) as error:
        arsis.from_torch(net, given)
    assert str(error.value).startswith(problem)


def test_what_pytorch_cannot_export():
    class Bessel(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.special.i0(x)

    with pytest.raises(arsis.ModelError, match="^Bessel: PyTorch cannot export the module: .*i0.*[^.]$"):
        arsis.from_torch(Bessel(), torch.zeros(2, 3))


def test_what_the_module_raises_comes_out(net):
    with pytest.raises(RuntimeError, match="expected input"):
        arsis.from_torch(net, torch.zeros(2, 1, 6, 5))


@pytest.mark.parametrize("size,wanted", [((7, 4), (3, 5)), ((6, 4), (3, 2)), ((2, 2), (7, 7)), ((5, 5), (5, 1))])
def test_adaptive_pools_of_any_size(size, wanted):
    pool, x = nn.AdaptiveAvgPool2d(wanted), batch(2, 3, *size)
    session = arsis.Session(arsis.compile(arsis.from_torch(pool, torch.from_numpy(x)), "tiny", batch=2), "tiny")
    session.write("input", x)
    session.run("functional")
    np.testing.assert_allclose(session.read("logits"), pool(torch.from_numpy(x)).numpy(), rtol=1e-5, atol=1e-6)


class Deep(nn.Module):
    """A block that stochastic depth skips for some images of a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 3, 1), nn.Linear(12, 5)
        self.depth = torchvision.ops.StochasticDepth(0.25, "row")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.flatten(x + self.depth(self.conv(x)), 1))


PADDED = {
    "circular": nn.Conv2d(3, 4, 3, padding=(2, 1), padding_mode="circular"),
    "one side": nn.Conv2d(3, 4, (2, 4), padding="same", padding_mode="circular"),
    "reflect": nn.Conv2d(3, 4, 3, padding=(2, 1), padding_mode="reflect"),
    "replicate": nn.Conv2d(3, 4, 3, padding=(2, 1), padding_mode="replicate"),
}


@pytest.mark.parametrize("mode", PADDED)
def test_padding_in_every_mode(mode):
    layer, x = PADDED[mode], batch(2, 3, 5, 4)
    session = arsis.Session(arsis.compile(arsis.from_torch(layer, torch.from_numpy(x)), "tiny", batch=2), "tiny")
    session.write("input", x)
    session.run("functional")
    with torch.no_grad():
        np.testing.assert_allclose(session.read("logits"), layer(torch.from_numpy(x)), rtol=1e-5, atol=1e-6)


def test_stochastic_depth_skips_images():
    """Of 100 images, more than a constant of the graph may otherwise have; which, the gradients tell."""
    program = arsis.compile(arsis.from_torch(Deep(), torch.zeros(2, 3, 2, 2)), "tiny", batch=100, train=True,
                            keep="activations")  # fmt: skip
    session = arsis.Session(program, "tiny")
    session.write("x", batch(100, 3, 2, 2))
    session.write("labels", np.arange(100) % 5)
    session.run("functional")
    factor = session.read("act:/depth/Div").reshape(-1)
    assert set(np.unique(factor)) == {np.float32(0), np.float32(1 / 0.75)}
    assert 60 < np.count_nonzero(factor) < 90


def test_an_evaluation_skips_none():
    net, x = Deep(), batch(4, 3, 2, 2)
    with pytest.warns(UserWarning, match="exported in training mode: is its mean here"):
        session = arsis.Session(arsis.compile(arsis.from_torch(net, torch.zeros(2, 3, 2, 2)), "tiny", batch=4), "tiny")
    session.write("x", x)
    session.run("functional")
    with torch.no_grad():
        expected = net.eval()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(session.read("logits"), expected, rtol=1e-5, atol=1e-6)


def test_a_later_torch_is_asked_to_trace(net, monkeypatch):
    """Torch 2 has both exporters behind one function; its signature is imitated, its exporters are not here."""
    original, asked = torch.onnx.export, {}

    def export(module, args, f, *, dynamo=True, training=None, **others):
        asked["dynamo"] = dynamo
        return original(module, args, f, training=training, **others)

    monkeypatch.setattr(torch.onnx, "export", export)
    assert arsis.from_torch(net, torch.zeros(2, 3, 6, 5)) and asked == {"dynamo": False}


def test_the_example_of_the_readme():
    images = batch(32, 1, 28, 28)
    losses, report = example(images, np.arange(32) % 10)
    assert losses[-1] < 0.7 * losses[0] and report["totals"]["cycles"] > 0
