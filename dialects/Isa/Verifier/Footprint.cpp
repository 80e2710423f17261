// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function per instruction, in the order of isa.td: evaluate extents and addresses, add one access per
// operand.
#include "dialects/Isa/Verifier/Footprint.h"

#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>

namespace arsis::isa {

using numerics::sizeInBytes;

MachineLimits::MachineLimits(const chip::Chip &chip)
    : scratchpadBytes(chip.integer("scratchpad.kib") * 1024), rows(chip.integer("matrix.rows")),
      columns(chip.integer("matrix.cols")), accumulatorRows(chip.integer("matrix.accumulator_rows")),
      units(chip.integer("matrix.units")), weightBanks(chip.integer("matrix.weight_banks")),
      loadQueues(chip.integer("dma.load_queues")), storeQueues(chip.integer("dma.store_queues")),
      dramBytes(chip.integer("dram.capacity_mib") * (int64_t(1) << 20)) {}

FootprintBuilder::FootprintBuilder(const Program &program, const MachineLimits &limits)
    : program(program), limits(limits), banks(size_t(limits.units * limits.weightBanks)) {}

int64_t FootprintBuilder::memoryBytes(unsigned memory) const {
  if (memory == kScratchpad)
    return limits.scratchpadBytes;
  return memory == dramOf(limits) ? limits.dramBytes : limits.accumulatorRows * limits.columns * 4;
}

std::string FootprintBuilder::memoryName(unsigned memory) const {
  if (memory == kScratchpad)
    return "spm";
  return memory == dramOf(limits) ? "dram" : "acc" + std::to_string(memory - 1);
}

struct FootprintBuilder::Visitor {
  FootprintBuilder &builder;
  const unsigned unit; // index of the stream among its kind
  const int64_t *index;
  Footprint &footprint;
  std::vector<Complaint> &complaints;

  template <size_t n> struct Counts {
    std::array<int64_t, n> value;
    int64_t product = 1;
  };
  template <size_t n> Counts<n> evaluate(const std::array<Extent, n> &extents) const {
    Counts<n> counts;
    for (size_t d = 0; d < n; ++d)
      counts.value[d] = extents[d].evaluate(index);
    counts.product = volume(counts.value);
    return counts;
  }

  void complain(Complaint::Kind kind, unsigned memory, ByteRange range, std::string message) {
    complaints.push_back({kind, memory, range, std::move(message)});
  }

  /// Adds an access unless it leaves its memory; returns whether it did.
  bool add(const char *operand, unsigned memory, bool reads, bool writes, Box box, uint16_t tensor = 0) {
    int64_t bytes = builder.memoryBytes(memory);
    ByteRange hull = box.hull();
    if (hull.begin < 0 || hull.end > bytes) {
      complain(Complaint::OutOfRange, memory, hull,
               std::string(operand) + " touches bytes [" + std::to_string(hull.begin) + ", " +
                   std::to_string(hull.end) + ") of " + builder.memoryName(memory) +
                   ", expected within [0, " + std::to_string(bytes) + ")");
      return false;
    }
    footprint.push_back({operand, memory, reads, writes, tensor, box});
    return true;
  }

