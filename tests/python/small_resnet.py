# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A net whose step takes seconds in every mode."""

from pathlib import Path

import arsis
from arsis import models


def small_resnet18(folder: Path) -> arsis.Model:
    """torchvision's ResNet-18 for ten classes, on images of 64x64."""
    path = folder / "resnet18.onnx"
    models.load_recipe(models.recipes_folder() / "torchvision_builder.py").build("resnet18", path, image=64, classes=10)
    return arsis.Model(path)
