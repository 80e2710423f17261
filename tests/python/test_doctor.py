# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`arsis doctor` tells what is there from what is missing; `arsis completion` completes."""

import subprocess
import sys
from importlib import metadata

import arsis
import numpy
import pytest
from arsis import doctor


def states(text: str) -> dict[str, str]:
    return {line[8:].split("  ")[0].strip(): line.split()[0] for line in text.splitlines()}


def test_here_nothing_is_missing(call):
    status, out, error = call("doctor")
    assert status == 0, out + error
    found = states(out)
    for name in ("arsis", "python", "numpy", "onnx", "_arsis", "chips", "recipes", "a first program", "processors"):
        assert found[name] == "ok", out
    assert numpy.__version__ in out and arsis.__version__ in out and ", ".join(arsis.chips()) in out


def test_a_package_that_is_missing(call, monkeypatch):
    def version(name: str) -> str:
        if name in ("onnx", "mlxtend"):
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor.metadata, "version", version)
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    status, out, error = call("doctor")
    assert status == 1 and error == "error: something is missing: see above\n"
    assert states(out)["onnx"] == "missing" and states(out)["mlxtend"] == "absent"
    assert "onnx" in out and "not installed; it is for models" in out


def test_a_compiler_that_does_not_work(call, monkeypatch):
    def refuse(*_: object) -> None:
        raise arsis.ChipError("no chip")

    monkeypatch.setattr(arsis, "compile", refuse)
    status, out, _ = call("doctor")
    assert status == 1 and states(out)["a first program"] == "missing" and "ChipError: no chip" in out


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion(call, shell):
    status, out, _ = call("completion", shell)
    assert status == 0 and "train" in out and "doctor" in out
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=out, text=True, check=True)
        lines = f'{out}\nCOMP_WORDS=(arsis tr); COMP_CWORD=1; _shtab_arsis; echo "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", lines], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["train"]


def test_a_shell_that_there_is_not(call):
    status, _, error = call("completion", "fish")
    assert status == 1 and error == "error: shell: found 'fish', expected bash, zsh or tcsh\n"


def test_the_module_is_a_command():
    done = subprocess.run([sys.executable, "-m", "arsis", "chips"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == arsis.chips()


def test_a_numpy_whose_arrays_the_native_module_misreads():
    command = "import numpy; numpy.__version__ = '2.1.0'; import arsis"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.endswith("ImportError: arsis needs numpy below 2, found 2.1.0: pip install 'numpy<2'\n")
