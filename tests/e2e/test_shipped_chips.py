# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every shipped chip trains LeNet-5, proved and bit for bit, and has the peaks that its vendor publishes; the one that
multiplies no type of ours says so."""

import numpy as np
import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module")
from arsis import models  # noqa: E402
from arsis.chip import PASSES  # noqa: E402

# Without a training: TPU v1 multiplies int8 and nothing else.
INT8_ONLY = ["tpu_v1"]


@pytest.fixture(scope="module")
def lenet(tmp_path_factory):
    return models.model_path("lenet5", tmp_path_factory.mktemp("models"))


def precisions(chip: str) -> list[str]:
    return [name for name, key in PASSES.items() if arsis.Chip(chip)[key]]


def test_chips_that_multiply_none_of_our_types():
    assert [chip for chip in arsis.chips() if not precisions(chip)] == INT8_ONLY


@pytest.mark.parametrize("chip", [name for name in arsis.chips() if name not in INT8_ONLY])
def test_lenet5_trains(chip, lenet):
    """Compiling proves the program free of races and deadlocks; `verify` proves it again from its bytes."""
    precision = precisions(chip)[-1]
    program = arsis.compile(lenet, chip, batch=2, train=True, optimizer="sgd,lr=0.02,momentum=0.9", precision=precision)
    assert arsis.verify(program, chip)
    session, reference = arsis.Session(program, chip), arsis.Reference(program)
    draw = np.random.default_rng(3)
    for name, array in (("x", draw.random((2, 1, 28, 28), np.float32)), ("labels", np.array([7, 2], np.int32))):
        session.write(name, array)
        reference.write(name, array)
    report = session.run()
    reference.run("exact")
    for name in ("loss", "conv1.weight", "fc3.bias"):
        assert session.read(name).tobytes() == reference.read(name).tobytes(), name
    assert report.cycles > 0 and report.energy_pj > 0 and 0 < report.totals["utilisation"] <= 1
    assert report.cycles == arsis.simulate(program, chip).cycles


@pytest.mark.parametrize("precision", list(PASSES))
def test_int8_is_not_supported(precision, lenet):
    with pytest.raises(arsis.Infeasible, match=f"the arrays of the chip do not multiply {precision}"):
        arsis.compile(lenet, "tpu_v1", batch=2, precision=precision)


# Jouppi et al., ISCA 2021, Table 1, divided by the cores of a chip where ours is one of them: TFLOPS of bf16, GB/s.
@pytest.mark.parametrize(
    "chip,tflops,gbps",
    [
        ("tpu_v2", 46 / 2, 700 / 2),
        ("tpu_v3", 123 / 2, 900 / 2),
        ("tpu_v4i", 138, 614),
        ("tpu_v4", 275, 1200),
        ("datacentre", 123 / 2, 900 / 2),
    ],
)
def test_peaks_are_those_of_the_vendor(chip, tflops, gbps):
    peak = arsis.Chip(chip).peak("bf16")
    assert peak.ops_per_s == pytest.approx(tflops * 1e12, rel=5e-3)
    assert peak.bytes_per_s == pytest.approx(gbps * 1e9)


def test_the_peak_of_tpu_v1():
    """92 TOPS of int8 (Jouppi et al., ISCA 2017)."""
    chip = arsis.Chip("tpu_v1")
    rate = 2 * chip["matrix.rows"] * chip["matrix.cols"] * chip["clock.core_mhz"] * 1e6
    assert rate == pytest.approx(92e12, rel=5e-3)
    assert all(chip.peak(precision).ops_per_s == 0 for precision in PASSES)


def test_logic_of_the_fpga_costs_14_times_an_asic():
    """Kuon and Rose, 2007. The functions are those of another chip at the FPGA's node and voltage."""
    fpga = arsis.Chip("fpga")
    keys = ("technology.node_nm", "technology.voltage_v", "technology.logic_low_power")
    asic = arsis.Chip("edge").with_(**{key: fpga[key] for key in keys}).energies
    given = {key: figure for key, figure in fpga.energies.items() if figure.given and not key.startswith("energy.dram")}
    assert len(given) == 8
    for key, figure in given.items():
        assert figure.nominal == pytest.approx(14 * asic[key].nominal, rel=1e-3), key
        assert figure.low == pytest.approx(asic[key].nominal, rel=1e-3), key


def test_datacentre_is_tpu_v3_with_bank_groups_that_are_not_told_apart():
    """All else is the same, so that the one can stand for the other: a step of LeNet-5 is within 3 %."""
    core, other = arsis.Chip("tpu_v3"), arsis.Chip("datacentre")
    assert {found.key for found in core.diff(other)} == {
        "dram.preset", "dram.bank_groups", "dram.order", "dram.tccd_l_ns", "dram.trrd_l_ns", "dram.twtr_ns",
        "dram.twtr_l_ns", "dram.trtrs_ns", "dram.trc_ns",
    }  # fmt: skip
    assert (other["dram.bank_groups"], core["dram.bank_groups"]) == (1, 4)
    # Where ours says 0 the other key stands for it; a rank-switch time is of no use to one rank.
    assert core["dram.trrd_l_ns"] == core["dram.trrd_ns"] == other["dram.trrd_ns"]
    assert core["dram.twtr_l_ns"] == other["dram.twtr_ns"]
    assert core["dram.trc_ns"] == pytest.approx(other["dram.tras_ns"] + other["dram.trp_ns"])
    found = arsis.compare("lenet5", ["tpu_v3", "datacentre"], batch=32, train=True).rows
    assert found[0].time_s == pytest.approx(found[1].time_s, rel=0.03)
    assert found[0].energy_j == pytest.approx(found[1].energy_j, rel=0.03)
