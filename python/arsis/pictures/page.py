# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Puts figures into one HTML file that opens from disk: plotly.js stands in it once, and a policy in its head forbids
the browser to fetch anything."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _arsis import FileError

if TYPE_CHECKING:
    import plotly.graph_objects as go

PAGES = ("report.html.j2", "diff.html.j2", "sweep.html.j2", "compare.html.j2")
PLOTLY_PLACE = "/* plotly.js */"  # stands where the script is put in later


def templates() -> Path:
    """The folder of templates: that of ARSIS_TEMPLATES, of the source tree or of the installed package. Raises
    FileError."""
    here = Path(__file__).resolve()
    candidates = [here.parents[3] / "reports" / "templates", here.parents[1] / "templates"]
    if "ARSIS_TEMPLATES" in os.environ:
        candidates.insert(0, Path(os.environ["ARSIS_TEMPLATES"]))
    for folder in candidates:
        if all((folder / page).is_file() for page in PAGES):
            return folder
    raise FileError(f"found no {PAGES[0]} in {' or '.join(map(str, candidates))}; set ARSIS_TEMPLATES")


def for_script(value: Any) -> str:
    """JSON that can stand in a <script>: nothing in it ends the element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e")


def markup(value: Any) -> Any:
    """JSON for a <script> of a template."""
    import markupsafe

    return markupsafe.Markup(for_script(value))


def render(template: str, figures: dict[str, go.Figure], plotly: bool = True, **values: Any) -> str:
    """The page of `template`, whose places for plots name keys of `figures`. Without `plotly` it has PLOTLY_PLACE for
    the script, and shows nothing until another page puts it there."""
    import jinja2
    import markupsafe
    from plotly.offline import get_plotlyjs

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    drawn = {name: json.loads(figure.to_json()) for name, figure in figures.items()}
    return environment.get_template(template).render(
        figures=markup(drawn), heights={name: made.layout.height for name, made in figures.items()},
        plotly=markupsafe.Markup(get_plotlyjs() if plotly else PLOTLY_PLACE), **values,
    )  # fmt: skip
