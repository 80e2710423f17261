# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How well a trained model classifies, on the chip and on the reference."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

import numpy as np
import onnx
from _arsis import Program, Reference
from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data

from arsis.arrays import Array
from arsis.compiling import compile
from arsis.data import Data
from arsis.models import Model
from arsis.session import Session
from arsis.settings import Settings

EVALUATION_BATCH = 50


def tensor_names(program: Program, *roles: str) -> list[str]:
    return [tensor["name"] for tensor in program.tensors if tensor["role"] in roles]


def evaluation_form(model: Model) -> Model:
    """The model with batch norms that normalise by their running statistics, also where it was exported in training
    form, as `from_torch` does; itself where there are none to change."""
    changed = onnx.load_model_from_string(model.read())
    nodes = [*changed.graph.node, *(node for function in changed.functions for node in function.node)]
    found = False
    for node in nodes:
        for attribute in node.attribute if node.op_type == "BatchNormalization" else ():
            if attribute.name == "training_mode" and attribute.i:
                attribute.i, found = 0, True
                del node.output[1:]  # what training would make of the statistics
    if not found:
        return model
    for tensor in changed.graph.initializer:
        if model.path is not None and uses_external_data(tensor):
            load_external_data_for_tensor(tensor, str(model.path.parent))
    return Model(changed.SerializeToString(), name=model.name)


class Evaluator:
    """Classifies with the forward program, taking weights from a training session or reference."""

    def __init__(self, model: Model, settings: Settings, step: Program) -> None:
        """`step`: the training step, whose loss says which output has the classes and which label is ignored."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the training step has said it
            self.program = compile(
                evaluation_form(model),
                settings.chip,
                overrides=settings.overrides,
                batch=EVALUATION_BATCH,
                **settings.model_options() | {"logits": ""},
            )
        self.session = Session(self.program, settings.chip, settings.overrides)
        self.reference = Reference(self.program)
        self.backend = settings.reference
        self.x = tensor_names(self.program, "input")[0]
        self.y = step.options["loss.output"]
        ignored = re.search(r"ignored=(-?\d+)", step.options["given." + tensor_names(step, "label")[0]])
        self.ignored = int(ignored[1]) if ignored else None
        self.weights = {
            tensor["name"]: tuple(tensor["host_shape"])
            for tensor in self.program.tensors
            if tensor["role"] in ("parameter", "state")
        }
        self.classes = self.output_shape()[1]

    def output_shape(self) -> tuple[int, ...]:
        return next(tuple(tensor["host_shape"]) for tensor in self.program.tensors if tensor["name"] == self.y)

    def accuracy(self, images: Array, labels: Array, run: Callable[[Array], Array]) -> float:
        right = counted = 0
        for start in range(0, len(images), EVALUATION_BATCH):
            part = images[start : start + EVALUATION_BATCH]
            padded = np.zeros((EVALUATION_BATCH, *images.shape[1:]), np.float32)
            padded[: len(part)] = part
            expected = labels[start : start + len(part)]
            found = run(padded)[: len(part)].argmax(axis=1).reshape(expected.shape)
            is_counted = np.full(expected.shape, True) if self.ignored is None else expected != self.ignored
            right += int(((found == expected) & is_counted).sum())
            counted += int(is_counted.sum())
        return right / max(counted, 1)

    def on_chip(self, trained: Session, data: Data) -> float:
        self.session.adopt_state(trained)

        def run(images: Array) -> Array:
            self.session.write(self.x, images)
            self.session.run(mode="functional")
            return self.session.read(self.y)

        return self.accuracy(data.test_images, data.test_labels, run)

    def on_reference(self, trained: Reference, data: Data) -> float:
        for name in self.weights:
            self.reference.write(name, trained.read(name))

        def run(images: Array) -> Array:
            self.reference.write(self.x, images)
            self.reference.run(self.backend)
            return self.reference.read(self.y)

        return self.accuracy(data.test_images, data.test_labels, run)
