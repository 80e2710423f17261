# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What becomes of a case: imported, compiled and run on the machine it gives the published values, and the bits of the
oracle; or it is refused by one error. Gradients are compared with central differences in fp64."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import arsis
import numpy as np
from onnx_cases import Case, with_constants

CHIP = "edge"
# Where a case disagrees on purpose. The running variance is PyTorch's, not ONNX's.
FIRST_OUTPUT = {"test_batchnorm_epsilon_training_mode", "test_batchnorm_example_training_mode"}
# Numbers that numpy draws; a forward pass here keeps every element.
RANDOM = {
    "test_training_dropout",
    "test_training_dropout_default",
    "test_training_dropout_mask",
    "test_training_dropout_default_mask",
}
EXPLAINED = re.compile("has no elements|support|expected|element type|not known|bind it with|leaves nothing")
TOLERANCE = {"bfloat16": 2**-6, "float16": 2**-9}  # of values that were rounded to so few digits, in several steps
STEP, SLOPE_TOLERANCE = 1e-6, 1e-4
OFF_KINKS = 0.25  # in the place of zeros, where many functions have one
OFF_TIES = 2**-7  # from one of equal elements to the next, of which the greatest may be one


@dataclass
class Outcome:
    refused: str = ""  # the reason; empty: it runs
    wrong: str = ""  # what disagrees
    gradient: str = ""  # "agrees", or why there is none


def floats(value: object) -> np.ndarray:
    return np.ascontiguousarray(value, np.float32)


def forward(case: Case) -> Outcome:
    model = with_constants(case)
    if case.name in RANDOM:
        return Outcome(refused="the case has random numbers of numpy's")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = arsis.compile(model.SerializeToString(), CHIP)
        session, reference = arsis.Session(program, CHIP), arsis.Reference(program)
        inputs = {t["name"]: t["host_shape"] for t in program.tensors if t["role"] == "input"}
        for name, value in case.given.items():
            if name in inputs and np.size(value) != np.prod(inputs[name], dtype=int):
                return Outcome(refused=f"the case gives {np.shape(value)}, the model takes {tuple(inputs[name])}")
            if name in inputs:
                session.write(name, floats(value).reshape(inputs[name]))
                reference.write(name, floats(value).reshape(inputs[name]))
        session.run("functional")
        reference.run("exact")
        outputs = [value.name for value in model.graph.output][: 1 if case.name in FIRST_OUTPUT else None]
        found = [session.read(name) for name in outputs]
        oracle = [reference.read(name) for name in outputs]
    except arsis.Error as error:
        text = str(error)
        return Outcome(refused=text) if EXPLAINED.search(text) else Outcome(wrong=f"not explained: {text}")
    for name, one, other, exact in zip(outputs, found, case.wanted, oracle, strict=False):
        if one.tobytes() != exact.tobytes():
            return Outcome(wrong=f"{name}: chip and oracle differ")
        tolerance = TOLERANCE.get(np.asarray(other).dtype.name, 1e-3)
        if not np.allclose(one, np.asarray(other, np.float64), rtol=tolerance, atol=1e-5, equal_nan=True):
            return Outcome(wrong=f"{name}: not the published values")
    return Outcome()


def off_kinks(value: np.ndarray) -> np.ndarray:
    """The value with no zero and no two equal elements."""
    moved = np.where(value == 0, OFF_KINKS, value).reshape(-1)
    again = np.setdiff1d(np.arange(moved.size), np.unique(moved, return_index=True)[1])
    moved[again] += OFF_TIES * (1 + np.arange(again.size))
    return moved.reshape(value.shape)


def run(program: arsis.Program, step: arsis.Reference) -> None:
    """In fp64, with the masks of the first step."""
    if any(tensor["name"] == "random_step" for tensor in program.tensors):
        step.write("random_step", np.zeros((), np.float64))
    step.run("f64")


def gradient(case: Case) -> str:
    """Of the mean square of the first output's difference to random numbers, by every input of floats."""
    model = with_constants(case, "ibf")
    options = {
        "train": True,
        "keep": "gradients",
        "optimizer": "sgd,lr=0",
        "loss": f"mse,of={model.graph.output[0].name}",
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = arsis.compile(model.SerializeToString(), CHIP, **options)
            step = arsis.step_reference(model.SerializeToString(), **options)
    except arsis.Error as error:
        return str(error)
    random = np.random.default_rng(0)
    arrays = {}
    for tensor in program.tensors:
        if tensor["role"] in ("parameter", "label"):
            shape = tuple(tensor["host_shape"])
            value = np.asarray(case.given.get(tensor["name"], random.uniform(-1, 1, shape)), np.float64)
            arrays[tensor["name"]] = off_kinks(value).reshape(shape)
    session, reference = arsis.Session(program, CHIP), arsis.Reference(program)
    for name, value in arrays.items():
        step.write(name, value)
        if name in case.given or name == "targets":
            session.write(name, floats(value).reshape(value.shape))
            reference.write(name, floats(value).reshape(value.shape))
    run(program, step)
    session.run("functional")
    reference.run("exact")
    names = [t["name"] for t in program.tensors if t["role"] == "gradient"]
    if any(session.read(name).tobytes() != reference.read(name).tobytes() for name in ["loss", *names]):
        return "chip and oracle differ"
    gradients = {name: step.read(name).copy() for name in names}

    def loss_at(parameter: str, value: np.ndarray) -> float:
        step.write(parameter, value)
        run(program, step)
        return float(step.read("loss"))

    for parameter in [each for each in arrays if f"grad:{each}" in gradients]:
        found = gradients[f"grad:{parameter}"]
        direction = random.standard_normal(found.shape)
        ends = [loss_at(parameter, arrays[parameter] + sign * STEP * direction) for sign in (1, -1)]
        loss_at(parameter, arrays[parameter])
        slope, told = (ends[0] - ends[1]) / (2 * STEP), float(np.vdot(found, direction))
        if abs(slope - told) > SLOPE_TOLERANCE * max(abs(slope), np.linalg.norm(found)) + 1e-9:
            return f"the gradient of {parameter} is {told:.6g} along a direction of slope {slope:.6g}"
    return "agrees"


def is_evaluated(case: Case) -> bool:
    """Whether the case with all inputs known becomes a constant at import."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            arsis.step_reference(with_constants(case, "ibuf").SerializeToString())
    except arsis.Error as error:
        return "is a constant" in str(error)
    return False
