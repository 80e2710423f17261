# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sums that one unit takes for others, in graphs that make it hard: who reads what, and when it is there."""

import json

import numpy as np
import pytest
from arsis_tools import simulate, tool

arsis = pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
torch = pytest.importorskip("torch")

IMAGE, WIDE, CHANNELS = "tensor<2x4x4x3xf32>", "tensor<2x4x4x5xf32>", "tensor<3xf32>"
KERNEL = "tensor<3x3x3x5xf32>"
WINDOW = "strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]"
ARGUMENTS = {"g": WIDE, "w": KERNEL, "k": "tensor<3x3x3x3xf32>", "s": CHANNELS, "r": IMAGE, "x": IMAGE, "z": IMAGE}

MASKED = f"""
  %0 = nn.conv2d_grad_input %g, %w {WINDOW} : ({WIDE}, {KERNEL}) -> {IMAGE}
  %1 = nn.relu_grad %0, %r : {IMAGE}"""
FORWARD = f"""
  %0 = nn.conv2d %x, %k {WINDOW} : ({IMAGE}, {ARGUMENTS["k"]}) -> {IMAGE}"""


def gradient(name: str, gy: str, x: str, scale: str = "%s", mean: str = "%s") -> str:
    types = f"({IMAGE}, {IMAGE}, {CHANNELS}, {CHANNELS}, {CHANNELS}) -> ({IMAGE}, {CHANNELS}, {CHANNELS})"
    return f"\n  %{name}:3 = nn.batch_norm_grad {gy}, {x}, {scale}, {mean}, %s : {types}"


def norm(name: str, x: str, mean: str = "%s", variance: str = "%s") -> str:
    vectors = ", ".join([CHANNELS] * 4)
    return (
        f"\n  %{name}:5 = nn.batch_norm {x}, %s, %s, {mean}, {variance} epsilon 1.0e-5 momentum 0.1"
        f" : ({IMAGE}, {vectors}) -> ({IMAGE}, {vectors})"
    )


RELU = f"\n  %1 = nn.relu %0 : {IMAGE}"
GRAPHS = {  # text, and what leaves
    "the result is what was normalised": (
        FORWARD + RELU + norm("n", "%1") + gradient("a", "%r", "%1"),
        "%n#0 %a#0 %a#1",
    ),
    "gy comes later": (
        FORWARD + RELU + norm("n", "%1") + f"\n  %2 = nn.add %r, %n#0 : {IMAGE}" + gradient("a", "%2", "%1"),
        "%n#0 %a#0 %a#1 %2",
    ),
    "x comes later": (
        MASKED
        + f"\n  %2 = nn.conv2d %z, %k {WINDOW} : ({IMAGE}, {ARGUMENTS['k']}) -> {IMAGE}"
        + gradient("a", "%1", "%2"),
        "%1 %a#0 %a#1",
    ),
    "gy is x": (MASKED + gradient("a", "%1", "%1"), "%1 %a#0 %a#1"),
    "one gradient scales another": (
        MASKED + gradient("a", "%1", "%x") + gradient("b", "%1", "%z", scale="%a#1"),
        "%1 %a#0 %a#1 %b#0 %b#1",
    ),
    "one gradient shifts another": (
        MASKED + gradient("a", "%1", "%x") + gradient("b", "%1", "%z", mean="%a#1"),
        "%1 %a#0 %a#1 %b#0 %b#1",
    ),
    "a unit reads a sum": (
        MASKED
        + gradient("a", "%1", "%x")
        + f"\n  %2 = nn.bias_add %r, %a#1 : ({IMAGE}, {CHANNELS}) -> {IMAGE}\n  %3 = nn.relu %2 : {IMAGE}",
        "%a#0 %3 %1",
    ),
    "two norms in a row": (FORWARD + norm("n", "%0") + norm("m", "%0", "%n#3", "%n#4"), "%n#0 %m#0 %m#3 %m#4"),
}


def module(graph: str) -> str:
    text, leaving = GRAPHS[graph]
    leaving = leaving.split()
    types = [CHANNELS if "#" in value and value[-1] != "0" else IMAGE for value in leaving]
    results = ", ".join(f'{t} {{nn.name = "y{i}"}}' for i, t in enumerate(types))
    arguments = ", ".join(f'%{name}: {t} {{nn.name = "{name}"}}' for name, t in ARGUMENTS.items())
    return (
        f"func.func @forward({arguments}) -> ({results}) {{{text}\n"
        f"  return {', '.join(leaving)} : {', '.join(types)}\n}}\n"
    )


