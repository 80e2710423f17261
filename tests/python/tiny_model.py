# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model and a data set that compile and train in no time."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE, CLASSES = (1, 2, 2), 3


def tiny_model(path: Path, hidden: int = 4) -> Path:
    """Flatten and two linear layers."""
    random = np.random.default_rng(0)
    arrays = {
        "w1": random.normal(0, 0.5, (4, hidden)).astype(np.float32),
        "b1": np.zeros(hidden, np.float32),
        "w2": random.normal(0, 0.5, (hidden, CLASSES)).astype(np.float32),
        "b2": np.full(CLASSES, 0.25, np.float32),
    }
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "w1", "b1"], ["h"], name="fc1"),
        helper.make_node("Relu", ["h"], ["r"], name="relu"),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["logits"], name="fc2"),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *IMAGE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def tiny_data(path: Path, train: int = 10, test: int = 4, **changes: np.ndarray) -> Path:
    """Images of one bright pixel per class, labels int64; `changes` replace arrays by name, None leaves one out."""
    arrays = {}
    for part, count in (("train", train), ("test", test)):
        labels = np.arange(count) % CLASSES
        images = np.zeros((count, 4), np.float32)
        images[np.arange(count), labels] = 1
        arrays |= {f"x_{part}": images.reshape(count, *IMAGE), f"y_{part}": labels}
    arrays |= changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path
