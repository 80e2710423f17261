# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the notebooks of docs/notebooks/ and writes each as an HTML page that opens from disk without a network. Needs
the package on PYTHONPATH, nbclient, nbconvert and ipykernel."""

import argparse
import os
from pathlib import Path

import nbformat
import plotly.io
from nbclient import NotebookClient
from nbconvert import HTMLExporter

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "docs" / "notebooks").glob("*.ipynb"))
LIMIT_SECONDS = 1200  # of a cell
FIGURE = "application/vnd.plotly.v1+json"


def run(path: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs, run in `folder`. Raises CellExecutionError where a cell does."""
    notebook = nbformat.read(path, as_version=4)
    os.environ["PLOTLY_RENDERER"] = "plotly_mimetype"  # figures as data, which `page` draws
    client = NotebookClient(notebook, timeout=LIMIT_SECONDS, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return notebook


def page(notebook: nbformat.NotebookNode, name: str) -> str:
    """One HTML page, which fetches nothing: plotly.js stands in it once."""
    figures = [o.data for cell in notebook.cells for o in cell.get("outputs", []) if FIGURE in o.get("data", {})]
    for number, data in enumerate(figures):
        figure = {key: data[FIGURE][key] for key in ("data", "layout")}
        data["text/html"] = plotly.io.to_html(
            figure, full_html=False, include_plotlyjs=number == 0, include_mathjax=False, validate=False
        )
        del data[FIGURE]
    exporter = HTMLExporter(require_js_url="", mathjax_url="", jquery_url="", mermaid_js_url="")
    text, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": name}})
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/notebooks"), help="folder of the pages")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for path in NOTEBOOKS:
        (folder / f"{path.stem}.html").write_text(page(run(path, folder), path.stem))
        print(folder / f"{path.stem}.html")


if __name__ == "__main__":
    main()
