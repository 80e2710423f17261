# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The store: kills lose what was in flight, one driver at a time, columns that come later, tables for others."""

import csv
import io
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import arsis
import pytest
import sweep_faults
from arsis.sweeps import MissingPackage, Store, StoreError, read_result
from sweep_stores import numbers, rows_in
from tiny_model import tiny_model

DRIVER = """
import arsis, sys
space = {"model": sys.argv[1], "chip": "tiny", "train": True, "batch": [1, 2, 3, 4, 5],
         "matrix.rows": [2, 4, 8], "dram.tcl_ns": [10, 12]}
result = arsis.sweep(space, store=sys.argv[2], measure=sys.argv[3], progress=False)
print(len(result))
"""
SLOW = f"{sweep_faults.__file__}:slow"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model") / "m.onnx"))


@pytest.fixture
def space(model) -> dict:
    return {"model": model, "chip": "tiny", "train": True, "batch": [4, 9]}


def driver(model: str, store: Path) -> subprocess.Popen:
    command = [sys.executable, "-c", DRIVER, model, str(store), SLOW]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_rows(store: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while rows_in(store) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert rows_in(store) >= count


def workers_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_killed_twice_and_resumed_it_has_the_rows_of_an_unkilled_run(model, tmp_path) -> None:
    killed, whole = tmp_path / "killed.sqlite", tmp_path / "whole.sqlite"
    moments = random.Random(1)
    for least in (3, 10):
        process = driver(model, killed)
        wait_for_rows(killed, least + moments.randrange(5))
        workers = workers_of(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert workers
        deadline = time.monotonic() + 10
        while any(Path(f"/proc/{pid}/cmdline").exists() for pid in workers) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not [pid for pid in workers if Path(f"/proc/{pid}/cmdline").exists()]  # they end with their driver
        assert rows_in(killed) < 30
    before = rows_in(killed)
    for store in (killed, whole):
        out, errors = driver(model, store).communicate(timeout=120)
        assert out == "30\n", errors
    with Store(killed) as store, Store(whole) as unkilled:
        assert numbers(store.rows()) == numbers(unkilled.rows())
        assert len(store.sweeps()) == 1  # it is one sweep, however often it was begun
        finished = sorted(row["finished"] for row in store.rows())
    assert before >= 10 and len(finished) == 30


def test_two_drivers_are_refused_with_one_line(model, tmp_path) -> None:
    store = tmp_path / "s.sqlite"
    first = driver(model, store)
    wait_for_rows(store, 1)
    first.send_signal(signal.SIGSTOP)  # it must not be done before the second one has begun
    out, errors = driver(model, store).communicate(timeout=60)
    first.send_signal(signal.SIGCONT)
    assert out == "" and f"{store}: a sweep is writing to it (process {first.pid}), expected one at a time" in errors
    assert first.communicate(timeout=120)[0] == "30\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.sqlite"]  # neither log nor lock stays


def test_two_drivers_of_one_process_are_refused(tmp_path) -> None:
    with Store(tmp_path / "s", write=True), pytest.raises(StoreError, match="a sweep is writing to it"):
        Store(tmp_path / "s", write=True)
    Store(tmp_path / "s", write=True).close()


def test_a_key_that_varies_later_has_the_chips_value_before(space, tmp_path) -> None:
    arsis.sweep(space, store=tmp_path / "s", progress=False)
    arsis.sweep(space | {"matrix.rows": 4}, store=tmp_path / "s", progress=False)
    with Store(tmp_path / "s") as store:
        assert [row["matrix.rows"] for row in store.rows(1)] == [8, 8]
        assert [row["matrix.rows"] for row in store.rows(2)] == [4, 4]
    arsis.sweep(space | {"batch": 5}, store=tmp_path / "s", progress=False)
    assert [row["matrix.rows"] for row in read_result(tmp_path / "s")] == [8]


def test_a_row_has_no_energy_that_its_chip_leaves_to_a_function(space, tmp_path) -> None:
    """In whatever order the rows came: that of the file would not be that of the point."""
    chips = {"own": {"base": "tiny", "energy.spm_read_pj": 3}, "left": {"base": "tiny"}}
    for order in (["own", "left"], ["left", "own"]):
        given = space | {"chip": order, "chips": chips, "matrix.rows": 4, "batch": 4}
        with Store(arsis.sweep(given, store=tmp_path / order[0], progress=False).store) as store:
            assert {row["chip"]: row["energy.spm_read_pj"] for row in store.rows()} == {"own": 3, "left": None}


def test_another_code_reuses_no_row(space, tmp_path, monkeypatch) -> None:
    from arsis.sweeps import jobs
    from arsis.sweeps import space as space_module

    first = arsis.sweep(space, store=tmp_path / "s", progress=False)
    make = jobs.JobMaker(space_module.Space(space))
    keys = [make(point).key for point in make.space.points()]
    assert keys == [row["key"] for row in first]
    monkeypatch.setattr(jobs, "code_hash", lambda: "another build")
    assert set(keys).isdisjoint(make(point).key for point in make.space.points())


def test_every_input_that_matters_is_in_the_key(space, model, tmp_path) -> None:
    from arsis.sweeps import Space
    from arsis.sweeps.jobs import JobMaker

    def key(changes: dict, measure: str = "") -> str:
        given = Space(space | {"batch": 4} | changes)
        return JobMaker(given, measure)(next(given.points())).key

    other = str(tiny_model(tmp_path / "other.onnx", hidden=5))
    same = tmp_path / "same.onnx"
    same.write_bytes(Path(model).read_bytes())
    held = {"hold": "dram.*", "dram.tcl_ns": 12}
    mapping = tmp_path / "mapping.json"
    mapping.write_text("{}")
    keys = [key({}), key({"batch": 5}), key({"model": other}), key({"chip": "edge"}), key({"matrix.rows": 4}),
            key({"train": False}), key({"precision": "bf16"}), key({"energy.static_mw": 1}), key({}, SLOW),
            key({"dram.tcl_ns": 12}), key(held), key({"mapping": str(mapping)})]  # fmt: skip
    mapping.write_text("{} ")
    keys.append(key({"mapping": str(mapping)}))
    assert len(set(keys)) == len(keys)
    assert key({"model": str(same)}) == key({"matrix.rows": 8.0}) == key({"let": {"n": [1]}}) == keys[0]


def test_a_reader_looks_on_while_a_sweep_runs(model, tmp_path) -> None:
    store = tmp_path / "s"
    process = driver(model, store)
    wait_for_rows(store, 2)
    result = read_result(store)
    assert 2 <= len(result) < 30 and all(row["cycles"] > 0 for row in result)
    assert process.communicate(timeout=120)[0] == "30\n"


@pytest.mark.parametrize(
    "content,problem",
    [(b"no store at all, but long enough to be read as one", "expected the store of a sweep"), (None, "no such file")],
)
def test_a_file_that_is_no_store(content, problem, tmp_path) -> None:
    path = tmp_path / "s"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=problem):
        Store(path)
    if content is not None:
        with pytest.raises(StoreError, match=problem):
            Store(path, write=True)
        assert path.read_bytes() == content