def values(seed: int) -> dict:
    random = np.random.default_rng(seed)
    shapes = {name: [int(d) for d in t[7:-5].split("x") if d] for name, t in ARGUMENTS.items()}
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize("chip", ["tiny", "edge"])
@pytest.mark.parametrize("graph", list(GRAPHS))
def test_values_are_those_of_the_reference(graph, chip, tmp_path):
    """Bit for bit under the units that were formed, and near the values without units."""
    (tmp_path / "m.mlir").write_text(module(graph))
    outputs = {}
    for fuse in ("all", "none"):
        program = tmp_path / f"{fuse}.arsis"
        tool("arsis-compile", tmp_path / "m.mlir", "--chip", chip, f"--fuse={fuse}", "-o", program)
        outputs[fuse], _ = simulate(program, chip, values(3), tmp_path, "--check=exact")
    for name, value in outputs["none"].items():
        np.testing.assert_allclose(
            outputs["all"][name], value, rtol=1e-4, atol=1e-4 * np.abs(value).max(), err_msg=name
        )


@pytest.mark.parametrize("chip", ["tiny", "edge"])
@pytest.mark.parametrize("graph", list(GRAPHS))
def test_schedules_go_round(graph, chip, tmp_path):
    (tmp_path / "m.mlir").write_text(module(graph))
    compiling = ["arsis-compile", tmp_path / "m.mlir", "--chip", chip]
    tool(*compiling, "--write-schedules", tmp_path / "s.json", "-o", tmp_path / "a.arsis")
    tool(*compiling, "--mapping", tmp_path / "s.json", "-o", tmp_path / "b.arsis")
    assert (tmp_path / "a.arsis").read_bytes() == (tmp_path / "b.arsis").read_bytes()


@pytest.mark.parametrize(
    "graph,key",
    [
        ("two norms in a row", "batch_norm"),
        ("x comes later", "batch_norm_grad"),
        ("one gradient scales another", "conv2d_grad_input+relu_grad"),
    ],
)
def test_who_asks_for_a_whole_operation_gets_it(graph, key, tmp_path):
    """Whether its sums would have been taken elsewhere or not."""
    (tmp_path / "m.mlir").write_text(module(graph))
    (tmp_path / "pin.json").write_text(json.dumps({key: {"slots": {"tiles": 1}}}))
    options = ["--mapping", tmp_path / "pin.json", "--write-schedules", tmp_path / "s.json"]
    tool("arsis-compile", tmp_path / "m.mlir", "--chip", "tiny", *options, "-o", tmp_path / "p.arsis")
    assert json.loads((tmp_path / "s.json").read_text())[key]["slots"]["tiles"] == 1


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_two_who_go_on_from_sums_that_no_schedule_takes():
    """Both gradients of a convolution stand alone where no product has a schedule, and read one pair of sums."""
    net = torch.nn.Sequential(
        torch.nn.Conv2d(8, 8, 5, padding=2, bias=False),
        torch.nn.Conv2d(8, 8, 3, padding=1, bias=False),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 1, (2, 3), (3, 1), 1),
    )
    model = arsis.from_torch(net, torch.zeros(2, 8, 1, 1))
    options = {"batch": 5, "train": True, "loss": "mse", "keep": "gradients"}
    with pytest.raises(arsis.Infeasible, match="the arrays of the chip do not multiply fp16") as found:
        arsis.compile(model, "datacentre", precision="fp16", **options)
    assert str(found.value).count("no schedule of") == 3
    assert arsis.compile(model, "datacentre", precision="bf16", **options).tensors


def test_updates_wait_for_a_gradient_that_sums_up_itself():
    """The second convolution of a block's shortcut: the bias of its norm was updated before its sum was taken."""
    chip = arsis.Chip(
        "edge",
        {"matrix.rows": 32, "matrix.cols": 32, "vector.lanes": 32, "scratchpad.kib": 1024, "dram.bandwidth_gbps": 102.4,
         "scratchpad.bank_width_bytes": 128, "dma.bus_bytes_per_cycle": 128, "dma.outstanding_requests": 128},
    )  # fmt: skip
    program = arsis.compile("resnet18", chip, batch=8, train=True, optimizer="sgd,lr=0.1,momentum=0.9")
    assert program.tensors
