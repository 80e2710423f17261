# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`arsis compare`: simulated chips have the figures of their own runs, devices the bounds that were worked out by hand,
and what has no result says why in one line."""

import csv
import io
import json
import math
import re
from pathlib import Path

import arsis
import numpy as np
import pytest
from arsis import rooflines
from arsis.comparing import first_line
from arsis.comparison import NOTE, Comparison, Row
from arsis.rooflines import Published
from browser import marks, opened
from command_line import one_error

GUIDE = Path(__file__).resolve().parents[2] / "docs/guide_compare.md"
NETS = GUIDE.parents[1] / "models/nets.md"
BATCH = 8
# LeNet-5: multiply-adds of an image forward, of input gradients and of weight gradients (models/nets.md), parameters.
FORWARD, INPUT_GRADIENTS, PARAMETERS, IMAGE = 416_520, 298_920, 61_706, 28 * 28


@pytest.fixture(scope="module")
def made() -> Comparison:
    """Chips that run, devices, a chip without the type and a name that is none."""
    return arsis.compare("lenet5", ["p40", "gemmini", "tpu_v1", "edge", "edgy", "a100"], batch=BATCH, train=True)


def row(made: Comparison, name: str) -> Row:
    return next(row for row in made.rows if row.name == name)


def test_rows_are_in_the_order_that_was_asked_for(made):
    names = ["p40", "gemmini", "tpu_v1", "edge", "edgy", "a100"]
    kinds = ["upper bound", "simulated", "failed", "simulated", "failed", "upper bound"]
    assert [(row.name, row.kind) for row in made.rows] == list(zip(names, kinds, strict=True))
    assert [row.name for row in made.simulated] == ["edge", "gemmini"]  # the fastest first
    assert [row.name for row in made.bounds] == ["p40", "a100"]


def test_a_simulated_row_is_the_run_of_its_chip(made):
    program = arsis.compile("lenet5", "edge", batch=BATCH, train=True, optimizer="sgd,lr=0.1,momentum=0.9")
    totals, found = arsis.simulate(program, "edge")["totals"], row(made, "edge")
    assert found.time_s == pytest.approx(totals["cycles"] / 1e9)  # 1 GHz
    assert found.energy_j == pytest.approx(totals["energy_pj"] * 1e-12)
    assert found.power_w == pytest.approx(totals["power_mw"] * 1e-3)
    assert found.images_per_s == pytest.approx(BATCH / found.time_s)
    assert found.images_per_j == pytest.approx(BATCH / found.energy_j)
    assert (found.area_mm2, found.utilisation) == (totals["area_mm2"], totals["utilisation"])
    assert found.memory_bytes == totals["dram_read_bytes"] + totals["dram_write_bytes"]
    assert re.fullmatch(r"dram \d+%", found.bound_by) and found.peak == arsis.Chip("edge").peak()
    assert found.operations == 2 * BATCH * (2 * FORWARD + INPUT_GRADIENTS)  # the net's, not the array's zeros


def test_an_upper_bound_is_that_of_the_hand(made):
    """Operations of all products; images and labels once, parameters and momentum once each way."""
    operations = 2 * BATCH * (2 * FORWARD + INPUT_GRADIENTS)
    memory = 4 * (BATCH * (IMAGE + 1) + 2 * 2 * PARAMETERS)
    for name, peak, bandwidth, watts, bound in (
        ("p40", 11.76e12, 346e9, 250, "memory"), ("a100", 312e12 / 6, 2039e9, 400, "memory"),
    ):  # fmt: skip
        found = row(made, name)
        time = max(operations / peak, memory / bandwidth)
        assert (found.operations, found.memory_bytes, found.bound_by) == (operations, memory, bound)
        assert found.time_s == pytest.approx(time) and found.energy_j == pytest.approx(time * watts)
        assert found.images_per_s == pytest.approx(BATCH / time) and found.utilisation is None


@pytest.mark.parametrize("name", ["resnet8", "mobilenet_v3_small", "shufflenet_v2_x1_0", "fsrcnn", "unet"])
def test_the_work_is_that_of_the_net(name):
    """models/nets.md; of the MobileNet PyTorch's own counter says 56.5 M, of the ShuffleNet 145 M."""
    line = next(line for line in NETS.read_text().splitlines() if line.startswith(f"| `{name}`"))
    parameters, forward, of_inputs, of_weights = (
        int(cell.replace(",", "")) for cell in line.strip("| ").split(" | ")[4:8]
    )
    inference = arsis.compare(name, ["v100"], batch=4).rows[0]
    assert inference.operations == 2 * 4 * forward
    image = math.prod(map(int, line.split(" | ")[2].split("x")))
    assert inference.memory_bytes == 4 * (4 * image + parameters)
    training = arsis.compare(name, ["v100"], batch=4, train=True).rows[0]
    assert training.operations == 2 * 4 * (forward + of_inputs + of_weights)


