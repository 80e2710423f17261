# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training on the simulated chip, with the reference taking the same steps beside it."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from _arsis import Error, InputError, ModelError, Program, Reference, option_name

from arsis import data as data_sets
from arsis.arrays import Array, Json
from arsis.checkpoint import Weights, check_weights
from arsis.chip import Chip
from arsis.compiling import compile
from arsis.data import Data
from arsis.evaluation import Evaluator, tensor_names
from arsis.models import Model, ModelLike
from arsis.onnx_shapes import image_shape
from arsis.run_report import Report
from arsis.session import Session
from arsis.settings import History, Settings


class StopTraining(Exception):
    """Raised by a callback: the training ends here, with the report as it is."""


class Callback:
    """What is told of a training while it runs. Both methods may be left out."""

    def on_step(self, training: Training) -> None:
        """After every step; in the last of an epoch its accuracy is known."""

    def on_epoch(self, training: Training) -> None:
        """After every epoch."""


def notes(data: Data, settings: Settings) -> list[str]:
    """What a person should know of the use of `data` before the training. Raises InputError if no step fits."""
    images = len(data.train_images)
    if settings.batch > images:
        raise InputError(f"a batch of {settings.batch} is larger than the {images} training images")
    dropped = images % settings.batch
    return [f"each epoch leaves out {dropped} of {images} images, which fill no batch of {settings.batch}"] * bool(
        dropped
    )


def training_section(
    model: str, settings: Settings, data: Data, history: History, compile_s: float, wall_clock_s: float
) -> Json:
    """What a report says of a training, finished or not."""
    return {
        "model": model,
        "data": data.name,
        "chip": Chip(settings.chip).name,
        "epochs": settings.epochs,
        "batch": settings.batch,
        "learning_rate": settings.learning_rate,
        "decay": settings.decay,
        "momentum": settings.momentum,
        "weight_decay": settings.weight_decay,
        "precision": settings.precision,
        "seed": settings.seed,
        "steps": len(history.loss_chip),
        "steps_per_epoch": len(data.train_images) // settings.batch,
        "steps_timed": history.steps_timed,
        "train_images": len(data.train_images),
        "train_images_left_out_per_epoch": len(data.train_images) % settings.batch,
        "test_images": len(data.test_images),
        "reference": settings.reference,
        "loss_chip": history.loss_chip,
        "loss_reference": history.loss_reference,
        "epochs_bit_exact": history.epochs_bit_exact,
        "accuracy_chip": history.accuracy_chip,
        "accuracy_reference": history.accuracy_reference,
        "cycles_per_step": sorted(set(history.cycles)),
        "compile_s": compile_s,
        "wall_clock_s": wall_clock_s,
    }


def check_bit_exact(session: Session, reference: Reference, names: list[str], epoch: int) -> None:
    """Raises Error naming the first of `names` whose bits differ between chip and exact reference."""
    for name in names:
        if session.read(name).tobytes() != reference.read(name).tobytes():
            raise Error(f"epoch {epoch}: tensor '{name}' differs between the chip and the exact reference")


def labels_of(program: Program, loss: str) -> Json:
    """The one tensor of class numbers that a step reads. Raises InputError for another loss."""
    given = [tensor for tensor in program.tensors if tensor["role"] == "label"]
    if len(given) != 1 or given[0]["type"] != "i32":
        found = ", ".join(f"{tensor['name']} of {tensor['type']}" for tensor in given)
        raise InputError(
            f"{option_name('loss')}: found '{loss}', which reads {found}; expected one that reads one tensor of "
            "labels, which data sets have: arsis.compile and arsis.Session take any"
        )
    labels: Json = given[0]
    return labels