def test_a_store_of_another_version_is_refused(tmp_path) -> None:
    Store(tmp_path / "s", write=True).close()
    with sqlite3.connect(tmp_path / "s") as base:
        base.execute("UPDATE meta SET value = 99")
    base.close()
    with pytest.raises(StoreError, match="a store of version 99, expected 1"):
        Store(tmp_path / "s")


def test_a_folder_that_is_not_there(tmp_path) -> None:
    with pytest.raises(StoreError, match="there is no folder"):
        Store(tmp_path / "nowhere/s", write=True)


def test_an_output_and_a_parameter_of_one_name(space) -> None:
    with pytest.raises(StoreError, match="cycles is the name of an output, expected another one for the parameter"):
        arsis.sweep(space | {"let": {"cycles": [1]}}, progress=False)


def test_tables_for_others(space, tmp_path) -> None:
    pandas = pytest.importorskip("pandas")
    result = arsis.sweep(space | {"measures": {"edp": "energy_pj * time_ns"}}, progress=False, objectives=["edp"])
    frame = result.to_pandas()
    assert list(frame["edp"]) == [row["energy_pj"] * row["time_ns"] for row in result]
    rows = list(csv.DictReader(io.StringIO(result.to_csv(tmp_path / "t.csv"))))
    assert [int(row["cycles"]) for row in rows] == list(frame["cycles"])
    result.to_parquet(tmp_path / "t.parquet")
    pandas.testing.assert_frame_equal(pandas.read_parquet(tmp_path / "t.parquet"), frame)


def test_a_package_that_is_missing_is_named(space, monkeypatch) -> None:
    result = arsis.sweep(space | {"batch": 4}, progress=False)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        MissingPackage, match=r"a data frame needs pandas, install it with pip install 'arsis\[sweeps\]'"
    ):
        result.to_pandas()
    assert issubclass(MissingPackage, arsis.Error) and issubclass(MissingPackage, ImportError)


def test_workers_leave_no_file(space, tmp_path) -> None:
    arsis.sweep(space, store=tmp_path / "s", progress=False)
    assert os.listdir(tmp_path) == ["s"]


def test_what_else_a_script_loads_is_no_part_of_the_code() -> None:
    print_it = "from arsis.sweeps.code import code_hash; print(code_hash())"
    alone, beside = (
        subprocess.run([sys.executable, "-c", imports + print_it], capture_output=True, text=True, check=True).stdout
        for imports in ("", "import onnxruntime, torch; ")
    )
    assert alone == beside
