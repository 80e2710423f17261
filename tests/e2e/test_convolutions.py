# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of convolutions through the whole tool: compiled, proven by the verifier, run on the SystemC machine, and
held to the oracle bit for bit in all three passes. A 1x1 stem stands in front, so that the convolution needs an input
gradient: the gradient of the stem's filter is made of it. Channels (5 to 11) divide no array; those in groups are one,
two or three per group."""

import itertools

import numpy as np
import onnx
import pytest
from arsis_tools import ROOT, compile_step, simulate, tool
from onnx import TensorProto, helper, numpy_helper

KERNELS = [(1, 1), (2, 2), (3, 3), (5, 5), (7, 7), (1, 7), (4, 3)]
STRIDES, DILATIONS, PADDINGS = [1, 2, 3], [1, 2], ["symmetric", "asymmetric"]
CHIPS = {"tiny": "tiny", "rect12x20": str(ROOT / "tests/e2e/chips/rect12x20.yaml")}
BATCH, IMAGE, STEM, CHANNELS, CLASSES = 2, (2, 14, 13), 5, 11, 3
GROUPS = {"depthwise": (7, 7, 7), "multiplier 2": (7, 14, 7), "groups of two": (10, 15, 5)}  # inputs, outputs, groups


def write_model(path, kernel, stride, dilation, padding, inputs=STEM, outputs=CHANNELS, groups=1):
    random = np.random.default_rng(17)
    shapes = {
        "stem.weight": (inputs, IMAGE[0], 1, 1),
        "conv.weight": (outputs, inputs // groups, *kernel),
        "fc.weight": (CLASSES, outputs),
    }
    weights = [numpy_helper.from_array(random.standard_normal(s).astype(np.float32), n) for n, s in shapes.items()]
    around = [dilation * (k - 1) // 2 for k in kernel]
    pads = [*around, *around] if padding == "symmetric" else [around[0] + 1, 0, around[0], around[1] + 2]
    nodes = [
        helper.make_node("Conv", ["x", "stem.weight"], ["s"], name="stem"),
        helper.make_node(
            "Conv",
            ["s", "conv.weight"],
            ["c"],
            name="conv",
            kernel_shape=kernel,
            strides=[stride] * 2,
            dilations=[dilation] * 2,
            pads=pads,
            group=groups,
        ),
        helper.make_node("GlobalAveragePool", ["c"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["f"], name="flatten"),
        helper.make_node("Gemm", ["f", "fc.weight"], ["logits"], name="fc", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "convolution",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [BATCH, *IMAGE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [BATCH, CLASSES])],
        weights,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def check(folder, chip, cases, *channels):
    """Each (kernel, stride, dilation, padding), verified, bit for bit."""
    random = np.random.default_rng(23)
    x, labels = random.standard_normal((BATCH, *IMAGE), dtype=np.float32), np.array([2, 0])
    model = folder / "model.onnx"
    for kernel, stride, dilation, padding in cases:
        case = f"kernel {kernel}, stride {stride}, dilation {dilation}, {padding} padding"
        write_model(model, kernel, stride, dilation, padding, *channels)
        program = compile_step(model, CHIPS[chip], BATCH, folder / "step.arsis", keep="gradients,activations")
        tool("arsis-verify", program, "--chip", CHIPS[chip])
        outputs, report = simulate(program, CHIPS[chip], {"x": x, "labels": labels}, folder, "--check=exact")
        assert report["parity"]["passed"], case
        for name in ("grad:stem.weight", "grad:conv.weight", "act:conv"):
            assert np.abs(outputs[name]).max() > 0, f"{case}: {name} is zero"


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: f"{k[0]}x{k[1]}")
def test_three_passes(tmp_path, chip, kernel):
    check(tmp_path, chip, itertools.product([kernel], STRIDES, DILATIONS, PADDINGS))


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("groups", GROUPS)
def test_three_passes_in_groups(tmp_path, chip, groups):
    check(tmp_path, chip, itertools.product([(3, 3), (5, 5), (4, 3)], [1, 2], DILATIONS, PADDINGS), *GROUPS[groups])
