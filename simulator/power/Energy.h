// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Energy: every counted event times its coefficient from the chip file, which carries the source, and static
// power over time. Does not model: voltage, temperature, leakage of units that are switched off.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "simulator/base/Events.h"

namespace arsis::sim {

struct Coefficient {
  std::string key, unit, source;
  double picojoules = 0; // per event
};

class EnergyModel {
public:
  explicit EnergyModel(const chip::Chip &chip);

  /// Energy of `counts` of one event, in pJ; zero for events without a coefficient.
  double of(Event event, int64_t counts) const {
    return static_cast<double>(counts) * coefficients[static_cast<size_t>(event)].picojoules;
  }
  /// Static energy over a time, in pJ.
  double staticEnergy(double nanoseconds) const { return nanoseconds * staticPower.picojoules; }

  const Coefficient &coefficient(Event event) const { return coefficients[static_cast<size_t>(event)]; }
  /// Milliwatts, which are pJ per ns.
  const Coefficient &staticCoefficient() const { return staticPower; }

private:
  std::array<Coefficient, kEventCount> coefficients;
  Coefficient staticPower;
};

} // namespace arsis::sim
