# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""FSRCNN (Dong et al. 2016, d = 56, s = 12, m = 4): grey images become three times as high and wide; the loss
is the mean squared error (`--loss mse`). Writes fsrcnn.onnx. Needs torch and the package arsis."""

import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from onnx_builder import parse_arguments  # noqa: E402

IMAGE, SCALE, WIDE, NARROW, MAPPINGS = 64, 3, 56, 12, 4
LOSS = "mse"


class FSRCNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, WIDE, 5, padding=2), nn.PReLU(WIDE)]
        layers += [nn.Conv2d(WIDE, NARROW, 1), nn.PReLU(NARROW)]
        for _ in range(MAPPINGS):
            layers += [nn.Conv2d(NARROW, NARROW, 3, padding=1), nn.PReLU(NARROW)]
        layers += [nn.Conv2d(NARROW, WIDE, 1), nn.PReLU(WIDE)]
        self.features = nn.Sequential(*layers)
        self.enlarge = nn.ConvTranspose2d(WIDE, 1, 9, SCALE, padding=4, output_padding=SCALE - 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.enlarge(self.features(x))


def module(seed: int = 7) -> nn.Module:
    torch.manual_seed(seed)
    return FSRCNN().train()


def build(path: Path, seed: int = 7, image: int = IMAGE) -> None:
    import arsis

    path.parent.mkdir(parents=True, exist_ok=True)
    arsis.from_torch(module(seed), torch.zeros(2, 1, image, image), path)


if __name__ == "__main__":
    arguments = parse_arguments("fsrcnn", __doc__)
    build(arguments.output, arguments.seed)
