# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes python/_arsis.pyi, the types of the native module, from the module itself. Needs it on PYTHONPATH."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

STUB = Path(__file__).resolve().parents[1] / "python" / "_arsis.pyi"
HEAD = """# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Written by scripts/stubs.py from the module; do not edit.
"""
# A generic that pybind11 does not say the contents of.
BARE = re.compile(r"(?<![\w.])(dict|list|tuple)(?![\w\[(])")
ARRAY = re.compile(r"\bnumpy\.ndarray\b(?!\[)")
PATH = re.compile(r"\bos\.PathLike\b")
CONTENTS = {"dict": "dict[str, typing.Any]", "list": "list[typing.Any]", "tuple": "tuple[typing.Any, ...]"}


def made() -> str:
    """The stub as the module at hand has it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pybind11_stubgen", "_arsis", "-o", folder, "--exit-code"]
        subprocess.run(command, check=True, capture_output=True, text=True)
        text = (Path(folder) / "_arsis.pyi").read_text()
    code = []
    for line in text.splitlines():
        is_code = re.match(r"\s*(def |@|class |[\w.]+\s*[:=])", line) is not None
        if is_code:
            line = PATH.sub("str | os.PathLike[str]", BARE.sub(lambda found: CONTENTS[found[0]], line))
            line = ARRAY.sub("numpy.ndarray[typing.Any, typing.Any]", line)
            line = line.replace("**kwargs)", "**kwargs: bool | str | list[str])")
        elif found := re.fullmatch(r"from arsis import (\w+)", line):  # an exception, which says where users find it
            line = exception(found[1])
        code.append(line)
    return HEAD + "\n".join(code) + "\n"


def exception(name: str) -> str:
    """The class of this name in the module."""
    import _arsis

    found = getattr(_arsis, name)
    bases = ", ".join(base.__name__ for base in found.__bases__)
    return f'class {name}({bases}):\n    """{found.__doc__}"""\n'


if __name__ == "__main__":
    STUB.write_text(made())
