// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Energy: every counted event times its coefficient, and power that is drawn all the time over time. Where
// the figures come from is in power/PowerModel.h. Does not model: temperature, units that are switched off.
#pragma once

#include "power/PowerModel.h"
#include "simulator/base/Events.h"

namespace arsis::sim {

class EnergyModel {
public:
  explicit EnergyModel(const chip::Chip &chip);
  EnergyModel(const EnergyModel &) = delete; // it points into its own model

  /// Energy of `counts` of one event, in pJ; zero for events without a coefficient.
  double of(Event event, int64_t counts) const {
    return static_cast<double>(counts) * picojoules[static_cast<size_t>(event)];
  }
  double perEvent(Event event) const { return picojoules[static_cast<size_t>(event)]; }
  /// All of it, in mW, which are pJ per ns.
  double staticPower() const { return staticMilliwatts; }

  /// Null for events that cost nothing of their own.
  const power::Coefficient *coefficient(Event event) const {
    return coefficients[static_cast<size_t>(event)];
  }

  const power::PowerModel model;

private:
  std::array<const power::Coefficient *, kEventCount> coefficients{}; // of the model
  std::array<double, kEventCount> picojoules{};
  double staticMilliwatts = 0;
};

/// "static_array", the name in reports of what a part draws all the time; "dram_background" stays.
std::string staticName(const power::Part &part);

} // namespace arsis::sim
