# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PyTorch takes the decisions of another run: which side of a kink an element is on, which element of a window is the
largest, which elements dropout keeps.

In a large net some element always lies nearer to a kink than rounding is exact, and there a gradient may differ by its
whole size. So a PyTorch module runs here with the decisions that the chip took: then all that is left is rounding. Each
element where PyTorch alone would have decided otherwise is a flip; how far from the kink it was is recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import torch
from philox import mask
from torch.overrides import TorchFunctionMode

# Function of PyTorch: type of the node in the file.
SITES = {
    "relu": "Relu",
    "relu_": "Relu",
    "hardtanh": "Clip",
    "hardswish": "HardSwish",
    "hardsigmoid": "HardSigmoid",
    "prelu": "PRelu",
    "max_pool2d": "MaxPool",
}


def regions(kind: str, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Where an activation's result says that its operand was below the lower kink, and above the upper one."""
    top = {"Clip": 6.0, "HardSwish": 3.0, "HardSigmoid": 1.0}.get(kind)
    low = y == 0 if kind == "HardSwish" else y <= 0  # a PRelu has the sign of its operand where its slope is positive
    return low, torch.zeros_like(low) if top is None else y >= top


def kinks(kind: str) -> tuple[float, ...]:
    return {"Clip": (0.0, 6.0), "HardSwish": (-3.0, 3.0), "HardSigmoid": (-3.0, 3.0)}.get(kind, (0.0,))


def by_regions(kind: str, x: torch.Tensor, low: torch.Tensor, top: torch.Tensor, slope=None) -> torch.Tensor:
    """`slope` is that of a PRelu, one for each channel."""
    zero = torch.zeros_like(x)
    if slope is not None:
        return torch.where(low, x * slope.reshape(1, -1, *[1] * (x.ndim - 2)), x)
    middle = {"HardSwish": x * (x + 3) / 6, "HardSigmoid": x / 6 + 0.5}.get(kind, x)
    above = {"Clip": zero + 6, "HardSigmoid": zero + 1}.get(kind, x)
    return torch.where(low, zero, torch.where(top, above, middle))


@dataclasses.dataclass
class Site:
    """One decision of many elements: how often PyTorch would have decided otherwise, and how far the furthest of these
    was from the kink (of a pooling: by how much the window's largest element is larger)."""

    layer: str
    operand: torch.Tensor
    flips: int
    distance: float


class Decisions(TorchFunctionMode):
    """While this is entered, a module decides as `taken(layer)`, the chip's value of a layer (N, C, H, W), says.

    With `taken` None it decides for itself. `layers` are the names of the nodes of the file by type, in order; `pooled`
    gives the layer that a MaxPool reads. Dropout and `bernoulli_` get the masks of (seed, step)."""

    def __init__(
        self,
        taken: Callable[[str], torch.Tensor] | None,
        layers: dict[str, list[str]],
        pooled: dict[str, str],
        seed: int,
        step: int = 0,
    ) -> None:
        super().__init__()
        self.taken, self.pooled, self.seed, self.step = taken, pooled, seed, step
        self.left = {kind: iter(names) for kind, names in layers.items()}
        self.sites: list[Site] = []
        self.masks = 0

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        keywords, name = keywords or {}, getattr(function, "__name__", "")
        if name == "dropout" and keywords.get("p", 0.5) > 0:
            return self.dropout(arguments[0], keywords["p"])
        if name == "bernoulli_":
            return self.bernoulli(*arguments)
        if name not in SITES or self.taken is None:
            return function(*arguments, **keywords)
        kind, x = SITES[name], arguments[0]
        layer = next(self.left[kind])
        if kind == "MaxPool":
            return self.pool(layer, x, arguments[1:], keywords)
        return self.activation(kind, layer, x, arguments[1] if kind == "PRelu" else None)

    def mask(self, shape: tuple[int, ...], ratio: float) -> torch.Tensor:
        """Of the next dropout; an image lies on the chip with its channels last."""
        last = (shape[0], *shape[2:], shape[1]) if len(shape) > 2 else shape
        kept = torch.from_numpy(mask(last, self.seed, self.step, self.masks, ratio))
        self.masks += 1
        return kept.movedim(-1, 1) if len(shape) > 2 else kept

    def dropout(self, x: torch.Tensor, ratio: float) -> torch.Tensor:
        return (x * self.mask(tuple(x.shape), float(np.float32(ratio))) / (1 - ratio)).to(x.dtype)

    def bernoulli(self, x: torch.Tensor, probability: float) -> torch.Tensor:
        if probability < 1:
            ratio = float(np.float32(1) - np.float32(probability))
            return x.copy_(self.mask(tuple(x.shape), ratio))
        return x.fill_(1)

    def note(self, layer: str, x: torch.Tensor, flipped: torch.Tensor, distances: torch.Tensor) -> None:
        furthest = distances[flipped].max().item() if flipped.any() else 0.0
        self.sites.append(Site(layer, x.detach(), int(flipped.sum()), furthest))

    def activation(self, kind: str, layer: str, x: torch.Tensor, slope=None) -> torch.Tensor:
        low, top = regions(kind, self.taken(layer))
        with torch.no_grad():
            own_low, own_top = x <= kinks(kind)[0], x >= (kinks(kind)[1] if len(kinks(kind)) > 1 else float("inf"))
            nearest = torch.stack([(x - kink).abs() for kink in kinks(kind)]).amin(0)
            self.note(layer, x, (low != own_low) | (top != own_top), nearest)
        return by_regions(kind, x, low, top, slope)

    def pool(self, layer: str, x: torch.Tensor, arguments, keywords) -> torch.Tensor:
        options = dict(zip(("kernel_size", "stride", "padding", "dilation", "ceil_mode"), arguments, strict=False))
        options |= {key: value for key, value in keywords.items() if key != "return_indices"}
        pool = torch.nn.functional.max_pool2d_with_indices
        largest, indices = pool(self.taken(self.pooled[layer]), **options)
        chosen = x.flatten(2).gather(2, indices.flatten(2)).reshape(largest.shape)
        with torch.no_grad():
            own, _ = pool(x, **options)
            self.note(layer, x, own != chosen, own - chosen)
        return chosen
