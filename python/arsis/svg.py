# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The few kinds of charts that a report needs, as SVG text without scripts. Hovering shows exact values (`<title>`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 860
LABEL_WIDTH = 190
LABEL_HEIGHT = 10
FEW_POINTS = 40  # a curve of fewer points shows each of them
COLOURS = ["#3b6fb6", "#d9822b", "#3f9b6c", "#b8457b", "#7a5cc0", "#8a8f98", "#c2a83e", "#4aa3b8", "#a0562f", "#5b7f3a"]
COLOURS += ["#e39a9a", "#6f4a2d", "#2f4b7c", "#b5c957", "#9c6ade", "#5fc2a0"]
IDLE_COLOUR = "#dfe3e8"


def _spaced(unit: str) -> str:
    """A unit that is a word stands apart from its prefix: k cycles, but kB."""
    return f" {unit}" if len(unit) > 2 else unit


def quantity(value: float, unit: str = "") -> str:
    """Three significant digits with an SI prefix: 1.23 M cycles."""
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.3g} {prefix}{_spaced(unit)}"
    if value == 0 or abs(value) >= 1:
        return f"{value:.3g} {unit}".rstrip()
    for factor, prefix in ((1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p")):
        if abs(value) >= factor:
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".rstrip()


def _text(x: float, y: float, text: str, anchor: str = "start", css: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}">{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, colour: str, title: str) -> str:
    place = f'x="{x:.2f}" y="{y:.2f}" width="{max(width, 0):.2f}" height="{height:.2f}"'
    return f'<rect {place} fill="{colour}"><title>{escape(title)}</title></rect>'


def _frame(height: float, body: list[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img">{"".join(body)}</svg>'


def legend(names: Sequence[str], colours: Sequence[str]) -> str:
    return "".join(
        f'<span class="key"><i style="background:{colour}"></i>{escape(name)}</span>'
        for name, colour in zip(names, colours, strict=False)
    )


def lines(series: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str, height: float = 260) -> str:
    """Curves over one pair of axes; the vertical axis starts at zero."""
    points = [point for curve in series.values() for point in curve]
    if not points:
        return ""
    left, bottom, top = 60, height - 34, 12
    x_max, y_max = max(max(x for x, _ in points), 1e-12), max(max(y for _, y in points), 1e-12) * 1.05

    def place(x: float, y: float) -> tuple[float, float]:
        return left + x / x_max * (WIDTH - left - 12), bottom - y / y_max * (bottom - top)

    body = []
    for tick in range(5):
        _, y = place(0, y_max * tick / 4)
        body.append(
            f'<line x1="{left}" x2="{WIDTH - 12}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
            + _text(left - 6, y + 4, f"{y_max * tick / 4:.3g}", "end")
        )
        x, _ = place(x_max * tick / 4, 0)
        body.append(_text(x, bottom + 16, f"{x_max * tick / 4:.4g}", "middle"))
    body.append(
        _text(WIDTH / 2, height - 3, x_label, "middle", "axis") + _text(left, top - 2, y_label, "start", "axis")
    )
    for number, (name, curve) in enumerate(series.items()):
        path = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in curve)
        if len(curve) <= FEW_POINTS:
            marks = (f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="2.5"' for cx, cy in (place(x, y) for x, y in curve))
            titles = (f"<title>{escape(name)}: {y:.4g} at {x:g}</title></circle>" for x, y in curve)
            body += [f'{mark} fill="{COLOURS[number]}">{title}' for mark, title in zip(marks, titles, strict=True)]
        dash = ' stroke-dasharray="5 4"' if number else ""
        body.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="1.6"{dash}>'
            f"<title>{escape(name)}</title></polyline>"
        )
    return _frame(height, body)


def stacked_bars(
    rows: Sequence[tuple[str, dict[str, float]]],
    names: Sequence[str],
    colours: Sequence[str],
    unit: str,
    whole: float | None = None,
) -> str:
    """One horizontal bar per row, split by name. With `whole`, every bar is measured against that, else against the
    longest."""
    scale = whole or max((sum(parts.values()) for _, parts in rows), default=0) or 1
    row_height, body = 22, []
    room = WIDTH - LABEL_WIDTH - 110
    for number, (label, parts) in enumerate(rows):
        y, x = number * row_height, float(LABEL_WIDTH)
        body.append(_text(LABEL_WIDTH - 8, y + 15, label if len(label) <= 28 else "…" + label[-27:], "end"))
        for name, colour in zip(names, colours, strict=False):
            value = parts.get(name, 0)
            if value > 0:
                body.append(
                    _rect(
                        x,
                        y + 3,
                        value / scale * room,
                        row_height - 6,
                        colour,
                        f"{label}, {name}: {quantity(value, unit)}",
                    )
                )
                x += value / scale * room
        total = sum(parts.values())
        body.append(
            _text(
                x + 6,
                y + 15,
                quantity(total, unit) if whole is None else f"{parts.get(names[0], 0) / scale:.1%} {names[0]}",
            )
        )
    return _frame(max(len(rows), 1) * row_height + 4, body)


def memory_map(blocks: Sequence[tuple[str, int, int, str]], capacity: int, unit: str) -> str:
    """Buffers as (name, begin, end, layer) in the order of the program: time runs down, addresses run right."""
    row_height, body = 7, []
    layers = list(dict.fromkeys(layer for *_, layer in blocks))
    room = WIDTH - LABEL_WIDTH - 12
    labelled = -LABEL_HEIGHT
    previous = None
    for number, (name, begin, end, layer) in enumerate(blocks):
        y = 16 + number * row_height
        if layer != previous and y - labelled >= LABEL_HEIGHT:
            body.append(_text(LABEL_WIDTH - 8, y + 7, layer if len(layer) <= 30 else "…" + layer[-29:], "end", "tiny"))
            labelled = y
        previous = layer
        colour = COLOURS[layers.index(layer) % len(COLOURS)]
        body.append(
            _rect(
                LABEL_WIDTH + begin / capacity * room,
                y,
                (end - begin) / capacity * room,
                row_height - 1,
                colour,
                f"{layer}: {name}, {begin} to {end} {unit}",
            )
        )
    for tick in range(5):
        x = LABEL_WIDTH + room * tick / 4
        body.append(_text(x, 10, f"{capacity * tick // 4}", "middle", "tiny"))
    return _frame(20 + len(blocks) * row_height, body)
