# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dropout: alive in a training step, nothing in a forward pass, whatever the file says."""

import numpy as np
import pytest
from onnx import helper

FORMS = [(7, ["x"], {"ratio": 0.5}), (12, ["x", "ratio"], {}), (13, ["x", "ratio", "mode"], {}), (13, ["x"], {})]


def imported(importer, opset, inputs, attributes, ratio=0.5, mode=True, options=()):
    node = helper.make_node("Dropout", inputs, ["y", "mask"], name="d", **attributes)
    constants = {name: v for name, v in {"ratio": np.float32(ratio), "mode": np.bool_(mode)}.items() if name in inputs}
    return importer.nodes(node, {"x": (2, 3)}, ["y"], constants, opset=opset, options=list(options))


@pytest.mark.parametrize("opset,inputs,attributes", FORMS)
def test_a_forward_pass_keeps_every_element(importer, opset, inputs, attributes):
    """A mask is allowed as long as nobody reads it."""
    out = imported(importer, opset, inputs, attributes)
    out.has("return %arg0")
    assert ("warning: d (fwd): exported in training mode: keeps every element here" in out.error) == ("mode" in inputs)


@pytest.mark.parametrize("opset,inputs,attributes", FORMS)
def test_a_training_step_drops_elements(importer, opset, inputs, attributes):
    out = imported(importer, opset, inputs, attributes, options=["--train"])
    out.has(
        'nn.initial = dense<0.000000e+00> : tensor<f32>, nn.name = "random_seed", nn.role = #nn.role<hyper>',
        'nn.initial = dense<0.000000e+00> : tensor<f32>, nn.name = "random_step", nn.role = #nn.role<state>',
        "nn.add %arg2, ",
        "nn.dropout %arg0 seed %arg1 step %arg2 ratio 5.000000e-01 layer 0 :",
        'nn.donates = 2 : i64, nn.name = "random_step", nn.role = #nn.role<state>',
    )
    assert "remark" not in out.error


def test_a_remark_names_what_the_file_says_otherwise(importer):
    out = imported(importer, 13, ["x", "ratio", "mode"], {}, mode=False, options=["--train"])
    out.has("nn.dropout")
    assert "exported in inference form, but drops elements in the training step: d" in out.error


def test_a_ratio_of_zero_is_nothing(importer):
    imported(importer, 12, ["x", "ratio"], {}, ratio=0, options=["--train"]).has("return %arg0")


def test_layers_are_numbered_and_share_one_state(importer):
    nodes = [
        helper.make_node("Dropout", ["x"], ["a"], name="d1"),
        helper.make_node("Relu", ["a"], ["random_seed"], name="r"),
        helper.make_node("Dropout", ["random_seed"], ["y"], name="d2"),
    ]
    out = importer.nodes(nodes, {"x": (2, 3)}, ["y"], options=["--train"])
    out.has("seed %arg1 step %arg2 ratio 5.000000e-01 layer 0", "seed %arg1 step %arg2 ratio 5.000000e-01 layer 1")
    out.has('nn.name = "step:random_seed"', 'nn.name = "random_step"')
