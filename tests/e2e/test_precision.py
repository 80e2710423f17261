# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bf16 and fp16 (docs/numerics.md): bit for bit against the oracle, and by norm against PyTorch in fp64, beside
PyTorch's CPU autocast for bf16 and beside the same net in fp64, rounded where the page says, for fp16. The rule is that
of precision_rule.py."""

import copy

import numpy as np
import onnx
import pytest
from arsis_tools import compile_step, simulate, tensors_of, tool
from onnx import TensorProto, helper, numpy_helper

torch = pytest.importorskip("torch", reason="the independent check needs Debian's python3-torch")
import torch_models as nets  # noqa: E402
import torch_precision  # noqa: E402
from precision_rule import Comparison  # noqa: E402

BATCH = {
    "lenet5": 64,
    "resnet8": 4,
    "mobilenet": 16,
    "densenet": 16,
    "shufflenet": 16,
    "resnet18": 4,
    "squeeze_nets": 16,
}  # in LeNet-5 a single flipped ReLU must not decide
SEEDS = 5
LOSS_SCALE = 1024.0
WITHOUT_AUTOCAST = {"squeeze_nets"}  # torch 1.13 has no bf16 gradient of hardsigmoid: rounded as for fp16


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("name", list(nets.MODELS))
def test_a_step_is_as_near_to_fp64_as_pytorchs(name, precision, tmp_path, capsys):
    single = nets.build(name)
    nets.export(single, tmp_path / "model.onnx", BATCH[name], nets.OPSETS.get(name, 13))
    double = copy.deepcopy(single).double()
    initial = {n: t.numpy().copy() for n, t in single.state_dict().items() if not n.endswith("num_batches_tracked")}
    program = compile_step(
        tmp_path / "model.onnx", "edge", BATCH[name], tmp_path / "step.arsis", f"--precision={precision}"
    )
    tool("arsis-verify", program, "--chip", "edge")
    comparison = Comparison(precision)
    for seed in range(SEEDS):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(BATCH[name], *single.image, generator=generator)
        labels = torch.randint(0, 10, (BATCH[name],), generator=generator)
        truth = torch_precision.rounded_step(double, x, labels, None)
        if precision == "bf16" and name in WITHOUT_AUTOCAST:
            other = torch_precision.rounded_step(double, x, labels, torch.bfloat16)
        elif precision == "bf16":
            other = torch_precision.autocast_step(single, x, labels)
        else:
            other = torch_precision.rounded_step(double, x, labels, torch.float16, LOSS_SCALE)
        inputs = {"x": x.numpy(), "labels": labels.numpy(), **initial}
        outputs, report = simulate(program, "edge", inputs, tmp_path, "--check=exact", "--functional-only")
        assert report["parity"]["passed"]
        for tensor, value in truth.items():
            comparison.add(tensor, value, torch.from_numpy(outputs[tensor]), other[tensor])
    rows = comparison.rows()
    with capsys.disabled():
        print(f"\n{name} in {precision}: {len(rows)} tensors, nearest to the limit:")
        for row in rows[-3:]:
            print(f"  {row}")
    wrong = [str(row) for row in rows if not row.share <= 1]
    assert not wrong, "\n".join(wrong)


def save_product(path, batch=2):
    """x [2, 5] times w [5, 3]."""
    w = np.random.default_rng(3).standard_normal((5, 3), dtype=np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3])],
        [numpy_helper.from_array(w, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return w


@pytest.mark.parametrize("precision,dtype", [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_a_product_is_what_ieee_says(tmp_path, precision, dtype):
    """Factors rounded to nearest even, exact products, a sum in fp32 and one rounding: here by PyTorch's own casts."""
    w = save_product(tmp_path / "m.onnx")
    x = np.random.default_rng(4).standard_normal((2, 5), dtype=np.float32)
    program = tmp_path / "p.arsis"
    tool("arsis-compile", tmp_path / "m.onnx", "--chip", "tiny", f"--precision={precision}", "-o", program)
    outputs, _ = simulate(program, "tiny", {"x": x}, tmp_path, "--check=exact")
    factors = [torch.from_numpy(v).to(dtype).double() for v in (x, w)]
    exact = factors[0] @ factors[1]
    np.testing.assert_array_equal(outputs["y"], exact.float().to(dtype).float().numpy())


