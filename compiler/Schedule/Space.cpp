// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is asked of a choice: see Space.h.
#include "compiler/Schedule/Space.h"

#include "dialects/Isa/Encoding/Limits.h"

#include <algorithm>
#include <string_view>

namespace arsis::schedule {

Evaluation Evaluation::rejected(const char *reason, size_t decidedBy) {
  Evaluation evaluation;
  evaluation.invalid = reason;
  evaluation.decidedBy = decidedBy;
  return evaluation;
}

double Evaluation::overflow(const ChipLimits &limits) const {
  int64_t bytes = 0, rows = 0;
  for (const Buffer &buffer : buffers)
    (buffer.accumulator ? rows : bytes) += buffer.size();
  return std::max(0.0, double(rows) / double(limits.accumulatorRows) - 1) +
         std::max(0.0, double(bytes) / double(limits.scratchpadBytes) - 1);
}

double Evaluation::dramCycles(const ChipLimits &limits) const {
  return dramBytes / limits.dramBytesPerCycle + transfers * double(limits.dmaStartupCycles);
}

double Evaluation::cycles(const ChipLimits &limits) const {
  double transfer = dramCycles(limits);
  double body = overlapped ? std::max(computeCycles, transfer) : computeCycles + transfer;
  return body + startBytes / limits.dramBytesPerCycle;
}

double dramBoxBytes(const ChipLimits &limits, const Shape4 &tensor, const Shape4 &box,
                    numerics::ElementType type) {
  return timing::occupiedBytes(timing::runsOfBox(tensor, box, numerics::sizeInBytes(type)), limits.dram);
}

namespace {

/// By how much a memory overflows (bytes, or rows of the accumulator) and its largest buffer; 0 if all fit.
int64_t missing(const ChipLimits &limits, const Evaluation &evaluation, const Buffer **culprit) {
  int64_t bytes = 0, rows = 0, most[2] = {0, 0};
  const Buffer *largest[2] = {nullptr, nullptr};
  for (const Buffer &buffer : evaluation.buffers) {
    const int64_t size = buffer.size();
    (buffer.accumulator ? rows : bytes) += size;
    const Buffer *&best = largest[buffer.accumulator];
    if (!best || size > most[buffer.accumulator]) {
      best = &buffer;
      most[buffer.accumulator] = size;
    }
  }
  if (rows > limits.accumulatorRows) {
    *culprit = largest[1];
    return rows - limits.accumulatorRows;
  }
  if (bytes > limits.scratchpadBytes) {
    *culprit = largest[0];
    return bytes - limits.scratchpadBytes;
  }
  return 0;
}

std::string describe(const Buffer &buffer, int64_t miss, const ChipLimits &limits) {
  std::string text = std::string("buffer '") + buffer.name + "' (" + std::to_string(buffer.size());
  if (buffer.accumulator) // a row holds one fp32 per column
    return text + " rows) misses " +
           std::to_string(miss * limits.cols * numerics::sizeInBytes(numerics::ElementType::F32)) +
           " bytes (" + std::to_string(miss) + " rows) of the accumulator, which has " +
           std::to_string(limits.accumulatorRows) + " rows";
  return text + " bytes) misses " + std::to_string(miss) + " bytes of the scratchpad, which has " +
         std::to_string(limits.scratchpadBytes) + " bytes";
}

} // namespace

std::string checkFit(const Space &space, const Evaluation &evaluation) {
  if (evaluation.invalid)
    return evaluation.invalid;
  if (evaluation.loops > kMostLoops)
    return "the schedule needs " + std::to_string(evaluation.loops) + " nested loops, the chip has " +
           std::to_string(kMostLoops);
  const Buffer *culprit = nullptr;
  if (int64_t miss = missing(space.limits, evaluation, &culprit))
    return describe(*culprit, miss, space.limits);
  return "";
}

/// The largest value of a field for which no volume, address or count of an evaluation overflows.
static int64_t largestValue(std::string_view field, const ChipLimits &limits) {
  const std::string_view group = field.substr(0, field.find('.'));
  return group == "chunks" ? limits.rows : group == "slots" ? kMostSlots : isa::kLargestExtent;
}

std::string checkValue(const Space &space, const std::string &field, int64_t value) {
  if (value < 0)
    return "field '" + field + "' is " + std::to_string(value) + ", expected a number that is not negative";
  for (const Field &known : space.fields())
    if (known.name == field &&
        std::find(known.candidates.begin(), known.candidates.end(), value) != known.candidates.end())
      return "";
  const int64_t largest = largestValue(field, space.limits);
  if (value > largest)
    return "field '" + field + "' is " + std::to_string(value) + ", expected at most " +
           std::to_string(largest);
  return "";
}

} // namespace arsis::schedule
