// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Candidates.h.
#include "compiler/Schedule/Candidates.h"

#include "compiler/Schedule/Enumeration.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "dialects/Isa/Encoding/Limits.h"

#include <algorithm>
#include <limits>

namespace arsis::schedule {

namespace {

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

/// Looks at the choices over some fields.
class Looker {
public:
  Looker(const Space &space, const std::vector<Field> &fields, Infeasible &why)
      : space(space), all(fields), skips(skipsOf(space, fields)),
        why(why), found{fields, std::vector<std::vector<Candidates::Rough>>(all.strata())} {}

  Candidates operator()() {
    all.forEach([&](int64_t number, const Choice &choice) { return look(number, choice); });
    return std::move(found);
  }

private:
  /// What these values of the fields leave of it.
  static Space::Skips skipsOf(const Space &space, const std::vector<Field> &fields) {
    Space::Skips skips = space.outside ? Space::Skips{} : space.skips();
    for (size_t i = skips.end; i < fields.size(); ++i)
      if (fields[i].candidates.size() > 1)
        return {};
    for (size_t i = skips.slots; i < skips.end; ++i)
      if (fields[i].candidates.back() != 1) // pinned: then others may have fewer
        skips.tiles = 0;
    return skips;
  }
  /// Returns how many of the first fields decide about all that follow with equal ones; 0: all do.
  size_t look(int64_t number, const Choice &choice) {
    const Evaluation evaluation = space.evaluate(choice);
    if (evaluation.invalid) {
      if (why.reason.empty())
        why.reason = evaluation.invalid;
      return evaluation.decidedBy;
    }
    ++found.considered;
    if (fits(evaluation)) {
      found.strata[all.stratum(choice)].push_back(
          {evaluation.cycles(space.limits) + Candidates::kOfTraffic * evaluation.dramCycles(space.limits),
           number});
      ++found.feasible;
      return isFirst(choice, skips.slots) ? skips.slots : 0;
    }
    if (skips.tiles == 0 || !isFirst(choice, skips.tiles))
      return 0;
    Choice least = choice;
    for (size_t i = skips.slots; i < skips.end; ++i)
      least[i] = found.fields[i].candidates.back();
    const Evaluation smallest = space.evaluate(least);
    if (smallest.invalid || smallest.overflow(space.limits) == 0)
      return 0;
    fits(smallest);
    return skips.tiles;
  }

  bool fits(const Evaluation &evaluation) {
    const double relative = evaluation.overflow(space.limits);
    if (relative == 0 && evaluation.loops <= kMostLoops)
      return true;
    if (relative < closest) {
      closest = relative;
      why.reason = checkFit(space, evaluation);
    }
    return false;
  }

  /// Whether the fields from there on have the first of their values.
  bool isFirst(const Choice &choice, size_t from) const {
    for (size_t i = from; i < choice.size(); ++i)
      if (choice[i] != found.fields[i].candidates.front())
        return false;
    return true;
  }

  const Space &space;
  const Enumeration all;
  const Space::Skips skips;
  Infeasible &why;
  Candidates found;
  double closest = std::numeric_limits<double>::infinity();
};

/// The choices over these fields that fit.
Candidates feasible(const Space &space, const std::vector<Field> &fields, Infeasible &why) {
  Candidates found = Looker(space, fields, why)();
  for (std::vector<Candidates::Rough> &stratum : found.strata) {
    const size_t count = std::min(stratum.size(), Candidates::kMost);
    std::partial_sort(stratum.begin(), stratum.begin() + static_cast<ptrdiff_t>(count), stratum.end());
    stratum.resize(count);
    stratum.shrink_to_fit();
  }
  return found;
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

} // namespace

double Candidates::least() const {
  double least = std::numeric_limits<double>::infinity();
  for (const std::vector<Rough> &stratum : strata)
    if (!stratum.empty())
      least = std::min(least, stratum.front().cycles);
  return least;
}

std::optional<Candidates> candidatesOf(const Space &space, const Pins &pins, Infeasible &why) {
  checkInterrupt();
  std::vector<Field> fields = space.fields();
  if (!holdPins(space, fields, pins, why))
    return std::nullopt;
  Candidates found = feasible(space, fields, why);
  if (found.feasible == 0 && callReserves(fields)) {
    why = {};
    found = feasible(space, fields, why);
  }
  return found.feasible > 0 ? std::optional(std::move(found)) : std::nullopt;
}

} // namespace arsis::schedule
