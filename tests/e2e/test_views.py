# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Concatenations, splits and slices as views of DRAM tensors: nothing is moved for them, and values stay what they
were. Against the same program that moves them, against the reference operation by operation, and against numpy."""

import itertools

import numpy as np
import pytest
from arsis_tools import ROOT, simulate, tool

CHIPS = ["tiny", "edge", "datacentre", str(ROOT / "tests/e2e/chips/tiny2.yaml")]
MOVING = "vector,sums,epilogues,loads,gradients"  # all but views
# The arrays of `datacentre` do not multiply fp16.
CASES = [(c, p) for c in CHIPS for p in ("fp32", "bf16", "fp16") if (c, p) != ("datacentre", "fp16")]
BOXES = ("concat", "split", "slice")
TRAIN = ["--train", "--optimizer=sgd,lr=0.02,momentum=0.9"]


def bytes_of_boxes(report: dict) -> int:
    """What operations move that do nothing but move boxes."""
    rows = [row for row in report["layers"] if any(row["op"].endswith(f"nn.{box}") for box in BOXES)]
    return sum(row["dram_read_bytes"] + row["dram_write_bytes"] for row in rows)


def all_bytes(report: dict) -> int:
    return report["totals"]["dram_read_bytes"] + report["totals"]["dram_write_bytes"]


# --- a small DenseNet -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def densenet(tmp_path_factory):
    pytest.importorskip("torch", reason="the export needs Debian's python3-torch")
    import torch_models as nets

    model = tmp_path_factory.mktemp("densenet") / "model.onnx"
    nets.export(nets.build("densenet"), model, 2, nets.OPSETS.get("densenet", 13))
    random = np.random.default_rng(3)
    x = random.standard_normal((2, *nets.DenseNet.image), dtype=np.float32)
    return model, {"x": x, "labels": random.integers(0, 10, 2)}


def step(model, chip: str, out, *options: str):
    tool("arsis-compile", model, "--chip", chip, *TRAIN, *options, "-o", out)
    return out


@pytest.mark.parametrize(("chip", "precision"), CASES)
def test_a_dense_net_moves_nothing_for_what_it_joins(densenet, chip, precision, tmp_path):
    """Forward and backward, bit for bit with the reference, every operation and every piece compared."""
    model, inputs = densenet
    program = step(model, chip, tmp_path / "views.arsis", f"--precision={precision}")
    _, report = simulate(program, chip, inputs, tmp_path, "--check=exact")
    assert bytes_of_boxes(report) == 0
    _, ops = simulate(program, chip, inputs, tmp_path, "--functional-only", "--check=ops")
    compared = {entry["operation"].split()[0] for entry in ops["parity"]["tensors"]}
    assert ops["parity"]["passed"] and {"nn.concat", "nn.split"} <= compared
    moving = step(model, chip, tmp_path / "moving.arsis", f"--precision={precision}", f"--fuse={MOVING}")
    _, before = simulate(moving, chip, inputs, tmp_path, "--check=exact")
    assert all_bytes(report) < all_bytes(before) and bytes_of_boxes(before) > 0
    assert report["totals"]["cycles"] < before["totals"]["cycles"]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_the_same_bits_with_and_without(densenet, precision, tmp_path):
    """Of the forward pass with all that it computes on the way: the values of views under names of their own."""
    model, inputs = densenet
    x = {name: value for name, value in inputs.items() if name != "labels"}
    found = []
    for number, fuse in enumerate(("all", MOVING, "none", "views")):
        program = tmp_path / f"{number}.arsis"
        tool("arsis-compile", model, "--chip=tiny", f"--precision={precision}", f"--fuse={fuse}", "-o", program)
        found.append(simulate(program, "tiny", x, tmp_path, "--check=exact")[0])
    for other, first in ((1, 0), (3, 2)):  # the fused ones round less
        for name, value in found[first].items():
            np.testing.assert_array_equal(found[other][name], value, err_msg=name)


def test_values_kept_are_the_same(densenet, tmp_path):
    """A value with a name of its own is a tensor of its own, so that it is copied into what it is joined to."""
    model, inputs = densenet
    program = step(model, "edge", tmp_path / "step.arsis", "--keep=gradients,activations")
    outputs, report = simulate(program, "edge", inputs, tmp_path, "--check=exact")
    joined = [value for name, value in outputs.items() if "Concat" in name or "cat" in name.lower()]
    assert len(joined) >= 3 and bytes_of_boxes(report) > 0


@pytest.mark.parametrize("level", ["nn", "step", "mapped", "tile", "isa"])
def test_the_text_of_every_level_gives_the_same_program(densenet, level, tmp_path):
    model, _ = densenet
    text, program = tmp_path / "level.mlir", tmp_path / "again.arsis"
    direct = step(model, "edge", tmp_path / "direct.arsis")
    tool("arsis-compile", model, "--chip=edge", *TRAIN, f"--emit={level}", "-o", text)
    rest = {"nn": ["--chip=edge", *TRAIN], "step": ["--chip=edge"]}.get(level, [])
    tool("arsis-compile", text, *rest, "-o", program)
    assert program.read_bytes() == direct.read_bytes()


# --- boxes of all kinds, against numpy --------------------------------------------------------------------------------

H, W, C = 5, 3, 7


def boxes(element: str) -> str:
    def image(*shape: int) -> str:
        return f"tensor<{'x'.join(map(str, shape))}x{element}>"

    x, left, right = image(2, H, W, C), image(2, H, W, 1), image(2, H, W, C - 1)
    rows, corner, tall = image(2, 2, W, C), image(2, 2, 2, 3), image(2, 2 * H, W, C)
    wide, both, flat = image(2, H, W, 2 * C), image(4, H, W, C), image(2, H * W * C)
    wide32 = f"tensor<2x{H}x{W}x{C}xf32>"

    def result(name: str, shape: str) -> str:
        return f'{shape.replace(element + ">", "f32>")} {{nn.name = "{name}"}}'

    named = {"l": left, "r": right, "s": rows, "k": corner, "t": tall, "w": wide, "b": both, "f": flat, "m": x}
    text = [f'func.func @forward(%x: {wide32} {{nn.name = "x"}}) -> (']
    text += [", ".join(result(name, shape) for name, shape in named.items()) + ") {"]
    text += [
        f"  %0 = nn.relu %x : ({wide32}) -> {x}",
        f"  %1 = nn.add %0, %x : ({x}, {wide32}) -> {x}",
        f"  %p:2 = nn.split %0 along 3 : ({x}) -> ({left}, {right})",  # channels, and one channel
        f"  %l = nn.add %p#0, %p#0 : {left}",
        f"  %r = nn.relu %p#1 : {right}",
        f"  %q = nn.slice %0 from [0, 2, 0, 0] : ({x}) -> {rows}",  # rows
        f"  %s = nn.add %q, %q : {rows}",
        f"  %e = nn.slice %q from [0, 0, 1, 4] : ({rows}) -> {corner}",  # a corner of these
        f"  %k = nn.relu %e : {corner}",
        f"  %h0 = nn.relu %1 : {x}",
        f"  %h1 = nn.add %1, %1 : {x}",
        f"  %h = nn.concat %h0, %h1 along 1 : ({x}, {x}) -> {tall}",  # along rows
        f"  %t = nn.add %h, %h : {tall}",
        f"  %c0 = nn.relu %0 : {x}",
        f"  %c = nn.concat %c0, %x16 along 3 : ({x}, {x}) -> {wide}",  # with something that is moved
        f"  %w = nn.relu %c : {wide}",
        f"  %b0 = nn.add %0, %1 : {x}",
        f"  %b1 = nn.relu %b0 : {x}",
        f"  %bc = nn.concat %b0, %b1 along 0 : ({x}, {x}) -> {both}",  # images
        f"  %b = nn.relu %bc : {both}",
        f"  %fl = nn.reshape %b1 : ({x}) -> {flat}",
        f"  %f = nn.relu %fl : {flat}",
        f"  %m = nn.relu %b0 : {x}",
    ]
    text.insert(2, f"  %x16 = nn.add %x, %x : ({wide32}, {wide32}) -> {x}")
    for name, shape in named.items():
        stored = shape.replace(element + ">", "f32>")
        text.append(f"  %out_{name} = nn.cast %{name} : ({shape}) -> {stored}")
    text.append("  return " + ", ".join(f"%out_{name}" for name in named) + " : ")
    text[-1] += ", ".join(shape.replace(element + ">", "f32>") for shape in named.values())
    return "\n".join([*text, "}"]) + "\n"


def expected(x: np.ndarray) -> dict[str, np.ndarray]:
    relu = np.maximum(x, 0)
    one = relu + x
    rows, tall = relu[:, 2:4], np.concatenate([np.maximum(one, 0), one + one], 1)
    images = relu + one
    return {
        "l": 2 * relu[..., :1],
        "r": relu[..., 1:],
        "s": 2 * rows,
        "k": rows[:, :, 1:, 4:],
        "t": 2 * tall,
        "w": np.maximum(np.concatenate([relu, x + x], 3), 0),
        "b": np.maximum(np.concatenate([images, np.maximum(images, 0)], 0), 0),
        "f": np.maximum(images, 0).reshape(2, -1),
        "m": np.maximum(images, 0),
    }


@pytest.mark.parametrize("chip,element", list(itertools.product(CHIPS, ["f32", "bf16", "f16"])))
def test_boxes_of_all_kinds(chip, element, tmp_path):
    """Small whole numbers, so that no type rounds them."""
    (tmp_path / "net.mlir").write_text(boxes(element))
    x = np.random.default_rng(6).integers(-3, 4, (2, H, W, C)).astype(np.float32)
    moved = {}
    for fuse in ("all", MOVING, "views"):
        program = tmp_path / "net.arsis"
        tool("arsis-compile", tmp_path / "net.mlir", "--chip", chip, f"--fuse={fuse}", "-o", program)
        outputs, report = simulate(program, chip, {"x": x}, tmp_path, "--check=exact")
        for name, value in expected(x).items():
            np.testing.assert_array_equal(outputs[name], value, err_msg=name)
        moved[fuse] = bytes_of_boxes(report)
    assert moved["all"] == moved["views"] == 0 < moved[MOVING]


def test_what_stays_is_said(tmp_path):
    (tmp_path / "net.mlir").write_text("""
func.func @forward(%x: tensor<2x5xf32> {nn.name = "x"}) -> (tensor<2x10xf32> {nn.name = "y"}) {
  %0 = nn.relu %x : tensor<2x5xf32>
  %c = nn.concat %x, %0 along 1 : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x10xf32>
  %y = nn.relu %c : tensor<2x10xf32>
  return %y : tensor<2x10xf32>
}
""")
    command = ["arsis-compile", tmp_path / "net.mlir", "--chip=tiny", "--explain-mapping", "-o", tmp_path / "net.arsis"]
    assert "moves what could be a view: it is an argument of the step" in tool(*command).stderr
    quiet = tool(*command[:3], "-o", tmp_path / "net.arsis").stderr
    assert "remark" not in quiet
