# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How much memory a process holds."""

from __future__ import annotations

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_mib(pid: int) -> float:
    """Resident memory of a process, in MiB; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE / 2**20
    except (OSError, IndexError):
        return 0.0
