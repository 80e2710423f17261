# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operator cases of PyPI's onnx, each at the newest opset: the published values, or one error that says why not."""

import re
import warnings

import arsis
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

OPERATORS = [
    "Add", "AveragePool", "BatchNormalization", "Cast", "Concat", "Conv", "Dropout", "Flatten", "Gather", "Gemm",
    "GlobalAveragePool", "Identity", "LayerNormalization", "MatMul", "MaxPool", "ReduceMean", "Relu", "Reshape", "Tanh",
    "Transpose", "Unsqueeze",
]  # fmt: skip
# Cases that give the published values, at least; those of the other operators are all refused.
RUN = {
    "Add": 2, "AveragePool": 13, "BatchNormalization": 4, "Cast": 5, "Conv": 6, "Dropout": 3, "Flatten": 9,
    "Gemm": 7, "GlobalAveragePool": 2, "Identity": 2, "LayerNormalization": 19, "MatMul": 1, "MaxPool": 11,
    "Relu": 1, "Reshape": 9, "Tanh": 2, "Transpose": 7, "Unsqueeze": 7,
}  # fmt: skip
# The running variance is PyTorch's, not ONNX's; the normalised output agrees.
FIRST_OUTPUT = ["test_batchnorm_epsilon_training_mode", "test_batchnorm_example_training_mode"]
EXPLAINED = "support|expected|element type|not known|bind it with"


def inputs_known(model: onnx.ModelProto, arrays: list) -> onnx.ModelProto:
    """Integers that the case gives as inputs, such as axes and shapes, become initialisers."""
    for value, array in zip(list(model.graph.input), arrays, strict=False):
        if isinstance(array, np.ndarray) and array.dtype in (np.int64, np.bool_) and array.ndim <= 1:
            model.graph.initializer.append(numpy_helper.from_array(array, value.name))
            model.graph.input.remove(value)
    return model


def array(value) -> np.ndarray:
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def agrees(case) -> bool:
    """Whether the case runs; then its values are the published ones."""
    given, wanted = (list(map(array, values)) for values in case.data_sets[0])
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    names = [value.name for value in model.graph.input]
    model = inputs_known(model, given)
    left = {value.name for value in model.graph.input}
    try:
        step = arsis.step_reference(model.SerializeToString())
        for name, value in zip(names, given, strict=False):
            if name in left:
                step.write(name, np.ascontiguousarray(value, np.float32))
        step.run("plain")
        outputs = list(model.graph.output)[: 1 if case.name in FIRST_OUTPUT else None]
        found = [step.read(value.name) for value in outputs]
    except arsis.Error as error:
        assert re.search(EXPLAINED, str(error)), f"{case.name}: {error}"
        return False
    for one, other in zip(found, wanted, strict=len(found) > 1):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5, err_msg=case.name)
    return True


@pytest.fixture(scope="module")
def published() -> dict[str, list]:
    """The cases of one node, by its operator."""
    cases = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in collect_testcases():
            if case.model and len(case.model.graph.node) == 1:
                cases.setdefault(case.model.graph.node[0].op_type, []).append(case)
    return cases


@pytest.mark.parametrize("operator", OPERATORS)
def test_published_values(operator, published):
    cases = published[operator]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = sum(agrees(case) for case in cases)
    assert run >= RUN.get(operator, 0), f"{run} of {len(cases)} cases of {operator} run"
