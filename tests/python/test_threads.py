# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The interpreter lock is free while C++ works: another thread of Python goes on."""

import threading
import time

import arsis
import numpy as np
import pytest
from small_resnet import small_resnet18

LONG = 0.3  # seconds: what is measured takes longer


@pytest.fixture(scope="module")
def step(tmp_path_factory):
    model = small_resnet18(tmp_path_factory.mktemp("resnet18"))
    program = arsis.compile(model, "tiny", batch=64, train=True, no_verify=True)
    reference = arsis.Reference(program)
    reference.write("x", np.zeros(next(t["host_shape"] for t in program.tensors if t["name"] == "x"), np.float32))
    reference.write("labels", np.zeros(64, np.int32))
    return model, program, reference


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("what", ["compile", "schedules", "verify", "simulate", "reference"])
def test_another_thread_goes_on(step, what):
    model, program, reference = step
    work = {
        "compile": lambda: arsis.compile(model, "edge", batch=64, train=True),
        "schedules": lambda: arsis.schedules(model, "edge", batch=64, train=True),
        "verify": lambda: arsis.verify(program, "tiny"),
        "simulate": lambda: arsis.simulate(program, "tiny", verify=False),
        "reference": lambda: reference.run("onednn"),
    }[what]
    done, ticks = threading.Event(), []

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.005)

    other = threading.Thread(target=tick)
    other.start()
    begin = time.monotonic()
    work()
    end = time.monotonic()
    done.set()
    other.join()
    assert end - begin > LONG, f"{what} is over too soon to tell"
    during = [begin, *(at for at in ticks if begin < at < end), end]
    assert max(np.diff(during)) < (end - begin) / 2, f"{what} holds the lock"
