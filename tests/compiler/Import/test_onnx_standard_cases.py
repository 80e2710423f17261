# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operator cases that the ONNX project publishes (Debian's libonnx-testdata): what imports gives the published
values on the reference; what does not is an error that names the node."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

arsis = pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
CASES = Path("/usr/share/libonnx-testdata/data/node")
if not CASES.is_dir():
    pytest.skip("needs Debian's libonnx-testdata", allow_module_level=True)

# Cases whose every output must agree, by the start of their name.
SUPPORTED = """
add add_bcast averagepool_2d_ceil averagepool_2d_default averagepool_2d_pads averagepool_2d_pads_count_include_pad
averagepool_2d_precomputed_pads averagepool_2d_precomputed_pads_count_include_pad averagepool_2d_precomputed_same_upper
averagepool_2d_precomputed_strides averagepool_2d_same_lower averagepool_2d_same_upper averagepool_2d_strides
basic_conv_with_padding basic_conv_without_padding batchnorm_epsilon batchnorm_example
conv_with_autopad_same conv_with_strides_and_asymmetric_padding conv_with_strides_no_padding conv_with_strides_padding
flatten_axis0 flatten_axis1 flatten_axis2 flatten_axis3 flatten_default_axis flatten_negative_axis1
flatten_negative_axis2 flatten_negative_axis3 flatten_negative_axis4 gemm_default_matrix_bias gemm_default_no_bias
gemm_default_vector_bias gemm_default_zero_bias gemm_transposeA gemm_transposeB
globalaveragepool globalaveragepool_precomputed
identity matmul_2d maxpool_2d_ceil maxpool_2d_default maxpool_2d_dilations maxpool_2d_pads maxpool_2d_precomputed_pads
maxpool_2d_precomputed_same_upper maxpool_2d_precomputed_strides maxpool_2d_same_lower maxpool_2d_same_upper
maxpool_2d_strides relu tanh tanh_example
sigmoid sigmoid_example clip_default_inbounds div div_bcast div_example elu elu_default elu_example erf exp exp_example
hardsigmoid hardsigmoid_default hardsigmoid_example hardswish hardswish_expanded leakyrelu leakyrelu_default
leakyrelu_example log log_example mul mul_bcast mul_example neg neg_example prelu_broadcast prelu_example
reciprocal reciprocal_example softplus softplus_example sqrt sqrt_example sub sub_bcast sub_example
transpose_all_permutations_0 transpose_all_permutations_1 transpose_all_permutations_2
transpose_all_permutations_3 transpose_all_permutations_4 transpose_all_permutations_5 transpose_default dropout_default
convtranspose softmax_example gemm_all_attributes gemm_alpha gemm_beta max_two_inputs globalmaxpool
globalmaxpool_precomputed
""".split()  # noqa: SIM905
# Of nodes that PyTorch exported, with its values.
CONVERTED = """
Conv2d Conv2d_depthwise Conv2d_depthwise_padded Conv2d_depthwise_strided Conv2d_depthwise_with_multiplier Conv2d_dilated
Conv2d_groups Conv2d_groups_thnn Conv2d_no_bias Conv2d_padding Conv2d_strided
""".split()  # noqa: SIM905
# The running variance is PyTorch's unbiased one, not ONNX's; the normalised output agrees.
FIRST_OUTPUT = ["batchnorm_example_training_mode", "batchnorm_epsilon_training_mode"]
UNSUPPORTED = """
add_uint8 averagepool_1d_default averagepool_3d_default convinteger_with_padding
dropout_default_mask identity_sequence identity_opt matmul_3d matmul_4d
maxpool_1d_default maxpool_2d_uint8 maxpool_3d_default maxpool_with_argmax_2d_precomputed_pads
reshape_allowzero_reordered reshape_extended_dims lstm_defaults div_uint8 pow
loop11 scan9_sum clip resize_upsample_sizes_nearest
""".split()  # noqa: SIM905
OLDEST_OPSET = 7
TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}  # the cases were computed by numpy in fp32, in another order


def load(case: str, side: str, number: int, cases: Path = CASES) -> np.ndarray:
    tensor = onnx.TensorProto.FromString((cases / f"test_{case}/test_data_set_0/{side}_{number}.pb").read_bytes())
    return numpy_helper.to_array(tensor)


@pytest.mark.parametrize("case", SUPPORTED + FIRST_OUTPUT)
def test_published_values(case, tmp_path):
    model = onnx.load(str(CASES / f"test_{case}/model.onnx"))
    graph = model.graph
    # Some cases declare the opset that introduced their operator; these operators read the same since then.
    model.opset_import[0].version = max(model.opset_import[0].version, OLDEST_OPSET)
    onnx.save(model, str(tmp_path / "model.onnx"))
    step = arsis.step_reference(str(tmp_path / "model.onnx"))
    for number, value in enumerate(graph.input):
        step.write(value.name, np.ascontiguousarray(load(case, "input", number)))
    step.run("plain")
    outputs = list(graph.output)[:1] if case in FIRST_OUTPUT else graph.output
    for number, value in enumerate(outputs):
        np.testing.assert_allclose(step.read(value.name), load(case, "output", number), **TOLERANCE)


@pytest.mark.parametrize("case", CONVERTED)
def test_published_values_of_pytorch(case, tmp_path):
    cases = CASES.parent / "pytorch-converted"
    model = onnx.load(str(cases / f"test_{case}/model.onnx"))
    model.opset_import[0].version = max(model.opset_import[0].version, OLDEST_OPSET)
    onnx.save(model, str(tmp_path / "model.onnx"))
    step = arsis.step_reference(str(tmp_path / "model.onnx"))
    parameters = {tensor.name for tensor in model.graph.initializer}
    (image,) = (value for value in model.graph.input if value.name not in parameters)
    step.write(image.name, np.ascontiguousarray(load(case, "input", 0, cases)))
    step.run("plain")
    np.testing.assert_allclose(step.read(model.graph.output[0].name), load(case, "output", 0, cases), **TOLERANCE)


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_the_rest_is_an_error(case):
    path = CASES / f"test_{case}/model.onnx"
    assert path.is_file()
    with pytest.raises(arsis.Error, match="support|expected|element type|not known"):
        arsis.step_reference(str(path))
