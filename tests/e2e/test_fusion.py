# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Units of several operations: the same values, less traffic, and the way back where someone asks for one of them."""

import json
import warnings

import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module")
import numpy as np  # noqa: E402
from arsis import models  # noqa: E402
from arsis_tools import ROOT, simulate, tensors_of, tool  # noqa: E402

CHIPS = ["tiny", "edge", "datacentre", str(ROOT / "tests/e2e/chips/tiny2.yaml")]  # the last has two arrays
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
@pytest.mark.parametrize("chip", CHIPS, ids=["tiny", "edge", "datacentre", "tiny2"])
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
    three = "vector,sums,epilogues"
    for fuse in ("none", "sums", "vector", "epilogues", three, f"{three},loads", f"{three},gradients", "all"):
        program = compiled(model, chip, fuse, tmp_path / "step.arsis", f"--precision={precision}")
        results[fuse], report = simulate(program, chip, inputs, tmp_path, "--check=exact")
        totals[fuse] = report["totals"]
        assert "copy" not in {row["op"] for row in report["layers"]}  # parameters are updated in place
    bytes_moved = {k: t["dram_read_bytes"] + t["dram_write_bytes"] for k, t in totals.items()}
    assert bytes_moved["all"] < 0.97 * bytes_moved["none"]
    assert totals["all"]["cycles"] < totals["none"]["cycles"]
    # A batch norm whose input fits the scratchpad reads it once, whoever sums it up.
    assert totals["sums"]["cycles"] <= 1.01 * totals["none"]["cycles"]
    assert totals["all"]["cycles"] <= 1.01 * totals["vector"]["cycles"]
    # Loads and gradients go on from the others, and are taken up where they pay.
    for more in (f"{three},loads", f"{three},gradients", "all"):
        assert (
            bytes_moved[more] <= 1.005 * bytes_moved[three] and totals[more]["cycles"] <= 1.01 * totals[three]["cycles"]
        )
    if name == "lenet5":  # a bias behind every product
        assert bytes_moved["epilogues"] < bytes_moved["none"]
    if name == "resnet8" and chip == "tiny":
        assert bytes_moved["sums"] < bytes_moved["none"] and bytes_moved["all"] < bytes_moved["vector"]
    if precision == "bf16":
        return
    for tensor in tensors_of(tmp_path / "step.arsis", "parameter", "state", "loss"):
        fused, plain = results["all"][tensor], results["none"][tensor]
        if name == "lenet5":  # without normalisation
            np.testing.assert_array_equal(fused, plain)
        else:
            assert np.linalg.norm(fused - plain) <= 1e-5 * np.linalg.norm(plain) + 1e-6, tensor


UNITS = {"lenet5": "conv1/fwd/conv2d+bias_add+relu", "resnet8": "bn1/fwd/batch_norm_of_moments+relu"}
MEMBERS = {"lenet5": "conv1/fwd/bias_add", "resnet8": "bn1/fwd/batch_norm"}  # one of each unit's operations


def pinned(model, key: str, folder) -> dict:
    """All schedules of a step in which one is asked for."""
    (folder / "pin.json").write_text(json.dumps({key: {"slots": {"tiles": 1}}}))
    options = ["--mapping", folder / "pin.json", "--write-schedules", folder / "found.json"]
    compiled(model, "edge", "all", folder / "pinned.arsis", *options)
    found = json.loads((folder / "found.json").read_text())
    assert found[key]["slots"]["tiles"] == 1
    return found


def test_schedules_written_are_those_read(net, tmp_path):
    name, model = net
    compiled(model, "edge", "all", tmp_path / "a.arsis", "--write-schedules", tmp_path / "a.json")
    schedules = json.loads((tmp_path / "a.json").read_text())
    assert UNITS[name] in schedules and MEMBERS[name] not in schedules
    compiled(model, "edge", "all", tmp_path / "b.arsis", "--mapping", tmp_path / "a.json")
    assert (tmp_path / "a.arsis").read_bytes() == (tmp_path / "b.arsis").read_bytes()


def test_a_pin_of_an_operation_takes_its_unit_apart(net, tmp_path):
    name, model = net
    found = pinned(model, MEMBERS[name], tmp_path)
    assert UNITS[name] not in found and "relu1/fwd/bias_add+relu" not in found


@pytest.mark.parametrize("net", ["lenet5"], indirect=True)
def test_a_pin_of_what_follows_a_product_frees_that_alone(net, tmp_path):
    found = pinned(net[1], "relu1/fwd/bias_add+relu", tmp_path)
    assert UNITS["lenet5"] not in found and "conv1/fwd/conv2d" in found
    assert "conv1/fwd/bias_add" not in found and "relu1/fwd/relu" not in found
    assert "conv2/fwd/conv2d+bias_add+relu" in found


