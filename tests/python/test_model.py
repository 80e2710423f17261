# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""arsis.Model: whatever a model is given as, the program is the same; and programs travel."""

import hashlib
import multiprocessing
import pickle
from pathlib import Path

import arsis
import numpy as np
import onnx
import pytest
from tiny_model import tiny_model


def without_name(program: arsis.Program) -> tuple[object, ...]:
    """What the machine sees; the name of the model is in the options."""
    return program.disassemble(), program.dram_bytes, [(t["name"], tuple(t["shape"])) for t in program.tensors]


def test_a_path_bytes_and_a_proto_are_one_model(tmp_path):
    path = tiny_model(tmp_path / "m.onnx")
    proto, content = onnx.load(str(path)), path.read_bytes()
    models = [path, str(path), content, proto, arsis.Model(path), arsis.Model(content, name="mine")]
    programs = [arsis.compile(model, "tiny", batch=2, train=True) for model in models]
    initial = [arsis.Session(program, "tiny").read("w1").tobytes() for program in programs]
    assert len(set(initial)) == 1
    assert len({arsis.simulate(program, "tiny").cycles for program in programs}) == 1
    assert [arsis.Model(model).name for model in models] == ["m", "m", "<bytes>", "tiny", "m", "mine"]
    assert arsis.Model(content).sha256 == arsis.Model(path).sha256 == hashlib.sha256(content).hexdigest()


def test_data_beside_the_file_are_part_of_the_model(tmp_path):
    path = tiny_model(tmp_path / "m.onnx")
    plain = arsis.Model(path).sha256
    onnx.save(onnx.load(str(path)), path, save_as_external_data=True, location="m.data", size_threshold=0)
    beside, data = arsis.Model(path).sha256, (tmp_path / "m.data").read_bytes()
    (tmp_path / "m.data").write_bytes(bytes([data[0] ^ 1]) + data[1:])
    changed = arsis.Model(path).sha256
    (tmp_path / "m.data").unlink()
    absent = arsis.Model(path).sha256
    assert len({plain, beside, changed, absent, hashlib.sha256(path.read_bytes()).hexdigest()}) == 5
    (tmp_path / "m.data").write_bytes(data)
    assert arsis.Model(path).sha256 == beside


def test_a_recipe(lenet, tmp_path, monkeypatch):
    monkeypatch.setenv("ARSIS_CACHE", str(tmp_path / "cache"))
    assert arsis.Model("lenet5").read() == lenet.read_bytes()
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".onnx"]
    monkeypatch.delenv("ARSIS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert arsis.Model("lenet5").path.is_relative_to(tmp_path / "xdg" / "arsis")


@pytest.mark.parametrize("source", [None, 3, ["lenet5"]])
def test_what_is_no_model(source):
    with pytest.raises(TypeError, match="expected a path, bytes, an ONNX proto or the name of a recipe"):
        arsis.Model(source)


def test_a_program_pickles(tmp_path):
    program = arsis.compile(tiny_model(tmp_path / "m.onnx"), "tiny", batch=2)
    again = pickle.loads(pickle.dumps(program))
    assert bytes(again) == bytes(program) == bytes(arsis.Program.from_bytes(bytes(program)))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(arsis.simulate, (program, "tiny")).cycles == arsis.simulate(program, "tiny").cycles


def test_a_program_pickles_with_the_place_of_its_weights(tmp_path):
    program = arsis.compile(tiny_model(tmp_path / "m.onnx"), "tiny", batch=2)
    (tmp_path / "made").mkdir()
    program.save(tmp_path / "made" / "p.arsis", weights=tmp_path / "made" / "w.safetensors")
    loaded = pickle.loads(pickle.dumps(arsis.Program.load(tmp_path / "made" / "p.arsis")))
    assert np.array_equal(arsis.Session(loaded, "tiny").read("w1"), arsis.Session(program, "tiny").read("w1"))


def test_arrays_of_every_kind(tmp_path):
    """Lists, other layouts in memory, torch: the same bits on the chip; a read is one's own."""
    torch = pytest.importorskip("torch")
    program = arsis.compile(tiny_model(tmp_path / "m.onnx"), "tiny", batch=2, train=True)
    image = np.arange(8, dtype=np.float32).reshape(2, 1, 2, 2) / 4
    apart = np.zeros((2, 1, 2, 4), np.float32)[..., ::2]
    apart[:] = image
    outcomes = set()
    for given in (image, image.tolist(), np.asfortranarray(image), apart, torch.from_numpy(image), image[:, :, :, :]):
        for target, run in ((arsis.Session(program, "tiny"), {}), (arsis.Reference(program), {"backend": "exact"})):
            target.write("x", given)
            target.write("labels", [0, 2])
            target.write("learning_rate", 0.25)
            target.run(**run)
            outcomes.add(target.read("w1").tobytes())
    assert len(outcomes) == 1
    session = arsis.Session(program, "tiny")
    first = session.read("w1")
    first += 1
    assert not np.array_equal(first, session.read("w1")) and first.flags.owndata


def test_paths_of_every_kind(tmp_path):
    model = tiny_model(tmp_path / "m.onnx")
    assert arsis.parameter_readers(model) == arsis.parameter_readers(str(model))
    program = arsis.compile(model, "tiny", batch=2)
    for path in (tmp_path / "a.arsis", str(tmp_path / "b.arsis")):
        program.save(path)
        assert bytes(arsis.Program.load(path)) == bytes(program)
    arsis.write_tensors(tmp_path / "t.npz", {"a": [1.5, 2]})
    assert arsis.read_tensors(Path(tmp_path / "t.npz"))["a"].tolist() == [1.5, 2]
    trace = tmp_path / "t.json"
    arsis.simulate(program, "tiny", trace=trace)
    assert trace.is_file()
