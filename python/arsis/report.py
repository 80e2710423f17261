# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From report.json to what a person reads: one self-contained HTML page, and a summary for the terminal."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import arsis
from arsis import InputError, svg
from arsis.arrays import Json

SCHEMA_VERSION = 3

PHASES = ["fwd", "loss", "bwd-input", "bwd-weight", "update"]
PICOJOULES = 1e-12


def _templates() -> Path:
    candidates = [
        Path(__file__).resolve().parents[2] / "reports" / "templates",
        Path(__file__).resolve().parent / "templates",
    ]
    if "ARSIS_TEMPLATES" in os.environ:
        candidates.insert(0, Path(os.environ["ARSIS_TEMPLATES"]))
    for folder in candidates:
        if (folder / "report.html.j2").is_file():
            return folder
    raise FileNotFoundError("no report.html.j2; set ARSIS_TEMPLATES")


def layer_table(report: Json) -> list[Json]:
    """One row per layer in the order of the program: cycles by phase, and the sums of its work."""
    rows: dict[str, Json] = {}
    for entry in report["layers"]:
        row = rows.setdefault(
            entry["layer"],
            {
                "layer": entry["layer"],
                "phases": {},
                "cycles": 0,
                "macs": 0,
                "dram_bytes": 0,
                "energy_pj": 0.0,
                "bound": {},
            },
        )
        cycles = entry.get("cycles", 0)
        row["phases"][entry["phase"]] = row["phases"].get(entry["phase"], 0) + cycles
        row["cycles"] += cycles
        row["macs"] += entry["macs"]
        row["dram_bytes"] += entry["dram_read_bytes"] + entry["dram_write_bytes"]
        row["energy_pj"] += entry["energy_pj"]
        if "bound_by" in entry:
            row["bound"][entry["bound_by"]] = row["bound"].get(entry["bound_by"], 0) + cycles
    for row in rows.values():
        row["bound_by"] = max(row["bound"], key=row["bound"].get) if row["bound"] else ""
    return list(rows.values())


def _smooth(values: list[float], window: int) -> list[tuple[float, float]]:
    """Means over `window` steps, at the step that ends each window."""
    window = max(window, 1)
    return [(end, sum(values[end - window : end]) / window) for end in range(window, len(values) + 1, window)]


def _loss_chart(training: Json) -> str:
    window = max(len(training["loss_chip"]) // 200, 1)
    series = {"chip": _smooth(training["loss_chip"], window)}
    if training["loss_reference"]:
        series["reference"] = _smooth(training["loss_reference"], window)
    return svg.lines(series, "step", f"loss (mean over {window} steps)" if window > 1 else "loss")


def _accuracy_chart(training: Json) -> str:
    series = {"chip": list(enumerate(training["accuracy_chip"], 1))}
    if training["accuracy_reference"]:
        series["reference"] = list(enumerate(training["accuracy_reference"], 1))
    return svg.lines(series, "epoch", "test accuracy", height=180)


def _phase_chart(report: Json) -> str:
    rows = [(row["layer"] or "(no layer)", row["phases"]) for row in layer_table(report) if row["cycles"]]
    return svg.stacked_bars(rows, PHASES, svg.COLOURS, "cycles")


def _unit_parts(unit: Json) -> dict[str, float]:
    return {
        "busy": unit["busy"],
        **{f"stalled: {cause}": cycles for cause, cycles in unit["stalled"].items()},
        "idle": unit["idle"],
    }


def _unit_chart(report: Json) -> tuple[str, str]:
    units = [(unit["name"], _unit_parts(unit)) for unit in report["units"] if "busy" in unit]
    causes = sorted({name for _, parts in units for name in parts if name.startswith("stalled")})
    names = ["busy", *causes, "idle"]
    colours = [
        svg.COLOURS[0],
        *(svg.COLOURS[1 + number % (len(svg.COLOURS) - 1)] for number in range(len(causes))),
        svg.IDLE_COLOUR,
    ]
    return svg.stacked_bars(units, names, colours, "cycles", whole=report["totals"]["cycles"]), svg.legend(
        names, colours
    )


def _energy_chart(report: Json) -> str:
    rows = [
        (name.replace("_", " "), {"energy": entry["pj"] * PICOJOULES})
        for name, entry in report["energy"].items()
        if entry["pj"] > 0
    ]
    return svg.stacked_bars(sorted(rows, key=lambda row: -row[1]["energy"]), ["energy"], [svg.COLOURS[2]], "J")


def _traffic_chart(report: Json) -> str:
    rows = [
        (level, {side: entry[side] for side in ("in", "out") if side in entry})
        for level, entry in report["traffic"].items()
    ]
    return svg.stacked_bars(rows, ["in", "out"], svg.COLOURS, "B")


def _memory_charts(report: Json) -> list[tuple[str, str]]:
    charts = []
    for memory in sorted({block["memory"] for block in report["memory_plan"]}):
        blocks = [
            (b["buffer"], b["begin"], b["end"], b["layer"]) for b in report["memory_plan"] if b["memory"] == memory
        ]
        unit = "rows" if memory.startswith("acc") else "bytes"
        charts.append((f"{memory} ({unit})", svg.memory_map(blocks, max(end for _, _, end, _ in blocks), unit)))
    return charts


def headline(report: Json) -> list[tuple[str, str]]:
    """The numbers that come first, as (what, value)."""
    totals, training = report["totals"], report.get("training")
    found = []
    if training and training["accuracy_chip"]:
        found.append(("test accuracy, chip", f"{training['accuracy_chip'][-1]:.2%}"))
        if training["accuracy_reference"]:
            found.append(("test accuracy, reference", f"{training['accuracy_reference'][-1]:.2%}"))
        if training.get("epochs_bit_exact"):
            found.append(
                ("parameters bit for bit equal", f"after {training['epochs_bit_exact']} of {training['epochs']} epochs")
            )
    if "cycles" in totals:
        found += [
            ("cycles per step", f"{totals['cycles']:,}"),
            ("time per step", svg.quantity(totals["time_ns"] * 1e-9, "s")),
        ]
        found += [
            ("array utilisation", f"{totals['utilisation']:.1%}"),
            ("power", svg.quantity(totals["power_mw"] * 1e-3, "W")),
        ]
    found += [
        ("energy per step", svg.quantity(totals["energy_pj"] * PICOJOULES, "J")),
        ("MACs per step", svg.quantity(totals["macs"])),
    ]
    found.append(("DRAM traffic per step", svg.quantity(totals["dram_read_bytes"] + totals["dram_write_bytes"], "B")))
    return found


@dataclass
class Shown:
    page: str  # HTML
    summary: str


def read(path: Path) -> Json:
    """A report.json. Raises InputError if the file holds something else, OSError if it cannot be read."""
    try:
        report = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: found no JSON: {error}") from error
    version = report.get("schema_version") if isinstance(report, dict) else None
    if version != SCHEMA_VERSION:
        raise InputError(f"{path}: found no report of schema_version {SCHEMA_VERSION}")
    found: Json = report
    return found


def show(report: Json, path: Path) -> Shown:
    """The page and the summary of a report that was read from `path`. Raises InputError if a part is missing."""
    try:
        return Shown(page(report), summary(report))
    except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError) as error:
        raise InputError(f"{path}: found no complete report: {type(error).__name__}: {error}") from error


