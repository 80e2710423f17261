# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From report.json to what a person reads: one self-contained HTML page, and a summary for the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import arsis
from arsis import InputError
from arsis.arrays import Json
from arsis.pictures.quantities import PICOJOULES, quantity
from arsis.run_report import SCHEMA_VERSION

T = TypeVar("T")


class Incomparable(InputError):
    """Two reports that cannot stand side by side."""


def intensity(row: Json) -> str:
    """Multiply-adds per byte of DRAM of a row of layers or of the totals, `-` where it moves none."""
    moved = row["dram_read_bytes"] + row["dram_write_bytes"]
    return f"{row['macs'] / moved:.3g}" if moved else "-"


def layer_table(report: Json) -> list[Json]:
    """One row per layer in the order of the program: the sums of its work, and the report's own rows as `parts`."""
    rows: dict[str, Json] = {}
    for entry in report["layers"]:
        row = rows.setdefault(
            entry["layer"],
            {
                "layer": entry["layer"],
                "cycles": 0,
                "macs": 0,
                "dram_read_bytes": 0,
                "dram_write_bytes": 0,
                "energy_pj": 0.0,
                "bound": {},
                "time": 0,
                "used": 0.0,
                "parts": [],
            },
        )
        cycles = entry.get("cycles", 0)
        row["parts"].append(entry)
        row["cycles"] += cycles
        row["macs"] += entry["macs"]
        row["dram_read_bytes"] += entry["dram_read_bytes"]
        row["dram_write_bytes"] += entry["dram_write_bytes"]
        row["energy_pj"] += entry["energy_pj"]
        if "bound_by" in entry:
            row["bound"][entry["bound_by"]] = row["bound"].get(entry["bound_by"], 0) + cycles
        row["time"] += cycles
        row["used"] += entry.get("utilisation", 0.0) * cycles
    for row in rows.values():
        row["dram_bytes"] = row["dram_read_bytes"] + row["dram_write_bytes"]
        row["bound_by"] = max(row["bound"], key=row["bound"].get) if row["bound"] else ""
        row["utilisation"] = row["used"] / row["time"] if row["time"] else 0.0
    return list(rows.values())


def batch_of(report: Json) -> int | None:
    """Images per step, where the report says: of the training, or of the compiler's option; None where the model's own
    batch was kept."""
    if training := report.get("training"):
        return int(training["batch"])
    given = report["program"]["options"].get("batch", "")
    return int(given) if given else None


def model_of(report: Json) -> str:
    """What the program was made from: a recipe's name or the name of a file, `program` where nothing is known."""
    named = report["training"]["model"] if "training" in report else report["program"]["options"].get("model", "")
    return Path(named).stem or "program"


def _accuracy(training: Json) -> list[tuple[str, str]]:
    found = [("test accuracy, chip", f"{training['accuracy_chip'][-1]:.2%}")]
    if training["accuracy_reference"]:
        found.append(("test accuracy, reference", f"{training['accuracy_reference'][-1]:.2%}"))
    if training.get("epochs_bit_exact"):
        found.append(
            ("parameters bit for bit equal", f"after {training['epochs_bit_exact']} of {training['epochs']} epochs")
        )
    return found


def headline(report: Json) -> list[tuple[str, str]]:
    """The numbers that come first, as (what, value)."""
    totals, training, batch = report["totals"], report.get("training"), batch_of(report)
    found = _accuracy(training) if training and training["accuracy_chip"] else []
    if "cycles" in totals:
        found += [
            ("cycles per step", f"{totals['cycles']:,}"),
            ("time per step", quantity(totals["time_ns"] * 1e-9, "s")),
        ]
        if batch and totals["time_ns"] > 0:
            rate = batch / (totals["time_ns"] * 1e-9)
            found.append(("images per second", f"{rate:,.0f}" if rate >= 1000 else f"{rate:.3g}"))
        found += [
            ("array utilisation", f"{totals['utilisation']:.1%}"),
            ("power", quantity(totals["power_mw"] * 1e-3, "W")),
        ]
    if batch:
        found.append(("batch", f"{batch}"))
    found.append(("energy per step", quantity(totals["energy_pj"] * PICOJOULES, "J")))
    if batch:
        found.append(("energy per image", quantity(totals["energy_pj"] * PICOJOULES / batch, "J")))
        found.append(("images per joule", f"{batch / (totals['energy_pj'] * PICOJOULES):,.3g}"))
    found += [
        ("area", f"{totals['area_mm2']:.3g} mm2"),
        ("MACs per step", quantity(totals["macs"])),
        ("DRAM traffic per step", quantity(totals["dram_read_bytes"] + totals["dram_write_bytes"], "B")),
        ("MACs per byte of DRAM", intensity(totals)),
    ]
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
    return complete(lambda: Shown(page(report), summary(report)), str(path))


def complete(make: Callable[[], T], where: str) -> T:
    """What `make` makes of reports from `where`. Raises Incomparable, or InputError if a part is missing."""
    try:
        return make()
    except Incomparable:
        raise
    except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError) as error:
        raise InputError(f"{where}: found no complete report: {type(error).__name__}: {error}") from error


