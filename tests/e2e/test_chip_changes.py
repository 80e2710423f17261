# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a change of the chip does to a compiled model, against closed forms; and that the books of a report balance.

The DRAM time of a layer's row is `dram_cycles`: the cycles in which its requests hold the channels. A row is memory-bound to the share
that this time has of its span. When a share s of a time is divided by two and the rest stays, 1 - s/2 remains: 0.50 to 0.55 for s >= 0.9.
"""

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from arsis_tools import ROOT, compile_step, tool

SHIPPED = ["tiny", "edge", "datacentre"]
BATCH = 32
# So wide that neither the bus nor Little's law (bytes in flight over latency) is the bound at either bandwidth: then only the DRAM is.
WIDE = ["--set", "dma.bus_bytes_per_cycle=8192", "--set", "dma.outstanding_requests=65536"]


def timed(program: Path, chip, folder: Path, *more) -> dict:
    report = folder / "report.json"
    tool("arsis-sim", program, "--chip", chip, "--timing-only", "--report", report, *more)
    return json.loads(report.read_text())


def value_of(chip: str, key: str) -> float:
    section, name = key.split(".")
    text = (ROOT / f"arch_configs/chips/{chip}.yaml").read_text()
    return float(re.search(rf"^{section}:\n(?:  .*\n)*?  {name}: {{value: ([0-9.]+)", text, re.MULTILINE).group(1))


def chip_with(chip: str, values: dict[str, float], path: Path) -> Path:
    """A chip file like a shipped one, some values replaced. Keys are dotted."""
    text = (ROOT / f"arch_configs/chips/{chip}.yaml").read_text()
    for key, value in values.items():
        section, name = key.split(".")
        text, found = re.subn(rf"(^{section}:\n(?:  .*\n)*?  {name}: {{value: )[0-9.]+", rf"\g<1>{value}", text, flags=re.MULTILINE)
        assert found == 1, f"{key} is not in {chip}"
    path.write_text(text)
    return path


def model(layer: str, folder: Path) -> Path:
    """One layer alone, made with the recipes' builder: `layer` is the Python that adds it to `net`."""
    path = folder / "layer.onnx"
    script = f"import sys; sys.path.insert(0, {str(ROOT / 'models')!r}); from pathlib import Path; from onnx_builder import Builder; {layer}; net.save(Path({str(path)!r}), 0)"
    script = script.replace('["N", classes]', "None")
    subprocess.run([sys.executable, "-c", script], check=True)
    return path


@pytest.fixture(scope="module")
def lenet(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("lenet5") / "lenet5.onnx"
    subprocess.run([sys.executable, str(ROOT / "models/lenet5/build.py"), "-o", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def programs(lenet, tmp_path_factory) -> dict[str, Path]:
    """LeNet-5's training step for every shipped chip."""
    folder = tmp_path_factory.mktemp("programs")
    return {chip: compile_step(lenet, chip, BATCH, folder / f"{chip}.arsis") for chip in SHIPPED}


@pytest.fixture(scope="module", params=SHIPPED)
def report(request, programs, tmp_path_factory) -> dict:
    return timed(programs[request.param], request.param, tmp_path_factory.mktemp("report"))


# Twice the bandwidth


@pytest.fixture(scope="module", params=["tiny", "edge"])
def bandwidths(request, programs, tmp_path_factory) -> list[tuple[dict, dict]]:
    """Rows at least 90 % memory-bound, each with itself at twice the bandwidth."""
    folder, chip = tmp_path_factory.mktemp("bandwidth"), request.param
    bandwidth = value_of(chip, "dram.bandwidth_gbps")
    once, twice = (
        timed(programs[chip], chip, folder, *WIDE, "--set", f"dram.bandwidth_gbps={factor * bandwidth}")["layers"] for factor in (1, 2)
    )
    bound = [(a, b) for a, b in zip(once, twice, strict=True) if a["dram_cycles"] >= 0.9 * a["span_cycles"] > 0]
    assert bound, f"no layer of LeNet-5 is memory-bound on {chip}"
    return bound


def test_twice_the_bandwidth_halves_the_dram_time_of_memory_bound_rows(bandwidths):
    ratios = {(a["layer"], a["phase"]): b["dram_cycles"] / a["dram_cycles"] for a, b in bandwidths}
    assert all(0.50 <= ratio <= 0.55 for ratio in ratios.values()), ratios


def test_the_time_of_a_row_falls_to_its_dram_time_or_what_else_bounds_it(bandwidths):
    """A row with no other work worth naming follows the DRAM; one with a product or a slow vector unit stops at that."""
    light = [(a, b) for a, b in bandwidths if a["macs"] == 0 and max(v for k, v in a["busy"].items() if k == "vector0") < 0.1 * a["span_cycles"]] if False else [
        (a, b) for a, b in bandwidths if a["macs"] == 0 and a["busy"].get("vector0", 0) <= 0.11 * a["span_cycles"]
    ]
    ratios = {(a["layer"], a["phase"]): b["span_cycles"] / a["span_cycles"] for a, b in light}
    assert all(0.50 <= ratio <= 0.55 for ratio in ratios.values()), ratios


def test_no_row_is_slower_than_one_channel_set_allows(report):
    """The DRAM serves one request per channel at a time: the rows' DRAM times fit into the run."""
    assert sum(row["dram_cycles"] for row in report["layers"]) <= report["totals"]["cycles"]
    for row in report["layers"]:
        ideal = (row["dram_read_bytes"] + row["dram_write_bytes"]) / report["roofline"]["dram_bytes_per_cycle"]
        assert row["dram_cycles"] + 1 >= math.floor(ideal), row["layer"]
