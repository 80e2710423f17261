# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The guide to sweeps: its examples run and print what stands there, its YAML is a space."""

import contextlib
import io
import re
from pathlib import Path

import yaml
from arsis.sweeps import Space

GUIDE = Path(__file__).resolve().parents[2] / "docs/guide_sweeps.md"
EXAMPLE = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.S)


def examples() -> list[tuple[str, str]]:
    return EXAMPLE.findall(GUIDE.read_text())


def test_the_first_sweep_is_at_most_eight_lines() -> None:
    assert len([line for line in examples()[0][0].splitlines() if line.strip()]) <= 8


def test_examples_print_what_the_guide_says(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for code, expected in examples():
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, str(GUIDE), "exec"), names)
        assert out.getvalue() == expected


def test_the_yaml_is_a_space() -> None:
    for text in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.S):
        assert len(list(Space(yaml.safe_load(text)).points())) > 10
