# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the seeds that are binary, ONNX models and NumPy archives, into the folders `onnx` and `npz` of a folder."""

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 13, 8


def weights(**shapes: tuple[int, ...]) -> list[onnx.TensorProto]:
    """Small numbers, different everywhere, of the shapes given by name."""
    return [
        numpy_helper.from_array((np.arange(np.prod(shape)) % 7 / 8 - 0.25).astype(np.float32).reshape(shape), name)
        for name, shape in shapes.items()
    ]


def model(nodes: list, x: list, y: list, initialisers: list, opset: int = OPSET) -> bytes:
    """One input `x`, one output `y` with these shapes (a string is a symbolic dimension)."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, y)],
        initialisers,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = IR_VERSION
    return made.SerializeToString(deterministic=True)


def node(op: str, inputs: str, output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], name=f"n_{output}", **attributes)


def with_function(content: bytes) -> bytes:
    """The first two nodes as a function with an attribute of its own, called by a function."""
    made = onnx.ModelProto.FromString(content)
    conv, relu = list(made.graph.node)[:2]
    pads = next(attribute for attribute in conv.attribute if attribute.name == "pads")
    pads.CopyFrom(onnx.AttributeProto(name="pads", type=onnx.AttributeProto.INTS, ref_attr_name="frame"))
    imports = [*made.opset_import, helper.make_opsetid("f", 1)]
    inputs, call = ["x", "w", "b"], helper.make_node("Inner", ["x", "w", "b"], ["r"], domain="f", frame=[1, 1, 1, 1])
    inner = helper.make_function("f", "Inner", inputs, ["r"], [conv, relu], imports, ["frame"])
    made.functions.extend([inner, helper.make_function("f", "Outer", inputs, ["r"], [call], imports, [])])
    made.opset_import.append(imports[-1])
    del made.graph.node[:2]
    made.graph.node.insert(0, helper.make_node("Outer", ["x", "w", "b"], ["r"], name="call", domain="f"))
    return made.SerializeToString(deterministic=True)


def models() -> dict[str, bytes]:
    found = {}
    found["valid_conv"] = model(
        [
            node("Conv", "x w b", "c", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]),
            node("Relu", "c", "r"),
            node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]),
            node("Flatten", "p", "f", axis=1),
            node("Gemm", "f v u", "y", transB=1),
        ],
        [2, 3, 6, 6],
        [2, 5],
        weights(w=(4, 3, 3, 3), b=(4,), v=(5, 36), u=(5,)),
    )
    norm = {"s": (4,), "o": (4,), "m": (4,)}
    found["valid_residual"] = model(
        [
            node("Conv", "x w", "c", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], dilations=[1, 1]),
            node("BatchNormalization", "c s o m q", "d", epsilon=1e-5, momentum=0.9),
            node("Conv", "x k", "e", kernel_shape=[1, 1], strides=[2, 2]),
            node("Add", "d e", "a"),
            node("Relu", "a", "r"),
            node("GlobalAveragePool", "r", "g"),
            node("Flatten", "g", "f"),
            node("MatMul", "f v", "y"),
        ],
        [1, 2, 5, 5],
        [1, 3],
        [
            *weights(w=(4, 2, 3, 3), k=(4, 2, 1, 1), v=(4, 3), **norm),
            numpy_helper.from_array(np.ones(4, np.float32), "q"),
        ],
    )
    found["valid_shapes"] = model(
        [
            node("Shape", "x", "a"),
            helper.make_node("Constant", [], ["zero"], value=numpy_helper.from_array(np.array(0))),
            node("Gather", "a zero", "g", axis=0),
            helper.make_node("Constant", [], ["axes"], value_ints=[0]),
            node("Unsqueeze", "g axes", "h"),
            helper.make_node("Constant", [], ["rest"], value_ints=[-1]),
            node("Concat", "h rest", "s", axis=0),
            node("Reshape", "x s", "f"),
            node("MatMul", "f v", "m"),
            node("Add", "m u", "t"),
            node("Tanh", "t", "y"),
        ],
        [2, 2, 3],
        [2, 4],
        weights(v=(6, 4), u=(4,)),
    )
    found["valid_pools"] = model(
        [
            node("AveragePool", "x", "a", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1], count_include_pad=1),
            node("MaxPool", "a", "b", kernel_shape=[2, 2], auto_pad="SAME_UPPER", dilations=[1, 1]),
            node("Transpose", "b", "c", perm=[0, 2, 3, 1]),
            node("ReduceMean", "b", "d", axes=[2, 3], keepdims=0),
            node("Identity", "d", "y"),
        ],
        [1, 2, 5, 4],
        [1, 2],
        [],
    )
    found["valid_groups"] = model(
        [
            node("Conv", "x w", "c", kernel_shape=[3, 1], dilations=[2, 1], auto_pad="SAME_LOWER"),
            node("Dropout", "c", "d"),
            node("Flatten", "d", "f"),
            node("Gemm", "f v", "y", transB=0),
        ],
        [1, 1, 5, 3],
        [1, 2],
        weights(w=(2, 1, 3, 1), v=(30, 2)),
    )
    found["valid_folded"] = model(
        [
            node("Shape", "x", "a", start=1),
            node("Cast", "a", "real", to=TensorProto.FLOAT),
            helper.make_node("Constant", [], ["half"], value_float=0.5),
            node("Mul", "real half", "b"),
            node("Floor", "b", "c"),
            node("Cast", "c", "d", to=TensorProto.INT64),
            helper.make_node("Constant", [], ["zero"], value_ints=[0]),
            helper.make_node("Constant", [], ["one"], value_ints=[1]),
            node("Slice", "d zero one", "e"),
            node("ConstantOfShape", "one", "f"),
            node("Cast", "f", "g", to=TensorProto.INT64),
            node("Equal", "g zero", "h"),
            node("Where", "h e one", "i"),
            node("Expand", "i one", "j"),
            node("ReduceProd", "a", "k"),
            node("Mod", "k j", "l"),
            node("Sub", "l one", "m"),
            node("Concat", "m j", "s", axis=0),
            node("Reshape", "x s", "t"),
            node("ReduceMean", "x axes", "u", keepdims=0),
            node("Relu", "t", "y"),
        ],
        [1, 4, 3, 2],
        [12, 2],
        [numpy_helper.from_array(np.array([2, 3]), "axes")],
        opset=18,
    )
    found["valid_function"] = with_function(found["valid_conv"])
    found["symbolic_batch"] = model([node("Gemm", "x v", "y")], ["N", 4], ["N", 2], weights(v=(4, 2)))
    found["unknown_operator"] = model([node("Hardmax", "x", "y", axis=1)], [2, 4], [2, 4], [])
    return {f"{name}.onnx": bytes_ for name, bytes_ in found.items()}


def arrays() -> dict[str, bytes]:
    found = {}
    tensors = {
        "x": np.arange(6, dtype=np.float32).reshape(2, 3),
        "labels": np.array([1, 0], np.int64),
        "scalar": np.float64(0.5),
        "empty": np.zeros((0, 4), np.int32),
    }
    for name, value in tensors.items():
        file = io.BytesIO()
        np.save(file, value)
        found[f"valid_{name}.npy"] = file.getvalue()
    for name, save in {"stored": np.savez, "deflated": np.savez_compressed}.items():
        file = io.BytesIO()
        save(file, **tensors)
        found[f"valid_{name}.npz"] = file.getvalue()
    file = io.BytesIO()
    np.save(file, np.asfortranarray(np.ones((2, 3), np.float32)))
    found["fortran.npy"] = file.getvalue()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"a comment"
        archive.writestr("zeros.npy", found["valid_x.npy"] + bytes(50000))
        archive.writestr("no_array.txt", "text")
    found["zeros.npz"] = file.getvalue()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the corpora go")
    folder = parser.parse_args().folder
    for target, files in {"onnx": models(), "npz": arrays()}.items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / target / name).write_bytes(content)


if __name__ == "__main__":
    main()
