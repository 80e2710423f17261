# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The guide to sweeps: its examples run and print what stands there, its YAML is a space.

Where the compiler or the machine changed for good, `python tests/python/test_sweep_guide.py` writes the new output.
"""

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path

import pytest
import yaml
from arsis.sweeps import Space

GUIDE = Path(__file__).resolve().parents[2] / "docs/guide_sweeps.md"
EXAMPLE = re.compile(r"```python\n(.*?)```\n(\n```text\n(.*?)```)?", re.S)


def printed(code: str, names: dict) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, str(GUIDE), "exec"), names)
    return out.getvalue()


def test_the_first_sweep_is_at_most_eight_lines() -> None:
    first = EXAMPLE.search(GUIDE.read_text())[1]
    assert len([line for line in first.splitlines() if line.strip()]) <= 8


def test_examples_print_what_the_guide_says(tmp_path, monkeypatch) -> None:
    for package in ("optuna", "SALib", "pandas"):
        pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for code, _, expected in EXAMPLE.findall(GUIDE.read_text()):
        assert printed(code, names) == expected


def test_the_yaml_is_a_space() -> None:
    for text in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.S):
        assert len(list(Space(yaml.safe_load(text)).points())) > 10


if __name__ == "__main__":
    names: dict = {}
    os.chdir(tempfile.mkdtemp())
    rewritten = EXAMPLE.sub(
        lambda found: (
            f"```python\n{found[1]}```\n"
            + "\n```text\n" * bool(found[2])
            + printed(found[1], names)
            + "```" * bool(found[2])
        ),
        GUIDE.read_text(),
    )
    GUIDE.write_text(rewritten)
