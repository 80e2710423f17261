# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The smallest nets of `models/` take a training step on two chips: bit for bit the oracle's, and PyTorch's in fp64.
All of them: tests/long/zoo.py."""

import pytest

pytest.importorskip("torchvision", reason="needs Debian's python3-torch and python3-torchvision")
import torch  # noqa: E402
import zoo_precision  # noqa: E402
import zoo_step  # noqa: E402
from decisions import Decisions  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
QUICK = ["squeezenet1_1", "shufflenet_v2_x1_0", "mobilenet_v3_small", "unet", "fsrcnn"]


@pytest.mark.parametrize("chip", zoo_step.CHIPS)
@pytest.mark.parametrize("net", QUICK)
def test_step(net, chip, tmp_path):
    result = zoo_step.check(net, chip, tmp_path)
    assert not result.problems(), "\n".join(result.problems())


@pytest.mark.parametrize("net", ["fsrcnn", "squeezenet1_1", "shufflenet_v2_x1_0"])
def test_step_in_bf16(net, tmp_path):
    for chip, rows in zoo_precision.check(net, zoo_step.CHIPS, tmp_path).items():
        wrong = [str(row) for row in rows if not row.share <= 1]
        assert not wrong, "\n".join([chip, *wrong])


def relu(taken: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, Decisions]:
    decisions = Decisions(lambda layer: taken, {"Relu": ["r"]}, {}, seed=0)
    with decisions:
        return torch.nn.functional.relu(x), decisions


def test_a_decision_that_differs_is_taken_and_named():
    x = torch.tensor([1.0, -0.25, 2.0], requires_grad=True)
    y, decisions = relu(torch.tensor([1.0, 0.125, 0.0]), x)
    y.sum().backward()
    assert y.tolist() == [1.0, -0.25, 0.0] and x.grad.tolist() == [1.0, 1.0, 0.0]
    assert [(site.layer, site.flips, site.distance) for site in decisions.sites] == [("r", 2, 2.0)]


def test_a_decision_of_a_prelu_moves_its_slope():
    x, slope = torch.tensor([[1.0], [-0.25]], requires_grad=True), torch.tensor([0.5], requires_grad=True)
    decisions = Decisions(lambda layer: torch.tensor([[-0.1], [-0.2]]), {"PRelu": ["p"]}, {}, seed=0)
    with decisions:
        y = torch.nn.functional.prelu(x, slope)
    y.sum().backward()
    assert y.tolist() == [[0.5], [-0.125]] and x.grad.tolist() == [[0.5], [0.5]] and slope.grad.tolist() == [0.75]
    assert [(site.layer, site.flips, site.distance) for site in decisions.sites] == [("p", 1, 1.0)]


def test_heads_add_their_weighted_losses():
    """The sum that a net of the table says is the one that PyTorch's users write."""
    case = zoo_step.case_of("googlenet")
    outputs = {n: torch.randn(4, 10) for n in ("logits", "logits1", "logits2")}
    labels, loss = torch.tensor([0, 3, 9, 1]), torch.nn.functional.cross_entropy
    expected = loss(outputs["logits"], labels) + 0.3 * (
        loss(outputs["logits1"], labels) + loss(outputs["logits2"], labels)
    )
    torch.testing.assert_close(case.loss_of(outputs, labels), expected)


def test_a_step_that_is_wrong_fails():
    """A tensor a thousandth off, and a decision far from its kink."""
    wrong = zoo_step.Result([("w", 1.0, 1e-3, 1e-7)], [("relu", 1, 0.5, 1e-5)], 0.0)
    assert [problem.partition(":")[0] for problem in wrong.problems()] == ["w", "relu"]
    right = zoo_step.Result([("w", 1.0, 7e-7, 1e-7)], [("relu", 1, 1e-6, 1e-5)], 0.0)
    assert not right.problems() and right.worst()[0] == "w"
