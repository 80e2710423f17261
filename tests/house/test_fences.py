# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Code depends one way: which folder may include what (docs/architecture.md, "Who may include whom")."""

import re
from pathlib import Path

import pytest
from house import ROOT, tracked

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
MLIR = re.compile(r"^(mlir|llvm|mlir-c|llvm-c)/")
SYSTEMC = re.compile(r"^(systemc|tlm|sysc|tlm_utils)")
TESTS = re.compile(r"^tests/")
# What only the compiler's side of the tree knows: dialects of MLIR and the passes over them.
COMPILER_SIDE = re.compile(r"^(dialects/(NN(?!/Structure/)|Tile|Isa/IR)|compiler)/")
STRUCTURE = re.compile(r"^dialects/NN/Structure/")
MLIR_FREE = {
    "dialects/Isa/Numerics": "the numerics depend on nothing",
    "dialects/Isa/Encoding": "the encoding is the contract with the machine",
    "dialects/Isa/Verifier": "the verifier reads binaries only",
    "dialects/NN/Structure": "whoever schedules a structure need not know MLIR",
    "arch_configs": "one reader serves compiler and machine",
    "timing": "compiler and machine both read the closed forms of time",
    "technology": "figures of silicon know no chip and no program",
    "power": "machine, tools and Python read the cost of a chip's parts",
    "compiler/Schedule": "schedules are priced and tested without MLIR",
    "simulator": "the machine knows no MLIR",
    "runtime/cpu": "reference kernels are plain C++",
    "runtime/common": "reference kernels are plain C++",
}

# (folder whose files are held, pattern of an include that is forbidden there, why)
FENCES = [
    *[(folder, MLIR, why) for folder, why in MLIR_FREE.items()],
    *[(folder, COMPILER_SIDE, why) for folder, why in MLIR_FREE.items() if folder != "compiler/Schedule"],
    (
        "compiler/Schedule",
        re.compile(r"^(dialects/(NN(?!/Structure/)|Tile|Isa/IR)|compiler/(?!Schedule/))"),
        "schedules know structures and closed forms, not passes",
    ),
    (
        "dialects/Isa/Numerics",
        re.compile(r"^(?!dialects/Isa/Numerics/)(arch_configs|dialects|compiler|simulator|runtime)/"),
        "the numerics depend on nothing",
    ),
    (
        "dialects/NN/Structure",
        re.compile(
            r"^(?!dialects/(NN/Structure|Isa/Numerics)/)(arch_configs|dialects|timing|compiler|simulator|runtime)/"
        ),
        "a structure knows the numerics and nothing else",
    ),
    *[
        (folder, STRUCTURE, "machine and closed forms know programs, not operations")
        for folder in ("dialects/Isa", "arch_configs", "timing", "simulator")
    ],
    ("runtime", STRUCTURE, "a structure that the reference shared would certify its own error"),
    ("dialects", SYSTEMC, "the vocabulary knows no SystemC"),
    ("compiler", SYSTEMC, "the compiler knows no SystemC"),
    ("runtime", SYSTEMC, "the reference knows no SystemC"),
    ("arch_configs", SYSTEMC, "one reader serves compiler and machine"),
    ("arch_configs", re.compile(r"^(timing|simulator|runtime)/"), "one reader serves compiler and machine"),
    ("timing", SYSTEMC, "the closed forms of time know no SystemC"),
    ("technology", SYSTEMC, "figures of silicon know no machine"),
    (
        "technology",
        re.compile(r"^(?!dialects/Isa/Numerics/)(arch_configs|dialects|power|timing|compiler|simulator|runtime)/"),
        "plain numbers in, plain numbers out",
    ),
    ("power", SYSTEMC, "what a part costs needs no machine"),
    ("power", re.compile(r"^(timing|compiler|simulator|runtime)/"), "figures lie below those who count"),
    ("arch_configs", re.compile(r"^power/"), "a chip is read before it is priced"),
    ("runtime", re.compile(r"^(technology|power)/"), "the reference knows no chip"),
    ("timing", re.compile(r"^(simulator|runtime)/"), "the closed forms lie below those who read them"),
    ("simulator", re.compile(r"^runtime/"), "machine and reference share only Numerics"),
    ("runtime", re.compile(r"^(simulator|timing)/"), "machine and reference share only Numerics"),
    ("runtime", re.compile(r"^compiler/"), "the reference walks nn, it is no part of the compiler"),
    ("compiler", re.compile(r"^(simulator|runtime)/"), "the compiler neither runs nor checks a step"),
    ("dialects", re.compile(r"^(timing|compiler|simulator|runtime)/"), "the vocabulary comes first"),
    ("", re.compile(r"^(python|tools)/"), "nothing includes what a person starts"),
    ("", TESTS, "only tests include tests"),
]
# Includes that cross a fence all the same: (including file, included file) and the reason.
EXCEPTIONS: dict[tuple[str, str], str] = {}