def test_the_loss_scale_leaves_a_gradient_as_it_is(tmp_path):
    """In the last layer, whose halves stay normal numbers, another power of two changes no bit; one that overflows
    leaves gradients that are not finite."""
    single = nets.build("lenet5")
    nets.export(single, tmp_path / "model.onnx", 4)
    program = compile_step(tmp_path / "model.onnx", "tiny", 4, tmp_path / "p.arsis", "--precision=fp16")
    random = np.random.default_rng(2)
    inputs = {"x": random.standard_normal((4, 1, 28, 28), dtype=np.float32), "labels": np.array([1, 2, 3, 4])}
    results = {}
    for scale in (256.0, 1024.0, 2.0**24):
        given = inputs | {"loss_scale": np.array(scale, np.float32)}
        results[scale], _ = simulate(program, "tiny", given, tmp_path, "--check=exact", "--functional-only")
    for tensor in ("grad:fc3.weight", "grad:fc3.bias", "fc3.weight", "fc3.bias"):
        assert results[256.0][tensor].any()
        np.testing.assert_array_equal(results[256.0][tensor], results[1024.0][tensor])
    assert not np.isfinite(results[2.0**24]["grad:fc1.weight"]).all()


@pytest.mark.parametrize(
    "pins",
    [
        ("/pool1/MaxPool=bf16",),
        ("/relu4/Relu=fp16", "/conv2/Conv=bf16"),
        ("/pool2/MaxPool=fp32", "--precision=fp16"),
    ],
)
def test_pinned_layers_agree_with_the_reference(tmp_path, pins):
    """Bit for bit, where products read a value of another type than theirs."""
    single = nets.build("lenet5")
    nets.export(single, tmp_path / "model.onnx", 2)
    options = [pin if pin.startswith("--") else f"--store={pin}" for pin in pins]
    program = compile_step(tmp_path / "model.onnx", "tiny", 2, tmp_path / "p.arsis", *options)
    x = np.random.default_rng(2).standard_normal((2, 1, 28, 28), dtype=np.float32)
    outputs, _ = simulate(
        program, "tiny", {"x": x, "labels": np.array([1, 2])}, tmp_path, "--check=exact", "--functional-only"
    )
    has_fp16 = any("fp16" in pin for pin in pins)
    assert ("loss_scale" in tensors_of(program, "hyper")) == has_fp16
    double = copy.deepcopy(single).double()
    torch.nn.functional.cross_entropy(double(torch.from_numpy(x).double()), torch.tensor([1, 2])).backward()
    truth = double.fc3.bias.grad.numpy()
    assert np.linalg.norm(outputs["grad:fc3.bias"] - truth) < 0.02 * np.linalg.norm(truth)


def test_a_complete_step_keeps_its_types(tmp_path):
    """Where a text of a step goes on, its precision is decided."""
    nets.export(nets.build("lenet5"), tmp_path / "model.onnx", 2)
    for level in ("step", "mapped"):
        text = tmp_path / f"{level}.mlir"
        compile_step(tmp_path / "model.onnx", "tiny", 2, text, f"--emit={level}")
        refused = tool("arsis-compile", text, "--chip=tiny", "--precision=fp16", "-o", tmp_path / "p", check=False)
        assert refused.returncode == 1 and "expected neither --train, --keep, --precision nor --store" in refused.stderr


def test_a_chip_without_the_type_says_so(tmp_path):
    save_product(tmp_path / "m.onnx")
    refused = tool(
        "arsis-compile",
        tmp_path / "m.onnx",
        "--chip=tiny",
        "--set=matrix.bf16_passes=0",
        "--precision=bf16",
        "-o",
        tmp_path / "p.arsis",
        check=False,
    )
    assert refused.returncode == 1 and "matrix.bf16_passes" in refused.stderr
    assert not (tmp_path / "p.arsis").exists()
