// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Power over time in the report: what every unit's events cost in each window, each event spread over the
// time that it took; what belongs to the DRAM stands apart from the queues that asked for it. Powers times
// windows add up to the energy of the events; power that is drawn all the time stands beside them.
#include "simulator/top/Report.h"

#include <algorithm>

namespace arsis::sim {
namespace {

constexpr size_t kMostWindows = 256;

/// Energy in pJ of one unit in windows of equal length.
using Series = std::vector<double>;

bool ofDram(Event event) {
  return event == Event::DramReadBytes || event == Event::DramWriteBytes || event == Event::DramActivations;
}

void addWindows(const Tracer &from, Cycle windowCycles, const EnergyModel &energy, Series &unit,
                Series &dram) {
  for (size_t w = 0; w < from.windows.size(); ++w) {
    // What happens in no time at the very end belongs to the last window.
    const auto at = std::min(unit.size() - 1,
                             static_cast<size_t>(static_cast<Cycle>(w) * from.windowCycles / windowCycles));
    for (size_t e = 0; e < kEventCount; ++e) {
      const auto event = static_cast<Event>(e);
      (ofDram(event) ? dram : unit)[at] += from.windows[w][e] * energy.perEvent(event);
    }
  }
}

} // namespace

boost::json::object powerJson(const RunRecord &record, const EnergyModel &energy) {
  Cycle windowCycles = 1;
  for (const Tracer &unit : record.unitWindows)
    windowCycles = std::max(windowCycles, unit.windowCycles);
  while (record.totalCycles > windowCycles * static_cast<Cycle>(kMostWindows))
    windowCycles *= 2;
  const auto count =
      static_cast<size_t>(std::max<Cycle>(1, (record.totalCycles + windowCycles - 1) / windowCycles));
  std::vector<Series> units(record.unitWindows.size(), Series(count));
  Series dram(count);
  for (size_t unit = 0; unit < units.size(); ++unit)
    addWindows(record.unitWindows[unit], windowCycles, energy, units[unit], dram);

  const double cycleNs =
      record.totalCycles > 0 ? record.totalNanoseconds / static_cast<double>(record.totalCycles) : 0;
  const auto lengthNs = [&](size_t window) {
    const Cycle begin = static_cast<Cycle>(window) * windowCycles;
    return static_cast<double>(std::min(windowCycles, record.totalCycles - begin)) * cycleNs;
  };
  Series all(count);
  const auto json = [&](const Series &series) {
    boost::json::array powers;
    for (size_t w = 0; w < count; ++w) {
      const double length = lengthNs(w);
      powers.push_back(length > 0 ? series[w] / length : 0.0); // pJ per ns: mW
      all[w] += series[w];
    }
    return powers;
  };
  boost::json::object dynamic;
  for (size_t unit = 0; unit < units.size(); ++unit)
    dynamic[record.units[unit].name] = json(units[unit]);
  dynamic["dram"] = json(dram);

  double sum = 0, peak = 0;
  size_t peakWindow = 0;
  const double leastNs = count > 1 ? 0.5 * static_cast<double>(windowCycles) * cycleNs : 0;
  for (size_t w = 0; w < count; ++w) {
    sum += all[w];
    // A last window of a few cycles says nothing of what windows of the others' length have.
    if (const double length = lengthNs(w); length > 0 && length >= leastNs && all[w] / length > peak) {
      peak = all[w] / length;
      peakWindow = w;
    }
  }
  const double idle = energy.staticPower();
  return {{"window_cycles", windowCycles},
          {"window_ns", static_cast<double>(windowCycles) * cycleNs},
          {"static_mw", idle},
          {"average_mw", idle + (record.totalNanoseconds > 0 ? sum / record.totalNanoseconds : 0)},
          {"peak_mw", idle + peak},
          {"peak_cycle", static_cast<Cycle>(peakWindow) * windowCycles},
          {"dynamic_mw", std::move(dynamic)}};
}

} // namespace arsis::sim
