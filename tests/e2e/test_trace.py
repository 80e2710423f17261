# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Traces are what the Trace Event Format demands, and say what the report says: tracks with names, slices that do not
cross, units of time, accounts and counters that add up."""

import json
import re
from collections import defaultdict
from pathlib import Path

import jsonschema
import pytest
from arsis import models
from arsis_tools import tool

TRAINING = ["--train", "--loss", "softmax-xent", "--optimizer", "sgd,lr=0.1,momentum=0.9"]
LAYERS, UNITS, COUNTERS = 1, 2, 3
NUMBER = {"type": "number", "minimum": 0}
EVENT = {  # the Trace Event Format, as far as complete events, counters and metadata go
    "oneOf": [
        {
            "required": ["ph", "pid", "tid", "ts", "dur", "name", "cat", "args"],
            "additionalProperties": False,
            "properties": {
                "ph": {"const": "X"}, "pid": {"type": "integer"}, "tid": {"type": "integer"}, "ts": NUMBER,
                "dur": NUMBER,
                "name": {"type": "string", "minLength": 1}, "cat": {"type": "string"}, "args": {"type": "object"},
            },
        },
        {
            "required": ["ph", "pid", "ts", "name", "args"],
            "additionalProperties": False,
            "properties": {
                "ph": {"const": "C"}, "pid": {"type": "integer"}, "ts": NUMBER, "name": {"type": "string"},
                "args": {"type": "object", "additionalProperties": NUMBER, "minProperties": 1},
            },
        },
        {
            "required": ["ph", "pid", "name", "args"],
            "additionalProperties": False,
            "properties": {
                "ph": {"const": "M"}, "pid": {"type": "integer"}, "tid": {"type": "integer"},
                "name": {"enum": ["process_name", "process_sort_index", "thread_name", "thread_sort_index"]},
                "args": {"type": "object"},
            },
        },
    ]
}  # fmt: skip


def compiled(model: str, chip: str, batch: int, folder: Path) -> Path:
    program = folder / f"{model}.arsis"
    onnx = folder / f"{model}.onnx"
    if model == "resnet18":
        recipe = models.load_recipe(models.recipes_folder() / "torchvision_builder.py")
        recipe.build(model, onnx, image=64, classes=10)
    else:
        onnx = models.model_path(model, folder)
    tool("arsis-compile", onnx, "--chip", chip, "--batch", str(batch), *TRAINING, "--no-verify", "-o", program)
    return program


def traced(program: Path, chip: str, *options: str) -> tuple[dict, dict, Path]:
    """(trace, report, file of the trace)."""
    trace, report = program.with_suffix(".trace.json"), program.with_suffix(".report.json")
    tool("arsis-sim", program, "--chip", chip, "--timing-only", "--trace", trace, "--report", report, *options)
    return json.loads(trace.read_text()), json.loads(report.read_text()), trace


@pytest.fixture(scope="module")
def lenet(tmp_path_factory) -> Path:
    return compiled("lenet5", "edge", 32, tmp_path_factory.mktemp("lenet"))


@pytest.fixture(scope="module", params=["layers", "units", "instructions"])
def lenet_trace(request, lenet) -> tuple[dict, dict, str]:
    trace, report, _ = traced(lenet, "edge", "--trace-detail", request.param)
    return trace, report, request.param


def slices(trace: dict, process: int) -> list[dict]:
    return [event for event in trace["traceEvents"] if event["ph"] == "X" and event["pid"] == process]


def names(trace: dict, kind: str) -> dict[tuple, str]:
    found = [event for event in trace["traceEvents"] if event["ph"] == "M" and event["name"] == kind]
    return {(event["pid"], event.get("tid")): event["args"]["name"] for event in found}


def check_text(file: Path) -> None:
    """Perfetto reads times as text with digits and a point, no exponent."""
    times = re.findall(r'"(?:ts|dur)":([^,}]*)', file.read_text())
    assert times and all(re.fullmatch(r"\d+(\.\d+)?", time) for time in times)


def check_form(trace: dict, report: dict) -> None:
    validator = jsonschema.Draft202012Validator({"type": "array", "items": EVENT})
    problem = next(validator.iter_errors(trace["traceEvents"]), None)
    assert problem is None, problem and problem.message[:300]
    assert trace["displayTimeUnit"] == "ns"
    processes, threads = names(trace, "process_name"), names(trace, "thread_name")
    end = report["totals"]["time_ns"] / 1000  # timestamps are microseconds
    tracks = defaultdict(list)
    for event in trace["traceEvents"]:
        if event["ph"] != "M":
            assert (event["pid"], None) in processes
        if event["ph"] == "X":
            assert (event["pid"], event["tid"]) in threads
            assert event["ts"] + event["dur"] <= end * (1 + 1e-12)
            tracks[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for track in tracks.values():
        track.sort()
        for (_, before), (after, _) in zip(track, track[1:], strict=False):
            assert before <= after * (1 + 1e-12), "slices of a track cross"


def test_form(lenet_trace):
    trace, report, detail = lenet_trace
    check_form(trace, report)
    units = {unit["name"] for unit in report["units"]}
    shown = {name for (process, _), name in names(trace, "thread_name").items() if process == UNITS}
    assert shown == (set() if detail == "layers" else units | {f"{unit} waiting" for unit in units})
    phases = {name for (process, _), name in names(trace, "thread_name").items() if process == LAYERS}
    assert phases == {"fwd", "loss", "bwd-input", "bwd-weight", "update"}
    last = max(event["ts"] + event["dur"] for event in slices(trace, LAYERS))
    assert last <= report["totals"]["time_ns"] / 1000 + 1e-6 and trace["otherData"]["detail"] == detail


def test_layers(lenet_trace):
    trace, report, _ = lenet_trace
    rows = {(row["layer"], row["phase"], row["op"]): row for row in report["layers"]}
    found = slices(trace, LAYERS)
    assert len(found) == len(report["layers"])
    for event in found:
        row = rows[event["name"], event["cat"], event["args"]["op"]]
        assert event["args"]["attributed_cycles"] == row["cycles"]
        assert event["dur"] == pytest.approx(row["span_cycles"] / report["chip"]["core_mhz"])


def test_work_and_waiting_add_up_to_the_accounts(lenet):
    trace, report, _ = traced(lenet, "edge")
    threads = names(trace, "thread_name")
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    mhz = report["chip"]["core_mhz"]
    for event in slices(trace, UNITS):
        name = threads[UNITS, event["tid"]]
        unit = sums[name.removesuffix(" waiting")]
        if name.endswith(" waiting"):
            unit[event["name"]] += event["dur"] * mhz
            assert event["cat"] == "waiting" and event["args"]["layer"]
        else:
            for what, cycles in event["args"].items():
                if what not in ("op", "next_instance"):
                    unit[what] += cycles
    for unit in report["units"]:
        expected = {"busy_cycles": unit["busy"], **unit["stalled"]}
        assert sums[unit["name"]] == pytest.approx({what: n for what, n in expected.items() if n}, rel=1e-9)


def test_every_instruction_and_every_wait(lenet):
    trace, report, _ = traced(lenet, "edge", "--trace-detail", "instructions")
    threads = names(trace, "thread_name")
    instances: dict[str, list[int]] = defaultdict(list)
    encoded = {stream["name"]: stream["encoded_instructions"] for stream in report["program"]["streams"]}
    waits: dict[str, float] = defaultdict(float)
    for event in slices(trace, UNITS):
        name = threads[UNITS, event["tid"]]
        if name.endswith(" waiting"):
            waits[name.removesuffix(" waiting")] += event["dur"] * report["chip"]["core_mhz"]
        else:
            instances[name].append(event["args"]["instance"])
            assert 0 <= event["args"]["instruction"] < encoded[name]
    for stream, unit in zip(report["program"]["streams"], report["units"], strict=True):
        assert sorted(instances[unit["name"]]) == list(range(stream["executed_instructions"]))
        assert waits[unit["name"]] == pytest.approx(unit["stalled_total"], rel=1e-9)


def test_counters_add_up_to_the_totals(lenet_trace):
    trace, report, _ = lenet_trace
    totals = report["totals"]
    points: dict[str, list[dict]] = defaultdict(list)
    for event in trace["traceEvents"]:
        if event["ph"] == "C":
            points[event["name"]].append(event)

    def integral(counter: str, series: str) -> float:
        """Value times nanoseconds."""
        shown = points[counter]
        assert 10 < len(shown) <= 2049
        return sum(a["args"][series] * (b["ts"] - a["ts"]) * 1000 for a, b in zip(shown, shown[1:], strict=False))

    assert integral("DRAM bandwidth (GB/s)", "read") == pytest.approx(totals["dram_read_bytes"], rel=1e-6)
    assert integral("DRAM bandwidth (GB/s)", "written") == pytest.approx(totals["dram_write_bytes"], rel=1e-6)
    assert integral("scratchpad bandwidth (GB/s)", "read") == pytest.approx(totals["spm_read_bytes"], rel=1e-6)
    energy = integral("power (mW)", "dynamic") + integral("power (mW)", "static")
    assert energy == pytest.approx(totals["energy_pj"], rel=1e-6)


@pytest.mark.parametrize("detail", ["layers", "units", "instructions"])
def test_a_window(lenet, detail):
    whole, report, _ = traced(lenet, "edge", "--trace-detail", detail)
    begin, end = 300_000, 310_000
    part, _, _ = traced(lenet, "edge", "--trace-detail", detail, "--trace-window", f"{begin}:{end}")
    check_form(part, report)
    mhz = report["chip"]["core_mhz"]
    shown = [event for event in part["traceEvents"] if event["ph"] != "M"]
    assert min(event["ts"] for event in shown) == pytest.approx(begin / mhz)
    assert max(event["ts"] + event.get("dur", 0) for event in shown) == pytest.approx(end / mhz)
    assert 0 < len(slices(part, LAYERS)) < len(slices(whole, LAYERS))
    if detail == "instructions":
        inside = [
            event for event in slices(whole, UNITS)
            if "instance" in event["args"] and event["args"]["begin_cycle"] < end and event["args"]["end_cycle"] > begin
        ]  # fmt: skip
        found = [event for event in slices(part, UNITS) if "instance" in event["args"]]
        assert {json.dumps(e["args"]) for e in inside} <= {json.dumps(e["args"]) for e in found}
        assert len(found) - len(inside) <= len(report["units"]) * 4  # those of no duration at the edge
    open_end, _, _ = traced(lenet, "edge", "--trace-window", f"{begin}:")
    assert open_end["otherData"]["end_cycle"] == report["totals"]["cycles"]


def test_resnet18_stays_small(tmp_path):
    """By default, with every unit's work and waits down to a few thousandths of the step."""
    trace, report, file = traced(compiled("resnet18", "edge", 8, tmp_path), "edge")
    assert 5e6 < file.stat().st_size < 20e6
    check_text(file)
    check_form(trace, report)
    assert len(slices(trace, LAYERS)) == len(report["layers"]) and len(slices(trace, UNITS)) > 5_000


@pytest.mark.parametrize("options,problem", [
    (["--trace-detail", "all"], "trace detail: found 'all', expected layers, units or instructions"),
    (["--trace-window", "7"], "trace window: found '7', expected BEGIN:END in cycles"),
    (["--trace-window", "9:3"], "trace window: found '9:3', expected it to begin before it ends"),
    (["--trace-window", "99999999999:"], "expected it to begin before the run ends at cycle"),
])  # fmt: skip
def test_what_no_trace_can_show(lenet, tmp_path, options, problem):
    command = ["--chip", "edge", "--timing-only", "--trace", tmp_path / "t.json", *options]
    done = tool("arsis-sim", lenet, *command, check=False)
    assert done.returncode == 1 and problem in done.stderr and not (tmp_path / "t.json").exists()
    done = tool("arsis-sim", lenet, "--chip", "edge", "--timing-only", *options, check=False)
    assert done.returncode == 1 and "expected --trace with them" in done.stderr
