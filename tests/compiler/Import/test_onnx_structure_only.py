# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files that hold a model's structure without its weights: timed like the model, with random values on request."""

import io
import warnings

import arsis
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper
from torch import nn


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(4 * 2 * 3, 5)
    )


def whole(**options) -> onnx.ModelProto:
    file = io.BytesIO()
    mode = torch.onnx.TrainingMode.TRAINING
    torch.onnx.export(
        net(), torch.zeros(2, 2, 6, 7), file, training=mode, do_constant_folding=False, opset_version=17, **options
    )
    return onnx.load_model_from_string(file.getvalue())


def shapes_only() -> onnx.ModelProto:
    """Every float initialiser without data."""
    model = whole()
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
    return model


def without_weights() -> onnx.ModelProto:
    """As PyTorch exports it without parameters: they are inputs."""
    model = whole(export_params=False)
    assert len(model.graph.initializer) == 0 and len(model.graph.input) > 5
    return model


def compiled(model: onnx.ModelProto, **options) -> tuple[arsis.Program, list[str]]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        program = arsis.compile(model.SerializeToString(), "tiny", train=True, **options)
    return program, [str(each.message) for each in said]


def cycles(program: arsis.Program) -> int:
    return arsis.Session(program, "tiny").run("timing")["totals"]["cycles"]


@pytest.mark.parametrize("make", [shapes_only, without_weights])
def test_the_time_is_that_of_the_model(make):
    program, said = compiled(make())
    assert any(
        "parameters have no values in the file ('" in text and "only time means something" in text for text in said
    )
    expected, none = compiled(whole())
    assert not any("no values" in text for text in none)
    assert cycles(program) == cycles(expected)
    named = [
        {t["name"]: t["host_shape"] for t in p.tensors if t["role"] in ("parameter", "state")}
        for p in (program, expected)
    ]
    assert named[0] == named[1]


@pytest.mark.parametrize("make", [shapes_only, without_weights])
def test_random_values(make):
    """The same for the same seed, in the range that PyTorch takes, and such that a step can learn."""
    program, said = compiled(make(), random_weights=3)
    assert any("they are random, from seed 3" in text for text in said)
    session = arsis.Session(program, "tiny")
    values = {t["name"]: session.read(t["name"]) for t in program.tensors if t["role"] in ("parameter", "state")}
    for name, parameter in net().state_dict().items():
        if "num_batches" in name:
            continue
        found = values[name]
        if parameter.ndim < 2:  # scale and variance begin with one, everything else with zero
            assert np.unique(found) == (1 if name in ("1.weight", "1.running_var") else 0), name
            continue
        bound = 1 / np.sqrt(parameter[0].numel())
        assert np.abs(found).max() <= bound and np.abs(found).max() > 0.8 * bound and abs(found.mean()) < 0.2 * bound
    again, other = compiled(make(), random_weights=3)[0], compiled(make(), random_weights=4)[0]
    np.testing.assert_array_equal(arsis.Session(again, "tiny").read("0.weight"), values["0.weight"])
    assert not np.array_equal(arsis.Session(other, "tiny").read("0.weight"), values["0.weight"])
    session.write(program.tensors[0]["name"], np.ones((2, 2, 6, 7), np.float32))
    session.write("labels", np.array([0, 1]))
    session.run("functional")
    assert np.isfinite(session.read("loss"))


def test_in_a_forward_pass_inputs_stay_inputs():
    """Unless values are asked for."""
    roles = {}
    for seed in (None, 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = arsis.compile(without_weights().SerializeToString(), "tiny", random_weights=seed)
        roles[seed] = {t["name"]: t["role"] for t in program.tensors}
    assert roles[None]["0.weight"] == "input" and roles[1]["0.weight"] == "parameter"


def test_values_may_be_written():
    """What the host writes is what counts."""
    program, _ = compiled(shapes_only(), optimizer="sgd,lr=0")
    expected, _ = compiled(whole(), optimizer="sgd,lr=0")
    losses = []
    for each in (program, expected):
        session = arsis.Session(each, "tiny")
        if each is program:
            for tensor in whole().graph.initializer:
                if tensor.data_type == TensorProto.FLOAT:
                    session.write(tensor.name, numpy_helper.to_array(tensor))
        session.write(each.tensors[0]["name"], np.ones((2, 2, 6, 7), np.float32))
        session.write("labels", np.array([0, 1]))
        session.run("functional")
        losses.append(session.read("loss").tobytes())
    assert losses[0] == losses[1]


def test_a_file_that_is_missing(tmp_path):
    """With values on request the file beside the model may be absent; a short one may not."""
    model = whole()
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="net.data", size_threshold=0)
    (tmp_path / "net.data").unlink()
    with pytest.raises(arsis.Error, match="keep the two files together, or let random_weights SEED make values"):
        arsis.compile(str(tmp_path / "net.onnx"), "tiny", train=True)
    with pytest.warns(UserWarning, match="they are random, from seed 5"):
        arsis.compile(str(tmp_path / "net.onnx"), "tiny", train=True, random_weights=5)
    (tmp_path / "net.data").write_bytes(b"\0")
    with pytest.raises(arsis.Error, match="which has 1 bytes"):
        arsis.compile(str(tmp_path / "net.onnx"), "tiny", train=True, random_weights=5)


def test_an_integer_without_value(importer):
    """A shape cannot be made up."""
    node = onnx.helper.make_node("Reshape", ["x", "s"], ["y"], name="r")
    tensor = TensorProto(dims=[2], data_type=TensorProto.INT64, name="s")
    importer.nodes(node, {"x": (2, 3)}, ["y"], {"s": tensor}).rejects("node 'r' (Reshape): the new shape is not known")


def test_a_constant_node_without_value(importer):
    """Not a parameter, so nothing stands for it."""
    tensor = TensorProto(dims=[3], data_type=TensorProto.FLOAT, raw_data=b"")
    nodes = [
        onnx.helper.make_node("Constant", [], ["c"], name="k", value=tensor),
        onnx.helper.make_node("Add", ["x", "c"], ["y"]),
    ]
    importer.nodes(nodes, {"x": (2, 3)}, ["y"]).rejects("error: ", "model.onnx")


def test_the_seed(importer):
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    importer.nodes(node, {"x": (2, 3)}, ["y"], options=["--random-weights=-1"]).rejects("--random-weights", "expected")
