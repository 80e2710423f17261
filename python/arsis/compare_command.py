# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`arsis compare MODEL --on CHIP,DEVICE,...`: one network on several chips, from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import arsis

SOME_FAILED = 3  # exit status: some chips have a row, others an error
STATUS = (
    "exit status: 0 every chip has a row, 3 some have and the others say in one line why not, 1 none has or the "
    "comparison could not be done, 130 interrupted"
)


def add_compare(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command to those of the command line."""
    from arsis.arguments import MOST_IMAGES, one_of, whole

    compare = commands.add_parser(
        "compare",
        help="set one network on several chips side by side, with GPUs and CPUs as upper bounds",
        epilog=STATUS,
    )
    add = compare.add_argument
    add("model", help="name of a recipe in models/, or an .onnx file")
    add(
        "--on",
        required=True,
        metavar="CHIP,..",
        help="shipped chips, YAML files of chips, and roofline devices (arsis chips --rooflines lists these)",
    )
    add("--batch", type=whole(1, MOST_IMAGES), default=32, help="images per step")
    add("--train", action="store_true", help="a training step in place of an inference")
    add("--precision", type=one_of("fp32", "tf32", "bf16", "fp16"), default="fp32", help="tf32 is of devices only")
    add("--loss", metavar="NAME,KEY=VALUE,..", help="of a training, as in arsis train (softmax-xent)")
    add("--optimizer", metavar="NAME,KEY=VALUE,..", help="of a training (sgd,lr=0.1,momentum=0.9)")
    add("-o", "--output", type=Path, help="page to write, with the rooflines")
    add("--json", type=Path, help="write the rows as JSON")
    add("--csv", type=Path, help="write the rows as CSV")


def run_compare(arguments: argparse.Namespace) -> int:
    targets = [name.strip() for name in arguments.on.split(",")]
    if not all(targets):
        raise arsis.InputError(f"--on: found '{arguments.on}', expected names with commas between them")
    written = {
        option: (path, suffix)
        for option, path, suffix in (
            ("--output", arguments.output, ".html"),
            ("--json", arguments.json, ".json"),
            ("--csv", arguments.csv, ".csv"),
        )
        if path is not None
    }
    for option, (path, suffix) in written.items():
        if path.suffix != suffix:
            raise arsis.InputError(f"{option}: found '{path}', expected a file that ends in {suffix}")
    read = {f"--on {name}": name for name in targets if name.endswith(".yaml")}
    arsis.refuse_shared_files(
        {"MODEL": arguments.model, **read}, {option: [str(path)] for option, (path, _) in written.items()}
    )
    training = {
        name: value
        for name, value in (("loss", arguments.loss), ("optimizer", arguments.optimizer))
        if value is not None
    }
    if training and not arguments.train:
        raise arsis.InputError(f"--{next(iter(training))}: found without --train, expected both or none")
    if arguments.train:
        training = {"loss": "softmax-xent"} | training
    made = arsis.compare(
        arguments.model,
        targets,
        batch=arguments.batch,
        train=arguments.train,
        precision=arguments.precision,
        **training,
    )
    print(made.text())
    for path, _ in written.values():
        made.save(path)
    if written:
        print("\nwritten: " + ", ".join(str(path) for path, _ in written.values()))
    if len(made.failures) == len(made.rows):
        raise arsis.Error(f"no chip has a result: {made.failures[0].name}: {made.failures[0].message}")
    return SOME_FAILED if made.failures else 0
