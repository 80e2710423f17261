# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One changed line of a chip file moves energy, leakage and area the way physics says.

First what follows from the file alone: a line's values, and how a figure answers to them. Then what a training step
spends: the same program where a line changes time only, compiled again where the mapping follows the line.
"""

from collections.abc import Callable

import arsis
import pytest
from arsis import models

TRAINING = {"train": True, "optimizer": "sgd,lr=0.1,momentum=0.9", "no_verify": True}
ARRAY = ("matrix.rows", "matrix.cols")


def figure(chip: arsis.Chip, name: str) -> float:
    kind, part = name.split(" ")
    found = {"static": chip.static_power, "area": chip.areas, "energy": chip.energies}[kind]
    return found[f"energy.{part}_pj" if kind == "energy" else part].nominal


def with_line(base: str, keys: tuple[str, ...], value: float) -> arsis.Chip:
    return arsis.Chip(base).with_(**dict.fromkeys(keys, value))


def rises(values: list[float], figures: list[float]) -> bool:
    return all(a < b for a, b in zip(figures, figures[1:], strict=False))


def never_falls(values: list[float], figures: list[float]) -> bool:
    return all(a <= b for a, b in zip(figures, figures[1:], strict=False))


def falls(values: list[float], figures: list[float]) -> bool:
    return rises(values, figures[::-1])


def stays(values: list[float], figures: list[float]) -> bool:
    return len(set(figures)) == 1


def grows_with_power(exponent: int) -> Callable[[list[float], list[float]], bool]:
    def law(values: list[float], figures: list[float]) -> bool:
        scales = [found / value**exponent for value, found in zip(values, figures, strict=True)]
        return scales == pytest.approx([scales[0]] * len(scales), rel=1e-9)

    law.__name__ = f"power_{exponent}"
    return law


in_proportion, as_the_square = grows_with_power(1), grows_with_power(2)
DOUBLED = [2**n for n in range(3, 8)]  # 8 to 128

# A line's keys, its values, and how figures answer.
LINES = [
    (ARRAY, DOUBLED, {"static array": as_the_square, "area array": as_the_square, "energy mac_f32": stays}),
    (("matrix.rows",), DOUBLED, {"static array": in_proportion, "energy acc_read": stays}),
    (("matrix.cols",), DOUBLED, {"static array": in_proportion, "energy acc_read": rises, "area accumulators": rises}),
    (("matrix.units",), [1, 2, 4, 8], {"static array": in_proportion, "area accumulators": in_proportion}),
    (("matrix.weight_banks",), [1, 2, 3, 4], {"area array": rises, "static array": rises, "energy mac_f32": stays}),
    (
        ("matrix.accumulator_rows",),
        [256, 512, 1024, 2048, 4096],
        {"energy acc_read": never_falls, "static accumulators": rises, "area accumulators": rises},
    ),
    (
        ("scratchpad.kib",),
        [32, 128, 512, 2048, 8192, 16384],
        {"energy spm_read": rises, "energy spm_write": rises, "static scratchpad": rises, "area scratchpad": rises},
    ),
    (("scratchpad.banks",), [1, 2, 4, 8, 16], {"energy spm_read": falls, "energy spm_write": falls}),
    # CACTI organises each array anew, so that neighbours in its table need not be in order.
    (("scratchpad.bank_width_bytes",), [16, 64, 256], {"energy spm_read": rises, "energy spm_write": rises}),
    (("vector.lanes",), [4, 16, 64, 256, 1024], {"static vector": in_proportion, "area vector": in_proportion}),
    (
        ("technology.instruction_buffer_kib",),
        [8, 32, 128, 512],
        {"static instruction_buffer": rises, "area instruction_buffer": rises},
    ),
    (
        ("clock.core_mhz",),
        [100, 500, 1000, 2000, 4000],
        {"static array": stays, "static scratchpad": never_falls, "area scratchpad": never_falls},
    ),
    (
        ("dram.channels",),
        [1, 2, 4, 8],
        {"static dram_background": in_proportion, "static dram_refresh": in_proportion, "static array": stays},
    ),
    (("dram.ranks",), [1, 2, 4], {"static dram_background": in_proportion, "static dram_refresh": in_proportion}),
    (("energy.static_mw",), [188, 376, 3760], {"static chip": in_proportion, "static dram_background": stays}),
    (
        ("technology.voltage_v",),
        [0.7, 0.8, 0.9, 1.0],
        {"energy mac_f32": rises, "energy spm_read": rises, "static scratchpad": rises, "static array": in_proportion},
    ),
]


@pytest.mark.parametrize("keys,values,laws", LINES, ids=[line[0][-1] for line in LINES])
def test_a_line_moves_the_figures_that_follow_from_it(keys, values, laws):
    chips = [with_line("edge", keys, value) for value in values]
    for name, law in laws.items():
        figures = [figure(chip, name) for chip in chips]
        assert law(values, figures), (name, law.__name__, figures)


def test_a_smaller_node_at_its_own_voltage_costs_less():
    """The voltages of CACTI's tables, at a clock for which no memory is cut into parts."""
    pairs = [(65, 1.1), (45, 1.0), (32, 0.9), (22, 0.8)]
    keys = ("technology.node_nm", "technology.voltage_v", "clock.core_mhz")
    chips = [arsis.Chip("edge").with_(**dict(zip(keys, (*pair, 200), strict=True))) for pair in pairs]
    for name in (
        "energy mac_f32",
        "energy spm_read",
        "energy spm_write",
        "energy register",
        "area array",
        "area scratchpad",
    ):
        assert falls([], [figure(chip, name) for chip in chips]), name


