# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds a model: a path of an ONNX file, or the name of a recipe in models/, which is then run once and kept."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
from pathlib import Path

import arsis


def recipes_folder() -> Path:
    """models/ of the source tree, of ARSIS_MODELS, or of the installed package."""
    candidates = [Path(os.environ["ARSIS_MODELS"])] if "ARSIS_MODELS" in os.environ else []
    candidates += [Path(__file__).resolve().parents[2] / "models", Path(__file__).resolve().parent / "recipes"]
    for folder in candidates:
        if (folder / "onnx_builder.py").is_file():
            return folder
    raise FileNotFoundError("no folder of model recipes; set ARSIS_MODELS")


def recipe_names() -> list[str]:
    return sorted(path.parent.name for path in recipes_folder().glob("*/build.py"))


def model_path(name: str, cache: Path, seed: int = 7) -> Path:
    """The ONNX file for `name`; a recipe writes into `cache` under a name that changes when the recipe does."""
    if name.endswith(".onnx"):
        if not Path(name).is_file():
            raise FileNotFoundError(f"{name}: no such file")
        return Path(name)
    recipe = recipes_folder() / name / "build.py"
    if not recipe.is_file():
        raise FileNotFoundError(f"unknown model '{name}', expected an .onnx file or one of {', '.join(recipe_names())}")
    sources = [recipe, *sorted(recipes_folder().glob("*.py"))]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources) + str(seed).encode()).hexdigest()
    path = cache / f"{name}-{digest[:12]}.onnx"
    if not path.is_file():
        spec = importlib.util.spec_from_file_location(f"arsis_recipe_{name}", recipe)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / path.name
            module.build(made, seed)
            arsis.write_file(str(path), made.read_bytes())
    return path
