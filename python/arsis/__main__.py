# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m arsis`: train a model on the simulated chip, or turn a report into a page.

Whatever goes wrong is one `error: ...` on standard error and exit status 1; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
import warnings
from pathlib import Path

import arsis
from arsis.arguments import parser


def run_train(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from arsis import checkpoint, data, models, report, training
    from arsis.onnx_shapes import image_shape

    settings = training.Settings(
        model=arguments.model,
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
        logits=arguments.logits,
        tie=tuple(arguments.tie),
        untie=tuple(arguments.untie),
        precision=arguments.precision,
        store=tuple(arguments.store),
    )
    out = arguments.out
    json_path, page, weights, trained = (
        out / name for name in ("report.json", "report.html", "weights.npz", "model.onnx")
    )
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out: found the file '{out}', expected a folder")
    arsis.refuse_shared_files(
        {
            "--model": arguments.model,
            "--chip": arguments.chip,
            "--data": arguments.data,
            "--init": str(arguments.init or ""),
        },
        {"--out": [str(path) for path in (json_path, page, weights, trained)]},
    )
    model = models.model_path(arguments.model, out.parent / "models")
    images = data.load(arguments.data, image_shape(model))
    for note in [*images.notes, *training.notes(images, settings)]:
        print(note, flush=True)
    init = checkpoint.read_weights(arguments.init) if arguments.init else None
    keeper = checkpoint.Keeper(model, settings.tie, settings.untie)
    out.mkdir(parents=True, exist_ok=True)
    steps = len(images.train_images) // arguments.batch
    with tqdm(total=arguments.epochs * steps, unit="step", dynamic_ncols=True, disable=None) as bar:

        def progress(step: int, _: int, history: training.History) -> None:
            text = f"loss {history.loss_chip[-1]:.3f}"
            if history.accuracy_chip:
                text += f", test {history.accuracy_chip[-1]:.1%}"
            bar.set_postfix_str(text, refresh=False)
            bar.update(1)
            if bar.disable and step % steps == 0:  # not a terminal: one line per epoch instead of a bar
                print(f"epoch {step // steps}: {text}", flush=True)

        def save_report(so_far: dict) -> None:
            arsis.write_file(str(json_path), json.dumps(so_far, indent=1).encode())
            report.write_page(so_far, page)

        def save_weights(values: checkpoint.Weights) -> None:
            arsis.write_tensors(str(weights), values)
            arsis.write_file(str(trained), keeper.trained_model(values))

        result = training.train(model, images, settings, progress, save_report, save_weights, init)
    print(report.summary(result))
    print(f"\nreport: {page} (data: {json_path})\nweights: {weights}, model: {trained}")
    reached = result["training"]["accuracy_chip"][-1]
    if reached < arguments.require_accuracy:
        raise ValueError(
            f"test accuracy on the chip is {reached:.2%}, expected at least {arguments.require_accuracy:.2%}"
        )


def run_report(arguments: argparse.Namespace) -> None:
    from arsis import report

    page = arguments.output or arguments.json.with_suffix(".html")
    arsis.refuse_shared_files({"the report": str(arguments.json)}, {"--output": [str(page)]})
    shown = report.show(report.read(arguments.json), arguments.json)
    arsis.write_file(str(page), shown.page.encode())
    print(f"{shown.summary}\n\nreport: {page}")


def run_diff(arguments: argparse.Namespace) -> None:
    from arsis import diff, report

    paths = arguments.before, arguments.after
    if arguments.output:
        read = {"the first report": str(paths[0]), "the second report": str(paths[1])}
        arsis.refuse_shared_files(read, {"--output": [str(arguments.output)]})
    first, second = (report.read(path) for path in paths)
    compared = report.complete(
        lambda: diff.compare(first, second, (str(paths[0]), str(paths[1]))), f"{paths[0]}, {paths[1]}"
    )
    if arguments.output:
        arsis.write_file(str(arguments.output), diff.page(compared).encode())
    print(diff.text(compared, arguments.rows))
    if arguments.output:
        print(f"\npage: {arguments.output}")


def run() -> None:
    arguments = parser().parse_args()
    if arguments.command == "train":
        run_train(arguments)
    elif arguments.command == "report":
        run_report(arguments)
    elif arguments.command == "import":
        from arsis.importers import command

        print(command.run(arguments.files, arguments.output, arguments.chain, arguments.base, arguments.seed))
    elif arguments.command == "diff":
        run_diff(arguments)
    else:
        print("\n".join(arsis.chips()))
    sys.stdout.flush()


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


def show_warning(message: Warning | str, *_: object) -> None:
    """What the compiler remarks and warns of, without the line of Python that called it."""
    text = str(message)
    print(text if text.startswith("remark: ") else f"warning: {text}", file=sys.stderr)


def main() -> int:
    warnings.showwarning = show_warning
    try:
        run()
        return 0
    except KeyboardInterrupt:
        text, status = "interrupted", 130
    except Exception as error:
        text, status = describe(error), 1
    if text.startswith("standard output: "):  # nor can the interpreter write what is left at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    print(f"error: {text}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
