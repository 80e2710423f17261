# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sweeps: the rows are those of single runs, reuse changes no number, what goes wrong is a row."""

import os
from pathlib import Path

import arsis
import onnx
import pytest
import sweep_faults
from arsis.sweeps import Space, SpaceError, Store
from arsis.sweeps.jobs import JobMaker, grouped
from sweep_stores import numbers
from tiny_model import tiny_model

FAULTS = f"{sweep_faults.__file__}:fault"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model") / "m.onnx"))


@pytest.fixture
def space(model) -> dict:
    return {"model": model, "chip": "tiny", "train": True, "batch": [4, 9], "matrix.rows": [4, 8]}


def test_rows_are_those_of_single_runs(space, model) -> None:
    result = arsis.sweep(space | {"dram.tcl_ns": [10, 20]}, progress=False)
    assert len(result) == 8
    for row in result:
        keys = {name: str(row[name]) for name in ("matrix.rows", "dram.tcl_ns")}
        program = arsis.compile(model, "tiny", overrides=keys, batch=row["batch"], train=True)
        report = arsis.Session(program, "tiny", keys).run(mode="timing")
        assert {name: row[name] for name in report["totals"]} == report["totals"]
        assert row["unit.matrix0.busy"] + row["unit.matrix0.stalled"] + row["unit.matrix0.idle"] == row["cycles"]
        assert (
            sum(row[f"phase.{phase['phase'].replace('-', '_')}.cycles"] for phase in report["phases"]) == row["cycles"]
        )


def test_parameters_that_are_frozen_or_have_no_values(space, tmp_path) -> None:
    proto = onnx.load(space["model"])
    next(tensor for tensor in proto.graph.initializer if tensor.name == "w2").ClearField("raw_data")
    onnx.save(proto, tmp_path / "m.onnx")
    path = str(tmp_path / "m.onnx")
    given = {"model": path, "batch": 4, "matrix.rows": 8, "freeze": ["*1", "*2"], "random_weights": 3}
    result = arsis.sweep(space | given, progress=False)
    for row in result:
        program = arsis.compile(path, "tiny", batch=4, train=True, freeze=[row["freeze"]], random_weights=3)
        assert row["cycles"] == arsis.simulate(program, "tiny").cycles
        assert "random, from seed 3" in row["warnings"]
    assert result.rows[0]["cycles"] < result.rows[1]["cycles"]  # below the second layer nothing asks for a gradient


def test_data_beside_a_model_are_part_of_the_point(space, tmp_path) -> None:
    onnx.save(onnx.load(space["model"]), tmp_path / "m.onnx", save_as_external_data=True, location="m.data",
              size_threshold=0)  # fmt: skip
    given = space | {"model": str(tmp_path / "m.onnx"), "batch": 4, "matrix.rows": 8}
    (before,) = arsis.sweep(given, progress=False)
    data = (tmp_path / "m.data").read_bytes()
    (tmp_path / "m.data").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (after,) = arsis.sweep(given, progress=False)
    assert before["status"] == after["status"] == "ok"
    assert before["key"] != after["key"] and before["cycles"] == after["cycles"]


def test_a_held_key_is_not_told_to_the_compiler(space, model) -> None:
    given = space | {"batch": 4, "matrix.rows": 8, "dram.bandwidth_gbps": [0.5, 64]}
    held = arsis.sweep(given | {"hold": "dram.*"}, progress=False, workers=1)
    program = arsis.compile(model, "tiny", batch=4, train=True)
    for row in held:
        chip = {"dram.bandwidth_gbps": str(row["dram.bandwidth_gbps"]), "matrix.rows": "8"}
        assert row["cycles"] == arsis.Session(program, "tiny", chip).run(mode="timing")["totals"]["cycles"]
    assert [row["reuse"] for row in held] == ["none", "program"]
    free = arsis.sweep(given, progress=False)
    assert {row["key"] for row in free}.isdisjoint(row["key"] for row in held)


