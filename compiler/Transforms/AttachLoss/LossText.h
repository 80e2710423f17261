// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a training step minimises, and its textual form (docs/guide_losses.md).

#ifndef ARSIS_COMPILER_TRANSFORMS_ATTACHLOSS_LOSSTEXT_H
#define ARSIS_COMPILER_TRANSFORMS_ATTACHLOSS_LOSSTEXT_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arsis::compiler {

enum class LossKind { SoftmaxCrossEntropy, MeanSquaredError, BinaryCrossEntropyWithLogits };
/// "softmax-xent", "mse", "bce-with-logits".
std::string_view nameOf(LossKind kind);
inline constexpr std::string_view kDefaultLoss = "softmax-xent";

/// One term of a loss.
struct LossTerm {
  LossKind kind = LossKind::SoftmaxCrossEntropy;
  std::string output;  ///< of the model; empty: its only one
  std::string targets; ///< the tensor that the host gives; empty: "labels" of classes, else "targets"
  double weight = 1;
  // Of the cross entropy of labels.
  double smoothing = 0;
  std::optional<int64_t> ignored;   ///< rows of this label count for nothing
  std::vector<double> classWeights; ///< one per class; empty: all are one
};

/// The terms of a sum: `softmax-xent,of=main,label-smoothing=0.1+softmax-xent,of=aux,weight=0.3`. A plus that
/// no name of a loss follows belongs to the text before it. At least one. `logits`, unless empty, is the
/// output of the only term. Throws arsis::Error that says what was found and what is expected.
std::vector<LossTerm> parseLoss(std::string_view text, const std::string &logits);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_ATTACHLOSS_LOSSTEXT_H
