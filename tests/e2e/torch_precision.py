# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training steps of PyTorch in half precision: CPU autocast, and fp64 rounded where docs/numerics.md says."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class Stored(torch.autograd.Function):
    """A value that is stored in a half type, as is its gradient."""

    @staticmethod
    def forward(ctx, value, dtype):
        ctx.dtype = dtype
        return value.to(dtype).to(value.dtype)

    @staticmethod
    def backward(ctx, gradient):
        return gradient.to(ctx.dtype).to(gradient.dtype), None


class Cast(torch.autograd.Function):
    """A master that is cast for the array; its gradient stays as it is."""

    @staticmethod
    def forward(ctx, value, dtype):
        return value.to(dtype).to(value.dtype)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def rounded(double: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of a model in fp64 in which every activation and factor is rounded to `dtype`."""
    model = copy.deepcopy(double)

    def with_bias(y, module, shape):
        return Stored.apply(y if module.bias is None else y + module.bias.view(shape), dtype)

    def product(module):
        if isinstance(module, nn.Linear):
            return lambda x: with_bias(F.linear(x, Cast.apply(module.weight, dtype)), module, (1, -1))
        return lambda x: with_bias(
            F.conv2d(
                x, Cast.apply(module.weight, dtype), None, module.stride, module.padding, module.dilation, module.groups
            ),
            module,
            (1, -1, 1, 1),
        )

    def other(forward):  # its operand may be a sum of two branches, which is stored too
        return lambda x: Stored.apply(forward(Stored.apply(x, dtype)), dtype)

    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.forward = product(module)
        elif isinstance(module, (nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d, nn.AdaptiveAvgPool2d)):
            module.forward = other(module.forward)
    return model


def result_of(model: nn.Module, loss: torch.Tensor, logits: torch.Tensor, scale: float = 1.0) -> dict:
    """Loss, logits and gradients by name, and the running statistics that the step left."""
    (loss * scale).backward()
    result = {"loss": loss.detach(), "logits": logits.detach()}
    result |= {f"grad:{name}": parameter.grad / scale for name, parameter in model.named_parameters()}
    return result | {name: value for name, value in model.named_buffers() if value.is_floating_point()}


def autocast_step(single: nn.Module, x: torch.Tensor, labels: torch.Tensor) -> dict:
    model = copy.deepcopy(single)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(x)
    return result_of(model, F.cross_entropy(logits.float(), labels), logits)


def rounded_step(
    double: nn.Module, x: torch.Tensor, labels: torch.Tensor, dtype: torch.dtype | None, scale: float = 1.0
) -> dict:
    """One step in fp64, rounded to `dtype` if there is one, with gradients scaled by `scale` on their way."""
    model = copy.deepcopy(double) if dtype is None else rounded(double, dtype)
    x = x.double()
    logits = model(x if dtype is None else Stored.apply(x, dtype))
    return result_of(model, F.cross_entropy(logits, labels), logits, scale)
