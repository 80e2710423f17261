# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes docs/conformance.md: which operators of ONNX are supported, as the published cases show.

PYTHONPATH=python:build/release/python .venv/bin/python tests/conformance/conformance_page.py
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from pathlib import Path

import onnx
from onnx import defs
from onnx_cases import Case, published
from onnx_outcomes import Outcome, forward, gradient, is_evaluated

PAGE = Path(__file__).resolve().parents[2] / "docs/conformance.md"
SOURCES = {"debian": "Debian's `libonnx-testdata` (opsets to 17)", "package": f"PyPI's `onnx` {onnx.__version__}"}
OLDEST, NEWEST = 7, defs.onnx_opset_version()
# Why operators are not there that a CNN's training step does not miss; all others are not built yet.
OUTSIDE = {
    "sequences, optionals, maps and text": (
        "ConcatFromSequence OptionalGetElement OptionalHasElement Optional SequenceAt SequenceConstruct "
        "SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap SplitToSequence RegexFullMatch "
        "StringConcat StringNormalizer StringSplit TfIdfVectorizer"
    ),
    "control flow": ("If Loop Scan"),
    "recurrent nets": ("GRU LSTM RNN"),
    "attention and language models": (
        "Attention RMSNormalization RotaryEmbedding TensorScatter CausalConvWithState LinearAttention FlexAttention"
    ),
    "comparisons, truth values and bits": (
        "And BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Equal Greater GreaterOrEqual IsInf IsNaN "
        "Less LessOrEqual Not Or Where Xor BitCast"
    ),
    "whole numbers as results, and what is chosen by values": (
        "ArgMax ArgMin Compress EyeLike GatherElements GatherND Hardmax MaxUnpool NonMaxSuppression NonZero "
        "OneHot Range ReverseSequence RoiAlign MaxRoiPool ScatterElements ScatterND Scatter TopK Trilu Unique"
    ),
    "quantised arithmetic": (
        "ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul QuantizeLinear"
    ),
    "random numbers, but Dropout": (
        "Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike"
    ),
    "signals and geometry": (
        "AffineGrid BlackmanWindow Col2Im DFT GridSample HammingWindow HannWindow ImageDecoder "
        "MelWeightMatrix STFT DeformConv"
    ),
    "functions without use in CNNs": (
        "Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Det Floor Mod Round Sign Sin Sinh Tan CumSum CumProd"
    ),
    "losses, which the training step brings (`docs/guide_losses.md`)": (
        "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss"
    ),
}
IN_PART = "supported in part, of which no published case is"
# What is said of cases that run and have no gradient: with parameters for inputs, the output is another name of one, an
# input is one that no parameter can be, or there is none.
WITHOUT_GRADIENT = ("is a constant, which is not supported", "expected a constant", "found none to train")


@functools.cache
def outcomes(source: str) -> dict[str, Outcome]:
    """By the name of the case; with its gradient where it runs."""
    found = {case.name: forward(case) for case in published(source)}
    for case in published(source):
        if outcome := found[case.name]:
            outcome.gradient = "" if outcome.refused or outcome.wrong else gradient(case)
    return found


def reason(text: str) -> str:
    """What an error says of the one thing that is not supported, without names of the case."""
    lines = [line for line in text.splitlines() if "supported operators" not in line]
    said = re.sub(r"^.*?\((\w+)\): ", "", lines[-1]) if "(" in lines[-1] else lines[-1]
    said = re.sub(r"^(<bytes>: )?(note: )?(input|output|initialiser|node) '[^']*'( \(\w+\))?:? ?", r"\3 ", said.strip())
    said = re.sub(r"'[^']*'", "'..'", said)
    return re.sub(r"(?<![A-Z0-9])-?\d+([x.]\d+)*", "n", said.split(" (supported")[0].split(", expected")[0])


def short(case: str) -> str:
    return case.removeprefix("test_")


def forms(operator: str) -> str:
    """The opsets that changed the operator, as far as they are read."""
    versions = sorted(
        {s.since_version for s in defs.get_all_schemas_with_history() if s.name == operator and not s.domain}
    )
    current = max((v for v in versions if v <= OLDEST), default=None)
    return ", ".join(str(v) for v in versions if v > OLDEST or v == current)


