# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Problems of Timeloop: one layer in a YAML file, its bounds below `problem` or below `problem: instance`.

Of a convolution R and S are width and height of the filter, P and Q those of the result, C channels, K or M filters, G
groups (C and filters then count one group), Wstride to Hdilation what they say (problem-shapes/cnn-layer.yaml). A
problem of bounds M, N and K alone is a product of [M, K] and [K, N]. N of a convolution is the batch, which the model
leaves open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from arsis.importers.layers import Convolution, ImportFailed, Layer, Product, checked, whole

STEPS = ("Wstride", "Hstride", "Wdilation", "Hdilation")
BOUNDS = {"R", "S", "P", "Q", "C", "K", "M", "N", "G", *STEPS}
BESIDES = {"shape", "version", "densities", "bitwidths", "name"}


def is_problem(data: Any) -> bool:
    return isinstance(data, dict) and "problem" in data


def read_problem(path: Path) -> tuple[Layer, int]:
    """The layer and its batch. Raises ImportFailed."""
    import yaml

    try:
        problem = yaml.safe_load(path.read_text(encoding="utf-8"))["problem"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ImportFailed(f"{path}: found no YAML with `problem`: {str(error).splitlines()[0]}") from error
    if not isinstance(problem, dict) or not isinstance(problem.get("instance", {}), dict):
        raise ImportFailed(f"{path}: problem: found no bounds, expected keys like C, M, P, Q, R, S")
    bounds = dict(problem.get("instance", problem))
    shape = problem.get("shape", "cnn-layer")
    coefficients = shape.get("coefficients", []) if isinstance(shape, dict) else []
    for coefficient in coefficients:  # defaults of strides and dilations
        if not isinstance(coefficient, dict) or "name" not in coefficient:
            raise ImportFailed(f"{path}: problem: shape: found a coefficient without a name, expected name and default")
        bounds.setdefault(coefficient["name"], coefficient.get("default", 1))
    bounds = {key: value for key, value in bounds.items() if key not in BESIDES and key != "instance"}
    if unknown := sorted(str(key) for key in bounds if key not in BOUNDS):
        raise ImportFailed(
            f"{path}: problem: found bounds {', '.join(unknown)}, expected those of a convolution (R, S, P, Q, C, "
            "K or M, N, G) or of a product (M, N, K)"
        )
    sizes = {key: whole(value, f"{path}: {key}") for key, value in bounds.items()}
    if sizes.keys() - set(STEPS) == {"M", "N", "K"}:
        return Product(path.stem, sizes["M"], sizes["N"], sizes["K"]), 1
    return _convolution(path, sizes)


def _convolution(path: Path, sizes: dict[str, int]) -> tuple[Convolution, int]:
    if missing := [key for key in "RSPQC" if key not in sizes]:
        raise ImportFailed(f"{path}: problem: found no {', '.join(missing)}, expected all bounds of a convolution")
    if ("K" in sizes) == ("M" in sizes):
        raise ImportFailed(
            f"{path}: problem: found {'both' if 'K' in sizes else 'neither'} K and M, expected the filters"
        )
    groups, filters = sizes.get("G", 1), sizes.get("K", sizes.get("M", 1))
    strides = sizes.get("Hstride", 1), sizes.get("Wstride", 1)
    dilations = sizes.get("Hdilation", 1), sizes.get("Wdilation", 1)
    reach = [
        (results - 1) * stride + (kernel - 1) * dilation + 1
        for results, kernel, stride, dilation in zip(
            (sizes["Q"], sizes["P"]), (sizes["S"], sizes["R"]), strides, dilations, strict=True
        )
    ]
    layer = Convolution(
        name=path.stem,
        height=reach[0],
        width=reach[1],
        kernel=(sizes["S"], sizes["R"]),
        channels=sizes["C"] * groups,
        filters=filters * groups,
        strides=strides,
        dilations=dilations,
        groups=groups,
    )
    return checked(layer, f"{path}: problem"), sizes.get("N", 1)
