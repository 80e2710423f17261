// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One program, one chip, one set of inputs: what comes out, and whether a changed program is caught.
#ifndef ARSIS_TESTS_E2E_MUTATION_TRIAL_H
#define ARSIS_TESTS_E2E_MUTATION_TRIAL_H

#include "dialects/Isa/Verifier/Verifier.h"
#include "runtime/common/Npz.h"
#include "simulator/top/Session.h"

namespace arsis::mutation {

/// Bits of every observable tensor and of all parameters and state, by name.
using Outputs = std::map<std::string, std::vector<uint8_t>>;

class Trial {
public:
  Trial(chip::Chip chip, ref::TensorMap inputs) : chip(std::move(chip)), inputs(std::move(inputs)) {}

  /// Runs one step; durations drawn from `seed` if there is one. Throws Error if the machine refuses.
  Outputs run(const isa::Program &program, std::optional<uint64_t> seed = std::nullopt) const;
  /// The verifier's first complaint, or nothing if it accepts.
  std::optional<std::string> rejected(const isa::Program &program) const;

  const chip::Chip chip;

private:
  ref::TensorMap inputs;
};

/// The first tensor that differs, or nothing.
std::optional<std::string> firstDifference(const Outputs &expected, const Outputs &found);

} // namespace arsis::mutation

#endif