HALF = """
func.func @forward(%x: tensor<65x7xf32> {nn.name = "x"}, %s: tensor<7xf32> {nn.name = "s"})
    -> (tensor<65x7xf32> {nn.name = "y"}) {
  %n, %mean, %rstd, %m, %v = nn.batch_norm %x, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<65x7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>)
      -> (tensor<65x7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>)
  %y = nn.add %n, %x : tensor<65x7xf32>
  return %y : tensor<65x7xf32>
}
"""


def test_a_unit_that_is_taken_apart_has_its_types_again(tmp_path):
    """The same text as without units, but for the option that it remembers."""
    (tmp_path / "m.mlir").write_text(HALF)
    (tmp_path / "pin.json").write_text(json.dumps({"add": {"slots": {"tiles": 2}}}))
    options = ["--chip=tiny", "--precision=bf16", "--mapping", tmp_path / "pin.json", "--emit=mapped"]
    texts = []
    for fuse in ("none", "all"):
        tool("arsis-compile", tmp_path / "m.mlir", *options, f"--fuse={fuse}", "-o", tmp_path / "out.mlir")
        texts.append((tmp_path / "out.mlir").read_text())
    assert texts[0].count('fuse = "none"') == 1
    assert texts[0].replace('fuse = "none"', 'fuse = "all"') == texts[1] and texts[0].count("tensor<65x7xbf16>") >= 3


DONATED = """
func.func @forward(%x: tensor<64x8xf32> {nn.name = "x", nn.role = #nn.role<state>}, %s: tensor<8xf32> {nn.name = "s"})
    -> (tensor<64x8xf32> {nn.name = "x", nn.role = #nn.role<state>, nn.donates = 0 : i64},
        tensor<64x8xf32> {nn.name = "y"}) {
  %t, %y = nn.unit(%x, %s) : (tensor<64x8xf32>, tensor<8xf32>) -> (tensor<64x8xf32>, tensor<64x8xf32>) {
  ^bb0(%a: tensor<64x8xf32>, %b: tensor<8xf32>):
    %0 = nn.tanh %a : tensor<64x8xf32>
    %1, %mean, %rstd, %m, %v = nn.batch_norm %0, %b, %b, %b, %b epsilon 1.0e-5 momentum 0.1
        : (tensor<64x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
        -> (tensor<64x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
    nn.yield %0, %1 : tensor<64x8xf32>, tensor<64x8xf32>
  }
  return %t, %y : tensor<64x8xf32>, tensor<64x8xf32>
}
"""


def test_what_a_unit_reads_in_several_passes_is_not_overwritten(tmp_path):
    (tmp_path / "m.mlir").write_text(DONATED)
    (tmp_path / "pin.json").write_text(json.dumps({"tanh+batch_norm": {}}))  # keeps it together
    program = tmp_path / "p.arsis"
    options = ["--chip=tiny", "--mapping", tmp_path / "pin.json"]
    tool("arsis-compile", tmp_path / "m.mlir", *options, "-o", program)
    random = np.random.default_rng(5)
    inputs = {name: random.standard_normal(shape, np.float32) for name, shape in (("x", (64, 8)), ("s", 8))}
    _, report = simulate(program, "tiny", inputs, tmp_path, "--check=exact")
    assert any("tanh+batch_norm" in row["op"] for row in report["layers"])


def test_without_units_there_are_none(net, tmp_path):
    for fuse, expected in (("none", False), ("vector", True)):
        text = compiled(net[1], "tiny", fuse, tmp_path / "m.mlir", "--emit=mapped").read_text()
        assert ("nn.unit" in text) == expected


def test_inference_is_a_unit_per_layer(tmp_path):
    """Normalisation by running statistics, addition and ReLU on the tiles of the convolutions, bit for bit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = models.model_path("resnet8", tmp_path)
    program = tmp_path / "p.arsis"
    tool("arsis-compile", model, "--chip=edge", "--batch", BATCH, "-o", program)
    x = np.random.default_rng(6).standard_normal((BATCH, *IMAGES["resnet8"]), dtype=np.float32)
    _, report = simulate(program, "edge", {"x": x}, tmp_path, "--check=exact")
    operations = [row["op"] for row in report["layers"]]
    assert sum("batch_norm_inference+add+relu" in op for op in operations) == 3, operations
    after = [op for op in operations if any(name in op for name in ("batch_norm", "relu", "add"))]
    assert all("conv2d" in op or "matmul" in op for op in after), operations
