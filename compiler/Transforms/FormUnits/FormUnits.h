// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Units of several operations; the pass is described in FormUnits.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_FORMUNITS_FORMUNITS_H
#define ARSIS_COMPILER_TRANSFORMS_FORMUNITS_FORMUNITS_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <string_view>

namespace arsis::compiler {

// Which operations are joined.
struct Fusion {
  bool vector = true;    // work of the vector unit with its one reader
  bool sums = true;      // a product with the sums that a batch norm or its gradient needs of its result
  bool epilogues = true; // a product with the work of the vector unit that alone reads its result
  bool loads = true;     // products with the work of the vector unit whose result they alone read
  bool gradients = true; // the two gradients of a convolution
  bool views = true;     // boxes of tensors, which are not moved (nn-place-views)
};

// "all", "none", or names with commas. Throws arsis::Error.
Fusion parseFusion(std::string_view text);

// Joins operations into units. REQUIRES: a body of one block, without schedules.
void formUnits(mlir::func::FuncOp function, const Fusion &fusion);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/FormUnits/FormUnits.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_FORMUNITS_FORMUNITS_H
