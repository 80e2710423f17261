// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions and chips for tests of spaces and their search.
#ifndef ARSIS_TESTS_COMPILER_SCHEDULE_PROBLEMS_H
#define ARSIS_TESTS_COMPILER_SCHEDULE_PROBLEMS_H

#include "compiler/Schedule/Contraction.h"
#include "compiler/Schedule/Search.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace arsis::schedule::testing {

inline Convolution convolution(Convolution::Pass pass, int64_t size, int64_t kernel, int64_t stride,
                               int64_t channels, int64_t outputs) {
  Window window{size, (size + 2 * (kernel / 2) - kernel) / stride + 1, kernel, stride, 1, kernel / 2};
  Convolution result;
  result.pass = pass;
  result.shape = {4, window, window, channels, outputs};
  result.planDims = {"c", "kh", "kw"};
  result.names = {"n", "oh", "ow", "c", "co", "kh"};
  return result;
}
inline Convolution forward(int64_t size, int64_t kernel, int64_t stride, int64_t channels, int64_t outputs) {
  return convolution(Convolution::Forward, size, kernel, stride, channels, outputs);
}

using Overrides = std::vector<std::pair<const char *, const char *>>;
inline chip::Chip chipWith(const Overrides &overrides) {
  chip::Chip chip = chip::Chip::load("tiny");
  for (const auto &[key, value] : overrides)
    chip = chip.withOverride(key, value);
  return chip;
}
/// An array of 8 x 8 with 256 accumulator rows, and 32 KiB of scratchpad.
inline const ChipModel &tiny() {
  static const ChipModel model(chipWith({{"matrix.accumulator_rows", "256"}, {"scratchpad.kib", "32"}}));
  return model;
}
inline const ChipModel &edge() {
  static const ChipModel model(chip::Chip::load("edge"));
  return model;
}

inline int64_t field(const Space &problem, const Solution &solution, const std::string &name) {
  std::vector<Field> fields = problem.fields();
  for (size_t i = 0; i < fields.size(); ++i)
    if (fields[i].name == name)
      return solution.best.choice[i];
  ADD_FAILURE() << "no field " << name;
  return 0;
}

} // namespace arsis::schedule::testing

#endif
