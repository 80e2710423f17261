# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trained weights are written under the names of the model, and come back bit for bit."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from command_line import one_error, replaced
from onnx import numpy_helper
from tiny_model import CLASSES, tiny_model


def first_loss(folder: Path) -> float:
    return json.loads((folder / "report.json").read_text())["training"]["loss_chip"][0]


def test_trained_weights_come_back(call, tiny, tmp_path):
    """As --init and inside the ONNX file: both go on from the same weights, bit for bit."""
    folders = [tmp_path / name for name in ("first", "init", "model")]
    assert call(*tiny, "--out", folders[0], "--momentum", 0)[0] == 0
    weights = np.load(folders[0] / "weights.npz")
    trained = onnx.load(folders[0] / "model.onnx")
    onnx.checker.check_model(trained)
    assert set(weights.files) == {"w1", "b1", "w2", "b2"}
    for tensor in trained.graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), weights[tensor.name])
    original = onnx.load(tmp_path / "m.onnx")
    assert any(
        not np.array_equal(numpy_helper.to_array(a), numpy_helper.to_array(b))
        for a, b in zip(original.graph.initializer, trained.graph.initializer, strict=True)
    )
    assert call(*tiny, "--out", folders[1], "--init", folders[0] / "weights.npz")[0] == 0
    assert call(*replaced(tiny, out=folders[2], model=folders[0] / "model.onnx"))[0] == 0
    assert first_loss(folders[1]) == first_loss(folders[2]) != first_loss(folders[0])
    again = [np.load(folder / "weights.npz") for folder in folders[1:]]
    assert all(again[0][name].tobytes() == again[1][name].tobytes() for name in weights.files)


def merged_identity(graph):
    graph.node.insert(0, onnx.helper.make_node("Identity", ["b1"], ["b2"], name="same"))


def merged_directly(graph):
    graph.node[3].input[2] = "b1"


def merged_without_names(graph):
    graph.node[3].input[2] = "b1"
    for node in graph.node:
        node.name = ""


@pytest.mark.parametrize(
    "merge,name",
    [(merged_identity, "b2"), (merged_directly, "fc2.bias"), (merged_without_names, "logits.bias")],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_weights_that_an_exporter_merged_come_back_apart(call, tiny, tmp_path, merge, name):
    """Two biases of zeros are one initialiser of the file; the trained file has two, with values of their own."""
    model = onnx.load(tiny_model(tmp_path / "m.onnx", hidden=CLASSES))
    merge(model.graph)
    del model.graph.initializer[3]
    constant = onnx.helper.make_node("Constant", [], ["w2"], name="stored", value=model.graph.initializer[2])
    model.graph.node.insert(0, constant)
    del model.graph.initializer[2]
    onnx.save(model, tmp_path / "m.onnx")
    folders = [tmp_path / folder for folder in ("first", "init", "model")]
    status, _, errors = call(*tiny, "--out", folders[0], "--momentum", 0)
    assert status == 0, errors
    weights = np.load(folders[0] / "weights.npz")
    assert set(weights.files) == {"w1", "b1", "w2", name} and not np.array_equal(weights["b1"], weights[name])
    trained = onnx.load(folders[0] / "model.onnx")
    onnx.checker.check_model(trained)
    assert {t.name for t in trained.graph.initializer} == set(weights.files)
    assert call(*tiny, "--out", folders[1], "--init", folders[0] / "weights.npz")[0] == 0
    status, _, errors = call(*replaced(tiny, out=folders[2], model=folders[0] / "model.onnx"))
    assert status == 0, errors
    assert first_loss(folders[1]) == first_loss(folders[2]) != first_loss(folders[0])


def test_tied_weights_stay_one(call, tiny, tmp_path):
    model = onnx.load(tiny_model(tmp_path / "m.onnx", hidden=CLASSES))
    merged_directly(model.graph)
    onnx.save(model, tmp_path / "m.onnx")
    assert call(*tiny, "--out", tmp_path / "out", "--tie", "b1")[0] == 0
    assert set(np.load(tmp_path / "out/weights.npz").files) == {"w1", "b1", "w2"}
    one_error(call(*tiny, "--out", tmp_path / "out", "--tie", "b9"), "matches no weight")


@pytest.mark.parametrize(
    "change,problem",
    [
        (lambda w: w.pop("b1"), "--init: tensor b1 of shape (4,) is missing"),
        (lambda w: w.update(b3=w["b1"]), "--init: tensor b3 is no weight of the model"),
        (lambda w: w.update(b1=w["b2"]), "--init: tensor b1 has shape (3,), expected (4,)"),
        (lambda w: w.update(b1=w["b1"].astype(int)), "tensor b1 is int64, expected finite float32 numbers"),
        (lambda w: w.update(b1=w["b1"] * np.float32(np.nan)), "tensor b1 is float32, expected finite float32 numbers"),
    ],
)
def test_weights_that_do_not_fit(call, tiny, tmp_path, change, problem):
    weights = {t.name: numpy_helper.to_array(t) for t in onnx.load(tmp_path / "m.onnx").graph.initializer}
    change(weights)
    np.savez(tmp_path / "w.npz", **weights)
    one_error(call(*tiny, "--out", tmp_path / "out", "--init", tmp_path / "w.npz"), problem)
