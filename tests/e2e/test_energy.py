# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Energy against what is known without the simulator: counts in closed form, coefficients by hand, physics of sizes."""

import json
import re

import arsis
import numpy as np
import pytest
from arsis import models
from arsis_tools import ROOT, simulate, tool

TRAINING = ["--train", "--optimizer", "sgd,lr=0.1,momentum=0.9", "--no-verify"]
SHIPPED = ["tiny", "edge", "datacentre"]


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets")
    return {name: models.model_path(name, folder) for name in ("lenet5", "resnet8")}


def run(model, chip: str, folder, *options: str, batch: int = 8) -> dict:
    program, report = folder / "step.arsis", folder / "report.json"
    tool("arsis-compile", model, "--chip", chip, "--batch", batch, *TRAINING, *options, "-o", program)
    tool("arsis-sim", program, "--chip", chip, *options, "--timing-only", "--report", report)
    return json.loads(report.read_text())


@pytest.fixture(scope="module", params=SHIPPED)
def report(request, nets, tmp_path_factory):
    return run(nets["lenet5"], request.param, tmp_path_factory.mktemp("report"))


# The audit


def test_counts_times_coefficients_are_the_total(report):
    energy, totals = report["energy"], report["totals"]
    for name, part in energy.items():
        assert part["pj"] == pytest.approx(part["events"] * part["coefficient"], rel=1e-12), name
        events = totals["time_ns"] if part["unit"] == "mW" else totals[name]
        assert part["events"] == events, name
        assert part["low"] <= part["coefficient"] <= part["high"] and part["source"], name
    sums = {
        bound: sum(part["events"] * part[bound] for part in energy.values()) for bound in ("low", "coefficient", "high")
    }
    assert totals["energy_pj"] == pytest.approx(sums["coefficient"], rel=1e-12)
    assert totals["energy_low_pj"] == pytest.approx(sums["low"], rel=1e-12)
    assert totals["energy_high_pj"] == pytest.approx(sums["high"], rel=1e-12)
    assert totals["energy_low_pj"] <= totals["energy_pj"] < totals["energy_high_pj"]


def test_layers_and_phases_add_up(report):
    for name, part in report["energy"].items():
        assert sum(row["energy"][name] for row in report["layers"]) == pytest.approx(part["pj"], rel=1e-12), name
    for phase in report["phases"]:
        rows = [row for row in report["layers"] if row["phase"] == phase["phase"]]
        assert sum(row["energy_pj"] for row in rows) == pytest.approx(phase["energy_pj"], rel=1e-12)


def test_areas_add_up(report):
    area = report["area"]
    assert area["mm2"] == report["totals"]["area_mm2"] == pytest.approx(sum(part["mm2"] for part in area["parts"]))
    assert {part["name"] for part in area["parts"]} == {
        "array", "vector", "scratchpad", "accumulators", "instruction_buffer",
    }  # fmt: skip


def test_rows_opened_are_those_of_the_dram(report):
    statistics = {entry["name"]: entry["value"] for entry in report["statistics"]}
    assert report["totals"]["dram_activations"] == statistics["dram.row_misses"] > 0


# Power over time


