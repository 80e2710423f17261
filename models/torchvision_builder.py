# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The nets of torchvision that we run, with random, seeded weights: one table, one builder. A training step normalises
by the batch and drops elements, so the nets are exported in training form unless told otherwise.

Needs torch and torchvision (`scripts/setup.sh test` installs Debian's), and the package arsis on PYTHONPATH."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

ROOT = Path(__file__).resolve().parents[1]
OPSET = 13  # of the inference form


@dataclasses.dataclass(frozen=True)
class Net:
    """`image` is the net's own height and width, `reduced` the least one (of round numbers) whose last map is 2x2 or
    larger: there its values are compared. `options` are those of torchvision's function besides num_classes; `loss` is
    the net's own, as `--loss` takes it."""

    image: int = 224
    reduced: int = 64
    classes: int = 1000
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    loss: str = "softmax-xent"
    remark: str = ""


MAIN_HEAD = "softmax-xent,of=logits"
ONE_MORE = MAIN_HEAD + "+softmax-xent,of=logits1,weight=0.3"  # Szegedy et al. 2014 weigh auxiliary heads by 0.3
TWO_MORE = ONE_MORE + "+softmax-xent,of=logits2,weight=0.3"
QUICK_START = {"init_weights": False}  # the initialisation of its own takes long, as torchvision warns
NETS = {
    "alexnet": Net(reduced=96),
    "vgg11": Net(),
    "vgg11_bn": Net(),
    "vgg16": Net(),
    "vgg16_bn": Net(),
    "resnet18": Net(),
    "resnet34": Net(),
    "resnet50": Net(),
    "resnet101": Net(),
    "wide_resnet50_2": Net(),
    "resnext50_32x4d": Net(),
    "squeezenet1_1": Net(),
    "densenet121": Net(),
    "googlenet": Net(options=QUICK_START, loss=TWO_MORE, remark="with both auxiliary heads"),
    # The auxiliary head of Inception-V3 has a kernel of 5x5 behind a pooling of 5x5: only the net's own size feeds it.
    "inception_v3": Net(image=299, reduced=299, options=QUICK_START, loss=ONE_MORE, remark="with its auxiliary head"),
    "mobilenet_v2": Net(),
    "mobilenet_v3_small": Net(),
    "mobilenet_v3_large": Net(),
    "shufflenet_v2_x1_0": Net(),
    "mnasnet1_0": Net(),
    "efficientnet_b0": Net(),
    "regnet_y_400mf": Net(),
    "convnext_tiny": Net(),
}


def module(name: str, seed: int = 7, classes: int | None = None) -> nn.Module:
    """The PyTorch module of a net of the table, in training mode."""
    import torch
    import torchvision

    torch.manual_seed(seed)
    net = NETS[name]
    made: nn.Module = getattr(torchvision.models, name)(num_classes=classes or net.classes, **net.options)
    return made.train()


def build(
    name: str, path: Path, seed: int = 7, image: int | None = None, classes: int | None = None, training: bool = True
) -> None:
    """Writes a net of the table at an image size, with a symbolic batch."""
    import torch

    size, net = image or NETS[name].image, module(name, seed, classes)
    path.parent.mkdir(parents=True, exist_ok=True)
    if training:
        import arsis

        arsis.from_torch(net, torch.zeros(2, 3, size, size), path)
        return
    torch.onnx.export(
        net.eval(),
        torch.zeros(2, 3, size, size),
        str(path),
        do_constant_folding=False,
        opset_version=OPSET,
        input_names=["x"],
        output_names=["logits"],
        dynamic_axes={"x": {0: "N"}, "logits": {0: "N"}},
    )


def recipe(name: str) -> Callable[[Path, int], None]:
    """What the `build` of a folder's recipe is: of a file and a seed."""
    return lambda path, seed: build(name, path, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("net", choices=list(NETS), metavar="NET", help=f"one of {', '.join(NETS)}")
    parser.add_argument("-o", "--output", type=Path, help="file to write (out/models/NET.onnx unless given)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the initial weights")
    parser.add_argument("--image", type=int, help="height and width of the images, pixels (the net's own unless given)")
    parser.add_argument("--classes", type=int, help="1000 unless given")
    parser.add_argument("--inference", action="store_true", help="running statistics, and no dropout")
    chosen = parser.parse_args()
    path = chosen.output or ROOT / f"out/models/{chosen.net}.onnx"
    build(chosen.net, path, chosen.seed, chosen.image, chosen.classes, not chosen.inference)


if __name__ == "__main__":
    main()
