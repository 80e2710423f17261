# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The generator from isa.td: what it refuses, and that prose does not change the schema hash while fields do.

Usage: generator_test.py REPOSITORY LLVM_TBLGEN
"""

import sys
import tempfile
import unittest
from pathlib import Path

REPOSITORY, TBLGEN = Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(REPOSITORY / "dialects/Isa/gen"))

import header  # noqa: E402
import ods  # noqa: E402
from model import Isa, snake  # noqa: E402

SOURCE = (REPOSITORY / "dialects/Isa/isa.td").read_text(encoding="utf-8")


def isa(*replacements: tuple[str, str]) -> Isa:
    text = SOURCE
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "isa.td"
        path.write_text(text, encoding="utf-8")
        return Isa.read(TBLGEN, path)


class Generator(unittest.TestCase):
    def test_prose_does_not_change_the_schema(self) -> None:
        self.assertEqual(isa(("fill a weight bank", "load weights")).schema_hash(), isa().schema_hash())

    def test_fields_opcodes_and_names_change_the_schema(self) -> None:
        for change in [
            ('"nStride"', '"columnPitch"'),
            ("0x28", "0x29"),
            ('"drain", "Drain"', '"empty", "Drain"'),
            ('Case<"Exp"', 'Case<"Exp2"'),
        ]:
            self.assertNotEqual(isa(change).schema_hash(), isa().schema_hash(), change)

    def test_refuses_contradictions(self) -> None:
        for change, message in [
            (("0x21", "0x20"), "share a opcode"),
            (('"drain", "Drain"', '"load", "Drain"'), "share a mnemonic"),
            (("0x28", "0x80"), "opcode of drain is 0x80, expected 1 to 0x7f"),
            (('"nStride"', '"nCount"'), "two fields of the same name"),
        ]:
            with self.assertRaisesRegex(ValueError, message):
                isa(change)

    def test_every_field_reaches_header_and_dialect(self) -> None:
        description = isa()
        generated, dialect = header.generate(description), ods.generate(description)
        for instruction in description.instructions:
            for field in instruction.fields:
                self.assertIn(f'visitor("{field.name}", {field.name});', generated)
                if not instruction.marker:
                    self.assertIn(f":${field.name}", dialect)

    def test_assembly_spelling(self) -> None:
        self.assertEqual(
            [snake(n) for n in ("BF16", "ScaleAdd", "F32", "IsFinite")], ["bf16", "scale_add", "f32", "is_finite"]
        )


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
