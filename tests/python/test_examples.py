# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The examples in docstrings of the package and on pages of the documentation run, and print what they say."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import arsis
import numpy
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")] if ">>> " in path.read_text())
MODULES = [module.name for module in pkgutil.iter_modules(arsis.__path__, "arsis.") if module.name != "arsis.__main__"]


def run(examples: str, name: str) -> int:
    names = {"arsis": arsis, "numpy": numpy}
    test = doctest.DocTestParser().get_doctest(examples, names, name, name, 0)
    problems: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=problems.append)
    assert not problems, "".join(problems)
    return len(test.examples)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ["arsis", *MODULES])
def test_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, module=module):
        if test.examples:
            run(test.docstring, test.name)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = re.sub(r"^```.*$", "", page.read_text(), flags=re.M)
    assert run(text, page.name) == page.read_text().count("\n>>> ")


def test_that_a_wrong_example_is_found():
    with pytest.raises(AssertionError, match="Expected:"):
        run(">>> arsis.Chip('edge')['matrix.rows']\n17\n", "wrong")


def test_public_names_are_explained():
    missing = [name for name in arsis.__all__ if not (getattr(arsis, name).__doc__ or "").strip()]
    assert not missing
    assert ROOT / "docs" / "guide_python.md" in PAGES
