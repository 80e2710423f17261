# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sweeps over chips, models and options: `arsis.sweep`, stores, search. docs/guide_sweeps.md shows them.

space (what varies) -> jobs (keys) -> drive (what the store lacks) -> local or dask_executor -> runner -> worker ->
evaluate (what is reused) -> store -> result.
"""

from arsis.sweeps.drive import sweep
from arsis.sweeps.lock import StoreError
from arsis.sweeps.result import MissingPackage, SweepResult, read_result
from arsis.sweeps.runner import WorkerError
from arsis.sweeps.search import search
from arsis.sweeps.sensitivity import Sensitivity, sensitivity
from arsis.sweeps.space import Space, SpaceError
from arsis.sweeps.store import Store

__all__ = [
    "MissingPackage",
    "Sensitivity",
    "Space",
    "SpaceError",
    "Store",
    "StoreError",
    "SweepResult",
    "WorkerError",
    "read_result",
    "search",
    "sensitivity",
    "sweep",
]
