# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a second and a fourth array are worth: nearly twice and four times where memory does not bind, and never a
slower chip."""

import json
import warnings
from itertools import pairwise

import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module")
from arsis import models  # noqa: E402
from arsis_tools import BURSTS, tool  # noqa: E402

# Memory that does not bind four arrays of `edge`, DRAM and scratchpad alike.
PLENTY = BURSTS | {
    "dram.bandwidth_gbps": "200",
    "dma.bus_bytes_per_cycle": "64",
    "dma.outstanding_requests": "4096",
    "scratchpad.banks": "32",
    "scratchpad.kib": "4096",
}
PRODUCTS = {
    "wide 1x1": ("conv2d", "1x56x56x256", "1x1x256x256", "1x56x56x256", 0),
    "narrow 3x3": ("conv2d", "1x56x56x64", "3x3x64x64", "1x56x56x64", 1),
    "input gradient": ("conv2d_grad_input", "1x28x28x128", "3x3x128x128", "1x28x28x128", 1),
    "weight gradient": ("conv2d_grad_weight", "1x28x28x128", "1x28x28x128", "3x3x128x128", 1),
}


def cycles(model, chip: str, overrides: dict[str, str], folder, *options: str) -> int:
    sets = [f"--set={key}={value}" for key, value in overrides.items()]
    program, report = folder / "p.arsis", folder / "report.json"
    tool("arsis-compile", model, "--chip", chip, *sets, *options, "-o", program)
    tool("arsis-sim", program, "--chip", chip, *sets, "--timing-only", "--report", report)
    return json.loads(report.read_text())["totals"]["cycles"]


@pytest.mark.parametrize("name", list(PRODUCTS))
def test_arrays_pay(name, tmp_path):
    op, a, b, y, pad = PRODUCTS[name]
    types = [f"tensor<{shape}xf32>" for shape in (a, b, y)]
    model = tmp_path / "m.mlir"
    model.write_text(
        f'func.func @forward(%a: {types[0]} {{nn.name = "a"}}, %b: {types[1]} {{nn.name = "b"}})\n'
        f'    -> ({types[2]} {{nn.name = "y"}}) {{\n'
        f"  %y = nn.{op} %a, %b strides [1, 1] pads [{', '.join([str(pad)] * 4)}] dilations [1, 1]\n"
        f"      : ({types[0]}, {types[1]}) -> {types[2]}\n  return %y : {types[2]}\n}}\n"
    )
    one, two, four = (cycles(model, "edge", PLENTY | {"matrix.units": str(n)}, tmp_path) for n in (1, 2, 4))
    assert 1.8 <= one / two <= 2.05 and 3.2 <= one / four <= 4.1, (one, two, four)


@pytest.mark.parametrize("chip", ["tiny", "edge", "datacentre"])
@pytest.mark.parametrize("net", ["lenet5", "resnet8"])
def test_more_arrays_are_never_slower(net, chip, tmp_path):
    """Compiled and run again for each; what is not in an estimate (contention in the scratchpad, rows of the DRAM) may
    cost 1 % of the step, 2 % of a short one; three arrays on the four banks of `edge` cost resnet8 1.2 %."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = models.model_path(net, tmp_path)
    found = [
        cycles(model, chip, {"matrix.units": str(units)}, tmp_path, "--batch=8", "--train", "--optimizer=sgd")
        for units in (1, 2, 3, 4)
    ]
    allowed = 1.02 if found[0] < 1e6 else 1.015 if (net, chip) == ("resnet8", "edge") else 1.01
    assert all(more <= allowed * fewer for fewer, more in pairwise(found)), found
    assert found[-1] < found[0]