def violations(root: Path, paths: list[Path], folder: str, forbidden: re.Pattern) -> set[tuple[str, str]]:
    """(file, include) for each forbidden include of the C++ files and TableGen files of `paths` under `folder`."""
    found = set()
    for path in paths:
        free = {"tests"} if forbidden is TESTS else {"python", "tools", "tests"}  # of the fences around all folders
        if (Path(folder) not in path.parents) if folder else (path.parts[0] in free):
            continue
        includes = INCLUDE.findall((root / path).read_text(encoding="utf-8"))
        found |= {(str(path), name) for name in includes if forbidden.search(name)}
        found |= {(str(path), name) for name in relative(path, includes) if forbidden.search(name)}
    return found


def relative(path: Path, includes: list[str]) -> list[str]:
    """Includes such as "../../NN/IR/Ops.h", as paths from the root."""
    names = []
    for name in includes:
        parts = list(path.parent.parts)
        for part in Path(name).parts if name.startswith(".") else ():
            if part == "..":
                parts = parts[:-1]
            else:
                parts.append(part)
        names += ["/".join(parts)] if name.startswith(".") else []
    return names


IDS = [f"{folder or 'all'}-{number}" for number, (folder, _, _) in enumerate(FENCES)]


@pytest.mark.parametrize("folder,forbidden,why", FENCES, ids=IDS)
def test_fence(folder: str, forbidden: re.Pattern, why: str) -> None:
    broken = violations(ROOT, tracked(".h", ".cpp", ".td"), folder, forbidden) - EXCEPTIONS.keys()
    assert not broken, f"{why}:\n" + "\n".join(f"{path}: includes {name}" for path, name in sorted(broken))


def test_no_exception_is_idle() -> None:
    crossing = [violations(ROOT, tracked(".h", ".cpp", ".td"), folder, forbidden) for folder, forbidden, _ in FENCES]
    assert set(EXCEPTIONS) <= set().union(*crossing)


