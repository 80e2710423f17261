# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks random graphs by number, by hand or for hours; what fails is shrunk and written down.

    PYTHONPATH=python:build/release/python .venv/bin/python tests/fuzz/graphs/run.py --first 0 --count 2000

Exit status 1 if a graph failed. A graph that kills the process is named in the log. Ctrl-C ends with what is known."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import graph_shrinker
from graph_check import Verdict, check
from graph_grower import Graph, graph


def verdict_of(made: Graph) -> Verdict:
    """Of a check that may throw."""
    try:
        return check(made)
    except Exception as error:  # whatever it is, it is found
        return Verdict("crash", f"{type(error).__name__}: {error}")


def report(seed: int, made: Graph, verdict: Verdict, folder: Path) -> None:
    small = graph_shrinker.shrink(made, lambda each: verdict_of(each).kind == verdict.kind)
    last = verdict_of(small)
    path = folder / f"graph{seed}.onnx"
    graph_shrinker.save(small, str(path))
    print(f"seed {seed}: {verdict.kind}: {verdict.message}")
    print(f"  {graph_shrinker.size(made)} nodes, shrunk to {graph_shrinker.size(small)}: {last.message}")
    print(f"  {graph_shrinker.command(small, str(path))}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("out/graphs"), help="folder of what fails")
    parser.add_argument("--log", type=Path, help="file that names the graph that is being checked")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    began = time.process_time()
    try:
        for seed in range(given.first, given.first + given.count):
            if given.log:
                given.log.write_text(f"{seed}\n")
            made = graph(seed)
            verdict = verdict_of(made)
            found[verdict.kind or "agrees"] += 1
            if verdict.kind == "refused":
                reasons[verdict.message.splitlines()[-1][:120]] += 1
            if verdict.failed:
                report(seed, made, verdict, given.out)
    except KeyboardInterrupt:
        print("stopped")
    seconds, last = time.process_time() - began, given.first + found.total() - 1
    print(f"seeds {given.first} to {last}: {dict(found)}, {seconds:.0f} s of processor time")
    for reason, count in reasons.most_common(20):
        print(f"  refused {count}: {reason}")
    return int(any(kind not in ("agrees", "refused") for kind in found))


if __name__ == "__main__":
    sys.exit(main())
