// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How work that takes long is stopped from outside (Ctrl-C in Python). Whoever starts it says on its thread
// how to find out whether it is to stop; the work asks from time to time.
#pragma once

#include <exception>
#include <functional>

namespace arsis {

/// The work was to stop, and did. No Error: nothing is wrong.
class Interrupted : public std::exception {
public:
  const char *what() const noexcept override { return "interrupted"; }
};

/// For as long as it lives, checkInterrupt on this thread asks `toStop`, at most 20 times a second. Once it
/// has said yes it is asked no more.
class InterruptScope {
public:
  explicit InterruptScope(std::function<bool()> toStop);
  ~InterruptScope();
  InterruptScope(const InterruptScope &) = delete;
  InterruptScope &operator=(const InterruptScope &) = delete;

  struct State;

private:
  State *outer;
  State *state;
};

/// Throws Interrupted if the work of this thread is to stop. Costs a look at the clock, or nothing outside of
/// any scope.
void checkInterrupt();

} // namespace arsis
