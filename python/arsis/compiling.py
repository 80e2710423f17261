# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a model to a program, or to its schedules: the compiler with Python's arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import _arsis
from _arsis import InputError, Program

from arsis import scheduling
from arsis.chip import ChipLike, resolve
from arsis.models import Model, ModelLike
from arsis.scheduling import Schedules, SchedulesLike

Option = bool | str | Sequence[str]


def native_options(options: Mapping[str, Option], given: SchedulesLike | None) -> dict[str, bool | str | list[str]]:
    native: dict[str, bool | str | list[str]] = {
        key: list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        for key, value in options.items()
    }
    if isinstance(loss := native.get("loss"), list):
        native["loss"] = "+".join(loss)
    if given is not None:
        if "mapping" in native or "mapping_text" in native:
            raise InputError("schedules: found mapping or mapping_text beside them, expected one of these")
        native["mapping_text"] = scheduling.as_text(given)
    return native


def compile(
    model: ModelLike,
    chip: ChipLike,
    *,
    overrides: Mapping[str, object] | None = None,
    batch: int | None = None,
    dims: Mapping[str, int] | None = None,
    tie: Sequence[str] = (),
    untie: Sequence[str] = (),
    freeze: Sequence[str] = (),
    random_weights: int | None = None,
    schedules: SchedulesLike | None = None,
    **options: Option,
) -> Program:
    """Compiles a model for a chip, and proves the program free of deadlocks and races.

    `overrides`: values of the chip that replace its own, as for `Chip.with_`. `batch`: images per step, the first
    dimension of the inputs. `dims`: extents of symbolic dimensions by name. `tie`, `untie`: patterns of constants
    that stay one parameter, or become one for each node that reads them. `freeze`: patterns of parameters that stay
    as they are. `random_weights`: the seed of values for parameters that the file gives none. `schedules`: those that
    hold, as `arsis.schedules` returns them. Warnings and remarks of the compiler become Python warnings (UserWarning).

    Raises ModelError for a model that cannot be read, compiled or trained, ChipError for a chip, Infeasible where
    the chip has no room, InputError for an option, FileError for a file. Ctrl-C stops it.

    >>> program = arsis.compile("lenet5", chip="edge", batch=8, train=True, optimizer="sgd,lr=0.02")
    >>> [tensor["host_shape"] for tensor in program.tensors if tensor["name"] == "conv1.weight"]
    [[6, 1, 5, 5]]

    Further options are keywords:
    """
    name, changed = resolve(chip, overrides)
    return _arsis.compile(
        Model(model).source,
        name,
        overrides=changed,
        batch=batch,
        dims=dict(dims or {}),
        tie=list(tie),
        untie=list(untie),
        freeze=list(freeze),
        random_weights=random_weights,
        **native_options(options, schedules),
    )


def schedules(
    model: ModelLike,
    chip: ChipLike,
    *,
    overrides: Mapping[str, object] | None = None,
    batch: int | None = None,
    dims: Mapping[str, int] | None = None,
    tie: Sequence[str] = (),
    untie: Sequence[str] = (),
    freeze: Sequence[str] = (),
    random_weights: int | None = None,
    schedules: SchedulesLike | None = None,
    **options: Option,
) -> Schedules:
    """The schedules that `compile` would use, each with its estimate; arguments and errors are the same.
    `schedules` are those that hold: of them the estimate is told too. Nothing is lowered or run.

    >>> chosen = arsis.schedules("lenet5", "edge", batch=8)
    >>> conv = chosen["conv1/fwd/conv2d+bias_add+relu"]
    >>> conv.strategy, conv.estimate.cycles > 0
    ('weight_stationary', True)
    >>> program = arsis.compile("lenet5", "edge", batch=8, schedules=chosen)
    """
    name, changed = resolve(chip, overrides)
    text, found = _arsis.schedules(
        Model(model).source,
        name,
        overrides=changed,
        batch=batch,
        dims=dict(dims or {}),
        tie=list(tie),
        untie=list(untie),
        freeze=list(freeze),
        random_weights=random_weights,
        **native_options(options, schedules),
    )
    return scheduling.from_native(text, found)


compile.__doc__ = (compile.__doc__ or "").rstrip() + "\n\n" + _arsis.describe_options()
