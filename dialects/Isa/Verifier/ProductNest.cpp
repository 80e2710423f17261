// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finding nests, and the three sets that the pairs of one touch together.
#include "dialects/Isa/Verifier/ProductNest.h"

#include "dialects/Isa/Verifier/Footprint.h"

#include <algorithm>
#include <limits>

namespace arsis::isa {
namespace {

bool reads(const Terms &terms, unsigned loop) {
  return std::any_of(terms.begin(), terms.end(), [&](const Term &term) { return term.loop == loop; });
}
template <size_t n> bool anyReads(const std::array<Extent, n> &extents, unsigned loop) {
  return std::any_of(extents.begin(), extents.end(),
                     [&](const Extent &extent) { return extent.clamped && reads(extent.limit.terms, loop); });
}
bool waitsRead(const Instruction &instruction, unsigned loop) {
  return std::any_of(instruction.waits.begin(), instruction.waits.begin() + instruction.waitCount,
                     [&](const Wait &wait) { return reads(wait.value.terms, loop); });
}

/// Whether the pair is the same in every iteration of a loop but for its addresses and its bank.
bool repeats(const Instruction &first, const Instruction &second, unsigned loop) {
  const LoadWeights &load = std::get<LoadWeights>(first.body);
  const Multiply &multiply = std::get<Multiply>(second.body);
  return !waitsRead(first, loop) && !waitsRead(second, loop) && !anyReads(load.kCount, loop) &&
         !(load.nCount.clamped && reads(load.nCount.limit.terms, loop)) && !anyReads(multiply.mCount, loop) &&
         !anyReads(multiply.kCount, loop) && !reads(load.source.slot.terms, loop) &&
         !reads(multiply.source.slot.terms, loop) && !reads(multiply.acc.slot.terms, loop);
}

int64_t strideOf(const Terms &terms, unsigned loop) {
  for (const Term &term : terms)
    if (term.loop == loop)
      return term.stride;
  return 0;
}

/// The dimensions of a set as they are collected.
struct Collector {
  Box::Dimensions dimensions;
  bool fits = true;

