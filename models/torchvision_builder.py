# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exports nets of torchvision with random, seeded weights. Needs torch and torchvision (`scripts/setup.sh test`
installs Debian's)."""

import argparse
import dataclasses
from pathlib import Path

OPSET = 13


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A net by its name in torchvision, and what it has unless said otherwise."""

    net: str
    image: int
    classes: int

    def build(
        self, path: Path, seed: int = 7, image: int | None = None, classes: int | None = None, training: bool = False
    ) -> None:
        """Writes the net at an image size, with a symbolic batch; batch norm in training mode if `training`."""
        import torch
        import torchvision

        torch.manual_seed(seed)
        size = image or self.image
        model = getattr(torchvision.models, self.net)(num_classes=classes or self.classes).train(training)
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = torch.onnx.TrainingMode.TRAINING if training else torch.onnx.TrainingMode.PRESERVE
        torch.onnx.export(
            model,
            torch.zeros(2, 3, size, size),
            str(path),
            training=mode,
            do_constant_folding=False,
            opset_version=OPSET,
            input_names=["x"],
            output_names=["logits"],
            dynamic_axes={"x": {0: "N"}, "logits": {0: "N"}},
        )

    def main(self, description: str) -> None:
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument(
            "-o", "--output", type=Path, default=Path(f"out/models/{self.net}.onnx"), help="file to write"
        )
        parser.add_argument("--seed", type=int, default=7, help="seed of the initial weights")
        parser.add_argument("--image", type=int, default=self.image, help="height and width of the images, pixels")
        parser.add_argument("--classes", type=int, default=self.classes)
        parser.add_argument("--training", action="store_true", help="export batch normalisation in training mode")
        chosen = parser.parse_args()
        self.build(chosen.output, chosen.seed, chosen.image, chosen.classes, chosen.training)
