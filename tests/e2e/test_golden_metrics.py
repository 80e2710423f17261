# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cycles, traffic and energy of one LeNet-5 training step per shipped chip, held to reports/baselines: a change of a
pass or of the machine shows its effect in the diff. ARSIS_UPDATE_BASELINES=1 in the environment writes new ones."""

import json
import os
import subprocess
import sys

import pytest
from arsis_tools import ROOT, compile_step, tool

METRICS = ["cycles", "macs", "dram_read_bytes", "dram_write_bytes", "spm_read_bytes", "spm_write_bytes", "energy_pj"]


@pytest.mark.parametrize("chip", ["tiny", "edge", "datacentre"])
def test_lenet5_step(chip, tmp_path):
    model, report = tmp_path / "lenet5.onnx", tmp_path / "report.json"
    subprocess.run([sys.executable, str(ROOT / "models/lenet5/build.py"), "-o", str(model)], check=True)
    program = compile_step(model, chip, 32, tmp_path / "step.arsis")
    tool("arsis-sim", program, "--chip", chip, "--timing-only", "--report", report)
    totals = json.loads(report.read_text())["totals"]
    found = {name: totals[name] for name in METRICS}
    baseline = ROOT / f"reports/baselines/lenet5-{chip}.json"
    if os.environ.get("ARSIS_UPDATE_BASELINES"):
        baseline.parent.mkdir(exist_ok=True)
        baseline.write_text(json.dumps(found, indent=1) + "\n")
    expected = json.loads(baseline.read_text())
    assert found == {**expected, "energy_pj": pytest.approx(expected["energy_pj"], rel=1e-12)}
