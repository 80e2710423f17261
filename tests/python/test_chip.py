# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""arsis.Chip: the numbers of its file, changes, comparison, the roofline's bounds."""

import pickle
import shutil
from pathlib import Path

import arsis
import numpy as np
import pytest
import yaml

CHIPS = Path(__file__).resolve().parents[2] / "arch_configs" / "chips"


def entries(file: Path) -> dict[str, dict]:
    sections = yaml.safe_load(file.read_text())
    return {
        f"{section}.{key}": entry
        for section, keys in sections.items()
        if isinstance(keys, dict)
        for key, entry in keys.items()
    }


@pytest.mark.parametrize("name", arsis.chips())
def test_values_are_those_of_the_file(name):
    """And where the file names a preset of DRAM, those of the preset's file that it leaves out."""
    chip, wanted = arsis.Chip(name), entries(CHIPS / f"{name}.yaml")
    for key, entry in wanted.items():
        value = chip.value(key)
        assert (chip[key], value.value, value.unit, value.source) == (
            entry["value"], entry["value"], entry["unit"], entry["source"])  # fmt: skip
        assert value.meaning
    preset = wanted.get("dram.preset", {"value": "none"})["value"]
    assert chip["dram.preset"] == preset
    theirs = {} if preset == "none" else entries(CHIPS.parent / "dram" / f"{preset}.yaml")
    for key, entry in theirs.items():
        if key not in wanted and not (key == "dram.channel_gbps" and "dram.bandwidth_gbps" in wanted):
            assert chip[key] == entry["value"] and chip.value(key).source == f"preset {preset}: {entry['source']}"
    assert set(chip) == set(wanted) | set(theirs) | {"dram.preset", "dram.channel_gbps", "dram.bandwidth_gbps"}
    assert chip["dram.bandwidth_gbps"] == pytest.approx(chip["dram.channels"] * chip["dram.channel_gbps"])
    assert isinstance(chip["matrix.rows"], int) and isinstance(chip["dram.bandwidth_gbps"], float)
    assumed = {key for key, entry in (theirs | wanted).items() if entry["source"].startswith("assumed")}
    assert set(chip.assumed) == assumed and len(chip.assumed) == len(assumed)


@pytest.mark.parametrize("name", arsis.chips())
def test_every_figure_has_a_source_and_says_what_is_assumed(name):
    """A source names a work, a file, a rule of arithmetic or another key, or begins with `assumed` and says why."""
    for key in arsis.Chip(name):
        source = arsis.Chip(name).value(key).source
        assert len(source) >= 10 and not source.rstrip().endswith(":"), key
        assert not source.startswith("assumed") or len(source) > len("assumed: x"), key


def test_changes_take_numbers_of_any_kind():
    edge = arsis.Chip("edge")
    made = edge.with_(
        **{
            "matrix.rows": np.int64(32),
            "matrix.cols": 32,
            "matrix.transposer": False,
            "dram.bandwidth_gbps": np.float32(0.5),
            "dram.controller_ns": 1e1,
            "clock.core_mhz": "800",
        }
    )
    assert [made[key] for key in ("matrix.rows", "matrix.cols", "matrix.transposer")] == [32, 32, 0]
    assert [made[key] for key in ("dram.bandwidth_gbps", "clock.core_mhz")] == [0.5, 800]
    assert edge["matrix.rows"] == 16
    assert [(d.key, d.left, d.right, d.unit) for d in edge.diff(made) if d.key == "matrix.rows"] == [
        ("matrix.rows", 16, 32, "PE")
    ]
    assert edge.diff("edge") == [] and edge != made and edge == arsis.Chip("edge")
    assert {made: 1}[arsis.Chip("edge", made.overrides)] == 1
    back = made.with_(**{"matrix.rows": 16})
    assert back["matrix.rows"] == 16 and back["matrix.cols"] == 32


@pytest.mark.parametrize("value", [None, [1], 1 + 2j, float("nan"), float("inf"), "", "0x10", 1.5])
def test_a_value_that_is_none(value):
    with pytest.raises(arsis.ChipError, match=r"matrix\.rows"):
        arsis.Chip("edge").with_(**{"matrix.rows": value})


def test_keys_that_there_are_not():
    with pytest.raises(arsis.ChipError, match="unknown chip key 'matrix.size'"):
        arsis.Chip("edge")["matrix.size"]
    with pytest.raises(arsis.ChipError, match="cannot override unknown chip key"):
        arsis.Chip("edge").with_(rows=3)
    assert "matrix.size" not in arsis.Chip("edge")


def test_peak_is_the_roofline_of_a_report(lenet):
    """Operations a second against the report's multiply-adds per cycle, which the simulator writes."""
    chip = arsis.Chip("edge").with_(**{"matrix.rows": 8, "matrix.units": 2, "clock.core_mhz": 700})
    report = arsis.simulate(arsis.compile(lenet, chip, batch=2), chip)
    peak = chip.peak()
    assert peak.ops_per_s == pytest.approx(2 * report["roofline"]["peak_macs_per_cycle"] * 700e6)
    assert peak.bytes_per_s == pytest.approx(report["roofline"]["dram_bytes_per_cycle"] * 700e6)
    assert peak.ridge == pytest.approx(2 * report["roofline"]["ridge_macs_per_byte"])
    half = chip.with_(**{"matrix.fp32_passes": 4, "matrix.fp16_passes": 0})
    assert half.peak("fp32").ops_per_s == peak.ops_per_s / 4 and half.peak("fp16").ops_per_s == 0
    with pytest.raises(arsis.InputError, match="precision: found 'fp8'"):
        chip.peak("fp8")


@pytest.mark.parametrize(
    "values,what",
    [
        ({}, "the accumulators' banks"),
        ({"technology.logic_low_power": 1}, "logic"),
        ({"technology.sram_low_standby": 1, "clock.core_mhz": 500}, "the accumulators' banks"),
    ],
)
def test_what_limits_the_clock_is_what_a_faster_one_is_refused_for(values, what):
    chip = arsis.Chip("edge").with_(**values)
    chip.with_(**{"clock.core_mhz": int(chip.clock_limit_mhz)})
    assert chip.clock_limited_by == what
    with pytest.raises(arsis.ChipError, match=f"expected at most the .* MHz of {what} at"):
        chip.with_(**{"clock.core_mhz": int(chip.clock_limit_mhz) + 1})


def test_a_file_and_what_becomes_of_it(tmp_path, monkeypatch, lenet):
    path = tmp_path / "mine.yaml"
    shutil.copy(CHIPS / "edge.yaml", path)
    chip = arsis.Chip(path).with_(**{"matrix.rows": 8})
    monkeypatch.chdir(tmp_path)
    near = arsis.Chip("mine.yaml")
    monkeypatch.chdir("/")
    assert near == arsis.Chip(path)
    again = pickle.loads(pickle.dumps(chip))
    assert again == chip and again.overrides == {"matrix.rows": "8"} and repr(again) == repr(chip)
    assert bytes(arsis.compile(lenet, chip, batch=2)) == bytes(
        arsis.compile(lenet, path, batch=2, overrides={"matrix.rows": 8})
    )
    path.write_text(path.read_text().replace("value: 16,", "value: -16,", 1))
    with pytest.raises(arsis.ChipError, match=r"mine.yaml:\d+: value -16"):
        chip.validate()
