# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files of every opset and version of the format: the same net, the same values and gradients; and the form of every
operator as PyPI's onnx describes it."""

import re

import numpy as np
import onnx
import pytest
from onnx import TensorProto, defs, helper
from onnx_files import floats
from onnx_nets import Net, values

OLDEST, NEWEST = 7, 28
RELU = helper.make_node("Relu", ["x"], ["y"], name="r")


def test_the_newest_opset_is_that_of_the_package():
    """A newer package may bring operators in another form: look at `Schemas.cpp`."""
    assert defs.onnx_opset_version() == NEWEST and onnx.IR_VERSION == 14


@pytest.mark.parametrize("opset", range(OLDEST, NEWEST + 1))
def test_every_opset(importer, opset):
    importer.nodes(RELU, {"x": (2, 3)}, {"y": (2, 3)}, opset=opset, ir_version=14).has("nn.relu")


@pytest.mark.parametrize("opset", [6, 29])
def test_other_opsets(importer, opset):
    importer.nodes(RELU, {"x": (2, 3)}, ["y"], opset=opset).rejects(
        f"opset {opset} is not supported (supported: 7 to 28)"
    )


@pytest.mark.parametrize("ir_version", range(3, 15))
def test_every_version_of_the_format(importer, ir_version):
    importer.nodes(RELU, {"x": (2, 3)}, {"y": (2, 3)}, opset=7, ir_version=ir_version).has("nn.relu")


@pytest.mark.parametrize("ir_version", [2, 15])
def test_other_versions_of_the_format(importer, ir_version):
    importer.nodes(RELU, {"x": (2, 3)}, ["y"], ir_version=ir_version).rejects(
        f"ir version {ir_version} is not supported (supported: 3 to 14)"
    )


def test_the_domain_by_its_name(importer):
    """`ai.onnx` is the domain without a name."""
    node = helper.make_node("Relu", ["x"], ["y"], domain="ai.onnx")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, 3))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    for domain in ("", "ai.onnx"):
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, 20)], ir_version=9)
        importer.file(model.SerializeToString()).has("nn.relu")


def supported_operators(importer) -> list[str]:
    out = importer.nodes(helper.make_node("Nothing", ["x"], ["y"]), {"x": (2, 3)}, ["y"])
    return re.search(r"supported operators: (.*)", out.error).group(1).split(", ")


def every_attribute(schema: defs.OpSchema) -> dict:
    some = {"FLOAT": 1.0, "INT": 1, "STRING": "x", "FLOATS": [1.0], "INTS": [1], "STRINGS": ["x"]}
    kinds = {name: attribute.type.name for name, attribute in schema.attributes.items()}
    return {name: some[kind] for name, kind in kinds.items() if kind in some}


def test_forms_of_operators(importer):
    """With all inputs and attributes of each form no operator is called invalid; with an attribute more, it is."""
    checked = 0
    for operator in supported_operators(importer):
        forms = {defs.get_schema(operator, v, "").since_version for v in range(18, NEWEST + 1) if has(operator, v)}
        for version in sorted(forms):
            schema = defs.get_schema(operator, max(version, 18), "")
            inputs = [f"i{n}" for n in range(min(schema.max_input, 5))]
            outputs = [f"o{n}" for n in range(schema.min_output)]

            def attempt(inputs, extra, schema=schema, outputs=outputs, version=version):
                attributes = every_attribute(schema) | extra
                node = helper.make_node(schema.name, inputs, outputs, name="n", **attributes)
                shapes = {name: (2, 3, 4, 4) for name in inputs}
                return importer.nodes(node, shapes, outputs[:1], opset=max(version, 18), ir_version=13).error

            assert "not a valid ONNX model" not in attempt(inputs, {}), f"{operator} of opset {version}"
            checked += 1
            if version >= 18:  # libonnx takes some attributes that it does not know
                refused = attempt(inputs, {"unheard_of": 1})
                # What the importer itself refuses it refuses before.
                assert "not a valid ONNX model" in refused or "supported" in refused, f"{operator} {version}"
    assert checked > 20


def has(operator: str, version: int) -> bool:
    try:
        return not defs.get_schema(operator, version, "").deprecated
    except defs.SchemaError:
        return False


