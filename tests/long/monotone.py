# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Climbs every ladder of `tests/e2e/monotone.py`: chips that differ in one resource, training steps compiled and run
again for each. Prints the cycles, marks steps that are slower with more, and fails if one is by more than is allowed.
Part of `make check-long`; about a quarter of an hour on one core.

    python tests/long/monotone.py [--chip NAME ...] [--net NAME ...]
"""

import argparse
import sys
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import monotone  # noqa: E402
from arsis import models  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--chip", nargs="+", default=monotone.CHIPS, choices=monotone.CHIPS)
    parser.add_argument("--net", nargs="+", default=monotone.NETS, choices=monotone.NETS)
    arguments = parser.parse_args()
    steps, rises, worst = 0, [], 1.0
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(scratch)
        for net in arguments.net:
            model = models.model_path(net, folder)
            for chip in arguments.chip:
                for key in [*monotone.COUNTS, *monotone.SCALES]:
                    values = monotone.ladder(chip, key)
                    found = [monotone.cycles(model, chip, key, value, folder) for value in values]
                    print(f"{net:8} {chip:10} {key:26}", *found, flush=True)
                    for (low, less), (high, more) in pairwise(zip(values, found, strict=True)):
                        steps += 1
                        if less is None:
                            continue
                        worst = max(worst, float("inf") if more is None else more / less)
                        step = monotone.Step(net, chip, key, low, high)
                        if more is None or more > monotone.allowed(step, less) * less:
                            rises.append(f"{net} on {chip}: {key} from {low} to {high}: {less} to {more} cycles")
    print(f"{steps} steps, the worst {100 * (worst - 1):.2f} % slower, {len(rises)} by more than is allowed")
    print(*rises, sep="\n")
    return 1 if rises else 0


if __name__ == "__main__":
    sys.exit(main())
