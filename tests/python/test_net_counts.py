# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What models/describe.py counts of a file, against numbers that were worked out by hand."""

import importlib.util
from pathlib import Path

import arsis
import pytest

torch = pytest.importorskip("torch", reason="exports with Debian's python3-torch")
from torch import nn  # noqa: E402

FILE = Path(__file__).resolve().parents[2] / "models/describe.py"


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
    spec = importlib.util.spec_from_file_location("describe", FILE)
    describe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(describe)
    count = describe.Count(Path(arsis.from_torch(Shuffled(), torch.zeros(2, 3, 5, 7), tmp_path / "net.onnx")))
    first, second = 4 * 5 * 7 * 3, 6 * 5 * 5 * (2 * 3)
    assert (count.forward, count.backward_input) == (first + second, second)
    assert count.parameters == 3 * 4 + 4 + 6 * 2 * 3
    assert count.activations == 4 * (4 * 5 * 7 + 6 * 5 * 5)  # the shuffle moves only
    with pytest.raises(ValueError, match="known extents"):
        describe.elements([1, 0, 3])
