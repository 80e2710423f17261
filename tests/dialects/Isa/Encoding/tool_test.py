# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""arsis-as from the outside: round trip, dump, exit codes. Usage: tool_test.py ARSIS_AS EXAMPLE.s"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL, EXAMPLE = sys.argv[1], sys.argv[2]


def run(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, check=False)


class Tool(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def test_round_trip(self) -> None:
        first, text, second = self.folder / "a.arsis", self.folder / "a.s", self.folder / "b.arsis"
        self.assertEqual(run("asm", EXAMPLE, "-o", first).returncode, 0)
        self.assertEqual(run("disasm", first, "-o", text).returncode, 0)
        self.assertEqual(run("asm", text, "-o", second).returncode, 0)
        self.assertEqual(first.read_bytes(), second.read_bytes())
        self.assertEqual(run("disasm", first).stdout, text.read_text())

    def test_dump(self) -> None:
        run("asm", EXAMPLE, "-o", self.folder / "a.arsis")
        dump = run("dump", self.folder / "a.arsis")
        self.assertEqual(dump.returncode, 0)
        self.assertIn("multiply", dump.stdout)

    def test_help(self) -> None:
        self.assertEqual(run("--help").returncode, 0)
        self.assertEqual(run().returncode, 1)

    def test_errors(self) -> None:
        broken = self.folder / "broken.s"
        broken.write_text("arsis 1\nnonsense\n")
        for arguments, message in [
            (("link", EXAMPLE), "error: found command 'link', expected asm, disasm or dump\n"),
            (("asm",), "error: no input file given\n"),
            (("asm", EXAMPLE), "error: asm needs an output file: -o FILE\n"),
            (
                ("asm", self.folder / "none.s", "-o", "x"),
                f"error: {self.folder}/none.s: cannot read the file: No such file or directory\n",
            ),
            (("asm", broken, "-o", "x"), f"error: {broken}:2:1: found 'nonsense', expected a statement\n"),
            (
                ("dump", EXAMPLE),
                f"error: {EXAMPLE}: program file, section header, offset 0: "
                "not an Arsis program: the magic bytes differ\n",
            ),
        ]:
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stderr), (1, message))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
