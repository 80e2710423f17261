# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The same sweep through Dask: the same rows, also where a worker is killed on the way."""

import os
import signal
import threading
import time
from pathlib import Path

import arsis
import pytest
import sweep_faults
from arsis.sweeps import WorkerError
from sweep_stores import numbers, rows_in
from tiny_model import tiny_model

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> dict:
    model = str(tiny_model(tmp_path_factory.mktemp("model") / "m.onnx"))
    return {"model": model, "chip": "tiny", "train": True, "matrix.rows": [4, 8], "batch": [1, 2, 3, 6, 7, 9]}


def test_the_same_rows_with_crashes_among_them(space) -> None:
    settings = {"measure": f"{sweep_faults.__file__}:fault", "workers": 2, "progress": False, "time_limit": 30}
    here = arsis.sweep(space, **settings)
    there = arsis.sweep(space, executor="dask", **settings)
    assert numbers(here) == numbers(there)
    assert [row["error"] for row in there][:6] == [None, "Crash", "Crash", "KeyError", "Crash", None]


def dask_workers() -> list[int]:
    """Processes below this one that a nanny has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if "multiprocessing" in command and "spawn_main" in command and is_below(int(folder.name), os.getpid()):
            found.append(int(folder.name))
    return found


def is_below(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False


def test_a_worker_killed_on_the_way_changes_no_row(space, tmp_path) -> None:
    given = space | {"batch": {"range": [1, 20], "step": 1}}
    settings = {"measure": f"{sweep_faults.__file__}:slow", "workers": 2, "progress": False}
    killed = []

    def kill_one() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not killed:
            if rows_in(tmp_path / "s") >= 4 and (found := dask_workers()):
                os.kill(found[0], signal.SIGKILL)
                killed.append(rows_in(tmp_path / "s"))
            time.sleep(0.02)

    killer = threading.Thread(target=kill_one)
    killer.start()
    there = arsis.sweep(given, executor="dask", store=tmp_path / "s", **settings)
    killer.join()
    assert killed and killed[0] < 40
    assert numbers(there) == numbers(arsis.sweep(given, **settings))
    assert not there.failures


def test_nobody_at_the_address(space, monkeypatch) -> None:
    from arsis.sweeps import dask_executor

    monkeypatch.setattr(dask_executor, "CONNECT_SECONDS", 1)
    with pytest.raises(WorkerError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        arsis.sweep(space, executor="dask", address="tcp://127.0.0.1:9", progress=False)
