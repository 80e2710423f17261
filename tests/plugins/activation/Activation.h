// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the library brings, file by file.
#pragma once

#include "dialects/Isa/Encoding/External.h"

namespace activation {

/// Adds the instruction `squared_relu` and returns it.
const arsis::isa::ExternalInstruction &bringInstruction(arsis::isa::Brought &brought);
void bringDialect(arsis::isa::Brought &brought);
void bringKernels(arsis::isa::Brought &brought);
/// `instruction`: what the strategy `square` uses.
void bringStrategies(arsis::isa::Brought &brought, const arsis::isa::ExternalInstruction &instruction);

} // namespace activation
