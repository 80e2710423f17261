# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""All nets of `models/` at their reduced sizes take a training step on two chips: bit for bit the oracle's, and
PyTorch's in fp64 (tests/e2e/zoo_step.py has the rule). About a minute a net and chip."""

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import arsis  # noqa: E402
import zoo_step  # noqa: E402


def main() -> int:
    table = arsis.models.load_recipe(arsis.models.recipes_folder() / "torchvision_builder.py")
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("nets", nargs="*", default=[*table.NETS, "unet", "fsrcnn"])
    parser.add_argument("--chips", nargs="+", default=zoo_step.CHIPS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    wrong = []
    for net in arguments.nets:
        for chip in arguments.chips:
            with tempfile.TemporaryDirectory() as folder:
                result = zoo_step.check(net, chip, Path(folder))
            worst, share = result.worst()
            flips = sum(count for _, count, *_ in result.flips)
            print(
                f"{net:20} {chip:10} {len(result.rows):4} tensors, nearest to the limit {worst} at {share:.2f}, "
                f"{flips} flips, {result.seconds:.0f} s",
                flush=True,
            )
            for problem in result.problems():
                wrong.append(f"{net} on {chip}: {problem}")
                print(f"  {problem}", flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
