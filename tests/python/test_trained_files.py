# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training from files in other forms: data beside the model, functions, no values, a part that stays as it is."""

import numpy as np
import onnx
import pytest
from command_line import one_error
from onnx import helper, numpy_helper
from tiny_model import tiny_data, tiny_model

NAMES = {"w1", "b1", "w2", "b2"}


def with_data_beside(folder) -> None:
    model = onnx.load(folder / "m.onnx")
    onnx.save(model, folder / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0)


def with_functions(folder) -> None:
    """The first layer and its ReLU are a function."""
    model = onnx.load(folder / "m.onnx")
    nodes, imports = list(model.graph.node), list(model.opset_import)
    function = helper.make_function("layers", "Layer", ["flat", "w1", "b1"], ["r"], nodes[1:3], imports, [])
    call = helper.make_node("Layer", ["flat", "w1", "b1"], ["r"], name="layer", domain="layers")
    del model.graph.node[1:3]
    model.graph.node.insert(1, call)
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("layers", 1))
    onnx.save(model, folder / "m.onnx")


@pytest.mark.parametrize("change", [with_data_beside, with_functions])
def test_the_weights_are_those_of_the_plain_file(call, tiny, tmp_path, change):
    assert call(*tiny, "--out", tmp_path / "plain")[0] == 0
    change(tmp_path)
    status, _, errors = call(*tiny, "--out", tmp_path / "other")
    assert status == 0, errors
    plain, other = (np.load(tmp_path / name / "weights.npz") for name in ("plain", "other"))
    assert set(plain.files) == set(other.files) == NAMES
    trained = onnx.load(tmp_path / "other/model.onnx")
    onnx.checker.check_model(trained)
    assert not trained.functions
    for tensor in trained.graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), plain[tensor.name])
        np.testing.assert_array_equal(other[tensor.name], plain[tensor.name])


def test_what_is_frozen_stays(call, tiny, tmp_path):
    assert call(*tiny, "--out", tmp_path / "o", "--freeze", "*1")[0] == 0
    weights, model = np.load(tmp_path / "o/weights.npz"), onnx.load(tmp_path / "m.onnx")
    same = {
        tensor.name
        for tensor in model.graph.initializer
        if np.array_equal(numpy_helper.to_array(tensor), weights[tensor.name])
    }
    assert set(weights.files) == NAMES and same == {"w1", "b1"}


def test_a_file_without_its_data(call, tiny, tmp_path):
    """Refused, unless random values are asked for; then trained and written with values."""
    with_data_beside(tmp_path)
    (tmp_path / "m.data").unlink()
    one_error(
        call(*tiny, "--out", tmp_path / "o"),
        "w1': its data lie in 'm.data', which is not in the model's folder, as do those of 3 others",
    )
    status, _, errors = call(*tiny, "--out", tmp_path / "o", "--random-weights", 5)
    assert status == 0, errors
    weights, trained = np.load(tmp_path / "o/weights.npz"), onnx.load(tmp_path / "o/model.onnx")
    assert {t.name for t in trained.graph.initializer} == set(weights.files) == NAMES and weights["w1"].any()


def test_weights_that_are_inputs(call, tmp_path):
    """As PyTorch exports a model without parameters."""
    model = onnx.load(tiny_model(tmp_path / "m.onnx"))
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    del model.graph.initializer[:]
    onnx.save(model, tmp_path / "m.onnx")
    arguments = ["train", "--model", tmp_path / "m.onnx", "--data", tiny_data(tmp_path / "d.npz"), "--chip", "tiny",
                 "--batch", 4, "--epochs", 1, "--out", tmp_path / "o"]  # fmt: skip
    one_error(call(*arguments), "parameter b1 is an input without values; give --random-weights SEED")
    assert call(*arguments, "--random-weights", 1)[0] == 0
    trained = onnx.load(tmp_path / "o/model.onnx")
    assert {t.name for t in trained.graph.initializer} == NAMES