  /// A view of the scratchpad: strides in elements. Returns whether it was added.
  bool addView(const char *operand, bool reads, bool writes, int64_t address, ElementType type,
               Box::Dimensions dimensions) {
    int64_t bytes = sizeInBytes(type);
    for (Dimension &d : dimensions)
      d.stride *= bytes;
    if (address % bytes == 0)
      return add(operand, kScratchpad, reads, writes, Box(address, bytes, dimensions));
    complain(Complaint::Operand, kScratchpad, {address, address + bytes},
             std::string(operand) + " starts at byte " + std::to_string(address) +
                 ", expected a multiple of the " + std::to_string(bytes) + " bytes of " +
                 std::string(numerics::name(type)));
    return false;
  }
  /// A view that is written element by element, each once, so that the order of the writes does not matter.
  void addResult(const char *operand, bool reads, int64_t address, ElementType type,
                 const Box::Dimensions &dimensions) {
    if (!addView(operand, reads, true, address, type, dimensions))
      return;
    int64_t elements = 1;
    for (const Dimension &d : dimensions)
      elements = saturatingProduct(elements, d.count);
    if (elements > elementsOfScratchpad(type) || visitsTwice(dimensions))
      complain(Complaint::Operand, kScratchpad, {address, address + int64_t(sizeInBytes(type))},
               std::string(operand) +
                   " element is written more than once, expected strides that keep the elements apart");
  }
  int64_t elementsOfScratchpad(ElementType type) const {
    return builder.limits.scratchpadBytes / sizeInBytes(type);
  }
  template <size_t n>
  static Box::Dimensions zip(const std::array<int64_t, n> &counts, const std::array<int32_t, n> &strides) {
    Box::Dimensions dimensions;
    for (size_t d = 0; d < n; ++d)
      dimensions.push_back({counts[d], strides[d]});
    return dimensions;
  }

  /// Rows of the accumulator, `columns` of each.
  void addRows(const char *operand, bool reads, bool writes, int64_t row,
               const std::array<int64_t, 3> &counts, const std::array<int32_t, 3> &strides, int64_t columns) {
    const int64_t rowBytes = builder.limits.columns * 4;
    Box::Dimensions dimensions = zip(counts, strides);
    for (Dimension &d : dimensions)
      d.stride *= rowBytes;
    add(operand, accumulatorOf(unit), reads, writes, Box(row * rowBytes, columns * 4, dimensions));
  }

  void operator()(const Loop &) {}
  void operator()(const EndLoop &) {}
  void operator()(const WaitOnly &) {}

  /// DMA: the part of the box inside the tensor, and where that part lies in the scratchpad.
  template <class Transfer> void transfer(const Transfer &body, bool load) {
    auto box = evaluate(body.box);
    if (box.product == 0)
      return;
    const Tensor &tensor = builder.program.tensors[body.tensor];
    const int64_t tensorBytes = sizeInBytes(tensor.type);
    Box::Dimensions remote, inside;
    int64_t first = 0, skipped = 0;
    bool any = true;
    for (size_t d = 0; d < 4; ++d) {
      int64_t at = body.coordinate[d].evaluate(index);
      int64_t low = std::max<int64_t>(at, 0), high = std::min(at + box.value[d], tensor.shape[d]);
      if (low >= high) {
        any = false;
        break; // far outside, the offsets mean nothing
      }
      first += low * tensor.stride[d];
      skipped += (low - at) * body.localStride[d];
      remote.push_back({high - low, tensor.stride[d] * tensorBytes});
      inside.push_back({high - low, body.localStride[d]});
    }
    int64_t local = body.local.evaluate(index);
    if (any)
      add("tensor", dramOf(builder.limits), load, !load,
          Box(int64_t(tensor.address) + first * tensorBytes, tensorBytes, remote), body.tensor);
    if (load)
      addResult("local", false, local, body.localType, zip(box.value, body.localStride));
    else if (any)
      addView("local", true, false, local + skipped * sizeInBytes(body.localType), body.localType, inside);
  }
  void operator()(const Load &body) { transfer(body, true); }
  void operator()(const Store &body) { transfer(body, false); }

  Bank &bankOf(const Affine &field, int64_t &number) {
    int64_t banks = builder.limits.weightBanks;
    number = field.evaluate(index) % banks;
    number += number < 0 ? banks : 0;
    return builder.banks[size_t(unit * banks + number)];
  }

  void operator()(const LoadWeights &body) {
    auto k = evaluate(body.kCount);
    int64_t n = body.nCount.evaluate(index), number;
    Bank &bank = bankOf(body.bank, number);
    if (k.product == 0 || n == 0) {
      if (bank.state == Bank::Holds)
        bank.state = Bank::Stale;
      return;
    }
    const MachineLimits &limits = builder.limits;
    if (k.product > limits.rows || n > limits.columns)
      complain(Complaint::Bank, kScratchpad, {},
               "weights are " + std::to_string(k.product) + " by " + std::to_string(n) +
                   ", expected at most the " + std::to_string(limits.rows) + " by " +
                   std::to_string(limits.columns) + " of the array");
    bank = {Bank::Holds, k.product, std::min(n, limits.columns), body.type};
    Box::Dimensions dimensions = zip(k.value, body.kStride);
    dimensions.push_back({n, body.nStride});
    addView("source", true, false, body.source.evaluate(index), body.type, dimensions);
  }

