# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An operation with a gradient, a strategy and an instruction from one library outside the tree (a CMake project of its
own, tests/plugins/activation): trained for one step on every chip, bit for bit, by either strategy and from Python."""

import json
import os
import re

import arsis
import numpy as np
import pytest
from arsis_tools import BIN, CHIPS, ROOT, tool

LIBRARY = BIN.parent / "lib/libarsis-test-activation.so"
LOAD = ["--load-plugin", LIBRARY]
BATCH, INPUTS, HIDDEN, CLASSES = 6, 20, 33, 4
FORWARD = "act/fwd/squared_relu"
RATE = 0.125

RANDOM = np.random.default_rng(7)
X = RANDOM.standard_normal((BATCH, INPUTS)).astype(np.float32)
W1 = (0.3 * RANDOM.standard_normal((INPUTS, HIDDEN))).astype(np.float32)
W2 = (0.3 * RANDOM.standard_normal((HIDDEN, CLASSES))).astype(np.float32)
LABELS = np.array([0, 3, 1, 1, 2, 0], dtype=np.int32)
VALUES = {"x": X, "w1": W1, "w2": W2, "labels": LABELS}


def net(operation: str = "activation.squared_relu") -> str:
    x, hidden, y = (f"tensor<{BATCH}x{size}xf32>" for size in (INPUTS, HIDDEN, CLASSES))
    w1, w2 = f"tensor<{INPUTS}x{HIDDEN}xf32>", f"tensor<{HIDDEN}x{CLASSES}xf32>"
    return f"""