def write_page(report: Json, path: Path) -> None:
    arsis.write_file(str(path), page(report).encode())


def page(report: Json) -> str:
    """One self-contained HTML page."""
    import jinja2
    import markupsafe

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_templates()), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    timed = "cycles" in report["totals"]
    training = report.get("training")
    unit_chart, unit_legend = _unit_chart(report) if timed else ("", "")
    safe = markupsafe.Markup
    return environment.get_template("report.html.j2").render(
        report=report,
        training=training,
        timed=timed,
        headline=headline(report),
        layers=layer_table(report),
        quantity=svg.quantity,
        loss_chart=safe(_loss_chart(training)) if training else "",
        accuracy_chart=safe(_accuracy_chart(training)) if training else "",
        two=safe(svg.legend(["chip", "reference"], svg.COLOURS)),
        phase_chart=safe(_phase_chart(report)) if timed else "",
        phase_legend=safe(svg.legend(PHASES, svg.COLOURS)),
        unit_chart=safe(unit_chart),
        unit_legend=safe(unit_legend),
        energy_chart=safe(_energy_chart(report)),
        traffic_chart=safe(_traffic_chart(report)),
        traffic_legend=safe(svg.legend(["in", "out"], svg.COLOURS)),
        memory_charts=[(name, safe(chart)) for name, chart in _memory_charts(report)],
    )


def summary(report: Json) -> str:
    """A page for the terminal: headline, then layers by time, then units."""
    lines = [""] + [f"  {what:26s} {value}" for what, value in headline(report)]
    for change in report["chip"]["overridden"]:
        lines.append(f"  {change['key']:26s} {change['to']} instead of {change['from']}")
    lines += [f"  hypothetical: {why}" for why in report["hypothetical"]]
    if "cycles" not in report["totals"]:
        return "\n".join(lines)
    total = report["totals"]["cycles"]
    lines += ["", f"  {'layer':24s} {'cycles':>12s} {'share':>6s}  {'MACs':>9s} {'DRAM':>9s} {'energy':>9s}  bound by"]
    for row in sorted(layer_table(report), key=lambda row: -row["cycles"])[:12]:
        lines.append(
            f"  {row['layer'][-24:]:24s} {row['cycles']:12,} {row['cycles'] / total:6.1%}  "
            f"{svg.quantity(row['macs']):>9s} {svg.quantity(row['dram_bytes'], 'B'):>9s} "
            f"{svg.quantity(row['energy_pj'] * PICOJOULES, 'J'):>9s}  {row['bound_by']}"
        )
    lines += ["", f"  {'unit':12s} {'busy':>7s} {'stalled':>8s} {'idle':>7s}"]
    for unit in report["units"]:
        shares = (unit["busy"] / total, unit["stalled_total"] / total, unit["idle"] / total)
        lines.append(f"  {unit['name']:12s} {shares[0]:7.1%} {shares[1]:8.1%} {shares[2]:7.1%}")
    return "\n".join(lines)
