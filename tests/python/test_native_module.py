# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The native module against forks, None, contradictions, files that cannot be written."""

import os
import re
import subprocess
import sys

import arsis
import numpy as np
import pytest
from tiny_model import IMAGE, tiny_model

FORK = """
import os, sys, threading, time
import arsis, numpy
program = arsis.compile(sys.argv[1], "tiny", batch=512, train=True)
sessions = [arsis.Session(program, "tiny") for _ in range(2)]
for session in sessions:
    session.write("x", numpy.zeros((512, 1, 2, 2), numpy.float32))
    session.write("labels", numpy.zeros(512, numpy.int32))
stop = False
def work():
    while not stop:
        sessions[0].run()
thread = threading.Thread(target=work)
thread.start()
torn = 0
for _ in range(12):
    time.sleep(0.01)
    child = os.fork()
    if child == 0:
        sessions[1].run()
        try:
            sessions[0].run()
            os._exit(0)
        except arsis.Error as error:
            os._exit(3 if "was running a step in another thread" in str(error) else 1)
    deadline = time.monotonic() + 100
    status = None
    while status is None and time.monotonic() < deadline:
        done, code = os.waitpid(child, os.WNOHANG)
        status = os.waitstatus_to_exitcode(code) if done else None
        time.sleep(0.005)
    if status is None:
        os.kill(child, 9)
    assert status in (0, 3), status
    torn += status == 3
stop = True
thread.join()
print("torn", torn)
"""


def test_fork_while_another_thread_runs(tmp_path):
    """The child can run sessions of its own; the one whose step was cut in half is refused there."""
    model = tiny_model(tmp_path / "m.onnx", hidden=16)
    done = subprocess.run([sys.executable, "-c", FORK, model], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[1]) > 0  # that a fork fell into a run is what is tested


FORK_REFERENCE = """
import os, sys, time
import arsis, numpy
reference = arsis.Reference(arsis.compile(sys.argv[1], "tiny", batch=512))
reference.write("x", numpy.zeros((512, 1, 2, 2), numpy.float32))
reference.run("onednn")
child = os.fork()
if child == 0:
    reference.run("onednn")
    os._exit(0)
deadline = time.monotonic() + 100
while time.monotonic() < deadline:
    done, code = os.waitpid(child, os.WNOHANG)
    if done:
        sys.exit(os.waitstatus_to_exitcode(code))
    time.sleep(0.005)
os.kill(child, 9)
sys.exit("the child hangs")
"""


def test_fork_after_the_reference_ran(tmp_path):
    """OpenMP's threads do not come along into the child."""
    model = tiny_model(tmp_path / "m.onnx", hidden=1024)
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", FORK_REFERENCE, model], capture_output=True, text=True, timeout=100, env=environment
    )
    assert done.returncode == 0, done.stderr


def test_none_is_a_type_error():
    with pytest.raises(TypeError):
        arsis.Session(None, "tiny")
    with pytest.raises(TypeError):
        arsis.Reference(None)
    with pytest.raises(TypeError):
        arsis.compile(None, "tiny")


@pytest.mark.parametrize(
    "options,problem",
    [
        ({"batch": 0}, "batch: found 0, expected at least 1"),
        ({"batch": -(2**63)}, "expected at least 1"),
        ({"dims": {"N": 0}}, "dimension N: found 0, expected at least 1"),
        ({"batch": 2, "keep": "gradients"}, "found no training step"),
        ({"batch": 2, "optimizer": "sgd,lr=1"}, "describe a training step; expected train=True with them"),
        ({"batch": 2, "train": True, "optimizer": "sgd,lr=1,lr=2"}, "found lr more than once"),
        ({"batch": 2, "train": True, "optimizer": "sgd,lr=1e-46"}, "which is 0 in fp32"),
        ({"batch": 2, "train": True, "keep": "gradients,gradients"}, "found gradients more than once"),
    ],
)
def test_compile_options(tmp_path, options, problem):
    with pytest.raises(arsis.Error, match=re.escape(problem)):
        arsis.compile(str(tiny_model(tmp_path / "m.onnx")), "tiny", **options)


def test_a_step_that_is_refused_has_not_been_taken(tmp_path):
    program = arsis.compile(str(tiny_model(tmp_path / "m.onnx")), "tiny", batch=4, train=True, optimizer="sgd,lr=1")
    session = arsis.Session(program, "tiny")
    session.write("x", np.ones((4, *IMAGE), np.float32))
    session.write("labels", np.zeros(4, np.int32))
    before = session.read("w1").tobytes()
    with pytest.raises(arsis.Error, match="/absent/t.json: cannot write the file: No such file or directory"):
        session.run(trace="/absent/t.json")
    with pytest.raises(arsis.Error, match="a functional-only run has no trace"):
        session.run(mode="functional", trace=str(tmp_path / "t.json"))
    with pytest.raises(arsis.Error, match="mode: found 'fast'"):
        session.run(mode="fast")
    assert session.read("w1").tobytes() == before and not (tmp_path / "t.json").exists()
    with pytest.raises(arsis.Error, match="/dev/full: .*No space left on device; the step has been taken"):
        session.run(trace="/dev/full")
    assert session.read("w1").tobytes() != before


def test_tensors_in_files(tmp_path):
    arrays = {"grad:ä/€": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.int64([7])}
    arsis.write_tensors(str(tmp_path / "t.npz"), arrays)
    with np.load(tmp_path / "t.npz") as found:
        assert set(found.files) == set(arrays)
        assert all(np.array_equal(found[name], array) for name, array in arrays.items())
    back = arsis.read_tensors(str(tmp_path / "t.npz"))
    assert all(back[name].dtype == array.dtype for name, array in arrays.items())
    former = (tmp_path / "t.npz").read_bytes()
    for name, problem in (("n" * 65532, "has 65532 bytes"), ("a\0b", "goes on after a NUL"), ("", "without a name")):
        with pytest.raises(arsis.Error, match=problem):
            arsis.write_tensors(str(tmp_path / "t.npz"), {name: arrays["n"]})
    assert (tmp_path / "t.npz").read_bytes() == former
