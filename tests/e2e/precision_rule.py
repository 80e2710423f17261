# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""When a step in half precision is as near to fp64 as PyTorch's.

The error of a tensor (norm of the difference to fp64, median over the seeds) may be at most twice PyTorch's. That holds
for tensors of at least 64 elements whose norm exceeds 1e-3 of the largest of their kind; the others, which a single
flipped decision can move, may differ by half a unit in the last place of that largest norm."""

from __future__ import annotations

import dataclasses
from statistics import median

import torch

FACTOR, LEAST_ELEMENTS, LEAST_SHARE = 2.0, 64, 1e-3
HALF_UNIT = {"bf16": 2.0**-9, "fp16": 2.0**-12}


def kind_of(name: str) -> str:
    """Gradients are one kind, and so are weights, biases, means and variances."""
    return name.split(":")[0] if ":" in name else name.rsplit(".", 1)[-1]


@dataclasses.dataclass(order=True)
class Row:
    """`share` of what is allowed to a tensor's error, beyond 1 too much; `ratio`: the error in PyTorch's."""

    share: float
    name: str
    norm: float
    error: float
    allowed: float
    ratio: float

    def __str__(self) -> str:
        sizes = f"|x|={self.norm:9.3e} chip={self.error:9.3e} allowed={self.allowed:9.3e}"
        return f"{self.share:5.2f} {self.name:36s} {sizes}"


class Comparison:
    """Of the tensors of several seeds."""

    def __init__(self, precision: str) -> None:
        self.precision = precision
        self.ours: dict[str, list[float]] = {}
        self.theirs: dict[str, list[float]] = {}
        self.sizes: dict[str, list[tuple[float, int]]] = {}

    def add(self, name: str, truth: torch.Tensor, chip: torch.Tensor, pytorch: torch.Tensor) -> None:
        self.ours.setdefault(name, []).append((chip.double().reshape(truth.shape) - truth).norm().item())
        self.theirs.setdefault(name, []).append((pytorch.double() - truth).norm().item())
        self.sizes.setdefault(name, []).append((truth.norm().item(), truth.numel()))

    def rows(self) -> list[Row]:
        """One for each tensor, the nearest to its limit last."""
        norms = {name: median(norm for norm, _ in values) for name, values in self.sizes.items()}
        largest: dict[str, float] = {}
        for name, norm in norms.items():
            largest[kind_of(name)] = max(largest.get(kind_of(name), 0.0), norm)
        rows = []
        for name, norm in norms.items():
            error, theirs, most = median(self.ours[name]), median(self.theirs[name]), largest[kind_of(name)]
            allowed = FACTOR * theirs
            if self.sizes[name][0][1] < LEAST_ELEMENTS or norm <= LEAST_SHARE * most:
                allowed = max(allowed, HALF_UNIT[self.precision] * most)
            rows.append(Row(error / max(allowed, 1e-300), name, norm, error, allowed, error / max(theirs, 1e-300)))
        return sorted(rows)
