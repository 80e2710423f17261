# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files in double or half precision: masters are fp32, with the numbers that numpy and PyTorch round to."""

import subprocess

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx_files import TOOL

VALUES = np.array([[1.5, -0.0], [1e-7, 65504.0], [3.14159274101, -(2.0**-24)]])


def tensor(kind: int, form: str) -> onnx.TensorProto:
    if kind == TensorProto.DOUBLE:
        proto = numpy_helper.from_array(VALUES, "w")
        bits = None
    elif kind == TensorProto.FLOAT16:
        proto = numpy_helper.from_array(VALUES.astype(np.float16), "w")
        bits = VALUES.astype(np.float16).view(np.uint16)
    else:
        bits = torch.from_numpy(VALUES).to(torch.bfloat16).view(torch.int16).numpy().view(np.uint16)
        proto = TensorProto(dims=VALUES.shape, data_type=kind, name="w", raw_data=bits.tobytes())
    if form == "field":
        proto = TensorProto(dims=VALUES.shape, data_type=kind, name="w")
        if bits is None:
            proto.double_data.extend(VALUES.ravel())
        else:
            proto.int32_data.extend(int(b) for b in bits.ravel())
    return proto


def expected(kind: int) -> np.ndarray:
    if kind == TensorProto.DOUBLE:
        return VALUES.astype(np.float32)
    if kind == TensorProto.FLOAT16:
        return VALUES.astype(np.float16).astype(np.float32)
    return torch.from_numpy(VALUES).to(torch.bfloat16).float().numpy()


def compiled(tmp_path, kind: int, weights: onnx.TensorProto) -> subprocess.CompletedProcess:
    """x [1, 3] times w [3, 2], to m.arsis."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="m")],
        "typed",
        [helper.make_tensor_value_info("x", kind, [1, 3])],
        [helper.make_tensor_value_info("y", kind, [1, 2])],
        [weights],
    )
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return subprocess.run([TOOL, path, "--chip=tiny", "-o", tmp_path / "m.arsis"], capture_output=True, text=True)


@pytest.mark.parametrize("value", [1e300, -3.5e38])
def test_a_number_that_fp32_does_not_hold_is_refused(tmp_path, value):
    values = VALUES.copy()
    values[1, 0] = value
    done = compiled(tmp_path, TensorProto.DOUBLE, numpy_helper.from_array(values, "w"))
    assert done.returncode == 1 and "expected a number that fp32 holds" in done.stderr and "element 2 is" in done.stderr
    values[1, 0] = np.copysign(np.inf, value)
    assert compiled(tmp_path, TensorProto.DOUBLE, numpy_helper.from_array(values, "w")).returncode == 0


@pytest.mark.parametrize("bits", [0x13C00, -1])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.BFLOAT16])
def test_bits_that_no_half_has_are_refused(tmp_path, kind, bits):
    weights = tensor(kind, "field")
    weights.int32_data[3] = bits
    done = compiled(tmp_path, kind, weights)
    assert done.returncode == 1 and f"element 3 is {bits}, expected the 16 bits of a half" in done.stderr


@pytest.mark.parametrize("form", ["raw", "field"])
@pytest.mark.parametrize("kind", [TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16])
def test_masters_are_fp32(tmp_path, kind, form):
    done = compiled(tmp_path, kind, tensor(kind, form))
    program = tmp_path / "m.arsis"
    assert done.returncode == 0, done.stderr
    assert f"2 tensors of {TensorProto.DataType.Name(kind)} are fp32 here" in done.stderr
    outputs = tmp_path / "out.npz"
    for row in range(3):
        np.savez(tmp_path / "in.npz", x=np.eye(3, dtype=np.float32)[row : row + 1])
        subprocess.run(
            [
                TOOL.with_name("arsis-sim"),
                program,
                "--chip=tiny",
                "--inputs",
                tmp_path / "in.npz",
                "--outputs",
                outputs,
            ],
            check=True,
            capture_output=True,
        )
        np.testing.assert_array_equal(np.load(outputs)["y"][0], expected(kind)[row])
