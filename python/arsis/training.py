# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training on the simulated chip, with the reference taking the same steps beside it."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import arsis
from arsis.checkpoint import Weights, check_weights
from arsis.data import Data

EVALUATION_BATCH = 50


@dataclass
class Settings:
    model: str
    chip: str
    batch: int = 32
    epochs: int = 10
    learning_rate: float = 0.02
    decay: str = "none"  # "cosine": the learning rate falls to zero along half a cosine over all steps
    momentum: float = 0.9
    weight_decay: float = 0.0
    seed: int = 0
    reference: str = "exact"  # backend of the reference; "off": none
    timing: str = (
        "all"  # "all": every step is timed; "first": only the first of each epoch (cycles do not depend on values)
    )
    logits: str = ""  # output that the loss reads; "": the only one
    tie: tuple[str, ...] = ()  # patterns of constants that stay one parameter
    untie: tuple[str, ...] = ()  # and of those that become one for each reader
    freeze: tuple[str, ...] = ()  # patterns of parameters that stay as they are
    random_weights: int | None = None  # seed of values for parameters that the file gives none
    precision: str = "fp32"  # in which activations are stored and factors multiplied: fp32, bf16 or fp16
    store: tuple[str, ...] = ()  # LAYER=TYPE: of the layers that store another type
    overrides: dict[str, str] = field(default_factory=dict)  # values of the chip, by dotted key

    def model_options(self) -> dict:
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


def tensor_names(program: arsis.Program, *roles: str) -> list[str]:
    return [tensor["name"] for tensor in program.tensors if tensor["role"] in roles]


class Evaluator:
    """Classifies with the forward program, taking weights from a training session or reference."""

    def __init__(self, model: Path, settings: Settings) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the training step has said it
            self.program = arsis.compile(
                str(model),
                settings.chip,
                overrides=settings.overrides,
                batch=EVALUATION_BATCH,
                **settings.model_options() | {"logits": ""},
            )
        self.session = arsis.Session(self.program, settings.chip, settings.overrides)
        self.reference = arsis.Reference(self.program)
        self.backend = settings.reference
        self.x = tensor_names(self.program, "input")[0]
        self.y = settings.logits or tensor_names(self.program, "output")[0]
        self.weights = {
            tensor["name"]: tuple(tensor["host_shape"])
            for tensor in self.program.tensors
            if tensor["role"] in ("parameter", "state")
        }
        self.classes = math.prod(self.output_shape()[1:])

    def output_shape(self) -> tuple[int, ...]:
        return next(tuple(tensor["host_shape"]) for tensor in self.program.tensors if tensor["name"] == self.y)

    def accuracy(self, images: np.ndarray, labels: np.ndarray, run: Callable[[np.ndarray], np.ndarray]) -> float:
        right = 0
        for start in range(0, len(images), EVALUATION_BATCH):
            part = images[start : start + EVALUATION_BATCH]
            padded = np.zeros((EVALUATION_BATCH, *images.shape[1:]), np.float32)
            padded[: len(part)] = part
            logits = run(padded)[: len(part)].reshape(len(part), self.classes)
            right += int((logits.argmax(axis=1) == labels[start : start + len(part)]).sum())
        return right / len(images)

    def on_chip(self, trained: arsis.Session, data: Data) -> float:
        self.session.adopt_state(trained)

        def run(images: np.ndarray) -> np.ndarray:
            self.session.write(self.x, images)
            self.session.run(mode="functional")
            return self.session.read(self.y)

        return self.accuracy(data.test_images, data.test_labels, run)

    def on_reference(self, trained: arsis.Reference, data: Data) -> float:
        for name in self.weights:
            self.reference.write(name, trained.read(name))

        def run(images: np.ndarray) -> np.ndarray:
            self.reference.write(self.x, images)
            self.reference.run(self.backend)
            return self.reference.read(self.y)

        return self.accuracy(data.test_images, data.test_labels, run)


def notes(data: Data, settings: Settings) -> list[str]:
    """What a person should know of the use of `data` before the training. Raises ValueError if no step fits."""
    images = len(data.train_images)
    if settings.batch > images:
        raise ValueError(f"a batch of {settings.batch} is larger than the {images} training images")
    dropped = images % settings.batch
    return [f"each epoch leaves out {dropped} of {images} images, which fill no batch of {settings.batch}"] * bool(
        dropped
    )


