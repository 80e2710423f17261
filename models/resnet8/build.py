# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ResNet-8 for 32x32 colour images (CIFAR style, one basic block per stage): 78,042 parameters. Writes resnet8.onnx."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from onnx_builder import Builder, parse_arguments  # noqa: E402

CLASSES = 10
WIDTHS = (16, 32, 64)


def block(net: Builder, x: str, name: str, inputs: int, outputs: int, stride: int) -> str:
    y = net.conv(x, f"{name}.conv1", inputs, outputs, 3, stride, 1, bias=False)
    y = net.relu(net.batch_norm(y, f"{name}.bn1", outputs), f"{name}.relu1")
    y = net.batch_norm(net.conv(y, f"{name}.conv2", outputs, outputs, 3, 1, 1, bias=False), f"{name}.bn2", outputs)
    if stride != 1 or inputs != outputs:
        x = net.conv(x, f"{name}.shortcut.0", inputs, outputs, 1, stride, bias=False)
        x = net.batch_norm(x, f"{name}.shortcut.1", outputs)
    return net.relu(net.node("Add", f"{name}.add", [y, x]), f"{name}.relu2")


def build(path: Path, seed: int = 7) -> None:
    net = Builder("resnet8", (3, 32, 32), seed)
    x = net.conv("x", "conv1", 3, WIDTHS[0], 3, 1, 1, bias=False)
    x = net.relu(net.batch_norm(x, "bn1", WIDTHS[0]), "relu")
    inputs = WIDTHS[0]
    for number, width in enumerate(WIDTHS, start=1):
        x = block(net, x, f"block{number}", inputs, width, 1 if number == 1 else 2)
        inputs = width
    x = net.node("GlobalAveragePool", "pool", [x])
    x = net.node("Flatten", "flatten", [x], axis=1)
    net.linear(x, "fc", inputs, CLASSES, output="logits")
    net.save(path, CLASSES)


if __name__ == "__main__":
    arguments = parse_arguments("resnet8", __doc__)
    build(arguments.output, arguments.seed)
