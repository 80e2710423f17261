// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One call that maps and lowers an nn function, runs the tile program's sequential meaning, runs the oracle
// on the same mapped function, and compares every result bit for bit.
#ifndef ARSIS_TESTS_COMPILER_CONVERSION_NNTOTILE_TILETESTING_H
#define ARSIS_TESTS_COMPILER_CONVERSION_NNTOTILE_TILETESTING_H

#include "arch_configs/reader/Chip.h"

#include <string>

namespace arsis::testing {

/// A chip with the given array; accumulators and scratchpad as small as stated, so that tiles are cut.
struct ArraySize {
  int rows, cols, units, accumulatorRows, scratchpadKib;
};
chip::Chip chipWith(const ArraySize &size);

/// Empty if every result of the module's function agrees with the oracle; else what went wrong. `mapping` is
/// JSON.
std::string compareWithOracle(const std::string &module, const chip::Chip &chip,
                              const std::string &mapping = "");

} // namespace arsis::testing

#endif
