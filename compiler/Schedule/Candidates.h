// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The choices of a space that fit a chip, in the order of a rough price in closed form.
#ifndef ARSIS_COMPILER_SCHEDULE_CANDIDATES_H
#define ARSIS_COMPILER_SCHEDULE_CANDIDATES_H

#include "compiler/Schedule/Space.h"

#include <optional>
#include <vector>

namespace arsis::schedule {

/// The choices of a space that fit the chip.
struct Candidates {
  struct Rough {
    double cycles; // by a closed form
    int64_t number;
    bool operator<(const Rough &other) const {
      return cycles != other.cycles ? cycles < other.cycles : number < other.number;
    }
  };
  /// What a cycle of the whole DRAM costs that others hide.
  static constexpr double kOfTraffic = 0.01;
  /// Of a stratum: of 40 that are run, 16 that are alike each.
  static constexpr size_t kMost = 16 * 40;

  std::vector<Field> fields; // that number them
  std::vector<std::vector<Rough>>
      strata; // by the values of the fields that are apart, the most promising first
  int64_t considered = 0, feasible = 0; // of those that were looked at
  /// The rough price of the most promising one.
  double least() const;
};

/// With the fields in `pins` held at their values. Returns null and fills `why` if there are none, or if a
/// pin names no field or is not positive.
std::optional<Candidates> candidatesOf(const Space &space, const Pins &pins, Infeasible &why);

} // namespace arsis::schedule

#endif
