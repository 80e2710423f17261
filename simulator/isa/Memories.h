// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes of the simulated chip. Values exist nowhere else: an instruction touches only addresses derived
// from its encoded operands. Every access is checked against the size of its memory before the first byte
// moves.
#pragma once

#include "simulator/isa/Operation.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace arsis::sim {

/// Stationary weights, dense K x N.
struct WeightBank {
  int64_t rows = 0, columns = 0;
  std::vector<float> values;
};

/// What belongs to one matrix unit: accumulator rows of `columns` fp32 and the weight banks.
struct MatrixMemory {
  int64_t columns = 0;
  std::vector<float> accumulator;
  std::vector<WeightBank> banks;
};

/// Results of instructions in flight. The last one returned is the next one taken: its memory is warm, and
/// large enough.
class ResultPool {
public:
  std::unique_ptr<Result> take() {
    if (spare.empty())
      return std::make_unique<Result>();
    std::unique_ptr<Result> result = std::move(spare.back());
    spare.pop_back();
    return result;
  }
  void give(std::unique_ptr<Result> result) { spare.push_back(std::move(result)); }

private:
  std::vector<std::unique_ptr<Result>> spare;
};

struct Memories {
  uint8_t *dram = nullptr; // owned by the session
  uint64_t dramBytes = 0;
  std::vector<uint8_t> scratchpad;
  std::vector<MatrixMemory> matrix; // per unit
  ResultPool results;
};

/// Sizes that addresses are checked against; known without any memory, so that timing-only runs check too.
struct MemorySizes {
  int64_t scratchpadBytes = 0, accumulatorRows = 0, rows = 0, columns = 0;
};

/// Throws Error naming the memory, the range and the limit if `operation` reaches outside a memory, is
/// misaligned, or asks for more rows or columns than the array has.
void checkBounds(const Operation &operation, const MemorySizes &sizes);

/// Reads the operands of `operation` and computes its result; writes no memory, except that load_weights
/// fills its bank (private to the stream, and interlocked with its last use). `unit` is the index of the
/// stream, which selects the accumulators.
void sample(const Operation &operation, Memories &memories, unsigned unit, Result &result);

/// Writes the result. Adding to an accumulator or a destination happens here: such updates are atomic in
/// stream order.
void commit(const Operation &operation, Memories &memories, unsigned unit, const Result &result);

} // namespace arsis::sim