def test_reuse_changes_no_number(space, tmp_path) -> None:
    varied = {"dram.tcl_ns": [10, 20], "clock.core_mhz": [500, 1000], "energy.static_mw": [1, 2], "hold": "dram.*"}
    stores = [tmp_path / name for name in ("with", "without")]
    with_reuse = arsis.sweep(space | varied, store=stores[0], reports=True, progress=False)
    without = arsis.sweep(space | varied, store=stores[1], reports=True, reuse=False, progress=False)
    assert numbers(with_reuse) == numbers(without)
    assert {row["reuse"] for row in with_reuse} == {"none", "model", "program", "run"}
    assert {row["reuse"] for row in without} == {"none"}
    with Store(stores[0]) as first, Store(stores[1]) as second:
        for row in with_reuse:
            assert first.report(row["key"]) == second.report(row["key"]) != None  # noqa: E711


def test_a_report_in_the_store_is_that_of_the_point(space, model, tmp_path) -> None:
    given = space | {"batch": 4, "matrix.rows": 8, "energy.static_mw": [1, 2]}
    result = arsis.sweep(given, store=tmp_path / "s", reports=True, progress=False)
    chip = {"matrix.rows": "8", "energy.static_mw": "2"}
    program = arsis.compile(model, "tiny", overrides=chip, batch=4, train=True)
    report = arsis.Session(program, "tiny", chip).run(mode="timing").content
    report["wall_clock_s"] = report["verification"]["wall_clock_s"] = 0.0
    with Store(tmp_path / "s") as store:
        assert store.report(result.rows[1]["key"]) == report


def test_points_that_may_share_a_program_stand_together(space) -> None:
    given = {"energy.static_mw": [1, 2], "dram.tcl_ns": [10, 20], **space, "hold": "dram.*"}
    make = JobMaker(Space(given))
    groups = grouped([make(point) for point in Space(given).points()])
    assert [len(group) for group in groups] == [4] * 4
    assert all(len({job.program for job in group}) == 1 for group in groups)
    for group in groups:  # and those that differ in energy only are neighbours
        assert [job.timing for job in group] == sorted(
            (job.timing for job in group), key=[j.timing for j in group].index
        )


def test_what_goes_wrong_is_a_row(space, tmp_path) -> None:
    """Injected faults of a worker, and chips and options that cannot be, among points that are fine."""
    given = space | {"matrix.rows": 8, "batch": list(range(1, 10))}
    result = arsis.sweep(given, measure=FAULTS, time_limit=5, memory_limit=500, workers=2, progress=False)
    found = {row["batch"]: (row["error"], row["message"]) for row in result}
    assert found[1] == found[9] == (None, None)
    assert found[2] == ("Crash", "the worker ended by SIGSEGV")
    assert found[3][0] == "Crash" and found[3][1].startswith("the worker ended by SIGABRT")
    assert found[4] == ("Timeout", "took longer than the time limit of 5 s")
    assert found[5][0] == "MemoryLimit" and found[5][1].endswith("more than the memory limit of 500 MiB")
    assert found[6] == ("KeyError", "'no such thing'")
    assert found[7] == ("Crash", "the worker exited with status 5")
    assert found[8][0] == "TypeError" and "expected a dictionary" in found[8][1]
    assert [row["cycles_per_image"] is None for row in result] == [False] + 7 * [True] + [False]
    assert len(result.failures) == 7


def test_columns_of_a_measure_are_checked(space) -> None:
    result = arsis.sweep(space | {"batch": [10, 11, 12], "matrix.rows": 8}, measure=FAULTS, progress=False)
    assert [row["error"] for row in result] == ["ValueError", "ValueError", "TypeError"]
    for row, problem in zip(
        result, ["cycles, which is a column", "matrix.rows, which is", "[1] for list"], strict=True
    ):
        assert f"the measure returned {problem}" in row["message"]


@pytest.mark.parametrize(
    "wrong,error,problem",
    [
        ({"dram.bandwidth_gbps": 0}, "ChipError", "dram.bandwidth_gbps"),
        ({"matrix.rows": 8.5}, "ChipError", "matrix.rows"),
        ({"scratchpad.kib": 0}, "ChipError", "scratchpad.kib"),
        ({"precision": "fp7"}, "InputError", "fp7"),
        ({"dims.M": 3}, "ModelError", "M"),
        ({"loss": "nothing"}, "InputError", "nothing"),
    ],
)
def test_impossible_points_are_rows(space, wrong, error, problem) -> None:
    result = arsis.sweep(space | {"batch": 4, "matrix.rows": 8} | wrong, progress=False, workers=1)
    assert [row["error"] for row in result] == [error] and problem in result.rows[0]["message"]


