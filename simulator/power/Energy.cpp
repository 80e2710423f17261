// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Energy.h.
#include "simulator/power/Energy.h"

namespace arsis::sim {

static Coefficient read(const chip::Chip &chip, const std::string &key) {
  return {key, chip.unit(key), chip.source(key), chip.real(key)};
}

EnergyModel::EnergyModel(const chip::Chip &chip) : staticPower(read(chip, "energy.static_mw")) {
  for (size_t e = 0; e < kEventCount; ++e)
    if (*kEvents[e].energyKey)
      coefficients[e] = read(chip, kEvents[e].energyKey);
}

} // namespace arsis::sim
