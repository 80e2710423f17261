# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Initial values in a file of their own: the same step, the same bits, and no other file passes for it."""

import hashlib
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from arsis_tools import OPTIMIZER, ROOT, compile_step, simulate, tool

BATCH = 2


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """A folder with the training step of LeNet-5 twice: inside.arsis has its weights, beside.arsis names a file."""
    folder = tmp_path_factory.mktemp("steps")
    build = [sys.executable, ROOT / "models/lenet5/build.py", "-o", folder / "lenet5.onnx"]
    subprocess.run(build, check=True, capture_output=True)
    compile_step(folder / "lenet5.onnx", "tiny", BATCH, folder / "inside.arsis")
    compile_step(folder / "lenet5.onnx", "tiny", BATCH, folder / "beside.arsis", f"--weights={folder}/w.safetensors")
    return folder


def inputs() -> dict[str, np.ndarray]:
    random = np.random.default_rng(5)
    return {
        "x": random.normal(size=(BATCH, 1, 28, 28)).astype(np.float32),
        "labels": random.integers(0, 10, BATCH).astype(np.int32),
    }


def tensors(file: bytes) -> dict[str, np.ndarray]:
    """A safetensors file as its format says: eight bytes of size, a JSON header, the tensors."""
    (size,) = struct.unpack_from("<Q", file)
    header = json.loads(file[8 : 8 + size])
    header.pop("__metadata__")
    found = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32"
        begin, end = entry["data_offsets"]
        found[name] = np.frombuffer(file[8 + size + begin : 8 + size + end], "<f4").reshape(entry["shape"])
    return found


def test_the_step_has_the_same_bits(steps, tmp_path):
    results = []
    for name in ("inside", "beside"):
        outputs, report = simulate(steps / f"{name}.arsis", "tiny", inputs(), tmp_path, "--check=exact")
        assert report["parity"]["passed"]
        results.append((outputs, report["totals"]["cycles"]))
    (inside, cycles), (beside, same_cycles) = results
    assert cycles == same_cycles and inside.keys() == beside.keys()
    for name, array in inside.items():
        assert array.tobytes() == beside[name].tobytes(), name


def test_only_the_initial_values_have_moved(steps):
    texts = [tool("arsis-as", "disasm", steps / f"{name}.arsis").stdout for name in ("inside", "beside")]
    streams = [text[text.index("\nstream ") : text.index("\ninitial ")] for text in texts]
    assert streams[0] == streams[1]
    assert " hex\n" in texts[0] and " hex\n" not in texts[1]
    splats = [text.count(" splat 0x") for text in texts]
    assert splats[0] == splats[1] > 10  # momentum, learning rate, biases


def test_the_file_holds_the_model_s_weights(steps):
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(steps / "lenet5.onnx").graph
    model = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = tensors((steps / "w.safetensors").read_bytes())
    assert {name for name, array in model.items() if (array != array.flat[0]).any()} == set(found)
    np.testing.assert_array_equal(found["conv1.weight"], model["conv1.weight"].transpose(2, 3, 1, 0))  # OIHW to HWIO


def test_dump_says_where_the_values_are(steps):
    dump = tool("arsis-as", "dump", steps / "beside.arsis").stdout
    file = (steps / "w.safetensors").read_bytes()
    assert f"in w.safetensors of {len(file)} bytes, sha256 {hashlib.sha256(file).hexdigest()}\n" in dump
    assert "  0 tensors, 0 bytes, in the program\n" in dump


@pytest.fixture
def copy(steps, tmp_path):
    for name in ("beside.arsis", "w.safetensors"):
        shutil.copy(steps / name, tmp_path)
    np.savez(tmp_path / "in.npz", **inputs())
    return tmp_path


def damage(path: Path, how: str) -> str:
    """Changes the file; returns how an error speaks of what it found."""
    good = path.read_bytes()
    if how == "missing":
        path.unlink()
        return "cannot read the file: No such file or directory"
    bad = {"altered": good[:-1] + bytes([good[-1] ^ 1]), "short": good[:-4], "empty": b""}[how]
    path.write_bytes(bad)
    return f"found {len(bad)} bytes with sha256 {hashlib.sha256(bad).hexdigest()}"


@pytest.mark.parametrize("how", ["missing", "altered", "short", "empty"])
def test_another_file_is_one_error(copy, how):
    path = copy / "w.safetensors"
    good = path.read_bytes()
    found = damage(path, how)
    expected = f"expected {len(good)} bytes with sha256 {hashlib.sha256(good).hexdigest()}"
    sim = ["arsis-sim", copy / "beside.arsis", "--chip=tiny"]
    for options in ([f"--inputs={copy}/in.npz"], [f"--inputs={copy}/in.npz", "--functional-only", "--check=exact"]):
        done = tool(*sim, *options, f"--outputs={copy}/out.npz", check=False)
        assert done.returncode == 1
        assert done.stderr == f"error: {path}: {found}, {expected}: the program's initial values\n"
        assert not (copy / "out.npz").exists()
    # What needs no values asks for none.
    tool(*sim, "--timing-only")
    tool("arsis-verify", copy / "beside.arsis", "--chip=tiny")


def test_assembly_and_isa_name_the_file_too(copy, tmp_path):
    (copy / "deep").mkdir()
    tool("arsis-as", "disasm", copy / "beside.arsis", "-o", copy / "deep/p.s")
    assert '\nfile 0 "../w.safetensors" bytes ' in (copy / "deep/p.s").read_text()
    tool("arsis-as", "asm", copy / "deep/p.s", "-o", copy / "again.arsis")
    tool("arsis-translate", "--binary-to-isa", copy / "beside.arsis", "-o", copy / "deep/p.mlir")
    tool("arsis-translate", "--isa-to-binary", copy / "deep/p.mlir", "-o", copy / "isa.arsis")
    texts = {tool("arsis-as", "disasm", copy / name).stdout for name in ("beside.arsis", "again.arsis", "isa.arsis")}
    names = {text[text.index("\nfile 0 ") :].split(" bytes ")[0] for text in texts}
    assert len(names) == 1 and len(texts) == 1


def test_values_can_leave_a_program_later(steps, tmp_path):
    tool("arsis-as", "disasm", steps / "inside.arsis", "-o", tmp_path / "p.s", f"--weights={tmp_path}/v.safetensors")
    tool("arsis-as", "asm", tmp_path / "p.s", "-o", tmp_path / "p.arsis")
    assert (tmp_path / "v.safetensors").read_bytes() == (steps / "w.safetensors").read_bytes()
    inside, _ = simulate(steps / "inside.arsis", "tiny", inputs(), tmp_path, "--functional-only")
    outside, _ = simulate(tmp_path / "p.arsis", "tiny", inputs(), tmp_path, "--functional-only")
    assert all(array.tobytes() == outside[name].tobytes() for name, array in inside.items())


def test_a_compilation_that_fails_leaves_the_former_file(steps, tmp_path):
    weights = tmp_path / "w.safetensors"
    weights.write_text("former")
    model = str(steps / "lenet5.onnx")
    options = ["--chip=tiny", f"--batch={BATCH}", "--train", f"--optimizer={OPTIMIZER}", f"--weights={weights}"]
    done = tool(
        "arsis-compile", model, *options, "--set=matrix.accumulator_rows=1", "-o", tmp_path / "p.arsis", check=False
    )
    assert done.returncode == 1 and weights.read_text() == "former"
    done = tool("arsis-compile", model, *options, "-o", weights, check=False)
    assert done.returncode == 1 and weights.read_text() == "former"
    assert "--weights: found" in done.stderr and "expected another file than that of --output" in done.stderr
