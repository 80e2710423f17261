# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `arsis.compare` returns: rows of simulated chips, of upper bounds and of what failed, as text, page, JSON and
CSV."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import asdict, dataclass
from typing import Any

import _arsis

from arsis.chip import Peak
from arsis.pictures.quantities import quantity
from arsis.rooflines import Published

VERSION = 1  # of the JSON object
COLUMNS = (
    "name", "kind", "time_s", "energy_j", "power_w", "area_mm2", "utilisation", "bound_by", "images_per_s",
    "images_per_j", "operations", "memory_bytes", "peak_ops_per_s", "peak_bytes_per_s", "published_images_per_s",
    "published_batch", "message",
)  # fmt: skip
NOTE = (
    "An upper bound is what no device of this peak and bandwidth exceeds with products of matrices: it moves images "
    "and labels once, parameters (taken to come from memory in each step) and no activations, and ignores all else. "
    "Its energy is that of the board's power over that time. Never rank it with what is simulated."
)
AREA_NOTE = (
    "Areas and energies: modelled parts and DRAM of simulated chips; whole die and board power of devices. Images/J of "
    "a device is no bound."
)


@dataclass(frozen=True)
class Row:
    """A chip or device. None: not known, or without a meaning for this kind."""

    name: str
    kind: str  # "simulated", "upper bound" or "failed"
    description: str = ""
    time_s: float | None = None  # of a step; of an upper bound the least
    energy_j: float | None = None  # of a step, with the DRAM; of an upper bound TDP x time
    area_mm2: float | None = None
    utilisation: float | None = None  # of the arrays
    bound_by: str = ""
    images_per_s: float | None = None
    images_per_j: float | None = None
    operations: int | None = None  # of a step of the net on any machine, a multiply-add counts as two
    memory_bytes: int | None = None  # of a step: moved to and from the DRAM; of an upper bound the compulsory ones
    peak: Peak | None = None
    published: tuple[Published, ...] = ()
    message: str = ""  # why it failed

    @property
    def power_w(self) -> float | None:
        return None if self.energy_j is None or not self.time_s else self.energy_j / self.time_s

    @property
    def intensity(self) -> float:
        """Operations per byte of memory."""
        return (self.operations or 0) / max(self.memory_bytes or 0, 1)

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        found = {key: value for key, value in asdict(self).items() if key not in ("peak", "published")}
        if self.peak is not None:
            found |= {"peak_ops_per_s": self.peak.ops_per_s, "peak_bytes_per_s": self.peak.bytes_per_s}
        return found | {"power_w": self.power_w, "published": [asdict(entry) for entry in self.published]}


def published_text(row: Row) -> str:
    """931 (batch 128): images per second as published; from memory with a question mark."""
    return ", ".join(
        f"{entry.images_per_s:,.0f}{' ?' if entry.status == 'memory' else ''}"
        + (f" (batch {entry.batch})" if entry.batch else "")
        for entry in row.published
    )


def rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def cells(row: Row) -> list[str]:
    """Of the tables of terminal and page, in the order of HEADINGS."""
    assert row.time_s is not None and row.energy_j is not None and row.power_w is not None
    assert row.area_mm2 is not None and row.images_per_s is not None and row.images_per_j is not None
    return [
        row.name,
        quantity(row.time_s, "s"),
        quantity(row.energy_j, "J"),
        quantity(row.power_w, "W"),
        f"{row.area_mm2:.3g}",
        "-" if row.utilisation is None else f"{row.utilisation:.1%}",
        row.bound_by,
        rate(row.images_per_s),
        rate(row.images_per_j),
        published_text(row) or "-",
    ]


HEADINGS = [
    "",
    "time",
    "energy",
    "power",
    "mm2",
    "array used",
    "bound by",
    "images/s",
    "images/J",
    "published images/s",
]


def table(title: str, rows: list[Row]) -> list[str]:
    lines = [[title, *HEADINGS[1:]], *(cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADINGS))]
    left = (0, HEADINGS.index("bound by"))
    return [
        "  "
        + "  ".join(
            text.ljust(width) if n in left else text.rjust(width)
            for n, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


@dataclass(frozen=True)
class Comparison:
    """One step of a model on several chips; rows in the order that was asked for."""

    model: str
    batch: int
    train: bool
    precision: str
    rows: list[Row]

    @property
    def simulated(self) -> list[Row]:
        """The fastest first."""
        return sorted((row for row in self.rows if row.kind == "simulated"), key=lambda row: -(row.images_per_s or 0))

    @property
    def bounds(self) -> list[Row]:
        return [row for row in self.rows if row.kind == "upper bound"]

    @property
    def failures(self) -> list[Row]:
        return [row for row in self.rows if row.kind == "failed"]

    @property
    def title(self) -> str:
        what = "training step" if self.train else "inference"
        return f"{self.model}: {what}, {self.batch} image{'s' if self.batch != 1 else ''}, {self.precision}"

    def text(self) -> str:
        """For the terminal: simulated chips by speed, upper bounds apart, what failed, what each one is."""
        lines = ["", f"  {self.title}"]
        if self.simulated:
            lines += ["", *table("simulated", self.simulated)]
        if self.bounds:
            lines += ["", *table("upper bound", self.bounds), "", f"  {NOTE}"]
        if self.simulated or self.bounds:
            lines += [f"  {AREA_NOTE}"]
        if self.failures:
            lines += ["", *(f"  {row.name}: {row.message}" for row in self.failures)]
        if known := [row for row in self.rows if row.description]:
            lines += ["", *(f"  {row.name}: {row.description}" for row in known)]
        return "\n".join(lines)

    def to_json(self) -> str:
        about = {key: getattr(self, key) for key in ("model", "batch", "train", "precision")}
        return json.dumps({"schema_version": VERSION, **about, "rows": [row.told() for row in self.rows]}, indent=1)

    def to_csv(self) -> str:
        """A line for each row; of several published figures the first."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in self.rows:
            found = row.told()
            if row.published:
                found |= {
                    "published_images_per_s": row.published[0].images_per_s,
                    "published_batch": row.published[0].batch,
                }
            writer.writerow(found)
        return text.getvalue()

    def page(self) -> str:
        """One self-contained HTML page with the rooflines of all."""
        from arsis.pictures import devices
        from arsis.pictures import page as pages

        figures = {"roofline": devices.figure(self)} if self.simulated or self.bounds else {}
        return pages.render(
            "compare.html.j2",
            figures,
            title=self.title,
            comparison=self,
            headings=HEADINGS,
            cells=cells,
            note=NOTE,
            area_note=AREA_NOTE,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a page (.html), JSON (.json) or CSV (.csv), complete or not at all. Raises InputError, FileError."""
        name = os.fspath(path)
        kinds = {".html": self.page, ".json": self.to_json, ".csv": self.to_csv}
        make = kinds.get(os.path.splitext(name)[1])
        if make is None:
            raise _arsis.InputError(f"found the file '{name}', expected one that ends in {', '.join(kinds)}")
        _arsis.write_file(name, make().encode())