class Training:
    """A training that runs: what callbacks look at."""

    def __init__(self, model: Model, data: Data, settings: Settings, init: Weights | None) -> None:
        notes(data, settings)
        self.model, self.data, self.settings = model, data, settings
        self.history = History()
        self.step = 0  # that was taken last, from 1
        self.steps_per_epoch = len(data.train_images) // settings.batch
        self.steps = settings.epochs * self.steps_per_epoch
        self.begin = time.perf_counter()
        self.program = compile(
            model,
            settings.chip,
            overrides=settings.overrides,
            batch=settings.batch,
            train=True,
            optimizer=settings.optimizer(),
            loss=settings.loss,
            **settings.model_options(),
        )
        self.compile_s = time.perf_counter() - self.begin
        self.session = Session(self.program, settings.chip, settings.overrides)
        self.reference = Reference(self.program) if settings.reference != "off" else None
        self.labels = labels_of(self.program, settings.loss)
        self.evaluator = Evaluator(model, settings, self.program)
        data.check_labels(self.evaluator.classes, self.labels["host_shape"][1:], self.evaluator.ignored)
        absent = sorted(set(tensor_names(self.program, "parameter")) - self.evaluator.weights.keys())
        if absent:
            raise ModelError(
                f"{model.name}: parameter {absent[0]} is an input without values; "
                f"give {option_name('random-weights')} SEED"
            )
        for name in tensor_names(self.program, "hyper"):
            if "random_seed" in name:
                self._write(name, np.array(settings.seed, np.float32))
        if init is not None:
            check_weights(init, self.evaluator.weights)
            for name, array in init.items():
                self._write(name, array)
        self._random = np.random.default_rng(settings.seed)
        self._timed: Report | None = None

    @property
    def epoch(self) -> int:
        """Epochs that are complete."""
        return self.step // self.steps_per_epoch

    def weights(self) -> Weights:
        """What the forward pass reads: parameters and running statistics by the model's own names."""
        return {name: self.session.read(name) for name in self.evaluator.weights}

    def report(self) -> Report:
        """That of the last step with a clock, with a section `training` of all steps so far."""
        spent = time.perf_counter() - self.begin
        section = training_section(self.model.name, self.settings, self.data, self.history, self.compile_s, spent)
        return Report({**(self._timed or {}), "training": section})

    def _write(self, name: str, array: Array) -> None:
        for target in (self.session, self.reference):
            if target is not None:
                target.write(name, array)

    def _take_step(self, chosen: Array, pool: ThreadPoolExecutor) -> None:
        """One step with these images, on the chip and beside it on the reference."""
        number = self.step % self.steps_per_epoch
        self._write(tensor_names(self.program, "input")[0], self.data.train_images[chosen])
        self._write(self.labels["name"], self.data.train_labels[chosen])
        if self.settings.decay != "none":
            name = next(name for name in tensor_names(self.program, "hyper") if "learning_rate" in name)
            self._write(name, np.array(self.settings.rate(self.step, self.steps), np.float32))
        loss_name = tensor_names(self.program, "loss")[0]
        pending = pool.submit(self.reference.run, self.settings.reference) if self.reference else None
        timed = self.settings.timing == "all" or number == 0
        outcome = self.session.run(mode="full" if timed else "functional", power=timed)
        loss = float(self.session.read(loss_name))
        if not math.isfinite(loss):
            where = f"epoch {self.epoch + 1}, step {number + 1}"
            raise InputError(f"{where}: the loss is {loss}; lower the learning rate")
        self.step += 1
        self.history.loss_chip.append(loss)
        if timed:
            self._timed = outcome
            self.history.steps_timed += 1
            self.history.cycles.append(outcome.cycles)
        if self.reference and pending:
            pending.result()
            self.history.loss_reference.append(float(self.reference.read(loss_name)))

    def _close_epoch(self) -> None:
        self.history.accuracy_chip.append(self.evaluator.on_chip(self.session, self.data))
        if self.reference:
            self.history.accuracy_reference.append(self.evaluator.on_reference(self.reference, self.data))
        if self.reference and self.settings.reference == "exact":
            names = tensor_names(self.program, "parameter", "state")
            check_bit_exact(self.session, self.reference, names, self.epoch)
            self.history.epochs_bit_exact += 1

    def run(self, callbacks: Sequence[Callback]) -> None:
        """Takes all steps."""
        with ThreadPoolExecutor(1) as pool:  # the reference runs beside the simulator, on the other core
            for _ in range(self.settings.epochs):
                order = self._random.permutation(len(self.data.train_images))
                for number in range(self.steps_per_epoch):
                    self._take_step(order[number * self.settings.batch :][: self.settings.batch], pool)
                    is_last = number + 1 == self.steps_per_epoch
                    if is_last:
                        self._close_epoch()
                    for callback in callbacks:
                        callback.on_step(self)
                    for callback in callbacks if is_last else ():
                        callback.on_epoch(self)


def train(
    model: ModelLike,
    data: Data | str,
    settings: Settings | None = None,
    callbacks: Sequence[Callback] = (),
    init: Weights | None = None,
) -> Report:
    """Trains `model` on the chip of the settings; returns the last timed step's report with a section `training`.

    `data`: a data set, or what `arsis train --data` takes (mnist, synthetic, the path of an .npz file). `callbacks`
    are told of every step and every epoch, in order. `init`: weights to start from, all of them, as
    `Training.weights` returns them. With the exact reference every parameter and state tensor is compared bit for
    bit after every epoch. Raises what `compile` and `Session` do, InputError for data that do not fit the model or a
    loss that is not finite, Error where chip and exact reference differ.

    >>> class Losses(arsis.Callback):
    ...     def on_epoch(self, training):
    ...         print(training.epoch, training.history.loss_chip[-1] < 3)
    >>> settings = arsis.Settings(batch=100, epochs=1, timing="first", reference="off")
    >>> report = arsis.train("lenet5", "synthetic", settings, callbacks=[Losses()])
    1 True
    >>> report["training"]["steps_timed"]
    1
    """
    source = Model(model)
    loaded = data_sets.load(data, image_shape(source.read(), source.name)) if isinstance(data, str) else data
    training = Training(source, loaded, settings or Settings(), init)
    with contextlib.suppress(StopTraining):
        training.run(callbacks)
    return training.report()
