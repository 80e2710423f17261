# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a point of a space to a job that a worker can do, and to the key under which its result is kept."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import arsis
from arsis.models import Model, cache_folder, model_path
from arsis.sweeps.code import code_hash
from arsis.sweeps.space import CASE, Point, Space, SpaceError, base_values, chip_keys, chip_value
from arsis.sweeps.values import plain, text_of


class Proto(Protocol):
    """A model as the onnx package holds it."""

    def SerializeToString(self) -> bytes: ...


KEY_VERSION = 1  # of what goes into a key
ENERGY = ("energy.", "technology.")  # keys that neither a program nor its time depends on


@dataclass
class Job:
    """One point as a worker needs it: plain data, so that it travels."""

    key: str  # of everything that determines the result
    program: str  # of everything that could determine the program: jobs of one value are done in a row
    timing: str  # of everything that could determine the times
    point: dict[str, object]  # as the space has it
    model: str  # file
    content: str  # hash of the model
    train: bool
    chip: str
    overrides: dict[str, str]
    compile_overrides: dict[str, str]  # of the chip that the compiler is told
    imports: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    measure: str = ""  # MODULE:FUNCTION or FILE.py:FUNCTION, called with the point and its report
    report: bool = False  # whether the report travels back
    reuse: bool = True


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def measure_source(measure: str) -> Path:
    """The file of a measure. Raises SpaceError."""
    module, colon, function = measure.rpartition(":")
    if not colon or not function.isidentifier():
        raise SpaceError("measure", f"found '{measure}', expected MODULE:FUNCTION or FILE.py:FUNCTION")
    if module.endswith(".py"):
        path = Path(module)
    else:
        try:
            found = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            found = None
        path = Path(found.origin) if found and found.origin else Path(module)
    if not path.is_file():
        raise SpaceError("measure", f"there is no module {module}")
    return path.resolve()


class JobMaker:
    """Jobs of one space; finds each model once and keeps its hash."""

    def __init__(self, space: Space, measure: str = "", report: bool = False, reuse: bool = True) -> None:
        self.space = space
        self.report, self.reuse = report, reuse
        self.measure, self._measure_hash = "", ""
        if measure:
            source = measure_source(measure)
            self.measure = f"{source}:{measure.rpartition(':')[2]}"
            self._measure_hash = hashlib.sha256(source.read_bytes()).hexdigest()
        self._models: dict[int | str, tuple[str, str, str]] = {}
        held = {key for pattern in space.hold for key in fnmatch.filter(chip_keys(), pattern)}
        self._held = frozenset(held)

    def _model(self, given: object) -> tuple[str, str, str]:
        """File, hash of its content, and what the model is called."""
        place = given if isinstance(given, str) else id(given)
        if place not in self._models:
            self._models[place] = self._find_model(given)
        return self._models[place]

    def _find_model(self, given: object) -> tuple[str, str, str]:
        if isinstance(given, str):
            try:
                path = Path(given) if given.endswith(".mlir") else model_path(given, cache_folder())
                return str(path.resolve()), Model(path).sha256, given
            except arsis.Error as error:
                raise SpaceError("model", str(error)) from None
        content = given if isinstance(given, bytes) else cast(Proto, given).SerializeToString()
        name = hashlib.sha256(content).hexdigest()
        path = cache_folder() / f"{name}.onnx"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(content)
            os.replace(file.name, path)
        return str(path), name, f"model {name[:12]}"

    def __call__(self, point: Point) -> Job:
        space = self.space
        chip = space.chip_of(point["chip"])
        model, content, called = self._model(point["model"])
        overrides, compiled = dict(chip.overrides), dict(chip.overrides)
        imports: dict[str, Any] = {}
        options: dict[str, Any] = {}
        dims: dict[str, int] = {}
        for name, value in point.items():
            if name in chip_keys():
                overrides[name] = text_of(value)
                if name not in self._held:
                    compiled[name] = overrides[name]
            elif name in ("batch", "random_weights"):
                imports[name] = value
            elif name.startswith("dims."):
                dims[name[5:]] = value
            elif name in ("tie", "untie", "freeze"):
                imports[name] = list(value) if isinstance(value, list | tuple) else [value]
            elif name not in ("model", "chip", CASE) and name not in space.variables:
                options[name] = list(value) if isinstance(value, list | tuple) else value
                if name == "mapping" and value:  # a worker may run in another folder
                    options[name] = str(Path(str(value)).resolve())
        if dims:
            imports["dims"] = dims
        train = bool(options.get("train", False))
        values = base_values(chip.base) | {key: chip_value(key, text) for key, text in overrides.items()}
        asked = base_values(chip.base) | {key: chip_value(key, text) for key, text in compiled.items()}
        common = [KEY_VERSION, code_hash(), content, imports, options, self._measure_hash]
        files = [self._content(options[name]) for name in ("mapping",) if options.get(name)]
        program = {key: value for key, value in asked.items() if not key.startswith(ENERGY)}
        timing = {key: value for key, value in values.items() if not key.startswith(ENERGY)}
        return Job(
            key=_digest([common, files, asked, values]),
            program=_digest([common, files, chip.base, program]),
            timing=_digest([common, files, chip.base, program, timing]),
            point={**point, "model": called},
            model=model,
            content=content,
            train=train,
            chip=chip.base,
            overrides=overrides,
            compile_overrides=compiled,
            imports=imports,
            options=options,
            measure=self.measure,
            report=self.report,
            reuse=self.reuse,
        )

    @staticmethod
    def _content(path: object) -> str:
        """A file that an option names counts by what is in it."""
        try:
            return hashlib.sha256(Path(str(path)).read_bytes()).hexdigest()
        except OSError:
            return ""  # the compiler will say so, in the row of the point


def grouped(jobs: list[Job]) -> list[list[Job]]:
    """Jobs that may share a program together, in order of first appearance; within, those that share times."""
    programs: dict[str, dict[str, list[Job]]] = {}
    for job in jobs:
        programs.setdefault(job.program, {}).setdefault(job.timing, []).append(job)
    return [[job for together in timings.values() for job in together] for timings in programs.values()]


def input_columns(job: Job) -> dict[str, object]:
    """What a row says of a point: its parameters, and the chip's own values of every key that the space sets."""
    columns: dict[str, object] = {}
    for name, value in job.point.items():
        columns[name] = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
    for name, text in job.overrides.items():
        columns[name] = plain(chip_value(name, text))
    return columns


def chip_columns(job: Job, names: list[str]) -> dict[str, object]:
    """Values of the keys of a chip among `names` that the point leaves as the chip's file has them. An energy that the
    file leaves out is none: it is a function of the point's other keys."""
    base = base_values(job.chip)
    return {name: plain(base[name]) for name in names if name in base and name not in job.overrides}
