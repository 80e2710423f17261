# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tests of sweeps ask of a store."""

from pathlib import Path

from arsis.sweeps import Store, StoreError
from arsis.sweeps.store import CIRCUMSTANCES


def rows_in(path: Path) -> int:
    """Of the last sweep so far; 0 where the store is not there yet, or just being made."""
    try:
        with Store(path) as store:
            return len(store.rows()) if store.sweeps() else 0
    except StoreError:
        return 0


def numbers(rows) -> list[dict]:
    """The rows without what may differ from run to run."""
    return [{name: value for name, value in row.items() if name not in CIRCUMSTANCES} for row in rows]
