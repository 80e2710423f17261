# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""All nets of `models/` at their reduced sizes take a training step on two chips: bit for bit the oracle's, and in fp32
PyTorch's in fp64 (tests/e2e/zoo_step.py has the rule), in bf16 as near to it as PyTorch's autocast
(tests/e2e/precision_rule.py). About a minute a net and chip."""

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import arsis  # noqa: E402
import zoo_precision  # noqa: E402
import zoo_step  # noqa: E402

MORE = 3


def in_fp32(net: str, chip: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        result = zoo_step.check(net, chip, Path(folder))
    worst, share = result.worst()
    flips = sum(count for _, count, *_ in result.flips)
    print(
        f"{net:20} {chip:10} fp32 {len(result.rows):4} tensors, nearest to the limit {worst} at {share:.2f}, "
        f"{flips} flips, {result.seconds:.0f} s",
        flush=True,
    )
    return [f"{net} on {chip}: {problem}" for problem in result.problems()]


def in_bf16(net: str, chips: list[str], seeds: int) -> list[str]:
    wrong, begin = [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = zoo_precision.check(net, chips, Path(folder), seeds)
        # A squeeze-excite takes few decisions for four images: there more seeds say whether it was one of them.
        if any(not row.share <= 1 for rows in found.values() for row in rows):
            print(f"{net:20} is tried with {MORE * seeds} seeds", flush=True)
            found = zoo_precision.check(net, chips, Path(folder), MORE * seeds)
    seconds = time.monotonic() - begin
    for chip, rows in found.items():
        usual = median(row.ratio for row in rows)
        print(
            f"{net:20} {chip:10} bf16 {len(rows):4} tensors, nearest to the limit {rows[-1].name} at "
            f"{rows[-1].share:.2f}, usual error {usual:.2f} of PyTorch's, {seconds:.0f} s",
            flush=True,
        )
        wrong += [f"{net} on {chip} in bf16: {row}" for row in rows if not row.share <= 1]
    return wrong


def main() -> int:
    table = arsis.models.load_recipe(arsis.models.recipes_folder() / "torchvision_builder.py")
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("nets", nargs="*", default=[*table.NETS, "unet", "fsrcnn"])
    parser.add_argument("--chips", nargs="+", default=zoo_step.CHIPS)
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "bf16"], default=["fp32", "bf16"])
    parser.add_argument("--seeds", type=int, default=zoo_precision.SEEDS, help="of bf16")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    wrong = []
    for net in arguments.nets:
        found = []
        if "fp32" in arguments.precisions:
            found += [problem for chip in arguments.chips for problem in in_fp32(net, chip)]
        if "bf16" in arguments.precisions:
            found += in_bf16(net, arguments.chips, arguments.seeds)
        for problem in found:
            print(f"  {problem}", flush=True)
        wrong += found
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