  void operator()(const Multiply &body) {
    auto m = evaluate(body.mCount), k = evaluate(body.kCount);
    if (m.product == 0 || k.product == 0)
      return;
    int64_t number;
    const Bank &bank = bankOf(body.bank, number);
    std::string name = "weight bank " + std::to_string(number);
    if (bank.state == Bank::NeverLoaded)
      complain(Complaint::Bank, kScratchpad, {},
               name + " was never loaded, expected a load_weights before this product");
    else if (bank.state == Bank::Stale)
      complain(Complaint::Bank, kScratchpad, {},
               name + " holds stale weights, expected that its last load_weights had elements");
    else if (bank.k != k.product)
      complain(Complaint::Bank, kScratchpad, {},
               name + " holds " + std::to_string(bank.k) + " rows, expected the " +
                   std::to_string(k.product) + " of this product");
    else if (bank.type != body.type)
      complain(Complaint::Bank, kScratchpad, {},
               name + " holds weights in " + std::string(numerics::name(bank.type)) + ", expected the " +
                   std::string(numerics::name(body.type)) + " of this product");
    Box::Dimensions dimensions = zip(m.value, body.mStride);
    for (size_t d = 0; d < 3; ++d)
      dimensions.push_back({k.value[d], body.kStride[d]});
    addView("source", true, false, body.source.evaluate(index), body.type, dimensions);
    if (m.product > builder.limits.accumulatorRows)
      complain(Complaint::OutOfRange, accumulatorOf(unit), {},
               "streams " + std::to_string(m.product) + " rows, expected at most the " +
                   std::to_string(builder.limits.accumulatorRows) + " of the accumulator");
    else if (bank.state != Bank::NeverLoaded)
      addRows("acc", body.accumulate.evaluate(index) != 0, true, body.acc.evaluate(index), m.value,
              body.accStride, bank.n);
  }

  void operator()(const Drain &body) {
    auto m = evaluate(body.mCount);
    int64_t n = body.nCount.evaluate(index);
    if (m.product == 0 || n == 0)
      return;
    if (n > builder.limits.columns)
      complain(Complaint::OutOfRange, accumulatorOf(unit), {},
               "drains " + std::to_string(n) + " columns, expected at most " +
                   std::to_string(builder.limits.columns));
    addRows("acc", true, false, body.acc.evaluate(index), m.value, body.accStride,
            std::min(n, builder.limits.columns));
    Box::Dimensions dimensions = zip(m.value, body.destinationStride);
    dimensions.push_back({n, body.columnStride});
    addResult("destination", false, body.destination.evaluate(index), body.type, dimensions);
  }

  /// A result is written as the operands are read, so it must not overlap them.
  void checkResult(const Access *same = nullptr) {
    const Access *result = nullptr;
    for (const Access &access : footprint)
      if (access.writes)
        result = &access;
    for (const Access &access : footprint)
      if (result && &access != result && &access != same)
        if (auto shared = overlap(access.box, result->box))
          complain(Complaint::Operand, kScratchpad, *shared,
                   std::string("destination overlaps operand ") + access.operand +
                       ", expected disjoint bytes or, for map, the same view");
  }

