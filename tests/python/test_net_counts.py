# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is counted of a net's file, for models/nets.md and `arsis compare`, against numbers worked out by hand."""

import arsis
import numpy as np
import onnx
import pytest
from arsis import work
from onnx import TensorProto, helper, numpy_helper

torch = pytest.importorskip("torch", reason="exports with Debian's python3-torch")
from torch import nn  # noqa: E402


class Shuffled(nn.Module):
    """A channel shuffle whose sizes the file computes, with a division, between two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 6, (1, 3), groups=2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        n, c, h, w = x.size()
        return self.second(x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w))


def test_counts(tmp_path):
    path = arsis.from_torch(Shuffled(), torch.zeros(2, 3, 5, 7), tmp_path / "net.onnx")
    count = work.Count(onnx.load(str(path)))
    first, second = 4 * 5 * 7 * 3, 6 * 5 * 5 * (2 * 3)
    assert (count.forward, count.backward_input) == (first + second, second)
    assert count.parameters == 3 * 4 + 4 + 6 * 2 * 3
    assert count.activations == 4 * (4 * 5 * 7 + 6 * 5 * 5)  # the shuffle moves only
    with pytest.raises(ValueError, match="known extents"):
        work.elements([1, 0, 3])


def product(batch: int | str, columns: int | str) -> bytes:
    """Of an input of batch x columns with weights of 5 x 7."""
    weights = numpy_helper.from_array(np.ones((5, 7), np.float32), "w")
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, n]) for name, n in (("x", columns), ("y", 7))
    ]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", values[:1], values[1:], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


@pytest.mark.parametrize("held", ["n", 1, 3])
def test_work_is_of_the_batch_that_was_asked_for(held):
    """Whatever batch the file has."""
    found = work.work_of(product(held, 5), "g", batch=6, element=4, train=False)
    assert found == work.Work(2 * 6 * 35, 4 * (6 * 5 + 35), 4 * (6 * 5 + 35))


def test_work_of_a_training_by_loss_and_optimizer():
    """The one product has weight gradients, and no gradient of its input."""
    for loss, labels in (("softmax-xent,label-smoothing=0.1", 4 * 6), ("mse", 2 * 6 * 7)):
        for optimizer, held in (("sgd,lr=1", 1), ("sgd,lr=1,momentum=0", 1), ("sgd,lr=1,momentum=0.5", 2)):
            found = work.work_of(
                product("n", 5), "g", batch=6, element=2, train=True, loss=loss, optimizer=optimizer
            )  # fmt: skip
            once = 2 * 6 * 5 + labels
            assert found == work.Work(2 * 2 * 6 * 35, once + 2 * held * 4 * 35, once + held * 4 * 35)


def test_work_needs_known_extents():
    given = work.work_of(product("n", "c"), "g", batch=1, element=4, train=False, dims={"c": 5})
    assert given.operations == 2 * 35
    with pytest.raises(
        arsis.ModelError, match=r"^g: multiply-adds cannot be counted: found the shape \[0, 5\], expected"
    ):
        work.work_of(product(0, 5), "g", batch=1, element=4, train=False)
