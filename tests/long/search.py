# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Search on a space of 2,000 points that brute force knows: 200 evaluations, ten seeds, each sampler against random.

The share of the front's hypervolume (time, energy and area; reference point: 1.1 times the worst of each objective).
Exit status 1 where the median of TPE or NSGA-II is below 98 %, or not above that of random search.
"""

import sys
import tempfile
import time
from pathlib import Path

import arsis
import numpy as np
from arsis.sweeps.pareto import hypervolume

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from tiny_model import tiny_model  # noqa: E402

OBJECTIVES = ["time_ns", "energy_pj", "area"]
SPACE = {
    "chip": "tiny",
    "train": True,
    "batch": 64,
    "matrix.rows": [2, 4, 8, 16, 32],
    "matrix.cols": [2, 4, 8, 16, 32],
    "vector.lanes": [2, 4, 8, 16, 32],
    "scratchpad.kib": [8, 16, 32, 64],
    "dram.bandwidth_gbps": [0.8, 1.6, 3.2, 6.4],
    # mm2 of a made-up process: what counts is that everything costs
    "let": {"memory": "=0.05 * scratchpad.kib + 0.3 * dram.bandwidth_gbps"},
    "measures": {"area": "0.01 * matrix.rows * matrix.cols + 0.02 * vector.lanes + memory"},
}


def values(rows: object) -> np.ndarray:
    return np.array([[row[name] for name in OBJECTIVES] for row in rows])


def main() -> None:
    medians = {}
    with tempfile.TemporaryDirectory() as folder:
        space = {"model": str(tiny_model(Path(folder) / "m.onnx", hidden=32)), **SPACE}
        store = Path(folder) / "s.sqlite"
        begin = time.monotonic()
        result = arsis.sweep(space, objectives=OBJECTIVES, store=store, progress=False)
        reference = 1.1 * values(result).max(axis=0)
        whole = hypervolume(values(result.pareto()), reference)
        print(
            f"{len(result)} points, {len(result.pareto())} on the front, {time.monotonic() - begin:.0f} s", flush=True
        )
        for sampler in ("random", "tpe", "nsga2"):
            shares = []
            for seed in range(10):
                found = arsis.search(space, objectives=OBJECTIVES, evaluations=200, sampler=sampler, seed=seed,
                                     store=store, workers=1, progress=False)  # fmt: skip
                shares.append(hypervolume(values(found.pareto()), reference) / whole)
            medians[sampler] = float(np.median(shares))
            print(f"{sampler:7} median {medians[sampler]:.4f}, worst {min(shares):.4f}", flush=True)
    if not all(medians[sampler] >= 0.98 and medians[sampler] > medians["random"] for sampler in ("tpe", "nsga2")):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
