# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights in files beside the model: read from where they are, and nothing else is ever opened."""

import os

import arsis
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import convert_model_to_external_data, set_external_data
from onnx_files import Outcome
from onnx_nets import values

SHAPES = {"v": (4, 3, 3, 3), "b": (4,), "w": (5, 4)}


def net(types: dict | None = None) -> onnx.ModelProto:
    """x [2, 3, 4, 4]: a convolution with bias, the mean of the pixels, a product."""
    nodes = [
        helper.make_node("Conv", ["x", "v", "b"], ["t"], name="conv"),
        helper.make_node("GlobalAveragePool", ["t"], ["g"], name="pool"),
        helper.make_node("Flatten", ["g"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "w"], ["y"], name="fc", transB=1),
    ]
    arrays = {name: values(*shape).astype((types or {}).get(name, np.float32)) for name, shape in SHAPES.items()}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, 3, 4, 4))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def initialiser(model: onnx.ModelProto, name: str) -> TensorProto:
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def rewrite(tensor: TensorProto, **entries: object) -> None:
    """Replaces what the tensor says of its place."""
    del tensor.external_data[:]
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))


def place(model: onnx.ModelProto, name: str, folder, file: str, offset: int | None, length: int | None = -1) -> None:
    """Moves an initialiser into `file`, at the end of what is there or at `offset`."""
    tensor = initialiser(model, name)
    raw = tensor.raw_data
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    content = bytearray(path.read_bytes() if path.exists() else b"")
    at = offset or 0
    content.extend(b"\xff" * max(0, at + len(raw) - len(content)))
    content[at : at + len(raw)] = raw
    path.write_bytes(content)
    set_external_data(tensor, file, offset, len(raw) if length == -1 else length)
    tensor.ClearField("raw_data")


def compiled(path) -> bytes:
    return arsis.compile(str(path), "tiny", train=True).disassemble().encode()


def test_the_program_is_that_of_the_whole_file(tmp_path):
    """Several files, offsets, an entry without length, a file in a folder below."""
    whole = tmp_path / "net.onnx"
    onnx.save(net(), whole)
    expected = compiled(whole)
    model = net()
    place(model, "v", tmp_path, "net.onnx.data", 12)
    place(model, "b", tmp_path, "net.onnx.data", 12 + 432, length=None)
    place(model, "w", tmp_path, "more/w.bin", None)
    whole.write_bytes(model.SerializeToString())
    assert compiled(whole) == expected


def test_as_the_package_writes_it(tmp_path):
    onnx.save(net(), tmp_path / "net.onnx")
    expected = compiled(tmp_path / "net.onnx")
    for one_file in (True, False):
        folder = tmp_path / str(one_file)
        folder.mkdir()
        model = net()
        convert_model_to_external_data(model, all_tensors_to_one_file=one_file, location="data" if one_file else None,
                                       size_threshold=0)  # fmt: skip
        onnx.save(model, folder / "net.onnx")
        assert not onnx.load(folder / "net.onnx", load_external_data=False).graph.initializer[0].raw_data
        assert compiled(folder / "net.onnx") == expected.replace(
            str(tmp_path / "net.onnx").encode(), str(folder / "net.onnx").encode()
        )


def test_halves_and_doubles(tmp_path):
    types = {"v": np.float16, "w": np.float64}
    onnx.save(net(types), tmp_path / "net.onnx")
    expected = compiled(tmp_path / "net.onnx")
    model = net(types)
    place(model, "v", tmp_path, "data", None)
    place(model, "w", tmp_path, "data", 216)
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    assert compiled(tmp_path / "net.onnx") == expected


def test_a_relative_path(tmp_path, monkeypatch):
    """The folder is the model's, wherever the tool runs."""
    model = net()
    place(model, "w", tmp_path / "sub", "data", None)
    (tmp_path / "sub/net.onnx").write_bytes(model.SerializeToString())
    for cwd, path in ((tmp_path, "sub/net.onnx"), (tmp_path / "sub", "net.onnx"), (tmp_path / "sub", "./net.onnx")):
        monkeypatch.chdir(cwd)
        assert arsis.compile(path, "tiny").tensors


def outcome(importer, model: onnx.ModelProto) -> Outcome:
    return importer.file(model.SerializeToString())


