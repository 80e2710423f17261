# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients and updates as two programs of one session take the steps of the joint program, bit for bit, on the chip
and in the reference: an independent program, with other units and addresses, for the same arithmetic."""

import warnings
from pathlib import Path

import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module")
import numpy as np  # noqa: E402
from arsis import models  # noqa: E402

OPTIMIZER = "sgd,lr=0.02,momentum=0.9,weight-decay=0.0005"
IMAGES = {"lenet5": (1, 28, 28), "resnet8": (3, 32, 32)}
BATCH, STEPS = 4, 3
CARRIED = ("parameter", "state")


def names(program: arsis.Program, *roles: str) -> list[str]:
    """Of the tensors that have one of the roles."""
    return [tensor["name"] for tensor in program.tensors if tensor["role"] in roles]


def inputs(model: str) -> list[dict[str, np.ndarray]]:
    random = np.random.default_rng(5)
    return [
        {
            "x": random.normal(size=(BATCH, *IMAGES[model])).astype(np.float32),
            "labels": random.integers(0, 10, BATCH).astype(np.int32),
        }
        for _ in range(STEPS)
    ]


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    return found.shape == expected.shape and found.tobytes() == expected.tobytes()


@pytest.fixture(scope="module", params=[("lenet5", "edge"), ("lenet5", "tiny"), ("resnet8", "edge")], ids="-".join)
def case(request, tmp_path_factory):
    """(model, chip, programs by phase)."""
    name, chip = request.param
    file: Path = models.model_path(name, tmp_path_factory.mktemp(name))
    programs = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for phase in ("joint", "gradients", "update"):
            programs[phase] = arsis.compile(str(file), chip, batch=BATCH, train=True, optimizer=OPTIMIZER, phase=phase)
    return name, chip, programs


def test_each_program_has_what_it_needs(case) -> None:
    _, _, programs = case
    joint, gradients, update = (programs[phase] for phase in ("joint", "gradients", "update"))
    parameters, state = set(names(joint, "parameter")), set(names(joint, "state"))
    assert parameters and state
    assert len(names(update, "gradient")) == len(parameters)
    assert names(gradients, "gradient") == names(update, "gradient") and not names(joint, "gradient")
    assert set(names(gradients, "parameter")) == set(names(update, "parameter")) == parameters
    statistics, slots = set(names(gradients, "state")), set(names(update, "state"))
    assert statistics | slots == state and not statistics & slots and len(slots) == len(parameters)
    assert not names(update, "input", "label", "loss", "output") and not names(gradients, "hyper")


def test_chip(case) -> None:
    """Steps on the chip."""
    model, chip, programs = case
    joint = arsis.Session(programs["joint"], chip)
    split = arsis.Session([programs["gradients"], programs["update"]], chip)
    carried = names(programs["joint"], *CARRIED)
    before = {name: joint.read(name) for name in names(programs["joint"], "parameter")}
    for step in inputs(model):
        for name, array in step.items():
            joint.write(name, array)
            split.write(name, array)
        joint.run(mode="functional")
        split.run(mode="functional")
        split.run(mode="functional", program=1)
        different = [n for n in [*carried, "loss"] if not same(split.read(n), joint.read(n))]
        assert not different, different
    assert all(not same(joint.read(name), array) for name, array in before.items())


def test_one_scale_of_the_loss(tmp_path) -> None:
    """In fp16 whoever writes another scale writes that of the step; what crosses are gradients of the loss, so that
    an update of any precision follows them."""
    file = models.model_path("lenet5", tmp_path)
    shared = {"batch": BATCH, "train": True, "optimizer": OPTIMIZER}
    whole = arsis.compile(str(file), "tiny", precision="fp16", **shared)
    gradients = arsis.compile(str(file), "tiny", precision="fp16", phase="gradients", **shared)
    for precision in ("fp16", "fp32"):
        update = arsis.compile(str(file), "tiny", precision=precision, phase="update", **shared)
        split, joint = arsis.Session([gradients, update], "tiny"), arsis.Session(whole, "tiny")
        for name, array in {**inputs("lenet5")[0], "loss_scale": np.array(64, np.float32)}.items():
            joint.write(name, array)
            split.write(name, array)
        joint.run(mode="functional")
        split.run(mode="functional")
        split.run(mode="functional", program=1)
        for name in names(update, "parameter"):
            assert same(split.read(name), joint.read(name)), name


def test_reference(case) -> None:
    """The same steps by the exact reference of each program, whose tensors go from one to the other by hand."""
    model, _, programs = case
    joint, gradients, update = (arsis.Reference(programs[phase]) for phase in ("joint", "gradients", "update"))
    handed, parameters = names(programs["update"], "gradient"), names(programs["joint"], "parameter")
    slots, statistics = names(programs["update"], "state"), names(programs["gradients"], "state")
    for step in inputs(model):
        for name, array in step.items():
            joint.write(name, array)
            gradients.write(name, array)
        joint.run("exact")
        gradients.run("exact")
        for name in handed:
            update.write(name, gradients.read(name))
        update.run("exact")
        for name in parameters:
            gradients.write(name, update.read(name))
        assert same(gradients.read("loss"), joint.read("loss"))
        assert not [n for n in [*parameters, *slots] if not same(update.read(n), joint.read(n))]
        assert not [n for n in statistics if not same(gradients.read(n), joint.read(n))]


def test_the_clock_changes_no_value(case) -> None:
    """A timed step of both programs leaves what an untimed one leaves, and the report is of the program that ran."""
    model, chip, programs = case
    step = inputs(model)[0]
    sessions = [arsis.Session([programs["gradients"], programs["update"]], chip) for _ in range(2)]
    for session, mode in zip(sessions, ("full", "functional"), strict=True):
        for name, array in step.items():
            session.write(name, array)
        reports = [session.run(mode=mode, program=number) for number in range(2)]
    phases = [{row["phase"] for row in report["phases"]} for report in reports]
    assert "update" not in phases[0] and "fwd" in phases[0]
    assert phases[1] - {""} == {"update"}
    timed, untimed = sessions
    for name in names(programs["joint"], *CARRIED):
        assert same(timed.read(name), untimed.read(name)), name
