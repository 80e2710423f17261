# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training step of a net of `models/` at its reduced size, on one chip: bit for bit with the oracle, and beside
PyTorch's autograd in fp64, which takes the chip's decisions (decisions.py).

Per tensor, |chip - fp64| may be at most 8 times |PyTorch fp32 - fp64| or 1e-6 of |fp64|, whichever is larger; and where
PyTorch would have decided otherwise than the chip, the element may lie at most FLIP times as far from the kink as
PyTorch's fp32 is from fp64 there, in the root mean square."""

from __future__ import annotations

import copy
import dataclasses
import time
from pathlib import Path

import arsis
import numpy as np
import onnx
import torch
from arsis_tools import compile_step, simulate, tensors_of, tool
from decisions import Decisions, Site
from torch.nn import functional
from torch_models import optimizer_of
from torch_models import step as torch_step

FACTOR, FLOOR, FLIP = 8.0, 1e-6, 32.0
BATCH, CLASSES, SEED = 4, 10, 1234
CHIPS = ("edge", "datacentre")
MEMORY = ("--set", "dram.capacity_mib=16384")


@dataclasses.dataclass
class Case:
    """A net in PyTorch, the shape of one image, its loss as `--loss` says it, and the shape of what the host gives for
    a batch: labels of so many classes, or targets."""

    module: torch.nn.Module
    image: tuple[int, ...]
    given: tuple[int, ...]
    classes: int
    loss: str = "softmax-xent"

    def tensor(self) -> str:
        """The name of what the host gives."""
        return "targets" if self.loss.startswith("mse") else "labels"

    def draw(self, seed: int) -> dict[str, np.ndarray]:
        """Random images and labels, or targets."""
        random = np.random.default_rng(seed)
        x = random.standard_normal((BATCH, *self.image), np.float32)
        if self.tensor() == "targets":
            return {"x": x, "targets": random.standard_normal(self.given, np.float32)}
        return {"x": x, "labels": random.integers(0, self.classes, self.given).astype(np.int32)}

    def loss_of(self, outputs: dict[str, torch.Tensor], given: torch.Tensor) -> torch.Tensor:
        """The sum of the terms of `loss`, in PyTorch."""
        total = torch.zeros((), dtype=outputs["logits"].dtype)
        for term in self.loss.split("+"):
            kind, *pairs = term.split(",")
            keys = dict(pair.split("=") for pair in pairs)
            function = {"softmax-xent": functional.cross_entropy, "mse": functional.mse_loss}[kind]
            total = total + float(keys.get("weight", 1)) * function(outputs[keys.get("of", "logits")], given)
        return total


def case_of(name: str) -> Case:
    folder = arsis.models.recipes_folder()
    if name == "unet":
        recipe = arsis.models.load_recipe(folder / "unet/build.py")
        return Case(recipe.module(), (3, 32, 32), (BATCH * 32 * 32,), recipe.CLASSES)
    if name == "fsrcnn":
        recipe = arsis.models.load_recipe(folder / "fsrcnn/build.py")
        return Case(recipe.module(), (1, 16, 16), (BATCH, 1, 48, 48), 0, recipe.LOSS)
    table = arsis.models.load_recipe(folder / "torchvision_builder.py")
    net = table.NETS[name]
    return Case(table.module(name, classes=CLASSES), (3, net.reduced, net.reduced), (BATCH,), CLASSES, net.loss)


@dataclasses.dataclass
class Result:
    """`rows`: tensor, |fp64|, |chip - fp64|, |PyTorch fp32 - fp64|. `flips`: layer, elements, the furthest one's
    distance and the allowed one."""

    rows: list[tuple[str, float, float, float]]
    flips: list[tuple[str, int, float, float]]
    seconds: float

    def problems(self) -> list[str]:
        wrong = [
            f"{name}: |x| = {norm:.4e}, chip {ours:.3e}, PyTorch fp32 {theirs:.3e}"
            for name, norm, ours, theirs in self.rows
            if not ours <= max(FACTOR * theirs, FLOOR * norm)
        ]
        return wrong + [
            f"{layer}: {count} flips, one {distance:.3e} from its kink, allowed {allowed:.3e}"
            for layer, count, distance, allowed in self.flips
            if not distance <= allowed
        ]

    def worst(self) -> tuple[str, float]:
        """The tensor nearest to the limit, and which part of it is used."""
        shares = [(ours / max(FACTOR * theirs, FLOOR * norm, 1e-300), n) for n, norm, ours, theirs in self.rows]
        return max(shares)[1], max(shares)[0]


