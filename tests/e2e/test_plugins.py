# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An instruction from outside the tree, through every tool: a library built against headers alone brings `absolute`
(opcode 0x80) and `window_mean` (0xff); a program in text uses them."""

import json
import os
import shutil
import struct
import subprocess
import zlib

import arsis
import numpy as np
import pytest
from arsis_tools import BIN, tool

LIBRARY = BIN.parent / "lib/libarsis-test-absolute.so"
LOAD = ["--load-plugin", LIBRARY]
COUNT = 22  # in tiles of 8: the last one is ragged

HEAD = f"""arsis 1
dram {8 * COUNT}
tensor x input f32 [1, 1, 1, {COUNT}] at 0 host [{COUNT}] permutation [0]
tensor y output f32 [1, 1, 1, {COUNT}] at {4 * COUNT} host [{COUNT}] permutation [0] observable complete c2 >= 3
location 0 layer outside phase fwd op absolute
counter c0 load 0
counter c1 vector 0
counter c2 store 0
"""
TILE = "[1, 1, 1, min(8, 22 - 8*i0)]"
SLOT = "32*((i0) mod 2)"
WAITS = " after(c0 >= i0 + 1, c2 >= i0 - 1)"
ABSOLUTE = (
    f"absolute count={TILE}, destination=64 + {SLOT}, destinationStride=[0, 0, 0, 1], destinationType=f32, "
    f"a={SLOT}, aStride=[0, 0, 0, 1], aType=f32"
)
RELU = ABSOLUTE.replace("absolute", "map function=relu,") + "".join(
    f", {name}=0, {name}Stride=[0, 0, 0, 0], {name}Type=f32" for name in "bc"
)
RELU += ", immediate=0"


def text(vector: str, waits: str = WAITS) -> str:
    transfer = f"coordinate=[0, 0, 0, 8*i0], box={TILE}, localStride=[0, 0, 0, 1], localType=f32"
    return f"""{HEAD}stream load 0
  loop 3
    load tensor=x, {transfer}, local={SLOT}, fill=0 after(c1 >= i0 - 1) increment(c0)
  end_loop
stream vector 0
  loop 3
    {vector}{waits} increment(c1)
  end_loop
stream store 0
  loop 3
    store tensor=y, {transfer}, local=64 + {SLOT} after(c1 >= i0 + 1) increment(c2)
  end_loop
