# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which points no other point beats, and how much of the space of objectives they leave behind them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def nondominated(values: Array) -> NDArray[np.bool_]:
    """Which rows of (points, objectives) no other row beats, each objective to be minimal; equal rows all stay.

    A row beats another if it is nowhere larger and somewhere smaller. O(points x front x objectives).
    """
    order = np.lexsort(values.T[::-1])  # a row can be beaten by an earlier one only
    front = np.empty((0, values.shape[1]))
    kept = np.zeros(len(values), bool)
    for index in order:
        value = values[index]
        beaten = np.all(front <= value, axis=1) & np.any(front < value, axis=1)
        if not beaten.any():
            kept[index] = True
            front = np.vstack([front, value])
    return kept


def hypervolume(values: Array, reference: Array) -> float:
    """Volume between the rows of (points, objectives), to be minimal, and a reference point that is worse than all.

    Exact, by slices along the last objective (Zitzler's hypervolume by slicing objectives); rows beyond the reference
    count nothing. Unit: the product of those of the objectives.
    """
    values = values[np.all(values < reference, axis=1)]
    if not len(values):
        return 0.0
    if values.shape[1] == 1:
        return float(reference[0] - values.min())
    values = values[np.argsort(values[:, -1], kind="stable")]
    edges = np.append(values[:, -1], reference[-1])
    volume = 0.0
    for number in range(len(values)):
        if (depth := edges[number + 1] - edges[number]) > 0:
            volume += depth * hypervolume(_front(values[: number + 1, :-1]), reference[:-1])
    return volume


def _front(values: Array) -> Array:
    front: Array = np.unique(values[nondominated(values)], axis=0)
    return front
