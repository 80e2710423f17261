# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`arsis sweep`: what it prints, its exit status, where its rows are."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sweep_faults
from arsis.sweeps import Store
from command_line import one_error
from sweep_stores import rows_in
from tiny_model import tiny_model

SPACE = """
model: m.onnx
chip: tiny
train: true
batch: [1, 9, 6]
matrix.rows: {range: [4, 8], step: 4}
objectives: [time_ns, "max: images_per_s"]
measures: {images_per_s: batch / time_ns * 1e9}
"""


@pytest.fixture
def space(tmp_path) -> Path:
    tiny_model(tmp_path / "m.onnx")
    (tmp_path / "space.yaml").write_text(SPACE)
    return tmp_path / "space.yaml"


def test_a_sweep(space, call) -> None:
    status, out, errors = call("sweep", space)
    lines = out.splitlines()
    assert status == 0 and lines[0].split() == ["batch", "matrix.rows", "time_ns", "images_per_s"], errors
    assert len(lines) == 9 and any(line.endswith("*") for line in lines[1:7])
    assert lines[-1] == f"6 points, 0 failed; store: {space.with_suffix('.sqlite')}"
    assert call("sweep", space) == (0, out, "")  # it goes on where it stopped: at the end
    with Store(space.with_suffix(".sqlite")) as store:
        assert len(store.rows()) == 6


def test_a_search(space, call) -> None:
    pytest.importorskip("optuna")
    arguments = ["sweep", space, "--search", "tpe", "--evaluations", 4, "--workers", 1]
    status, out, errors = call(*arguments, "--seed", 1)
    assert status == 0 and out.splitlines()[-1].startswith("4 points, 0 failed"), errors
    assert call(*arguments, "--seed", 1)[1] == out


def test_points_that_fail_are_said_in_the_exit_status(space, call, tmp_path) -> None:
    measure = f"{sweep_faults.__file__}:fault"
    csv = tmp_path / "rows.csv"
    status, out, _ = call("sweep", space, "--measure", measure, "--objective", "cycles", "--csv", csv, "--workers", 1)
    assert status == 3 and "6 points, 2 failed (2 KeyError)" in out
    assert len(csv.read_text().splitlines()) == 7


@pytest.mark.parametrize(
    "arguments,problem",
    [
        (["nowhere.yaml"], "nowhere.yaml: no such file, expected a space as YAML"),
        (["SPACE", "--executor", "cloud"], "--executor: found 'cloud', expected processes or dask"),
        (["SPACE", "--workers", "0"], "--workers: found '0', expected a whole number from 1 to 4096"),
        (["SPACE", "--time-limit", "0"], "--time-limit: found '0', expected a number from 0.001"),
        (["SPACE", "--store", "SPACE"], "the space"),
        (["SPACE", "--objective", "1 +"], "space: objectives: '1 +' is no expression"),
        (["SPACE", "--objective", "cyles"], "reads cyles, which is no column; expected one of"),
        ([], "SPACE"),
    ],
)
def test_wrong_command_lines(space, call, arguments, problem) -> None:
    one_error(
        call("sweep", *[str(space) if each == "SPACE" else each for each in arguments]),
        problem.replace("SPACE", "space"),
    )


def test_interrupted_it_says_so_and_goes_on(space) -> None:
    measure = f"{sweep_faults.__file__}:slow"
    space.write_text(SPACE.replace("[1, 9, 6]", "{range: [1, 40], step: 1}"))
    command = [sys.executable, "-m", "arsis", "sweep", str(space), "--measure", measure]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    store = space.with_suffix(".sqlite")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (rows_in(store) > 2):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130 and errors.splitlines()[-1] == "error: interrupted"
    done = rows_in(store)
    assert 2 < done < 80
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 0 and "80 points, 0 failed" in finished.stdout, finished.stderr
