// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An instruction instance with every operand evaluated: plain integers, no loops, no rings. Timing, event
// counting and values all read this one form, so that they cannot disagree about what an instruction does.
#pragma once

#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Numerics/Functions.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace arsis::sim {

using numerics::ElementType;
using Box3 = std::array<int64_t, 3>;
using Box4 = std::array<int64_t, 4>;

/// A strided operand in the scratchpad: first byte, element strides, element type.
template <class Box> struct View {
  int64_t address = 0;
  Box stride{};
  ElementType type = ElementType::F32;
};

/// load and store.
struct TransferOperation {
  bool store = false;
  const isa::Tensor *tensor = nullptr;
  Box4 coordinate{}, box{};
  View<Box4> local;
  float fill = 0.0f;
};

struct LoadWeightsOperation {
  int64_t bank = 0;
  Box3 kCount{};
  int64_t nCount = 0, nStride = 0;
  View<Box3> source; // over K
};

struct MultiplyOperation {
  int64_t bank = 0;
  int64_t columns = 0; // of the bank; set by bindBank
  Box3 mCount{}, kCount{}, kStride{};
  View<Box3> source; // over M
  int64_t accumulatorRow = 0;
  Box3 accumulatorStride{};
  bool accumulate = false;
};

struct DrainOperation {
  int64_t accumulatorRow = 0;
  Box3 mCount{}, accumulatorStride{};
  int64_t nCount = 0, columnStride = 0;
  View<Box3> destination; // over M
};

struct MapOperation {
  numerics::VectorFunction function = numerics::VectorFunction::Copy;
  Box4 count{};
  View<Box4> destination;
  std::array<View<Box4>, 3> operands; // a, b, c; only the first operandCount(function) are read
  float immediate = 0.0f;
};

struct ReduceOperation {
  numerics::ReduceFunction function = numerics::ReduceFunction::Sum;
  Box4 count{};
  uint8_t mask = 0;
  View<Box4> destination, source; // strides of the destination along reduced dimensions are zero
  bool accumulate = false;
};

struct PoolOperation {
  numerics::ReduceFunction function = numerics::ReduceFunction::Sum;
  Box4 count{};
  View<Box4> destination, source;
  std::array<int64_t, 2> window{}, windowStride{};
};

struct PoolGradOperation {
  numerics::ReduceFunction function = numerics::ReduceFunction::Sum;
  Box4 count{};
  View<Box4> x, gradient, destination; // x and destination share strides
  std::array<int64_t, 2> window{}, windowStride{};
};

/// What a library brought. Its work lies elsewhere, so that it does not make all operations larger.
struct ExternalOperation {
  const isa::External *body = nullptr;
  std::shared_ptr<const isa::ExternalWork> work;
};

/// std::monostate: nothing to do (`wait`, or an instruction with an empty extent).
using Operation =
    std::variant<std::monostate, TransferOperation, LoadWeightsOperation, MultiplyOperation, DrainOperation,
                 MapOperation, ReduceOperation, PoolOperation, PoolGradOperation, ExternalOperation>;

/// What an instruction computed when it started and will write when it completes. Reused between
/// instructions, so that the steady state allocates nothing.
struct Result {
  std::vector<float> values;
  std::vector<int64_t> positions;
  std::vector<uint8_t> bytes;
  std::vector<float> scratch; // operands gathered for a kernel; meaningless after sampling
};

/// What a matrix stream knows of its weight banks without knowing their values.
struct BankShape {
  int64_t rows = 0, columns = 0;
  ElementType type = ElementType::F32;
};
using BankShapes = std::vector<BankShape>;

/// Follows the weight banks of one matrix stream, in program order: a load_weights sets the shape of its
/// bank, a multiply learns its columns. Throws Error if a multiply streams another number of k elements than
/// its bank holds, or another type.
void bindBank(Operation &operation, BankShapes &banks);

/// Evaluates `instruction` at the loop indices `index` for a chip with `weightBanks` banks.
/// The operation refers to tensors of `program`, which must outlive it. Throws Error for what the machine
/// cannot run.
void resolve(const isa::Instruction &instruction, const int64_t *index, const isa::Program &program,
             int64_t weightBanks, Operation &operation);

/// "vector 0, instruction 3 (map)": how errors name an instruction.
std::string describeInstruction(const isa::Stream &stream, size_t position);

} // namespace arsis::sim
