// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search: plain enumeration.
#include "compiler/Schedule/Space.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace arsis::schedule {

Evaluation Evaluation::rejected(const char *reason) {
  Evaluation evaluation;
  evaluation.invalid = reason;
  return evaluation;
}

double Evaluation::dramCycles(const ChipLimits &limits) const {
  return dramBytes / limits.dramBytesPerCycle + transfers * double(limits.dmaStartupCycles);
}

double Evaluation::cycles(const ChipLimits &limits) const {
  double transfer = dramCycles(limits);
  double body = overlapped ? std::max(computeCycles, transfer) : computeCycles + transfer;
  return body + startBytes / limits.dramBytesPerCycle;
}

double dramBoxBytes(const ChipLimits &limits, const Shape4 &tensor, const Shape4 &box) {
  return timing::occupiedBytes(timing::runsOfBox(tensor, box, kElementBytes), limits.dram);
}

namespace {

/// By how much a memory overflows (bytes, or rows of the accumulator) and its largest buffer; 0 if all fit.
/// `relative` is the sum of the overflows of both memories in units of their size.
int64_t missing(const ChipLimits &limits, const Evaluation &evaluation, const Buffer **culprit,
                double &relative) {
  int64_t bytes = 0, rows = 0;
  const Buffer *largest[2] = {nullptr, nullptr};
  for (const Buffer &buffer : evaluation.buffers) {
    (buffer.accumulator ? rows : bytes) += buffer.size();
    const Buffer *&best = largest[buffer.accumulator];
    if (!best || buffer.size() > best->size())
      best = &buffer;
  }
  relative = std::max(0.0, double(rows) / double(limits.accumulatorRows) - 1) +
             std::max(0.0, double(bytes) / double(limits.scratchpadBytes) - 1);
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
    return text + " rows) misses " + std::to_string(miss * limits.cols * kElementBytes) + " bytes (" +
           std::to_string(miss) + " rows) of the accumulator, which has " +
           std::to_string(limits.accumulatorRows) + " rows";
  return text + " bytes) misses " + std::to_string(miss) + " bytes of the scratchpad, which has " +
         std::to_string(limits.scratchpadBytes) + " bytes";
}

} // namespace

std::string checkFit(const Space &space, const Evaluation &evaluation) {
  if (evaluation.invalid)
    return evaluation.invalid;
  if (evaluation.loops > kMostLoops)
    return "the mapping needs " + std::to_string(evaluation.loops) + " nested loops, the limits has " +
           std::to_string(kMostLoops);
  const Buffer *culprit = nullptr;
  double relative;
  if (int64_t miss = missing(space.limits, evaluation, &culprit, relative))
    return describe(*culprit, miss, space.limits);
  return "";
}

/// The largest value of a field for which no volume, address or count of an evaluation overflows.
static int64_t largestValue(const std::string &field, const ChipLimits &limits) {
  auto endsWith = [&](std::string_view end) {
    return field.size() >= end.size() && field.compare(field.size() - end.size(), end.size(), end) == 0;
  };
  if (field.rfind("chunk_", 0) == 0)
    return limits.rows;
  return endsWith("slots") ? kMostSlots : isa::kLargestExtent;
}

std::string checkValue(const Space &space, const std::string &field, int64_t value) {
  if (value < 0)
    return "field '" + field + "' is " + std::to_string(value) + ", expected a number that is not negative";
  const int64_t largest = largestValue(field, space.limits);
  if (value > largest)
    return "field '" + field + "' is " + std::to_string(value) + ", expected at most " +
           std::to_string(largest);
  return "";
}

std::optional<Solution> solve(const Space &space, const Pins &pins, Infeasible &why) {
  std::vector<Field> fields = space.fields();
  for (const auto &[name, value] : pins) {
    auto field =
        std::find_if(fields.begin(), fields.end(), [&name = name](const Field &f) { return f.name == name; });
    if (field == fields.end()) {
      why.reason = "the mapping has no field '" + name + "'";
      return std::nullopt;
    }
    if (why.reason = checkValue(space, name, value); !why.reason.empty())
      return std::nullopt;
    field->candidates = {value};
  }
  std::vector<size_t> position(fields.size(), 0);
  Choice choice(fields.size());
  Solution best;
  double bestCycles = std::numeric_limits<double>::infinity();
  double closest = std::numeric_limits<double>::infinity();
  for (bool more = true; more;) {
    for (size_t i = 0; i < fields.size(); ++i)
      choice[i] = fields[i].candidates[position[i]];
    Evaluation evaluation = space.evaluate(choice);
    if (evaluation.invalid) {
      if (why.reason.empty())
        why.reason = evaluation.invalid;
    } else {
      ++best.considered;
      const Buffer *culprit = nullptr;
      double relative;
      int64_t miss = missing(space.limits, evaluation, &culprit, relative);
      if (miss == 0 && evaluation.loops <= kMostLoops) {
        ++best.feasible;
        if (double cycles = evaluation.cycles(space.limits); cycles < bestCycles) {
          bestCycles = cycles;
          best.choice = choice;
          best.evaluation = evaluation;
        }
      } else if (relative < closest) {
        closest = relative;
        why.reason = checkFit(space, evaluation);
      }
    }
    more = false;
    for (size_t i = fields.size(); i-- > 0 && !more;) {
      more = ++position[i] < fields[i].candidates.size();
      if (!more)
        position[i] = 0;
    }
  }
  if (best.choice.empty() && !fields.empty())
    return std::nullopt;
  return best;
}

} // namespace arsis::schedule
