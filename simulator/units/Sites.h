// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the instances of an encoded instruction have in common. A training step executes each of some thousand
// encoded instructions thousands of times, and they differ in where they work and in little else: sizes are
// those of a tile but for its ragged edges, operands move by whole words of the scratchpad. What an instance
// takes of its unit, which events it causes and whether it stays inside its memories is a function of
//
//   - the sizes that vary (Extents with a limit),
//   - where in a word each operand of the scratchpad begins, because banks interleave by words
//     (timing/Banks.h), if its address does not move by whole words,
//   - whether a product or a sum adds to what is there,
//   - for a product, the shape of its weights.
//
// Instances that agree in these are one *variant*, worked out when its first instance comes. Transfers (cut
// where their tensor ends) and what a library brought are worked out anew each time.
#pragma once

#include "arch_configs/reader/MatrixPasses.h"
#include "simulator/base/Clock.h"
#include "simulator/base/Events.h"
#include "simulator/isa/Memories.h"

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace arsis::sim {

/// What an operation takes of its unit while nobody else is about.
struct UnitCost {
  Cycle ideal = 0;                  // of work
  Cycle cycles = 0;                 // for which the unit is held: work, and waiting for operands
  Cycle latency = 0;                // from there to the last result, of drains and vector operations
  double wordsPerCycle = 0;         // asked of the scratchpad meanwhile
  int64_t elements = 0;             // of a vector operation
  int64_t reduced = 0, columns = 0; // of a product: K, and its columns
};

struct Variant {
  static constexpr size_t kMostWords = 10;
  std::array<int64_t, kMostWords> words{}; // what its instances agree in; Site knows how many
  bool empty = false;                      // nothing to do
  EventCounts counts;                      // of an instance
  UnitCost cost;
  BankShape weights;     // of load_weights
  int64_t instances = 0; // that have begun
};

/// One encoded instruction.
class Site {
public:
  /// `loops`: iterations of the loops around it, outermost first. REQUIRES: that program and sizes outlive
  /// it.
  Site(const isa::Instruction &instruction, const std::vector<uint32_t> &loops, const isa::Program &program,
       int64_t weightBanks, int64_t wordBytes, const MemorySizes &sizes);

  /// The variant of the instance at `index`, or null if none of its instances has come. `weights`: of the
  /// bank, if it multiplies. REQUIRES: recurs.
  Variant *find(const int64_t *index, const BankShape &weights);
  /// A new one, for what find() was just asked. REQUIRES: !full().
  Variant &add();
  bool full() const { return variants.size() == kMostVariants; }
  /// Whether no instance leaves its memories, whatever the indices.
  bool isWithin();
  /// REQUIRES: bank.
  size_t bankAt(const int64_t *index) const {
    int64_t value = bank->evaluate(index);
    if ((weightBanks & (weightBanks - 1)) == 0) // nearly always, and a division takes as long as all the rest
      return static_cast<size_t>(value & (weightBanks - 1));
    value %= weightBanks;
    return static_cast<size_t>(value < 0 ? value + weightBanks : value);
  }

  const isa::Instruction &instruction;
  const isa::Affine *bank = nullptr; // of weights, if it loads or reads one
  bool multiplies = false;
  bool recurs = false; // has variants; for what has none, or too many, `once` is made anew each time
  uint8_t opcode = 0;
  uint32_t location = 0; // a row of the unit's events
  uint32_t fetchBytes = 0;
  Cycle decodeCycles = 0;
  Variant once;
  std::vector<std::unique_ptr<Variant>> variants;

private:
  using Words = std::array<int64_t, Variant::kMostWords>;
  static constexpr size_t kMostVariants = 64; // beyond it a search costs as much as what it spares

  const std::vector<uint32_t> loops;
  const isa::Program &program;
  const int64_t weightBanks, wordBytes;
  const MemorySizes &memories;
  std::optional<bool> within;                  // unknown until somebody asks
  std::vector<const isa::Extent *> sizes;      // that vary
  std::vector<const isa::Address *> addresses; // that do not move by whole words
  std::vector<const isa::Affine *> flags;      // that vary, of which only zero or not matters
  std::vector<const isa::Affine *> values;     // that vary otherwise; no instruction has one yet
  size_t wordCount = 0, latest = 0;
  Words asked{};
};

} // namespace arsis::sim
