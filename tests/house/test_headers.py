# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every header outside MLIR includes what it needs: it compiles alone."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from house import ROOT, build_folder, tracked

FOLDERS = [
    "arch_configs",
    "dialects/Isa/Encoding",
    "dialects/Isa/Numerics",
    "dialects/Isa/Verifier",
    "dialects/NN/Structure",
    "runtime/common",
    "runtime/cpu",
    "simulator",
]


def errors_of(header: str, includes: list[Path]) -> str:
    """What the compiler says of a file that includes `header` alone; empty if it compiles."""
    command = ["g++", "-std=c++17", "-fsyntax-only", "-x", "c++", *(f"-I{folder}" for folder in includes), "-"]
    run = subprocess.run(command, input=f'#include "{header}"\n', capture_output=True, text=True)
    return "" if run.returncode == 0 else f"{header} does not compile alone:\n{run.stderr[:2000]}"


def test_headers_compile_alone() -> None:
    build = build_folder()
    if build is None:
        pytest.skip("no build folder holds the generated headers")
    headers = [str(path) for path in tracked(".h") if any(Path(folder) in path.parents for folder in FOLDERS)]
    assert len(headers) > 50
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        broken = [error for error in pool.map(lambda header: errors_of(header, [ROOT, build]), headers) if error]
    assert not broken, "\n".join(broken)


def test_a_header_that_leans_on_another_is_caught(tmp_path) -> None:
    (tmp_path / "Leaning.h").write_text("#pragma once\ninline std::string text() { return {}; }\n")
    (tmp_path / "Standing.h").write_text("#pragma once\n#include <string>\ninline std::string text() { return {}; }\n")
    assert "Leaning.h does not compile alone" in errors_of("Leaning.h", [tmp_path])
    assert errors_of("Standing.h", [tmp_path]) == ""