def layers_of(path: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Names of nodes by type, and of the node that each MaxPool reads."""
    nodes = onnx.load(str(path)).graph.node
    makers = {output: node.name for node in nodes for output in node.output}
    layers: dict[str, list[str]] = {}
    for node in nodes:
        layers.setdefault(node.op_type, []).append(node.name)
    return layers, {node.name: makers.get(node.input[0], "") for node in nodes if node.op_type == "MaxPool"}


def flips_of(single: list[Site], double: list[Site]) -> list[tuple[str, int, float, float]]:
    """What fp64 would have decided otherwise."""
    found = []
    for rounded, exact in zip(single, double, strict=True):
        if exact.flips:
            error = (rounded.operand.double() - exact.operand).pow(2).mean().sqrt().item()
            floor = torch.finfo(torch.float32).eps * exact.operand.pow(2).mean().sqrt().item()
            found.append((exact.layer, exact.flips, exact.distance, FLIP * max(error, floor)))
    return found


class Chip:
    """The compiled step of a case, run once."""

    def __init__(self, case: Case, path: Path, chip: str, folder: Path, keep: str, *options: str) -> None:
        self.program = compile_step(
            path, chip, BATCH, folder / "step.arsis", *MEMORY, *options, keep=keep, loss=case.loss
        )
        inputs = self.inputs = case.draw(SEED)
        if "random_seed" in {tensor["name"] for tensor in arsis.Program.load(str(self.program)).tensors}:
            inputs = {**inputs, "random_seed": np.array(SEED, np.float32)}
        run = ("--functional-only", "--check=exact", "--no-verify", *MEMORY)
        self.outputs, _ = simulate(self.program, chip, inputs, folder, *run)

    def taken(self, layer: str) -> torch.Tensor:
        """An activation as PyTorch lays it out."""
        value = torch.from_numpy(self.outputs[f"act:{layer}"])
        return value.movedim(-1, 1) if value.ndim > 2 else value


def propagated(case: Case, double: dict, single: dict, given: torch.Tensor) -> float:
    """What the errors of the outputs may become in the loss, which being one number may be right by luck: the product
    of the norms of an error and of the loss's gradient, summed over the outputs."""
    exact = {n: value.clone().requires_grad_() for n, value in double.items() if n.startswith("logits")}
    case.loss_of(exact, given).backward()
    return sum((y.grad.norm() * (single[n].double() - double[n]).norm()).item() for n, y in exact.items())


def magnitude(name: str, state: dict[str, torch.Tensor], module: torch.nn.Module) -> float:
    """The norm of a running mean after the first step, had the batch the root mean square of its values for a mean: the
    terms of the sum may be far larger than the sum."""
    layer = name.rpartition(".")[0]
    share = module.get_submodule(layer).momentum
    variance = (state[f"{layer}.running_var"] - (1 - share)) / share  # it begins with one
    return (state[name].pow(2) + share**2 * variance).sum().sqrt().item()


def compare(case: Case, path: Path, chip: Chip) -> tuple[list, list]:
    layers, pooled = layers_of(path)
    results, sites = [], []
    for module in (copy.deepcopy(case.module), copy.deepcopy(case.module).double()):
        kind = next(module.parameters()).dtype
        decisions = Decisions(lambda layer, kind=kind: chip.taken(layer).to(kind), layers, pooled, SEED)
        with decisions:
            x, given = torch.from_numpy(chip.inputs["x"]).to(kind), torch.from_numpy(chip.inputs[case.tensor()])
            given = given.to(kind) if case.tensor() == "targets" else given.long()
            results.append(torch_step(module, optimizer_of(module), x, given, case.loss_of))
        sites.append(decisions.sites)
    single, double = results
    rows = []
    for name, truth in double.items():
        found = torch.from_numpy(chip.outputs[name]).double().reshape(truth.shape)
        error = single[name].double() - truth
        theirs = error.norm().item()
        if name == "loss":
            theirs = propagated(case, double, single, given)
        norm = magnitude(name, double, case.module) if name.endswith("running_mean") else truth.norm().item()
        rows.append((name, norm, (found - truth).norm().item(), theirs))
    return rows, flips_of(*sites)


def check(name: str, chip: str, folder: Path) -> Result:
    """The step as it is, with the oracle's bits; and with all activations kept, also beside PyTorch. Both programs pass
    the verifier. Raises AssertionError where a tool fails."""
    begin, case = time.monotonic(), case_of(name)
    path = folder / "model.onnx"
    arsis.from_torch(case.module, torch.zeros(BATCH, *case.image), path)
    whole = Chip(case, path, chip, folder, "gradients")
    tool("arsis-verify", whole.program, "--chip", chip, *MEMORY)
    kept = Chip(case, path, chip, folder, "gradients,activations")
    rows, flips = compare(case, path, kept)
    for tensor in tensors_of(whole.program, "gradient", "parameter", "loss"):
        one, other = whole.outputs[tensor], kept.outputs[tensor]
        assert one.shape == other.shape and np.isfinite(one).all(), tensor
    np.testing.assert_allclose(whole.outputs["loss"], kept.outputs["loss"], rtol=1e-4)
    return Result(rows, flips, time.monotonic() - begin)
