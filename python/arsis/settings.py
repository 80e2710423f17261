# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a training is told, and what it remembers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from arsis.chip import ChipLike


@dataclass
class Settings:
    """How a model is trained. Every value has a default, that of `arsis train`.

    >>> arsis.Settings(chip=arsis.Chip("edge").with_(**{"matrix.rows": 8}), epochs=2).optimizer()
    'sgd,lr=0.02,momentum=0.9,weight-decay=0.0'
    """

    chip: ChipLike = "edge"
    batch: int = 32
    epochs: int = 10
    learning_rate: float = 0.02
    decay: str = "none"  # "cosine": the learning rate falls to zero along half a cosine over all steps
    momentum: float = 0.9
    weight_decay: float = 0.0
    seed: int = 0  # of the order of the images and of dropout
    reference: str = "exact"  # backend of the reference; "off": none
    timing: str = (
        "all"  # "all": every step is timed; "first": only the first of each epoch (cycles do not depend on values)
    )
    loss: str = "softmax-xent"  # of classes; its keys and terms are in docs/guide_losses.md
    logits: str = ""  # output that a loss of one term reads; "": the only one
    tie: tuple[str, ...] = ()  # patterns of constants that stay one parameter
    untie: tuple[str, ...] = ()  # and of those that become one for each reader
    freeze: tuple[str, ...] = ()  # patterns of parameters that stay as they are
    random_weights: int | None = None  # seed of values for parameters that the file gives none
    precision: str = "fp32"  # in which activations are stored and factors multiplied: fp32, bf16 or fp16
    store: tuple[str, ...] = ()  # LAYER=TYPE: of the layers that store another type
    overrides: Mapping[str, object] = field(default_factory=dict)  # values of the chip, by dotted key

    def model_options(self) -> dict[str, Any]:
        """Options of compile() that training and evaluation share: which tensor is which parameter, and types."""
        return {
            "logits": self.logits,
            "tie": list(self.tie),
            "untie": list(self.untie),
            "freeze": list(self.freeze),
            "random_weights": self.random_weights,
            "precision": self.precision,
            "store": list(self.store),
        }

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of step `step` of `steps`, from 0."""
        return self.learning_rate * (0.5 + 0.5 * math.cos(math.pi * step / steps) if self.decay == "cosine" else 1)

    def optimizer(self) -> str:
        return f"sgd,lr={self.learning_rate!r},momentum={self.momentum!r},weight-decay={self.weight_decay!r}"


@dataclass
class History:
    """One entry per step or per epoch; losses are means over the batch."""

    loss_chip: list[float] = field(default_factory=list)
    loss_reference: list[float] = field(default_factory=list)
    accuracy_chip: list[float] = field(default_factory=list)
    accuracy_reference: list[float] = field(default_factory=list)
    cycles: list[int] = field(default_factory=list)
    steps_timed: int = 0
    epochs_bit_exact: int = 0  # epochs after which every parameter and state tensor equalled the exact reference's
