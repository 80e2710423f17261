// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One overload per instruction: the elements it visits and the operands it reaches through.
#include "dialects/Isa/Encoding/Volume.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Encoding/OptionNames.h"

namespace arsis::isa {
namespace {

template <class... Arrays> auto joined(const Arrays &...arrays) {
  boost::container::static_vector<int64_t, 6> all;
  (all.insert(all.end(), arrays.begin(), arrays.end()), ...);
  return all;
}
template <size_t n> std::array<int64_t, n> tiles(const std::array<Extent, n> &extents) {
  std::array<int64_t, n> values;
  for (size_t d = 0; d < n; ++d)
    values[d] = extents[d].tile;
  return values;
}
std::array<int64_t, 1> tiles(const Extent &extent) { return {extent.tile}; }

struct Spreader {
  Spread &spread;

  template <class Counts> bool visits(const Counts &counts) {
    spread.work = volume(counts);
    return spread.work > 0;
  }
  template <class Counts, class Strides>
  void reaches(const char *field, const Counts &counts, const Strides &strides) {
    spread.operands.push_back({field, {}});
    spread.operands.back().reach.extendAll(counts, strides);
  }

  void operator()(const Loop &) {}
  void operator()(const EndLoop &) {}
  void operator()(const WaitOnly &) {}
  template <class Transfer> void transfer(const Transfer &body) {
    const auto box = tiles(body.box);
    if (visits(box))
      reaches("localStride", box, body.localStride);
  }
  void operator()(const Load &body) { transfer(body); }
  void operator()(const Store &body) { transfer(body); }
  void operator()(const LoadWeights &body) {
    const auto counts = joined(tiles(body.kCount), tiles(body.nCount));
    if (visits(counts))
      reaches("kStride", counts, joined(body.kStride, std::array{body.nStride}));
  }
  void operator()(const Multiply &body) {
    const auto m = tiles(body.mCount);
    const auto counts = joined(m, tiles(body.kCount));
    if (!visits(counts))
      return;
    reaches("mStride", counts, joined(body.mStride, body.kStride));
    reaches("accStride", m, body.accStride);
  }
  void operator()(const Drain &body) {
    const auto m = tiles(body.mCount);
    const auto counts = joined(m, tiles(body.nCount));
    if (!visits(counts))
      return;
    reaches("accStride", m, body.accStride);
    reaches("destinationStride", counts, joined(body.destinationStride, std::array{body.columnStride}));
  }
  void operator()(const Map &body) {
    const auto count = tiles(body.count);
    if (!visits(count))
      return;
    const unsigned operands = numerics::operandCount(body.function);
    reaches("destinationStride", count, body.destinationStride);
    if (operands > 0)
      reaches("aStride", count, body.aStride);
    if (operands > 1)
      reaches("bStride", count, body.bStride);
    if (operands > 2)
      reaches("cStride", count, body.cStride);
  }
  void operator()(const Reduce &body) {
    auto count = tiles(body.count);
    if (!visits(count))
      return;
    reaches("aStride", count, body.aStride);
    for (size_t d = 0; d < count.size(); ++d)
      if (body.reduceMask >> d & 1)
        count[d] = 1;
    reaches("destinationStride", count, body.destinationStride);
  }
  void operator()(const Pool &body) {
    const auto count = tiles(body.count);
    const auto windows = joined(count, body.window);
    if (!visits(windows))
      return;
    reaches("aStride", windows, joined(body.aStride, body.windowStride));
    reaches("destinationStride", count, body.destinationStride);
  }
  void operator()(const PoolGrad &body) {
    const auto count = tiles(body.count);
    const auto windows = joined(count, body.window);
    if (!visits(windows))
      return;
    reaches("xStride", windows, joined(body.xStride, body.windowStride));
    reaches("gradientStride", count, body.gradientStride);
  }
  void operator()(const External &body) {
    const ExternalWork work = workOf(body, Evaluation());
    if (isEmpty(work))
      return;
    spread.work = saturatingProduct(visitsOf(work), work.times);
    auto reach = [&](const ExternalOperand &operand) {
      reaches(operand.name, joined(operand.count, operand.window),
              joined(operand.stride, operand.windowStride));
    };
    reach(work.result);
    for (const ExternalOperand &operand : work.operands)
      reach(operand);
  }
};

} // namespace

Spread spreadOf(const Body &body) {
  Spread spread;
  std::visit(Spreader{spread}, body);
  return spread;
}

int64_t programWork(const Program &program, Work which) {
  int64_t total = 0;
  for (const Stream &stream : program.streams) {
    if (which == Work::Transfers && stream.kind != StreamKind::Load && stream.kind != StreamKind::Store)
      continue;
    std::vector<int64_t> instances{1}; // of the bodies of the open loops
    for (const Instruction &instruction : stream.instructions)
      if (const Loop *loop = std::get_if<Loop>(&instruction.body))
        instances.push_back(saturatingProduct(instances.back(), loop->count));
      else if (std::holds_alternative<EndLoop>(instruction.body))
        instances.pop_back();
      else
        total = std::min(kSaturated,
                         total + saturatingProduct(spreadOf(instruction.body).work, instances.back()));
  }
  return total;
}

void checkWork(const Program &program, uint64_t most, Work which) {
  const int64_t work = programWork(program, which);
  if (uint64_t(work) > most)
    throw ProgramError("the program visits " + std::to_string(work) + " elements, expected at most " +
                       std::to_string(most) + " (" + optionName("max-work") + ")");
}

} // namespace arsis::isa
