# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a training step of ResNet-50 has to move, counted here from shapes alone, and what it does move.

The count knows neither compiler nor machine. It is of these units, each of which reads what it needs and writes what it
makes once, with nothing kept on chip from one to the next (units that do more together would need less):

- a convolution normalises and rectifies its input where it loads it; the first one of a block adds up the two branches
  of the block before, and stores the sum and its signs, a bit each, since others read them;
- each of the two gradients of a convolution applies the gradient of the batch norm behind it where it loads that, from
  the gradient behind the norm and the norm's input; the one of the weight has its input as the convolution has it, and
  the optimizer behind it;
- the gradient of an input goes on through the addition, mask and sums of what made that input, by the stored signs or
  by the norm's input.
"""

import json
import warnings
from dataclasses import dataclass

import pytest

torch = pytest.importorskip("torch", reason="the net is torchvision's")
import torch_models as nets  # noqa: E402
import torchvision  # noqa: E402
from arsis_tools import tool  # noqa: E402

BATCH = 32
OPTIONS = ["--chip=datacentre", f"--batch={BATCH}", "--train", "--optimizer=sgd,lr=0.1,momentum=0.9", "--no-verify"]
FP32 = 4  # bytes of a parameter, its momentum and an element of the image
# The most that a step moves today, as a multiple of the count.
MOST = {"fp32": 1.15, "bf16": 1.06}


@dataclass
class Block:
    """A bottleneck: elements of its input and output, of what its first two convolutions make, per image."""

    x: int
    y1: int
    y2: int
    out: int
    downsamples: bool


def blocks():
    """Those of ResNet-50 v1.5: the stride is in the 3x3."""
    size, channels = 56, 64
    for width, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(count):
            after = size // (stride if number == 0 else 1)
            yield Block(size**2 * channels, size**2 * width, after**2 * width, after**2 * width * 4, number == 0)
            size, channels = after, width * 4


def convolution_parameters() -> int:
    total, channels = 7 * 7 * 3 * 64, 64
    for width, count in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for number in range(count):
            total += channels * width + 9 * width * width + 4 * width * width
            total += channels * width * 4 if number == 0 else 0
            channels = width * 4
    return total


def compulsory_bytes(element: int) -> dict[str, float]:
    """By what it is for; `element`: bytes of an activation or a gradient."""
    image, stem, pooled = 3 * 224**2, 112**2 * 64, 56**2 * 64
    forward = stem + (stem + pooled)  # the convolution's result; the pooling normalises that
    backward = 0.0
    signs = 0.0  # elements
    last = None
    for block in blocks():
        # Forward. The sum of the block before is made by the first convolution: both branches, and it is stored.
        forward += (3 * last.out if last else block.x) + block.y1
        forward += block.y1 + block.y2 + block.y2 + block.out
        if last:
            signs += 2 * last.out  # written, and read by a mask
        if block.downsamples:
            forward += block.x + block.out
        # Backward: gradient and input of the norm, in both gradients of each convolution; and its input.
        backward += 2 * 2 * (block.out + block.y2 + block.y1)
        backward += block.y2 + block.y1 + block.x  # for the weights
        backward += 2 * (block.y2 + block.y1)  # mask and sums read the norm's input; the gradient is written
        backward += 2 * block.x  # the other branch's gradient, and the sum of both
        if last:  # sums of the norms that end the block before
            backward += last.out * (2 if last.downsamples else 1)
        if block.downsamples:
            backward += 2 * 2 * block.out + block.x + block.x
        last = block
    forward += 2 * last.out + 2048  # the last sum, for the mean over pixels
    signs += 2 * last.out
    backward += 2048 + last.out + 2 * last.out  # its gradient, and the sums of the last norms
    backward += pooled + 2 * stem  # the pooling's gradient: its own, the norm's input; written
    backward += 2 * stem  # the first weights: gradient and input of the norm
    features, classes = 2048, 1000
    parameters = convolution_parameters() + features * classes
    return {
        "forward": BATCH * (forward * element + image * FP32),
        "backward": BATCH * (backward * element + image * FP32),
        "signs": BATCH * signs / 8,
        # Read by the product and by the gradient of its input; parameter and momentum, read and written.
        "parameters": parameters * FP32 * (2 + 4),
    }


def test_the_count_is_that_of_the_net():
    """Convolutions, and the elements that they make, counted once more from the modules of torchvision."""
    net = torchvision.models.resnet50()
    weights = [m.weight for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert convolution_parameters() == sum(weight.numel() for weight in weights)
    made = []
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda module, inputs, output: made.append(output.numel()))
    with torch.no_grad():
        net.eval()(torch.zeros(1, 3, 224, 224))
    counted = 112**2 * 64
    for block in blocks():
        counted += block.y1 + block.y2 + block.out * (2 if block.downsamples else 1)
    assert sum(made) == counted


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("resnet50") / "resnet50.onnx"
    net = torchvision.models.resnet50().train()
    net.image = (3, 224, 224)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nets.export(net, path, 1)
    return path


@pytest.mark.parametrize("precision,element", [("fp32", 4), ("bf16", 2)])
def test_a_step_moves_little_more(model, precision, element, tmp_path, capsys):
    program, report = tmp_path / "step.arsis", tmp_path / "report.json"
    weights = f"--weights={tmp_path / 'step.safetensors'}"
    tool("arsis-compile", model, *OPTIONS, f"--precision={precision}", weights, "-o", program)
    tool("arsis-sim", program, "--chip=datacentre", "--timing-only", "--report", report)
    totals = json.loads(report.read_text())["totals"]
    moved = totals["dram_read_bytes"] + totals["dram_write_bytes"]
    parts = compulsory_bytes(element)
    counted = sum(parts.values())
    with capsys.disabled():
        text = ", ".join(f"{name} {value / 1e9:.2f}" for name, value in parts.items())
        print(
            f"\n{precision}: {moved / 1e9:.2f} GB moved, {counted / 1e9:.2f} GB counted ({text}): {moved / counted:.3f}"
        )
    assert moved <= MOST[precision] * counted
