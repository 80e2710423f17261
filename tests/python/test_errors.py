# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every kind of mistake is an exception of its own, in the words of Python."""

import pickle
import re
from pathlib import Path

import arsis
import numpy as np
import pytest
from onnx import TensorProto, helper
from tiny_model import tiny_model

KINDS = {arsis.ChipError, arsis.ModelError, arsis.Infeasible, arsis.InputError, arsis.ProgramError, arsis.FileError}


def one_node(op: str, **attributes: object) -> bytes:
    graph = helper.make_graph(
        [helper.make_node(op, ["x"], ["y"], name="node", **attributes)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])],
    )
    opset = [helper.make_opsetid("", 13)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def refused(kind: type[Exception], words: str, call, *arguments, **keywords) -> None:
    with pytest.raises(arsis.Error, match=re.escape(words)) as caught:
        call(*arguments, **keywords)
    assert type(caught.value) is kind
    assert "--" not in str(caught.value).partition("\n")[0], "a flag in a message of Python"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "m.onnx")


@pytest.fixture
def program(model: Path) -> arsis.Program:
    return arsis.compile(model, "tiny", batch=2)


def test_kinds_are_errors_and_value_errors():
    assert all(issubclass(kind, arsis.Error) and issubclass(kind, ValueError) for kind in KINDS)
    assert issubclass(arsis.FileError, OSError)
    again = pickle.loads(pickle.dumps(arsis.Infeasible("no room")))
    assert type(again) is arsis.Infeasible and str(again) == "no room"
    assert all(kind.__module__ == "arsis" and kind.__doc__ for kind in KINDS)


def test_chip(model, tmp_path):
    refused(arsis.ChipError, "unknown chip 'egde'", arsis.compile, model, "egde")
    refused(arsis.ChipError, "value 0 of matrix.rows is impossible", arsis.compile, model, "tiny",
            overrides={"matrix.rows": 0})  # fmt: skip
    (tmp_path / "c.yaml").write_text("name: c\n")
    refused(arsis.ChipError, "c.yaml", arsis.Chip, tmp_path / "c.yaml")


def test_model(model, tmp_path):
    refused(arsis.ModelError, "unknown model 'lenet6', expected an .onnx file or", arsis.compile, "lenet6", "tiny")
    refused(arsis.ModelError, "not an ONNX file", arsis.compile, b"ONNX", "tiny")
    refused(arsis.ModelError, "Det", arsis.compile, one_node("Det"), "tiny")
    refused(arsis.ModelError, "found none to train", arsis.compile, one_node("Relu"), "tiny", train=True)
    (tmp_path / "m.mlir").write_text("module {")
    refused(arsis.ModelError, "m.mlir", arsis.compile, tmp_path / "m.mlir", "tiny")


def test_what_reads_a_model_without_compiling_it(model, tmp_path):
    (tmp_path / "b.onnx").write_bytes(b"ONNX")
    for function in (arsis.inlined_model, arsis.parameter_readers):
        refused(arsis.ModelError, "b.onnx: not an ONNX file", function, tmp_path / "b.onnx")
        refused(arsis.FileError, "no.onnx: cannot read the file", function, tmp_path / "no.onnx")
    refused(arsis.ModelError, "freeze 'none' matches no parameter", arsis.compile, model, "tiny", batch=2, train=True,
            freeze=["none"])  # fmt: skip


def test_a_file_that_is_not_there(tmp_path):
    refused(arsis.FileError, "no.onnx: no such file", arsis.compile, tmp_path / "no.onnx", "tiny")
    refused(arsis.FileError, "no.arsis: cannot read the file: No such file", arsis.Program.load, tmp_path / "no.arsis")
    refused(arsis.FileError, "cannot write the file", arsis.write_file, tmp_path / "no" / "file", b"")
    refused(arsis.FileError, "cannot read the file", arsis.Report.load, tmp_path / "no.json")


