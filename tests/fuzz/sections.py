# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Copies a program file as the fuzz target `program` takes it: its sections, each behind its tag."""

import argparse
import struct
import zlib
from pathlib import Path

# Tag, checksum, offset, size in the file, size of the contents; see dialects/Isa/Encoding/Sections.cpp.
TABLE_BEGIN, ENTRY = 24, struct.Struct("<4sIQQQ")


def sections(file: bytes) -> bytes:
    (count,) = struct.unpack_from("<I", file, 12)
    found = b""
    for i in range(count):
        tag, _, offset, length, unpacked = ENTRY.unpack_from(file, TABLE_BEGIN + ENTRY.size * i)
        stored = file[offset : offset + length]
        found += tag + (stored if length == unpacked else zlib.decompress(stored))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, help=".arsis file to read")
    parser.add_argument("output", type=Path, help="file to write")
    arguments = parser.parse_args()
    arguments.output.write_bytes(sections(arguments.program.read_bytes()))


if __name__ == "__main__":
    main()
