// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All choices over some fields, in order.
#ifndef ARSIS_COMPILER_SCHEDULE_ENUMERATION_H
#define ARSIS_COMPILER_SCHEDULE_ENUMERATION_H

#include "compiler/Schedule/Space.h"

#include <algorithm>
#include <vector>

namespace arsis::schedule {

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

} // namespace arsis::schedule

#endif
