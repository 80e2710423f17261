// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where an operation comes from: the layer of the model and the phase of the training step, kept in its
// location so that every level below inherits it. A location with origin is a FusedLoc whose metadata is the
// phase and whose one part is a NameLoc with the layer.

#ifndef ARSIS_DIALECTS_NN_IR_ORIGIN_H
#define ARSIS_DIALECTS_NN_IR_ORIGIN_H

#include "mlir/IR/Location.h"

#include <utility>

namespace arsis::nn {

// The phases of a training step, as they are spelled in locations and reports.
namespace phase {
inline constexpr llvm::StringLiteral kForward = "fwd";
inline constexpr llvm::StringLiteral kLoss = "loss";
inline constexpr llvm::StringLiteral kBackwardInput = "bwd-input";
inline constexpr llvm::StringLiteral kBackwardWeight = "bwd-weight";
inline constexpr llvm::StringLiteral kUpdate = "update";
} // namespace phase

// `source`, when given, is kept below the layer's name (the line of the .mlir or .onnx the layer came from).
mlir::Location makeOrigin(mlir::MLIRContext *context, llvm::StringRef layer, llvm::StringRef phase);
mlir::Location makeOrigin(mlir::MLIRContext *context, llvm::StringRef layer, llvm::StringRef phase,
                          mlir::Location source);

// (layer, phase) of a location; both empty if it has none. Of a fused location with several origins: the
// first.
std::pair<llvm::StringRef, llvm::StringRef> getOrigin(mlir::Location loc);

// The same layer in another phase. A location without a layer becomes the source of the layer "unnamed".
mlir::Location withPhase(mlir::Location loc, llvm::StringRef phase);

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_ORIGIN_H
