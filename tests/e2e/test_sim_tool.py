# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""arsis-sim as a person starts it, on a convolution written by hand: values, modes, report, trace, every refusal."""

import json
import re

import jsonschema
import numpy as np
import pytest
from arsis_tools import ROOT, tool

PROGRAM = ROOT / "tests/dialects/Isa/Encoding/conv.arsis.s"


@pytest.fixture
def inputs() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "x": random.standard_normal((1, 4, 5, 6), np.float32),
        "w": random.standard_normal((8, 4, 3, 3), np.float32),
    }


def run(folder, inputs, *more, check=True):
    np.savez(folder / "in.npz", **inputs)
    return tool("arsis-sim", PROGRAM, "--chip", "tiny", "--inputs", folder / "in.npz", *more, check=check)


def convolution(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return np.einsum("nchwij,fcij->nfhw", windows, w)


@pytest.mark.parametrize(
    "mode",
    [[], ["--functional-only"], ["--fast"], ["--perturb-latency", 7]],
    ids=lambda m: "".join(map(str, m)) or "full",
)
def test_values(tmp_path, inputs, mode):
    run(tmp_path, inputs, "--outputs", tmp_path / "out.npz", *mode)
    with np.load(tmp_path / "out.npz") as outputs:
        assert sorted(outputs.files) == ["w", "y"]
        np.testing.assert_allclose(outputs["y"], convolution(**inputs), rtol=1e-5, atol=1e-5)


def test_report_and_trace(tmp_path, inputs):
    run(
        tmp_path,
        inputs,
        "--report",
        tmp_path / "r.json",
        "--trace",
        tmp_path / "t.json",
        "--trace-detail",
        "instructions",
    )
    report = json.loads((tmp_path / "r.json").read_text())
    for unit in report["units"]:
        assert unit["busy"] + sum(unit["stalled"].values()) + unit["idle"] == report["totals"]["cycles"]
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert sum("instance" in event["args"] for event in events) == report["totals"]["instructions"]
    assert report["host"]["written_bytes"] == sum(array.nbytes for array in inputs.values())


def test_a_line_of_the_chip_moves_the_cycles(tmp_path, inputs):
    def cycles(*more):
        run(tmp_path, inputs, "--timing-only", "--report", tmp_path / "r.json", *more)
        return json.loads((tmp_path / "r.json").read_text())["totals"]["cycles"]

    assert cycles("--set", "dram.interconnect_ns=500") > cycles()


@pytest.mark.parametrize(
    "change,message",
    [
        (lambda i: i.pop("w"), "input w of shape 8x4x3x3 is missing"),
        (lambda i: i.update(x=i["x"][:, :, :4]), "tensor x has shape 1x4x4x6, expected 1x4x5x6"),
        (lambda i: i.update(x=i["x"].astype(np.int32)), "tensor x has type i32, expected f32 or f64"),
        (
            lambda i: i.update(x=np.full((1, 4, 5, 6), 1e300)),
            "tensor x: value 1e+300 at element 0 is too large for f32",
        ),
        (lambda i: i.update(z=i["x"]), "tensor z is not a tensor of the program"),
        (lambda i: i.update(y=i["x"]), "tensor y is not an input of the program"),
    ],
)
def test_rejects_inputs(tmp_path, inputs, change, message):
    change(inputs)
    done = run(tmp_path, inputs, check=False)
    assert done.returncode == 1 and done.stderr.startswith("error: ") and message in done.stderr


@pytest.mark.parametrize(
    "options,message",
    [
        (["--timing-only", "--functional-only"], "exclude each other"),
        (["--timing-only", "--check=exact"], "--timing-only computes no values"),
        (["--functional-only", "--perturb-latency", 1], "--functional-only has no clock"),
        (["--fast", "--timing-only"], "--fast runs values beside an unperturbed clock"),
        (["--check=nearly"], "--check is nearly, expected exact, reference, ops or off"),
        (["--check=exact"], "the program carries no nn module for the reference"),
        (["--set", "dram.phy_ns"], "--set: found 'dram.phy_ns', expected KEY=VALUE"),
        (["--set", "matrix.cols=4"], "matrix.cols >= 8, found 4"),
        (["--report", "/nowhere/r.json"], "/nowhere/r.json: cannot write the file: No such file or directory"),
    ],
)
def test_rejects_options(tmp_path, inputs, options, message):
    done = run(tmp_path, inputs, *options, check=False)
    assert done.returncode == 1 and message in done.stderr


@pytest.mark.parametrize("name", ["arsis-sim", "arsis-verify"])
def test_refuses_more_instances_than_the_budget(tmp_path, name):
    source = tmp_path / "long.s"
    source.write_text(
        "arsis 1\ndram 64\nlocation 0 layer l phase fwd op o\n"
        "stream vector 0\n  loop 4000000000\n    wait\n  end_loop\n"
    )
    done = tool(name, source, "--chip", "tiny", check=False)
    assert done.returncode == 1
    assert "the program has 4000000000 instances, expected at most 250000000 (--max-instances)" in done.stderr
    done = tool(name, source, "--chip", "tiny", "--max-instances", 10, check=False)
    assert "expected at most 10 (--max-instances)" in done.stderr


@pytest.mark.parametrize(
    "labels,message",
    [
        ([0, 5, 1], "tensor labels has label 5 at element 1, expected 0 to 4"),
        ([0, 1, 5_000_000_000], "tensor labels: value 5000000000 is no i32"),
    ],
)
def test_rejects_labels(tmp_path, labels, message):
    source = tmp_path / "labels.s"
    source.write_text(
        "arsis 1\ndram 72\ntensor labels label i32 [1, 1, 1, 3] at 0 host [3] permutation [0]\n"
        "tensor logits output f32 [1, 1, 3, 5] at 12 host [3, 5] permutation [0, 1]\n"
    )
    np.savez(tmp_path / "in.npz", labels=np.array(labels))
    options = ["--no-verify", "--inputs", tmp_path / "in.npz"]  # nothing computes the logits
    done = tool("arsis-sim", source, "--chip", "tiny", *options, check=False)
    assert done.returncode == 1 and f"{tmp_path / 'in.npz'}: {message}" in done.stderr


@pytest.fixture
def addition(tmp_path):
    """Assembly of y = x + z, and inputs with NaN and infinity."""
    from onnx import TensorProto, helper, save

    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 8])

    node = helper.make_node("Add", ["x", "z"], ["y"], name="sum")
    graph = helper.make_graph([node], "addition", [value("x"), value("z")], [value("y")])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(tmp_path / "add.onnx"))
    tool("arsis-compile", tmp_path / "add.onnx", "--chip=tiny", "--emit=asm", "-o", tmp_path / "add.s")
    x, z = np.ones((2, 8), np.float32), np.zeros((2, 8), np.float32)
    x[0, 1], x[1, 3], z[1, 3] = np.nan, np.inf, np.inf
    np.savez(tmp_path / "in.npz", x=x, z=z)
    return tmp_path / "add.s"