func.func @forward(%x: {x} {{nn.name = "x", nn.role = #nn.role<input>}},
    %w1: {w1} {{nn.name = "w1", nn.role = #nn.role<parameter>}},
    %w2: {w2} {{nn.name = "w2", nn.role = #nn.role<parameter>}}) -> ({y} {{nn.name = "logits"}}) {{
  %h = nn.matmul %x, %w1 : ({x}, {w1}) -> {hidden} loc(#fc1)
  %a = {operation} %h : {hidden} loc(#act)
  %y = nn.matmul %a, %w2 : ({hidden}, {w2}) -> {y} loc(#fc2)
  return %y : {y}
}}
#fc1 = loc(fused<"fwd">["fc1"])
#act = loc(fused<"fwd">["act"])
#fc2 = loc(fused<"fwd">["fc2"])
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "net.mlir"
    path.write_text(net())
    return path


def compiled(model, chip="tiny", *more, train=True, check=True, out=None):
    out = out or model.with_suffix(".arsis")
    more = ("--fuse=vector,sums,epilogues", *more)  # loads would do the operation themselves and leave it no schedule
    options = ["--train", "--keep=gradients", "--optimizer", f"sgd,lr={RATE}"] if train else []
    return out, tool("arsis-compile", model, "--chip", chip, *options, *LOAD, *more, "-o", out, check=check)


def pinned(folder, key: str, strategy: str):
    path = folder / f"{strategy}.json"
    path.write_text(json.dumps({key: {"strategy": strategy}}))
    return "--mapping", path


def outputs_of(program, chip, *more):
    inputs, outputs = program.parent / "in.npz", program.parent / "out.npz"
    np.savez(inputs, **VALUES)
    tool("arsis-sim", program, "--chip", chip, *LOAD, "--inputs", inputs, "--outputs", outputs, *more)
    with np.load(outputs) as found:
        return dict(found)


def expected() -> dict[str, np.ndarray]:
    """Loss and gradients in fp64, by hand."""
    x, w1, w2 = (VALUES[name].astype(np.float64) for name in ("x", "w1", "w2"))
    hidden = x @ w1
    active = np.maximum(hidden, 0) ** 2
    logits = active @ w2
    logits -= logits.max(axis=1, keepdims=True)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(BATCH), LABELS]))
    p[np.arange(BATCH), LABELS] -= 1
    p /= BATCH
    ghidden = (p @ w2.T) * 2 * np.maximum(hidden, 0)
    return {"loss": loss, "grad:w1": x.T @ ghidden, "grad:w2": active.T @ p}


def agree(outputs) -> None:
    for name, truth in expected().items():
        np.testing.assert_allclose(outputs[name], truth, rtol=2e-5, atol=1e-6, err_msg=name)


def refused(name, *arguments) -> str:
    done = tool(name, *arguments, check=False)
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize("chip", CHIPS, ids=["tiny", "edge", "datacentre", "rect12x20"])
def test_a_step_is_compiled_proven_and_run(model, chip):
    """By the instruction from outside: bits of the reference, operation by operation, and numpy's gradients."""
    program, _ = compiled(model, chip, *pinned(model.parent, FORWARD, "square"))
    assert "squared_relu" in tool("arsis-as", "disasm", program, *LOAD).stdout
    assert "accepted" in tool("arsis-verify", program, "--chip", chip, *LOAD).stdout
    agree(outputs_of(program, chip, "--check=exact"))
    agree(outputs_of(program, chip, "--check=reference"))
    outputs_of(program, chip, "--functional-only", "--check=ops")


def test_the_strategies_compete(model):
    """The search takes the cheaper one and says what the other costs; a pin takes either; the bits are equal."""
    _, done = compiled(model, "tiny", "--explain-mapping")
    (line,) = (line for line in done.stderr.splitlines() if FORWARD in line)
    assert f"{FORWARD}: square with " in line
    chosen, other = line.split(": estimated ")[1].split(" cycles")[0], line.split("; strategy vector with ")[1]
    assert int(chosen) <= int(other.split(" cycles")[0])
    found, text = {}, {}
    for strategy in ("square", "vector"):
        program, _ = compiled(model, "tiny", *pinned(model.parent, FORWARD, strategy))
        found[strategy] = outputs_of(program, "tiny", "--check=exact")
        text[strategy] = tool("arsis-as", "disasm", program, *LOAD).stdout
    assert "squared_relu count" in text["square"] and "squared_relu count" not in text["vector"]
    assert found["square"].keys() == found["vector"].keys()
    for name, value in found["square"].items():
        np.testing.assert_array_equal(value.view(np.uint32), found["vector"][name].view(np.uint32), err_msg=name)


def test_a_schedule_is_written_and_read(model, tmp_path):
    schedules = tmp_path / "schedules.json"
    first, _ = compiled(model, "tiny", "--write-schedules", schedules)
    written = json.loads(schedules.read_text())
    assert written[FORWARD]["strategy"] == "square"
    assert (
        written["fc2/bwd-input/matmul+squared_relu_grad"]["strategy"] == "weight_stationary"
    )  # on the product's tiles
    second, _ = compiled(model, "tiny", "--mapping", schedules, out=tmp_path / "again.arsis")
    assert tool("arsis-as", "disasm", first, *LOAD).stdout == tool("arsis-as", "disasm", second, *LOAD).stdout
    (tmp_path / "wrong.json").write_text(json.dumps({FORWARD: {"strategy": "weight_stationary"}}))
    _, done = compiled(model, "tiny", "--mapping", tmp_path / "wrong.json", check=False)
    assert "the strategy is 'weight_stationary', expected 'vector'" in done.stderr
    assert "the strategy is 'weight_stationary', expected 'square'" in done.stderr


@pytest.mark.parametrize("level", ["step", "mapped", "tile", "isa"])
def test_the_text_of_every_level_goes_on_to_the_same_program(model, level, tmp_path):
    program, _ = compiled(model)
    text = tmp_path / f"{level}.mlir"
    compiled(model, "tiny", f"--emit={level}", out=text)
    assert {"tile": 'tile.external "squared_relu"', "isa": 'isa.external "squared_relu"'}.get(
        level, "activation.squared_relu"
    ) in text.read_text()
    again, _ = compiled(text, "tiny", train=False, out=tmp_path / "again.arsis")
    assert again.read_bytes() == program.read_bytes()


@pytest.mark.parametrize("chip", CHIPS, ids=["tiny", "edge", "datacentre", "rect12x20"])
def test_the_price_is_what_the_machine_counts(model, chip):
    """Transfers to the cycle, lanes to a cycle per instruction; one instruction takes the lanes less than two do."""
    lanes = {}
    for strategy in ("square", "vector"):
        program, done = compiled(model, chip, *pinned(model.parent, FORWARD, strategy), "--explain-mapping")
        (line,) = (line for line in done.stderr.splitlines() if f"{FORWARD}: " in line)
        listed = line.split("bound by ")[1].split("(")[1].split(")")[0].split(", ")
        priced = {engine: int(cycles) for engine, cycles in (part.split(" ") for part in listed)}
        report = model.parent / "report.json"
        outputs_of(program, chip, "--report", report)
        rows = json.loads(report.read_text())["layers"]
        (row,) = (row for row in rows if (row["layer"], row["phase"]) == ("act", "fwd"))
        assert (row["busy"]["load0"], row["busy"]["store0"]) == (priced["load"], priced["store"])
        if strategy == "square":  # of a tile's three instructions one is the vector unit's
            assert abs(row["busy"]["vector0"] - priced["vector"]) <= row["instructions"] // 3
        lanes[strategy] = row["busy"]["vector0"]
    assert lanes["square"] < lanes["vector"]


def test_the_optimizer_driver_knows_it(model):
    """arsis-opt runs the same pipeline; the op prints as it is read."""
    step = tool("arsis-opt", model, *LOAD, "--arsis-pipeline=train keep=gradients to=step", "--verify-each").stdout
    assert "activation.squared_relu_grad" in step
    (model.parent / "step.mlir").write_text(step)
    assert tool("arsis-opt", model.parent / "step.mlir", *LOAD).stdout == step


def test_from_python(model):
    arsis.load_plugin(os.fspath(LIBRARY))
    program = arsis.compile(str(model), "tiny", train=True, keep="gradients", optimizer=f"sgd,lr={RATE}")
    assert "squared_relu" in program.disassemble()
    session, reference = arsis.Session(program, "tiny"), arsis.Reference(program)
    for each in (session, reference):
        for name, value in VALUES.items():
            each.write(name, value)
    session.run()
    reference.run("exact")
    agree({name: session.read(name) for name in expected()})
    for name in (*expected(), "w1", "w2"):
        np.testing.assert_array_equal(session.read(name), reference.read(name), err_msg=name)


def test_without_the_library(model):
    """One error that names what is missing and the remedy, from every tool and for every form."""
    program, _ = compiled(model)
    wanted = (
        "opcode 144 is instruction 'squared_relu' of library 'activation', which is not loaded: name its file with "
    )
    for command in (["arsis-verify", program, "--chip", "tiny"], ["arsis-sim", program, "--chip", "tiny"]):
        assert wanted + "--load-plugin" in refused(*command)
    # By the strategy of the tree the program has no foreign instruction and runs; its reference needs the library.
    inside, _ = compiled(model, "tiny", *pinned(model.parent, FORWARD, "vector"))
    np.savez(model.parent / "in.npz", **VALUES)
    run = ["arsis-sim", inside, "--chip", "tiny", "--inputs", model.parent / "in.npz"]
    assert "cycles" in tool(*run).stdout
    wrong = refused(*run, "--check=exact")
    assert "a library that brings operations of it is named with --load-plugin" in wrong and "activation" in wrong
    wrong = refused("arsis-compile", model, "--chip", "tiny", "-o", program)
    assert "Dialect `activation' not found" in wrong
    assert "note: a library that brings the dialect is named with --load-plugin" in wrong
    mapped = model.parent / "mapped.mlir"
    compiled(model, "tiny", "--emit=tile", out=mapped)
    wrong = refused("arsis-compile", mapped, "-o", program)
    assert 'needs instruction "squared_relu", which no loaded library brings' in wrong


def test_the_tile_dialect_checks_fields(model):
    text = model.parent / "tile.mlir"
    compiled(model, "tiny", "--emit=tile", out=text)
    good = text.read_text()
    for old, new, message in (
        ("aStride = array<i64: ", "bStride = array<i64: ", 'has no field "aStride" of the kind of instruction'),
        ("aStride = array<i64: ", "aStride = array<i64: 1, ", 'has no field "aStride" of the kind of instruction'),
        ("{a = #map", "{more = 1 : i64, a = #map", "has 6 fields and 2 buffers, expected 5"),
        ('tile.external "squared_relu"', 'tile.external "cubed_relu"', 'needs instruction "cubed_relu"'),
    ):
        assert old in good
        text.write_text(good.replace(old, new))
        _, done = compiled(text, train=False, check=False, out=model.parent / "p.arsis")
        assert done.returncode == 1 and message in done.stderr


@pytest.mark.parametrize("follows", ["", "a ReLU"], ids=["alone", "in-a-unit"])
def test_an_impossible_layout_is_one_error(model, follows):
    """Also where a unit would be formed, whose operations are priced alone."""
    text = net("activation.half")
    if follows:
        read = re.search(r"(%\w+) = activation\.half .*: (tensor<\S+>)", text)
        line = text[text.index(f"  {read[1]} = activation.half") :].split("\n")[0]
        relu = f"  %relu = nn.relu {read[1]} : {read[2]}"
        before, after = text.split(line)
        text = before + line + "\n" + relu + re.sub(rf"{read[1]}\b", "%relu", after)
    model.write_text(text)
    _, done = compiled(model, train=False, check=False)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert (
        "strategy 'careless' of library 'activation' returns a layout that is impossible: buffer 'operand' is used"
        in (errors[0])
    )


def test_an_op_without_kernel(model):
    """It compiles and runs by the strategy of the tree; only the reference cannot follow."""
    model.write_text(net("activation.half"))
    program, _ = compiled(model, "tiny", *pinned(model.parent, "act/fwd/half", "vector"), train=False)
    np.savez(model.parent / "in.npz", x=X, w1=W1, w2=W2)
    run = ["arsis-sim", program, "--chip", "tiny", *LOAD, "--inputs", model.parent / "in.npz"]
    tool(*run, "--outputs", model.parent / "out.npz")
    with np.load(model.parent / "out.npz") as outputs:
        np.testing.assert_allclose(outputs["logits"], 0.5 * (X.astype(np.float64) @ W1) @ W2, rtol=1e-4, atol=1e-5)
    assert "no reference kernel for 'activation.half'" in refused(*run, "--check=exact")
    # It has no rule either, which one error says.
    _, done = compiled(model, check=False)
    assert "no rule for 'activation.half'" in done.stderr


def test_the_library_includes_what_is_listed():
    """Its headers of the tree are those that docs/rationale/doors.md lets a project outside include."""
    allowed = set(
        re.findall(r"`([\w/]+\.(?:h|td))`", (ROOT / "docs/rationale/doors.md").read_text().split("may include")[1])
    )
    included = {
        name
        for path in (ROOT / "tests/plugins").glob("*/*.*")
        if path.suffix in (".cpp", ".h", ".td")
        for name in re.findall(r'include "((?:dialects|compiler|runtime|timing)/[^"]+)"', path.read_text())
    }
    assert included and included <= allowed
