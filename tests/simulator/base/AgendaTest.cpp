// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The agenda against SystemC itself: the same random units, once called by the agenda and once as a process
// and an event each, are called in the same cycles and in the same order.
#include "simulator/base/Agenda.h"
#include "simulator/base/Context.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace arsis::sim::test {
namespace {

constexpr double kMhz = 1000;
constexpr int kCalls = 2000;

using Calls = std::vector<std::pair<size_t, Cycle>>;

/// What units do when they are called, drawn anew from one seed: ask for a few later calls, of which the
/// earliest holds, and wake others.
struct Script {
  std::mt19937 random;
  size_t units;
  Calls calls;
  std::function<void(size_t, Cycle)> callAt;
  std::function<void(size_t)> wake;

  Script(uint32_t seed, size_t units) : random(seed), units(units) {}
  void step(size_t unit, Cycle now) {
    calls.emplace_back(unit, now);
    if (calls.size() >= kCalls)
      return;
    for (uint32_t asks = random() % 3; asks > 0; --asks)
      callAt(unit, now + static_cast<Cycle>(random() % 4)); // so few cycles that units meet
    if (random() % 3 == 0)
      wake(random() % units);
  }
};

Calls byAgenda(Script script) {
  struct Unit final : Scheduled {
    Script *script;
    size_t number;
    void step(Cycle now) override { script->step(number, now); }
  };
  Context context;
  const Clock clock(kMhz);
  Agenda agenda("agenda", clock, true);
  std::vector<Unit> units(script.units);
  for (Unit &unit : units) {
    unit.script = &script;
    unit.number = agenda.add(unit);
  }
  script.callAt = [&](size_t unit, Cycle cycle) { agenda.callAt(unit, cycle); };
  script.wake = [&](size_t unit) { agenda.wake(unit); };
  context.run();
  return script.calls;
}

struct Process : sc_core::sc_module {
  Script &script;
  const Clock &clock;
  size_t number;
  sc_core::sc_event event;

  Process(const sc_core::sc_module_name &name, Script &script, const Clock &clock, size_t number)
      : sc_core::sc_module(name), script(script), clock(clock), number(number) {
    SC_HAS_PROCESS(Process);
    SC_METHOD(step);
    sensitive << event;
  }
  void step() { script.step(number, clock.cycleAtOrAfter(Clock::kernelTime())); }
};

Calls byKernel(Script script) {
  Context context;
  const Clock clock(kMhz);
  std::vector<std::unique_ptr<Process>> processes;
  for (size_t i = 0; i < script.units; ++i)
    processes.push_back(std::make_unique<Process>(("unit" + std::to_string(i)).c_str(), script, clock, i));
  script.callAt = [&](size_t unit, Cycle cycle) {
    processes[unit]->event.notify(sc_core::sc_time::from_value(static_cast<uint64_t>(clock.ahead(cycle))));
  };
  script.wake = [&](size_t unit) { processes[unit]->event.notify(sc_core::SC_ZERO_TIME); };
  context.run();
  return script.calls;
}

TEST(Agenda, CallsInTheOrderOfTheKernel) {
  for (uint32_t seed = 0; seed < 100; ++seed)
    for (const size_t units : {1u, 2u, 5u, 9u}) {
      const Script script(seed, units);
      const Calls calls = byAgenda(script);
      EXPECT_EQ(calls, byKernel(script)) << "seed " << seed << ", " << units << " units";
      EXPECT_GE(calls.size(), units);
    }
}

/// A process beside the units sees their work of its own past and none of its future.
TEST(Agenda, WaitsForTheKernelWhereAnotherProcessIsDue) {
  struct Unit final : Scheduled {
    Agenda *agenda;
    size_t number;
    std::vector<Cycle> called;
    void step(Cycle now) override {
      called.push_back(now);
      if (now < 100)
        agenda->callAt(number, now + 3);
    }
  };
  struct Observer : sc_core::sc_module {
    const Unit &unit;
    std::vector<std::pair<int64_t, Cycle>> seen; // nanoseconds, last call of the unit
    sc_core::sc_event event;
    Observer(const sc_core::sc_module_name &name, const Unit &unit) : sc_core::sc_module(name), unit(unit) {
      SC_HAS_PROCESS(Observer);
      SC_METHOD(look);
      sensitive << event;
      dont_initialize();
      event.notify(10, sc_core::SC_NS);
    }
    void look() {
      seen.emplace_back(Clock::kernelTime() / kFemtosecondsPerNanosecond, unit.called.back());
      if (seen.size() < 12)
        event.notify(10, sc_core::SC_NS);
    }
  };
  Context context;
  const Clock clock(kMhz);
  Agenda agenda("agenda", clock, false);
  Unit unit;
  unit.agenda = &agenda;
  unit.number = agenda.add(unit);
  Observer observer("observer", unit);
  context.run();
  ASSERT_EQ(observer.seen.size(), 12u);
  for (const auto &[time, called] : observer.seen) {
    const Cycle last = std::min<Cycle>(102, time / 3 * 3); // at 30 ns either may come first
    EXPECT_TRUE(called == last || (time % 3 == 0 && called == last - 3)) << "at " << time << " ns";
  }
  EXPECT_EQ(unit.called.size(), 35u);
}

TEST(Clock, CyclesOfATimeAreExact) {
  std::mt19937_64 random(1);
  constexpr __int128 scale = 1000000000000;
  for (const int64_t kilohertz : {1, 3, 999, 200000, 940000, 1000000, 1333333, 4000000}) {
    const Clock clock(static_cast<double>(kilohertz) / 1000);
    for (int i = 0; i < 20000; ++i) {
      Femtoseconds time = static_cast<int64_t>(random() >> (1 + random() % 62));
      if (i % 2) // where a cycle begins, or a femtosecond beside it
        time = std::max<Femtoseconds>(0, static_cast<int64_t>(time / scale * scale / kilohertz) +
                                             static_cast<int64_t>(random() % 3) - 1);
      const auto expected = static_cast<Cycle>((static_cast<__int128>(time) * kilohertz + scale - 1) / scale);
      ASSERT_EQ(clock.cycleAtOrAfter(time), expected) << time << " fs at " << kilohertz << " kHz";
    }
  }
}

} // namespace
} // namespace arsis::sim::test
