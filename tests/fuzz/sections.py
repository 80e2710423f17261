# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Copies a program file as the fuzz target `program` takes it: its sections, each behind its tag."""

import argparse
import struct
from pathlib import Path

TABLE_BEGIN, ENTRY = 24, struct.Struct("<4sIQQ")  # tag, checksum, offset, length; see dialects/Isa/Encoding/Binary.cpp


def sections(file: bytes) -> bytes:
    (count,) = struct.unpack_from("<I", file, 12)
    found = b""
    for i in range(count):
        tag, _, offset, length = ENTRY.unpack_from(file, TABLE_BEGIN + ENTRY.size * i)
        found += tag + file[offset : offset + length]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, help=".arsis file to read")
    parser.add_argument("output", type=Path, help="file to write")
    arguments = parser.parse_args()
    arguments.output.write_bytes(sections(arguments.program.read_bytes()))


if __name__ == "__main__":
    main()
