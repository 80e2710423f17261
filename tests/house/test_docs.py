# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The documentation speaks of things that exist: paths, snippets and generated pages."""

import re

import pytest
from house import ROOT, text, tracked

PATH_IN_BACKTICKS = re.compile(
    r"`((?:arch_configs|compiler|dialects|docs|models|power|python|reports|runtime|scripts|simulator|technology|tests|tools)/[\w./\-]*)`"
)
# A snippet is pulled from source: <!-- from PATH --> followed by a code fence whose every line stands in PATH.
SNIPPET = re.compile(r"<!-- from (\S+) -->\s*```\w*\n(.*?)```", re.S)


@pytest.mark.parametrize("page", [p for p in tracked(".md")], ids=str)
def test_named_paths_exist(page) -> None:
    missing = [name for name in PATH_IN_BACKTICKS.findall(text(page)) if not (ROOT / name).exists()]
    assert not missing, f"{page} names paths that do not exist: {missing}"


@pytest.mark.parametrize("page", [p for p in tracked(".md")], ids=str)
def test_snippets_stand_in_the_source(page) -> None:
    for name, body in SNIPPET.findall(text(page)):
        source = {line.strip() for line in (ROOT / name).read_text().splitlines()}
        lines = [line.strip() for line in body.splitlines() if line.strip() and line.strip() != "..."]
        assert not [line for line in lines if line not in source], f"{page}: snippet from {name} is out of date"
