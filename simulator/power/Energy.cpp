// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Energy.h.
#include "simulator/power/Energy.h"

namespace arsis::sim {

EnergyModel::EnergyModel(const chip::Chip &chip) : model(chip) {
  for (size_t e = 0; e < kEventCount; ++e)
    if (*kEvents[e].energyKey) {
      coefficients[e] = &model.coefficient(kEvents[e].energyKey);
      picojoules[e] = coefficients[e]->value.nominal;
    }
  for (const power::Part &part : model.statics())
    staticMilliwatts += part.value.nominal;
}

std::string staticName(const power::Part &part) {
  return part.name.rfind("dram_", 0) == 0 ? part.name : "static_" + part.name;
}

} // namespace arsis::sim
