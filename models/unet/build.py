# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A U-Net (Ronneberger et al. 2015, with padding and batch norm) that tells two classes of pixels apart: 3x128x128
images, four steps down, four transposed convolutions up. Writes unet.onnx. Its logits are pixels x classes, so that
the loss of a batch is the mean over all its pixels. Needs torch and the package arsis."""

import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from onnx_builder import parse_arguments  # noqa: E402

IMAGE, CLASSES, WIDTHS = 128, 2, (32, 64, 128, 256, 512)


def twice(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    def __init__(self, widths: tuple[int, ...] = WIDTHS, classes: int = CLASSES) -> None:
        super().__init__()
        inputs = (3, *widths)
        self.down = nn.ModuleList([twice(*pair) for pair in zip(inputs, widths, strict=False)])
        steps = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.up = nn.ModuleList([nn.ConvTranspose2d(wide, narrow, 2, 2) for wide, narrow in steps])
        self.joined = nn.ModuleList([twice(2 * narrow, narrow) for _, narrow in steps])
        self.pool, self.head, self.classes = nn.MaxPool2d(2), nn.Conv2d(widths[0], classes, 1), classes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        levels = []
        for number, block in enumerate(self.down):
            x = block(self.pool(x) if number else x)
            levels.append(x)
        for up, block, beside in zip(self.up, self.joined, levels[-2::-1], strict=True):
            x = block(torch.cat([beside, up(x)], 1))
        return self.head(x).permute(0, 2, 3, 1).reshape(-1, self.classes)


def module(seed: int = 7) -> nn.Module:
    torch.manual_seed(seed)
    return UNet().train()


def build(path: Path, seed: int = 7, image: int = IMAGE) -> None:
    import arsis

    path.parent.mkdir(parents=True, exist_ok=True)
    arsis.from_torch(module(seed), torch.zeros(2, 3, image, image), path)


if __name__ == "__main__":
    arguments = parse_arguments("unet", __doc__)
    build(arguments.output, arguments.seed)
