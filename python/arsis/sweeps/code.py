# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which compiler, simulator and Python code this is: a rebuilt checkout must not reuse what another one computed."""

from __future__ import annotations

import hashlib
import re
import subprocess
from functools import cache
from pathlib import Path

import _arsis

OWN = ("_arsis", "libarsis")  # how the files of our own native code begin, in lower case
OTHERS = ("libmlir", "libllvm", "libsystemc", "libdnnl", "libonnx")  # libraries that results rest on


def _libraries() -> list[Path]:
    """The native module and the shared objects that it needs; what else this process has loaded is of no account."""
    module = Path(_arsis.__file__)
    needed = subprocess.run(["ldd", module], capture_output=True, text=True, check=True).stdout
    return [module, *(Path(path) for path in re.findall(r"=> (/\S+) \(", needed))]


@cache
def code_hash() -> str:
    """SHA-256 over the native code, version and size of the libraries below it, and the package's sources."""
    digest = hashlib.sha256()

    def add(name: str, content: bytes) -> None:
        digest.update(f"{name}\0{len(content)}\0".encode() + content)

    for path in sorted(_libraries(), key=lambda path: path.name):
        name = path.name.lower()
        if name.startswith(OWN):
            add(path.name, path.read_bytes())
        elif name.startswith(OTHERS):
            add(path.resolve().name, str(path.stat().st_size).encode())
    package = Path(__file__).resolve().parents[1]
    for source in sorted(package.rglob("*.py")):
        add(str(source.relative_to(package)), source.read_bytes())
    return digest.hexdigest()
