// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A SystemC kernel of its own for one run. SystemC keeps one global context; putting a fresh one in its place
// for each run makes thousands of runs in a process independent and free of leaks, provided that no process
// is a thread.
#pragma once

#include <systemc>

#include <memory>

namespace arsis::sim {

/// Installs a fresh kernel with a resolution of one femtosecond and restores the previous one at the end.
/// REQUIRES: modules are created after and destroyed before; one at a time per process.
class Context {
public:
  Context();
  ~Context();
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

  /// Runs until no event is pending.
  void run();

private:
  sc_core::sc_simcontext *previousCurrent, *previousDefault;
  std::unique_ptr<sc_core::sc_simcontext> kernel;
};

} // namespace arsis::sim
