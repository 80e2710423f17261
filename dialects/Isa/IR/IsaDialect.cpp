// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the isa dialect.
#include "dialects/Isa/IR/Isa.h"

using namespace mlir;
using namespace arsis::isair;

#include "dialects/Isa/IR/IsaDialect.cpp.inc"
#include "dialects/Isa/IR/IsaEnums.cpp.inc"

void IsaDialect::initialize() {
  registerFieldAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/Isa/IR/IsaOps.cpp.inc"
      >();
}
