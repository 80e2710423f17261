# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m arsis`: train a model on the simulated chip, or turn a report into a page."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m arsis", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a model on the simulated chip and, beside it, on the reference")
    train.add_argument("--model", default="lenet5", help="name of a recipe in models/, or an .onnx file")
    train.add_argument("--chip", default="edge", help="shipped chip, or a chip's YAML file")
    train.add_argument("--epochs", type=int, default=10)
    train.add_argument("--batch", type=int, default=32, help="images per step")
    train.add_argument("--lr", type=float, default=0.02, help="learning rate of SGD")
    train.add_argument("--momentum", type=float, default=0.9)
    train.add_argument("--weight-decay", type=float, default=0.0)
    train.add_argument(
        "--data", default="mnist", help="mnist, synthetic, or an .npz file with x_train, y_train, x_test, y_test"
    )
    train.add_argument("--seed", type=int, default=0, help="seed of the order of the images")
    train.add_argument("--reference", default="exact", choices=["exact", "onednn", "plain", "f64", "off"])
    train.add_argument(
        "--timing", default="all", choices=["all", "first"], help="which steps to time; cycles do not depend on values"
    )
    train.add_argument(
        "--require-accuracy", type=float, default=0.0, help="fail if the chip ends below this share of the test images"
    )
    train.add_argument("--out", type=Path, default=Path("out/train"), help="folder of report.json and report.html")
    report = commands.add_parser("report", help="make report.html and a summary from a report.json")
    report.add_argument("json", type=Path)
    report.add_argument("-o", "--output", type=Path, help="page to write (default: beside the report)")
    commands.add_parser("chips", help="list the shipped chips")
    return top


def run_train(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from arsis import data, models, report, training
    from arsis.onnx_shapes import image_shape

    settings = training.Settings(
        model=arguments.model,
        chip=arguments.chip,
        batch=arguments.batch,
        epochs=arguments.epochs,
        learning_rate=arguments.lr,
        momentum=arguments.momentum,
        weight_decay=arguments.weight_decay,
        seed=arguments.seed,
        reference=arguments.reference,
        timing=arguments.timing,
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    model = models.model_path(arguments.model, arguments.out.parent / "models")
    images = data.load(arguments.data, image_shape(model))
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

        json_path, page = arguments.out / "report.json", arguments.out / "report.html"

        def checkpoint(so_far: dict) -> None:
            json_path.write_text(json.dumps(so_far, indent=1))
            report.write_page(so_far, page)

        result = training.train(model, images, settings, progress, checkpoint)
    print(report.summary(result))
    print(f"\nreport: {page} (data: {json_path})")
    reached = result["training"]["accuracy_chip"][-1]
    if reached < arguments.require_accuracy:
        raise ValueError(
            f"test accuracy on the chip is {reached:.2%}, expected at least {arguments.require_accuracy:.2%}"
        )


def run_report(arguments: argparse.Namespace) -> None:
    from arsis import report

    result = json.loads(arguments.json.read_text())
    page = arguments.output or arguments.json.with_suffix(".html")
    report.write_page(result, page)
    print(report.summary(result))
    print(f"\nreport: {page}")


def main() -> int:
    arguments = parser().parse_args()
    try:
        if arguments.command == "train":
            run_train(arguments)
        elif arguments.command == "report":
            run_report(arguments)
        else:
            import arsis

            print("\n".join(arsis.chips()))
    except (ValueError, FileNotFoundError, ImportError) as error:  # arsis.Error is a ValueError
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
