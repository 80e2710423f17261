# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training step of nets with the operators of test_onnx_images.py: loss and every gradient agree with torch in
fp64."""

import numpy as np
import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
torch = pytest.importorskip("torch")

from onnx_nets import values  # noqa: E402
from test_onnx_arranged_gradients import ARRANGEMENTS, Both  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
F = torch.nn.functional
IMAGES = ["image", "reshaped", "transposed", "transposed batch"]


def begin(arrangement: str, opset: int = 15) -> tuple[Both, str]:
    shape, moves = ARRANGEMENTS[arrangement]
    both = Both(opset)
    return both, both.tanh(both.move(both.start(shape), moves))


@pytest.mark.parametrize("groups,stride,padding,extra,dilation", [(1, 2, 1, 1, 1), (3, 3, 0, 2, 1), (1, 1, 1, 0, 2)])
@pytest.mark.parametrize("arrangement", IMAGES)
def test_transposed_convolution(arrangement, groups, stride, padding, extra, dilation):
    both, x = begin(arrangement)
    weight = both.parameter(values(3, 2, 3, 2, seed=1), "filter")
    bias = both.parameter(values(2 * groups, seed=2), "shift")
    y = both.net.node(
        "ConvTranspose", [x, weight, bias], group=groups, strides=[stride] * 2, pads=[padding] * 4,
        output_padding=[extra] * 2, dilations=[dilation] * 2,
    )  # fmt: skip
    tensors = [both.tensors[name] for name in (x, weight, bias)]
    exact = F.conv_transpose2d(*tensors, stride, padding, extra, groups, dilation)
    both.check(both.linear(both.tanh(both.put(y, exact))))


@pytest.mark.parametrize("mode,factors", [("nearest", (2, 3)), ("bilinear", (2, 1)), ("bilinear", (3, 4))])
@pytest.mark.parametrize("arrangement", IMAGES)
def test_enlarged(arrangement, mode, factors):
    both, x = begin(arrangement)
    place = {"nearest": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}}
    attributes = place.get(mode, {"mode": "linear", "coordinate_transformation_mode": "half_pixel"})
    scales = both.net.constant(np.array([1, 1, *factors], np.float32))
    y = both.net.node("Resize", [x, "", scales], **attributes)
    both.check(both.linear(both.tanh(both.put(y, F.interpolate(both.tensors[x], scale_factor=factors, mode=mode)))))


@pytest.mark.parametrize(
    "mode,size",
    [("nearest", (1, 3)), ("nearest", (5, 2)), ("bilinear", (1, 2)), ("bilinear", (7, 5)), ("bicubic", (5, 7))],
)
def test_reduced_or_of_any_size(mode, size):
    both, x = begin("image")
    place = {"nearest": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}}
    linear = {"mode": {"bicubic": "cubic"}.get(mode, "linear"), "coordinate_transformation_mode": "half_pixel"}
    attributes = place.get(mode, linear)
    sizes = both.net.integers(*both.tensors[x].shape[:2], *size)
    y = both.net.node("Resize", [x, "", "", sizes], **attributes)
    both.check(both.linear(both.tanh(both.put(y, F.interpolate(both.tensors[x], size=size, mode=mode)))))


@pytest.mark.parametrize("arrangement", [*IMAGES, "rank 3", "rank 3 transposed"])
def test_instance_normalization(arrangement):
    both, x = begin(arrangement)
    channels = both.tensors[x].shape[1]
    scale = both.parameter(values(channels, seed=1) + 1.5, "scale")
    shift = both.parameter(values(channels, seed=2), "shift")
    y = both.net.node("InstanceNormalization", [x, scale, shift], epsilon=1e-2)
    exact = F.instance_norm(both.tensors[x], weight=both.tensors[scale], bias=both.tensors[shift], eps=1e-2)
    both.check(both.linear(both.tanh(both.put(y, exact))))


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_group_normalization(groups):
    both = Both(21)
    x = both.tanh(both.start((6, 4, 2, 3)))
    scale, shift = both.parameter(values(4, seed=1) + 1.5, "scale"), both.parameter(values(4, seed=2), "shift")
    y = both.net.node("GroupNormalization", [x, scale, shift], num_groups=groups, epsilon=1e-2)
    exact = F.group_norm(both.tensors[x], groups, both.tensors[scale], both.tensors[shift], 1e-2)
    both.check(both.linear(both.tanh(both.put(y, exact))))


@pytest.mark.parametrize("arrangement", IMAGES)
def test_local_response_normalization(arrangement):
    both, x = begin(arrangement)
    y = both.net.node("LRN", [x], size=3, alpha=0.5, beta=0.75, bias=1.25)
    both.check(both.linear(both.tanh(both.put(y, F.local_response_norm(both.tensors[x], 3, 0.5, 0.75, 1.25)))))


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize("kind,function", [("Softmax", F.softmax), ("LogSoftmax", F.log_softmax)])
@pytest.mark.parametrize("arrangement", [*IMAGES, "rank 2", "rank 3 transposed"])
def test_softmax(arrangement, kind, function, axis):
    both, x = begin(arrangement)
    y = both.net.node(kind, [x], axis=axis)
    both.check(both.linear(both.tanh(both.put(y, function(both.tensors[x], dim=axis)))))


@pytest.mark.parametrize("arrangement", [*IMAGES, "rank 3", "rank 3 transposed"])
def test_product_of_the_last_dimension_of_a_tensor(arrangement):
    both, x = begin(arrangement)
    factor = both.parameter(values(both.tensors[x].shape[-1], 6, seed=3), "factor")
    y = both.net.node("MatMul", [x, factor])
    both.check(both.linear(both.tanh(both.put(y, both.tensors[x] @ both.tensors[factor]))))