  void operator()(const Map &body) {
    auto count = evaluate(body.count);
    if (count.product == 0)
      return;
    const unsigned operands = numerics::operandCount(body.function);
    const int64_t destination = body.destination.evaluate(index);
    bool same[3] = {};
    auto operand = [&](unsigned i, const char *name, const Address &address,
                       const std::array<int32_t, 4> &stride, ElementType type) {
      if (i >= operands)
        return;
      int64_t at = address.evaluate(index);
      same[i] = at == destination && sizeInBytes(type) == sizeInBytes(body.destinationType);
      for (size_t d = 0; d < 4; ++d)
        same[i] &= count.value[d] == 1 || stride[d] == body.destinationStride[d];
      if (!same[i])
        addView(name, true, false, at, type, zip(count.value, stride));
    };
    operand(0, "a", body.a, body.aStride, body.aType);
    operand(1, "b", body.b, body.bStride, body.bType);
    operand(2, "c", body.c, body.cStride, body.cType);
    addResult("destination", same[0] || same[1] || same[2], destination, body.destinationType,
              zip(count.value, body.destinationStride));
    checkResult();
  }

  void operator()(const Reduce &body) {
    auto count = evaluate(body.count);
    if (count.product == 0)
      return;
    addView("a", true, false, body.a.evaluate(index), body.aType, zip(count.value, body.aStride));
    auto kept = count.value;
    for (size_t d = 0; d < 4; ++d)
      if (body.reduceMask >> d & 1)
        kept[d] = 1;
    addResult("destination", body.accumulate.evaluate(index) != 0, body.destination.evaluate(index),
              ElementType::F32, zip(kept, body.destinationStride));
    checkResult();
  }

  static void addWindow(Box::Dimensions &dimensions, const std::array<uint16_t, 2> &window,
                        const std::array<int32_t, 2> &stride) {
    for (size_t d = 0; d < 2; ++d)
      dimensions.push_back({window[d], stride[d]});
  }

  void operator()(const Pool &body) {
    auto count = evaluate(body.count);
    if (count.product == 0)
      return;
    Box::Dimensions source = zip(count.value, body.aStride);
    addWindow(source, body.window, body.windowStride);
    addView("a", true, false, body.a.evaluate(index), body.aType, source);
    addResult("destination", false, body.destination.evaluate(index), ElementType::F32,
              zip(count.value, body.destinationStride));
    checkResult();
  }

  void operator()(const PoolGrad &body) {
    auto count = evaluate(body.count);
    if (count.product == 0)
      return;
    if (count.product > elementsOfScratchpad(ElementType::F32))
      return complain(Complaint::Operand, kScratchpad, {},
                      "spreads " + std::to_string(count.product) + " gradients, expected at most the " +
                          std::to_string(elementsOfScratchpad(ElementType::F32)) +
                          " that the scratchpad holds");
    Box::Dimensions windows = zip(count.value, body.xStride);
    addWindow(windows, body.window, body.windowStride);
    if (body.function == PoolFunction::Max)
      addView("x", true, false, body.x.evaluate(index), ElementType::F32, windows);
    addView("gradient", true, false, body.gradient.evaluate(index), ElementType::F32,
            zip(count.value, body.gradientStride));
    addView("destination", true, true, body.destination.evaluate(index), ElementType::F32, windows);
    checkResult();
  }

  void operator()(const External &body) {
    const ExternalWork work = workOf(body, Evaluation(index));
    if (isEmpty(work))
      return;
    auto dimensions = [](const ExternalOperand &operand) {
      Box::Dimensions all;
      for (size_t d = 0; d < operand.count.size(); ++d)
        all.push_back({operand.count[d], operand.stride[d]});
      for (size_t d = 0; d < operand.window.size(); ++d)
        all.push_back({operand.window[d], operand.windowStride[d]});
      return all;
    };
    bool updates = false;
    for (const ExternalOperand &operand : work.operands)
      if (isResult(operand, work))
        updates = true;
      else
        addView(operand.name, true, false, operand.address, operand.type, dimensions(operand));
    addResult(work.result.name, updates, work.result.address, work.result.type, dimensions(work.result));
    checkResult();
  }
};

void FootprintBuilder::build(const Instruction &instruction, unsigned stream, const int64_t *index,
                             Footprint &footprint, std::vector<Complaint> &complaints) {
  footprint.clear();
  Visitor visitor{*this, program.streams[stream].index, index, footprint, complaints};
  std::visit(visitor, instruction.body);
}

} // namespace arsis::isa
