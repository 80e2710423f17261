# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""1,000 points, killed twice with SIGKILL on the way and gone on with, have the rows of a run that nobody killed; so
have they through a Dask cluster of two workers, one of them killed on the way.

Array shape x scratchpad x bandwidth x batch on LeNet-5 and the 8-layer ResNet, timing only; the compiler is told one
bandwidth, so that 200 programs serve all points. Exit status 1 where a row differs.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arsis.sweeps import Store, StoreError
from arsis.sweeps.store import CIRCUMSTANCES

SPACE = {
    "model": ["lenet5", "resnet8"],
    "chip": "edge",
    "train": True,
    "cases": [
        {"matrix.rows": rows, "matrix.cols": columns}
        for rows, columns in [(8, 8), (8, 32), (16, 16), (32, 8), (32, 32)]
    ],
    "scratchpad.kib": [128, 192, 256, 384, 512],
    "batch": [4, 8, 16, 32],
    "dram.bandwidth_gbps": [3.2, 6.4, 12.8, 25.6, 51.2],
    "hold": "dram.*",
}
DRIVER = """
import arsis, json, sys
space, store, settings = sys.argv[1:]
arsis.sweep(json.loads(space), store=store, progress=False, **json.loads(settings))
"""


def driver(store: Path, points: int, **settings: object) -> subprocess.Popen:
    space = dict(SPACE)
    if points < 1000:
        space |= {"model": "lenet5", "scratchpad.kib": [128, 256], "batch": [4, 8][: max(1, points // 50)]}
    return subprocess.Popen([sys.executable, "-c", DRIVER, json.dumps(space), str(store), json.dumps(settings)])


def rows(store: Path) -> list[dict]:
    try:
        with Store(store) as opened:
            return opened.rows() if opened.sweeps() else []
    except StoreError:
        return []


def wait_for(store: Path, count: int, process: subprocess.Popen) -> None:
    while len(rows(store)) < count and process.poll() is None:
        time.sleep(0.2)


def descendants(pid: int) -> list[int]:
    children = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    found = [int(each) for each in " ".join(children).split()]
    return found + [below for each in found for below in descendants(each)]


def dask_workers(pid: int) -> list[int]:
    """Processes that a nanny has started."""
    return [each for each in descendants(pid) if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


def numbers(store: Path) -> list[dict]:
    return [{name: value for name, value in row.items() if name not in CIRCUMSTANCES} for row in rows(store)]


def finish(process: subprocess.Popen) -> None:
    if process.wait():
        raise SystemExit(f"a driver ended with exit status {process.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--points", type=int, default=1000, help="1000, or fewer for a trial")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the moments of the kills")
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    print(f"seed {arguments.seed}, load {os.getloadavg()}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        whole, killed, dask = (Path(folder) / f"{name}.sqlite" for name in ("whole", "killed", "dask"))
        begin = time.monotonic()
        finish(driver(whole, arguments.points))
        total = len(rows(whole))
        print(f"{total} points in {time.monotonic() - begin:.0f} s", flush=True)
        for part in (1 / 3, 2 / 3):
            process = driver(killed, arguments.points)
            wait_for(killed, int(total * part * moments.uniform(0.3, 1)), process)
            process.kill()
            process.wait()
            print(f"killed with {len(rows(killed))} of {total} rows", flush=True)
        finish(driver(killed, arguments.points))
        process = driver(dask, arguments.points, executor="dask", workers=2)
        wait_for(dask, int(total * moments.uniform(0.2, 0.8)), process)
        os.kill(dask_workers(process.pid)[0], signal.SIGKILL)
        print(f"killed a Dask worker with {len(rows(dask))} of {total} rows", flush=True)
        finish(process)
        expected = numbers(whole)
        held = [row["worker_mib"] for row in sorted(rows(whole), key=lambda row: row["finished"])]
        tenth = len(held) // 10
        print(f"workers held {max(held[:tenth]):.0f} MiB in the first tenth, {max(held[-tenth:]):.0f} MiB in the last")
        failures = sum(row["status"] != "ok" for row in expected)
        same = {store.stem: numbers(store) == expected for store in (killed, dask)}
        print(f"{len(expected)} rows, {failures} failed, equal to the unkilled run: {same}, load {os.getloadavg()}")
        if not all(same.values()):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
