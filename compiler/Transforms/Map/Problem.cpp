// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The solver: plain enumeration. Problems keep their product of candidates in the thousands, which takes
// milliseconds, and an enumeration explains itself better than a heuristic.
#include "compiler/Transforms/Map/Problem.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace arsis::compiler {

int64_t Buffer::elements() const { return isa::volume(shape); }

int64_t Buffer::size() const {
  if (accumulator)
    return isa::saturatingProduct(shape[0], slots);
  const int64_t bytes = isa::saturatingProduct(elements(), kElementBytes);
  return isa::saturatingProduct(roundUp(bytes, kBufferAlignment), slots);
}

Evaluation Evaluation::rejected(const char *reason) {
  Evaluation evaluation;
  evaluation.invalid = reason;
  return evaluation;
}

double Evaluation::dramCycles(const Machine &machine) const {
  return dramBytes / machine.dramBytesPerCycle + transfers * double(machine.dmaStartupCycles);
}

double Evaluation::cycles(const Machine &machine) const {
  double transfer = dramCycles(machine);
  double body = overlapped ? std::max(computeCycles, transfer) : computeCycles + transfer;
  return body + startBytes / machine.dramBytesPerCycle;
}

double dramBoxBytes(const Machine &machine, const std::array<int64_t, 4> &tensor,
                    const std::array<int64_t, 4> &box) {
  return timing::occupiedBytes(timing::runsOfBox(tensor, box, kElementBytes), machine.dram);
}

int LoopOrder::level(unsigned dependsOn) const {
  for (int i = int(counts.size()) - 1; i >= 0; --i)
    if (counts[i] > 1 && (dependsOn >> i & 1))
      return i;
  return kTop;
}

int64_t LoopOrder::times(int level) const {
  int64_t times = 1;
  for (int i = 0; i <= level; ++i)
    times *= counts[i];
  return times;
}

int64_t LoopOrder::depth() const {
  return std::count_if(counts.begin(), counts.end(), [](int64_t count) { return count > 1; });
}

namespace {

/// By how much a memory overflows (bytes, or rows of the accumulator) and its largest buffer; 0 if all fit.
/// `relative` is the sum of the overflows of both memories in units of their size.
int64_t missing(const Machine &machine, const Evaluation &evaluation, const Buffer **culprit,
                double &relative) {
  int64_t bytes = 0, rows = 0;
  const Buffer *largest[2] = {nullptr, nullptr};
  for (const Buffer &buffer : evaluation.buffers) {
    (buffer.accumulator ? rows : bytes) += buffer.size();
    const Buffer *&best = largest[buffer.accumulator];
    if (!best || buffer.size() > best->size())
      best = &buffer;
  }
  relative = std::max(0.0, double(rows) / double(machine.accumulatorRows) - 1) +
             std::max(0.0, double(bytes) / double(machine.scratchpadBytes) - 1);
  if (rows > machine.accumulatorRows) {
    *culprit = largest[1];
    return rows - machine.accumulatorRows;
  }
  if (bytes > machine.scratchpadBytes) {
    *culprit = largest[0];
    return bytes - machine.scratchpadBytes;
  }
  return 0;
}

std::string describe(const Buffer &buffer, int64_t miss, const Machine &machine) {
  std::string text = std::string("buffer '") + buffer.name + "' (" + std::to_string(buffer.size());
  if (buffer.accumulator) // a row holds one fp32 per column
    return text + " rows) misses " + std::to_string(miss * machine.cols * kElementBytes) + " bytes (" +
           std::to_string(miss) + " rows) of the accumulator, which has " +
           std::to_string(machine.accumulatorRows) + " rows";
  return text + " bytes) misses " + std::to_string(miss) + " bytes of the scratchpad, which has " +
         std::to_string(machine.scratchpadBytes) + " bytes";
}

} // namespace

std::string checkFit(const MappingProblem &problem, const Evaluation &evaluation) {
  if (evaluation.invalid)
    return evaluation.invalid;
  if (evaluation.loops > kMaxLoops)
    return "the mapping needs " + std::to_string(evaluation.loops) + " nested loops, the chip has " +
           std::to_string(kMaxLoops);
  const Buffer *culprit = nullptr;
  double relative;
  if (int64_t miss = missing(problem.machine, evaluation, &culprit, relative))
    return describe(*culprit, miss, problem.machine);
  return "";
}

/// The largest value of a field for which no volume, address or count of an evaluation overflows.
static int64_t largestValue(const std::string &field, const Machine &machine) {
  auto endsWith = [&](std::string_view end) {
    return field.size() >= end.size() && field.compare(field.size() - end.size(), end.size(), end) == 0;
  };
  if (field.rfind("chunk_", 0) == 0)
    return machine.rows;
  return endsWith("slots") ? kMostSlots : isa::kLargestExtent;
}

std::string checkValue(const MappingProblem &problem, const std::string &field, int64_t value) {
  if (value < 0)
    return "field '" + field + "' is " + std::to_string(value) + ", expected a number that is not negative";
  const int64_t largest = largestValue(field, problem.machine);
  if (value > largest)
    return "field '" + field + "' is " + std::to_string(value) + ", expected at most " +
           std::to_string(largest);
  return "";
}

std::optional<Solution> solve(const MappingProblem &problem, const Pins &pins, Infeasible &why) {
  std::vector<Field> fields = problem.fields();
  for (const auto &[name, value] : pins) {
    auto field =
        std::find_if(fields.begin(), fields.end(), [&name = name](const Field &f) { return f.name == name; });
    if (field == fields.end()) {
      why.reason = "the mapping has no field '" + name + "'";
      return std::nullopt;
    }
    if (why.reason = checkValue(problem, name, value); !why.reason.empty())
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
    Evaluation evaluation = problem.evaluate(choice);
    if (evaluation.invalid) {
      if (why.reason.empty())
        why.reason = evaluation.invalid;
    } else {
      ++best.considered;
      const Buffer *culprit = nullptr;
      double relative;
      int64_t miss = missing(problem.machine, evaluation, &culprit, relative);
      if (miss == 0 && evaluation.loops <= kMaxLoops) {
        ++best.feasible;
        if (double cycles = evaluation.cycles(problem.machine); cycles < bestCycles) {
          bestCycles = cycles;
          best.choice = choice;
          best.evaluation = evaluation;
        }
      } else if (relative < closest) {
        closest = relative;
        why.reason = checkFit(problem, evaluation);
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

} // namespace arsis::compiler
