# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One-line mistakes of the lowering, which the random graphs have to notice (catch_mutants.py tries it): a file, what
stands there once, and what stands there instead. Each is a mistake that was easy to make: a swapped axis, a forgotten
offset, one iteration too few, a wait for too little."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Mutant:
    file: str
    before: str
    after: str

    @property
    def name(self) -> str:
        return f"{Path(self.file).name}: `{' '.join(self.before.split())}` -> `{' '.join(self.after.split())}`"

    def text(self) -> str:
        """The source with the mistake. Raises ValueError where `before` does not stand there once."""
        source = (ROOT / self.file).read_text()
        if source.count(self.before) != 1:
            raise ValueError(f"{self.file}: expected one '{self.before}', found {source.count(self.before)}")
        return source.replace(self.before, self.after)


CONTRACTION = "compiler/Schedule/ContractionLayout.cpp"
WEIGHT_GRADIENT = "compiler/Schedule/WeightGradientLayout.cpp"
DEPTHWISE = "compiler/Schedule/DepthwiseLayout.cpp"
WINDOW = "compiler/Schedule/WindowLayout.cpp"
VECTOR = "compiler/Schedule/VectorLayout.cpp"
MOVE = "compiler/Schedule/Move.cpp"
PROLOGUE = "compiler/Schedule/Prologue.cpp"
GRADIENTS = "compiler/Schedule/GradientsLayout.cpp"
EPILOGUE = "compiler/Schedule/Epilogue.cpp"
EMIT = "compiler/Conversion/NNToTile/EmitLayout.cpp"
OPERANDS = "compiler/Conversion/TileToIsa/Operands.cpp"
ENGINE_OPS = "compiler/Conversion/TileToIsa/EngineOps.cpp"
TENSORS = "compiler/Conversion/TileToIsa/Tensors.cpp"
ARENA = "compiler/Transforms/PlanMemory/Arena.cpp"
MEMORY = "compiler/Transforms/PlanMemory/PlanMemory.cpp"
TOKENS = "compiler/Transforms/SplitStreams/Tokens.cpp"
DEPENDENCES = "compiler/Transforms/SplitStreams/Dependences.cpp"
DIFFERENTIATE = "compiler/Transforms/Differentiate/Differentiate.cpp"
FORM_UNITS = "compiler/Transforms/FormUnits/FormUnits.cpp"
BOTH_GRADIENTS = "compiler/Transforms/Map/BothGradients.cpp"
REPEATED = "compiler/Transforms/Map/Repeated.cpp"
LOSS = "compiler/Transforms/AttachLoss/LossTerms.cpp"