def write_page(report: Json, path: Path) -> None:
    arsis.write_file(str(path), page(report).encode())


def figures_of(report: Json) -> dict[str, Any]:
    """Every figure of the page by its name there."""
    from arsis.pictures import memory, power, roofline, step, training

    found: dict[str, Any] = {}
    if history := report.get("training"):
        found |= {"loss": training.loss(history)}
        if history["accuracy_chip"]:
            found["accuracy"] = training.accuracy(history)
    if "cycles" in report["totals"]:
        found |= {
            "time": step.time_by_layer(report),
            "roofline": roofline.figure(report),
            "units": step.cycle_accounts(report),
        }
    found |= {
        "energy-parts": step.energy_by_part(report),
        "energy-phases": step.energy_by_phase(report),
        "traffic": step.traffic(report),
        "area": power.areas(report),
    }
    if "power" in report:
        found["power"] = power.over_time(report)
    return found | {f"memory-{name}": memory.figure(report, name) for name in memory.memories(report)}


def chip_values(report: Json) -> dict[str, list[Json]]:
    """The chip's values by the first word of their key: name, value, the file's value where overridden, assumed."""
    overridden = {change["key"]: change["from"] for change in report["chip"]["overridden"]}
    groups: dict[str, list[Json]] = {}
    for key, value in report["chip"]["values"].items():
        group, name = key.split(".", 1)
        groups.setdefault(group, []).append(
            {"name": name, "value": value, "was": overridden.get(key), "assumed": key in report["chip"]["assumed_keys"]}
        )
    return groups


def account(row: Json) -> str:
    """What the units did for a row of a timed report, a line each: work, then waiting by cause, the longest first."""
    lines = []
    for unit in dict.fromkeys([*row["busy"], *row["stalled"]]):
        causes = sorted(row["stalled"].get(unit, {}).items(), key=lambda entry: -entry[1])
        waits = [f"{cause.replace('_', ' ')} {quantity(cycles)}" for cause, cycles in causes]
        lines.append(f"{unit}: " + ", ".join([f"busy {quantity(row['busy'].get(unit, 0))}", *waits]))
    return "\n".join(lines)


def page(report: Json, plotly: bool = True) -> str:
    """One self-contained HTML page; without `plotly` another page has to put the script in (`pictures.page`)."""
    from arsis.pictures import memory
    from arsis.pictures import page as pages
    from arsis.pictures.roofline import points
    from arsis.pictures.step import phase_name

    timed = "cycles" in report["totals"]
    options = [
        f"{key.removeprefix('optimizer.').replace('_', ' ')} {value}"
        for key, value in report["program"]["options"].items()
        if value and not key.startswith("chip") and key not in ("model", "batch")
    ]
    return pages.render(
        "report.html.j2",
        figures_of(report),
        plotly,
        report=report,
        title=f"{model_of(report)} on {report['chip']['name']}",
        training=report.get("training"),
        timed=timed,
        options=options,
        headline=headline(report),
        layers=layer_table(report),
        total=max(report["totals"].get("cycles", 0), 1),
        cycle_s=report["totals"].get("time_ns", 0) * 1e-9 / max(report["totals"].get("cycles", 0), 1),
        off_roof=[f"{row['layer']} ({phase_name(row['phase'])})" for row in points(report)[1]] if timed else [],
        memories=memory.memories(report),
        chip_values=chip_values(report),
        phase_name=phase_name,
        account=account,
        quantity=quantity,
        intensity=intensity,
        picojoules=PICOJOULES,
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
    seconds = report["totals"]["time_ns"] * 1e-9 / max(total, 1)  # of a cycle
    lines += [
        "",
        f"  {'layer':24s} {'cycles':>12s} {'time':>8s} {'share':>6s}  {'MACs':>9s} {'DRAM':>9s} {'MACs/B':>7s} "
        f"{'energy':>9s}  bound by",
    ]
    for row in sorted(layer_table(report), key=lambda row: -row["cycles"])[:12]:
        lines.append(
            f"  {row['layer'][-24:]:24s} {row['cycles']:12,} {quantity(row['cycles'] * seconds, 's'):>8s} "
            f"{row['cycles'] / total:6.1%}  "
            f"{quantity(row['macs']):>9s} {quantity(row['dram_bytes'], 'B'):>9s} {intensity(row):>7s} "
            f"{quantity(row['energy_pj'] * PICOJOULES, 'J'):>9s}  {row['bound_by']}"
        )
    lines += ["", f"  {'unit':12s} {'busy':>7s} {'stalled':>8s} {'idle':>7s}"]
    for unit in report["units"]:
        shares = (unit["busy"] / total, unit["stalled_total"] / total, unit["idle"] / total)
        lines.append(f"  {unit['name']:12s} {shares[0]:7.1%} {shares[1]:8.1%} {shares[2]:7.1%}")
    return "\n".join(lines)
