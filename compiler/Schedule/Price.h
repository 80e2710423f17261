// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a layout costs on a chip: the machine's units, streams and dependences, with the durations of timing/,
// run over the layout at the grain of its operations. A loop whose iterations have become alike is not run to
// its end: the rest follows from the last period. What is exact: bytes, products, elements, and the order in
// which streams wait for each other. What is left out: contention at the scratchpad, addresses (buffers are
// taken to begin at a multiple of 64 bytes, tensors at a burst and a row). How near it comes:
// docs/rationale/estimates.md.
#ifndef ARSIS_COMPILER_SCHEDULE_PRICE_H
#define ARSIS_COMPILER_SCHEDULE_PRICE_H

#include "compiler/Schedule/ChipModel.h"
#include "compiler/Schedule/Layout.h"

#include <limits>

namespace arsis::schedule {

enum class Engine : uint8_t { Load, Store, Vector, Matrix, Drain };
constexpr size_t kEngines = 5;

struct Estimate {
  double cycles = 0; // from an idle chip to the last completion
  std::array<double, kEngines>
      busy{};            // cycles of each engine; of matrix units and drains the mean over units
  double dramCycles = 0; // for which the whole DRAM is occupied
  double dramBytes = 0;  // of tensors
  double products = 0;   // multiplications and additions of the array
  double elements = 0;   // that the vector unit works on, positions of windows one by one
  double instructions = 0;
  int64_t steps = 0; // operations that the run executed one by one
};

/// `model` must be the chip that the layout was made for. Gives up as soon as it takes more than `atMost`
/// cycles; the estimate then has infinitely many.
Estimate estimate(const Layout &layout, const ChipModel &model,
                  double atMost = std::numeric_limits<double>::infinity());

} // namespace arsis::schedule

#endif
