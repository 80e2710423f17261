# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line of `arsis`, also `python -m arsis`. A mistake is one `error: ...`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from arsis.compare_command import add_compare
from arsis.sweeps.command import add_page, add_sweep

MOST_IMAGES = 2**31 - 1  # that a batch or an epoch can be asked for; the data bounds them further


class UsageError(ValueError):
    """The command line cannot be understood."""


class Parser(argparse.ArgumentParser):
    """Options are written out and given once."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)
        self.register("action", None, Once)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message.removeprefix("argument "))


class Once(argparse.Action):
    """Stores a value, and refuses a second one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        given = vars(namespace).setdefault("given", set())
        if self.dest in given:
            parser.error(f"{option_string}: found it more than once, expected it once")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 20 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"found '{text}', expected a whole number from {least} to {most}")
        return int(text)

    return parse


def real(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"found '{text}', expected a number from {least:g} to {most:g}")
        return value

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(f"found '{text}', expected {', '.join(choices[:-1])} or {choices[-1]}")
        return text

    return parse


def add_import(commands: argparse._SubParsersAction[Any]) -> None:
    taken = commands.add_parser(
        "import", help="make a model or chip of a file of SCALE-Sim, Timeloop or ONNXim, told by its form"
    )
    taken.add_argument("files", type=Path, nargs="+", help="a topology, problems of layers, or a chip")
    taken.add_argument("-o", "--output", type=Path, help="file to write (default: named after the first, here)")
    taken.add_argument("--chain", action="store_true", help="layers follow each other: a model that can be trained")
    taken.add_argument("--base", default="edge", help="shipped chip that has what the file does not say")
    taken.add_argument("--seed", type=whole(0, 2**64 - 1), default=7, help="seed of the weights")


def parser() -> Parser:
    top = Parser(prog="arsis", description="Train a model on the simulated chip, look at a report, sweep.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a model on the simulated chip and, beside it, on the reference")
    add = train.add_argument
    add("--model", default="lenet5", help="name of a recipe in models/, or an .onnx file")
    add("--chip", default="edge", help="shipped chip, or a chip's YAML file")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="override a value of the chip")
    add("--epochs", type=whole(1, MOST_IMAGES), default=10)
    add("--batch", type=whole(1, MOST_IMAGES), default=32, help="images per step")
    add("--lr", type=real(0, 1e30), default=0.02, help="learning rate of SGD")
    add("--decay", type=one_of("none", "cosine"), default="none", help="how the learning rate falls over all steps")
    add("--momentum", type=real(0, 1e30), default=0.9)
    add("--weight-decay", type=real(0, 1e30), default=0.0)
    add("--data", default="mnist", help="mnist, synthetic, or an .npz file with x_train, y_train, x_test, y_test")
    add(
        "--loss",
        default="softmax-xent",
        metavar="NAME,KEY=VALUE,..",
        help="softmax-xent with label-smoothing, ignore-index, class-weights; a sum of terms for several outputs",
    )
    add("--logits", default="", help="output that the loss reads, where the model has several")
    add(
        "--tie", action="append", default=[], metavar="PATTERN", help="constants that stay one parameter of all readers"
    )
    add("--untie", action="append", default=[], metavar="PATTERN", help="constants that are a parameter of each reader")
    add("--freeze", action="append", default=[], metavar="PATTERN", help="parameters that stay as they are")
    add(
        "--random-weights",
        type=whole(0, 2**64 - 1),
        metavar="SEED",
        help="random values for parameters that the file gives none",
    )
    add(
        "--precision",
        type=one_of("fp32", "bf16", "fp16"),
        default="fp32",
        help="type of activations and of what the array multiplies; sums and parameters are fp32",
    )
    add("--store", action="append", default=[], metavar="LAYER=TYPE", help="layer that stores another type")
    add("--init", type=Path, help="start from the weights of this .npz file, as an earlier training wrote them")
    add(
        "--seed",
        type=whole(0, 2**64 - 1),
        default=0,
        help="seed of the order of the images and of dropout",
    )
    add("--reference", type=one_of("exact", "onednn", "plain", "f64", "off"), default="exact")
    add(
        "--timing",
        type=one_of("all", "first"),
        default="all",
        help="all or first: which steps of an epoch to time; cycles do not depend on values",
    )
    add(
        "--require-accuracy",
        type=real(0, 1),
        default=0.0,
        help="fail if the chip ends below this share of the test images",
    )
    add(
        "--out",
        type=Path,
        default=Path("out/train"),
        help="folder of report.json, report.html, weights.npz and model.onnx, each written after every epoch",
    )
    report = commands.add_parser("report", help="make report.html and a summary from a report.json")
    report.add_argument("json", type=Path)
    report.add_argument("-o", "--output", type=Path, help="page to write (default: beside the report)")
    diff = commands.add_parser("diff", help="say what moved from one report.json to another of the same model, and why")
    diff.add_argument("before", type=Path)
    diff.add_argument("after", type=Path)
    diff.add_argument("-o", "--output", type=Path, help="page to write (default: none)")
    diff.add_argument("--rows", type=whole(1, 10_000), default=20, help="layers and accounts to print")
    add_compare(commands)
    add_import(commands)
    chips = commands.add_parser("chips", help="list the shipped chips")
    chips.add_argument("--rooflines", action="store_true", help="list the devices that are not simulated instead")
    add_sweep(commands)
    add_page(commands)
    commands.add_parser("doctor", help="print versions, and what is missing; exit status 1 if something is")
    completion = commands.add_parser("completion", help="print what completes this command line in a shell")
    completion.add_argument("shell", type=one_of("bash", "zsh", "tcsh"), help="bash, zsh or tcsh")
    return top
