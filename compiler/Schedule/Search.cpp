// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search, and what it asks of a choice: see Search.h.
#include "compiler/Schedule/Search.h"

#include "compiler/Schedule/Outside.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>

namespace arsis::schedule {

Evaluation Evaluation::rejected(const char *reason, size_t decidedBy) {
  Evaluation evaluation;
  evaluation.invalid = reason;
  evaluation.decidedBy = decidedBy;
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

double dramBoxBytes(const ChipLimits &limits, const Shape4 &tensor, const Shape4 &box,
                    numerics::ElementType type) {
  return timing::occupiedBytes(timing::runsOfBox(tensor, box, numerics::sizeInBytes(type)), limits.dram);
}

namespace {

/// By how much a memory overflows (bytes, or rows of the accumulator) and its largest buffer; 0 if all fit.
/// `relative` is the sum of the overflows of both memories in units of their size.
int64_t missing(const ChipLimits &limits, const Evaluation &evaluation, const Buffer **culprit,
                double &relative) {
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
  double relative;
  if (int64_t miss = missing(space.limits, evaluation, &culprit, relative))
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

namespace {

/// Counts through all combinations of candidates, the last field fastest.
class Enumeration {
public:
  explicit Enumeration(const std::vector<Field> &fields) : fields(fields) {
    for (const Field &field : fields)
      total *= static_cast<int64_t>(field.candidates.size());
  }
  void at(int64_t number, Choice &choice) const {
    choice.resize(fields.size());
    for (size_t i = fields.size(); i-- > 0;) {
      const auto count = static_cast<int64_t>(fields[i].candidates.size());
      choice[i] = fields[i].candidates[static_cast<size_t>(number % count)];
      number /= count;
    }
  }
  /// Calls `visit(number, choice)` with each, but for those that begin with as many fields as it returned for
  /// one before; 0: with all.
  template <typename Visit> void forEach(Visit &&visit) const {
    if (total == 0)
      return;
    std::vector<size_t> positions(fields.size());
    std::vector<int64_t> alike(fields.size() + 1, 1); // choices that begin with the same so many fields
    for (size_t i = fields.size(); i-- > 0;)
      alike[i] = alike[i + 1] * static_cast<int64_t>(fields[i].candidates.size());
    Choice choice;
    at(0, choice);
    for (int64_t number = 0; number < total;) {
      const size_t decided = visit(number, choice), next = decided > 0 ? decided : fields.size();
      number = (number / alike[next] + 1) * alike[next];
      bool carries = true;
      for (size_t i = fields.size(); i-- > 0 && (carries || i >= next);) {
        const std::vector<int64_t> &values = fields[i].candidates;
        if (i >= next) {
          positions[i] = 0;
        } else {
          carries = ++positions[i] == values.size();
          if (carries)
            positions[i] = 0;
        }
        choice[i] = values[positions[i]];
      }
    }
  }
  /// Which combination of values of the fields that are apart.
  size_t stratum(const Choice &choice) const {
    size_t number = 0;
    for (size_t i = 0; i < fields.size(); ++i)
      if (const std::vector<int64_t> &values = fields[i].candidates; fields[i].apart)
        number = number * values.size() +
                 static_cast<size_t>(std::find(values.begin(), values.end(), choice[i]) - values.begin());
    return number;
  }
  size_t strata() const {
    size_t count = 1;
    for (const Field &field : fields)
      count *= field.apart ? field.candidates.size() : 1;
    return count;
  }
  int64_t total = 1;

private:
  const std::vector<Field> &fields;
};

std::string textOf(const std::vector<std::string> &loops) {
  std::string text;
  for (const std::string &loop : loops)
    text += (text.empty() ? "" : " ") + loop;
  return text;
}

bool holdLoops(std::vector<Field> &fields, const std::vector<std::string> &loops, Infeasible &why) {
  if (loops.empty())
    return true;
  for (Field &field : fields) {
    if (field.name != kLoops)
      continue;
    auto order = std::find(field.orders.begin(), field.orders.end(), loops);
    if (order != field.orders.end()) {
      field.candidates = {order - field.orders.begin()};
      return true;
    }
    why.reason = "the loops are " + textOf(loops) + ", expected one of";
    for (const std::vector<std::string> &known : field.orders)
      why.reason += (&known == &field.orders.front() ? " " : ", or ") + textOf(known);
    return false;
  }
  why.reason = "the schedule has no choice of loops, found " + textOf(loops);
  return false;
}

bool holdPins(const Space &space, std::vector<Field> &fields, const Pins &pins, Infeasible &why) {
  if (!pins.strategy.empty() && pins.strategy != space.strategy) {
    why.reason = "the strategy is '" + pins.strategy + "', expected '" + space.strategy + "'";
    return false;
  }
  if (!holdLoops(fields, pins.loops, why))
    return false;
  for (const auto &[name, value] : pins.numbers) {
    auto field = std::find_if(fields.begin(), fields.end(),
                              [&name = name](const Field &f) { return f.name == name && f.orders.empty(); });
    if (name.empty() || field == fields.end()) {
      why.reason = "the schedule has no field '" + name + "', expected one of";
      for (const Field &known : fields)
        if (!known.name.empty() && known.orders.empty())
          why.reason += " " + known.name;
      return false;
    }
    if (why.reason = checkValue(space, name, value); !why.reason.empty())
      return false;
    field->candidates = {value};
    field->reserve.clear();
  }
  return true;
}

/// What a cycle of the whole DRAM costs that others hide.
constexpr double kOfTraffic = 0.01;

/// A choice that fits, by its number, and what it roughly costs.
struct Rough {
  double cycles;
  int64_t number;
  bool operator<(const Rough &other) const {
    return cycles != other.cycles ? cycles < other.cycles : number < other.number;
  }
};

/// The cheapest choices and the second cheapest.
class Ranking {
public:
  void add(const Choice &choice, int64_t number, const Estimate &estimate) {
    // What a run leaves out grows with the number of instructions. Of schedules that take equally long the
    // one that moves less is better, for its energy.
    constexpr double kPerInstruction = 1; // cycles
    const double cost =
        estimate.cycles + kPerInstruction * estimate.instructions + kOfTraffic * estimate.dramCycles;
    ranked.push_back({cost, number, {choice, estimate}});
    std::sort(ranked.begin(), ranked.end(), [](const Entry &a, const Entry &b) {
      return a.cost != b.cost ? a.cost < b.cost : a.number < b.number;
    });
    if (ranked.size() > 2)
      ranked.pop_back();
  }
  /// Whoever needs as many cycles is neither of the two.
  double costOfSecond() const {
    return ranked.size() < 2 ? std::numeric_limits<double>::infinity() : ranked[1].cost;
  }
  double costOfBest() const { return ranked.front().cost; }
  const Priced &best() const { return ranked.front().priced; }
  std::optional<Priced> second() const {
    return ranked.size() < 2 ? std::nullopt : std::optional(ranked[1].priced);
  }

private:
  struct Entry {
    double cost;
    int64_t number;
    Priced priced;
  };
  std::vector<Entry> ranked;
};

/// By stratum.
std::vector<std::vector<Rough>> feasible(const Space &space, const Enumeration &all, Solution &solution,
                                         Infeasible &why) {
  std::vector<std::vector<Rough>> found(all.strata());
  double closest = std::numeric_limits<double>::infinity();
  all.forEach([&](int64_t number, const Choice &choice) -> size_t {
    const Evaluation evaluation = space.evaluate(choice);
    if (evaluation.invalid) {
      if (why.reason.empty())
        why.reason = evaluation.invalid;
      return evaluation.decidedBy;
    }
    ++solution.considered;
    const Buffer *culprit = nullptr;
    double relative;
    if (missing(space.limits, evaluation, &culprit, relative) == 0 && evaluation.loops <= kMostLoops) {
      found[all.stratum(choice)].push_back(
          {evaluation.cycles(space.limits) + kOfTraffic * evaluation.dramCycles(space.limits), number});
      ++solution.feasible;
    } else if (relative < closest) {
      closest = relative;
      why.reason = checkFit(space, evaluation);
    }
    return 0;
  });
  return found;
}

/// Runs the most promising choices of one stratum, as if there were no others.
void price(const Space &space, const ChipModel &model, const Enumeration &all, std::vector<Rough> &found,
           Ranking &ranking, Solution &solution) {
  constexpr size_t kMostPriced = 40, kAlwaysPriced = 5, kAlike = 16; // kAlike: at most, of one essence
  constexpr int64_t kMostSteps = 45'000; // of all runs together, beyond which only kAlwaysPriced are priced
  constexpr double kSlack = 1.5;         // of the rough price, beyond which nothing better is expected
  const size_t count = std::min(found.size(), kAlike * kMostPriced);
  std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(count), found.end());
  Choice choice;
  std::set<Choice> seen;
  int64_t steps = 0;
  double fastest = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < count && found[i].cycles <= kSlack * fastest; ++i) {
    if (seen.size() == kMostPriced || (seen.size() >= kAlwaysPriced && steps > kMostSteps))
      break;
    all.at(found[i].number, choice);
    if (!seen.insert(space.essence(choice)).second)
      continue;
    checkInterrupt();
    const Estimate priced = estimate(layoutOf(space, choice), model, ranking.costOfSecond());
    steps += priced.steps;
    fastest = std::min(fastest, priced.cycles);
    ranking.add(choice, found[i].number, priced);
    ++solution.priced;
  }
}

/// Makes candidates of all reserves; false if there are none.
bool callReserves(std::vector<Field> &fields) {
  bool any = false;
  for (Field &field : fields) {
    any |= !field.reserve.empty();
    field.candidates.insert(field.candidates.end(), field.reserve.begin(), field.reserve.end());
    field.reserve.clear();
  }
  return any;
}

std::optional<Solution> solveOver(const Space &space, const ChipModel &model,
                                  const std::vector<Field> &fields, Infeasible &why) {
  const Enumeration all(fields);
  Solution solution;
  std::vector<std::vector<Rough>> found = feasible(space, all, solution, why);
  if (solution.feasible == 0)
    return std::nullopt;
  Ranking ranking;
  for (std::vector<Rough> &stratum : found)
    price(space, model, all, stratum, ranking, solution);
  solution.best = ranking.best();
  solution.cost = ranking.costOfBest();
  solution.runnerUp = ranking.second();
  for (const Buffer &buffer : space.evaluate(solution.best.choice).buffers)
    (buffer.accumulator ? solution.rows : solution.bytes) += buffer.size();
  return solution;
}

} // namespace

std::optional<Solution> solve(const Space &space, const ChipModel &model, const Pins &pins, Infeasible &why) {
  std::vector<Field> fields = space.fields();
  if (!holdPins(space, fields, pins, why))
    return std::nullopt;
  std::optional<Solution> solution = solveOver(space, model, fields, why);
  if (!solution && callReserves(fields)) {
    why = {};
    solution = solveOver(space, model, fields, why);
  }
  return solution;
}

const char *boundOf(const Estimate &estimate) {
  static constexpr const char *kNames[] = {"load", "store", "vector", "matrix", "drain"};
  const auto most = std::max_element(estimate.busy.begin(), estimate.busy.end());
  constexpr double kBusy = 0.75;
  if (std::max(*most, estimate.dramCycles) < kBusy * estimate.cycles)
    return "latency";
  return estimate.dramCycles >= *most ? "dram" : kNames[most - estimate.busy.begin()];
}

} // namespace arsis::schedule
