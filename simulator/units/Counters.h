// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The monotonic counters through which streams depend on each other: zero at launch, one writing stream each,
// any number of readers. A stream that is short of a value leaves its name and is woken in the cycle in which
// the value is reached.
#pragma once

#include "dialects/Isa/Encoding/Program.h"
#include "simulator/base/CycleAccount.h"

#include <vector>

namespace arsis::sim {

/// Who can be woken by a counter.
class Waiter {
public:
  virtual ~Waiter() = default;
  virtual void wake() = 0;
};

class Counters {
public:
  explicit Counters(const isa::Program &program)
      : values(program.counterStream.size()), waiters(values.size()) {
    for (uint8_t stream : program.counterStream)
      causes.push_back(static_cast<Cause>(program.streams[stream].kind));
  }

  int64_t value(uint8_t counter) const { return values[counter]; }
  /// The stall cause of a stream that waits for `counter`.
  Cause cause(uint8_t counter) const { return causes[counter]; }

  void increment(uint8_t counter) {
    const int64_t reached = ++values[counter];
    auto &waiting = waiters[counter];
    for (size_t i = 0; i < waiting.size();) {
      if (waiting[i].value > reached) {
        ++i;
        continue;
      }
      waiting[i].waiter->wake();
      waiting[i] = waiting.back();
      waiting.pop_back();
    }
  }

  /// Wakes `waiter` once when the counter reaches `value`, however often it asks. REQUIRES: it has not.
  void subscribe(uint8_t counter, int64_t value, Waiter &waiter) {
    auto &waiting = waiters[counter];
    for (const Entry &entry : waiting) // at most one for each stream
      if (entry.waiter == &waiter && entry.value == value)
        return;
    waiting.push_back({value, &waiter});
  }

private:
  struct Entry {
    int64_t value;
    Waiter *waiter;
  };
  std::vector<int64_t> values;
  std::vector<std::vector<Entry>> waiters;
  std::vector<Cause> causes;
};

// The first causes are in the order of the stream kinds.
static_assert(static_cast<int>(Cause::WaitLoad) == static_cast<int>(isa::StreamKind::Load));
static_assert(static_cast<int>(Cause::WaitStore) == static_cast<int>(isa::StreamKind::Store));
static_assert(static_cast<int>(Cause::WaitMatrix) == static_cast<int>(isa::StreamKind::Matrix));
static_assert(static_cast<int>(Cause::WaitDrain) == static_cast<int>(isa::StreamKind::Drain));
static_assert(static_cast<int>(Cause::WaitVector) == static_cast<int>(isa::StreamKind::Vector));
static_assert(static_cast<int>(Cause::WaitCollective) == static_cast<int>(isa::StreamKind::Collective));

} // namespace arsis::sim
