# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`arsis`, or `python -m arsis`: train a model on the simulated chip, turn a report into a page, or sweep.

Whatever goes wrong is one `error: ...` on standard error and exit status 1; 130 after Ctrl-C; 3 where points of a sweep
or chips of a comparison failed.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import _arsis

import arsis
from arsis.arguments import parser
from arsis.compare_command import run_compare
from arsis.sweeps.command import run_page, run_sweep


def run_train(arguments: argparse.Namespace) -> int:
    from arsis import checkpoint, data, models, report, training
    from arsis.onnx_shapes import image_shape
    from arsis.watching import Progress, Saver

    settings = arsis.Settings(
        chip=arguments.chip,
        overrides=arsis.parse_overrides(arguments.set),
        batch=arguments.batch,
        epochs=arguments.epochs,
        learning_rate=arguments.lr,
        decay=arguments.decay,
        momentum=arguments.momentum,
        weight_decay=arguments.weight_decay,
        seed=arguments.seed,
        reference=arguments.reference,
        timing=arguments.timing,
        loss=arguments.loss,
        logits=arguments.logits,
        tie=tuple(arguments.tie),
        untie=tuple(arguments.untie),
        freeze=tuple(arguments.freeze),
        random_weights=arguments.random_weights,
        precision=arguments.precision,
        store=tuple(arguments.store),
    )
    out = arguments.out
    json_path, page, weights, trained = (
        out / name for name in ("report.json", "report.html", "weights.npz", "model.onnx")
    )
    if out.exists() and not out.is_dir():
        raise arsis.InputError(f"--out: found the file '{out}', expected a folder")
    arsis.refuse_shared_files(
        {
            "--model": arguments.model,
            "--chip": arguments.chip,
            "--data": arguments.data,
            "--init": str(arguments.init or ""),
        },
        {"--out": [str(path) for path in (json_path, page, weights, trained)]},
    )
    path = models.model_path(arguments.model, out.parent / "models")
    model = models.Model(path, name=arguments.model)
    images = data.load(arguments.data, image_shape(model.read(), str(path)))
    for note in [*images.notes, *training.notes(images, settings)]:
        print(note, flush=True)
    init = checkpoint.read_weights(arguments.init) if arguments.init else None
    keeper = checkpoint.Keeper(path, settings.tie, settings.untie, settings.random_weights)
    out.mkdir(parents=True, exist_ok=True)
    saver = Saver(keeper, json_path, page, weights, trained)
    with Progress(arguments.epochs * (len(images.train_images) // arguments.batch)) as progress:
        result = training.train(model, images, settings, [saver, progress], init)
    print(report.summary(result.content))
    print(f"\nreport: {page} (data: {json_path})\nweights: {weights}, model: {trained}")
    reached = result["training"]["accuracy_chip"][-1]
    if reached < arguments.require_accuracy:
        raise arsis.InputError(
            f"test accuracy on the chip is {reached:.2%}, expected at least {arguments.require_accuracy:.2%}"
        )
    return 0


def run_report(arguments: argparse.Namespace) -> int:
    from arsis import report

    page = arguments.output or arguments.json.with_suffix(".html")
    arsis.refuse_shared_files({"the report": str(arguments.json)}, {"--output": [str(page)]})
    shown = report.show(report.read(arguments.json), arguments.json)
    arsis.write_file(str(page), shown.page.encode())
    print(f"{shown.summary}\n\nreport: {page}")
    return 0


def run_diff(arguments: argparse.Namespace) -> int:
    from arsis import diff, report

    paths = arguments.before, arguments.after
    if arguments.output:
        arsis.refuse_shared_files(
            {"the first report": str(paths[0]), "the second report": str(paths[1])},
            {"--output": [str(arguments.output)]},
        )
    first, second = (report.read(path) for path in paths)
    compared = report.complete(
        lambda: diff.compare(first, second, (str(paths[0]), str(paths[1]))), f"{paths[0]}, {paths[1]}"
    )
    if arguments.output:
        arsis.write_file(str(arguments.output), diff.page(compared).encode())
    print(diff.text(compared, arguments.rows))
    if arguments.output:
        print(f"\npage: {arguments.output}")
    return 0


def run_import(arguments: argparse.Namespace) -> int:
    from arsis.importers import command

    print(command.run(arguments.files, arguments.output, arguments.chain, arguments.base, arguments.seed))
    return 0


def run_doctor(_: argparse.Namespace) -> int:
    from arsis import doctor

    text, is_well = doctor.examine()
    print(text)
    if not is_well:
        raise arsis.Error("something is missing: see above")
    return 0


def run_completion(arguments: argparse.Namespace) -> int:
    import shtab

    print(shtab.complete(parser(), shell=arguments.shell))
    return 0


def run_chips(arguments: argparse.Namespace) -> int:
    print("\n".join(arsis.rooflines.names() if arguments.rooflines else arsis.chips()))
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "train": run_train,
    "report": run_report,
    "diff": run_diff,
    "compare": run_compare,
    "import": run_import,
    "sweep": run_sweep,
    "page": run_page,
    "chips": run_chips,
    "doctor": run_doctor,
    "completion": run_completion,
}


def run() -> int:
    arguments = parser().parse_args()
    status = COMMANDS[arguments.command](arguments)
    sys.stdout.flush()
    return status


def describe(error: Exception) -> str:
    """One line for an exception; the place in the code is named where the mistake must be ours."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'standard output'}: {error.strerror}"
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, (ValueError, OSError, ImportError, RuntimeError)):  # arsis.Error is a ValueError
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal error: {type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"


def show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """What the compiler remarks and warns of, without the line of Python that called it."""
    text = str(message)
    print(text if text.startswith("remark: ") else f"warning: {text}", file=sys.stderr)


def main() -> int:
    warnings.showwarning = show_warning
    as_flags = _arsis.name_options_as_flags(True)
    try:
        return run()
    except KeyboardInterrupt:
        text, status = "interrupted", 130
    except Exception as error:
        text, status = describe(error), 1
    finally:
        _arsis.name_options_as_flags(as_flags)
    if text.startswith("standard output: "):  # nor can the interpreter write what is left at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    print(f"error: {text}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
