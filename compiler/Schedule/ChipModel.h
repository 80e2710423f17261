// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A chip as prices see it: its limits, and the closed forms of time that the machine charges too.
#ifndef ARSIS_COMPILER_SCHEDULE_CHIPMODEL_H
#define ARSIS_COMPILER_SCHEDULE_CHIPMODEL_H

#include "compiler/Schedule/ChipLimits.h"
#include "timing/Dma.h"
#include "timing/Frontend.h"
#include "timing/MatrixArray.h"
#include "timing/VectorUnit.h"

namespace arsis::schedule {

/// The forms remember what they enumerated, so a model serves one thread.
struct ChipModel {
  /// Throws arsis::Error naming a missing key.
  explicit ChipModel(const chip::Chip &chip)
      : limits(readChipLimits(chip)), dma(chip), array(chip), vector(chip), frontend(chip) {}

  const ChipLimits limits;
  const timing::Dma dma;
  const timing::MatrixArray array;
  const timing::VectorUnit vector;
  const timing::Frontend frontend;
};

} // namespace arsis::schedule

#endif
