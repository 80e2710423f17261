// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// When each unit of the chip wants to be called next. SystemC's own queue costs an allocation and several
// calls through the library for each of a hundred million wake-ups of a training step, so the units have a
// queue of their own, in integer cycles, and all of them are one process to the kernel: it runs ahead of the
// kernel's time until something else than a unit has to happen, as loosely timed models do (IEEE 1666,
// temporal decoupling), and what travels over sockets carries how far it is ahead as its delay.
//
// Order within a cycle is that of SystemC with one event for each unit: whoever is called for this cycle
// comes in the order of a binary heap of times, in which a withdrawn call keeps its place; whoever was woken
// meanwhile comes behind all of these, last woken first. Units of a chip meet in the same cycle all the time
// (two queues at the bus, an access and another at the banks), so this order is part of the model.
#pragma once

#include "simulator/base/Clock.h"

#include <cstddef>
#include <vector>

#include <systemc>

namespace arsis::sim {

/// Who is called by an agenda.
class Scheduled {
public:
  virtual ~Scheduled() = default;
  virtual void step(Cycle now) = 0;
};

class Agenda : public sc_core::sc_module {
public:
  /// `alone`: nothing but the units ever asks the kernel for a later time, so that they may run ahead of it
  /// without looking.
  Agenda(const sc_core::sc_module_name &name, const Clock &clock, bool alone);
  Agenda(const Agenda &) = delete;

  /// Returns the number of `unit` in the other calls. Each is called in cycle 0, in the order in which they
  /// came. REQUIRES: the simulation has not begun; the unit lives as long as it runs.
  size_t add(Scheduled &unit);

  Cycle now() const { return current; }
  /// Time from the kernel's to the start of `cycle`; zero if that has passed.
  Femtoseconds ahead(Cycle cycle) const { return clock.ahead(cycle); }

  /// Calls the unit in this cycle, behind all who are to be called already. Withdraws callAt().
  void wake(size_t unit);
  /// Calls the unit in `cycle`, or earlier if that was asked for and has not happened.
  void callAt(size_t unit, Cycle cycle) {
    if (cycle <= current)
      return wake(unit);
    Call &call = calls[unit];
    if (call.state == Call::Woken || (call.state == Call::Timed && call.cycle <= cycle))
      return;
    call.state = Call::Timed;
    call.cycle = cycle;
    push(cycle, static_cast<uint32_t>(unit), ++call.serial);
  }
  /// callAt() for a process of the kernel other than the agenda. REQUIRES: not alone; `cycle` does not begin
  /// before the kernel's time.
  void callFromOutside(size_t unit, Cycle cycle);

private:
  struct Call {
    Scheduled *unit;
    enum State : uint8_t { None, Timed, Woken } state = None;
    uint32_t serial = 0; // of the entry that holds
    Cycle cycle = 0;     // if Timed
  };
  struct Entry {
    Cycle cycle;
    uint32_t unit, serial;
  };

  void run();
  /// The first cycle that does not begin before something else happens; kNever if nothing will.
  Cycle horizon() const;
  /// Takes who is due next into `due`; false if that is nobody, or not before the horizon.
  bool advance();
  bool holds(const Entry &entry) const {
    return calls[entry.unit].state == Call::Timed && calls[entry.unit].serial == entry.serial;
  }
  /// Fields, not an Entry: one that was just put together in memory is read back late.
  void push(Cycle cycle, uint32_t unit, uint32_t serial);
  Entry pop();

  const Clock &clock;
  const bool alone;
  sc_core::sc_event resume;
  std::vector<Call> calls;
  std::vector<Entry> heap; // the entries are those from 1 to `size`; the earliest first
  size_t size = 0;
  std::vector<size_t> due, woken; // units
  Cycle current = 0;
};

} // namespace arsis::sim
