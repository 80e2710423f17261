# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers as other tools describe them: sizes alone, without values."""

from __future__ import annotations

from dataclasses import dataclass

from _arsis import InputError


class ImportFailed(InputError):
    """A file that cannot be taken over; says where, what was found and what was expected."""


@dataclass(frozen=True)
class Convolution:
    """A convolution whose input has its padding already. `groups` divides channels and filters."""

    name: str
    height: int  # of the input, with padding
    width: int
    kernel: tuple[int, int]
    channels: int
    filters: int
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    groups: int = 1
    partial: bool = False  # a last window that does not lie wholly inside the input is counted too

    @property
    def spans(self) -> tuple[int, int]:
        """Rows and columns that a window reaches over."""
        (rows, columns), (down, right) = self.kernel, self.dilations
        return (rows - 1) * down + 1, (columns - 1) * right + 1

    @property
    def outputs(self) -> tuple[int, int]:
        """Rows and columns of the result."""
        found = []
        for size, span, stride in zip((self.height, self.width), self.spans, self.strides, strict=True):
            left = size - span
            found.append(-(-left // stride) + 1 if self.partial else left // stride + 1)
        return found[0], found[1]

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        rows, columns = self.outputs
        window = self.kernel[0] * self.kernel[1] * self.channels // self.groups
        return rows * columns * self.filters * window


@dataclass(frozen=True)
class Product:
    """[rows, inner] times [inner, columns]."""

    name: str
    rows: int
    columns: int
    inner: int

    @property
    def macs(self) -> int:
        return self.rows * self.columns * self.inner


Layer = Convolution | Product


def whole(text: object, where: str, least: int = 1, most: int = 1 << 30) -> int:
    """A whole number from `text`. Raises ImportFailed."""
    word = str(text).strip()
    if isinstance(text, bool) or not word.isascii() or not word.isdigit() or not least <= int(word) <= most:
        raise ImportFailed(f"{where}: found '{word}', expected a whole number from {least} to {most}")
    return int(word)


def checked(layer: Convolution, where: str) -> Convolution:
    """The layer, if its window fits and its groups divide. Raises ImportFailed."""
    if layer.spans[0] > layer.height or layer.spans[1] > layer.width:
        raise ImportFailed(
            f"{where}: found a window of {layer.spans[0]}x{layer.spans[1]} on an input of "
            f"{layer.height}x{layer.width}, expected one that fits"
        )
    if layer.channels % layer.groups or layer.filters % layer.groups:
        raise ImportFailed(
            f"{where}: found {layer.groups} groups of {layer.channels} channels and {layer.filters} filters, "
            "expected them to divide"
        )
    return layer


def with_distinct_names(layers: list[Layer]) -> list[Layer]:
    """Layers of one name are told apart by a number behind it."""
    from dataclasses import replace

    taken: set[str] = set()
    found = []
    for layer in layers:
        name, number = layer.name, 1
        while name in taken:
            number += 1
            name = f"{layer.name}_{number}"
        taken.add(name)
        found.append(replace(layer, name=name))
    return found
