// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last states of a loop in a run over a layout: arrays of numbers, the newest first.
#ifndef ARSIS_COMPILER_SCHEDULE_PAST_H
#define ARSIS_COMPILER_SCHEDULE_PAST_H

#include <algorithm>
#include <cstddef>
#include <vector>

namespace arsis::schedule {

class Past {
public:
  void begin(size_t most, size_t numbers) {
    count = most;
    size = numbers;
    newest = 0;
    if (states.size() < count * size)
      states.resize(count * size);
  }
  void push(const std::vector<double> &x) {
    newest = newest == 0 ? count - 1 : newest - 1;
    replace(x);
  }
  void replace(const std::vector<double> &x) {
    std::copy(x.begin(), x.end(), states.begin() + newest * size);
  }
  /// The newest is 0.
  const double *state(size_t age) const {
    const size_t at = newest + age;
    return states.data() + (at < count ? at : at - count) * size;
  }

private:
  std::vector<double> states;
  size_t count = 0, size = 0, newest = 0;
};

} // namespace arsis::schedule

#endif