@pytest.mark.parametrize("chip", SHIPPED)
def test_windows_of_power_add_up_to_the_energy(nets, chip, tmp_path):
    program, out = tmp_path / "step.arsis", tmp_path / "report.json"
    tool("arsis-compile", nets["lenet5"], "--chip", chip, "--batch", 8, *TRAINING, "-o", program)
    tool("arsis-sim", program, "--chip", chip, "--timing-only", "--power", "--report", out)
    found = json.loads(out.read_text())
    power, total_ns = found["power"], found["totals"]["time_ns"]
    series = power["dynamic_mw"]
    count = len(series["dram"])
    lengths = [min(power["window_ns"], total_ns - window * power["window_ns"]) for window in range(count)]
    assert 64 <= count <= 256 and sum(lengths) == pytest.approx(total_ns, rel=1e-12)
    integral = sum(mw * ns for row in series.values() for mw, ns in zip(row, lengths, strict=True))
    events = sum(part["pj"] for part in found["energy"].values() if part["unit"] != "mW")
    assert integral == pytest.approx(events, rel=1e-9)
    assert integral + power["static_mw"] * total_ns == pytest.approx(found["totals"]["energy_pj"], rel=1e-9)
    assert power["average_mw"] == pytest.approx(found["totals"]["power_mw"], rel=1e-9)
    whole = [length >= power["window_ns"] / 2 for length in lengths]
    columns = zip(*series.values(), strict=True)
    sums = [sum(column) + power["static_mw"] for column, full in zip(columns, whole, strict=True) if full]
    assert all(whole[:-1])
    assert power["peak_mw"] == pytest.approx(max(sums), rel=1e-12) and max(sums) > power["average_mw"]
    dram = sum(found["energy"][f"dram_{part}"]["pj"] for part in ("read_bytes", "write_bytes", "activations"))
    assert sum(mw * ns for mw, ns in zip(series["dram"], lengths, strict=True)) == pytest.approx(dram, rel=1e-9)


def test_power_over_time_changes_nothing_else(nets, tmp_path):
    program, out = tmp_path / "step.arsis", tmp_path / "report.json"
    tool("arsis-compile", nets["lenet5"], "--chip", "edge", "--batch", 8, *TRAINING, "-o", program)
    reports = []
    for more in ([], ["--power"]):
        tool("arsis-sim", program, "--chip", "edge", "--timing-only", *more, "--report", out)
        reports.append(json.loads(out.read_text()))
        reports[-1].pop("wall_clock_s"), reports[-1]["verification"].pop("wall_clock_s")
    assert "power" not in reports[0]
    reports[1].pop("power")
    assert reports[0] == reports[1]


def test_a_run_without_a_clock_has_no_power_over_time(nets, tmp_path):
    program = tmp_path / "step.arsis"
    tool("arsis-compile", nets["lenet5"], "--chip", "tiny", "--batch", 8, *TRAINING, "-o", program)
    done = tool("arsis-sim", program, "--chip", "tiny", "--functional-only", "--power", check=False)
    assert done.returncode == 1 and "--functional-only has no clock" in done.stderr


def test_a_run_without_a_clock_says_nothing_of_what_depends_on_time(nets, tmp_path):
    """Which rows of the DRAM are open does, so that it is no fact that none was opened."""
    program = tmp_path / "step.arsis"
    tool("arsis-compile", nets["lenet5"], "--chip", "tiny", "--batch", 2, *TRAINING, "-o", program)
    given = {"x": np.ones((2, 1, 28, 28), np.float32), "labels": np.array([3, 7], np.int32)}
    found = {}
    for mode, more in (("functional", ["--functional-only"]), ("timing", [])):
        found[mode] = simulate(program, "tiny", given, tmp_path, *more)[1]
    for report, there in ((found["functional"], False), (found["timing"], True)):
        rows = [report["totals"], report["energy"], *report["layers"], *report["phases"]]
        rows += [row["energy"] for row in report["layers"]]
        assert all(("dram_activations" in row) == there for row in rows)
    timed = found["timing"]["energy"]
    events = {name for name, part in timed.items() if part["unit"] != "mW"} - {"dram_activations"}
    assert set(found["functional"]["energy"]) == events
    assert found["functional"]["totals"]["energy_pj"] == pytest.approx(sum(timed[name]["pj"] for name in events))


# A net whose counts are known


