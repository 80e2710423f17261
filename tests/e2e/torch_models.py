# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The nets of the independent check in PyTorch: their training-mode export to ONNX, their step in fp32 and fp64."""

import copy
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from arsis.exporter import output_names

LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.002, 0.9, 0.0005


class LeNet5(nn.Module):
    image = (1, 28, 28)

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)
        self.relu1, self.relu2, self.relu3, self.relu4 = (nn.ReLU() for _ in range(4))
        self.pool1, self.pool2 = nn.MaxPool2d(2), nn.MaxPool2d(2)

    def forward(self, x):
        x = self.pool1(self.relu1(self.conv1(x)))
        x = self.pool2(self.relu2(self.conv2(x)))
        x = torch.flatten(x, 1)
        return self.fc3(self.relu4(self.fc2(self.relu3(self.fc1(x)))))


class Block(nn.Module):
    """The basic residual block of CIFAR-style ResNets."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(y + (x if self.shortcut is None else self.shortcut(x)))


class ResNet8(nn.Module):
    image = (3, 32, 32)

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1, self.relu = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
        self.block1, self.block2, self.block3 = Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(64, 10)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.relu(self.bn1(self.conv1(x))))))
        return self.fc(torch.flatten(self.pool(x), 1))


def resnet18() -> nn.Module:
    """torchvision's ResNet-18; in-place and shared ReLUs become equal ones of their own, each with its margin."""
    model = torchvision.models.resnet18(num_classes=10)
    model.image = (3, 64, 64)
    return model


class Separable(nn.Module):
    """The block of MobileNet: a depthwise convolution and one of single pixels, each with its batch norm."""

    def __init__(self, inputs: int, outputs: int, stride: int, multiplier: int = 1) -> None:
        super().__init__()
        wide = multiplier * inputs
        self.depthwise = nn.Conv2d(inputs, wide, 3, stride, 1, groups=inputs, bias=False)
        self.bn1, self.relu1 = nn.BatchNorm2d(wide), nn.ReLU()
        self.pointwise = nn.Conv2d(wide, outputs, 1, bias=False)
        self.bn2, self.relu2 = nn.BatchNorm2d(outputs), nn.ReLU()

    def forward(self, x):
        return self.relu2(self.bn2(self.pointwise(self.relu1(self.bn1(self.depthwise(x))))))


class MobileNet(nn.Module):
    """Two blocks of MobileNet, one of them with two outputs per channel, and a convolution in four groups."""

    image = (3, 24, 24)

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.bn, self.relu = nn.Conv2d(3, 12, 3, 2, 1, bias=False), nn.BatchNorm2d(12), nn.ReLU()
        self.block1, self.block2 = Separable(12, 20, 1), Separable(20, 24, 2, multiplier=2)
        self.grouped, self.relu2 = nn.Conv2d(24, 32, 3, padding=1, groups=4), nn.ReLU()
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(32, 10)

    def forward(self, x):
        x = self.block2(self.block1(self.relu(self.bn(self.stem(x)))))
        return self.fc(torch.flatten(self.pool(self.relu2(self.grouped(x))), 1))


class DenseLayer(nn.Module):
    """The layer of DenseNet: what it computes of all earlier features joins them."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.relu1, self.conv1 = nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, 8, 1, bias=False)
        self.norm2, self.relu2 = nn.BatchNorm2d(8), nn.ReLU()
        self.conv2 = nn.Conv2d(8, growth, 3, padding=1, bias=False)

    def forward(self, *features):
        x = self.conv1(self.relu1(self.norm1(torch.cat(features, 1))))
        return self.conv2(self.relu2(self.norm2(x)))


class DenseNet(nn.Module):
    """Two blocks of DenseNet with a transition between, every layer concatenating all features before it."""

    image = (3, 14, 10)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 5, 3, 1, 1)
        self.block1 = nn.ModuleList([DenseLayer(5 + 3 * i, 3) for i in range(3)])
        self.norm, self.relu, self.conv = nn.BatchNorm2d(14), nn.ReLU(), nn.Conv2d(14, 7, 1, bias=False)
        self.pool = nn.AvgPool2d(2)
        self.block2 = nn.ModuleList([DenseLayer(7 + 4 * i, 4) for i in range(2)])
        self.last, self.relu2 = nn.BatchNorm2d(15), nn.ReLU()
        self.fc = nn.Linear(15, 10)

    @staticmethod
    def run(block: nn.ModuleList, x):
        features = [x]
        for layer in block:
            features.append(layer(*features))
        return torch.cat(features, 1)

    def forward(self, x):
        x = self.run(self.block1, self.stem(x))
        x = self.run(self.block2, self.pool(self.conv(self.relu(self.norm(x)))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(self.relu2(self.last(x)), 1), 1))


class ShuffleNet(nn.Module):
    """torchvision's units of ShuffleNet-V2, with and without a stride: split, concatenation and channel shuffle."""

    image = (3, 18, 14)

    def __init__(self) -> None:
        super().__init__()
        self.pad = nn.ZeroPad2d((1, 0, 1, 2))
        self.stem, self.bn, self.relu = nn.Conv2d(3, 6, 3, 2, bias=False), nn.BatchNorm2d(6), nn.ReLU()
        self.unit1, self.unit2 = (
            torchvision.models.shufflenetv2.InvertedResidual(*sizes) for sizes in ((6, 12, 2), (12, 12, 1))
        )
        self.fc = nn.Linear(12, 10)

    def forward(self, x):
        x = self.unit2(self.unit1(self.relu(self.bn(self.stem(self.pad(x))))))
        return self.fc(x.mean([2, 3]))


