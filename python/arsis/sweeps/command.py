# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`arsis sweep space.yaml` and `arsis page store.sqlite`: a sweep from the command line, and its page."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import arsis

SETTINGS = ("executor", "address", "workers", "time_limit", "memory_limit", "measure", "reports", "retry")
SOME_FAILED = 3  # exit status: every point has a row, some of them are errors

STATUS = (
    "exit status: 0 every point has a result, 3 every point has a row and some are errors, 1 the sweep could not "
    "be done, 130 interrupted (the same command goes on)"
)


def add_sweep(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command to those of the command line."""
    from arsis.arguments import one_of, real, whole

    sweep = commands.add_parser(
        "sweep", help="compute every point of a space, and go on where it stopped", epilog=STATUS
    )
    add = sweep.add_argument
    add("space", type=Path, help="YAML file (docs/guide_sweeps.md)")
    add("--store", type=Path, help="SQLite file of the rows (default: the space's name, .sqlite)")
    add(
        "--objective", action="append", default=[], metavar="EXPRESSION", help="small is good; 'max: EXPRESSION': large"
    )
    add("--search", type=one_of("tpe", "nsga2", "random"), help="let a sampler choose the points")
    add("--evaluations", type=whole(1, 10**7), default=100, help="points of a search")
    add("--seed", type=whole(0, 2**32 - 1), default=0, help="of a search")
    add("--executor", type=one_of("processes", "dask"), default="processes")
    add("--address", help="of Dask's scheduler (default: a cluster of this machine)")
    add("--workers", type=whole(1, 4096), help="default: as many as cores")
    add("--time-limit", type=real(1e-3, 1e9), metavar="SECONDS", help="of each point")
    add("--memory-limit", type=real(1, 1e9), metavar="MIB", help="of each worker")
    add(
        "--measure",
        default="",
        metavar="FILE.py:FUNCTION",
        help="called with a point and its report for further columns",
    )
    add("--reports", action="store_true", help="keep the report of each point in the store")
    add("--retry", action="store_true", help="compute again what timed out, crashed or ran out of memory")
    add("--no-reuse", action="store_true", help="share nothing between points")
    add("--csv", type=Path, help="write the rows as CSV")
    add("--parquet", type=Path, help="write the rows as Parquet")
    add("--page", type=Path, help="write the page of the sweep, as `arsis page` does")


def add_page(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command to those of the command line."""
    from arsis.arguments import whole

    page = commands.add_parser("page", help="make one HTML page of a sweep from its store")
    page.add_argument("store", type=Path, help="SQLite file of the rows")
    page.add_argument("-o", "--output", type=Path, help="page to write (default: beside the store)")
    page.add_argument("--sweep", type=whole(1, 10**9), help="number of the sweep in the store (default: the last)")
    page.add_argument(
        "--objective", action="append", default=[], metavar="EXPRESSION", help="in place of the sweep's own"
    )
    page.add_argument(
        "--reports", type=whole(0, 10**6), default=40, help="how many points open their report, of those kept"
    )


def run_page(arguments: argparse.Namespace) -> int:
    """Does what the command line asks; the exit status."""
    from arsis.sweeps import read_result

    output = arguments.output or arguments.store.with_suffix(".html")
    arsis.refuse_shared_files({"the store": str(arguments.store)}, {"--output": [str(output)]})
    result = read_result(arguments.store, arguments.sweep)
    result.to_html(output, arguments.objective or None, arguments.reports)
    print(f"{len(result):,} points, {len(result.failures):,} failed; page: {output}")
    return 0


def run_sweep(arguments: argparse.Namespace) -> int:
    """Does what the command line asks; the exit status."""
    from arsis.sweeps import search, sweep

    store = arguments.store or arguments.space.with_suffix(".sqlite")
    outputs = {"--store": store, "--csv": arguments.csv, "--parquet": arguments.parquet, "--page": arguments.page}
    arsis.refuse_shared_files(
        {"the space": str(arguments.space)}, {name: [str(path)] for name, path in outputs.items() if path}
    )
    settings = {
        "objectives": arguments.objective or None,
        "store": store,
        **{name: getattr(arguments, name) for name in SETTINGS},
    }
    if arguments.search:
        how = {"sampler": arguments.search, "evaluations": arguments.evaluations, "seed": arguments.seed}
        result = search(arguments.space, **how, **settings)
    else:
        result = sweep(arguments.space, reuse=not arguments.no_reuse, **settings)
    print(result)
    if arguments.csv:
        result.to_csv(arguments.csv)
    if arguments.parquet:
        result.to_parquet(arguments.parquet)
    if arguments.page:
        result.to_html(arguments.page)
    classes = Counter(row["error"] for row in result.failures)
    failed = ", ".join(f"{count:,} {name}" for name, count in classes.most_common())
    print(
        f"\n{len(result):,} points, {len(result.failures):,} failed{f' ({failed})' if failed else ''}; store: {store}"
    )
    return SOME_FAILED if classes else 0
