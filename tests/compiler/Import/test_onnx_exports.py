# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One net in every form in which exporters write it: the same gradients bit for bit, and the same cycles."""

import copy
import warnings

import arsis
import numpy as np
import onnx
import onnx_ir
import pytest
import torch
from onnx import helper
from onnx_ir.passes import common
from onnx_nets import values
from torch import nn

DOMAIN = "pkg.outlined"


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.norm(self.conv(x)) + x)


class Net(nn.Module):
    """Fresh batch norms, whose ones and zeros exporters merge, and a reshape by the size of the input."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.first, self.second = nn.Conv2d(3, 4, 3, 2), Block(4), Block(4)
        self.head = nn.Linear(4, 5)
        nn.init.zeros_(self.stem.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.second(self.first(self.stem(x)))
        return self.head(y.mean((2, 3)).view(x.size(0), -1))


@pytest.fixture(scope="module")
def exported() -> onnx.ModelProto:
    """PyTorch's training form."""
    torch.manual_seed(1)
    return onnx.load_model_from_string(arsis.from_torch(Net(), torch.zeros(2, 3, 9, 7)))


def step(model: onnx.ModelProto | str) -> dict[str, list]:
    """Roles, gradients and cycles of a training step, in the order of the program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = model if isinstance(model, str) else model.SerializeToString()
        program = arsis.compile(source, "tiny", batch=3, train=True, keep="gradients", optimizer="sgd,lr=0.1")
    session = arsis.Session(program, "tiny")
    session.write("x", values(3, 3, 9, 7))
    session.write("labels", np.array([4, 0, 2]))
    cycles = session.run()["totals"]["cycles"]
    found = {role: [session.read(t["name"]) for t in program.tensors if t["role"] == role]
             for role in ("loss", "gradient", "parameter", "state")}  # fmt: skip
    return found | {"cycles": [np.array(cycles)]}


@pytest.fixture(scope="module")
def expected(exported) -> dict[str, list]:
    found = step(exported)
    assert len(found["gradient"]) == len(found["parameter"]) == 10 and len(found["state"]) == 4
    return found


def agree(found: dict[str, list], expected: dict[str, list]) -> None:
    for role, arrays in expected.items():
        assert len(found[role]) == len(arrays), role
        for number, (one, other) in enumerate(zip(found[role], arrays, strict=True)):
            np.testing.assert_array_equal(one, other, err_msg=f"{role} {number}")


def test_with_its_data_beside_it(exported, expected, tmp_path):
    for name, one_file in (("one", True), ("many", False)):
        (tmp_path / name).mkdir()
        path = str(tmp_path / name / "net.onnx")
        onnx.save(copy.deepcopy(exported), path, save_as_external_data=True, all_tensors_to_one_file=one_file,
                  location="net.onnx.data" if one_file else None, size_threshold=0)  # fmt: skip
        assert not onnx.load(path, load_external_data=False).graph.initializer[0].raw_data
        agree(step(path), expected)


def later(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """The model as its later opset writes it: the axes of a mean are an input."""
    model = onnx.version_converter.convert_version(model, opset)
    model.ir_version = 10
    return model


def merged(model: onnx.ModelProto) -> onnx.ModelProto:
    """What PyTorch's exporter of 2026 does at its end: constants become initialisers, equal ones are merged."""
    ir = onnx_ir.from_proto(model)
    for each in (
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.CommonSubexpressionEliminationPass(),
        common.DeduplicateInitializersPass(),
        common.IdentityEliminationPass(),
        common.RemoveUnusedNodesPass(),
        common.NameFixPass(),
    ):
        ir = each(ir).model
    return onnx_ir.to_proto(ir)