"""


def source(folder, vector: str = ABSOLUTE, waits: str = WAITS):
    path = folder / "program.s"
    path.write_text(text(vector, waits))
    return path


def assembled(folder, vector: str = ABSOLUTE):
    path = folder / "program.arsis"
    tool("arsis-as", "asm", source(folder, vector), "-o", path, *LOAD)
    return path


def refused(name, *arguments) -> str:
    done = tool(name, *arguments, check=False)
    assert done.returncode == 1
    return done.stderr


X = np.random.default_rng(1).standard_normal(COUNT).astype(np.float32)
X[3], X[4], X[5] = -0.0, -np.inf, np.float32("nan")


def run(program, folder, *more):
    np.savez(folder / "in.npz", x=X)
    tool(
        "arsis-sim",
        program,
        "--chip",
        "tiny",
        *LOAD,
        "--inputs",
        folder / "in.npz",
        "--outputs",
        folder / "o.npz",
        *more,
    )
    with np.load(folder / "o.npz") as outputs:
        return outputs["y"]


@pytest.mark.parametrize(
    "mode",
    [[], ["--functional-only"], ["--fast"], ["--perturb-latency", 3]],
    ids=lambda m: "".join(map(str, m)) or "full",
)
def test_it_runs_with_values(tmp_path, mode):
    y = run(assembled(tmp_path), tmp_path, *mode)
    np.testing.assert_array_equal(y, np.abs(X))
    assert not np.signbit(y[~np.isnan(y)]).any()


def test_it_goes_through_every_form(tmp_path):
    """Text, binary, text again, the isa dialect and back: the same bytes."""
    program = assembled(tmp_path)
    tool("arsis-as", "disasm", program, "-o", tmp_path / "again.s", *LOAD)
    assert "absolute count=[1, 1, 1, min(8, 22 - 8*i0)], destination=64 + 32*" in (tmp_path / "again.s").read_text()
    tool("arsis-as", "asm", tmp_path / "again.s", "-o", tmp_path / "again.arsis", *LOAD)
    tool("arsis-translate", "--binary-to-isa", program, "-o", tmp_path / "p.mlir", *LOAD)
    assert 'isa.external "absolute"' in (tmp_path / "p.mlir").read_text()
    tool("arsis-translate", "--isa-to-binary", tmp_path / "p.mlir", "-o", tmp_path / "back.arsis", *LOAD)
    assert (tmp_path / "again.arsis").read_bytes() == (tmp_path / "back.arsis").read_bytes() == program.read_bytes()
    assert "absolute" in tool("arsis-as", "dump", program, *LOAD).stdout


def test_it_costs_what_it_says(tmp_path):
    """As a relu of the same views: busy cycles and energy of the vector unit, bytes of the scratchpad."""

    def costs(vector):
        report, trace = tmp_path / "r.json", tmp_path / "t.json"
        run(assembled(tmp_path, vector), tmp_path, "--report", report, "--trace", trace, "--trace-detail=instructions")
        found = json.loads(report.read_text())
        names = {event["name"] for event in json.loads(trace.read_text())["traceEvents"] if event["ph"] == "X"}
        unit = next(unit for unit in found["units"] if unit["name"] == "vector0")
        totals, energy = found["totals"], found["layers"][0]["energy"]
        lanes = {component: value for component, value in energy.items() if "vector" in component}
        return names, (unit["busy"], totals["spm_read_bytes"], totals["spm_write_bytes"], lanes)

    external, own = costs(ABSOLUTE), costs(RELU)
    assert external[1] == own[1] and external[1][1] == external[1][2] == 2 * 4 * COUNT
    assert sum(external[1][3].values()) > 0
    assert "absolute" in external[0] and "map" in own[0]


def test_it_is_proven(tmp_path):
    """Accepted as it is; the race, the overlap and the stray access of a wrong one are found, unrolled too."""
    verify = ["--chip", "tiny", *LOAD]
    for unroll in ([], ["--unroll"]):
        assert "accepted" in tool("arsis-verify", source(tmp_path), *verify, *unroll).stdout
        assert "[race]" in refused("arsis-verify", source(tmp_path, waits=" after(c0 >= i0 + 1)"), *verify, *unroll)
        early = refused("arsis-verify", source(tmp_path, waits=" after(c2 >= i0 - 1)"), *verify, *unroll)
        assert "a reads byte 0 of spm, which was never written" in early or "[race]" in early
        shifted = ABSOLUTE.replace("destination=64", "destination=4")
        assert "overlaps operand a" in refused("arsis-verify", source(tmp_path, shifted), *verify, *unroll)
        far = ABSOLUTE.replace("destination=64", "destination=1073741824")
        assert "[out-of-range]" in refused("arsis-verify", source(tmp_path, far), *verify, *unroll)
        twice = ABSOLUTE.replace("destinationStride=[0, 0, 0, 1]", "destinationStride=[0, 0, 0, 0]")
        assert "written more than once" in refused("arsis-verify", source(tmp_path, twice), *verify, *unroll)
    whole = ABSOLUTE.replace("destinationType=f32", "destinationType=i32")
    assert "destination is i32, expected f32, bf16 or f16" in refused("arsis-verify", source(tmp_path, whole), *verify)


def test_in_place(tmp_path):
    """The result may be the very view of an operand."""
    copy = RELU.replace("relu", "copy")
    first = f"{copy}{WAITS}\n    absolute count={TILE}, destination=64 + {SLOT}, destinationStride=[0, 0, 0, 1], "
    first += f"destinationType=f32, a=64 + {SLOT}, aStride=[0, 0, 0, 1], aType=f32"
    program = assembled(tmp_path, first)
    assert "accepted" in tool("arsis-verify", program, "--chip", "tiny", *LOAD).stdout
    np.testing.assert_array_equal(run(program, tmp_path), np.abs(X))


def test_windows(tmp_path):
    """Means of three elements, from each position of a tile from which three are there."""
    vector = f"window_mean count=min(6, 20 - 8*i0), destination=64 + {SLOT}, a={SLOT}, window=3"
    program = source(tmp_path, vector)
    y = run(program, tmp_path, "--no-verify", "--functional-only")
    x = X.astype(np.float64)
    for first, count in ((0, 6), (8, 6), (16, 4)):
        expected = np.array([x[i : i + 3].mean() for i in range(first, first + count)])
        np.testing.assert_allclose(y[first : first + count], expected, rtol=1e-6, equal_nan=True)


def test_what_an_instruction_forbids(tmp_path):
    vector = f"window_mean count=6, destination=64 + {SLOT}, a={SLOT}, window=0"
    wrong = refused("arsis-as", "asm", source(tmp_path, vector), "-o", tmp_path / "p", *LOAD)
    assert "(window_mean): window is 0, expected at least 1" in wrong
    vector = "window_mean count=16777217, destination=0, a=0, window=1"
    wrong = refused("arsis-as", "asm", source(tmp_path, vector), "-o", tmp_path / "p", *LOAD)
    assert "destination has 16777217 elements, expected at most 16777216" in wrong


def test_without_the_library(tmp_path):
    """One error that names the instruction and what to load, from every tool."""
    program = assembled(tmp_path)
    wanted = "opcode 128 is instruction 'absolute' of library 'absolute', which is not loaded: name its file with "
    for command in (
        ["arsis-verify", program, "--chip", "tiny"],
        ["arsis-sim", program, "--chip", "tiny"],
        ["arsis-as", "disasm", program],
        ["arsis-as", "dump", program],
        ["arsis-translate", "--binary-to-isa", program],
    ):
        assert wanted + "--load-plugin" in refused(*command)
    wrong = refused("arsis-as", "asm", source(tmp_path), "-o", tmp_path / "p")
    assert "'absolute' is neither a statement nor an instruction, nor one of a loaded library" in wrong
    tool("arsis-translate", "--binary-to-isa", program, "-o", tmp_path / "p.mlir", *LOAD)
    wrong = refused("arsis-translate", "--isa-to-binary", tmp_path / "p.mlir")
    assert 'is instruction "absolute", which no loaded library brings' in wrong


def rebuilt(file: bytes, change) -> bytes:
    """The program file with the section `exts` changed; offsets and checksums made anew."""
    entry = struct.Struct("<4sIQQQ")  # tag, checksum, offset, size in the file, size
    (count,) = struct.unpack_from("<I", file, 12)
    entries = [entry.unpack_from(file, 24 + entry.size * i) for i in range(count)]
    sections = {tag: (file[offset : offset + stored], size) for tag, _, offset, stored, size in entries}
    exts = change(sections[b"exts"][0])
    sections[b"exts"] = exts, len(exts)
    header, offset = file[:24], 24 + entry.size * count + 4
    for tag, (section, size) in sections.items():
        header += entry.pack(tag, zlib.crc32(section), offset, len(section), size)
        offset += len(section)
    return header + struct.pack("<I", zlib.crc32(header)) + b"".join(section for section, _ in sections.values())


def test_the_list_of_what_is_used_is_exact(tmp_path):
    program = assembled(tmp_path).read_bytes()
    vector = f"window_mean count=6, destination=64 + {SLOT}, a={SLOT}, window=1"
    other = assembled(tmp_path, vector).read_bytes()
    listed = []
    rebuilt(other, lambda section: listed.append(section[1:]) or section)
    path = tmp_path / "changed.arsis"
    for change, message in (
        (lambda section: section, None),
        (lambda section: b"\2" + section[1:] + listed[0], "lists other instructions than the streams use"),
        (lambda section: b"\0", "lists other instructions than the streams use"),
        (lambda section: section[:-1] + bytes([section[-1] ^ 1]), "or another description of it"),
        (lambda section: section.replace(b"absolute", b"absolutf", 1), "of library 'absolute', but of those loaded"),
    ):
        path.write_bytes(rebuilt(program, change))
        if message is None:
            assert path.read_bytes() == program
        else:
            assert message in refused("arsis-as", "dump", path, *LOAD)


def test_the_dialect_checks_fields(tmp_path):
    tool("arsis-translate", "--binary-to-isa", assembled(tmp_path), "-o", tmp_path / "p.mlir", *LOAD)
    good = (tmp_path / "p.mlir").read_text()
    for old, new, message in (
        ("aType = #isa<element_type f32>", "aType = 3 : i64", 'has no field "aType" of the kind of'),
        ("aStride = array<i32: 0, 0, 0, 1>", "aStride = array<i32: 0, 1>", 'has no field "aStride" of the kind of'),
        ("aType = ", "bType = ", 'has no field "aType" of the kind of'),
        ("aType = ", "more = 1 : i64, aType = ", "has 8 fields, expected 7"),
    ):
        assert old in good
        (tmp_path / "p.mlir").write_text(good.replace(old, new))
        assert message in refused("arsis-translate", "--isa-to-binary", tmp_path / "p.mlir", *LOAD)


def test_libraries_that_are_refused(tmp_path):
    shutil.copy(LIBRARY, tmp_path / "copy.so")
    help_of = ["arsis-verify", "x", "--chip", "tiny", *LOAD]
    taken = refused(*help_of, "--load-plugin", tmp_path / "copy.so")
    assert "instruction 'absolute': the mnemonic is taken by library absolute" in taken
    missing = refused("arsis-verify", "x", "--chip", "tiny", "--load-plugin", tmp_path / "none.so")
    assert "none.so: cannot be loaded" in missing
    other = next(path for path in (BIN.parent / "lib").iterdir() if path.name == "libArsisMLIR.so")
    wrong = refused("arsis-verify", "x", "--chip", "tiny", "--load-plugin", other)
    assert "has no symbol 'arsisPlugin', expected a library that uses ARSIS_PLUGIN" in wrong
    # Twice the same file is once.
    assert "accepted" in tool("arsis-verify", source(tmp_path), "--chip", "tiny", *LOAD, *LOAD).stdout


def test_the_library_links_nothing_of_arsis():
    needed = subprocess.run(["readelf", "-d", LIBRARY], capture_output=True, text=True, check=True).stdout
    libraries = [line.split("[")[1].rstrip("]") for line in needed.splitlines() if "NEEDED" in line]
    assert all(name.startswith(("libstdc++", "libc.", "libm.", "libgcc_s", "ld-linux")) for name in libraries)


TILE_PROGRAM = """
tile.program @p {
  %x = tile.tensor "x" input : memref<22xf32, #tile.dram>
  %y = tile.tensor "y" output : memref<22xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  scf.for %i = %c0 to %c3 step %c1 {
    %a = tile.alloc "a" {slots = 2 : i64} : memref<8xf32, #tile.spm>
    %b = tile.alloc "b" {slots = 2 : i64} : memref<8xf32, #tile.spm>
    tile.load %x to %a[%i] at affine_map<(d0) -> (0, 0, 0, d0 * 8)> box BOX view VIEW
      : memref<22xf32, #tile.dram>, memref<8xf32, #tile.spm>
    "outside.absolute"(%a, %b, %i) {box = #tile.extentsBOX, input_view = #tile.viewVIEW, view = #tile.viewVIEW}
      : (memref<8xf32, #tile.spm>, memref<8xf32, #tile.spm>, index) -> ()
    tile.store %b to %y[%i] at affine_map<(d0) -> (0, 0, 0, d0 * 8)> box BOX view VIEW
      : memref<8xf32, #tile.spm>, memref<22xf32, #tile.dram>
  }
}
""".replace("BOX", "<[1, 1, 1, 8], limits (d0) -> (1, 1, 1, d0 * -8 + 22)>").replace(
    "VIEW", "<(d0) -> (0), [0, 0, 0, 1]>"
)


def test_an_engine_op_from_outside(tmp_path):
    """An op of another library's dialect is planned, split, converted to the instruction, proven and run."""
    path, isa, program = tmp_path / "p.mlir", tmp_path / "isa.mlir", tmp_path / "p.arsis"
    path.write_text(TILE_PROGRAM)
    passes = ["--tile-plan-memory", "--tile-check-memory", "--tile-split-streams", "--convert-tile-to-isa"]
    dialect = f"--load-dialect-plugin={BIN.parent / 'lib/libarsis-test-outside.so'}"
    tool("arsis-opt", path, dialect, f"--load-plugin={LIBRARY}", "--verify-each", *passes, "-o", isa)
    tool("arsis-translate", "--isa-to-binary", isa, "-o", program, *LOAD)
    assert "accepted" in tool("arsis-verify", program, "--chip", "tiny", *LOAD).stdout
    np.testing.assert_array_equal(run(program, tmp_path), np.abs(X))
    missing = refused("arsis-opt", path, dialect, *passes)
    assert 'needs instruction "absolute", which no loaded library brings' in missing


def test_from_python(tmp_path):
    program = assembled(tmp_path)
    arsis.load_plugin(os.fspath(LIBRARY))
    session = arsis.Session(arsis.Program.load(str(program)), "tiny")
    session.write("x", X)
    session.run()
    np.testing.assert_array_equal(session.read("y"), np.abs(X))
