// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where values of the nn level lie in DRAM. Mostly each is a tensor of its own; reshapes, and operations on
// boxes that are views (nn::BoxOpInterface), put several values into one. That follows from the operations
// alone, so that every pass and the text of every level agree.
#ifndef ARSIS_COMPILER_ANALYSIS_PLACES_H
#define ARSIS_COMPILER_ANALYSIS_PLACES_H

#include "dialects/NN/IR/NNDialect.h"

#include <string>
#include <vector>

namespace arsis::compiler {

/// Element i of a value is element `offset + sum strides[d] * i[d]` of the base, which is row-major without
/// gaps and a tensor of its own.
struct Place {
  mlir::Value base;
  int64_t offset = 0;
  std::vector<int64_t> strides; // one per dimension of the value
};

/// REQUIRES: verifyViews of the block.
Place placeOf(mlir::Value value);

/// Whether an operation on boxes moves nothing.
bool isView(mlir::Operation *op);

/// The shape of a value's tensor in DRAM: beyond rank four, the leading dimensions are one.
llvm::SmallVector<int64_t> storedShape(mlir::Value value);

/// Why an operation cannot be the view that it is, for all of its boxes; empty if it can.
std::string faultOf(nn::BoxOpInterface view);
/// Why one value that lies in another one by this view cannot: "it is a constant"; empty if it can.
std::string faultOf(nn::BoxOpInterface view, mlir::Value value);

/// Checks that all views of a function's body can be what they are.
mlir::LogicalResult verifyViews(mlir::Block &block);

} // namespace arsis::compiler

#endif
