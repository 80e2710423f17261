# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LeNet-5 on 28x28 grey images, with ReLU and max pooling: 61,706 parameters. Writes lenet5.onnx."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from onnx_builder import Builder, parse_arguments  # noqa: E402

CLASSES = 10


def build(path: Path, seed: int = 7) -> None:
    net = Builder("lenet5", (1, 28, 28), seed)
    x = net.max_pool(net.relu(net.conv("x", "conv1", 1, 6, 5, pad=2), "relu1"), "pool1", 2)
    x = net.max_pool(net.relu(net.conv(x, "conv2", 6, 16, 5), "relu2"), "pool2", 2)
    x = net.node("Flatten", "flatten", [x], axis=1)
    x = net.relu(net.linear(x, "fc1", 16 * 5 * 5, 120), "relu3")
    x = net.relu(net.linear(x, "fc2", 120, 84), "relu4")
    net.linear(x, "fc3", 84, CLASSES, output="logits")
    net.save(path, CLASSES)


if __name__ == "__main__":
    arguments = parse_arguments("lenet5", __doc__)
    build(arguments.output, arguments.seed)
