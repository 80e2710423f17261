// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one instance of an instruction touches: strided sets of bytes in the scratchpad, in an accumulator and
// in DRAM, computed from the decoded operands and the loop indices alone. The rules that a weight bank must
// hold what a product expects, and that a result must not overlap its operands, are checked on the way.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "dialects/Isa/Encoding/Program.h"
#include "dialects/Isa/Verifier/Box.h"
#include "dialects/Isa/Verifier/ProductNest.h"

#include <vector>

namespace arsis::isa {

/// The sizes of a chip that decide whether a program is in bounds.
struct MachineLimits {
  int64_t scratchpadBytes, rows, columns, accumulatorRows, units, weightBanks, loadQueues, storeQueues,
      dramBytes;
  explicit MachineLimits(const chip::Chip &);
};

/// Memories are numbered: the scratchpad, the accumulators of the units, DRAM.
constexpr unsigned kScratchpad = 0;
inline unsigned accumulatorOf(unsigned unit) { return 1 + unit; }
inline unsigned dramOf(const MachineLimits &limits) { return 1 + unsigned(limits.units); }

/// One operand of an instance.
struct Access {
  const char *operand; // field name, for messages
  unsigned memory;
  bool reads, writes;
  uint16_t tensor; // DRAM only
  Box box;
};
using Footprint = boost::container::static_vector<Access, 6>;

/// One operand of all iterations of a nest: what they touch together, and each by its distance from the
/// first.
struct NestAccess {
  Access all;
  Box first;
  boost::container::static_vector<Dimension, kMaxLoopDepth> loops; // outermost first
};
using NestAccesses = boost::container::static_vector<NestAccess, 3>; // of the loads, then of the products

/// Why an instance is wrong in itself.
struct Complaint {
  enum Kind { OutOfRange, Bank, Operand } kind;
  unsigned memory;
  ByteRange range;
  std::string message;
};

class FootprintBuilder {
public:
  FootprintBuilder(const Program &, const MachineLimits &);

  /// Replaces `footprint` by the accesses of this instance that are in bounds; a no-op has none. Instances of
  /// a stream must be given in program order, because weight banks carry state. Complaints are appended.
  void build(const Instruction &, unsigned stream, const int64_t *index, Footprint &footprint,
             std::vector<Complaint> &complaints);

  /// The accesses of a whole nest, from its first iteration, at which the stream stands. False if anything
  /// about it is unusual, such as an access outside its memory; the instances then have to be built one by
  /// one.
  bool buildNest(const ProductNest &, unsigned stream, const int64_t *index, NestAccesses &accesses);

  bool isDram(unsigned memory) const { return memory == dramOf(limits); }
  int64_t memoryBytes(unsigned memory) const;
  /// "spm", "acc0", "dram".
  std::string memoryName(unsigned memory) const;

private:
  struct Bank {
    enum State { NeverLoaded, Stale, Holds } state = NeverLoaded;
    int64_t k = 0, n = 0;
    ElementType type = ElementType::F32;
  };
  struct Visitor;
  void fillBanks(const ProductNest &, unsigned unit, const int64_t *index, int64_t k, int64_t n);

  const Program &program;
  MachineLimits limits;
  std::vector<Bank> banks; // [unit][bank]
};

} // namespace arsis::isa
