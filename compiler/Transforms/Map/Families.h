// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an nn operation to its mapping problem. The mapping pass solves the problem; the lowering builds it
// again, reads the choice from the operation's mapping attribute, and obeys its layout.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_FAMILIES_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_FAMILIES_H

#include "compiler/Transforms/Map/ContractionProblem.h"
#include "compiler/Transforms/Map/GradWeightProblem.h"
#include "compiler/Transforms/Map/PoolProblem.h"
#include "compiler/Transforms/Map/VectorProblem.h"
#include "dialects/NN/IR/NNDialect.h"

namespace arsis::compiler {

std::unique_ptr<ContractionProblem> makeProblem(nn::Conv2dOp op, const Machine &machine);
std::unique_ptr<ContractionProblem> makeProblem(nn::Conv2dGradInputOp op, const Machine &machine);
std::unique_ptr<GradWeightProblem> makeProblem(nn::Conv2dGradWeightOp op, const Machine &machine);
std::unique_ptr<ContractionProblem> makeProblem(nn::MatmulOp op, const Machine &machine);
std::unique_ptr<PoolProblem> makePoolProblem(mlir::Operation *op, const Machine &machine);
std::unique_ptr<MatrixProblem> makeProblem(nn::ChannelSumOp op, const Machine &machine);
std::unique_ptr<MatrixProblem> makeProblem(nn::BatchNormOp op, const Machine &machine);
std::unique_ptr<MatrixProblem> makeProblem(nn::BatchNormGradOp op, const Machine &machine);
std::unique_ptr<MatrixProblem> makeProblem(nn::SoftmaxCrossEntropyOp op, const Machine &machine);
std::unique_ptr<MatrixProblem> makeProblem(nn::SoftmaxCrossEntropyGradOp op, const Machine &machine);
std::unique_ptr<TransposeProblem> makeProblem(nn::TransposeOp op, const Machine &machine);
std::unique_ptr<MatrixProblem> makeElementwiseProblem(nn::ElementwiseOpInterface op, const Machine &machine);

/// The problem of any operation; null if none is known, as for those that move nothing (reshape, constant).
std::unique_ptr<MappingProblem> makeAnyProblem(mlir::Operation *op, const Machine &machine);

/// Rows and columns of an operation on channels: all dimensions but the last, and the last.
std::pair<int64_t, int64_t> rowsAndColumns(mlir::Value value);

/// A transposition of at most four dimensions, if it can be seen as one: beyond rank four, dimensions of one
/// element are dropped and neighbours that stay neighbours become one dimension.
struct TransposeShape {
  llvm::SmallVector<int64_t> result; // sizes of the result's dimensions
  llvm::SmallVector<int64_t>
      permutation; // dimension i of the result is dimension permutation[i] of the source
};
TransposeShape transposeShape(nn::TransposeOp op);

/// The windows of a pooling operation, and for an average the divisor's reciprocal per window and whether all
/// are equal.
struct PoolGeometry {
  Window h, w;
  int64_t batch, channels;
  bool average, gradient, uniform;
  std::vector<float> reciprocals; // [h.output][w.output]; empty for max
};
PoolGeometry poolGeometry(mlir::Operation *op);

/// What an elementwise operation's tile loop moves and keeps. Steps that depend only on scalars are computed
/// once, those that depend on channel vectors once per column tile, the others per tile.
struct ElementwiseShape {
  enum Kind { Scalar, Channel, Full };
  int64_t rows = 1, columns = 1;
  llvm::SmallVector<Kind> operands, steps;
  llvm::SmallVector<int> buffers; // of each step: result r as ~r, or the number of a temporary
  llvm::SmallVector<Kind> temporaries;
};
ElementwiseShape elementwiseShape(nn::ElementwiseOpInterface op);

} // namespace arsis::compiler

#endif
