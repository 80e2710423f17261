// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Views of DRAM tensors; the pass is described in PlaceViews.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_PLACEVIEWS_PLACEVIEWS_H
#define ARSIS_COMPILER_TRANSFORMS_PLACEVIEWS_PLACEVIEWS_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/PlaceViews/PlaceViews.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_PLACEVIEWS_PLACEVIEWS_H
