# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sizes, licence lines, folder READMEs, error texts: what keeps the tree easy to read."""

import re

from house import ROOT, SOURCE_SUFFIXES, text, tracked

SOFT_LIMIT_LINES = 400
# Files that may be longer, each with its reason.
LONGER: dict[str, str] = {}
TOP_FOLDERS = [
    "arch_configs",
    "compiler",
    "dialects",
    "docs",
    "models",
    "power",
    "python",
    "reports",
    "runtime",
    "simulator",
    "technology",
    "tests",
    "timing",
    "tools",
]


def test_source_files_stay_short() -> None:
    long = {str(p): n for p in tracked(*SOURCE_SUFFIXES) if (n := len(text(p).splitlines())) > SOFT_LIMIT_LINES}
    assert not {p: n for p, n in long.items() if p not in LONGER}, f"files over {SOFT_LIMIT_LINES} lines"
    assert set(LONGER) <= set(long), "an exception that is no longer needed"


def test_every_source_names_its_licence() -> None:
    missing = [
        str(p)
        for p in tracked(*SOURCE_SUFFIXES)
        if "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception" not in text(p)[:400]
    ]
    assert not missing


def test_every_top_folder_has_a_short_readme() -> None:
    for folder in TOP_FOLDERS:
        readme = ROOT / folder / "README.md"
        assert readme.is_file(), f"{folder} has no README.md"
        assert len(readme.read_text().splitlines()) <= 40, f"{folder}/README.md is longer than 40 lines"


def test_paths_stay_short() -> None:
    assert not [str(p) for p in tracked() if len(str(p)) >= 75]


ERROR_TEXT = re.compile(
    r'(?:\b\w*Error\(|emitOpError\(|emitError\([^"()]*\)\s*<<\s*|emitOpError\(\)\s*<<\s*)"((?:[^"\\]|\\.)*)"\s*([;)])?'
)


def test_error_messages_are_lower_case_without_period() -> None:
    wrong = []
    for path in tracked(".cpp", ".h"):
        for found, ending in ERROR_TEXT.findall(text(path)):
            starts_with_a_name = re.match(r"[A-Z][A-Z0-9_]+\b|[A-Z]\w*[A-Z]", found)
            if found[:1].isupper() and not starts_with_a_name:
                wrong.append(f"{path}: {found!r} starts with a capital")
            if ending and found.endswith("."):
                wrong.append(f"{path}: {found!r} ends with a period")
    assert not wrong, "\n".join(wrong)


def test_no_unfinished_work() -> None:
    marker = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    read = tracked(*SOURCE_SUFFIXES, ".md", ".txt", ".cmake", ".sh", ".yaml", ".toml")
    assert not [str(p) for p in read if marker.search(text(p)) and "house" not in p.parts]


def test_passes_have_no_statistics() -> None:
    """Debian's MLIR is built without: a pass that has them is laid out otherwise than the library takes it to be."""
    assert not [str(p) for p in tracked(".td") if re.search(r"\bstatistics\s*=|\bStatistic<", text(p))]
