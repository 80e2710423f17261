// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mapping of one operation as a small search problem, free of MLIR. A problem names its decisions
// (fields) with the values worth trying; for a choice of values it states the buffers, the loops and the
// cost. The solver enumerates all choices and keeps the cheapest that fits. The lowering builds the same
// problem from the same operation and asks it for the same layout, so that what was checked is what is
// emitted.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_PROBLEM_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_PROBLEM_H

#include "compiler/Transforms/Map/Geometry.h"
#include "compiler/Transforms/Map/Machine.h"

#include <boost/container/static_vector.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace arsis::compiler {

/// A decision: its name in the mapping attribute and the values worth trying. Earlier values win ties.
struct Field {
  std::string name;
  std::vector<int64_t> candidates;
};

/// One value per field, in the order of the problem's fields.
using Choice = std::vector<int64_t>;

/// A ring of equal buffers in the scratchpad (f32 or i32 elements) or in one unit's accumulator (shape[0]
/// rows). Sizes saturate at 2^60, which no memory holds.
struct Buffer {
  const char *name = "";
  std::array<int64_t, 4> shape = {1, 1, 1, 1};
  int64_t slots = 1;
  bool accumulator = false;

  int64_t elements() const;
  /// Bytes, each slot rounded up to kBufferAlignment; rows in an accumulator.
  int64_t size() const;
};
constexpr int64_t kElementBytes = 4;
constexpr int64_t kBufferAlignment = 64; // bytes; no bank of a shipped chip is wider
constexpr int64_t kMaxLoops = 8;         // hardware loops nest this deep
constexpr int64_t kMostSlots = 1 << 16;  // of one ring: more than any scratchpad holds tiles

/// What a choice means. `invalid` is the reason why the choice makes no sense on any chip, or null.
struct Evaluation {
  const char *invalid = nullptr;
  boost::container::static_vector<Buffer, 16> buffers;
  int64_t loops = 0;
  double computeCycles = 0, dramBytes = 0, transfers = 0;
  double startBytes = 0;  // moved before the first and after the last computation
  bool overlapped = true; // several slots: transfers run beside computation

  static Evaluation rejected(const char *reason);
  double dramCycles(const Machine &machine) const;
  double cycles(const Machine &machine) const;
};

/// The order of a reduction as the plan attribute states it.
struct Plan {
  std::vector<std::string> dims;
  std::vector<int64_t> chunks;
};

/// Bytes for which the DRAM is occupied by a box at the beginning of a tensor: whole bursts, and the channels
/// that stand idle because the distance of the runs keeps them in some (timing/Runs.h).
double dramBoxBytes(const Machine &machine, const std::array<int64_t, 4> &tensor,
                    const std::array<int64_t, 4> &box);

class MappingProblem {
public:
  explicit MappingProblem(const Machine &machine) : machine(machine) {}
  virtual ~MappingProblem() = default;
  virtual std::vector<Field> fields() const = 0;
  virtual Evaluation evaluate(const Choice &choice) const = 0;
  /// Empty dims: the operation reduces nothing.
  virtual Plan plan(const Choice &choice) const { return {}; }
  /// The fields that decide the plan's chunks, in the order of its dims.
  virtual std::vector<std::string> planFields() const { return {}; }

  Machine machine;
};

/// Why no choice is possible: `buffer` is where the memory ran out in the choice that came closest.
struct Infeasible {
  std::string reason; // a complete sentence part, such as "buffer 'x' misses 512 bytes of the scratchpad"
};

struct Solution {
  Choice choice;
  Evaluation evaluation;
  int64_t considered = 0, feasible = 0;
};

using Pins = std::map<std::string, int64_t>;

/// The cheapest choice that fits, with the fields in `pins` held at their values. Returns null and fills
/// `why` if there is none, or if a pin names no field or is not positive.
std::optional<Solution> solve(const MappingProblem &problem, const Pins &pins, Infeasible &why);

/// Checks one value of a field given from outside; empty if it may be evaluated.
std::string checkValue(const MappingProblem &problem, const std::string &field, int64_t value);

/// Checks a complete choice against the chip; empty if it fits.
std::string checkFit(const MappingProblem &problem, const Evaluation &evaluation);

/// Loops in order with their trip counts, and where a buffer that depends on some of them is filled: directly
/// inside the innermost loop it depends on, hoisted over loops that do not change it.
struct LoopOrder {
  boost::container::static_vector<int64_t, 12> counts;

  static constexpr int kTop = -1;
  /// `dependsOn` has bit i set for loop i. The result is the loop's position or kTop.
  int level(unsigned dependsOn) const;
  /// How often a body at this level runs.
  int64_t times(int level) const;
  /// Slots of a ring filled at this level: one if it is filled once.
  int64_t slots(int level, int64_t wanted) const { return times(level) > 1 ? wanted : 1; }
  int64_t depth() const;
};

} // namespace arsis::compiler

#endif
