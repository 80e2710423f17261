# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The training step of ResNet-50 (224 x 224, batch 32, momentum) without its weights is at most 2 MB."""

import struct
import warnings

import pytest

torch = pytest.importorskip("torch", reason="the net is torchvision's")
import torch_models as nets  # noqa: E402
import torchvision  # noqa: E402
from arsis_tools import tool  # noqa: E402

MOST_BYTES = 2_000_000
OPTIONS = ["--batch=32", "--train", "--optimizer=sgd,lr=0.1,momentum=0.9,weight-decay=0.0001"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("resnet50") / "resnet50.onnx"
    torch.manual_seed(7)
    net = torchvision.models.resnet50().train()
    net.image = (3, 224, 224)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nets.export(net, path, 1)
    return path


def elements_that_differ(model) -> int:
    """Elements of all initialisers but those that repeat one."""
    import onnx
    from onnx import numpy_helper

    arrays = [numpy_helper.to_array(tensor) for tensor in onnx.load(model).graph.initializer]
    return sum(array.size for array in arrays if array.dtype == "float32" and (array != array.flat[0]).any())


# The activations of the step do not fit the 2 GiB of the shipped edge chip. Whether the program is proven changes its
# size by 200 bytes, and takes the longest.
@pytest.mark.parametrize("chip", ["edge", "datacentre"])
def test_step_of_resnet50(model, chip, tmp_path):
    program, weights = tmp_path / "step.arsis", tmp_path / "step.safetensors"
    more = ["--set=dram.capacity_mib=8192", "--no-verify", f"--weights={weights}", "-o", program]
    tool("arsis-compile", model, f"--chip={chip}", *OPTIONS, *more)
    assert program.stat().st_size <= MOST_BYTES
    with weights.open("rb") as file:
        (header,) = struct.unpack("<Q", file.read(8))
    # The weights as the model has them: momentum, scales of one and offsets of zero take no space.
    assert weights.stat().st_size == 8 + header + 4 * elements_that_differ(model)
