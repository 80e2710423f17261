// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Interrupt.h.
#include "dialects/Isa/Encoding/Interrupt.h"

#include <chrono>
#include <utility>

namespace arsis {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kBetweenQuestions{50};

struct InterruptScope::State {
  std::function<bool()> toStop;
  Clock::time_point next;
  bool stopped = false;
};

static thread_local InterruptScope::State *current = nullptr;

InterruptScope::InterruptScope(std::function<bool()> toStop)
    : outer(current), state(new State{std::move(toStop), Clock::now() + kBetweenQuestions}) {
  current = state;
}

InterruptScope::~InterruptScope() {
  current = outer;
  delete state;
}

void checkInterrupt() {
  InterruptScope::State *state = current;
  if (!state)
    return;
  if (!state->stopped) {
    const Clock::time_point now = Clock::now();
    if (now < state->next)
      return;
    state->next = now + kBetweenQuestions;
    state->stopped = state->toStop();
  }
  if (state->stopped)
    throw Interrupted();
}

} // namespace arsis
