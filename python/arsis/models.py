# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models: a file, the bytes of one, an ONNX proto, or the name of a recipe in models/, which is run once and kept."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

import _arsis
from _arsis import Error, FileError, ModelError

if TYPE_CHECKING:
    from onnx import ModelProto

ModelLike: TypeAlias = "str | os.PathLike[str] | bytes | ModelProto | Model"

FILES = (".onnx", ".mlir")


class Model:
    """What is compiled: the path of an .onnx file or of the text of any level (.mlir), the bytes of an ONNX
    model, an `onnx.ModelProto`, or the name of a recipe ("lenet5").

    Raises FileError for a file that is not there, ModelError for a name that is none. Whether the file holds a
    model shows when it is compiled.

    >>> arsis.Model("lenet5")
    <Model lenet5>
    """

    def __init__(self, source: ModelLike, name: str | None = None) -> None:
        """`name` is for people: by default that of the file or the recipe."""
        self.path: Path | None = None
        self.content: bytes | None = None  # of a model without a file
        if isinstance(source, Model):
            self.path, self.content, default = source.path, source.content, source.name
        elif isinstance(source, bytes):
            self.content, default = source, "<bytes>"
        elif isinstance(source, (str, os.PathLike)):
            text = os.fspath(source)
            is_file = isinstance(source, os.PathLike) or text.endswith(FILES)
            self.path = existing(Path(text)) if is_file else model_path(text, cache_folder())
            default = self.path.stem if is_file else text
        elif hasattr(source, "SerializeToString"):  # of onnx, which need not be there
            self.content = source.SerializeToString()
            default = source.graph.name or "<proto>"
        else:
            raise TypeError(f"model: found {source!r}, expected a path, bytes, an ONNX proto or the name of a recipe")
        self.name: str = name or default

    @property
    def source(self) -> Path | bytes:
        """What the native module takes."""
        if self.path is not None:
            return self.path
        assert self.content is not None
        return self.content

    def read(self) -> bytes:
        """The bytes of the model. Raises FileError."""
        if self.content is not None:
            return self.content
        assert self.path is not None
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise FileError(f"{self.path}: cannot read the file: {error.strerror}") from None

    @property
    def sha256(self) -> str:
        """Of its bytes, and of the files in which an ONNX file keeps data. Raises FileError."""
        content = self.read()
        digest = hashlib.sha256(content)
        if self.path is not None and self.path.suffix != ".mlir":
            for name in files_beside(content):
                digest.update(f"\0{name}\0{file_digest(self.path.parent, name)}".encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        return f"<Model {self.name}>"


def files_beside(content: bytes) -> list[str]:
    """Names of the files in which an ONNX model keeps data, as it says them; none for what is no ONNX model."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError:
        return []
    nodes = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    tensors = [*model.graph.initializer, *(each.t for node in nodes for each in node.attribute if each.HasField("t"))]
    outside = [tensor for tensor in tensors if tensor.data_location == onnx.TensorProto.EXTERNAL]
    return sorted({each.value for tensor in outside for each in tensor.external_data if each.key == "location"})


def file_digest(folder: Path, name: str) -> str:
    """SHA-256 of a file of the folder; "" where the compiler opens none. Raises FileError."""
    if "\0" in name:
        return ""
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"{folder / name}: cannot read the file: {error.strerror}") from None


def existing(path: Path) -> Path:
    if not path.is_file():
        raise FileError(f"{path}: no such file")
    return path


def cache_folder() -> Path:
    """Where recipes put their models: ARSIS_CACHE, or `arsis` in the user's cache."""
    if "ARSIS_CACHE" in os.environ:
        return Path(os.environ["ARSIS_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "arsis"


def recipes_folder() -> Path:
    """models/ of the source tree, of ARSIS_MODELS, or of the installed package."""
    candidates = [Path(os.environ["ARSIS_MODELS"])] if "ARSIS_MODELS" in os.environ else []
    candidates += [Path(__file__).resolve().parents[2] / "models", Path(__file__).resolve().parent / "recipes"]
    for folder in candidates:
        if (folder / "onnx_builder.py").is_file():
            return folder
    raise FileError("no folder of model recipes; set ARSIS_MODELS")


def load_recipe(file: Path) -> ModuleType:
    """A file of the recipes as a module."""
    spec = importlib.util.spec_from_file_location(f"arsis_recipe_{file.parent.name}_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise Error(f"{file}: cannot be run")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their names
    spec.loader.exec_module(module)
    return module


def recipes() -> dict[str, tuple[Path, Callable[[Path, int], None]]]:
    """By name: the file of the recipe, and what writes a model for a seed. Nothing is imported that a recipe needs."""
    folder = recipes_folder()
    table = folder / "torchvision_builder.py"
    torchvision = load_recipe(table)
    known = {name: (table, torchvision.recipe(name)) for name in torchvision.NETS}
    for file in folder.glob("*/build.py"):
        known[file.parent.name] = (file, lambda path, seed, file=file: load_recipe(file).build(path, seed))
    return known


def recipe_names() -> list[str]:
    return sorted(recipes())


def model_path(name: str, cache: Path, seed: int = 7) -> Path:
    """The ONNX file for `name`; a recipe writes into `cache` under a name that changes when the recipe does."""
    if name.endswith(".onnx"):
        return existing(Path(name))
    known = recipes()
    if name not in known:
        raise ModelError(f"unknown model '{name}', expected an .onnx file or one of {', '.join(sorted(known))}")
    recipe, build = known[name]
    sources = [recipe, *sorted(recipes_folder().glob("*.py"))]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources) + str(seed).encode()).hexdigest()
    path = cache / f"{name}-{digest[:12]}.onnx"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / path.name
            build(made, seed)
            _arsis.write_file(path, made.read_bytes())
    return path