def training_section(settings: Settings, data: Data, history: History, compile_s: float, wall_clock_s: float) -> dict:
    """What a report says of a training, finished or not."""
    return {
        "model": settings.model,
        "data": data.name,
        "chip": settings.chip,
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


def check_bit_exact(session: arsis.Session, reference: arsis.Reference, names: list[str], epoch: int) -> None:
    """Raises RuntimeError naming the first of `names` whose bits differ between chip and exact reference."""
    for name in names:
        if session.read(name).tobytes() != reference.read(name).tobytes():
            raise RuntimeError(f"epoch {epoch}: tensor '{name}' differs between the chip and the exact reference")


def train(
    model: Path,
    data: Data,
    settings: Settings,
    progress: Callable[[int, int, History], None],
    checkpoint: Callable[[dict], None] = lambda report: None,
    save: Callable[[Weights], None] = lambda weights: None,
    init: Weights | None = None,
) -> dict:
    """Runs the training; returns the last timed step's report with a section `training`.
    `progress(step, steps, history)` is called after every step, `checkpoint(report)` with the report so far after the
    first step and after every epoch, `save(weights)` before it after every epoch with what the forward pass reads:
    parameters and running statistics by the model's own names. `init` are weights to start from, all of them. With the
    exact reference every parameter and state tensor is compared bit for bit after every epoch."""
    begin = time.perf_counter()
    notes(data, settings)
    program = arsis.compile(
        str(model),
        settings.chip,
        overrides=settings.overrides,
        batch=settings.batch,
        train=True,
        optimizer=settings.optimizer(),
        **settings.model_options(),
    )
    compiled = time.perf_counter()
    session = arsis.Session(program, settings.chip, settings.overrides)
    reference = arsis.Reference(program) if settings.reference != "off" else None
    evaluator = Evaluator(model, settings)
    x = tensor_names(program, "input")[0]
    labels = tensor_names(program, "label")[0]
    loss_name = tensor_names(program, "loss")[0]
    rate_name = next(name for name in tensor_names(program, "hyper") if "learning_rate" in name)
    seeds = {n: np.array(settings.seed, np.float32) for n in tensor_names(program, "hyper") if "random_seed" in n}
    data.check_labels(evaluator.classes)
    absent = sorted(set(tensor_names(program, "parameter")) - evaluator.weights.keys())
    if absent:
        raise ValueError(f"{model}: parameter {absent[0]} is an input without values; give --random-weights SEED")
    if init is not None:
        check_weights(init, evaluator.weights)
    for target in (session, reference) if reference else (session,):
        for name, array in {**seeds, **(init or {})}.items():
            target.write(name, array)
    steps_per_epoch = len(data.train_images) // settings.batch
    random = np.random.default_rng(settings.seed)
    history, report = History(), {}
    with ThreadPoolExecutor(1) as pool:  # the reference runs beside the simulator, on the other core
        for epoch in range(settings.epochs):
            order = random.permutation(len(data.train_images))
            for number in range(steps_per_epoch):
                chosen = order[number * settings.batch : (number + 1) * settings.batch]
                inputs = {x: data.train_images[chosen], labels: data.train_labels[chosen]}
                if settings.decay != "none":
                    step = epoch * steps_per_epoch + number
                    now = settings.rate(step, settings.epochs * steps_per_epoch)
                    inputs[rate_name] = np.array(now, np.float32)
                if reference:
                    for name, array in inputs.items():
                        reference.write(name, array)
                    pending = pool.submit(reference.run, settings.reference)
                for name, array in inputs.items():
                    session.write(name, array)
                timed = settings.timing == "all" or number == 0
                outcome = session.run(mode="full" if timed else "functional")
                loss = float(session.read(loss_name))
                if not math.isfinite(loss):
                    where = f"epoch {epoch + 1}, step {number + 1}"
                    raise ValueError(f"{where}: the loss is {loss}; lower the learning rate")
                history.loss_chip.append(loss)
                if timed:
                    report = {**outcome, "training": report.get("training")}
                    history.steps_timed += 1
                    history.cycles.append(outcome["totals"]["cycles"])
                if reference:
                    pending.result()
                    history.loss_reference.append(float(reference.read(loss_name)))
                if number + 1 == steps_per_epoch:
                    history.accuracy_chip.append(evaluator.on_chip(session, data))
                    if reference:
                        history.accuracy_reference.append(evaluator.on_reference(reference, data))
                    if reference and settings.reference == "exact":
                        check_bit_exact(session, reference, tensor_names(program, "parameter", "state"), epoch + 1)
                        history.epochs_bit_exact += 1
                    save({name: session.read(name) for name in evaluator.weights})
                if number + 1 == steps_per_epoch or len(history.loss_chip) == 1:
                    spent = time.perf_counter() - begin
                    report["training"] = training_section(settings, data, history, compiled - begin, spent)
                    checkpoint(report)
                progress(epoch * steps_per_epoch + number + 1, settings.epochs * steps_per_epoch, history)
    return report
