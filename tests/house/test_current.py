# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is derived or described in data is current: the generated pages of instructions and DRAM, the chips."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from house import ROOT, build_folder, tracked

CHIPS = [p for p in tracked(".yaml") if p.parent in {Path("arch_configs/chips"), Path("tests/e2e/chips")}]
BUILD = build_folder()
needs_build = pytest.mark.skipif(BUILD is None, reason="no build folder holds the tools")


def tblgen() -> str:
    """The llvm-tblgen that the build uses."""
    found = re.search(r"^ARSIS_LLVM_TBLGEN:\w+=(\S+)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    assert found, "CMakeCache.txt has no ARSIS_LLVM_TBLGEN"
    return found[1]


def check_isa_page(page: Path) -> subprocess.CompletedProcess:
    description = ROOT / "dialects/Isa/isa.td"
    generator = [sys.executable, "-B", str(ROOT / "dialects/Isa/gen/generate.py"), "--tblgen", tblgen()]
    command = [*generator, "--td", str(description), "--docs", "--check", str(page)]
    return subprocess.run(command, capture_output=True, text=True)


@needs_build
def test_isa_page_is_current(tmp_path) -> None:
    page = ROOT / "docs/isa.md"
    run = check_isa_page(page)
    assert run.returncode == 0, run.stderr
    stale = tmp_path / "isa.md"
    stale.write_text(page.read_text() + "one line more\n")
    assert check_isa_page(stale).returncode != 0


@needs_build
@pytest.mark.parametrize("chip", CHIPS, ids=str)
def test_chip_loads(chip: Path) -> None:
    run = subprocess.run([BUILD / "bin/arsis-chip", "show", ROOT / chip], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"{chip.stem}: ")


@needs_build
def test_dram_page_is_current() -> None:
    run = subprocess.run([BUILD / "bin/arsis-dram", "table"], capture_output=True, text=True, check=True)
    assert run.stdout == (ROOT / "docs/dram.md").read_text(), "run: arsis-dram table > docs/dram.md"


def test_there_are_chips() -> None:
    assert {path.parent for path in CHIPS} == {Path("arch_configs/chips"), Path("tests/e2e/chips")}
