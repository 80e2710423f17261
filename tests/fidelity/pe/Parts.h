// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What both arrays of PEs are made of: the clock, the record of what leaves, delay lines at the edges.
#pragma once

#include "tests/fidelity/pe/Pes.h"

#include <deque>
#include <ostream>

#include <systemc>

namespace arsis::fidelity {

/// One clock cycle is a nanosecond. At a tick the registers take what was computed in the cycle before, so
/// what a process writes at the tick of cycle t is seen by others during cycle t, and used by them at the
/// next tick.
class Bench {
public:
  explicit Bench(PeRecord &record) : record(record) {}

  sc_core::sc_event tick;
  int64_t cycle() const {
    return static_cast<int64_t>(sc_core::sc_time_stamp() / sc_core::sc_time(1, sc_core::SC_NS));
  }
  void fault(const std::string &what) {
    record.faults.push_back("cycle " + std::to_string(cycle()) + ": " + what);
  }
  void require(bool holds, const char *what) {
    if (!holds)
      fault(what);
  }
  /// The register at the end of a column holds `value` in this cycle.
  void arrives(int column, uint32_t value) {
    for (size_t i = record.sums.size(); i > 0 && record.sums[i - 1].cycle == cycle(); --i)
      require(record.sums[i - 1].column != column, "two sums at a port");
    record.sums.push_back({cycle(), column, value});
  }

  /// The next cycle, until `expected` sums have come, and some more in which nothing may come.
  void goOn(size_t expected) {
    quiet = record.sums.size() < expected ? 0 : quiet + 1;
    if (cycle() == kMostCycles)
      fault("sums are missing");
    else if (quiet < kQuietCycles)
      tick.notify(1, sc_core::SC_NS);
  }

  PeRecord &record;

private:
  static constexpr int kQuietCycles = 8;
  static constexpr int64_t kMostCycles = 20000; // several times what any program here takes
  int quiet = 0;
};

/// Shift registers in front of a row or column; of no registers a wire.
template <class Token> class Delay {
public:
  Delay(sc_core::sc_signal<Token> &out, int cycles) : out(out), line(static_cast<size_t>(cycles)) {}
  /// REQUIRES: called once in every cycle.
  void push(const Token &token) {
    line.push_back(token);
    out.write(line.front());
    line.pop_front();
  }

private:
  sc_core::sc_signal<Token> &out;
  std::deque<Token> line;
};

} // namespace arsis::fidelity
