# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`--freeze`: parameters that stay as they are, and no operation that only their gradients would need."""

import warnings

import arsis
import numpy as np
import pytest
import torch
from onnx import helper
from onnx_files import floats
from onnx_nets import values
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.second, self.head = nn.Conv2d(4, 3, 3), nn.Linear(3 * 3 * 2, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.norm(self.first(x)))
        return self.head(torch.relu(self.second(y)).flatten(1))


def made(*freeze: str):
    torch.manual_seed(5)
    net = Net()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        program = arsis.compile(
            arsis.from_torch(net, torch.zeros(2, 2, 5, 4)), "tiny", batch=3, train=True, keep="gradients",
            optimizer="sgd,lr=0.5,momentum=0.5", freeze=list(freeze),
        )  # fmt: skip
    return net, program, " ".join(str(each.message) for each in said)


@pytest.mark.parametrize(
    "freeze,left",
    [
        (["first.*", "norm.*"], {"second.weight", "second.bias", "head.weight", "head.bias"}),
        (["*.bias"], {"first.weight", "norm.weight", "second.weight", "head.weight"}),
        (["first.weight", "second.weight"], {"first.bias", "norm.weight", "norm.bias", "second.bias", "head.weight",
                                             "head.bias"}),
        (["[fns]*"], {"head.weight", "head.bias"}),
    ],
)  # fmt: skip
def test_the_step_is_that_of_pytorch(freeze, left):
    net, program, said = made(*freeze)
    assert {t["name"] for t in program.tensors if t["role"] == "parameter"} == left
    assert {t["name"] for t in program.tensors if t["role"] == "gradient"} == {f"grad:{name}" for name in left}
    assert "frozen parameters stay as they are" in said
    x, labels = values(3, 2, 5, 4), np.array([0, 4, 2])
    session, reference = arsis.Session(program, "tiny"), arsis.Reference(program)
    exact = net.double().train()
    for name, parameter in exact.named_parameters():
        parameter.requires_grad_(name in left)
    optimizer = torch.optim.SGD([p for p in exact.parameters() if p.requires_grad], lr=0.5, momentum=0.5)
    for each in (session, reference):
        each.write("x", x)
        each.write("labels", labels)
    for _ in range(2):
        session.run("functional")
        reference.run("exact")
        optimizer.zero_grad()
        nn.functional.cross_entropy(exact(torch.from_numpy(x).double()), torch.from_numpy(labels)).backward()
        optimizer.step()
    for name, wanted in (*exact.named_parameters(), *exact.named_buffers()):
        if "num_batches" not in name:
            np.testing.assert_allclose(session.read(name), wanted.detach().numpy(), rtol=2e-4, atol=1e-5, err_msg=name)
            assert session.read(name).tobytes() == reference.read(name).tobytes(), name


def work(program: arsis.Program) -> dict[str, int]:
    return {
        kind: program.nn_module.count(kind)
        for kind in ("conv2d_grad_weight", "conv2d_grad_input", "batch_norm_grad_sums")
    }


def test_nothing_is_computed_that_nobody_needs():
    assert work(made()[1]) == {"conv2d_grad_weight": 2, "conv2d_grad_input": 1, "batch_norm_grad_sums": 1}
    assert work(made("first.*", "norm.*")[1]) == {
        "conv2d_grad_weight": 1,
        "conv2d_grad_input": 0,
        "batch_norm_grad_sums": 0,
    }
    assert work(made("first.weight", "second.weight")[1]) == {
        "conv2d_grad_weight": 0, "conv2d_grad_input": 1, "batch_norm_grad_sums": 1,
    }  # fmt: skip
    assert work(made("[fns]*")[1]) == {"conv2d_grad_weight": 0, "conv2d_grad_input": 0, "batch_norm_grad_sums": 0}


def test_it_takes_fewer_cycles():
    def cycles(program: arsis.Program) -> int:
        return arsis.Session(program, "tiny").run("timing")["totals"]["cycles"]

    assert cycles(made("[fns]*")[1]) < cycles(made("first.*", "norm.*")[1]) < cycles(made()[1])


NODES = [helper.make_node("Gemm", ["x", "w", "b"], ["y"], name="g")]
CONSTANTS = {"w": floats(3, 4), "b": floats(4)}


@pytest.mark.parametrize(
    "pattern,problem",
    [
        ("absent*", "--freeze 'absent*' matches no parameter of the graph"),
        ("x", "--freeze 'x' matches no parameter of the graph"),
        ("[", "--freeze '['"),
    ],
)
def test_patterns_that_cannot_hold(importer, pattern, problem):
    importer.nodes(NODES, {"x": (2, 3)}, ["y"], CONSTANTS, options=["--train", f"--freeze={pattern}"]).rejects(problem)


def test_running_statistics_are_no_parameters(importer):
    node = helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], name="bn")
    vectors = {name: floats(3) + number for number, name in enumerate("sbmv")}
    importer.nodes(node, {"x": (2, 3, 4, 4)}, ["y"], vectors, options=["--train", "--freeze=m"]).rejects(
        "--freeze 'm' matches no parameter"
    )


def test_names_are_those_after_separation(importer):
    """A bias that the exporter merged is frozen in one layer and trained in the other."""
    nodes = [
        helper.make_node("Gemm", ["x", "w", "zero"], ["t"], name="g1"),
        helper.make_node("Gemm", ["t", "v", "zero"], ["y"], name="g2"),
    ]
    constants = {"w": floats(3, 4), "v": floats(4, 4) + 1, "zero": np.zeros(4, np.float32)}
    out = importer.nodes(nodes, {"x": (2, 3)}, ["y"], constants, options=["--train", "--freeze=g2.bias"])
    out.has('nn.name = "zero", nn.role = #nn.role<parameter>', 'nn.name = "g2.bias", nn.role = #nn.role<state>')


def test_an_nn_module_has_been_told(tmp_path, importer):
    path = tmp_path / "m.mlir"
    path.write_text(importer.nodes(NODES, {"x": (2, 3)}, ["y"], CONSTANTS).text)
    for option in ({"freeze": ["w"]}, {"random_weights": 1}):
        with pytest.raises(arsis.Error, match="freeze or random_weights for an nn module"):
            arsis.compile(str(path), "tiny", **option)