def mean_of_pixels(opset: int) -> Net:
    """A convolution, a batch norm, a pooling and a mean whose axes are an attribute or an input, by the opset."""
    net = Net(opset)
    x = net.input(values(2, 3, 7, 5))
    filters = net.initialiser(values(4, 3, 3, 3, seed=1), "w")
    y = net.node("Conv", [x, filters], pads=[1, 1, 1, 1])
    vectors = [net.initialiser(np.abs(values(4, seed=seed)) + 0.5) for seed in range(4)]
    y = net.node("BatchNormalization", [y, *vectors])
    y = net.node("AveragePool", [y], kernel_shape=[2, 2], strides=[1, 1])
    y = net.node("Relu", [y])
    if opset < 18:
        y = net.node("ReduceMean", [y], axes=[2, 3], keepdims=0)
    else:
        y = net.node("ReduceMean", [y, net.integers(-1, 2)], keepdims=0)
    return net, y


def test_one_net_in_every_opset():
    """The values are onnxruntime's, and the same bits whatever the opset."""
    first = None
    for opset in (7, 9, 13, 17, 18, 19, 21, 24, NEWEST):
        net, y = mean_of_pixels(opset)
        (found,) = net.on_chip([y])
        first = found if first is None else first
        np.testing.assert_array_equal(found, first)
        if opset <= 24:
            np.testing.assert_allclose(found, net.by_onnxruntime([y])[0], rtol=1e-5, atol=1e-6)


def test_means_over_no_axes(importer):
    """Without axes a mean is over all dimensions, unless the node says that it then does nothing."""
    node = helper.make_node("ReduceMean", ["x", "a"], ["y"], name="m", noop_with_empty_axes=1)
    empty = {"a": np.zeros(0, np.int64)}
    importer.nodes(node, {"x": (2, 3, 4, 5)}, ["y"], empty, opset=18).has("return %arg0")
    node = helper.make_node("ReduceMean", ["x", "a"], ["y"], name="m")
    importer.nodes(node, {"x": (2, 3, 4, 5)}, ["y"], empty, opset=18).has("scale 0.00833333377")
    importer.nodes(node, {"x": (2, 3, 4, 5), "a": (2,)}, ["y"], opset=18).rejects("the axes are not known at import")


def test_dilated_average_pooling_of_opset_19():
    net = Net(19)
    y = net.node("AveragePool", [net.input(values(1, 2, 9, 8))], kernel_shape=[3, 2], dilations=[2, 3], strides=[1, 2])
    np.testing.assert_allclose(net.on_chip([y])[0], net.by_onnxruntime([y])[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "kind", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64], ids=str
)
@pytest.mark.parametrize("raw", [False, True])
def test_integers_of_every_width(importer, kind, raw):
    shape = np.array([3, 2], kind)
    number = helper.np_dtype_to_tensor_dtype(shape.dtype)
    tensor = helper.make_tensor("s", number, [2], shape.tobytes() if raw else shape.tolist(), raw=raw)
    node = helper.make_node("Reshape", ["x", "s"], ["y"])
    importer.nodes(node, {"x": (2, 3)}, ["y"], {"s": tensor}).has("tensor<3x2xf32>")


def test_an_integer_beyond_64_bits(importer):
    node = helper.make_node("Reshape", ["x", "s"], ["y"])
    importer.nodes(node, {"x": (2, 3)}, ["y"], {"s": np.array([2**63 + 1, 6], np.uint64)}).rejects(
        "initialiser 's': holds 9223372036854775809, expected at most 2^63 - 1"
    )


def test_a_number_of_another_type(importer):
    tensor = helper.make_tensor("b", TensorProto.FLOAT8E4M3FN, [3], b"\0\1\2", raw=True)
    importer.nodes(helper.make_node("Add", ["x", "b"], ["y"]), {"x": (2, 3)}, ["y"], {"b": tensor}).rejects(
        "initialiser 'b': element type FLOAT8E4M3FN (supported: FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT8 to INT64"
    )


def test_floats_of_the_newest_package(importer):
    importer.nodes(helper.make_node("Add", ["x", "b"], ["y"]), {"x": (2, 3)}, ["y"], {"b": floats(3)}, opset=28).has(
        "dense<[0.000000e+00, 1.250000e-01, 2.500000e-01]>"
    )
