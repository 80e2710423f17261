# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ResNet-50 as torchvision defines it. Writes resnet50.onnx."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from torchvision_builder import Recipe  # noqa: E402

RECIPE = Recipe("resnet50", image=224, classes=1000)
build = RECIPE.build

if __name__ == "__main__":
    RECIPE.main(__doc__)
