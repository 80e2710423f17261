# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exports a PyTorch module as the training step wants it: nothing folded, nothing fused, parameters by their names."""

from __future__ import annotations

import copy
import inspect
import io
import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
import onnx
from _arsis import InputError, ModelError, write_file
from onnx import numpy_helper

if TYPE_CHECKING:
    import torch

OPSET = 17  # the newest that torch 1.13 writes; layer norm is one node from here on


def input_names(module: torch.nn.Module, count: int) -> list[str]:
    """The names of the first `count` arguments of the module's forward."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in inspect.signature(module.forward).parameters.values() if p.kind in kinds]
    return names[:count] if len(names) >= count else [f"x{number}" for number in range(count)]


def output_names(outputs: object) -> list[str]:
    """`logits` for one tensor, else `logits`, `logits1`, ...: the option `logits` says which of them the loss reads."""
    count = len(outputs) if isinstance(outputs, (list, tuple)) else 1
    return ["logits", *(f"logits{number}" for number in range(1, count))]


@overload
def from_torch(module: torch.nn.Module, example: torch.Tensor | Sequence[torch.Tensor], path: None = None) -> bytes: ...


@overload
def from_torch(
    module: torch.nn.Module, example: torch.Tensor | Sequence[torch.Tensor], path: str | os.PathLike[str]
) -> str: ...


def from_torch(
    module: torch.nn.Module,
    example: torch.Tensor | Sequence[torch.Tensor],
    path: str | os.PathLike[str] | None = None,
) -> bytes | str:
    """The ONNX model of a PyTorch module, for `arsis.compile(..., train=True)`.

    `example` is an input, or a tuple of them: only shapes and types matter, and the first dimension of each becomes the
    batch, which `batch=` of `arsis.compile` then chooses (two images or more, as batch norm needs them). The module is
    exported in training form, as a copy, which leaves its parameters, running statistics and mode, and the state of
    PyTorch's random numbers as they were. Inputs have the names of forward's arguments, the output is `logits`
    (several: `logits`, `logits1`, ...), parameters have the names of `module.named_parameters()`.

    Returns the file as bytes, or writes it to `path` (whole or not at all) and returns that. Raises InputError for an
    example without a batch, ModelError for what PyTorch cannot export, and what the module itself raises.

    Torch 1.13 and whatever later version still has the exporter by tracing use that; where it has gone, the exporter by
    torch.export is used (`dynamo=True`)."""
    import torch

    examples = (example,) if isinstance(example, torch.Tensor) else tuple(example)
    for number, tensor in enumerate(examples):
        if not isinstance(tensor, torch.Tensor) or tensor.ndim < 1 or tensor.shape[0] < 2:
            found = f"shape {tuple(tensor.shape)}" if isinstance(tensor, torch.Tensor) else type(tensor).__name__
            raise InputError(f"example {number}: found {found}, expected a tensor of two images or more")
    with torch.random.fork_rng(), torch.no_grad(), warnings.catch_warnings():
        copied = copy.deepcopy(module).train()
        inputs, outputs = input_names(copied, len(examples)), output_names(copy.deepcopy(copied)(*examples))
        try:
            exported = export(copied, examples, inputs, outputs)
        except RuntimeError as error:  # the exporter's own errors are of this class
            words = str(error).partition("\n")[0].rstrip(". ")
            raise ModelError(f"{type(module).__name__}: PyTorch cannot export the module: {words}") from error
        content = with_values(exported, module)
    if path is None:
        return content
    write_file(path, content)
    return os.fspath(path)


def with_values(content: bytes, module: torch.nn.Module) -> bytes:
    """The model with the module's own values: tracing in training form has moved the running statistics."""
    model, state = onnx.load_model_from_string(content), module.state_dict()
    for tensor in model.graph.initializer:
        if tensor.name in state:
            array = state[tensor.name].detach().cpu().numpy()
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))
    written: bytes = model.SerializeToString()
    return written


def export(module: torch.nn.Module, examples: tuple[torch.Tensor, ...], inputs: list[str], outputs: list[str]) -> bytes:
    """The bytes that torch.onnx.export writes; by tracing where this torch still can."""
    import torch

    known = inspect.signature(torch.onnx.export).parameters
    names = {"input_names": inputs, "output_names": outputs}
    file = io.BytesIO()
    # The count of batches that a batch norm keeps has no part in a step.
    warnings.filterwarnings("ignore", message="ONNX Preprocess - Removing mutation.*num_batches_tracked")
    if "training" in known:
        from arsis import symbolics  # which imports torch

        by_tracing = {"dynamo": False} if "dynamo" in known else {}
        with symbolics.registered(OPSET):
            torch.onnx.export(
                module,
                examples,
                file,
                training=torch.onnx.TrainingMode.TRAINING,
                do_constant_folding=False,
                opset_version=OPSET,
                dynamic_axes={name: {0: "N"} for name in (*inputs, *outputs)},
                **names,
                **by_tracing,
            )
        return file.getvalue()
    batch = torch.export.Dim("N")
    program = torch.onnx.export(
        module, examples, dynamo=True, optimize=False, dynamic_shapes=tuple({0: batch} for _ in examples), **names
    )
    program.save(file)
    return file.getvalue()
