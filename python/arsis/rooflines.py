# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Devices that are not simulated: a GPU or CPU as peak, bandwidth, power and area (arch_configs/rooflines), and what
was published of devices and chips."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from _arsis import ChipError, FileError

from arsis.chip import Peak

# Types of a multiplication, by the key of their peak.
TYPES = {"fp32": "fp32_tflops", "tf32": "tf32_tflops", "bf16": "bf16_tflops", "fp16": "fp16_tflops"}
# Unit of every figure of a file; a device gives the peaks that it has, and all others.
FIGURES = {
    **{f"peak.{key}": "TFLOPS" for key in TYPES.values()},
    "memory.bandwidth_gbps": "GB/s",
    "memory.capacity_gb": "GB",
    "board.tdp_w": "W",
    "board.area_mm2": "mm2",
    "board.node_nm": "nm",
}
SPLIT, HALVES = 6, ("peak.bf16_tflops", "peak.fp16_tflops")  # products of two bytes in the place of one of fp32
KINDS = ("gpu", "cpu")
PUBLISHED = "published.csv"
PARTS = {"value", "unit", "source"}


@dataclass(frozen=True)
class Figure:
    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Device:
    """A roofline: what a device can do at most. `figures` by the keys of FIGURES, peaks only of types that it has.

    >>> device = arsis.rooflines.load("p40")
    >>> device.value("memory.bandwidth_gbps"), device.figures["board.tdp_w"].unit
    (346.0, 'W')
    >>> device.peak("bf16") is None
    True
    """

    name: str
    description: str
    kind: str  # "gpu" or "cpu"
    figures: dict[str, Figure]

    def value(self, key: str) -> float:
        return self.figures[key].value

    def peak(self, precision: str) -> Peak | None:
        """Its bounds for products of this type, a key of TYPES; None without such products.

        A product of fp32 may also be SPLIT ones of two-byte types: three bf16 hold the 24 bits of an operand, and six
        of the nine products of their parts matter (Henry, Tang, Heinecke, ARITH 2019)."""
        found = self.figures.get(f"peak.{TYPES[precision]}")
        if found is None:
            return None
        rate = found.value
        if precision == "fp32":
            rate = max(rate, *(self.value(key) / SPLIT for key in HALVES if key in self.figures), 0.0)
        return Peak(rate * 1e12, self.value("memory.bandwidth_gbps") * 1e9)

    @property
    def types(self) -> list[str]:
        return [name for name, key in TYPES.items() if f"peak.{key}" in self.figures]


@dataclass(frozen=True)
class Published:
    """A throughput that was published. `status`: "verified" in the source, "derived" by arithmetic, from "memory"."""

    device: str
    model: str
    mode: str  # "training" or "inference"
    precision: str
    batch: int | None
    images_per_s: float
    source: str
    status: str


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """YAML in which a key stands once; every map has its line under None."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"found {key.value} twice, expected it once", key.start_mark
                )
            seen.add(key.value)
        found: dict[object, object] = super().construct_mapping(node, deep)
        return found | {None: node.start_mark.line + 1}


def folder() -> Path:
    """Of the shipped devices: in the source tree or in the installed package. Raises FileError."""
    here = Path(__file__).resolve()
    for candidate in (here.parents[2] / "arch_configs" / "rooflines", here.parent / "rooflines"):
        if (candidate / PUBLISHED).is_file():
            return candidate
    raise FileError(f"found no folder of rooflines beside {here}")


def names() -> list[str]:
    """Of the shipped devices, sorted."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def _figure(key: str, given: Any, place: str) -> Figure:
    if key not in FIGURES:
        raise ChipError(f"{place}: unknown key '{key}', expected one of {', '.join(FIGURES)}")
    if not isinstance(given, dict):
        raise ChipError(f"{place}: {key} is not a map, expected {{value: ..., unit: {FIGURES[key]}, source: ...}}")
    parts = {part: value for part, value in given.items() if part is not None}
    if extra := sorted(map(str, parts.keys() - PARTS)):
        raise ChipError(f"{place}: unknown part '{extra[0]}' of {key}, expected value, unit and source")
    for part in ("value", "unit", "source"):
        if not str(parts.get(part, "")).strip():
            raise ChipError(
                f"{place}: {part} of {key} is missing, expected {{value: ..., unit: {FIGURES[key]}, source: ...}}"
            )
    if parts["unit"] != FIGURES[key]:
        raise ChipError(f"{place}: unit '{parts['unit']}' of {key} is wrong, expected {FIGURES[key]}")
    value = parts["value"]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ChipError(f"{place}: value '{value}' of {key} is impossible, expected a number above 0")
    return Figure(float(value), parts["unit"], str(parts["source"]))


def parse(text: str, file: str) -> Device:
    """The device that a YAML text describes; `file` stands for it in messages. Raises ChipError."""
    try:
        root = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ChipError(f"{file}{line}: {getattr(error, 'problem', None) or 'no valid YAML'}") from None
    if not isinstance(root, dict):
        raise ChipError(f"{file}: found no map, expected name, description, kind, peak, memory and board")
    about, figures = {}, {}
    for section, content in root.items():
        if section is None:
            continue
        if section in ("name", "description", "kind"):
            about[section] = str(content)
        elif section not in ("peak", "memory", "board"):
            raise ChipError(
                f"{file}: unknown key '{section}', expected name, description, kind, peak, memory and board"
            )
        elif not isinstance(content, dict):
            raise ChipError(f"{file}: {section} is not a map, expected `key: {{value, unit, source}}` entries")
        else:
            for key, given in content.items():
                if key is not None:
                    at = given.get(None) if isinstance(given, dict) else content.get(None)
                    figures[f"{section}.{key}"] = _figure(f"{section}.{key}", given, f"{file}:{at}")
    missing = [key for key in ("name", "description", "kind") if not about.get(key, "").strip()]
    missing += [key for key in FIGURES if key not in figures and not key.startswith("peak.")]
    if missing:
        raise ChipError(f"{file}: missing keys, expected also {', '.join(missing)}")
    if about["kind"] not in KINDS:
        raise ChipError(f"{file}: found kind '{about['kind']}', expected {' or '.join(KINDS)}")
    if not any(key.startswith("peak.") for key in figures):
        raise ChipError(f"{file}: found no peak, expected at least one of {', '.join(TYPES.values())}")
    return Device(about["name"], about["description"], about["kind"], figures)


def load(name: str | os.PathLike[str]) -> Device:
    """A shipped device by name, or the path of a .yaml file. Raises ChipError; FileError for a file that cannot be
    read."""
    text = os.fspath(name)
    is_path = "/" in text or text.endswith(".yaml")
    if not is_path and text not in names():
        raise ChipError(f"unknown roofline device '{text}', expected one of {', '.join(names())}")
    path = Path(text) if is_path else folder() / f"{text}.yaml"
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise FileError(f"{path}: cannot read the file: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ChipError(f"{path}: no text in UTF-8") from None


def describes_device(path: Path) -> bool:
    """Whether the file is of a device and no chip's: it has a section `peak`."""
    try:
        return any(line.startswith("peak:") for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        return False  # whoever reads it as a chip says why


@lru_cache
def published() -> tuple[Published, ...]:
    """All rows of the shipped table."""
    with (folder() / PUBLISHED).open(encoding="utf-8", newline="") as file:
        return tuple(
            Published(
                row["device"], row["model"], row["mode"], row["precision"], int(row["batch"]) if row["batch"] else None,
                float(row["images_per_s"]), row["source"], row["status"],
            )
            for row in csv.DictReader(file)
        )  # fmt: skip
