// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The library `activation`: an operation with its gradient, an instruction that computes it, a strategy that
// uses the instruction, and the kernels of the reference.
#include "Activation.h"

static void bring(arsis::isa::Brought &brought) {
  const arsis::isa::ExternalInstruction &instruction = activation::bringInstruction(brought);
  activation::bringDialect(brought);
  activation::bringKernels(brought);
  activation::bringStrategies(brought, instruction);
}

ARSIS_PLUGIN("activation", bring)