def strict_json(path):
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(path.read_text(), parse_constant=refuse)


def test_equal_nan_passes_the_reference_check(tmp_path, addition):
    options = ["--check=reference", "--inputs", tmp_path / "in.npz", "--report", tmp_path / "r.json"]
    tool("arsis-sim", addition, "--chip=tiny", *options)
    assert strict_json(tmp_path / "r.json")["parity"]["worst_relative_norm"] == 0


def test_nan_on_one_side_is_named(tmp_path, addition):
    text = addition.read_text()
    assert "map function=add" in text
    addition.write_text(text.replace("map function=add", "map function=subtract"))
    options = ["--check=reference", "--inputs", tmp_path / "in.npz", "--report", tmp_path / "r.json"]
    done = tool("arsis-sim", addition, "--chip=tiny", *options, check=False)
    assert done.returncode == 1
    assert "tensor y differs at element [1, 3], found nan, expected inf" in done.stderr
    parity = strict_json(tmp_path / "r.json")["parity"]
    assert parity["worst_relative_norm"] is None and not parity["passed"]


def report_of(folder, program, *more):
    options = ["--timing-only", "--report", folder / "r.json", *more]
    done = tool("arsis-sim", program, "--chip=tiny", *options)
    return json.loads((folder / "r.json").read_text()), done.stdout


