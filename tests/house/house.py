# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every house test needs: the repository root, the files that git tracks, the build folder."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE_SUFFIXES = {".cpp", ".h", ".td", ".py"}


def tracked(*suffixes: str) -> list[Path]:
    """Repository-relative paths of tracked files that exist and end in one of `suffixes` (all files if none given)."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [Path(line) for line in listing.splitlines()]
    return [p for p in paths if (ROOT / p).is_file() and (not suffixes or p.suffix in suffixes)]


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def build_folder() -> Path | None:
    """The build folder, configured and built: ARSIS_BUILD, or build/release; None if there is none."""
    folder = Path(os.environ.get("ARSIS_BUILD", ROOT / "build/release"))
    return folder if (folder / "build.ninja").is_file() else None
