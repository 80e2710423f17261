# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The package holds to its types, and the stub of the native module says what the module has."""

import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def mypy(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", *arguments]
    return subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)


def test_the_package_is_strictly_typed():
    done = mypy()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (ROOT / "python" / "arsis" / "py.typed").is_file()


def test_users_see_the_types(tmp_path):
    """Right use passes, wrong use is found: the types are there, and say something."""
    script = tmp_path / "use.py"
    script.write_text(
        "import arsis\n"
        "report: arsis.Report = arsis.simulate(arsis.compile('lenet5', arsis.Chip('edge'), batch=1), 'edge')\n"
        "cycles: int = report.at('conv*').cycles\n"
        "name: str = report.at('conv*').cycles\n"
        "arsis.Program.load(3)\n"
        "arsis.compile('lenet5')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "", str(script)],
        env={"MYPYPATH": str(ROOT / "python"), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    mine = [line for line in done.stdout.splitlines() if line.startswith("use.py:") and ": error:" in line]
    assert [line.split(":")[1] for line in mine] == ["4", "5", "6"], done.stdout


def test_the_stub_is_fresh():
    spec = importlib.util.spec_from_file_location("stubs", ROOT / "scripts" / "stubs.py")
    stubs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stubs)
    assert stubs.STUB.read_text() == stubs.made(), "out of date: run scripts/stubs.py"
