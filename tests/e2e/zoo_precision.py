# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One training step of a net of `models/` at its reduced size in bf16: bit for bit with the oracle, and as near to
fp64 as PyTorch's CPU autocast (precision_rule.py), dropout and stochastic depth with the same masks."""

from __future__ import annotations

import copy
from pathlib import Path

import arsis
import numpy as np
import torch
from arsis_tools import compile_step, simulate, tool
from decisions import Decisions
from precision_rule import Comparison, Row
from torch.overrides import TorchFunctionMode
from torch_models import by_name
from zoo_step import BATCH, MEMORY, Case, case_of

SEEDS = 5


PROMOTED = ("hardsigmoid", "hardsigmoid_", "hardtanh", "hardtanh_", "layer_norm")


class Promoted(TorchFunctionMode):
    """What torch 1.13 cannot do in bf16, forward and backward, is computed in fp32, and its result is rounded."""

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        x, keywords = arguments[0] if arguments else None, keywords or {}
        if getattr(function, "__name__", "") in PROMOTED and x.dtype == torch.bfloat16:
            return function(x.float(), *arguments[1:], **keywords).to(x.dtype)
        return function(*arguments, **keywords)


def torch_step(case: Case, given: dict[str, np.ndarray], seed: int, exact: bool) -> dict[str, torch.Tensor]:
    """Loss, outputs, gradients and running statistics of a step: in fp64, or by autocast."""
    kind = torch.float64 if exact else torch.float32
    module = copy.deepcopy(case.module).to(kind)
    x, target = torch.from_numpy(given["x"]).to(kind), torch.from_numpy(given[case.tensor()])
    with Promoted(), Decisions(None, {}, {}, seed):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not exact):
            outputs = by_name(module(x))
        outputs = {name: value if exact else value.float() for name, value in outputs.items()}
        loss = case.loss_of(outputs, target.to(kind) if case.tensor() == "targets" else target.long())
        loss.backward()
    result = {"loss": loss.detach(), **{name: value.detach() for name, value in outputs.items()}}
    result |= {f"grad:{name}": parameter.grad for name, parameter in module.named_parameters()}
    return result | {name: value for name, value in module.named_buffers() if value.is_floating_point()}


def check(name: str, chips: list[str], folder: Path, seeds: int = SEEDS) -> dict[str, list[Row]]:
    """The rows of each chip, the nearest to the limit last. The programs pass the verifier; raises AssertionError where
    a tool fails, or a tensor is not the oracle's."""
    case, path = case_of(name), folder / "model.onnx"
    arsis.from_torch(case.module, torch.zeros(BATCH, *case.image), path)
    programs, comparisons = {}, {chip: Comparison("bf16") for chip in chips}
    for chip in chips:
        options = (*MEMORY, "--precision=bf16")
        programs[chip] = compile_step(path, chip, BATCH, folder / f"{chip}.arsis", *options, loss=case.loss)
        tool("arsis-verify", programs[chip], "--chip", chip, *MEMORY)
    for seed in range(seeds):
        given = case.draw(seed)
        truth, other = (torch_step(case, given, seed, exact) for exact in (True, False))
        for chip, program in programs.items():
            inputs = dict(given)
            if "random_seed" in {tensor["name"] for tensor in arsis.Program.load(str(program)).tensors}:
                inputs["random_seed"] = np.array(seed, np.float32)
            run = ("--check=exact", "--functional-only", "--no-verify", *MEMORY)
            outputs, report = simulate(program, chip, inputs, folder, *run)
            assert report["parity"]["passed"]
            for tensor, value in truth.items():
                comparisons[chip].add(tensor, value, torch.from_numpy(outputs[tensor]), other[tensor])
    return {chip: comparison.rows() for chip, comparison in comparisons.items()}