  void add(int64_t count, int64_t stride) {
    if (count == 1 || stride == 0)
      return;
    fits &= dimensions.size() < Box::kMaxDimensions;
    if (fits)
      dimensions.push_back({count, stride});
  }
  template <class Counts, class Strides>
  void addAll(const Counts &counts, const Strides &strides, int64_t unit) {
    for (size_t d = 0; d < counts.size(); ++d)
      add(counts[d], strides[d] * unit);
  }
};

template <size_t n>
std::array<int64_t, n> evaluate(const std::array<Extent, n> &extents, const int64_t *index) {
  std::array<int64_t, n> values;
  for (size_t d = 0; d < n; ++d)
    values[d] = extents[d].evaluate(index);
  return values;
}

int64_t product(const std::array<int64_t, 3> &counts) {
  int64_t total = 1;
  for (int64_t count : counts)
    if (__builtin_mul_overflow(total, count, &total))
      return std::numeric_limits<int64_t>::max();
  return total;
}

} // namespace

std::map<size_t, ProductNest> findProductNests(const Stream &stream) {
  std::map<size_t, ProductNest> nests;
  std::vector<int64_t> open;
  const std::vector<Instruction> &instructions = stream.instructions;
  for (size_t p = 0; p < instructions.size(); ++p) {
    if (const Loop *loop = std::get_if<Loop>(&instructions[p].body))
      open.push_back(loop->count);
    else if (std::holds_alternative<EndLoop>(instructions[p].body))
      open.pop_back();
    if (p + 1 == instructions.size() || !std::holds_alternative<LoadWeights>(instructions[p].body) ||
        !std::holds_alternative<Multiply>(instructions[p + 1].body))
      continue;
    ProductNest nest;
    nest.load = &std::get<LoadWeights>(instructions[p].body);
    nest.multiply = &std::get<Multiply>(instructions[p + 1].body);
    nest.depth = unsigned(open.size());
    if (nest.load->bank != nest.multiply->bank || nest.load->type != nest.multiply->type)
      continue;
    while (nest.depth > 0) { // the next loop outwards: it must hold nothing but what is inside already
      const size_t level = nest.counts.size();
      const unsigned loop = nest.depth - 1;
      if (level + 1 > p || !std::holds_alternative<Loop>(instructions[p - level - 1].body) ||
          p + 2 + level >= instructions.size() ||
          !std::holds_alternative<EndLoop>(instructions[p + 2 + level].body) ||
          open[loop] > ProductNest::kMostIterations / nest.iterations ||
          !repeats(instructions[p], instructions[p + 1], loop))
        break;
      nest.counts.insert(nest.counts.begin(), open[loop]);
      nest.iterations *= open[loop];
      nest.depth = loop;
    }
    if (nest.iterations > 1)
      nests.emplace(p + 1, nest);
  }
  return nests;
}

bool FootprintBuilder::buildNest(const ProductNest &nest, unsigned stream, const int64_t *index,
                                 NestAccesses &accesses) {
  accesses.clear();
  const LoadWeights &load = *nest.load;
  const Multiply &multiply = *nest.multiply;
  const unsigned unit = program.streams[stream].index;
  const auto k = evaluate(load.kCount, index), m = evaluate(multiply.mCount, index),
             depth = evaluate(multiply.kCount, index);
  const int64_t n = load.nCount.evaluate(index), kProduct = product(k);
  if (kProduct == 0 || n == 0 || product(m) == 0 || product(depth) != kProduct || kProduct > limits.rows ||
      n > limits.columns || product(m) > limits.accumulatorRows)
    return false;

  /// Adds the set of one operand: `set` in the first iteration, `terms` times `unit` bytes further in others.
  auto add = [&](const char *operand, unsigned memory, bool reads, bool writes, int64_t first, int64_t bytes,
                 Collector set, const Terms &terms, int64_t unitBytes) {
    const int64_t element = std::min<int64_t>(bytes, sizeof(float));
    NestAccess access;
    access.first = Box(first, bytes, set.dimensions);
    bool sound = set.fits && first % element == 0;
    for (size_t level = 0; level < nest.counts.size(); ++level) {
      const int64_t stride = strideOf(terms, nest.depth + unsigned(level)) * unitBytes;
      sound &= stride % element == 0;
      set.add(nest.counts[level], stride);
      access.loops.push_back({nest.counts[level], stride});
    }
    if (!sound || !set.fits)
      return false;
    access.all = {operand, memory, reads, writes, 0, Box(first, bytes, set.dimensions)};
    accesses.push_back(access);
    const ByteRange hull = access.all.box.hull();
    return hull.begin >= 0 && hull.end <= memoryBytes(memory);
  };
  const int64_t weightBytes = numerics::sizeInBytes(load.type), bytes = numerics::sizeInBytes(multiply.type);
  Collector weights, source, rows;
  weights.addAll(k, load.kStride, weightBytes);
  weights.add(n, load.nStride * weightBytes);
  source.addAll(m, multiply.mStride, bytes);
  source.addAll(depth, multiply.kStride, bytes);
  const int64_t rowBytes = limits.columns * int64_t(sizeof(float));
  rows.addAll(m, multiply.accStride, rowBytes);
  bool adds = multiply.accumulate.evaluate(index) != 0; // somewhere in the nest, if not everywhere
  for (size_t level = 0; level < nest.counts.size(); ++level)
    adds |= strideOf(multiply.accumulate.terms, nest.depth + unsigned(level)) != 0;
  if (!add("source", kScratchpad, true, false, load.source.evaluate(index), weightBytes, weights,
           load.source.strides, 1) ||
      !add("source", kScratchpad, true, false, multiply.source.evaluate(index), bytes, source,
           multiply.source.strides, 1) ||
      !add("acc", accumulatorOf(unit), adds, true, multiply.acc.evaluate(index) * rowBytes,
           n * int64_t(sizeof(float)), rows, multiply.acc.strides, rowBytes))
    return false;
  fillBanks(nest, unit, index, kProduct, n);
  return true;
}

/// Every bank that a load of the nest names holds weights of one shape and type in the end.
void FootprintBuilder::fillBanks(const ProductNest &nest, unsigned unit, const int64_t *index, int64_t k,
                                 int64_t n) {
  std::array<int64_t, kMaxLoopDepth> at;
  std::copy(index, index + kMaxLoopDepth, at.begin());
  for (int64_t iteration = 0; iteration < nest.iterations; ++iteration) {
    const int64_t number = nest.load->bank.evaluate(at.data()) % limits.weightBanks;
    banks[size_t(unit * limits.weightBanks + number + (number < 0 ? limits.weightBanks : 0))] = {
        Bank::Holds, k, n, nest.load->type};
    for (size_t level = nest.counts.size(); level-- > 0;) {
      if (++at[nest.depth + level] < nest.counts[level])
        break;
      at[nest.depth + level] = 0;
    }
  }
}

} // namespace arsis::isa
