# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""arsis.Report against the JSON that it is made from."""

import json
import pickle
import sys
from collections import defaultdict

import arsis
import pytest

SUMS = ("cycles", "macs", "energy_pj", "dram_read_bytes", "dram_write_bytes", "utilisation")
OF_A_LAYER = (*SUMS, "layer", "phase", "op", "bound_by", "busy", "energy")
OF_ALL = (*SUMS, "time_ns", "power_mw")


@pytest.fixture(scope="module")
def report(lenet) -> arsis.Report:
    return arsis.simulate(arsis.compile(lenet, "edge", batch=4, train=True), "edge")


def test_attributes_are_the_columns(report):
    raw = json.loads(report.to_json())
    assert dict(report) == raw and report["totals"] == raw["totals"]
    for row, layer in zip(raw["layers"], report.layers, strict=True):
        assert all(getattr(layer, name) == row[name] for name in OF_A_LAYER)
    assert all(getattr(report.totals, name) == raw["totals"][name] for name in OF_ALL)
    for unit in report.units:
        assert unit.busy + sum(unit.stalled.values()) + unit.idle == unit.total == report.cycles
    assert sum(part.pj for part in report.energy) == pytest.approx(report.energy_pj)
    assert [place.begin for place in report.plan] == [row["begin"] for row in raw["memory_plan"]]
    assert (report.chip, report.mode) == ("edge", "timing-only")
    assert "edge" in repr(report) and str(report.cycles) in repr(report)


def test_tables_add_up(report):
    layers = report.layers
    assert layers.cycles == report.cycles and layers.macs == report.totals.macs
    assert (
        layers.dram_read_bytes + layers.dram_write_bytes
        == report.totals.dram_read_bytes + report.totals.dram_write_bytes
    )
    by_phase = defaultdict(float)
    for row in layers:
        by_phase[row.phase] += row.energy_pj
    assert {row.phase: row.energy_pj for row in report.phases} == pytest.approx(by_phase)


def test_at(report):
    wanted = [row for row in report["layers"] if row["layer"].startswith("conv") and row["phase"] == "bwd-weight"]
    found = report.at("conv*", phase="bwd-weight")
    assert found.cycles == sum(row["cycles"] for row in wanted) > 0 and len(found) == len(wanted)
    assert found.energy_pj == pytest.approx(sum(row["energy_pj"] for row in wanted))
    assert report.at().cycles == report.cycles
    assert {row.op for row in report.at(op="*conv2d_grad_input*")} == {"nn.conv2d_grad_input"}
    assert len(report.layers.where(lambda row: row.bound_by == "dram")) <= len(report.layers)
    assert report.layers[:2][1].layer == report.layers[1].layer
    with pytest.raises(arsis.InputError, match="no row has layer 'conv9'.*the layers are conv1, "):
        report.at("conv9")


def test_pandas(report):
    frame = report.layers.to_pandas()
    assert frame["cycles"].sum() == report.cycles and "busy.load0" in frame.columns
    assert list(report.units.to_pandas()["name"]) == [unit.name for unit in report.units]
    assert report.energy.to_pandas()["pj"].sum() == pytest.approx(report.energy_pj)
    assert {"phase", "cycles"} <= set(report.phases.to_pandas().columns)
    assert len(report.plan.to_pandas()) == len(report["memory_plan"])


def test_without_pandas(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"tables need pandas, which is not installed: pip install 'arsis\[pandas\]'"):
        report.layers.to_pandas()


def test_a_run_without_a_clock_has_no_cycles(lenet):
    session = arsis.Session(arsis.compile(lenet, "edge", batch=1), "edge")
    session.write("x", [[[[0.0] * 28] * 28]])
    report = session.run("functional")
    assert report.totals.macs > 0 and "cycles" not in repr(report)
    for read in (lambda: report.cycles, lambda: report.layers.cycles, lambda: report.units[0].busy):
        with pytest.raises(arsis.InputError, match="a functional run has none"):
            read()


def test_files(report, tmp_path):
    report.save(tmp_path / "r.json")
    assert arsis.Report.load(tmp_path / "r.json") == report
    again = pickle.loads(pickle.dumps(arsis.Report(report.to_json())))
    assert dict(again) == dict(report)
    for text, problem in (("{", "no JSON"), ("[]", "found no report"), ('{"schema_version": 2}', "found no report")):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(arsis.InputError, match=f"bad.json: .*{problem}"):
            arsis.Report.load(tmp_path / "bad.json")
