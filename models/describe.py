# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the table of nets in models/nets.md: parameters, multiply-accumulates of each phase, bytes of activations.
Counted from the exported files at one image of the net's own size; of nets that are named, only their rows. Needs
torch, torchvision and the package arsis."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import onnx
from arsis.work import Count

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER / "nets.md"
sys.path.insert(0, str(FOLDER))
import torchvision_builder  # noqa: E402

BEGIN, END = "<!-- nets: written by models/describe.py -->", "<!-- end of nets -->"
# What each folder of its own holds: the size of its images, the reduced one, and how it is exported.
OWN = {
    "lenet5": ("1x28x28", "own", "by hand, inference form"),
    "resnet8": ("3x32x32", "own", "by hand, inference form"),
    "unet": ("3x128x128", "32", "`from_torch`, logits are pixels x classes"),
    "fsrcnn": ("1x64x64", "16", "`from_torch`, with mean squared error"),
}
HEAD = [
    "| net | exported | image | compared at | parameters | MACs forward | of input gradients | of weight gradients "
    "| activations |",
    "|---|---|---|---|---|---|---|---|---|",
]


def row(name: str, path: Path, image: str, reduced: str, how: str) -> str:
    count = Count(onnx.load(str(path)))
    counts = (count.parameters, count.forward, count.backward_input, count.forward)
    cells = [f"`{name}`", how, image, reduced, *(f"{number:,}" for number in counts)]
    return "| " + " | ".join([*cells, f"{count.activations / 1e6:.2f} MB"]) + " |"


def main() -> None:
    from arsis.models import recipes

    known, rows = recipes(), rows_of(PAGE.read_text())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        for name in sys.argv[1:] or sorted(known):
            known[name][1](path, 7)
            if name in OWN:
                rows[name] = row(name, path, *OWN[name])
            else:
                net = torchvision_builder.NETS[name]
                how = "torchvision, training form" + (f", {net.remark}" if net.remark else "")
                rows[name] = row(name, path, f"3x{net.image}x{net.image}", str(net.reduced), how)
            write([rows[name] for name in sorted(rows)])


def rows_of(page: str) -> dict[str, str]:
    """The rows that are there, by net."""
    table = page.partition(BEGIN)[2].partition(END)[0]
    return {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}


def write(rows: list[str]) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + "\n".join([BEGIN, *HEAD, *rows, END]) + rest.partition(END)[2])


if __name__ == "__main__":
    main()