@pytest.mark.parametrize("chip", ["datacentre", "edge", "gemmini"])
@pytest.mark.parametrize("train", [True, False])
def test_a_bound_is_the_same_whatever_stands_beside_it(chip, train):
    """Chips join gradients and pack zeros differently."""
    alone = arsis.compare("resnet8", ["v100"], batch=4, train=train).rows[0]
    beside = arsis.compare("resnet8", [chip, "v100"], batch=4, train=train).rows
    assert beside[1] == alone and beside[0].operations == alone.operations


def test_of_a_model_with_groups_no_zeros_count():
    """A depthwise 3x3 over 8 channels of 6x6, on a chip that packs groups side by side."""
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((8, 1, 3, 3), np.float32), "w")
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=8, pads=[1] * 4)
    shape = ["n", 8, 6, 6]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    graph = helper.make_graph([node], "depthwise", values[:1], values[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    rows = arsis.compare(model, ["edge", "datacentre", "p40"], batch=3).rows
    assert {row.operations for row in rows} == {2 * 3 * 8 * 36 * 9}


def test_an_inference_writes_nothing_back():
    found = arsis.compare("lenet5", ["p40"], batch=BATCH).rows[0]
    assert (found.operations, found.memory_bytes) == (2 * BATCH * FORWARD, 4 * (BATCH * IMAGE + PARAMETERS))


def test_bytes_are_those_of_the_type_that_was_asked_for():
    """Two-byte types: images and an inference's parameters in two bytes, a training's parameters in four."""
    for on in (["v100"], ["nvdla", "v100"]):
        found = arsis.compare("lenet5", on, batch=BATCH, precision="fp16").rows[-1]
        assert found.memory_bytes == 2 * (BATCH * IMAGE + PARAMETERS)
    for optimizer, held in (("sgd,lr=0.1", 1), ("sgd,lr=0.1,momentum=0.9", 2)):
        found = arsis.compare("lenet5", ["a100"], batch=BATCH, train=True, precision="bf16", optimizer=optimizer).rows[
            0
        ]
        assert found.memory_bytes == BATCH * (2 * IMAGE + 4) + 2 * held * 4 * PARAMETERS


def test_a_peak_of_fp32_may_be_one_of_halves():
    """Six products of bf16 make one of fp32 (Henry, Tang, Heinecke, ARITH 2019)."""
    peaks = {name: rooflines.load(name).peak("fp32").ops_per_s for name in ("a100", "v100", "p40")}
    assert peaks == pytest.approx({"a100": 312e12 / 6, "v100": 125e12 / 6, "p40": 11.76e12})


def test_a_roof_is_of_the_narrower_of_bus_and_dram():
    """Reads and writes have a lane each; together they pass at most twice the bus."""
    narrow = arsis.Chip("edge").with_(**{"dma.bus_bytes_per_cycle": 1})
    found = arsis.compare("lenet5", [narrow], batch=2, train=True).rows[0]
    assert 1e9 < found.peak.bytes_per_s < 2e9 < arsis.Chip("edge").peak().bytes_per_s
    assert found.memory_bytes / found.time_s <= found.peak.bytes_per_s


def test_published_is_of_shipped_files_alone(tmp_path):
    """A file or a chip of the same name with other values has none of it."""
    about = {"batch": 1, "precision": "tf32", "train": True}
    name = tmp_path / "a100.yaml"
    name.write_text((rooflines.folder() / "a100.yaml").read_text().replace("value: 2039,", "value: 3000,"))
    assert arsis.compare("resnet50", ["a100"], **about).rows[0].published
    assert arsis.compare("resnet50", [rooflines.load("a100")], **about).rows[0].published
    assert not arsis.compare("resnet50", [name], **about).rows[0].published
    assert not arsis.compare("resnet50", [rooflines.load(name)], **about).rows[0].published


def test_an_error_of_several_lines_is_told_in_one():
    assert first_line(arsis.ModelError("no room for\nx\ny")) == "no room for (and 2 more like it)"
    assert first_line(arsis.ModelError("three errors:\n  a: wrong\n  b: wrong")) == "three errors: a: wrong"


def test_what_has_no_result_says_why_in_one_line(made):
    assert row(made, "tpu_v1").message == (
        "does not multiply fp32, expected another chip, since it multiplies none of the types here"
    )
    assert "int8 is not supported" in row(made, "tpu_v1").description
    assert row(made, "edgy").message.startswith("unknown chip 'edgy', expected one of datacentre, edge, ")
    assert "of the roofline devices a100, p40, v100, xeon_e5_2699v3, or the path" in row(made, "edgy").message
    assert all("\n" not in row.message for row in made.failures)


def test_a_network_that_the_dram_cannot_hold():
    small = arsis.Chip("edge").with_(**{"dram.capacity_mib": 1})
    found = arsis.compare("lenet5", [small, "edge"], batch=64, train=True)
    assert [(row.name, row.kind) for row in found.rows] == [
        ("edge with dram.capacity_mib=1", "failed"), ("edge", "simulated")
    ]  # fmt: skip
    assert re.search(r"finds no room in DRAM: \d+ bytes missing of a capacity of 1048576$", found.rows[0].message)


def test_a_type_that_some_do_not_multiply():
    found = arsis.compare("lenet5", ["nvdla", "tpu_v3", "p40", "v100"], batch=2, precision="fp16")
    assert [row.kind for row in found.rows] == ["simulated", "failed", "failed", "upper bound"]
    assert [row.message for row in found.failures] == [
        "does not multiply fp16, expected fp32 or bf16", "does not multiply fp16, expected fp32"
    ]  # fmt: skip
    only = arsis.compare("lenet5", ["a100", "edge"], batch=2, precision="tf32")  # of devices, and counted all the same
    assert [row.kind for row in only.rows] == ["upper bound", "failed"]
    assert only.rows[0].operations == 2 * 2 * FORWARD


def test_a_device_whose_memory_is_too_small(tmp_path):
    text = (rooflines.folder() / "p40.yaml").read_text().replace("value: 24,", "value: 0.0004,")
    (tmp_path / "small.yaml").write_text(text)
    found = arsis.compare("lenet5", [tmp_path / "small.yaml"], batch=BATCH, train=True).rows[0]
    assert found.kind == "failed" and "needs at least 519 kB of memory" in found.message
    assert "has 400 kB" in found.message


@pytest.mark.parametrize(
    "change,problem",
    [
        ({"precision": "int8"}, "precision: found 'int8', expected one of fp32, tf32, bf16, fp16"),
        ({"batch": 0}, "batch: found 0, expected a whole number from 1"),
        ({"batch": True}, "batch: found True"),
        ({"on": []}, r"on: found \[\], expected a list"),
        ({"on": "edge"}, "on: found 'edge', expected a list"),
        ({"overrides": {}}, r"overrides: found this option in a comparison, expected Chip\(NAME\)\.with_"),
        ({"chip": "edge"}, "chip: found this option in a comparison, expected the list"),
        ({"no_verify": True}, "no_verify: found this option in a comparison"),
        ({"freeze": ["*"]}, "freeze: found this option in a comparison"),
        ({"optimiser": "sgd"}, "optimiser: found this option, expected one of at_isa, .*optimizer"),
        ({"model": b"no onnx"}, "<bytes>: not an ONNX file"),
        ({"model": b""}, "<bytes>: not an ONNX file"),
        ({"on": ["edge", "p40", "edge"]}, "on: found edge twice, expected each chip once"),
    ],
)
def test_wrong_arguments(change, problem):
    with pytest.raises((arsis.InputError, arsis.ModelError), match=problem):
        arsis.compare(**{"model": "lenet5", "on": ["edge"], "batch": 1} | change)


def test_text_says_what_is_what(made):
    text = made.text()
    simulated, bounds = text.index("\n  simulated "), text.index("\n  upper bound ")
    assert simulated < text.index("\n  edge ") < bounds < text.index("\n  p40 ") < text.index(NOTE)
    assert "\n  tpu_v1: does not multiply fp32" in text and "lenet5: training step, 8 images, fp32" in text


def test_json_and_csv_have_every_row(made):
    told = json.loads(made.to_json())
    assert (told["schema_version"], told["model"], told["batch"], told["train"]) == (1, "lenet5", BATCH, True)
    lines = list(csv.DictReader(io.StringIO(made.to_csv())))
    for found, entry, line in zip(made.rows, told["rows"], lines, strict=True):
        assert (entry["name"], entry["time_s"], entry["kind"]) == (found.name, found.time_s, found.kind)
        assert line["name"] == found.name and line["message"] == found.message
        assert line["images_per_s"] == ("" if found.images_per_s is None else str(found.images_per_s))


def test_a_page_draws_every_chip_and_what_was_published(made, tmp_path):
    told = Published("a100", "lenet5", "training", "fp32", 256, 1234.0, "a test", "verified")
    rows = [Row(**vars(row) | {"published": (told,)}) if row.name == "a100" else row for row in made.rows]
    shown = Comparison(made.model, made.batch, made.train, made.precision, rows)
    shown.save(tmp_path / "c.html")
    with opened(tmp_path / "c.html") as page:
        assert marks(page, "roofline") > 0
        assert page.locator("#plot-roofline .points path.point").count() == 4 + 1  # steps and bounds, a star
        assert page.locator("#plot-roofline .scatterlayer path.js-line").count() == 4
        names = page.locator("#simulated tbody td:first-child")
        assert names.all_text_contents() == ["edge", "gemmini"]
        page.locator("#simulated th", has_text="energy").click()
        assert names.all_text_contents() == ["gemmini", "edge"]  # which spends more
        assert page.locator("#bounds tbody tr").count() == 2 and "1,234 (batch 256)" in page.content()
        assert page.locator("#failures tr").count() == 2
    with pytest.raises(
        arsis.InputError, match=r"found the file 'c\.txt', expected one that ends in \.html, \.json, \.csv"
    ):
        made.save("c.txt")


def test_published_rows_are_of_what_there_is_and_below_the_peaks():
    """ResNet-50: 4.09 G multiply-adds forward, 3.97 of input and 4.09 of weight gradients (models/nets.md)."""
    macs = {"inference": 4_089_184_256, "training": 2 * 4_089_184_256 + 3_971_170_304}
    for entry in rooflines.published():
        target = rooflines.load(entry.device) if entry.device in rooflines.names() else arsis.Chip(entry.device)
        peak = target.peak(entry.precision)
        assert entry.model == "resnet50" and entry.status in ("verified", "derived", "memory") and entry.source
        assert 2 * macs[entry.mode] * entry.images_per_s < peak.ops_per_s, entry


def test_devices_and_chips_have_names_of_their_own():
    assert not set(rooflines.names()) & set(arsis.chips())
    for name in rooflines.names():
        assert rooflines.load(name).name == name


DEVICE = (rooflines.folder() / "p40.yaml").read_text()


@pytest.mark.parametrize(
    "old,new,problem",
    [
        ("unit: TFLOPS", "unit: GFLOPS", "d.yaml:7: unit 'GFLOPS' of peak.fp32_tflops is wrong, expected TFLOPS"),
        ("value: 346", "value: -1", "d.yaml:10: value '-1' of memory.bandwidth_gbps is impossible, expected a number"),
        ("value: 346", "value: .inf", "is impossible, expected a number above 0"),
        ("value: 346", "value: fast", "is impossible, expected a number above 0"),
        ("value: 346", "value: yes", "is impossible, expected a number above 0"),
        ('source: "NVIDIA Tesla P40 data sheet: GDDR5"', "source: ''", "source of memory.bandwidth_gbps is missing"),
        ("value: 346, unit", "low: 3, value: 346, unit", "unknown part 'low' of memory.bandwidth_gbps"),
        ("fp32_tflops", "fp8_tflops", "unknown key 'peak.fp8_tflops', expected one of peak.fp32_tflops"),
        ("kind: gpu", "kind: toaster", "d.yaml: found kind 'toaster', expected gpu or cpu"),
        ("kind: gpu", "", "d.yaml: missing keys, expected also kind"),
        ("kind: gpu", "kind: gpu\nkind: cpu", "d.yaml:5: found kind twice, expected it once"),
        ("kind: gpu", "kind: gpu\nprice: 3", "unknown key 'price', expected name, description, kind, peak"),
        ("board:", "memory_:", "unknown key 'memory_'"),
        ("name: p40", "name: [", "d.yaml:"),
    ],
)  # fmt: skip
def test_a_wrong_device(old, new, problem):
    assert DEVICE.count(old) == 1 or old == "fp32_tflops"
    with pytest.raises(arsis.ChipError) as error:
        rooflines.parse(DEVICE.replace(old, new), "d.yaml")
    assert problem in str(error.value) and "\n" not in str(error.value)


def test_files_that_are_no_device(tmp_path):
    with pytest.raises(arsis.ChipError, match="unknown roofline device 'k80', expected one of a100, p40"):
        rooflines.load("k80")
    with pytest.raises(arsis.FileError, match="cannot read the file"):
        rooflines.load(tmp_path / "none.yaml")
    with pytest.raises(arsis.ChipError, match="found no map"):
        rooflines.parse("- 1", "d.yaml")
    with pytest.raises(arsis.ChipError, match="found no peak"):
        rooflines.parse(re.sub(r"  fp32_tflops.*\n", "", DEVICE).replace("peak:", "peak: {}"), "d.yaml")


def test_the_command_line(call, tmp_path):
    files = [str(tmp_path / f"c.{kind}") for kind in ("html", "json", "csv")]
    status, out, error = call(
        "compare", "lenet5", "--train", "--batch", BATCH, "--on", "edge,p40", "-o", files[0], "--json", files[1],
        "--csv", files[2],
    )  # fmt: skip
    assert status == 0 and "upper bound" in out and not error, error
    assert all(Path(file).stat().st_size > 100 for file in files)
    status, out, error = call("compare", "lenet5", "--batch", 2, "--on", "tpu_v9,edge,tpu_v1")
    assert status == 3 and "\n  tpu_v9: unknown chip" in out and "\n  edge " in out and not error
    one_error(call("compare", "lenet5", "--batch", 2, "--on", "tpu_v1"), "no chip has a result: tpu_v1: does not")
    assert call("chips", "--rooflines")[1].split() == rooflines.names()


@pytest.mark.parametrize(
    "arguments,problem",
    [
        (["--on", "edge,,p40"], "--on: found 'edge,,p40', expected names with commas between them"),
        (["--on", "edge,edge"], "found edge twice"),
        ([], "--on"),
        (["--on", "edge", "--loss", "mse"], "--loss: found without --train"),
        (["--on", "edge", "--optimizer", "sgd,lr=1"], "--optimizer: found without --train"),
        (["--on", "edge", "--batch", "0"], "--batch: found '0'"),
        (["--on", "edge", "--precision", "int8"], "--precision: found 'int8'"),
        (["--on", "edge", "-o", "page.txt"], "--output: found 'page.txt', expected a file that ends in .html"),
        (["--on", "edge", "--json", "a.csv"], "--json: found 'a.csv', expected a file that ends in .json"),
    ],
)
def test_wrong_command_lines(call, arguments, problem):
    one_error(call("compare", "lenet5", *arguments), problem)


def test_a_model_that_is_none(call):
    one_error(call("compare", "lenet6", "--on", "edge"), "unknown model 'lenet6'")


def test_the_guide_shows_what_is_printed(call):
    """Between the fences of docs/guide_compare.md: a command, and what it says."""
    shown = re.search(r"```\n\$ arsis (.*?)\n(.*?)```", GUIDE.read_text(), re.S)
    assert shown
    status, out, _ = call(*shown[1].split())
    assert status == 3 and out.strip() == shown[2].strip(), out
