# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Code depends one way: which folder may include what (docs/architecture.md, "Who may include whom")."""

import re
from pathlib import Path

import pytest
from conftest import text, tracked

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
MLIR = re.compile(r"^(mlir|llvm|mlir-c|llvm-c)/")
SYSTEMC = re.compile(r"^(systemc|tlm|sysc|tlm_utils)")

# (folder whose files are held, pattern of an include that is forbidden there, why)
FENCES = [
    ("dialects/Isa/Numerics", MLIR, "the numerics depend on nothing"),
    ("dialects/Isa/Numerics", re.compile(r"^(?!dialects/Isa/Numerics/)(dialects|compiler|simulator|runtime)/"), "the numerics depend on nothing"),
    ("dialects/Isa/Encoding", MLIR, "the encoding is the contract with the machine"),
    ("dialects/Isa/Verifier", MLIR, "the verifier reads binaries only"),
    ("arch_configs", MLIR, "one reader serves compiler and machine"),
    ("simulator", MLIR, "the machine knows no MLIR"),
    ("runtime/cpu", MLIR, "reference kernels are plain C++"),
    ("runtime/common", MLIR, "reference kernels are plain C++"),
    ("dialects", SYSTEMC, "the vocabulary knows no SystemC"),
    ("compiler", SYSTEMC, "the compiler knows no SystemC"),
    ("runtime", SYSTEMC, "the reference knows no SystemC"),
    ("simulator", re.compile(r"^runtime/"), "machine and reference share only Numerics"),
    ("simulator", re.compile(r"^compiler/"), "the machine reads programs, not the compiler"),
    ("runtime", re.compile(r"^simulator/"), "machine and reference share only Numerics"),
    ("dialects", re.compile(r"^(compiler|simulator|runtime)/"), "the vocabulary comes first"),
    ("", re.compile(r"^(python|tools|tests)/"), "nothing includes what a person starts"),
]


@pytest.mark.parametrize("folder,forbidden,why", FENCES, ids=[f"{f or 'all'}-{i}" for i, (f, _, _) in enumerate(FENCES)])
def test_fence(folder: str, forbidden: re.Pattern, why: str) -> None:
    broken = []
    for path in tracked(".h", ".cpp"):
        if folder and Path(folder) not in path.parents:
            continue
        if not folder and path.parts[0] in {"python", "tools", "tests"}:
            continue
        broken += [f"{path}: includes {name}" for name in INCLUDE.findall(text(path)) if forbidden.search(name)]
    assert not broken, f"{why}:\n" + "\n".join(broken)


def test_fence_catches_a_violation() -> None:
    assert MLIR.search("mlir/IR/Builders.h") and SYSTEMC.search("systemc") and not MLIR.search("dialects/Isa/mlir.h")