def test_low_standby_cells_leak_less_and_cycle_slower():
    slow = arsis.Chip("edge").with_(**{"clock.core_mhz": 500})
    fast, frugal = (slow.with_(**{"technology.sram_low_standby": flag}) for flag in (0, 1))
    assert figure(frugal, "static scratchpad") < 0.01 * figure(fast, "static scratchpad")
    assert frugal.clock_limit_mhz < fast.clock_limit_mhz


def test_one_product_costs_the_same_on_array_and_lanes():
    """One world of sources: in the array only registers are added, which have a figure of their own."""
    for name in ("tiny", "edge"):
        chip = arsis.Chip(name)
        lane = figure(chip, "energy vector_multiply") + figure(chip, "energy vector_add")
        assert figure(chip, "energy mac_f32") == pytest.approx(lane, rel=1e-12)


# What a step spends


@pytest.fixture(scope="module")
def net(tmp_path_factory) -> str:
    return str(models.model_path("resnet8", tmp_path_factory.mktemp("nets")))


@pytest.fixture(scope="module")
def program(net) -> arsis.Program:
    return arsis.compile(net, "edge", batch=8, **TRAINING)


def spent(report: arsis.Report) -> tuple[float, float]:
    """Energy in pJ of the events, and of what is drawn all the time."""
    parts = report["energy"].values()
    return tuple(sum(part["pj"] for part in parts if (part["unit"] == "mW") == drawn) for drawn in (False, True))


@pytest.mark.parametrize(
    "key,values",
    [
        ("dram.bandwidth_gbps", [3.2, 6.4, 12.8, 25.6]),
        ("dram.controller_ns", [500, 100, 20, 0]),
        ("dma.outstanding_requests", [4, 16, 64]),
        ("dma.bus_bytes_per_cycle", [4, 16, 64]),
        ("vector.startup_cycles", [256, 64, 16]),
        ("frontend.decode_cycles", [128, 32, 1]),
        ("vector.cycles_simple", [8, 2, 1]),
    ],
)
def test_a_faster_line_wastes_less_on_what_is_drawn_all_the_time(program, key, values):
    """The same program does the same work, but for rows of the DRAM that close in between."""
    reports = [arsis.simulate(program, "edge", overrides={key: value}, verify=False) for value in values]
    times = [report.totals.time_ns for report in reports]
    assert falls(values, times), times
    for report in reports:
        drawn = sum(part.nominal for part in arsis.Chip("edge").static_power.values())
        assert spent(report)[1] == pytest.approx(drawn * report.totals.time_ns, rel=1e-9)
        rows = report["energy"]["dram_activations"]["pj"]
        first = reports[0]["energy"]["dram_activations"]["pj"]
        assert spent(report)[0] - rows == pytest.approx(spent(reports[0])[0] - first, rel=1e-12)


def test_a_faster_clock_does_the_same_work_in_less_time(program):
    """At one voltage, as long as memories follow without being cut."""
    slow, fast = (
        arsis.simulate(program, "edge", overrides={"clock.core_mhz": mhz}, verify=False) for mhz in (100, 400)
    )
    assert spent(fast)[1] < spent(slow)[1]
    assert spent(fast)[0] == pytest.approx(spent(slow)[0], rel=0.02)  # rows of the DRAM


