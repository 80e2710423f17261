// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vector unit, one instruction alone. Models: a pipeline that takes a beat of `lanes` elements, packed
// over all dimensions, every `cycles` of the function, and returns its results `startup` cycles after it has
// entered; a window is one pass over the outputs for each of its positions. Who issues instructions back to
// back finds the pipeline full; who needs a result of an earlier one, or comes after idling, waits for it to
// fill (simulator/units/VectorEngine.h states the rule).
//
// Banks: the elements that a beat needs of one operand arrive together, with those of the next beats where a
// word holds more than a beat, or in halves and quarters of a beat where that conflicts less. What repeats
// and fits the lanes is read once and held. Operands have queues, so that over the instruction only the words
// count that each bank has to serve. How operands lie to each other is not known to a form; their fullest
// banks are taken to coincide. So an instruction takes the longest of its beats, each operand's beats with
// their conflicts, and the sum of the operands' fullest banks. Twice the lanes are then never slower, nor
// twice the banks.
//
// Reductions: the steps of the architectural tree, timing/Reduction.h. Does not model: conflicts of pool_grad
// between neighbouring windows. Figures: keys `vector.*`.
#pragma once

#include "dialects/Isa/Numerics/Functions.h"
#include "timing/Banks.h"

namespace arsis::timing {

/// A strided operand of a vector instruction, walked `times` times.
struct VectorOperand {
  Axes box;
  int64_t elementBytes = 4;
  int64_t start = 0; // byte address
  int64_t times = 1; // passes that touch it
};

struct VectorWork {
  int64_t elements = 0;                  // of a pass
  int64_t passes = 1;                    // positions of a window
  double cyclesPerElement = 1;           // and lane; VectorUnit::cyclesOf
  int64_t results = 0;                   // of a reduction; 0: no reduction
  std::array<VectorOperand, 5> operands; // read or written
  size_t operandCount = 0;

  void add(const VectorOperand &operand) { operands[operandCount++] = operand; }
};

struct VectorUse {
  int64_t ideal = 0;  // cycles in which beats enter if the banks never conflict
  int64_t cycles = 0; // in which beats enter; the last result follows startup later
  int64_t words = 0;  // moved at the banks
};

/// What the form reads of a chip; cycles of a function are per element and lane.
struct VectorFigures {
  int64_t lanes = 1, startup = 0;
  double simple = 1, reciprocal = 1, rsqrt = 1, exp = 1, log = 1, tanh = 1, random = 1;
};

class VectorUnit {
public:
  explicit VectorUnit(const chip::Chip &chip);
  VectorUnit(const VectorFigures &figures, const Banks &banks) : figures(figures), banks(banks) {}

  /// Cycles per element and lane. More than one for functions that are iterated.
  double cyclesOf(numerics::VectorFunction function) const;
  /// REQUIRES: at least one element, no empty axis.
  VectorUse use(const VectorWork &work) const;

  const VectorFigures figures;

private:
  /// What an operand's beats cost in one pass.
  struct OperandUse {
    int64_t cycles = 0, words = 0, fullest = 0;
  };
  OperandUse operandUse(const VectorOperand &operand) const;
  OperandUse enumerate(const VectorOperand &operand) const;
  int64_t idealBeats(const VectorWork &work) const;

  const Banks banks;
  mutable Memo<OperandUse, 10> memo;
};

} // namespace arsis::timing
