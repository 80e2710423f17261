# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ResNet-50 as torchvision defines it, exported at a given image size with a symbolic batch. Needs torch and
torchvision (`scripts/setup.sh test` installs Debian's). Weights are random but seeded. Writes resnet50.onnx."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import torchvision_builder  # noqa: E402

IMAGE, CLASSES = 224, 1000


def build(path: Path, seed: int = 7, image: int = IMAGE, classes: int = CLASSES, training: bool = False) -> None:
    torchvision_builder.build("resnet50", path, seed, image, classes, training)


if __name__ == "__main__":
    arguments = torchvision_builder.parse_arguments("resnet50", __doc__, IMAGE, CLASSES)
    build(arguments.output, arguments.seed, arguments.image, arguments.classes, arguments.training)
