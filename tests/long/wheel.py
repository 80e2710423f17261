# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds the wheel and uses it in a fresh environment, away from the source tree: command, compile, run, types.

The wheel has a build folder of its own, in which everything is compiled; `--wheel` uses one that is there.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_MIB = 60  # of the wheel; it carries the compiler, and links Debian's LLVM

USE = """
import pickle, arsis
program = arsis.compile("lenet5", "edge", batch=4, train=True)
report = arsis.simulate(pickle.loads(pickle.dumps(program)), arsis.Chip("edge"))
assert report.at("conv*").cycles < report.cycles
print(arsis.__file__)
"""
TYPES = """
import arsis
cycles: str = arsis.simulate(arsis.Program.load("p.arsis"), "edge").cycles
"""


def run(*command: object, folder: Path = ROOT, status: int = 0) -> str:
    """In an environment that knows nothing of the source tree."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "ARSIS"))}
    clean["ARSIS_CACHE"] = str(folder / "cache")
    done = subprocess.run([*map(str, command)], cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == status, f"{command} exited with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def build(folder: Path) -> Path:
    begin = time.monotonic()
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", ROOT, "-w", folder)
    (wheel,) = folder.glob("arsis-*.whl")
    print(f"built in {time.monotonic() - begin:.0f} s")
    return wheel


def check(wheel: Path) -> None:
    size = wheel.stat().st_size / 2**20
    print(f"{wheel.name}: {size:.1f} MiB")
    assert size < MOST_MIB
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "arsis/py.typed",
        "_arsis-stubs/__init__.pyi",
        "arsis/chips/edge.yaml",
        "arsis/dram/HBM2_1880.yaml",
        "arsis/rooflines/published.csv",
        "arsis/recipes/lenet5/build.py",
    ):
        assert wanted in names, f"{wanted} is missing"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--wheel", type=Path, help="use this one (default: build it)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = arguments.wheel.resolve() if arguments.wheel else build(folder)
        check(wheel)
        run("/usr/bin/python3", "-m", "venv", folder / "env", folder=folder)
        python, command = folder / "env/bin/python", folder / "env/bin/arsis"
        run(python, "-m", "pip", "install", "--quiet", wheel, "mypy", folder=folder)
        print(run(command, "doctor", folder=folder), end="")
        for option, data in ((), "chips"), (("--rooflines",), "rooflines"):
            shipped = sorted(path.stem for path in (ROOT / "arch_configs" / data).glob("*.yaml"))
            assert run(command, "chips", *option, folder=folder).split() == shipped
        assert "upper bound" in run(command, "compare", "lenet5", "--on", "tpu_v2,p40", "-o", "c.html", folder=folder)
        assert "arsis" in run(command, "completion", "bash", folder=folder)
        assert run(python, "-c", USE, folder=folder).startswith(str(folder / "env"))
        (folder / "use.py").write_text(TYPES)
        found = run(python, "-m", "mypy", "--strict", "use.py", folder=folder, status=1)
        assert '"int"' in found and '"str"' in found and "Found 1 error" in found, found
        run(command, "train", "--data", "synthetic", "--epochs", 1, "--batch", 128, "--out", "out", folder=folder)
        assert (folder / "out/report.html").is_file()
    print("the wheel works")


if __name__ == "__main__":
    main()