MUTANTS = [
    # Addresses and sums of convolutions.
    Mutant(CONTRACTION, "(l.chunkKw * w.tapStep) + w.sourceBase) * sx[2]", "(l.chunkKw * w.tapStep)) * sx[2]"),
    Mutant(CONTRACTION, "steps = {sx[0], h.sourceStep * sx[1], w.sourceStep *",
           "steps = {sx[0], h.sourceStep * sx[1], h.sourceStep *"),
    Mutant(CONTRACTION, "index[l.k] + at.channels + at.kh + at.kw});", "at.channels + at.kh + at.kw});"),
    Mutant(CONTRACTION, "(p.forward ? column : k) += index[l.g]", "column += index[l.g]"),
    Mutant(CONTRACTION, "const Affine at = h.resultBase * s[1] + w.resultBase * s[2];",
           "const Affine at = h.resultBase * s[1];"),
    Mutant(WEIGHT_GRADIENT, "index[l.n] + index[l.h] + index[l.w] + cn + ch + cw;",
           "index[l.n] + index[l.h] + cn + ch + cw;"),
    Mutant(WEIGHT_GRADIENT, "{shape.h.dilation * x[1], shape.w.dilation * x[3], x[2]}",
           "{shape.h.dilation * x[1], x[3], x[2]}"),
    Mutant(DEPTHWISE, "rest(rows, [&]", "rest(columns, [&]"),
    Mutant(DEPTHWISE, "sum.accumulate = index[N] + index[H] + n + row;", "sum.accumulate = index[H] + n + row;"),
    # Pooling, vector work, copies.
    Mutant(WINDOW, "p.average ? 0.0f : kMinusInfinity", "0.0f"),
    Mutant(WINDOW, "l.gradH.ownedOffset * s[1] + l.gradW.ownedOffset * s[2],", "l.gradH.ownedOffset * s[1],"),
    Mutant(WINDOW, "{tile, 0, {s[0], p.h.stride * s[1], p.w.stride * s[2], 1}}",
           "{tile, 0, {s[0], p.h.stride * s[1], p.h.stride * s[2], 1}}"),
    Mutant(VECTOR, "part.accumulate = rowIndex * chunks + chunk;", "part.accumulate = chunk;"),
    Mutant(VECTOR, "places[reg].offset = rowStart() * l.columns;", "places[reg].offset = rowStart();"),
    Mutant(MOVE, "sourceAt[source] += move.dimensions[d - lead].sourceAt;",
           "sourceAt[source] += move.dimensions[d - lead].resultAt;"),
    Mutant(MOVE, "sourceAt, sourceBox, loaded, move.fill);", "sourceAt, sourceBox, loaded, 0);"),
    # From layouts to tiles, from tiles to instructions.
    Mutant(EMIT, "if (affine.step[d] != 0)", "if (affine.step[d] > 1)"),
    Mutant(EMIT, "expression(multiply.accumulate)", "expression(multiply.bank)"),
    Mutant(OPERANDS, "if (trip > 1)", "if (trip > 2)"),
    Mutant(OPERANDS, "minimum(trips) >= tile)", "minimum(trips) + 1 >= tile)"),
    Mutant(OPERANDS, "executions *= *tripCount", "executions += *tripCount"),
    Mutant(ENGINE_OPS, "operand(inputs[1], op.getInputView(1)", "operand(inputs[1], op.getInputView(0)"),
    Mutant(TENSORS, "*tripCount(loop) - 1, countIncrements", "*tripCount(loop), countIncrements"),
    # Places in memory, waits, gradients, losses.
    Mutant(
        ARENA,
        "address = std::max(address, aligned(span.end, alignment));",
        "address = aligned(span.end, alignment);",
    ),
    Mutant(MEMORY, "buffer.last = std::max(buffer.last, at);", "buffer.last = at;"),
    Mutant(TOKENS, "value.constant -= step * dependence.lag;", "value.constant -= step * (dependence.lag + 1);"),
    Mutant(DEPENDENCES, "join(wanted, records[storage].reads);", "join(wanted, records[storage].writes);"),
    Mutant(DEPENDENCES, "result.push_back({y, false, mine.slots, mine.depth});",
           "result.push_back({y, false, mine.slots + 1, mine.depth});"),
    Mutant(DIFFERENTIATE, "value.getType(), sum, gradient, nullptr", "value.getType(), sum, sum, nullptr"),
    Mutant(LOSS, "x, scaled(*targets, -1)", "x, scaled(*targets, 1)"),
    # What products do where they load and where they store, and both gradients in one nest.
    Mutant(PROLOGUE, "fill(before, start * -1, 0);", "fill(before - 1, start * -1, 0);"),
    Mutant(PROLOGUE, "fill(behind, start + (extent - size), Affine(size) - start);",
           "fill(behind, start + (extent - size), Affine(size));"),
    Mutant(PROLOGUE, "clear(made, box, tile.axes[2], *tile.w);", "clear(made, box, tile.axes[1], *tile.w);"),
    Mutant(PROLOGUE, "to.strides[d] = places[reg].strides[tile.axes[d]];", "to.strides[d] = places[reg].strides[d];"),
    Mutant(GRADIENTS, "(h - l.sourceH.base) * sg[1]", "h * sg[1]"),
    Mutant(GRADIENTS, "accumulate = index[l.n] + index[l.h] + index[l.w] + chunk[0]",
           "accumulate = index[l.h] + index[l.w] + chunk[0]"),
    Mutant(GRADIENTS, "index[l.w] * t.sourceW.step + t.sourceW.base, firstC()}",
           "index[l.w] * t.sourceW.step, firstC()}"),
    Mutant(WEIGHT_GRADIENT, "p.overhangH(l, index[l.h], index[l.kh])", "p.overhangH(l, 0, index[l.kh])"),
    Mutant(CONTRACTION, "l.sumChunk, index[l.n] + index[l.h] + index[l.w]);", "l.sumChunk, index[l.h] + index[l.w]);"),
    Mutant(EPILOGUE, "part.accumulate = number + chunk;", "part.accumulate = chunk;"),
    Mutant(EPILOGUE, "part.input.offset = chunk * (chunkRows * pitch);", "part.input.offset = chunk * chunkRows;"),
    Mutant(EPILOGUE, "b.load(tensorOf(tensor), tile.at, tile.box, places[tensor.reg]);",
           "b.load(tensors.front(), tile.at, tile.box, places[tensor.reg]);"),
    Mutant(FORM_UNITS, "last->isBeforeInBlock(reader)", "reader->isBeforeInBlock(last)"),
    Mutant(FORM_UNITS, "!reader->isBeforeInBlock(group.back())", "!reader->isBeforeInBlock(group.front())"),
    Mutant(BOTH_GRADIENTS, "if (update->isBeforeInBlock(unit))", "if (unit->isBeforeInBlock(update))"),
    Mutant(REPEATED, "chain.insert(definer);\n  SmallVector<unsigned> result",
           "(void)definer;\n  SmallVector<unsigned> result"),
]  # fmt: skip
