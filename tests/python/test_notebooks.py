# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The notebooks of docs/notebooks/ run from beginning to end, keep no outputs in the tree, and their pages show their
figures in a real browser without a network."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIGURES = {"chip_at_5_watts": 2, "what_bandwidth_buys": 3}
for package in ("nbclient", "nbconvert", "ipykernel", "torchvision", "pandas"):
    pytest.importorskip(package)


@pytest.fixture(scope="module")
def notebooks():
    spec = importlib.util.spec_from_file_location("notebooks", ROOT / "scripts" / "notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_notebook_is_known(notebooks):
    assert [path.stem for path in notebooks.NOTEBOOKS] == sorted(FIGURES)
    assert all('"outputs": []' in path.read_text() for path in notebooks.NOTEBOOKS)
    assert not any('"output_type"' in path.read_text() for path in notebooks.NOTEBOOKS)


@pytest.mark.parametrize("name", FIGURES)
def test_it_runs_and_shows_its_figures(notebooks, name, tmp_path):
    from browser import hover, opened

    done = notebooks.run(ROOT / "docs" / "notebooks" / f"{name}.ipynb", tmp_path)
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert sum(notebooks.FIGURE in output.get("data", {}) for output in outputs) == FIGURES[name]
    said = [output.data["text/markdown"] for output in outputs if "text/markdown" in output.get("data", {})]
    assert len(said) >= 3 and all(any(letter.isdigit() for letter in text) for text in said)
    file = tmp_path / f"{name}.html"
    file.write_text(notebooks.page(done, name))
    with opened(file) as page:
        figures = page.locator(".plotly-graph-div")
        figures.last.locator(".main-svg").first.wait_for()
        assert figures.count() == FIGURES[name]
        for number in range(FIGURES[name]):
            assert figures.nth(number).locator(":is(path.point, .point path)").count() > 0
        text = hover(page, f".plotly-graph-div >> nth={FIGURES[name] - 1} >> :is(path.point, .point path) >> nth=1")
        assert any(letter.isdigit() for letter in text)