# A file to plant and an include in it that some fence must catch.
PLANTED = [
    ("simulator/top/Machine.cpp", "dialects/NN/IR/NNOps.h"),
    ("simulator/top/Machine.cpp", "../../dialects/NN/IR/NNOps.h"),
    ("simulator/units/Work.h", "dialects/Isa/IR/IsaOps.h"),
    ("simulator/units/Work.h", "compiler/Target/Translate.h"),
    ("simulator/units/Work.h", "runtime/common/Npz.h"),
    ("simulator/units/Work.h", "mlir/IR/Builders.h"),
    ("runtime/cpu/Relu.cpp", "dialects/Tile/IR/TileOps.h"),
    ("runtime/common/Npz.cpp", "dialects/NN/IR/NNOps.h"),
    ("runtime/Interpreter/Interpreter.cpp", "simulator/top/Session.h"),
    ("dialects/Isa/Encoding/Program.h", "dialects/Isa/IR/IsaOps.h"),
    ("dialects/Isa/Verifier/Verifier.cpp", "llvm/ADT/SmallVector.h"),
    ("dialects/Isa/Numerics/Functions.h", "dialects/Isa/Encoding/Program.h"),
    ("dialects/NN/Structure/Structure.h", "dialects/NN/IR/NNInterfaces.h"),
    ("dialects/NN/Structure/Structure.h", "dialects/Isa/Encoding/Limits.h"),
    ("dialects/NN/Structure/Verify.cpp", "llvm/ADT/ArrayRef.h"),
    ("dialects/NN/Structure/Verify.cpp", "timing/Banks.h"),
    ("dialects/Isa/Verifier/Verifier.cpp", "dialects/NN/Structure/Structure.h"),
    ("timing/Banks.h", "dialects/NN/Structure/Structure.h"),
    ("simulator/units/Work.h", "dialects/NN/Structure/Structure.h"),
    ("runtime/cpu/Relu.cpp", "dialects/NN/Structure/Structure.h"),
    ("runtime/Interpreter/Interpreter.cpp", "../../dialects/NN/Structure/Structure.h"),
    ("arch_configs/reader/Chip.cpp", "compiler/Transforms/Map/Map.h"),
    ("timing/Banks.h", "simulator/memory/Scratchpad.h"),
    ("timing/Banks.h", "compiler/Transforms/Map/Map.h"),
    ("timing/Banks.h", "dialects/Tile/IR/TileOps.h"),
    ("timing/Banks.h", "runtime/common/HostTensor.h"),
    ("timing/Banks.h", "mlir/IR/Builders.h"),
    ("timing/Banks.h", "systemc"),
    ("runtime/cpu/Relu.cpp", "timing/Banks.h"),
    ("arch_configs/reader/Chip.cpp", "timing/Banks.h"),
    ("arch_configs/reader/Chip.cpp", "power/PowerModel.h"),
    ("technology/Sram.h", "arch_configs/reader/Chip.h"),
    ("technology/Sram.h", "systemc"),
    ("technology/Sram.h", "mlir/IR/Builders.h"),
    ("power/PowerModel.h", "simulator/base/Events.h"),
    ("power/PowerModel.h", "systemc"),
    ("runtime/cpu/Relu.cpp", "power/PowerModel.h"),
    ("compiler/Schedule/Price.cpp", "llvm/ADT/SmallVector.h"),
    ("compiler/Schedule/Unit.h", "dialects/NN/IR/NNDialect.h"),
    ("compiler/Schedule/Unit.h", "compiler/Transforms/Map/Units.h"),
    ("compiler/Pipelines/Compile.cpp", "simulator/top/Session.h"),
    ("compiler/Pipelines/Compile.cpp", "runtime/common/HostTensor.h"),
    ("compiler/Pipelines/Compile.cpp", "systemc"),
    ("compiler/Pipelines/Compile.cpp", "tests/simulator/Support.h"),
    ("tools/arsis-sim/main.cpp", "tests/simulator/Support.h"),
    ("python/bindings/Module.cpp", "tests/simulator/Support.h"),
    ("dialects/NN/IR/NNOps.td", "compiler/Pipelines/Options.h"),
    ("simulator/top/Session.cpp", "tools/arsis-sim/Options.h"),
]


@pytest.mark.parametrize("path,include", PLANTED, ids=[f"{p}-{n}" for n, (p, _) in enumerate(PLANTED)])
def test_a_planted_violation_is_caught(path: str, include: str, tmp_path) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(
        f'#include <vector>\n#include "dialects/Isa/Numerics/ElementType.h"\n#include "{include}"\n'
    )
    caught = set().union(*(violations(tmp_path, [Path(path)], folder, forbidden) for folder, forbidden, _ in FENCES))
    assert {name for _, name in caught} & {include, include.replace("../../", "")}
    (tmp_path / path).write_text('#include <vector>\n#include "dialects/Isa/Numerics/ElementType.h"\n')
    assert not any(violations(tmp_path, [Path(path)], folder, forbidden) for folder, forbidden, _ in FENCES)
