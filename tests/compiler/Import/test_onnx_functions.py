# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions that a model brings: inlined, with the values, gradients and programs of the model without them."""

import arsis
import numpy as np
import onnx
import onnx.inliner
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_files import floats
from onnx_nets import values

DOMAIN = "pkg.blocks"
IMPORTS = [helper.make_opsetid("", 18), helper.make_opsetid(DOMAIN, 1)]


def attribute(name: str, kind: int, refers_to: str) -> onnx.AttributeProto:
    return onnx.AttributeProto(name=name, type=kind, ref_attr_name=refers_to)


def conv_block() -> onnx.FunctionProto:
    """A convolution whose pads the caller gives or not, a bias and a ReLU; the strides have a default."""
    conv = helper.make_node("Conv", ["x", "w", "b"], ["t"], name="conv")
    conv.attribute.append(attribute("strides", onnx.AttributeProto.INTS, "steps"))
    conv.attribute.append(attribute("pads", onnx.AttributeProto.INTS, "frame"))
    relu = helper.make_node("Relu", ["t"], ["y"], name="relu")
    return helper.make_function(
        DOMAIN, "Block", ["x", "w", "b"], ["y"], [conv, relu], IMPORTS[:1], ["frame"],
        attribute_protos=[helper.make_attribute("steps", [1, 1])],
    )  # fmt: skip


def two_blocks() -> onnx.FunctionProto:
    """Two blocks, and the value between them as a second output."""
    nodes = [
        helper.make_node("Block", ["x", "v"], ["t"], name="first", domain=DOMAIN, frame=[1, 1, 1, 1]),
        helper.make_node("Block", ["t", "w", "b"], ["y"], domain=DOMAIN, steps=[2, 1]),
    ]
    return helper.make_function(DOMAIN, "Pair", ["x", "v", "w", "b"], ["y", "t"], nodes, IMPORTS)


def net(nodes, functions, x=(2, 3, 11, 9), outputs=("y",), ir_version=10) -> onnx.ModelProto:
    arrays = {"v": values(4, 3, 3, 3), "w": values(4, 4, 3, 3, seed=1), "b": values(4), "a": values(4, seed=2)}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, functions=functions, opset_imports=IMPORTS, ir_version=ir_version)


