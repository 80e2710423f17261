// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The schedules of one unit under one strategy. A space names its decisions (fields) with the values worth
// trying; for a choice of values it states the layout, the buffers and the price. The search (Search.h)
// tries the choices and keeps the cheapest that fits. Whoever emits the unit asks the same space for the same
// layout, so that what was checked is what is emitted.
#ifndef ARSIS_COMPILER_SCHEDULE_SPACE_H
#define ARSIS_COMPILER_SCHEDULE_SPACE_H

#include "compiler/Schedule/ChipLimits.h"
#include "compiler/Schedule/Geometry.h"
#include "compiler/Schedule/Layout.h"
#include "compiler/Schedule/LoopOrder.h"
#include "compiler/Schedule/Unit.h"

#include <boost/container/small_vector.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace arsis::schedule {

/// A decision: its name in the schedule ("tiles.oh": field oh of the group tiles) and the values worth
/// trying. Earlier values win ties. The field "loops" has orders of loops instead, candidate i standing for
/// orders[i]. A field without a name is none of the schedule's business: it has one value.
struct Field {
  std::string name;
  std::vector<int64_t> candidates;
  std::vector<std::vector<std::string>> orders;
  /// The search prices the best choices of each value, not only of all values together: a chip that offers
  /// more values then does not lose sight of what one with fewer would choose.
  bool apart = false;
  /// More values, for a memory in which none of the candidates fits.
  std::vector<int64_t> reserve = {};
};
constexpr const char *kLoops = "loops";

/// One value per field, in the order of the space's fields.
using Choice = std::vector<int64_t>;

constexpr int64_t kMostSlots = 1 << 16; // of one ring: more than any scratchpad holds tiles

/// What a choice means. `invalid` is the reason why the choice makes no sense on any chip, or null.
struct Evaluation {
  const char *invalid = nullptr;
  size_t decidedBy = 0; // so many fields, the first ones, are why, whatever the others are; 0: all of them
  boost::container::small_vector<Buffer, 6> buffers; // millions of choices are looked at
  int64_t loops = 0;
  double computeCycles = 0, dramBytes = 0, transfers = 0;
  double startBytes = 0;  // moved before the first and after the last computation
  bool overlapped = true; // several slots: transfers run beside computation

  static Evaluation rejected(const char *reason, size_t decidedBy = 0);
  /// By how much the buffers overflow both memories together, in units of their size; 0 if they fit.
  double overflow(const ChipLimits &limits) const;
  double dramCycles(const ChipLimits &limits) const;
  double cycles(const ChipLimits &limits) const;
};

/// Rows of a chunk of a sum over pixels: fewer would not amortise an instruction, more gain nothing.
constexpr int64_t kLeastSummed = 16, kMostSummed = 256;

/// The order of the unit's reductions as their plan attributes state it: each takes the dims that it has.
struct Plan {
  std::vector<std::string> dims;
  std::vector<int64_t> chunks;
  bool continues = false; // a partial goes on from the total; from zero otherwise
};

/// Bytes for which the DRAM is occupied by a box at the beginning of a tensor: whole bursts, and the channels
/// that stand idle because the distance of the runs keeps them in some (timing/Runs.h).
double dramBoxBytes(const ChipLimits &limits, const Shape4 &tensor, const Shape4 &box,
                    numerics::ElementType type);
/// The same for the boxes of one tensor; neighbouring choices often have the same box. Serves one thread.
class BoxBytes {
public:
  double operator()(const ChipLimits &limits, const Shape4 &tensor, const Shape4 &box,
                    numerics::ElementType type) {
    if (box != last) {
      bytes = dramBoxBytes(limits, tensor, box, type);
      last = box;
    }
    return bytes;
  }

private:
  Shape4 last{};
  double bytes = 0;
};

class Space {
public:
  explicit Space(const ChipLimits &limits) : limits(limits) {}
  virtual ~Space() = default;
  virtual std::vector<Field> fields() const = 0;
  virtual Evaluation evaluate(const Choice &choice) const = 0;
  /// Of choices with equal essences the search prices the most promising one: they have the same layout, or
  /// differ in nothing but how many slots their rings have, of which more are better. REQUIRES: it is valid.
  virtual Choice essence(const Choice &choice) const { return choice; }
  /// Choices that the search need not look at.
  struct Skips {
    /// So many fields, the first ones, say how large the tiles are. With one slot each and the first values
    /// of all others nothing takes less memory; 0: nothing is known.
    size_t tiles = 0;
    /// These fields say how many slots there are, of which more are better, and all behind have one value.
    size_t slots = 0, end = 0;
  };
  virtual Skips skips() const { return {}; }
  /// REQUIRES: the choice is valid.
  virtual Layout layout(const Choice &choice) const = 0;
  /// Empty dims: the unit reduces nothing.
  virtual Plan plan(const Choice &choice) const { return {}; }
  /// The field that decides the plan's chunks of a dim; empty if others decide it.
  virtual std::string planField(const std::string &dim) const { return ""; }

  const ChipLimits limits;
  std::string strategy; // whose space it is

  /// The values of the unit, if some of them are views: layoutOf gives their tensors strides.
  std::vector<Value> values;

  /// Of a strategy that a library brought: nothing that it says is believed (Outside.h).
  struct Outside {
    std::string library;
    Unit unit;
  };
  std::optional<Outside> outside;
};

/// Why no choice is possible: `buffer` is where the memory ran out in the choice that came closest.
struct Infeasible {
  std::string reason; // a complete sentence part, such as "buffer 'x' misses 512 bytes of the scratchpad"
};

/// Decisions that hold. An empty strategy or order leaves the choice open.
struct Pins {
  std::string strategy;
  std::vector<std::string> loops;
  std::map<std::string, int64_t> numbers; // by the name of the field
  bool empty() const { return strategy.empty() && loops.empty() && numbers.empty(); }
};

/// Checks one value of a field given from outside; empty if it may be evaluated.
std::string checkValue(const Space &space, const std::string &field, int64_t value);

/// Checks a complete choice against the chip; empty if it fits.
std::string checkFit(const Space &space, const Evaluation &evaluation);

} // namespace arsis::schedule

#endif