def test_counts_of_a_matmul_are_closed_forms(tmp_path):
    """y = x W with x 64 x 64 and W 64 x 64, fp32, on a 16 x 16 array: per product of 16 rows and columns of W, 256
    weights go down the chain and 64 rows of x stream, whatever the schedule's order."""
    model = tmp_path / "matmul.mlir"
    model.write_text(
        """module {
  func.func @forward(%x: tensor<64x64xf32> {nn.name = "x"}, %w: tensor<64x64xf32> {nn.name = "w"})
      -> (tensor<64x64xf32> {nn.name = "y"}) {
    %y = nn.matmul %x, %w : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    return %y : tensor<64x64xf32>
  }
}
"""
    )
    program, out = tmp_path / "p.arsis", tmp_path / "r.json"
    tool("arsis-compile", model, "--chip", "edge", "-o", program)
    tool("arsis-sim", program, "--chip", "edge", "--timing-only", "--report", out)
    totals = json.loads(out.read_text())["totals"]
    m = k = n = 64
    r = c = 16
    folds = (k // r) * (n // c)
    assert totals["mac_f32"] == m * k * n
    # Operand to the right, sum down; a weight of row i passes i + 1 registers.
    streams = m * k * n * (32 + 32)
    chain = r * (r + 1) // 2 * c * 32
    assert (totals["register_bits"] - streams) % chain == 0
    loads = (totals["register_bits"] - streams) // chain
    assert loads >= folds and loads % folds == 0
    assert totals["acc_write_rows"] == m * folds
    assert totals["acc_read_rows"] == m * (folds - n // c) + m * (n // c)


# Physics


def by_hand(key: str) -> float:
    """Leakage in mW of a row of CACTI's table, gates included: 45 nm, itrs-hp, one port, 64 B words."""
    table = (ROOT / "arch_configs/technology/sram.csv").read_text()
    leak, gates = re.search(rf"^{key},64,45,1rw0r0w,itrs-hp,[^,]*,[^,]*,([^,]*),([^,]*),", table, re.M).groups()
    return float(leak) + float(gates)


def test_a_larger_scratchpad_leaks_what_cacti_says(nets, tmp_path):
    """Four banks of 64 KiB and of 256 KiB, at 0.9 V of the 1.0 V that the table has."""
    powers = []
    for kib in (256, 1024):
        report = run(nets["resnet8"], "edge", tmp_path, f"--set=scratchpad.kib={kib}")
        leakage = report["energy"]["static_scratchpad"]["pj"] / report["totals"]["time_ns"]
        assert leakage == pytest.approx(0.9 * 4 * by_hand(str(kib // 4 * 1024)), rel=1e-9)
        powers.append(leakage)
    assert powers[1] > 3.4 * powers[0]


RANGES = {
    "scratchpad.kib": [32, 64, 128, 256, 1024, 4096],
    "array": [2, 4, 8, 16, 32, 64],
    "vector.lanes": [1, 4, 16, 64, 256, 1024],
    "scratchpad.banks": [1, 2, 4, 8, 32, 128],
    "clock.core_mhz": [50, 200, 400, 800, 1600, 2400],
}


def energies(model, key: str, folder) -> list[float]:
    keys = ["matrix.rows", "matrix.cols"] if key == "array" else [key]
    return [
        run(model, "edge", folder, *(f"--set={one}={value}" for one in keys))["totals"]["energy_pj"]
        for value in RANGES[key]
    ]


@pytest.mark.parametrize("key", RANGES)
def test_energy_has_its_optimum_inside_of_the_range(nets, key, tmp_path):
    """For one of the nets at least. The clock at one voltage: slower leaks longer, faster cuts memories into parts."""
    found = {name: energies(model, key, tmp_path) for name, model in nets.items()}
    inside = {name for name, row in found.items() if min(row) < min(row[0], row[-1])}
    assert inside, found


def test_a_pair_of_less_voltage_and_clock_saves_energy_per_operation():
    edge = arsis.Chip("edge")
    pairs = [edge.at_voltage(voltage) for voltage in (0.65, 0.75, 0.85)]
    clocks = [pair["clock.core_mhz"] for pair in pairs]
    products = [pair.energies["energy.mac_f32_pj"].nominal for pair in pairs]
    assert clocks == sorted(clocks) and len(set(clocks)) == 3
    assert products == sorted(products) and products[0] < products[-1]
    for pair in pairs:
        pair.validate()
        with pytest.raises(arsis.ChipError, match="expected at most the"):
            pair.with_(**{"clock.core_mhz": pair["clock.core_mhz"] + 2})
