# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Passes ask an op through its interfaces: outside an op's own dialect no code asks which class of op it has."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from house import ROOT, text, tracked


@dataclass(frozen=True)
class Rule:
    what: str  # kind of op, for messages
    prefix: str  # namespace of the classes and dialect of the mnemonics
    defined_in: str  # TableGen files, as a pattern of paths
    definition: str  # of one op there: class and mnemonic
    own: tuple[str, ...]  # folders and files that may name the classes so


# One line per kind of op.
RULES = [
    Rule("engine op", "tile", "dialects/Tile/IR/*.td", r'^def Tile_(\w+) : Tile_EngineOp<"(\w+)"', ("dialects/Tile/",)),
    Rule("nn op", "nn", "dialects/NN/IR/*.td", r'^def NN_(\w+) : NN_\w*Op<"(\w+)"', ("dialects/NN/", "runtime/cpu/")),
]

CASTS = r"(?:isa|isa_and_nonnull|isa_and_present|(?:dyn_)?cast(?:_or_null|_if_present)?)"


def ops(rule: Rule) -> list[tuple[str, str]]:
    """(class, mnemonic) of every op of the kind."""
    files = sorted(ROOT.glob(rule.defined_in))
    return [found for file in files for found in re.findall(rule.definition, file.read_text(), re.M)]


def questions(rule: Rule) -> re.Pattern:
    """What asks for the class of an op: casts, cases of a TypeSwitch, filtered walks and lists, names as text."""
    classes, mnemonics = ("|".join(names) for names in zip(*ops(rule), strict=True))
    one = rf"(?:(?:::)?arsis::)?(?:{rule.prefix}::)?(?:{classes})\b"
    listed = rf"<\s*(?:[\w:]+\s*,\s*)*{one}"
    return re.compile(
        rf"\b{CASTS}{listed}|\.Case{listed}|\bCase\(\s*\[[^\]]*\]\(\s*{one}|\bgetOps{listed}|\bgetDefiningOp{listed}"
        rf"|\bgetParentOfType{listed}|\bwalk\(\s*\[[^\]]*\]\(\s*(?:const\s+)?{one}"
        rf'|"{rule.prefix}\.(?:{mnemonics})"'
    )


def asking(rule: Rule, root: Path, paths: list[Path]) -> list[str]:
    """The places outside the ops' own files that ask for their class. Tests are oracles and may."""
    pattern = questions(rule)
    found = []
    for path in paths:
        if path.parts[0] == "tests" or str(path).startswith(rule.own):
            continue
        content = (root / path).read_text(encoding="utf-8")
        for match in pattern.finditer(content):
            line = content.count("\n", 0, match.start()) + 1
            found.append(f"{path}:{line}: asks for the class of an {rule.what}: {match[0]}")
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.what)
def test_no_pass_asks_for_the_class_of_an_op(rule: Rule) -> None:
    assert len(ops(rule)) > 5
    found = asking(rule, ROOT, tracked(".cpp", ".h"))
    assert not found, "\n".join(found)


def test_the_sources_are_read() -> None:
    """The rule would see the classes: they are named, as types, where instructions are made of them."""
    assert "tile::LoadOp" in text(Path("compiler/Conversion/TileToIsa/EngineOps.cpp"))


PLANTED = [
    "if (isa<tile::StoreOp>(op))",
    "auto load = dyn_cast<LoadOp>(op);",
    "auto load = mlir::cast<arsis::tile::LoadOp>(op);",
    "isa<tile::AllocOp, tile::StoreOp>(op)",
    "TypeSwitch<Operation *>(op).Case<tile::AllocOp,\n  tile::MapOp>(convert)",
    "TypeSwitch<Operation *>(op).Case([&](tile::PoolGradOp pool) {})",
    "program.walk([&](tile::MultiplyOp op) {})",
    "for (auto op : block.getOps<tile::DrainOp>())",
    'op->getName().getStringRef() == "tile.reduce"',
]
HARMLESS = [
    "isa<tile::AllocOp>(op)",
    "dyn_cast<isair::LoadOp>(op)",
    "isa<nn::MultiplyOp>(op)",
    "dyn_cast<tile::EngineOpInterface>(op)",
    "struct LoadModel : InstructionModel<LoadModel, tile::LoadOp> {};",
    "tile::LoadOp load(mlir::Value tensor);",
    "std::get_if<LoadOperation>(&operation)",
]


@pytest.mark.parametrize("line", PLANTED)
def test_a_planted_question_is_caught(line: str, tmp_path) -> None:
    path = Path("compiler/Transforms/Planted.cpp")
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(f"int a;\n{line}\n")
    assert [found.split(": ")[0] for found in asking(RULES[0], tmp_path, [path])] == [f"{path}:2"]


@pytest.mark.parametrize("line", HARMLESS)
def test_other_code_is_not(line: str, tmp_path) -> None:
    path = Path("compiler/Transforms/Planted.cpp")
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(f"int a;\n{line}\n")
    assert asking(RULES[0], tmp_path, [path]) == []
