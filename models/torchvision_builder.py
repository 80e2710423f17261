# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exports nets of torchvision with random, seeded weights. Needs torch and torchvision (`scripts/setup.sh test`
installs Debian's)."""

import argparse
from pathlib import Path

OPSET = 13


def build(net: str, path: Path, seed: int, image: int, classes: int, training: bool) -> None:
    """Writes the net at an image size, with a symbolic batch; batch norm in training mode if `training`."""
    import torch
    import torchvision

    torch.manual_seed(seed)
    model = getattr(torchvision.models, net)(num_classes=classes).train(training)
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = torch.onnx.TrainingMode.TRAINING if training else torch.onnx.TrainingMode.PRESERVE
    torch.onnx.export(
        model,
        torch.zeros(2, 3, image, image),
        str(path),
        training=mode,
        do_constant_folding=False,
        opset_version=OPSET,
        input_names=["x"],
        output_names=["logits"],
        dynamic_axes={"x": {0: "N"}, "logits": {0: "N"}},
    )


def parse_arguments(net: str, description: str, image: int, classes: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("-o", "--output", type=Path, default=Path(f"out/models/{net}.onnx"), help="file to write")
    parser.add_argument("--seed", type=int, default=7, help="seed of the initial weights")
    parser.add_argument("--image", type=int, default=image, help="height and width of the images, pixels")
    parser.add_argument("--classes", type=int, default=classes)
    parser.add_argument("--training", action="store_true", help="export batch normalisation in training mode")
    return parser.parse_args()
