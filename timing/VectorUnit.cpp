// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See VectorUnit.h.
#include "timing/VectorUnit.h"
#include "timing/Reduction.h"

#include <algorithm>
#include <cmath>

namespace arsis::timing {
namespace {

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

} // namespace

VectorUnit::VectorUnit(const chip::Chip &chip)
    : VectorUnit({chip.integer("vector.lanes"), chip.integer("vector.startup_cycles"),
                  chip.real("vector.cycles_simple"), chip.real("vector.cycles_reciprocal"),
                  chip.real("vector.cycles_rsqrt"), chip.real("vector.cycles_exp"),
                  chip.real("vector.cycles_log"), chip.real("vector.cycles_tanh"),
                  chip.real("vector.cycles_random")},
                 Banks(chip)) {}

double VectorUnit::cyclesOf(numerics::VectorFunction function) const {
  switch (function) {
  case numerics::VectorFunction::Reciprocal:
    return figures.reciprocal;
  case numerics::VectorFunction::Rsqrt:
    return figures.rsqrt;
  case numerics::VectorFunction::Exp:
    return figures.exp;
  case numerics::VectorFunction::Log:
    return figures.log;
  case numerics::VectorFunction::Tanh:
    return figures.tanh;
  case numerics::VectorFunction::Random:
    return figures.random;
  case numerics::VectorFunction::Erf: // the same unit: as many steps for another polynomial
    return figures.tanh;
  default:
    return figures.simple;
  }
}

int64_t VectorUnit::idealBeats(const VectorWork &work) const {
  if (work.results > 0)
    return reductionSteps(work.results, work.elements / work.results, figures.lanes);
  return work.passes * ceilDiv(work.elements, figures.lanes);
}

VectorUnit::OperandUse VectorUnit::operandUse(const VectorOperand &operand) const {
  Memo<OperandUse, 10>::Key key{operand.elementBytes, operand.start % banks.widthBytes};
  for (size_t d = 0; d < operand.box.size(); ++d) {
    key[2 + 2 * d] = operand.box[d].count;
    key[3 + 2 * d] = operand.box[d].strideBytes;
  }
  return memo.get(key, [&] { return enumerate(operand); });
}

VectorUnit::OperandUse VectorUnit::enumerate(const VectorOperand &operand) const {
  Axes box = operand.box;
  int64_t elements = 1;
  for (size_t d = box.size(); d-- > 0;) {
    if (box[d].strideBytes == 0 && elements <= figures.lanes)
      box[d].count = 1; // held in the lanes
    elements *= box[d].count;
  }
  int64_t most = figures.lanes; // elements fetched at once: beats, as many as share a word
  while (most * operand.elementBytes < banks.widthBytes)
    most *= 2;
  OperandUse use;
  for (int64_t n = most; n > 0; n /= 2) {
    const int64_t packed = ceilDiv(elements, n);
    if (n < most && packed >= use.cycles)
      break;
    const Beats beats = inBeats(box, n, operand.elementBytes, operand.start);
    const WalkUse whole = banks.walk(beats.whole), rest = banks.walk(beats.rest);
    // Rows that do not fill a beat are packed; at the banks such a beat costs the mean of those enumerated.
    const __int128 enumerated = whole.beats + rest.beats, conflicting = whole.cycles + rest.cycles;
    const auto cycles = static_cast<int64_t>((packed * conflicting + enumerated - 1) / enumerated);
    if (n == most)
      use = {cycles, whole.words + rest.words, banks.fullest(beats)};
    use.cycles = std::min(use.cycles, cycles);
  }
  return use;
}

VectorUse VectorUnit::use(const VectorWork &work) const {
  VectorUse use;
  use.ideal = static_cast<int64_t>(std::ceil(static_cast<double>(idealBeats(work)) * work.cyclesPerElement));
  use.cycles = use.ideal;
  int64_t atBank = 0;
  for (size_t i = 0; i < work.operandCount; ++i) {
    const VectorOperand &operand = work.operands[i];
    const OperandUse pass = operandUse(operand);
    use.cycles = std::max(use.cycles, operand.times * pass.cycles);
    use.words += operand.times * pass.words;
    atBank += operand.times * pass.fullest;
  }
  use.cycles = std::max(use.cycles, atBank);
  return use;
}

} // namespace arsis::timing