def test_what_has_a_row_is_not_computed_again(space, tmp_path, monkeypatch) -> None:
    trace = tmp_path / "trace"
    monkeypatch.setenv("ARSIS_TEST_TRACE", str(trace))
    measure = f"{sweep_faults.__file__}:count"
    first = arsis.sweep(space, store=tmp_path / "s", measure=measure, progress=False)
    assert len(trace.read_text().split()) == 4
    again = arsis.sweep(space, store=tmp_path / "s", measure=measure, progress=False)
    assert again.rows == first.rows and len(trace.read_text().split()) == 4
    wider = arsis.sweep(space | {"batch": [4, 9, 10]}, store=tmp_path / "s", measure=measure, progress=False)
    assert sorted(trace.read_text().split()) == sorted(["4", "4", "9", "9", "10", "10"]) and len(wider) == 6


def test_failures_of_circumstance_are_retried_on_request(space, tmp_path) -> None:
    given = space | {"batch": [1, 4, 6], "matrix.rows": 8}
    settings = {"store": tmp_path / "s", "measure": FAULTS, "progress": False, "workers": 1}
    first = arsis.sweep(given, time_limit=1, **settings)
    again = arsis.sweep(given, time_limit=1, **settings)
    retried = arsis.sweep(given, time_limit=1.5, retry=True, **settings)
    assert first.rows == again.rows
    messages = [[row["message"] for row in result] for result in (first, retried)]
    assert messages == [
        [None, f"took longer than the time limit of {limit} s", "'no such thing'"] for limit in ("1", "1.5")
    ]
    finished = [[row["finished"] for row in result] for result in (first, retried)]
    assert [one == other for one, other in zip(*finished, strict=True)] == [True, False, True]


def test_a_point_twice_in_a_space_is_computed_once(space, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ARSIS_TEST_TRACE", str(tmp_path / "trace"))
    given = space | {"batch": 4, "chip": ["tiny", "same"], "chips": {"same": {"base": "tiny"}}, "matrix.rows": 8}
    result = arsis.sweep(given, measure=f"{sweep_faults.__file__}:count", progress=False)
    assert len(result) == 2 and len((tmp_path / "trace").read_text().split()) == 1


@pytest.mark.parametrize(
    "settings,problem",
    [
        ({"executor": "cloud"}, "executor: found 'cloud', expected processes or dask"),
        ({"address": "tcp://here:1"}, "address: found 'tcp://here:1' with the executor processes, expected dask"),
        (
            {"executor": "dask", "address": "tcp://here:1", "workers": 2},
            "workers: found 2 with the address of a scheduler",
        ),
        ({"time_limit": 0}, "time_limit: found 0, expected a positive number or None"),
        ({"memory_limit": -1}, "memory_limit: found -1, expected a positive number or None"),
        ({"measure": "nothing"}, "measure: found 'nothing', expected MODULE:FUNCTION"),
        ({"measure": "no.such.module:f"}, "measure: there is no module no.such.module"),
        ({"objectives": ["best: cycles"]}, "expected an expression, 'min: ...' or 'max: ...'"),
    ],
)
def test_wrong_settings(space, settings, problem) -> None:
    with pytest.raises(ValueError) as error:
        arsis.sweep(space, progress=False, **settings)
    assert problem in str(error.value)


def test_an_unknown_model_is_an_error_of_the_space(space) -> None:
    with pytest.raises(SpaceError, match="unknown model 'lenet6', expected an .onnx file or one of"):
        arsis.sweep(space | {"model": "lenet6"}, progress=False)


def test_a_model_may_be_bytes_or_a_proto(space, model) -> None:
    import onnx

    content = Path(model).read_bytes()
    results = [
        arsis.sweep(space | {"batch": 4, "matrix.rows": 8, "model": given}, progress=False, workers=1)
        for given in (model, content, onnx.load(model))
    ]
    assert results[0].rows[0]["key"] == results[1].rows[0]["key"]
    assert len({result.rows[0]["cycles"] for result in results}) == 1
    assert results[1].rows[0]["model"].startswith("model ")


def test_the_worker_is_gone_when_the_sweep_is(space) -> None:
    def children() -> set[str]:
        return {pid for pid in os.listdir("/proc") if pid.isdigit() and parent(pid) == os.getpid()}

    def parent(pid: str) -> int:
        try:
            return int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
        except OSError:
            return 0

    before = children()
    arsis.sweep(space, progress=False)
    assert children() <= before
