# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Killed at any moment, on a full disk or asked for nonsense, no tool leaves half a file under its final name."""

import json
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from arsis_tools import BIN, ROOT, tool

CONVOLUTION = ROOT / "tests/dialects/Isa/Encoding/conv.arsis.s"
KILLS = 50


@pytest.fixture(scope="module")
def product(tmp_path_factory) -> Path:
    """A folder with p.arsis, a matrix product whose outputs, report and trace take a good part of a run."""
    from onnx import TensorProto, helper, save

    folder = tmp_path_factory.mktemp("product")

    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="product")
    graph = helper.make_graph(
        [node], "product", [value("x", [64, 64]), value("w", [64, 1024])], [value("y", [64, 1024])]
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(folder / "m.onnx"))
    tool("arsis-compile", folder / "m.onnx", "--chip=tiny", "-o", folder / "p.arsis")
    np.savez(folder / "in.npz", x=np.ones((64, 64), np.float32), w=np.ones((64, 1024), np.float32))
    return folder


def sim_command(product: Path, folder: Path) -> list[str]:
    options = ["--chip", "tiny", "--inputs", product / "in.npz", "--outputs", folder / "o.npz"]
    options += ["--report", folder / "r.json", "--trace", folder / "t.json"]
    return [str(part) for part in (BIN / "arsis-sim", product / "p.arsis", *options)]


SIM_FILES = ["o.npz", "r.json", "t.json"]


def check_sim_files(folder: Path, hidden: bool) -> None:
    """`hidden`: a kill may have left what it was writing, under one hidden name for each file."""
    with np.load(folder / "o.npz") as outputs:
        assert (outputs["y"] == 64).all() and outputs["y"].shape == (64, 1024)
    for name in ("r.json", "t.json"):
        json.loads((folder / name).read_text())
    names = {path.name for path in folder.iterdir()}
    may = {f".{name}.0.partial" for name in SIM_FILES} if hidden else set()
    assert names - may == set(SIM_FILES)


def test_the_simulator_is_killed_at_any_moment(product, tmp_path):
    command = sim_command(product, tmp_path)
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    whole = time.perf_counter() - begin
    check_sim_files(tmp_path, hidden=False)
    moments, killed, done = random.Random(1), 0, 0
    while killed < KILLS and done < 4 * KILLS:
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait = whole * moments.uniform(0.2, 1)
        time.sleep(wait)
        running.kill()
        if running.wait() == -signal.SIGKILL:
            killed += 1
        else:  # it was quicker than the first
            whole, done = wait, done + 1
        check_sim_files(tmp_path, hidden=True)
    assert killed == KILLS
    subprocess.run(command, check=True, capture_output=True)
    check_sim_files(tmp_path, hidden=False)


def test_a_training_is_killed_at_any_moment(tmp_path):
    """In a process of its own, which loads the packages once and forks a child for every kill."""
    script = Path(__file__).with_name("kill_training.py")
    done = subprocess.run([sys.executable, script, tmp_path, str(KILLS)], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) == KILLS


def limited(command: list[object], most_bytes: int, kind: int = resource.RLIMIT_FSIZE) -> subprocess.CompletedProcess:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(kind, (most_bytes, most_bytes))

    return subprocess.run([str(part) for part in command], capture_output=True, text=True, preexec_fn=limit)


def commands(product: Path, folder: Path) -> list[list[object]]:
    """Every tool that writes, with the file it writes last."""
    model, program = product / "m.onnx", product / "p.arsis"
    sim = [BIN / "arsis-sim", program, "--chip=tiny", "--inputs", product / "in.npz"]
    compile_ = [BIN / "arsis-compile", model, "--chip=tiny"]
    tool("arsis-as", "disasm", program, "-o", folder / "p.s")
    tool("arsis-compile", model, "--chip=tiny", "--emit=isa", "-o", folder / "m.mlir")
    return [
        [*sim, "--outputs"],
        [*sim, "--report"],
        [*sim, "--trace"],
        [*compile_, "-o"],
        *([*compile_, f"--emit={level}", "-o"] for level in ("nn", "tile", "isa", "asm")),
        [BIN / "arsis-as", "asm", folder / "p.s", "-o"],
        [BIN / "arsis-as", "disasm", program, "-o"],
        [BIN / "arsis-as", "dump", program, "-o"],
        [BIN / "arsis-opt", folder / "m.mlir", "-o"],
        [BIN / "arsis-translate", "--isa-to-asm", folder / "m.mlir", "-o"],
        [BIN / "arsis-translate", "--isa-to-binary", folder / "m.mlir", "-o"],
        [BIN / "arsis-translate", "--binary-to-isa", program, "-o"],
    ]


def test_a_full_disk_leaves_the_former_file(product, tmp_path):
    target = tmp_path / "target"
    for command in commands(product, tmp_path):
        target.write_text("former")
        before = sorted(tmp_path.iterdir())
        done = limited([*command, target], 200)
        assert done.returncode == 1, (command, done)
        assert done.stderr.startswith(f"error: {target}: cannot write the file: File too large"), command
        assert done.stderr.count("\n") == 1, command
        assert target.read_text() == "former" and sorted(tmp_path.iterdir()) == before, command


