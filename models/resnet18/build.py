# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ResNet-18 as torchvision defines it, exported at a given image size with a symbolic batch. Needs torch and
torchvision (`scripts/setup.sh test` installs Debian's). Weights are random but seeded. Writes resnet18.onnx."""

import argparse
from pathlib import Path

OPSET = 13


def build(path: Path, seed: int = 7, image: int = 64, classes: int = 10, training: bool = False) -> None:
    import torch
    import torchvision

    torch.manual_seed(seed)
    model = torchvision.models.resnet18(num_classes=classes).train(training)
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("out/models/resnet18.onnx"), help="file to write")
    parser.add_argument("--seed", type=int, default=7, help="seed of the initial weights")
    parser.add_argument("--image", type=int, default=64, help="height and width of the images, pixels")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--training", action="store_true", help="export batch normalisation in training mode")
    arguments = parser.parse_args()
    build(arguments.output, arguments.seed, arguments.image, arguments.classes, arguments.training)
