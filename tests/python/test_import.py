# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`arsis import`: layers of other tools become models with the multiply-accumulates that those tools count, which run;
chips become chip files that load and say what they assume. The files are written here, in the forms of the tools."""

import json
import math
from pathlib import Path

import arsis
import numpy as np
import onnx
import onnxruntime
import pytest
import yaml
from arsis.importers import scalesim, timeloop
from arsis.pictures.quantities import quantity
from command_line import one_error

HEADING = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
NET = HEADING + "first, 14, 14, 3, 3, 2, 4, 1,\nsecond, 8, 8, 3, 3, 4, 6, 1,\nlast, 1, 1, 1, 1, 54, 5, 1,\n"
CONFIG = """[general]
run_name = small
[architecture_presets]
ArrayHeight: 8
ArrayWidth: 4
IfmapSramSzkB: 64
FilterSramSzkB: 32
OfmapSramSzkB: 16
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Dataflow: DATAFLOW
Bandwidth: 20,10
[run_presets]
InterfaceBandwidth: MODE
"""
CORE = {
    "core_type": "systolic_ws", "core_width": 8, "core_height": 16, "spad_size": 64, "accum_spad_size": 16,
    "sram_width": 32, "vector_process_bit": 256, "add_latency": 1, "mul_latency": 1, "exp_latency": 3, "div_latency": 2,
    "scalar_sqrt_latency": 5,
}  # fmt: skip
MACHINE = {
    "num_cores": 2, "core_freq": 800, "dram_type": "ramulator2", "dram_freq": 1000, "dram_channels": 2,
    "dram_req_size": 32, "dram_nbl": 2, "icnt_type": "simple", "icnt_freq": 2000, "precision": 2, "layout": "NHWC",
}  # fmt: skip
FLAT = {**MACHINE, **CORE}
NESTED = {**MACHINE, "core_config": {"core_0": CORE, "core_1": CORE}}


@pytest.fixture
def taken(call, tmp_path):
    """Imports texts by their file names and returns what was written and printed."""

    def run(files: dict[str, str], *options: object) -> tuple[str, str]:
        paths = []
        for name, text in files.items():
            paths.append(tmp_path / name)
            paths[-1].write_text(text)
        out = tmp_path / ("out.yaml" if paths[0].suffix in (".cfg", ".json") else "out.onnx")
        status, printed, errors = call("import", *paths, "-o", out, *options)
        assert status == 0, errors
        return str(out), printed

    return run


def counted(model: str, batch: int | None = None, **options) -> dict[str, int]:
    """Multiply-accumulates of every layer that has some, from a run without values."""
    report = arsis.Session(arsis.compile(model, "tiny", batch=batch, **options), "tiny").run(mode="timing")
    sums: dict[str, int] = {}
    for row in report["layers"]:
        if row["macs"]:
            sums[row["layer"]] = sums.get(row["layer"], 0) + row["macs"]
    return sums


def macs_there(height, width, kh, kw, channels, filters, stride_h, stride_w) -> int:
    """topo_calc_hyperparams() of scalesim/topology_utils.py."""
    rows = math.ceil((height - kh + stride_h) / stride_h)
    columns = math.ceil((width - kw + stride_w) / stride_w)
    return rows * columns * kh * kw * channels * filters


@pytest.mark.parametrize(
    "sizes",
    [(14, 14, 3, 3, 2, 4, 1, 1), (1, 1, 1, 1, 7, 5, 1, 1), (11, 8, 3, 2, 3, 5, 2, 3), (7, 13, 5, 1, 1, 2, 3, 1)],
)
def test_a_convolution_has_the_products_that_scalesim_counts(taken, sizes):
    *rest, stride_h, stride_w = sizes
    row = ", ".join(map(str, [*rest, stride_h] if stride_h == stride_w else [*rest, stride_h, stride_w]))
    model, printed = taken({"t.csv": f"{HEADING}layer, {row},\n"})
    assert counted(model, batch=1) == {"layer": macs_there(*sizes)}
    assert counted(model, batch=3) == {"layer": 3 * macs_there(*sizes)}
    assert printed.startswith(f"1 layer, {quantity(macs_there(*sizes))} MACs")


def test_a_depthwise_convolution(taken):
    model, _ = taken({"t.csv": f"{HEADING}DP1, 6, 6, 3, 3, 5, 1, 1,\n"})
    weight = onnx.load(model).graph.initializer[0]
    assert list(weight.dims) == [5, 1, 3, 3]
    assert sum(layer.macs for layer in scalesim.read_topology(Path(model).with_name("t.csv"))) == 4 * 4 * 9 * 5


def test_products(taken):
    model, _ = taken({"t.csv": "Layer, M, N, K,\na, 5, 7, 3,\nb, 2, 1, 9, 1:1,\na, 4, 4, 4, 1,\n"})
    assert counted(model) == {"a": 105, "b": 18, "a_2": 64}


def test_a_chain_is_trained(taken):
    model, printed = taken({"net.csv": NET}, "--chain")
    assert "max pooling by 2x2 in front of it" in printed and "2 rows and 2 columns of its input are padding" in printed
    shapes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in inputs_of(model)}
    assert shapes == {"x": [0, 2, 14, 14], "logits": [0, 5]}
    options = {"batch": 2, "loss": "softmax-xent", "optimizer": "sgd,lr=0.1", "train": True}
    forward = {"first": 12 * 12 * 9 * 2 * 4, "second": 6 * 6 * 9 * 4 * 6, "last": 54 * 5}
    assert counted(model, batch=2) == {name: 2 * macs for name, macs in forward.items()}
    assert counted(model, **options)["second"] == 3 * 2 * forward["second"]


def inputs_of(model: str) -> list:
    graph = onnx.load(model).graph
    return [*graph.input, *graph.output]


def test_a_chain_computes_what_onnxruntime_computes(taken):
    model, _ = taken({"net.csv": NET}, "--chain", "--seed", 3)
    images = np.random.default_rng(1).normal(size=(2, 2, 14, 14)).astype(np.float32)
    session = arsis.Session(arsis.compile(model, "tiny", batch=2), "tiny")
    session.write("x", images)
    session.run(mode="functional")
    expected = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": images})[0]
    np.testing.assert_allclose(session.read("logits"), expected, rtol=1e-4, atol=1e-4)


def test_a_chain_of_products(taken):
    model, _ = taken({"t.csv": "Layer,M,N,K,\na,4,6,3,\nb,4,5,6,\n"}, "--chain")
    assert counted(model) == {"a": 72, "b": 120}
    trained = counted(model, loss="softmax-xent", optimizer="sgd,lr=0.1", train=True)
    assert trained == {"a": 2 * 72, "b": 3 * 120}  # nobody asks for the gradient of the input


def test_a_chain_ends_in_the_mean_over_pixels(taken):
    model, printed = taken({"t.csv": f"{HEADING}c, 6, 6, 3, 3, 1, 3, 1,\n"}, "--chain")
    assert "mean over 4x4 pixels" in printed
    assert [d.dim_value for d in onnx.load(model).graph.output[0].type.tensor_type.shape.dim] == [0, 3]


PROBLEM = {"C": 3, "K": 4, "R": 3, "S": 2, "P": 5, "Q": 7, "N": 1, "Wstride": 2, "Hstride": 1, "shape": "cnn-layer"}


@pytest.mark.parametrize("nested", [False, True])
def test_a_problem_of_timeloop(taken, tmp_path, nested):
    bounds = {("M" if nested and key == "K" else key): value for key, value in PROBLEM.items() if key != "shape"}
    shape = {"name": "layer", "coefficients": [{"name": "Wdilation", "default": 1}]}
    problem = {"shape": shape, "instance": bounds} if nested else PROBLEM
    model, _ = taken({"conv.yaml": yaml.safe_dump({"problem": problem})})
    assert counted(model, batch=1) == {"conv": 3 * 4 * 3 * 2 * 5 * 7}
    layer, batch = timeloop.read_problem(tmp_path / "conv.yaml")
    assert (layer.width, layer.height, batch) == (4 * 2 + 3, 6 + 2, 1)  # P and R lie along the width


def test_problems_of_groups_products_and_batches(taken):
    groups = {"C": 2, "K": 3, "G": 2, "R": 1, "S": 1, "P": 4, "Q": 4, "N": 8}
    model, printed = taken({"g.yaml": yaml.safe_dump({"problem": groups})})
    assert [list(weight.dims) for weight in onnx.load(model).graph.initializer] == [[6, 2, 1, 1]]
    assert "g: batch 8, which the model leaves open (--batch 8)" in printed
    model, _ = taken({"p.yaml": yaml.safe_dump({"problem": {"shape": "gemm", "instance": {"M": 4, "N": 5, "K": 6}}})})
    assert counted(model) == {"p": 120}


def value(chip: str, key: str) -> float:
    return arsis.Chip(chip)[key]


def test_a_chip_of_scalesim(taken):
    chip, printed = taken({"small.cfg": CONFIG.replace("DATAFLOW", "ws").replace("MODE", "USER")})
    expected = {
        "matrix.rows": 8, "matrix.cols": 4, "scratchpad.kib": 96, "matrix.accumulator_rows": 1024,
        "dram.bandwidth_gbps": 10,  # the least of the two, words of a byte, at the assumed 1 GHz
    }  # fmt: skip
    assert {key: float(value(chip, key)) for key in expected} == expected
    assert "assumed: clock.core_mhz" in printed and "matrix.rows" not in printed
    assert arsis.Chip(chip).value("clock.core_mhz").source.startswith("assumed: not in the imported file, as in edge (")
    assert arsis.Chip(chip).value("matrix.rows").source == "small.cfg: ArrayHeight"


def test_what_scalesim_does_not_say_stays_assumed(taken):
    chip, printed = taken({"small.cfg": CONFIG.replace("DATAFLOW", "os").replace("MODE", "CALC")}, "--base", "tiny")
    assert value(chip, "dram.bandwidth_gbps") == value("tiny", "dram.bandwidth_gbps")
    assert "weight stationary, os there" in arsis.Chip(chip).value("matrix.units").source and "matrix.units" in printed


@pytest.mark.parametrize("form", [FLAT, NESTED])
def test_a_chip_of_onnxim(taken, form):
    chip, printed = taken({"two.json": json.dumps(form)})
    expected = {
        "clock.core_mhz": 800, "matrix.units": 2, "matrix.rows": 16, "matrix.cols": 8, "scratchpad.kib": 128,
        "matrix.accumulator_rows": 512, "vector.lanes": 32, "vector.cycles_exp": 3, "vector.cycles_rsqrt": 5,
        "dram.channels": 2, "dram.burst_bytes": 32, "dram.bandwidth_gbps": 32,
    }  # fmt: skip
    assert {key: float(value(chip, key)) for key in expected} == expected
    assert "matrix.units" in printed and "clock.core_mhz" not in printed


@pytest.mark.parametrize("name,text", [
    ("big.cfg", CONFIG.replace("ArrayHeight: 8", "ArrayHeight: 256").replace("ArrayWidth: 4", "ArrayWidth: 256")
                      .replace("DATAFLOW", "ws").replace("MODE", "USER")),
    ("two.json", json.dumps(NESTED)),
])  # fmt: skip
def test_an_imported_chip_runs_a_training_step(taken, lenet, name, text):
    chip, _ = taken({name: text})
    program = arsis.compile(str(lenet), chip, batch=2, loss="softmax-xent", optimizer="sgd,lr=0.1", train=True)
    assert arsis.Session(program, chip).run(mode="timing")["totals"]["cycles"] > 0


@pytest.mark.parametrize("files,options,problem", [
    ({"a.csv": f"{HEADING}c, 3, 3, 5, 5, 1, 1, 1,\n"}, [], "layer c: found a window of 5x5 on an input of 3x3"),
    ({"a.csv": f"{HEADING}c, 3, x, 1, 1, 1, 1, 1,\n"}, [], "layer c: found 'x', expected a whole number from 1"),
    ({"a.csv": f"{HEADING}c, 3, 3, 1, 1, 1, 1,\n"}, [], "layer c: found 7 columns, expected name, height"),
    ({"a.csv": f"{HEADING}c, 3, 3, 1, 1, 1, 1, 1, 2:4,\n"}, [], "found sparsity 2:4, expected a dense layer (1:1)"),
    ({"a.csv": "Layer, M, N, K,\ng, 2, 2, 2, 4,\n"}, [], "layer g: found 4 products in one layer, expected one"),
    ({"a.csv": HEADING}, [], "a.csv: found no layer"),
    ({"a.csv": "Layer, a, b, c,\n"}, [], "a.csv:1: found neither columns M, N, K nor those of filters"),
    ({"a.csv": f"{HEADING}c, 4, 4, 1, 1, 1, 2, 1,\nd, 4, 4, 1, 1, 3, 2, 1,\n"}, ["--chain"],
     "layers c and d do not follow each other: found 2 filters before 3 channels"),
    ({"a.csv": f"{HEADING}c, 4, 4, 1, 1, 1, 2, 1,\nd, 9, 9, 1, 1, 2, 2, 1,\n"}, ["--chain"],
     "found 4 pixels before 9, expected what padding or pooling"),
    ({"a.csv": f"{HEADING}c, 4, 4, 1, 1, 1, 2, 1,\nd, 1, 1, 1, 1, 7, 2, 1,\n"}, ["--chain"],
     "found 4x4x2 values before 7"),
    ({"a.csv": "Layer,M,N,K,\na,4,6,3,\nb,4,5,7,\n"}, ["--chain"], "a result of 4x6 before an operand of 4x7"),
    ({"a.yaml": "problem: {C: 1, R: 1, S: 1, P: 1, Q: 1}\n"}, [], "a.yaml: problem: found neither K and M"),
    ({"a.yaml": "problem: {C: 1, K: 1, R: 1, S: 1, P: 1}\n"}, [], "a.yaml: problem: found no Q"),
    ({"a.yaml": "problem: {C: 1, X: 1}\n"}, [], "a.yaml: problem: found bounds X, expected those of a convolution"),
    ({"a.yaml": "other: 1\n"}, [], "a.yaml: found another form, expected a SCALE-Sim topology"),
    ({"a.cfg": CONFIG.replace("DATAFLOW", "rs")}, [], "a.cfg: Dataflow: found 'rs', expected ws, os or is"),
    ({"a.cfg": CONFIG.replace("ArrayWidth", "Width")}, [], "a.cfg: found no ArrayWidth"),
    ({"a.cfg": CONFIG.replace("DATAFLOW", "ws")}, ["--base", "huge"], "--base: found no shipped chip 'huge'"),
    ({"a.cfg": CONFIG.replace("DATAFLOW", "ws")}, ["--chain"], "--chain: found the chip"),
    ({"a.json": json.dumps({**NESTED, "num_cores": 3})}, [], "found fewer than 3 cores, expected core_0 to core_2"),
    ({"a.json": json.dumps({**NESTED, "core_config": {"core_0": CORE, "core_1": {**CORE, "spad_size": 1}}})}, [],
     "found core_1 unlike core_0, expected equal cores"),
    ({"a.json": json.dumps({**FLAT, "core_config": 3})}, [], "found fewer than 2 cores"),
    ({"a.json": "[" * 5000}, [], "a.json: found another form"),
    ({"a.yaml": "problem: {shape: {coefficients: [3]}, instance: {C: 1}}\n"}, [], "found a coefficient without a name"),
    ({"a.yaml": "problem: [1]\n"}, [], "a.yaml: problem: found no bounds"),
    ({"a.csv": f"{HEADING}{'c' * 140_000}, 3,\n"}, [], "a.csv: found no CSV: field larger than field limit"),
    ({"a.json": json.dumps({**FLAT, "core_type": "gpu"})}, [], "core_type: found 'gpu', expected systolic_ws"),
    ({"a.csv": NET, "b.yaml": "problem: {C: 1}\n"}, [], "b.yaml: found a problem, expected a topology like"),
])  # fmt: skip
def test_what_cannot_be_imported(call, tmp_path, files, options, problem):
    paths = []
    for name, text in files.items():
        paths.append(tmp_path / name)
        paths[-1].write_text(text)
    one_error(call("import", *paths, "-o", tmp_path / "out", *options), problem)
    assert not (tmp_path / "out").exists()
    one_error(call("import", tmp_path / "absent.csv"), "absent.csv: No such file or directory")
