// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One operation under many schedules: drawn at random among those that fit, estimated, and run on the
// machine.
#ifndef ARSIS_TESTS_E2E_SCHEDULES_TRIAL_H
#define ARSIS_TESTS_E2E_SCHEDULES_TRIAL_H

#include "compiler/Schedule/Price.h"
#include "compiler/Schedule/Space.h"
#include "dialects/Isa/Encoding/Program.h"
#include "mlir/IR/MLIRContext.h"

#include <random>
#include <string>
#include <vector>

namespace arsis::testing {

struct Trial {
  schedule::Choice choice;
  schedule::Estimate estimate;
  double simulated = 0;                    // cycles, mean over placements
  double spread = 0;                       // of the placements, slowest over fastest less one
  double movedBytes = 0, productsDone = 0; // that the machine counted: of tensors, and multiply-accumulates
};

class Operation {
public:
  /// Parses a module with one function of one operation. Throws Error if it does not parse or has no
  /// schedules.
  Operation(const std::string &text, const chip::Chip &chip);
  ~Operation();

  const schedule::Space &space() const { return *found; }
  const schedule::ChipModel model;

  /// Up to `count` different schedules that fit, all of them if there are fewer.
  std::vector<schedule::Choice> draw(size_t count, std::mt19937 &random) const;
  /// Throws Error if something between the schedule and the program fails. `before` bytes of the DRAM, a
  /// multiple of four, lie before the operation's tensors.
  isa::Program lower(const schedule::Choice &choice, int64_t before = 0) const;
  /// On the machine with the tensors in so many places of the DRAM, from the one with number `first` on.
  /// Throws Error also if the machine does.
  Trial run(const schedule::Choice &choice, size_t placements = 1, size_t first = 0) const;

private:
  const std::string text;
  const chip::Chip chip;
  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<schedule::Space> found;
};

} // namespace arsis::testing

#endif
