# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Several programs in one session: what they share, and what they do not."""

import arsis
import numpy as np
import pytest
from tiny_model import tiny_model

BATCH = 4
TRAIN = {"train": True, "optimizer": "sgd,lr=0.5"}


@pytest.fixture
def model(tmp_path) -> str:
    return str(tiny_model(tmp_path / "m.onnx"))


def phase(model: str, which: str) -> arsis.Program:
    return arsis.compile(model, "tiny", batch=BATCH, phase=which, **TRAIN)


def step(images: int = BATCH) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    return {
        "x": random.normal(size=(images, 1, 2, 2)).astype(np.float32),
        "labels": (np.arange(images) % 3).astype(np.int32),
    }


def test_a_forward_program_sees_what_was_trained(model) -> None:
    """Against a session of its own that is handed the weights."""
    forward, train = arsis.compile(model, "tiny", batch=2), arsis.compile(model, "tiny", batch=BATCH, **TRAIN)
    session = arsis.Session([train, forward], "tiny")
    for name, array in step().items():
        session.write(name, array, program=0)
    session.run()
    alone = arsis.Session(forward, "tiny")
    for name in ("w1", "b1", "w2", "b2"):
        alone.write(name, session.read(name))
    images = step(2)["x"]
    session.write("x", images, program=1)
    alone.write("x", images)
    session.run(program=1)
    alone.run()
    np.testing.assert_array_equal(session.read("logits", program=1), alone.read("logits"))
    assert session.read("logits", program=0).shape == (BATCH, 3)


def test_one_name_of_two_tensors_needs_the_program(model) -> None:
    session = arsis.Session([arsis.compile(model, "tiny", batch=n) for n in (2, 3)], "tiny")
    with pytest.raises(arsis.Error, match="tensor x is one in program 0 and another one in program 1, exp"):
        session.write("x", step(2)["x"])
    with pytest.raises(arsis.Error, match="found program 2, expected one of 2, numbered from 0"):
        session.write("x", step(2)["x"], program=2)
    with pytest.raises(arsis.Error, match="found program 2, expected one of 2, numbered from 0"):
        session.run(program=2)


def test_no_programs_and_programs_that_disagree(model, tmp_path) -> None:
    with pytest.raises(arsis.Error, match="a session has no program, expected at least one"):
        arsis.Session([], "tiny")
    wide = arsis.compile(str(tiny_model(tmp_path / "wide.onnx", hidden=8)), "tiny", batch=2)
    with pytest.raises(arsis.Error, match="tensor w1 differs in role, type, shape or layout between program 0 an"):
        arsis.Session([arsis.compile(model, "tiny", batch=2), wide], "tiny")


def test_an_update_waits_for_gradients(model) -> None:
    session = arsis.Session([phase(model, "gradients"), phase(model, "update")], "tiny")
    with pytest.raises(arsis.Error, match="input grad:w1 of shape 4x4 is missing"):
        session.run(program=1)
    with pytest.raises(arsis.Error, match="tensor grad:w1 has no value yet"):
        session.read("grad:w1")
    for name, array in step().items():
        session.write(name, array)
    session.run()
    gradient, old = session.read("grad:w1"), session.read("w1")
    session.run(program=1)
    np.testing.assert_array_equal(session.read("w1"), (old.astype(np.float64) - 0.5 * gradient).astype(np.float32))


def test_gradients_of_the_host(model) -> None:
    """An update alone takes gradients from whoever writes them; powers of two, so that fp32 is exact."""
    program = phase(model, "update")
    session = arsis.Session(program, "tiny")
    for tensor in program.tensors:
        if tensor["role"] == "gradient":
            session.write(tensor["name"], np.full(tensor["host_shape"], 0.25, np.float32))
    old = session.read("b2")
    session.run()
    np.testing.assert_array_equal(session.read("b2"), old - 0.125)
    np.testing.assert_array_equal(session.read("grad:b2"), np.full(3, 0.25, np.float32))


def test_a_gradient_is_one_tensor_of_all_programs(model) -> None:
    """Two batches compute it, an update takes it: read and written without a number."""
    programs = [arsis.compile(model, "tiny", batch=n, phase="gradients", **TRAIN) for n in (2, 3)]
    session = arsis.Session([*programs, phase(model, "update")], "tiny")
    for name, array in step(3).items():
        session.write(name, array, program=1)
    session.run(program=1)
    gradient = session.read("grad:b2")
    assert gradient.any()
    np.testing.assert_array_equal(gradient, session.read("grad:b2", program=2))
    session.write("grad:b2", 2 * gradient)
    old = session.read("b2")
    session.run(program=2)
    np.testing.assert_array_equal(session.read("b2"), old - gradient)


def test_a_hyperparameter_that_begins_alike_is_one(model) -> None:
    rate = {"train": True, "optimizer": "sgd,lr=0.25"}
    programs = [phase(model, "update"), phase(model, "update"), arsis.compile(model, "tiny", batch=2, **rate)]
    session = arsis.Session(programs, "tiny")
    session.write("learning_rate", np.array(2, np.float32), program=1)
    assert session.read("learning_rate", program=0) == 2
    assert session.read("learning_rate", program=2) == 0.25
    with pytest.raises(arsis.Error, match="tensor learning_rate is one in program 0 and another one in program 2"):
        session.write("learning_rate", np.array(1, np.float32))


def test_programs_and_their_tensors_lie_apart(model) -> None:
    """Steps alternate between phases and a second forward program without touching one another's tensors."""
    programs = [phase(model, "gradients"), arsis.compile(model, "tiny", batch=3), phase(model, "update")]
    session = arsis.Session(programs, "tiny")
    plain = arsis.Session(arsis.compile(model, "tiny", batch=BATCH, **TRAIN), "tiny")
    for name, array in step().items():
        plain.write(name, array)
        session.write(name, array, program=0)
    session.write("x", step(3)["x"], program=1)
    for _ in range(3):
        plain.run()
        for number in (0, 1, 2):
            session.run(program=number)
        for name in ("w1", "b1", "w2", "b2"):
            np.testing.assert_array_equal(session.read(name), plain.read(name))
        np.testing.assert_array_equal(session.read("loss"), plain.read("loss"))


def test_pairs_are_fields(model) -> None:
    """Which parameter a gradient or a slot belongs to, whatever their names are."""
    options = TRAIN | {"optimizer": "sgd,momentum=0.5", "keep": "gradients"}
    tensors = arsis.compile(model, "tiny", batch=BATCH, **options).tensors
    owners = {
        role: {t["parameter"] for t in tensors if t["role"] == role} for role in ("gradient", "state", "parameter")
    }
    assert owners["gradient"] == owners["state"] == {"w1", "b1", "w2", "b2"}
    assert owners["parameter"] == {None}
