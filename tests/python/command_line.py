# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tests of `python -m arsis` share."""


def replaced(arguments: list[object], **changes: object) -> list[object]:
    given = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    given |= {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return [arguments[0], *(part for option in given.items() for part in option)]


def one_error(outcome: tuple[int, str, str], problem: str) -> None:
    status, _, errors = outcome
    lines = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert status == 1 and len(lines) == 1 and problem in lines[0] and "Traceback" not in errors, errors