def outlined(model: onnx.ModelProto) -> onnx.ModelProto:
    """Every Conv with what follows it, up to a ReLU or another four nodes, as a function of its own."""
    graph, nodes, kept = model.graph, list(model.graph.node), []
    results = {value.name for value in graph.output}
    while nodes:
        node = nodes.pop(0)
        if node.op_type != "Conv":
            kept.append(node)
            continue
        body = [node]
        while nodes and len(body) < 4 and nodes[0].op_type in ("BatchNormalization", "Add", "Relu"):
            body.append(nodes.pop(0))
        made = [name for each in body for name in each.output]
        read = [name for each in body for name in each.input if name and name not in made]
        outside = {name for each in [*kept, *nodes] for name in each.input} | results
        inputs, outputs = list(dict.fromkeys(read)), [name for name in made if name in outside]
        function = f"Layer{len(model.functions)}"
        model.functions.append(helper.make_function(DOMAIN, function, inputs, outputs, body, model.opset_import, []))
        kept.append(helper.make_node(function, inputs, outputs, name=f"call{len(kept)}", domain=DOMAIN))
    del graph.node[:]
    graph.node.extend(kept)
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    onnx.checker.check_model(model)
    return model


@pytest.mark.parametrize("opset", [17, 18, 20, 24])
def test_in_the_form_of_2026(exported, expected, opset):
    model = merged(later(exported, opset))
    assert len(model.graph.initializer) < len(exported.graph.initializer) + 4
    names = [name for node in model.graph.node for name in node.input]
    assert max(names.count(tensor.name) for tensor in model.graph.initializer) >= 4  # ones and zeros of the batch norms
    agree(step(model), expected)


def test_as_functions(exported, expected):
    model = outlined(merged(later(exported, 18)))
    assert len(model.functions) == 3 and len(model.graph.node) < 12
    agree(step(model), expected)


def noted(rules: str, producer: str = "pytorch", bias: bool = False) -> bytes:
    """A convolution with what the optimizer behind PyTorch's exporter of 2026 notes at a node that it changed."""
    weights = {"conv.weight": values(4, 3, 3, 3), "conv.bias": values(4)}
    inputs = ["x", *weights][: 3 if bias else 2]
    conv = helper.make_node("Conv", inputs, ["getitem"], name="conv")
    if rules:
        conv.metadata_props.add(key="pkg.onnxscript.rewriter.rule_name", value=rules)
    nodes = [conv, helper.make_node("Flatten", ["getitem"], ["logits"])]
    image, logits = (
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("x", [2, 3, 3, 3]), ("logits", [2, 4]))
    )
    tensors = [onnx.numpy_helper.from_array(weights[name], name) for name in inputs[1:]]
    graph = helper.make_graph(nodes, "g", [image], [logits], tensors)
    opsets = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name=producer).SerializeToString()


REMOVED, FUSED = "RemoveOptionalBiasFromConv", "RemoveOptionalBiasFromConv, FuseBatchNormIntoConv"


@pytest.mark.parametrize(
    ("model", "warning"),
    [
        (noted(FUSED), "1 layers have weights into which PyTorch has folded a batch norm .'conv.weight'."),
        (noted(FUSED, bias=True), "arsis.from_torch keeps everything, .* optimize=False"),
        (noted(REMOVED), "1 layers have no bias .'conv.weight'.; one of zeros"),
        (noted(REMOVED, bias=True), None),
        (noted(""), None),
        (noted(FUSED, producer="mine"), None),
    ],
    ids=["folded", "folded with bias", "no bias", "with bias", "as it was", "of another tool"],
)
def test_what_the_exporter_left_out(model, warning):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        arsis.compile(model, "tiny", train=True)
    assert len(caught) == (warning is not None), [str(each.message) for each in caught]
    if warning:
        with pytest.warns(UserWarning, match=warning):
            arsis.compile(model, "tiny", train=True)


def test_the_type_of_another_value():
    """A convolution's bias as PyTorch's exporter of 2026 writes none: a zero, cast and expanded."""
    weight = values(4, 3, 3, 3)
    nodes = [
        helper.make_node("CastLike", ["zero", "x"], ["cast"]),
        helper.make_node("Expand", ["cast", "four"], ["bias"]),
        helper.make_node("Conv", ["x", "conv.weight", "bias"], ["y"]),
        helper.make_node("Flatten", ["y"], ["logits"]),
    ]
    constants = {"zero": np.array(0, np.int64), "four": np.array([4], np.int64), "conv.weight": weight}
    image, logits = (
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("x", [2, 3, 3, 3]), ("logits", [2, 4]))
    )
    tensors = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", [image], [logits], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    program = arsis.compile(model.SerializeToString(), "tiny", train=True, keep="gradients")
    assert [t["name"] for t in program.tensors if t["role"] == "parameter"] == ["conv.weight"]
