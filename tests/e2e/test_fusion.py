# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Units of several operations: the same values, less traffic, and the way back where someone asks for one of them."""

import json
import warnings

import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module")
import numpy as np  # noqa: E402
from arsis import models  # noqa: E402
from arsis_tools import simulate, tensors_of, tool  # noqa: E402

CHIPS = ["tiny", "edge", "datacentre"]
BATCH, IMAGES = 4, {"lenet5": (1, 28, 28), "resnet8": (3, 32, 32)}


@pytest.fixture(scope="module", params=list(IMAGES))
def net(request, tmp_path_factory):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return request.param, models.model_path(request.param, tmp_path_factory.mktemp(request.param))


def compiled(model, chip: str, fuse: str, out, *options: str):
    train = ["--train", "--optimizer=sgd,lr=0.02,momentum=0.9", "--batch", BATCH]
    tool("arsis-compile", model, "--chip", chip, *train, f"--fuse={fuse}", *options, "-o", out)
    return out


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("chip", CHIPS)
def test_a_fused_step_agrees_and_moves_less(net, chip, precision, tmp_path):
    """Bit for bit with the reference of the same units. In fp32 near the step without units, whose sums of a
    normalisation may be cut elsewhere; in bf16 what is not stored is not rounded, and test_precision.py holds it to
    PyTorch."""
    name, model = net
    random = np.random.default_rng(4)
    inputs = {
        "x": random.standard_normal((BATCH, *IMAGES[name]), dtype=np.float32),
        "labels": random.integers(0, 10, BATCH),
    }
    results, totals = {}, {}
    for fuse in ("none", "all"):
        program = compiled(model, chip, fuse, tmp_path / f"{fuse}.arsis", f"--precision={precision}")
        results[fuse], report = simulate(program, chip, inputs, tmp_path, "--check=exact")
        totals[fuse] = report["totals"]
    bytes_moved = {k: t["dram_read_bytes"] + t["dram_write_bytes"] for k, t in totals.items()}
    assert bytes_moved["all"] < 0.97 * bytes_moved["none"]
    assert totals["all"]["cycles"] < totals["none"]["cycles"]
    if precision == "bf16":
        return
    for tensor in tensors_of(tmp_path / "all.arsis", "parameter", "state", "loss"):
        fused, plain = results["all"][tensor], results["none"][tensor]
        if name == "lenet5":  # without normalisation
            np.testing.assert_array_equal(fused, plain)
        else:
            assert np.linalg.norm(fused - plain) <= 1e-5 * np.linalg.norm(plain) + 1e-6, tensor


def test_a_pin_of_an_operation_takes_its_unit_apart(net, tmp_path):
    name, model = net
    unit, single = {
        "lenet5": ("relu1/fwd/bias_add+relu", "conv1/fwd/bias_add"),
        "resnet8": ("bn1/fwd/batch_norm+relu", "bn1/fwd/batch_norm"),
    }[name]
    compiled(model, "edge", "all", tmp_path / "a.arsis", "--write-schedules", tmp_path / "a.json")
    schedules = json.loads((tmp_path / "a.json").read_text())
    assert unit in schedules and single not in schedules
    compiled(model, "edge", "all", tmp_path / "b.arsis", "--mapping", tmp_path / "a.json")
    assert (tmp_path / "a.arsis").read_bytes() == (tmp_path / "b.arsis").read_bytes()
    (tmp_path / "pin.json").write_text(json.dumps({single: {"slots": {"tiles": 1}}}))
    more = ["--mapping", tmp_path / "pin.json", "--write-schedules", tmp_path / "c.json"]
    compiled(model, "edge", "all", tmp_path / "c.arsis", *more)
    found = json.loads((tmp_path / "c.json").read_text())
    assert unit not in found and found[single]["slots"]["tiles"] == 1


def test_without_units_there_are_none(net, tmp_path):
    for fuse, expected in (("none", False), ("vector", True)):
        text = compiled(net[1], "tiny", fuse, tmp_path / "m.mlir", "--emit=mapped").read_text()
        assert ("nn.unit" in text) == expected