def test_a_compiled_program_is_verified_once(tmp_path, addition):
    model = tmp_path / "add.onnx"
    tool("arsis-compile", model, "--chip=tiny", "-o", tmp_path / "add.arsis")
    tool("arsis-compile", model, "--chip=tiny", "--no-verify", "-o", tmp_path / "unproven.arsis")

    def proof(program, *more):
        verification = report_of(tmp_path, program, *more)[0]["verification"]
        assert verification["wall_clock_s"] >= 0
        return verification["by"], verification["why"]

    assert proof(tmp_path / "add.arsis") == ("record", "")
    assert proof(tmp_path / "unproven.arsis") == ("walk", "the program carries no verdict")
    assert proof(addition) == ("walk", "the program carries no verdict")  # written by hand, as far as anyone knows
    assert proof(tmp_path / "add.arsis", "--no-verify") == ("nobody", "verification was skipped")
    assert proof(tmp_path / "add.arsis", "--set", "scratchpad.kib=128") == ("record", "")
    tool("arsis-verify", tmp_path / "add.arsis", "--chip=tiny")


def test_a_program_with_a_race_is_not_run(tmp_path, addition):
    """The map no longer waits for its operands; the assembly carries no verdict of the program that it was."""
    lines = addition.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.lstrip().startswith("map "))
    assert " after(" in lines[at]
    lines[at] = re.sub(r" after\([^)]*\)", "", lines[at])
    addition.write_text("".join(lines))
    done = tool("arsis-sim", addition, "--chip=tiny", "--timing-only", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and done.stderr.count("error: ") == 1
    assert "the verifier rejects the program on chip tiny: [race]" in done.stderr
    tool("arsis-sim", addition, "--chip=tiny", "--timing-only", "--no-verify")


def test_a_chip_that_is_too_small_is_refused(tmp_path, addition):
    tool("arsis-compile", tmp_path / "add.onnx", "--chip=tiny", "-o", tmp_path / "add.arsis")
    options = ["--timing-only", "--set", "matrix.rows=4"]
    done = tool("arsis-sim", tmp_path / "add.arsis", "--chip=tiny", *options, check=False)
    assert done.returncode == 1
    assert "error: chip tiny cannot run this program, it needs matrix.rows == 8, found 4" in done.stderr


def test_the_report_carries_the_chip_and_what_was_overridden(tmp_path, addition):
    schema = json.loads((ROOT / "reports/schema/report.schema.json").read_text())
    page = (ROOT / "arch_configs/schema/keys.md").read_text()
    keys = set(re.findall(r"`(\w+\.\w+)`", page))
    plain, words = report_of(tmp_path, addition)
    jsonschema.validate(plain, schema)
    # Of the two bandwidths a chip gives one; energies that it leaves out are functions.
    given = set(plain["chip"]["values"])
    functions = {part["key"] for part in plain["energy"].values() if part["key"]} - given | {"energy.static_mw"}
    assert given == keys - {"dram.channel_gbps"} - functions and len(given) > 30
    assert all(not part["given"] for part in plain["energy"].values() if part["key"] in functions)
    assert plain["chip"]["overridden"] == [] and "instead of" not in words
    changed, words = report_of(tmp_path, addition, "--set", "dram.bandwidth_gbps=0.7")
    jsonschema.validate(changed, schema)
    was = plain["chip"]["values"].pop("dram.bandwidth_gbps")
    assert changed["chip"]["values"].pop("dram.bandwidth_gbps") == 0.7
    assert changed["chip"]["values"] == plain["chip"]["values"]
    assert changed["chip"]["overridden"] == [{"key": "dram.bandwidth_gbps", "from": f"{was:g}", "to": "0.7"}]
    assert f"chip tiny with dram.bandwidth_gbps = 0.7 instead of {was:g}\n" in words


def test_the_program_records_what_was_overridden_at_compile_time(tmp_path, addition):
    model, program = tmp_path / "add.onnx", tmp_path / "add.arsis"
    tool("arsis-compile", model, "--chip=tiny", "-o", program)
    options = report_of(tmp_path, program)[0]["program"]["options"]
    assert options["chip_overrides"] == "" and options["chip.scratchpad.kib"] == "64"
    tool("arsis-compile", model, "--chip=tiny", "--set", "scratchpad.kib=32", "-o", program)
    report = report_of(tmp_path, program)[0]
    assert report["program"]["options"]["chip_overrides"] == "scratchpad.kib=32"
    assert report["program"]["options"]["chip.scratchpad.kib"] == "32"
    assert report["chip"]["overridden"] == []  # this run has the file's value
    changes = report["chip"]["mapping_chosen_for_other_values"]
    assert changes == [{"key": "scratchpad.kib", "compiled_for": "32", "now": "64"}]