class SqueezeExcite(nn.Module):
    """A factor for each channel of each image, from the means of its channels."""

    def __init__(self, channels: int, squeezed: int, gate: nn.Module) -> None:
        super().__init__()
        self.pool, self.relu, self.gate = nn.AdaptiveAvgPool2d(1), nn.ReLU(), gate
        self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        return x * self.gate(self.fc2(self.relu(self.fc1(self.pool(x)))))


class InvertedResidual(nn.Module):
    """The block of MobileNet-V3 and, with other activations, of EfficientNet."""

    def __init__(self, channels: int, expanded: int, activation, gate: nn.Module) -> None:
        super().__init__()
        self.expand, self.bn1 = nn.Conv2d(channels, expanded, 1, bias=False), nn.BatchNorm2d(expanded)
        self.depthwise = nn.Conv2d(expanded, expanded, 3, 1, 1, groups=expanded, bias=False)
        self.bn2, self.excite = nn.BatchNorm2d(expanded), SqueezeExcite(expanded, 8, gate)
        self.project, self.bn3 = nn.Conv2d(expanded, channels, 1, bias=False), nn.BatchNorm2d(channels)
        self.act1, self.act2 = activation(), activation()

    def forward(self, x):
        y = self.act2(self.bn2(self.depthwise(self.act1(self.bn1(self.expand(x))))))
        return x + self.bn3(self.project(self.excite(y)))


class SqueezeNets(nn.Module):
    """A block of MobileNet-V3 and one of EfficientNet between the activations of MobileNet-V2 and -V3, and layer
    scales, slopes and the error function of other nets."""

    image = (3, 16, 16)

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.bn, self.act = nn.Conv2d(3, 12, 3, 2, 1, bias=False), nn.BatchNorm2d(12), nn.Hardswish()
        self.mobile = InvertedResidual(12, 20, nn.Hardswish, nn.Hardsigmoid())
        self.efficient = InvertedResidual(12, 24, nn.SiLU, nn.Sigmoid())
        self.head, self.relu6 = nn.Conv2d(12, 28, 1), nn.ReLU6()
        self.scale, self.gelu = nn.Parameter(torch.rand(28, 1, 1) + 0.5), nn.GELU()
        self.pool, self.fc1, self.prelu = nn.AdaptiveAvgPool2d(1), nn.Linear(28, 16), nn.PReLU(16)
        self.leaky, self.fc2 = nn.LeakyReLU(0.1), nn.Linear(16, 10)

    def forward(self, x):
        x = self.efficient(self.mobile(self.act(self.bn(self.stem(x)))))
        x = self.gelu(self.scale * self.relu6(self.head(x)))
        x = self.prelu(self.fc1(torch.flatten(self.pool(x), 1)))
        return self.fc2(self.leaky(x - 0.01))


MODELS = {
    "lenet5": LeNet5,
    "resnet8": ResNet8,
    "mobilenet": MobileNet,
    "densenet": DenseNet,
    "shufflenet": ShuffleNet,
    "resnet18": resnet18,
    "squeeze_nets": SqueezeNets,
}
OPSETS = {"squeeze_nets": 14}  # the first with HardSwish
# Where a module's slope, or the slope of its slope, jumps.
KINKS = {
    nn.ReLU: (0,),
    nn.ReLU6: (0, 6),
    nn.PReLU: (0,),
    nn.LeakyReLU: (0,),
    nn.Hardswish: (-3, 3),
    nn.Hardsigmoid: (-3, 3),
}


