// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations of a loss, term by term, with the tensors that the host gives for them.

#ifndef ARSIS_COMPILER_TRANSFORMS_ATTACHLOSS_LOSSTERMS_H
#define ARSIS_COMPILER_TRANSFORMS_ATTACHLOSS_LOSSTERMS_H

#include "compiler/Transforms/AttachLoss/LossText.h"
#include "compiler/Transforms/TrainStep/Signature.h"
#include "mlir/IR/Builders.h"

#include <map>

namespace arsis::compiler {

/// The number of the result of `forward` that the term reads. Failure after an error that names what there
/// is.
mlir::FailureOr<unsigned> findOutput(mlir::func::FuncOp forward, const LossTerm &term);

/// Emits terms at the end of a step, and collects what the step needs for them.
class LossTerms {
public:
  LossTerms(mlir::func::FuncOp step, TensorNames &names);

  /// The term, weighted, as a scalar, of result `output` of the step. Its operations belong to the layer
  /// "loss<suffix>". Failure after an error.
  mlir::FailureOr<mlir::Value> add(const LossTerm &term, unsigned output, const std::string &suffix);

  /// What the host has to observe of the tensors it gives (docs/guide_losses.md), by key of the step's
  /// options.
  std::map<std::string, std::string> checks;

private:
  struct Rows;
  mlir::FailureOr<Rows> readRows(const LossTerm &term, unsigned output);
  mlir::FailureOr<mlir::Value> given(const LossTerm &term, NewTensor tensor, const std::string &check);
  mlir::FailureOr<mlir::Value> crossEntropy(const LossTerm &term, unsigned output);
  mlir::FailureOr<mlir::Value> meanOverElements(const LossTerm &term, unsigned output);
  mlir::Value ofTargets(const LossTerm &term, const Rows &rows, mlir::Value labels);
  mlir::Value matrixOf(const Rows &rows);
  mlir::Value scaled(mlir::Value x, double factor);
  mlir::RankedTensorType full(llvm::ArrayRef<int64_t> shape);

  struct Given {
    mlir::Value value;
    mlir::DictionaryAttr layout;
    std::string check;
  };

  mlir::func::FuncOp step;
  TensorNames &names;
  mlir::OpBuilder builder;
  mlir::Location loc;                   ///< of the present term
  std::string suffix;                   ///< of the present term
  std::map<std::string, Given> tensors; ///< by the name that the terms give them
};

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_ATTACHLOSS_LOSSTERMS_H
