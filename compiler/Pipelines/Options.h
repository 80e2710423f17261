// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a compilation is asked to do, and the textual forms of it that the command line and the Python package
// share.

#ifndef ARSIS_COMPILER_PIPELINES_OPTIONS_H
#define ARSIS_COMPILER_PIPELINES_OPTIONS_H

#include "compiler/Import/Onnx/Onnx.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace arsis::compiler {

/// How far a compilation goes.
enum class Stage { NN, Step, Mapped, Tile, Isa, Assembly, Binary };

struct Optimizer {
  double learningRate = 0.01; ///< initial value of the tensor "learning_rate"
  double momentum = 0;
  double weightDecay = 0;
};

struct CompileOptions {
  ImportOptions import; ///< its `training` is also what makes a training step
  std::string loss = "softmax-xent";
  std::string logits; ///< name of the output that the loss reads; empty: the only one
  Optimizer optimizer;
  bool keepGradients = false;
  bool keepActivations = false;
  std::string mapping;         ///< JSON text of mapping decisions that hold (see nn-map); empty: none
  bool explainMapping = false; ///< a remark for each operation with the decision and its reason
};

// The parsers throw arsis::Error that says what was found and what is expected.

/// "sgd,lr=0.02,momentum=0.9,weight-decay=0.0005"; every value may be left out.
Optimizer parseOptimizer(std::string_view text);
/// "gradients,activations"
void parseKeep(std::string_view text, CompileOptions &options);
/// Throws if a size is not positive, or something is asked for that only a training step has, and none is
/// made.
void checkOptions(const CompileOptions &options);
/// "softmax-xent"
void parseLoss(std::string_view text, CompileOptions &options);
/// "NAME=VALUE" of a symbolic dimension, which has no value yet.
void parseDimension(std::string_view text, CompileOptions &options);
/// "nn", "step", "mapped", "tile", "isa", "asm", "bin"
Stage parseStage(std::string_view text);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_OPTIONS_H