class Row:
    """What the cases of both sources say of one operator."""

    def __init__(self) -> None:
        self.run: dict[str, list[Case]] = defaultdict(list)
        self.refused: Counter[str] = Counter()
        self.gradients: Counter[str] = Counter()
        self.evaluated = False


def rows() -> dict[str, Row]:
    found: dict[str, Row] = defaultdict(Row)
    for source in SOURCES:
        for case in published(source):
            row, outcome = found[case.operator], outcomes(source)[case.name]
            if outcome.refused:
                row.refused[reason(outcome.refused)] += 1
                row.evaluated = row.evaluated or is_evaluated(case)
            else:
                row.run[source].append(case)
                row.gradients[outcome.gradient] += 1
    return found


def why(operator: str, row: Row) -> str:
    for text, names in OUTSIDE.items():
        if operator in names.split():
            return text
    if row.evaluated:
        return "evaluated at import where their inputs are known, not computed by a chip"
    said = row.refused.most_common(1)[0][0] if row.refused else ""
    if "shapes and constants" in said:
        return "not built yet, but evaluated at import of shapes and constants"
    return "not built yet" if not said or "operator is not supported" in said else IN_PART


def operators() -> list[str]:
    """Of the ONNX domain, as the newest opset has them."""
    return sorted({s.name for s in defs.get_all_schemas() if not s.domain and not s.deprecated})


def supported(found: dict[str, Row]) -> list[str]:
    lines = [
        "| operator | opsets with a form of their own | gradient | cases that run | refused |",
        "|---|---|---|---|---|",
    ]
    for operator in operators():
        row = found[operator]
        if not row.run:
            continue
        names = sorted({short(case.name) for cases in row.run.values() for case in cases})
        agree = row.gradients["agrees"]
        slopes = f"{agree} of {sum(row.gradients.values())}" if agree else "none: " + reason(next(iter(row.gradients)))
        refused = "; ".join(f"{count}: {text}" for text, count in sorted(row.refused.items())) or "none"
        by_nodes = "" if any("_expanded" not in name for name in names) else " (as a function of other nodes)"
        lines.append(f"| {operator}{by_nodes} | {forms(operator)} | {slopes} | {' '.join(names)} | {refused} |")
    return lines


def unsupported(found: dict[str, Row]) -> list[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for operator in operators():
        if not found[operator].run:
            groups[why(operator, found[operator])].append(operator)
    for number, operator in enumerate(groups.get(IN_PART, [])):
        said = "; ".join(sorted(found[operator].refused))
        groups[IN_PART][number] = f"{operator} ({said})"
    lines = ["| why | operators |", "|---|---|"]
    return lines + [f"| {text} | {', '.join(names)} |" for text, names in sorted(groups.items())]


def shares() -> list[str]:
    lines = ["| published cases | all | run | of operators that run | of those run |", "|---|---|---|---|---|"]
    running = {operator for operator, row in rows().items() if row.run}
    for source, title in SOURCES.items():
        cases = published(source)
        run = sum(not outcomes(source)[case.name].refused for case in cases)
        near = [case for case in cases if case.operator in running]
        lines.append(
            f"| {title} | {len(cases)} | {run} ({run / len(cases):.0%}) | {len(near)} | {run / len(near):.0%} |"
        )
    return lines


def page() -> str:
    found = rows()
    gradients = sum((row.gradients for row in found.values()), Counter())
    return "\n".join(
        [
            "# Conformance to ONNX",
            "",
            "Generated by `tests/conformance/conformance_page.py`; a test holds it to what the cases do. Files of "
            f"opsets {OLDEST} to {NEWEST} are read; the form of an operator follows the file's opset, at every one of "
            "them (`tests/compiler/Import/test_onnx_versions.py`).",
            "",
            "A case *runs* if it is imported, compiled for the chip `edge`, run by the machine, and has the published "
            "values there and the oracle's bits. Every other case is refused by one error; none gives other values. A "
            "case's *gradient* is that of a training step by every input of floats: the machine has the oracle's bits, "
            "and in fp64 it is the slope along a random direction. Cases whose names have `expanded` in them bring an "
            "operator as a function of others.",
            "",
            *shares(),
            "",
            f"The gradient agrees in {gradients['agrees']} of the {sum(gradients.values())} cases that run.",
            "",
            "## Supported",
            "",
            *supported(found),
            "",
            "## Not supported",
            "",
            *unsupported(found),
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page())