def test_a_full_standard_output_is_noticed(product):
    program, assembly = product / "p.arsis", CONVOLUTION
    for command in (
        ["arsis-as", "disasm", program],
        ["arsis-as", "dump", program],
        ["arsis-as", "--help"],
        ["arsis-chip", "keys"],
        ["arsis-chip", "list"],
        ["arsis-sim", program, "--chip=tiny", "--timing-only"],
        ["arsis-verify", program, "--chip=tiny"],
        ["arsis-compile", product / "m.onnx", "--emit=nn"],
        ["arsis-compile", product / "m.onnx", "--chip=tiny", "--emit=asm"],
        ["arsis-translate", "--asm-to-isa", assembly],
    ):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [str(BIN / command[0]), *map(str, command[1:])], stdout=full, stderr=subprocess.PIPE, text=True
            )
        assert done.returncode == 1, command
        assert done.stderr.startswith("error: standard output: cannot write the file"), command
        assert done.stderr.count("\n") == 1, command


def test_outputs_that_are_inputs_are_refused(product, tmp_path):
    program, model, inputs = tmp_path / "p.arsis", tmp_path / "m.onnx", tmp_path / "in.npz"
    chip = tmp_path / "chip.yaml"
    for path in (program, model, inputs):
        path.write_bytes((product / path.name).read_bytes())
    chip.write_text((ROOT / "arch_configs/chips/tiny.yaml").read_text())
    (tmp_path / "alias").symlink_to(program)
    contents = {path: path.read_bytes() for path in (program, model, inputs, chip)}
    sim = ["arsis-sim", program, "--chip", chip, "--inputs", inputs]
    for command, problem in (
        ([*sim, "--outputs", program], "--outputs: found '{}', expected another file than that of the program"),
        (
            [*sim, "--outputs", tmp_path / "alias"],
            "--outputs: found '{}', expected another file than that of the program",
        ),
        ([*sim, "--trace", inputs], "--trace: found '{}', expected another file than that of --inputs"),
        ([*sim, "--report", chip], "--report: found '{}', expected another file than that of --chip"),
        (
            [*sim, "--outputs", tmp_path / "f", "--report", tmp_path / "f"],
            "--report: found '{}', expected another file than that of --outputs",
        ),
        (["arsis-compile", model, "-o", model], "--output: found '{}', expected another file than that of the model"),
        (
            ["arsis-as", "disasm", program, "-o", program],
            "--output: found '{}', expected another file than that of the input",
        ),
    ):
        done = tool(*command, check=False)
        assert (done.returncode, done.stderr) == (1, f"error: {problem.format(command[-1])}\n")
    assert all(path.read_bytes() == content for path, content in contents.items())
    assert not (tmp_path / "f").exists()


def test_special_files_are_written_in_place(product):
    done = tool(
        *[str(part) for part in ("arsis-sim", product / "p.arsis", "--chip=tiny", "--timing-only", "--report")],
        "/dev/stdout",
    )
    assert json.loads(done.stdout.splitlines()[0])["schema_version"] == 5
    tool("arsis-compile", product / "m.onnx", "--chip=tiny", "-o", os.devnull)
    assert Path(os.devnull).is_char_device()


def bomb(path: Path, name: str, elements: int, entries: int = 1) -> None:
    """An .npz whose members, all the same bytes of the file, hold `elements` float32 zeros."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({elements},), }}".ljust(117) + "\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(array) + packer.flush(zlib.Z_FULL_FLUSH)
    block = 1 << 22
    zeros = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed += zeros * (4 * elements // block) + packer.flush(zlib.Z_FINISH)
    member = f"{name}.npy".encode()
    size = len(array) + 4 * elements
    sizes = struct.pack("<IIIHH", 0, len(packed), size, len(member), 0)
    local = struct.pack("<IHHHHH", 0x04034B50, 20, 0, 8, 0, 0x21) + sizes + member + packed
    central = struct.pack("<IHHHHHH", 0x02014B50, 20, 20, 0, 8, 0, 0x21) + sizes + bytes(14) + member
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, entries, entries, len(central) * entries, len(local), 0)
    path.write_bytes(local + central * entries + end)


def test_a_small_file_cannot_ask_for_much_memory(product, tmp_path):
    bomb(tmp_path / "bomb.npz", "x", 3 << 28)  # 3 GiB in 3 MB
    assert (tmp_path / "bomb.npz").stat().st_size < 4 << 20
    command = [BIN / "arsis-sim", product / "p.arsis", "--chip=tiny", "--functional-only", "--inputs"]
    done = limited([*command, tmp_path / "bomb.npz"], 2 << 30, resource.RLIMIT_AS)
    assert (done.returncode, done.stderr) == (
        1,
        f"error: {tmp_path / 'bomb.npz'}: tensor x has shape {3 << 28}, expected 64x64\n",
    )
    bomb(tmp_path / "shared.npz", "x", 1 << 20, entries=20)
    done = limited([*command, tmp_path / "shared.npz"], 2 << 30, resource.RLIMIT_AS)
    assert done.returncode == 1 and "member 'x.npy' occurs twice" in done.stderr


@pytest.mark.parametrize("name", ["arsis-verify", "arsis-sim", "arsis-as", "arsis-compile"])
def test_too_little_memory_is_one_error(tmp_path, name):
    """A file of 4 GiB, which takes no room on the disk, in 2 GiB of memory."""
    suffix = "onnx" if name == "arsis-compile" else "arsis"
    large = tmp_path / f"large.{suffix}"
    with large.open("wb") as file:
        file.truncate(4 << 30)
    options = {"arsis-as": ["dump", large], "arsis-compile": [large, "--emit=nn"]}.get(name, [large, "--chip=tiny"])
    done = limited([BIN / name, *options], 2 << 30, resource.RLIMIT_AS)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr in (
        f"error: out of memory while reading {large}\n",
        f"error: {large}: cannot read the file: Cannot allocate memory\n",
    )