def test_a_short_file(importer, tmp_path):
    model = net()
    place(model, "w", tmp_path, "data", 8)
    (tmp_path / "data").write_bytes(b"\0" * 87)
    outcome(importer, model).rejects("initialiser 'w': its data are 80 bytes from byte 8 of 'data' on, which has 87")


@pytest.mark.parametrize("offset", [2**64 - 1, 2**63, 89])
def test_an_offset_beyond_the_end(importer, tmp_path, offset):
    model = net()
    place(model, "w", tmp_path, "data", 8)
    rewrite(initialiser(model, "w"), location="data", offset=offset, length=80)
    outcome(importer, model).rejects(f"80 bytes from byte {offset} of 'data' on, which has 88 bytes")


def test_an_absent_file(importer, tmp_path):
    model = net()
    place(model, "w", tmp_path, "data", None)
    place(model, "b", tmp_path, "other", None)
    (tmp_path / "data").unlink()
    (tmp_path / "other").unlink()
    outcome(importer, model).rejects(
        "2 problems",
        "initialiser 'w': its data lie in 'data', which is not in the model's folder",
        "initialiser 'b': its data lie in 'other'",
    )


def test_a_length_that_does_not_fit(importer, tmp_path):
    model = net()
    place(model, "w", tmp_path, "data", None, length=79)
    outcome(importer, model).rejects("its external data have 79 bytes, its shape and type need 80")


@pytest.mark.parametrize("file", ["../data", "/etc/hostname", "more/../../data", "..", "."])
def test_a_file_outside_the_folder(importer, tmp_path, file):
    (tmp_path / "model").mkdir()
    importer.folder = tmp_path / "model"
    model = net()
    place(model, "w", tmp_path, "data", None)
    rewrite(initialiser(model, "w"), location=file)
    outcome(importer, model).rejects(f"'{file}'", "expected a file" if file != "." else "which is no file")


def test_a_link_out_of_the_folder(importer, tmp_path):
    (tmp_path / "model").mkdir()
    importer.folder = tmp_path / "model"
    model = net()
    place(model, "w", tmp_path, "data", None)
    os.symlink(tmp_path / "data", tmp_path / "model/data")
    outcome(importer, model).rejects("'data', which leads out of the model's folder")
    os.unlink(tmp_path / "model/data")
    (tmp_path / "data").rename(tmp_path / "model/real")
    os.symlink("real", tmp_path / "model/data")
    assert outcome(importer, model).code == 0


def test_entries_that_are_broken(importer, tmp_path):
    model = net()
    place(model, "w", tmp_path, "data", None)
    for key in ("offset", "length"):
        rewrite(initialiser(model, "w"), location="data", **{key: "-1"})
        outcome(importer, model).rejects(f"the {key} of its external data is '-1', expected a whole number of bytes")
    rewrite(initialiser(model, "w"))
    outcome(importer, model).rejects("initialiser 'w': its external data name no file")


def test_a_constant_node(importer, tmp_path):
    model = net()
    tensor = numpy_helper.from_array(values(4), "value")
    (tmp_path / "data").write_bytes(tensor.raw_data)
    set_external_data(tensor, "data", 0, 16)
    tensor.ClearField("raw_data")
    model.graph.node.insert(0, helper.make_node("Constant", [], ["c"], name="k", value=tensor))
    model.graph.node[1].input[2] = "c"
    out = outcome(importer, model)
    out.has('nn.name = "c"')
    (tmp_path / "data").unlink()
    outcome(importer, model).rejects("node 'k' (Constant): its data lie in 'data'")


def test_bytes_have_no_folder(tmp_path):
    model = net()
    place(model, "w", tmp_path, "data", None)
    with pytest.raises(arsis.Error, match="lie in another file, 'data'; give the path of the model, not its bytes"):
        arsis.compile(model.SerializeToString(), "tiny")


def test_sparse_initialisers(importer):
    model = net()
    dense = model.graph.initializer.pop()
    model.graph.sparse_initializer.append(
        helper.make_sparse_tensor(
            helper.make_tensor(dense.name, TensorProto.FLOAT, [1], [1.0]),
            helper.make_tensor("indices", TensorProto.INT64, [1], [3]),
            [5, 4],
        )
    )
    outcome(importer, model).rejects("initialiser 'w' is sparse, which is not supported; store it whole")