def test_no_room(lenet):
    small = arsis.Chip("edge").with_(**{"scratchpad.kib": 1})
    refused(arsis.Infeasible, "bytes of the scratchpad, which has 1024 bytes", arsis.compile, lenet, small, batch=1)
    dram = arsis.Chip("tiny").with_(**{"dram.capacity_mib": 1})
    refused(arsis.Infeasible, "finds no room in DRAM", arsis.compile, lenet, dram, batch=512, train=True)


def test_a_program_for_another_chip(program):
    other = arsis.Chip("tiny").with_(**{"matrix.rows": 4})
    refused(arsis.Infeasible, "cannot run this program, it needs matrix.rows", arsis.Session, program, other)


@pytest.mark.parametrize(
    "options,words",
    [
        ({"batch": 0}, "batch: found 0, expected at least 1"),
        ({"keep": "gradients"}, "keep='gradients': found no training step, which alone has gradients; expected train="),
        ({"optimizer": "adam", "train": True}, "optimizer: found 'adam', expected sgd"),
        ({"phase": "update", "keep": "gradients", "train": True}, "keep: found phase='update', which computes"),
        ({"precision": "fp8"}, "precision: found 'fp8', expected fp32, bf16 or fp16"),
        ({"store": ["none=bf16"], "precision": "bf16"}, "store: found layer 'none', which no operation belongs to"),
        ({"fuse": "some"}, "fuse: found 'some', expected all, none"),
        ({"at_step": "no-such-pass"}, "at_step: "),
        ({"speed": "high"}, "option speed: found 'high', expected one of these"),
        ({"schedules": {"conv9/fwd/conv2d": {"strategy": "dma"}}}, "but there is no such operation"),
        ({"schedules": "{"}, "cannot read the file"),
    ],
)  # fmt: skip
def test_options(model, options, words):
    kind = arsis.FileError if words.startswith("cannot") else arsis.InputError
    refused(kind, words, arsis.compile, model, "tiny", **{"batch": 2, **options})


def test_a_batch_that_nobody_chose(model):
    refused(
        arsis.ModelError, "is symbolic ('N'); bind it with batch N or dims={'N': VALUE}", arsis.compile, model, "tiny"
    )


def test_arrays(program):
    session, reference = arsis.Session(program, "tiny"), arsis.Reference(program)
    image = np.zeros((2, 1, 2, 2), np.float32)
    refused(arsis.InputError, "no tensor named z", session.write, "z", image)
    refused(arsis.InputError, "tensor x is 2x1x2x2, found an array of 1x1x2x2", session.write, "x", image[:1])
    refused(arsis.InputError, "an array of float64", session.write, "x", image.astype(np.float64))
    refused(arsis.InputError, "holds floats, found an array of integers", session.write, "x", image.astype(np.int32))
    refused(arsis.InputError, "tensor x is no array", session.write, "x", [[1, 2], [3]])
    refused(arsis.InputError, "input x of shape 2x1x2x2 is missing", session.run)
    refused(arsis.InputError, "mode: found 'fast'", session.run, "fast")
    refused(arsis.InputError, "has no value yet", session.read, "logits")
    refused(arsis.InputError, "no argument named z", reference.write, "z", image)
    refused(arsis.InputError, "backend: found 'gpu'", reference.run, "gpu")


def test_programs(program, tmp_path):
    data = bytearray(bytes(program))
    refused(arsis.ProgramError, "program file", arsis.Program.from_bytes, bytes(data[:100]))
    data[len(data) // 2] ^= 1
    (tmp_path / "p.arsis").write_bytes(data)
    refused(arsis.ProgramError, "p.arsis: ", arsis.Program.load, tmp_path / "p.arsis")
    session = arsis.Session(program, "tiny", max_instances=3)
    refused(arsis.ProgramError, "instances, expected at most 3 (max_instances)", session.run, "timing")


def test_the_command_line_speaks_of_flags(call, model, tmp_path):
    status, _, error = call("train", "--model", model, "--data", "synthetic", "--chip", "tiny", "--set", "rows",
                            "--out", tmp_path / "out")  # fmt: skip
    assert status == 1 and "error: --set: found 'rows', expected KEY=VALUE" in error
    refused(arsis.InputError, "keep: found 'all'", arsis.compile, model, "tiny", batch=2, train=True, keep="all")