def build(name: str) -> nn.Module:
    torch.manual_seed(7)
    return MODELS[name]().train()


def export(model: nn.Module, path: Path, batch: int, opset: int = 13) -> None:
    """Exports in training mode; parameters keep their names, the input is `x`, the output `logits`."""
    x = torch.zeros(batch, *model.image)
    snapshot = copy.deepcopy(model)  # tracing a batch norm in training mode moves its running statistics
    torch.onnx.export(
        snapshot,
        x,
        str(path),
        training=torch.onnx.TrainingMode.TRAINING,
        do_constant_folding=False,
        opset_version=opset,
        input_names=["x"],
        output_names=["logits"],
    )


def optimizer_of(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)


def by_name(outputs: torch.Tensor | tuple[torch.Tensor, ...]) -> dict[str, torch.Tensor]:
    """`logits`, `logits1`, ..., as `arsis.from_torch` names them."""
    values = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
    return dict(zip(output_names(outputs), values, strict=True))


def step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: torch.Tensor,
    given: torch.Tensor,
    loss_of: Callable[[dict[str, torch.Tensor], torch.Tensor], torch.Tensor] = lambda outputs, labels: F.cross_entropy(
        outputs["logits"], labels
    ),
) -> dict[str, torch.Tensor]:
    """One training step in the model's own precision; loss, outputs, `grad:<name>` and the updated state by name.
    `given` are labels or targets."""
    optimizer.zero_grad()
    outputs = by_name(model(x))
    loss = loss_of(outputs, given)
    loss.backward()
    result = {"loss": loss.detach().clone(), **{name: value.detach().clone() for name, value in outputs.items()}}
    result |= {f"grad:{n}": p.grad.detach().clone() for n, p in model.named_parameters()}
    optimizer.step()
    result |= {n: t.detach().clone() for n, t in model.state_dict().items() if not n.endswith("num_batches_tracked")}
    return result


def kinks(model: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """Signed distances to the kinks of the forward pass, one tensor per site: of the input of every module of KINKS
    to each of its kinks, and for every max-pool window the gap between its best value and each other (windows whose
    best value is zero are cut off by the ReLU before them)."""
    sites: list[torch.Tensor] = []

    def pool_gaps(value, pool):
        k, s, p = pool.kernel_size, pool.stride, pool.padding
        padded = F.pad(value, (p, p, p, p), value=-1e30)
        top = padded.unfold(2, k, s).unfold(3, k, s).flatten(-2).topk(2, dim=-1).values
        sites.append(torch.where(top[..., 0] > 0, top[..., 0] - top[..., 1], torch.full_like(top[..., 0], 1e30)))

    handles = []
    for module in model.modules():
        if type(module) in KINKS:
            handles.append(
                module.register_forward_pre_hook(
                    lambda m, args: sites.extend(args[0].detach() - kink for kink in KINKS[type(m)])
                )
            )
        elif isinstance(module, nn.MaxPool2d):
            handles.append(module.register_forward_pre_hook(lambda m, args: pool_gaps(args[0].detach(), m)))
    with torch.no_grad():
        model(x)
    for handle in handles:
        handle.remove()
    return sites


def margin(single: nn.Module, double: nn.Module, x: torch.Tensor) -> float:
    """How far the nearest kink is, in units of the rounding error at its site: the smallest |distance| in fp64 over
    the root mean square of PyTorch's fp32 error there (floor: fp32's epsilon times the site's own magnitude)."""
    smallest = float("inf")
    for exact, rounded in zip(kinks(copy.deepcopy(double), x.double()), kinks(copy.deepcopy(single), x), strict=True):
        live = exact.abs() < 1e29
        live &= exact != 0
        if not live.any():
            continue
        exact, rounded = exact[live], rounded.double()[live]
        usual = rounded.abs() < 1e29
        error = (rounded - exact)[usual].pow(2).mean().sqrt().item()
        floor = torch.finfo(torch.float32).eps * exact.pow(2).mean().sqrt().item()
        smallest = min(smallest, exact.abs().min().item() / max(error, floor))
    return smallest
