// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Several programs in the DRAM of one chip. Instructions name tensors and not addresses, so that a program
// can lie anywhere: the first keeps its addresses, each further one lies behind those before it. What carries
// over from step to step is there once: parameters, state and gradients that programs call by one name are
// one tensor, that of the first program that has it; so is a hyperparameter that begins alike in both. Where
// further programs had what is shared, their DRAM is left empty.
#pragma once

#include "dialects/Isa/Encoding/Program.h"

#include <memory>
#include <vector>

namespace arsis::sim {

/// A tensor of one of the programs.
struct TensorPlace {
  size_t program = 0, tensor = 0;
};
inline bool operator==(TensorPlace a, TensorPlace b) {
  return a.program == b.program && a.tensor == b.tensor;
}

struct LinkedPrograms {
  std::vector<std::shared_ptr<const isa::Program>> programs;
  std::vector<std::vector<TensorPlace>>
      homes;              // per program and tensor: itself, or the one whose bytes it has
  uint64_t dramBytes = 0; // that all of them occupy
};

/// Throws Error if there is no program, or tensors of one name that would be one differ in role, type, shape
/// or the host's layout. REQUIRES: validated programs.
LinkedPrograms link(std::vector<std::shared_ptr<const isa::Program>> programs);

} // namespace arsis::sim
