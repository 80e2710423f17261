// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Brought.h.

#include "dialects/NN/IR/Brought.h"

namespace arsis::nn {

static mlir::DialectRegistry &registryOfProcess() {
  static mlir::DialectRegistry registry;
  return registry;
}

void takeDialects(const isa::Brought &brought, const std::string &library) {
  for (const BroughtDialects &dialects : brought.all<BroughtDialects>())
    dialects.insert(registryOfProcess());
}

const mlir::DialectRegistry &broughtDialects() { return registryOfProcess(); }

} // namespace arsis::nn