def nested() -> onnx.ModelProto:
    """Functions in functions, called twice with other parameters."""
    nodes = [
        helper.make_node("Pair", ["x", "v", "w", "b"], ["s", "unread"], name="one", domain=DOMAIN),
        helper.make_node("Pair", ["s", "w", "w", "a"], ["u", "between"], name="two", domain=DOMAIN),
        helper.make_node("GlobalAveragePool", ["u"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["y"], name="flat"),
    ]
    return net(nodes, [two_blocks(), conv_block()])


def test_values_are_onnxruntimes():
    model = nested()
    x = values(2, 3, 11, 9, seed=9)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    chip = arsis.Session(arsis.compile(model.SerializeToString(), "tiny"), "tiny")
    chip.write("x", x)
    chip.run("functional")
    np.testing.assert_allclose(chip.read("y"), session.run(["y"], {"x": x})[0], rtol=1e-5, atol=1e-6)


def step(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Everything that one training step computes, and its cycles."""
    program = arsis.compile(model.SerializeToString(), "tiny", train=True, keep="gradients")
    session = arsis.Session(program, "tiny")
    session.write("x", values(2, 3, 11, 9, seed=9))
    session.write("labels", np.array([1, 3], np.int64))
    cycles = session.run()["totals"]["cycles"]
    names = [t["name"] for t in program.tensors if t["role"] in ("parameter", "gradient", "loss")]
    return {name: session.read(name) for name in names} | {"cycles": np.array(cycles)}


def test_gradients_are_those_of_the_model_without_functions():
    """As PyPI's onnx inlines it."""
    ours, theirs = step(nested()), step(onnx.inliner.inline_local_functions(nested()))
    assert ours.keys() == theirs.keys() and {"v", "w", "b", "grad:w"} <= ours.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def test_layers_are_named_after_their_calls(importer):
    out = importer.file(nested().SerializeToString())
    for name in ("one/first/conv", "one/y/relu", "two/first/conv", "pool"):
        assert f'loc("{name}")' in out.text, f"{name} is not in\n{out.text}"


def test_a_value_that_passes_through(importer):
    """An input that is an output as it came, and one value that is two outputs."""
    function = helper.make_function(
        DOMAIN, "Fork", ["x"], ["x", "r", "r"], [helper.make_node("Relu", ["x"], ["r"])], IMPORTS[:1], []
    )
    nodes = [
        helper.make_node("Fork", ["x"], ["same", "p", "q"], name="f", domain=DOMAIN),
        helper.make_node("Add", ["same", "p"], ["s"], name="a1"),
        helper.make_node("Add", ["s", "q"], ["y"], name="a2"),
    ]
    x = values(2, 3, 11, 9)
    reference = arsis.step_reference(net(nodes, [function]).SerializeToString())
    reference.write("x", x)
    reference.run("plain")
    np.testing.assert_array_equal(reference.read("y"), (x + np.maximum(x, 0)) + np.maximum(x, 0))


def test_names_that_the_model_has_already(importer):
    """Values of a function do not meet values of the model, whatever they are called."""
    nodes = [
        helper.make_node("Relu", ["x"], ["call/t"], name="r"),
        helper.make_node("Block", ["x", "v", "b"], ["u"], name="call", domain=DOMAIN, frame=[1, 1, 1, 1]),
        helper.make_node("Add", ["u", "bias"], ["z"], name="a"),
        helper.make_node("Conv", ["call/t", "v"], ["k"], name="c", pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["z", "k"], ["y"], name="a2"),
    ]
    model = net(nodes, [conv_block()])
    model.graph.initializer.append(numpy_helper.from_array(floats(4, 1, 1), "bias"))
    importer.file(model.SerializeToString()).has("return")


def test_overloads():
    """Two functions of one name, told apart by the overload that the node names."""
    functions, nodes, last = [], [], "x"
    for overload, kind in (("", "Relu"), ("wide", "Tanh")):
        function = helper.make_function(
            DOMAIN, "Act", ["i"], ["o"], [helper.make_node(kind, ["i"], ["o"])], IMPORTS[:1], [], overload=overload
        )
        functions.append(function)
    for number, overload in enumerate(("wide", "")):
        nodes.append(
            helper.make_node("Act", [last], [f"v{number}"], domain=DOMAIN, overload=overload, name=f"n{number}")
        )
        last = f"v{number}"
    model = net(nodes, functions, outputs=(last,))
    reference = arsis.step_reference(model.SerializeToString())
    x = values(2, 3, 11, 9)
    reference.write("x", x)
    reference.run("plain")
    np.testing.assert_allclose(reference.read(last), np.maximum(np.tanh(x), 0), rtol=1e-6, atol=1e-7)


def call(**attributes) -> onnx.NodeProto:
    return helper.make_node("Block", ["x", "v", "b"], ["y"], name="call", domain=DOMAIN, **attributes)


def test_what_cannot_be_inlined(importer):
    looping = helper.make_function(
        DOMAIN, "Block", ["x", "w", "b"], ["y"], [call()], IMPORTS, []
    )  # fmt: skip
    importer.file(net([call()], [looping]).SerializeToString()).rejects("node 'call/call' (Block): calls itself")
    importer.file(net([call()], [conv_block(), conv_block()]).SerializeToString()).rejects("'Block' of domain", "twice")
    wide = helper.make_node("Block", ["x", "v", "b", "b"], ["y"], name="call", domain=DOMAIN)
    importer.file(net([wide], [conv_block()]).SerializeToString()).rejects(
        "node 'call' (Block): calls a function of 3 inputs and 1 outputs with 4 and 1"
    )
    unknown = helper.make_node("Mystery", ["x"], ["y"], name="m", domain=DOMAIN)
    importer.file(net([unknown], [conv_block()]).SerializeToString()).rejects("node 'm' (Mystery): operator is not")


def test_a_function_written_for_another_opset(importer):
    """Fine where its operators are the same in both, refused where they are not."""
    for opset, kind, fits in ((20, "Relu", True), (17, "Relu", True), (13, "ReduceMean", False)):
        function = helper.make_function(
            DOMAIN, "F", ["x"], ["y"], [helper.make_node(kind, ["x"], ["y"])], [helper.make_opsetid("", opset)], []
        )
        model = net([helper.make_node("F", ["x"], ["y"], name="f", domain=DOMAIN)], [function])
        out = importer.file(model.SerializeToString())
        if fits:
            out.has("nn.relu")
        else:
            out.rejects(
                f"node 'f' (F): calls a function written for opset {opset}, in which {kind} is not what it is in the "
                "model's opset 18; expected one opset"
            )


def test_functions_that_grow_without_bound(importer):
    """Forty functions, each of which calls the one before twice: 2^40 nodes."""
    functions = [
        helper.make_function(DOMAIN, "F0", ["x"], ["y"], [helper.make_node("Relu", ["x"], ["y"])], IMPORTS, [])
    ]
    for level in range(1, 40):
        nodes = [
            helper.make_node(f"F{level - 1}", ["x"], ["t"], domain=DOMAIN),
            helper.make_node(f"F{level - 1}", ["t"], ["y"], domain=DOMAIN),
        ]
        functions.append(helper.make_function(DOMAIN, f"F{level}", ["x"], ["y"], nodes, IMPORTS, []))
    importer.limit = 8 << 30
    model = net([helper.make_node("F39", ["x"], ["y"], name="f", domain=DOMAIN)], functions)
    importer.file(model.SerializeToString()).rejects("functions have more than 1048576 nodes when inlined")


def test_functions_in_functions_without_end(importer):
    """A chain of 20,000 functions, each of which calls the next."""
    functions = [
        helper.make_function(
            DOMAIN, f"F{n}", ["x"], ["y"], [helper.make_node(f"F{n + 1}", ["x"], ["y"], domain=DOMAIN)], IMPORTS, []
        )
        for n in range(20000)
    ]
    model = net([helper.make_node("F0", ["x"], ["y"], name="f", domain=DOMAIN)], functions)
    importer.file(model.SerializeToString()).rejects("is called by more than 1000 functions, one in the other")


def test_merged_initialisers_behind_functions(importer):
    """Equal zeros that the exporter merged are a bias of each call."""
    nodes = [
        helper.make_node("Block", ["x", "v", "zero"], ["t"], name="c1", domain=DOMAIN),
        helper.make_node("Block", ["t", "w", "zero"], ["y"], name="c2", domain=DOMAIN),
    ]
    model = net(nodes, [conv_block()])
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(4, np.float32), "zero"))
    out = importer.file(model.SerializeToString(), "--train")
    assert out.code == 0 and "'zero' is 'zero', 'c2/conv.bias'" in out.error, out.error


@pytest.mark.parametrize("kind,domain", [
    ("ConvGrad", "com.microsoft"), ("AdamWOptimizer", "com.microsoft"), ("InPlaceAccumulatorV2", "com.microsoft"),
    ("Gradient", "ai.onnx.preview.training"), ("Momentum", "ai.onnx.preview.training"),
])  # fmt: skip
def test_training_graphs(importer, kind, domain):
    model = net([helper.make_node(kind, ["x"], ["y"], name="g", domain=domain)], [])
    importer.file(model.SerializeToString()).rejects(
        f"is a training graph: node 'g' ({kind}) computes a gradient or an update; give the forward model"
    )


def test_a_loss_in_the_graph(importer):
    model = net([helper.make_node("SoftmaxCrossEntropyLoss", ["x", "x"], ["y"], name="l")], [])
    importer.file(model.SerializeToString()).rejects("--loss adds the loss, so export the model with its logits as")


def test_training_info_is_named(importer):
    model = net([helper.make_node("Relu", ["x"], ["y"])], [])
    model.training_info.add().algorithm.name = "a"
    out = importer.file(model.SerializeToString())
    assert out.code == 0 and "warning: " in out.error and "training_info is not read" in out.error
