#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Generates everything that follows from isa.td: C++ structs, the operations of the MLIR isa dialect, the manual.

Usage: generate.py --tblgen LLVM_TBLGEN --td isa.td (--header | --ods | --cases | --docs) [-o FILE] [--check FILE]
With --check, writes nothing and fails if FILE differs from what would be generated. Needs only the standard library.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import header
import ods
from model import Isa

import docs

MODES = {"header": header.generate, "ods": ods.generate, "cases": ods.generate_cases, "docs": docs.generate}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tblgen", required=True, help="path of llvm-tblgen")
    parser.add_argument("--td", required=True, type=Path, help="path of isa.td")
    parser.add_argument("-o", "--output", type=Path, help="output file; standard output if absent")
    parser.add_argument("--check", type=Path, metavar="FILE", help="fail if FILE is not what would be generated")
    modes = parser.add_mutually_exclusive_group(required=True)
    for mode in MODES:
        modes.add_argument(f"--{mode}", dest="mode", action="store_const", const=mode)
    arguments = parser.parse_args()
    try:
        generated = MODES[arguments.mode](Isa.read(arguments.tblgen, arguments.td))
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"error: {arguments.td}: {error}", file=sys.stderr)
        return 1
    if arguments.check:
        found = arguments.check.read_text(encoding="utf-8") if arguments.check.exists() else ""
        if found != generated:
            print(
                f"error: {arguments.check} is out of date: regenerate it with the target arsis-isa-docs",
                file=sys.stderr,
            )
            return 1
    elif arguments.output:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        same = arguments.output.exists() and arguments.output.read_text(encoding="utf-8") == generated
        if not same:  # else what includes it need not be compiled again
            arguments.output.write_text(generated, encoding="utf-8")
    else:
        sys.stdout.write(generated)
    return 0


if __name__ == "__main__":
    sys.exit(main())
