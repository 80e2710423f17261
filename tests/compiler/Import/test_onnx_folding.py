# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arithmetic on shapes and small constants, evaluated at import: with onnxruntime's numbers, and what PyTorch exports
around its reshapes."""

import io

import arsis
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx_files import floats
from onnx_nets import Net, values


def folded(kind: str, inputs: list, attributes: dict, opset: int = 21) -> tuple[np.ndarray, np.ndarray]:
    """What a node makes of constants: the importer, as what is added to zero, and onnxruntime."""
    import onnxruntime

    names = [f"c{n}" for n in range(len(inputs))]
    constants = [
        helper.make_node("Constant", [], [n], value=numpy_helper.from_array(v))
        for n, v in zip(names, inputs, strict=True)
    ]
    node = helper.make_node(kind, names, ["r"], name="n", **attributes)

    def model(nodes, outputs):
        graph = helper.make_graph(
            [*constants, *nodes], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1,))], outputs
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)

    plain = model([node], [onnx.ValueInfoProto(name="r")])
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(plain.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (expected,) = session.run(["r"], {"x": np.zeros(1, np.float32)})
    nodes = [
        node,
        helper.make_node("Cast", ["r"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["x", "f"], ["y"], name="a"),
    ]
    whole = model(nodes, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    step = arsis.step_reference(whole.SerializeToString())
    step.write("x", np.zeros(1, np.float32))
    step.run("plain")
    return step.read("y"), np.asarray(expected, np.float32)


def integers(value) -> np.ndarray:
    return np.array(value, np.int64)


def reals(value) -> np.ndarray:
    return np.array(value, np.float32)


def truths(value) -> np.ndarray:
    return np.array(value, np.bool_)


@pytest.mark.parametrize("kind,inputs,attributes", [
    ("Add", [integers([3, -4]), integers(5)], {}),
    ("Sub", [integers([[3], [4]]), integers([1, 2, 3])], {}),
    ("Mul", [integers([3, -4]), integers([5, 7])], {}),
    ("Div", [integers([7, -7, 7, -7]), integers([2, 2, -2, -2])], {}),
    ("Div", [reals([7, -7]), reals([2, 4])], {}),
    ("Mod", [integers([7, -7, 7, -7]), integers([3, 3, -3, -3])], {}),
    ("Min", [integers([7, -7]), integers([3]), integers(0)], {}),
    ("Max", [reals([7, -7]), reals([3])], {}),
    ("Abs", [integers([7, -7])], {}),
    ("Neg", [reals([7, -7.5])], {}),
    ("Floor", [reals([1.5, -1.5, 2])], {}),
    ("Ceil", [reals([1.5, -1.5, 2])], {}),
    ("Equal", [integers([1, 2, 3]), integers([1, 0, 3])], {}),
    ("Greater", [reals([1, 2, 3]), reals([1, 0, 4])], {}),
    ("Less", [integers([1, 2, 3]), integers(2)], {}),
    ("GreaterOrEqual", [integers([1, 2, 3]), integers(2)], {}),
    ("LessOrEqual", [integers([1, 2, 3]), integers(2)], {}),
    ("And", [truths([1, 1, 0]), truths([1, 0, 0])], {}),
    ("Or", [truths([1, 1, 0]), truths([1, 0, 0])], {}),
    ("Not", [truths([1, 0])], {}),
    ("Where", [truths([1, 0, 1]), integers([[1, 2, 3]]), integers([[9], [8]])], {}),
    ("Cast", [reals([1.5, -1.5, 7])], {"to": TensorProto.INT64}),
    ("Cast", [integers([0, 3, -1])], {"to": TensorProto.BOOL}),
    ("Cast", [integers([2**24 + 1, 3])], {"to": TensorProto.FLOAT}),
    ("Cast", [np.array([200, 3], np.uint8)], {"to": TensorProto.INT32}),
    ("Concat", [integers([1, 2]), integers([3])], {"axis": 0}),
    ("Concat", [integers([[1], [2]]), integers([[3, 4], [5, 6]])], {"axis": -1}),
    ("ConstantOfShape", [integers([2, 3])], {"value": numpy_helper.from_array(integers([7]))}),
    ("ConstantOfShape", [integers([2])], {}),
    ("Expand", [integers([[1], [2]]), integers([1, 3])], {}),
    ("Gather", [integers([5, 6, 7]), integers([2, -3])], {}),
    ("Gather", [integers([[5, 6, 7], [1, 2, 3]]), integers([[2], [-3]])], {"axis": 1}),
    ("Gather", [integers([[5, 6, 7], [1, 2, 3]]), integers(1)], {"axis": 0}),
    ("Range", [integers(3), integers(-9), integers(-4)], {}),
    ("Reshape", [integers([1, 2, 3, 4]), integers([2, -1])], {}),
    ("Reshape", [reals([[1, 2, 3, 4]]), integers([0, 2, 2])], {}),
    ("Slice", [integers([1, 2, 3, 4, 5]), integers([1]), integers([-1])], {}),
    ("Slice", [integers([1, 2, 3, 4, 5]), integers([-1]), integers([-(2**63)]), integers([0]), integers([-2])], {}),
    ("Slice", [integers(v) for v in ([[1, 2, 3], [4, 5, 6]], [0, 1], [9, 2**62], [-2, 1], [1, 2])], {}),
    ("Slice", [integers([1, 2, 3]), integers([-9]), integers([-9]), integers([0]), integers([-1])], {}),
    ("Squeeze", [integers([[[5], [6]]]), integers([0, -1])], {}),
    ("Squeeze", [integers([[[5], [6]]])], {}),
    ("Unsqueeze", [integers([5, 6]), integers([-1, 0])], {}),
    ("ReduceProd", [integers([2, 3, 7])], {"keepdims": 0}),
    ("ReduceProd", [integers([2, 3, 7]), integers([0])], {}),
    ("ReduceMax", [integers([2, 9, 7]), integers([-1])], {}),
    ("ReduceMin", [reals([2, 9, -7]), integers([0])], {}),
    ("ReduceSum", [integers([[2, 9], [7, 1]])], {"keepdims": 0}),
])  # fmt: skip
def test_numbers_are_onnxruntimes(kind, inputs, attributes):
    found, expected = folded(kind, inputs, attributes)
    np.testing.assert_array_equal(found.reshape(-1), expected.reshape(-1))


def shape_of(importer, nodes, constants, x=(2, 3, 4), opset=18):
    """The shape of x after a Reshape to `s`."""
    nodes = [*nodes, helper.make_node("Reshape", ["x", "s"], ["y"], name="last")]
    return importer.nodes(nodes, {"x": x}, ["y"], constants, opset=opset)


@pytest.mark.parametrize("kind,inputs,attributes,problem", [
    ("Div", ["five", "zero"], {}, "divides by zero"),
    ("Mod", ["five", "zero"], {}, "divides by zero"),
    ("Add", ["five", "real"], {}, "mixes integers and floats"),
    ("Add", ["three", "two"], {}, "shapes that do not broadcast to one"),
    ("Concat", ["five", "five"], {"axis": 1}, "axis 1 of a constant of rank 1"),
    ("Concat", ["scalar", "scalar"], {"axis": 0}, "axis 0 of a constant of rank 0"),
    ("Gather", ["five", "five"], {"axis": 0}, "index 5 into 1 elements"),
    ("Gather", ["five", "below"], {"axis": 0}, "index -2 into 1 elements"),
    ("Unsqueeze", ["five", "five"], {}, "axes are not 1 dimensions of a result of rank 2"),
    ("Squeeze", ["two", "zero"], {}, "drops a dimension of 2, expected 1"),
    ("Reshape", ["two", "three"], {}, "the new shape has 6 elements, the input 2"),
    ("Reshape", ["two", "minus"], {}, "the new shape has more than one -1"),
    ("Slice", ["two", "zero", "five", "zero", "zero"], {}, "a step of 0"),
    ("Range", ["zero", "large", "five"], {}, "expected at most 64; it goes from 0 to 1000"),
    ("Range", ["zero", "five", "zero"], {}, "a step of 0"),
    ("ConstantOfShape", ["large"], {"value": numpy_helper.from_array(integers([7]))}, "makes a constant of 1000"),
    ("ConstantOfShape", ["larger"], {}, "makes a constant of 20000 elements, expected at most 64"),
    ("Expand", ["five", "large"], {}, "makes a constant of 1000 elements, expected at most 64"),
    ("Cast", ["large"], {"to": TensorProto.INT8}, "casts 1000 to INT8, which does not hold it"),
    ("Cast", ["huge"], {"to": TensorProto.INT64}, "to INT64, which does not hold it"),
    ("Cast", ["five"], {"to": TensorProto.FLOAT16}, "casts a constant to FLOAT16 (supported: FLOAT, DOUBLE, integers"),
    ("Cast", ["five"], {"to": TensorProto.STRING}, "casts a constant to STRING"),
])  # fmt: skip
def test_arithmetic_that_has_no_result(importer, kind, inputs, attributes, problem):
    lists = {"five": [5], "scalar": 5, "below": [-2], "zero": [0], "two": [1, 2], "three": [1, 2, 3]}
    lists |= {"minus": [-1, -1], "large": [1000], "larger": [20000]}
    constants = {name: integers(value) for name, value in lists.items()}
    numbers = {"real": reals([1]), "huge": reals([1e30])}
    nodes = [helper.make_node("Constant", [], [n], value=numpy_helper.from_array(v)) for n, v in numbers.items()]
    nodes.append(helper.make_node(kind, inputs, ["s"], name="n", **attributes))
    shape_of(importer, nodes, constants).rejects(f"node 'n' ({kind}): ", problem)


def test_of_values_it_is_refused(importer):
    nodes = [
        helper.make_node("Floor", ["x"], ["t"], name="f"),
        helper.make_node("Cast", ["t"], ["y"], name="c", to=TensorProto.INT64),
    ]
    importer.nodes(nodes, {"x": (2, 3)}, ["y"]).rejects(
        "node 'f' (Floor): operator is supported only of shapes and constants"
    )
    importer.nodes(nodes[1:], {"t": (2, 3)}, ["y"]).rejects("casts values to INT64 (supported: FLOAT and DOUBLE")


def test_casts_of_values_that_are_names(importer):
    nodes = [
        helper.make_node("Cast", ["x"], ["t"], to=TensorProto.DOUBLE),
        helper.make_node("Relu", ["t"], ["u"]),
        helper.make_node("Cast", ["u"], ["y"], to=TensorProto.FLOAT),
    ]
    out = importer.nodes(nodes, {"x": (2, 3)}, ["y"])
    assert [op.split(" ")[0] for op in out.ops()] == ["nn.relu"], out.text


def test_a_parameter_behind_a_cast_is_trained(importer):
    """A model kept in half precision that computes in single."""
    nodes = [
        helper.make_node("Cast", ["w"], ["w32"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["x", "w32"], ["y"], name="m"),
    ]
    out = importer.nodes(nodes, {"x": (2, 3)}, ["y"], {"w": floats(3, 4).astype(np.float16)}, options=["--train"])
    out.has('nn.name = "w", nn.role = #nn.role<parameter>')


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.int64])
def test_whole_numbers_that_are_stored_are_floats_that_stay(kind):
    """Weights of 600 whole numbers behind a Cast, as quantised files have them."""
    net = Net(17)
    numbers = (np.arange(600).reshape(3, 200) % 100).astype(kind)
    weight = net.node("Cast", [net.initialiser(numbers)], to=TensorProto.FLOAT)
    trained = net.node("Mul", [net.input(values(5, 3)), net.initialiser(values(3), "scale")])
    y = net.node("MatMul", [trained, weight])
    np.testing.assert_allclose(net.on_chip([y])[0], net.by_onnxruntime([y])[0], rtol=1e-5, atol=1e-4)
    program = arsis.compile(net.model([y]), "tiny", train=True, loss="mse")
    assert [t["name"] for t in program.tensors if t["role"] == "parameter"] == ["scale"]


def test_a_parameter_is_not_folded(importer):
    """Of initialisers alone arithmetic is not evaluated: they are trained."""
    add = [helper.make_node("Add", ["v", "w"], ["t"], name="a"), helper.make_node("Add", ["x", "t"], ["y"], name="b")]
    out = importer.nodes(add, {"x": (2, 3)}, ["y"], {"v": floats(3), "w": floats(3) + 1})
    out.has('nn.name = "v", nn.role = #nn.role<parameter>', 'nn.name = "w", nn.role = #nn.role<parameter>')
    reshape = [helper.make_node("Reshape", ["v", "s"], ["t"]), helper.make_node("Add", ["x", "t"], ["y"])]
    out = importer.nodes(reshape, {"x": (2, 3)}, ["y"], {"v": floats(1), "s": integers([1, 1])})
    out.has('nn.name = "v", nn.role = #nn.role<parameter>')


def test_a_number_among_the_initialisers_is_folded(importer):
    """Exporters of 2026 keep the numbers of arithmetic on shapes among the initialisers."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"], start=1),
        helper.make_node("Cast", ["shape"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["real", "half"], ["scaled"]),
        helper.make_node("Floor", ["scaled"], ["floor"]),
        helper.make_node("Cast", ["floor"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Concat", ["minus", "whole"], ["s"], axis=0),
    ]
    out = shape_of(importer, nodes, {"half": reals(0.5), "minus": integers([-1])}, x=(1, 6, 5))
    out.has("tensor<5x3x2xf32>")


def test_chains_around_a_reshape(importer):
    """`x.view(x.size(0), -1)` as it has been exported over the years, the batch bound on the command line."""
    chains = {
        "gather": [
            helper.make_node("Shape", ["x"], ["shape"]),
            helper.make_node("Gather", ["shape", "zero"], ["batch"]),
            helper.make_node("Unsqueeze", ["batch", "first"], ["list"]),
            helper.make_node("Concat", ["list", "minus"], ["s"], axis=0),
        ],
        "slice": [
            helper.make_node("Shape", ["x"], ["shape"], end=1),
            helper.make_node("Squeeze", ["shape"], ["batch"]),
            helper.make_node("Reshape", ["batch", "minus"], ["list"]),
            helper.make_node("Concat", ["list", "minus"], ["s"], axis=0),
        ],
        "size": [
            helper.make_node("Size", ["x"], ["all"]),
            helper.make_node("Shape", ["x"], ["shape"]),
            helper.make_node("Slice", ["shape", "first", "one"], ["batch"]),
            helper.make_node("Div", ["all", "batch"], ["rest"]),
            helper.make_node("Concat", ["batch", "rest"], ["s"], axis=0),
        ],
        "prod": [
            helper.make_node("Shape", ["x"], ["shape"]),
            helper.make_node("Slice", ["shape", "one", "nine"], ["others"]),
            helper.make_node("ReduceProd", ["others"], ["rest"], keepdims=1),
            helper.make_node("Concat", ["minus", "rest"], ["s"], axis=0),
        ],
    }
    constants = {
        "zero": integers(0),
        "first": integers([0]),
        "one": integers([1]),
        "nine": integers([9]),
        "minus": integers([-1]),
    }
    for nodes in chains.values():
        last = helper.make_node("Reshape", ["x", "s"], ["y"])
        out = importer.nodes([*nodes, last], {"x": ("N", 3, 4, 5)}, ["y"], constants, opset=18, options=["--batch=7"])
        out.has("tensor<7x60xf32>")


class Views(torch.nn.Module):
    """Shapes computed in as many ways as PyTorch has."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        y = x.reshape(n, c * h // 2, -1)
        y = torch.relu(y).view(x.size(0), c, x.shape[2], -1)
        y = y.flatten(2).reshape(n, c, h, -1)
        return y.view(n, -1) + float(h) / 2


def test_what_pytorch_exports():
    """With every dimension symbolic."""
    file = io.BytesIO()
    x = torch.from_numpy(values(3, 4, 6, 5))
    torch.onnx.export(
        Views(),
        x,
        file,
        opset_version=17,
        input_names=["x"],
        output_names=["y"],
        do_constant_folding=False,
        dynamic_axes={"x": {0: "N", 1: "C", 2: "H", 3: "W"}},
    )
    kinds = {node.op_type for node in onnx.load_model_from_string(file.getvalue()).graph.node}
    assert {"Shape", "Gather", "Mul", "Div", "Cast"} <= kinds, kinds
    step = arsis.step_reference(file.getvalue(), dims={"N": 3, "C": 4, "H": 6, "W": 5})
    step.write("x", x.numpy())
    step.run("plain")
    np.testing.assert_array_equal(step.read("y"), Views()(x).numpy())
