# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Debian's Chromium, headless: opens a page from disk and remembers what the page asked for or complained of."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
WIDTH, HEIGHT = 1400, 1000
PATIENCE = 120_000  # milliseconds that anything may take, on a machine that does other things too
DRAWN = ".cartesianlayer .overplot path, .heatmaplayer image"  # what is there once a plot is drawn


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Page]:
    """The page at `path` with everything outside of folds drawn. Fails at its end if the console has a message, or if
    anything but the file itself was asked for."""
    said, asked = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(PATIENCE)
        page.context.set_offline(True)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        drawn(page)
        yield page
        browser.close()
    assert not said, said
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]


def drawn(page: Page) -> None:
    """Returns when every plot that can be seen has its axes and no plot is empty."""
    empty = """() => [...document.querySelectorAll('.plot')].filter(plot => !plot.closest('details:not([open])')
        && !plot.querySelector(MARKS)).map(plot => plot.id)""".replace("MARKS", repr(DRAWN))
    for _ in range(60):  # the page's policy forbids what wait_for_function does
        if not page.evaluate(empty):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"nothing is drawn in {page.evaluate(empty)}")


def marks(page: Page, plot: str) -> int:
    """How many bars, points or curves the plot shows."""
    return page.locator(f"#plot-{plot} :is(.point path, path.point, path.js-line)").count()


def hover(page: Page, mark: str) -> str:
    """What a plot says when the mouse stands on the middle of `mark`."""
    place = page.locator(mark)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 - 3, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    label = page.locator(".hoverlayer .hovertext")
    label.first.wait_for()
    return label.first.text_content()
