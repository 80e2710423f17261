# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds the compiler with each mistake of mutants.py and lets the random graphs look for it; prints which graph found
it, and how. A mistake costs the compilation of one file and a link, both beside the build folder, which stays as it is;
up to date it must be.

    PYTHONPATH=python:build/release/python .venv/bin/python tests/fuzz/graphs/catch_mutants.py [--graphs N] [NUMBER ...]

Exit status 1 if a mistake was not found."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mutants import MUTANTS, ROOT, Mutant

LIBRARY = "lib/libArsisMLIR.so"
LONGEST_S = 900  # of all graphs of one mistake; a program that never ends is found by it


def commands(build: Path) -> list[str]:
    """What compiles and links the compiler's library, the link last."""
    done = subprocess.run(["ninja", "-C", build, "-t", "commands", LIBRARY], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if not line.startswith("ninja:")]


def run(command: str, build: Path) -> None:
    done = subprocess.run(command, shell=True, cwd=build, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr[-2000:]}")


def library_with(mutant: Mutant, build: Path, folder: Path) -> None:
    """Writes the compiler's library with the mistake into the folder."""
    known = commands(build)
    source, copy = str(ROOT / mutant.file), folder / Path(mutant.file).name
    copy.write_text(mutant.text())
    (compile_command,) = [line for line in known if line.endswith(f"-c {source}")]
    words = shlex.split(compile_command)
    made = words[words.index("-o") + 1]
    object_file = folder / "mutant.o"
    changed = {source: str(copy), made: str(object_file), f"{made}.d": str(folder / "mutant.d")}
    run(shlex.join([changed.get(word, word) for word in words]), build)
    # In front of an archive the object takes the place of its member, which nothing asks for any more.
    link = known[-1].replace(f" {made} ", " ")
    run(link.replace(f"-o {LIBRARY} ", f"-o {folder}/libArsisMLIR.so {object_file} "), build)


SEARCH = """
import sys
sys.path.insert(0, sys.argv[1])
from graph_check import names_the_place
from graph_grower import graph
from run import verdict_of
for seed in range(int(sys.argv[2])):
    print("graph", seed, flush=True)
    verdict = verdict_of(graph(seed))
    if verdict.failed or (verdict.kind == "refused" and not names_the_place(verdict.message)):
        raise SystemExit(f"{verdict.kind}: {verdict.message.splitlines()[0][:160]}")
"""


def search(folder: Path, graphs: int) -> str | None:
    """Which graph found the mistake, and how; None if none did."""
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder)}
    arguments = [sys.executable, "-c", SEARCH, str(Path(__file__).parent), str(graphs)]
    with tempfile.TemporaryFile("w+") as output:
        try:
            done = subprocess.run(
                arguments, env=environment, stdout=output, stderr=subprocess.PIPE, text=True, timeout=LONGEST_S
            )
            status, words = done.returncode, done.stderr.strip().splitlines()[-1:]
        except subprocess.TimeoutExpired:
            status, words = 1, [f"no end within {LONGEST_S} s"]
        output.seek(0)
        seen = re.findall(r"^graph (\d+)$", output.read(), re.MULTILINE)
    if status == 0:
        return None
    if not seen:
        raise RuntimeError(f"no graph was tried: {words}")
    return f"graph {seen[-1]}: " + (words[0] if status > 0 and words else f"crash, signal {-status}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("numbers", type=int, nargs="*", default=range(len(MUTANTS)), metavar="NUMBER", help="all")
    parser.add_argument("--graphs", type=int, default=2000, help="how many may look for it (2000)")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    given = parser.parse_args()
    missed = []
    for number in given.numbers:
        mutant, began = MUTANTS[number], time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            library_with(mutant, given.build, Path(folder))
            found = search(Path(folder), given.graphs)
        print(f"{number} {mutant.name}\n   {found or 'NOT FOUND'} ({time.monotonic() - began:.0f} s)", flush=True)
        missed += [number] * (found is None)
    print(f"{len(given.numbers) - len(missed)} of {len(given.numbers)} found" + (f", not {missed}" if missed else ""))
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