def test_banks_and_rows_of_the_dram_spare_openings(program):
    def opened(**values: object) -> float:
        return arsis.simulate(program, "edge", overrides=values, verify=False)["totals"]["dram_activations"]

    banks = [opened(**{"dram.banks": banks}) for banks in (1, 2, 4, 8, 16)]
    assert falls([], banks), banks
    rows = [opened(**{"dram.row_bytes": size}) for size in (512, 1024, 2048, 4096)]
    assert falls([], rows), rows
    assert opened(**{"dram.page_policy": "closed"}) > opened(**{"dram.page_policy": "open"})


def test_the_power_of_the_chip_counts_by_the_time(program):
    totals = {
        mw: arsis.simulate(program, "edge", overrides={"energy.static_mw": mw}, verify=False).totals
        for mw in (100, 300, 500)
    }
    energies = [found.energy_pj for found in totals.values()]
    assert energies[1] - energies[0] == pytest.approx(200 * totals[100].time_ns, rel=1e-9)
    assert energies[2] - energies[1] == pytest.approx(200 * totals[100].time_ns, rel=1e-9)


def step(net: str, chip: arsis.Chip, **more: object) -> arsis.Report:
    return arsis.simulate(arsis.compile(net, chip, **{"batch": 8, **TRAINING, **more}), chip, verify=False)


def test_an_array_of_another_shape_multiplies_as_often(net):
    """Scratchpad and accumulators are read less often by a larger one, which each operand crosses at once."""
    reports = [step(net, with_line("edge", ARRAY, size)) for size in (8, 16, 32)]
    assert stays([], [report["energy"]["mac_f32"]["events"] for report in reports])
    assert falls([], [report["energy"]["spm_read_words"]["events"] for report in reports])
    assert rises([], [spent(report)[1] / report.totals.time_ns for report in reports])


def test_half_the_width_costs_less_for_a_product(net):
    wide, narrow = (step(net, arsis.Chip("edge"), precision=precision) for precision in ("fp32", "bf16"))
    assert narrow["energy"]["mac_bf16"]["pj"] < 0.6 * wide["energy"]["mac_f32"]["pj"]
    assert narrow.totals.energy_pj < wide.totals.energy_pj


def test_an_image_of_a_larger_batch_costs_less(net):
    images = [step(net, arsis.Chip("edge"), batch=batch).totals.energy_pj / batch for batch in (1, 4, 16)]
    assert falls([], images), images


def test_a_second_array_leaks_and_saves_time(net):
    one, two = (step(net, with_line("datacentre", ("matrix.units",), units)) for units in (1, 2))
    assert two["energy"]["static_array"]["coefficient"] == 2 * one["energy"]["static_array"]["coefficient"]
    assert two.totals.time_ns < 1.01 * one.totals.time_ns
    assert two.totals.energy_pj < 1.1 * one.totals.energy_pj


# The space between time, energy and area


def test_the_front_of_a_sweep_has_many_points(net):
    """100 chips at one clock and voltage: no chip is the best in everything."""
    space = {
        "model": net, "chip": "edge", "batch": 8, "train": True,
        "matrix.rows": [8, 12, 16, 24, 32],
        "matrix.cols": "=matrix.rows",
        "scratchpad.kib": [64, 128, 256, 512, 1024],
        "dram.channels": [1, 2, 4, 8],
        "dram.bandwidth_gbps": "=dram.channels * 6.4",
    }  # fmt: skip
    result = arsis.sweep(space, objectives=["time_ns", "energy_pj"], progress=False)
    assert len(result) == 100 and not result.failures, result.failures[:1]
    front = result.pareto()
    assert len(front) >= 8, [(row["time_ns"], row["energy_pj"]) for row in front]
    assert len(result.pareto(["time_ns", "energy_pj", "area_mm2"])) > len(front)
    small, fast = result.best("area_mm2"), result.best("time_ns")
    assert small["area_mm2"] < fast["area_mm2"] and small["time_ns"] > fast["time_ns"]
    chip = arsis.Chip(
        "edge", {key: value for key, value in small.items() if key.startswith(("matrix.", "scratchpad.", "dram."))}
    )
    assert small["area_mm2"] == pytest.approx(chip.area, rel=1e-12)
