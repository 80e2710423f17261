# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Names are for people: roles and pairs are fields, and no code asks how the name of a tensor begins or ends."""

import re
from pathlib import Path

import pytest
from house import ROOT, tracked

# The compiler puts a word and a mark before or behind a name: grad:w, velocity:w, act:conv1, step:loss, w@4x4.
ASKS = re.compile(
    r"\b(?:starts_?with|ends_?with|consume_(?:front|back)|remove_?(?:prefix|suffix))\w*\(\s*"
    r"""\(?[rfb]*["'](?:grad:|velocity:|act:|step:|@)["']"""
)
SELF = Path("tests/house/test_names.py")


def asking(root: Path, paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        content = (root / path).read_text(encoding="utf-8")
        found += [f"{path}:{content.count(chr(10), 0, m.start()) + 1}: {m[0]}" for m in ASKS.finditer(content)]
    return found


def test_no_code_parses_a_name() -> None:
    found = asking(ROOT, [path for path in tracked(".cpp", ".h", ".py") if path != SELF])
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        'if name.startswith("grad:"):',
        "name.removeprefix('velocity:')",
        'name.starts_with("act:")',
        'name.consume_front(\n    "step:")',
        'if name.startswith(("@", "grad:")):',
    ],
)
def test_a_planted_question_is_caught(line: str, tmp_path) -> None:
    (tmp_path / "planted.py").write_text(f"pass\n{line}\n")
    assert [found.split(": ")[0] for found in asking(tmp_path, [Path("planted.py")])] == ["planted.py:2"]


@pytest.mark.parametrize("line", ['text.startswith("remark: ")', 'names.claim("grad:" + name)', 'f"grad:{w}" in found'])
def test_other_code_is_not(line: str, tmp_path) -> None:
    (tmp_path / "planted.py").write_text(f"{line}\n")
    assert not asking(tmp_path, [Path("planted.py")])
