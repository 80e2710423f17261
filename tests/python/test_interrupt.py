# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ctrl-C stops what takes long within a second, and leaves the process in order."""

import os
import signal
import threading
import time

import arsis
import numpy as np
import pytest
from small_resnet import small_resnet18

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
PATIENCE = 1.0  # seconds from the signal to the exception


@pytest.fixture
def interrupt():
    """Calls a function, has the signal sent after a while, and returns how long the exception took."""

    def run(call, after: float = 0.3) -> float:
        sent = 0.0

        def send() -> None:
            nonlocal sent
            sent = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

        timer = threading.Timer(after, send)
        timer.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                call()
            return time.monotonic() - sent
        finally:
            timer.cancel()
            timer.join()

    return run


BATCH = 64


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A step of ResNet-18 takes seconds in every mode, and everything else in more than one."""
    model = small_resnet18(tmp_path_factory.mktemp("resnet18"))
    return model, arsis.compile(model, "tiny", batch=BATCH, train=True, no_verify=True)


def zeros(program) -> dict[str, np.ndarray]:
    """An input and labels of a step: what they are does not matter."""
    shape = next(t["host_shape"] for t in program.tensors if t["name"] == "x")
    return {"x": np.zeros(shape, np.float32), "labels": np.zeros(BATCH, np.int32)}


def test_a_compilation(large, interrupt):
    model, _ = large
    assert interrupt(lambda: arsis.compile(model, "edge", batch=16, train=True)) < PATIENCE
    assert arsis.compile(model, "edge", batch=1, no_verify=True).tensors


def test_a_run_without_values(large, interrupt):
    _, program = large
    session = arsis.Session(program, "tiny", verify=False)
    assert interrupt(lambda: session.run("timing")) < PATIENCE
    # No value was touched: the session goes on.
    assert session.read("bn1.weight").shape


def test_a_verification(large, interrupt):
    _, program = large
    assert interrupt(lambda: arsis.verify(program, "tiny")) < PATIENCE


@pytest.mark.parametrize("mode", ["full", "functional"])
def test_a_run_with_values(large, interrupt, mode):
    _, program = large
    session = arsis.Session(program, "tiny", verify=False)
    for name, values in zeros(program).items():
        session.write(name, values)
    assert interrupt(lambda: session.run(mode)) < PATIENCE
    for use in (session.run, lambda: session.read("bn1.weight")):
        with pytest.raises(arsis.InputError, match="a step of this session was interrupted"):
            use()


def test_the_reference(large, interrupt):
    _, program = large
    reference = arsis.Reference(program)
    for name, values in zeros(program).items():
        reference.write(name, values)
    assert interrupt(lambda: reference.run("exact")) < PATIENCE


def test_a_run_that_waits_for_another_thread(large, interrupt):
    _, program = large
    first, second = (arsis.Session(program, "tiny", verify=False) for _ in range(2))
    cycles = []
    other = threading.Thread(target=lambda: cycles.append(first.run("timing").cycles))
    other.start()
    assert interrupt(lambda: second.run("timing")) < PATIENCE
    other.join()
    assert cycles and cycles[0] > 0
