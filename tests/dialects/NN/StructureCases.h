// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations to hold against their structures: by hand the awkward shapes, by a seeded generator a spread of
// small ones.
#ifndef ARSIS_TESTS_DIALECTS_NN_STRUCTURECASES_H
#define ARSIS_TESTS_DIALECTS_NN_STRUCTURECASES_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/IR/Block.h"

#include <map>
#include <random>

namespace arsis::nn::testing {

using Shape = std::vector<int64_t>;

/// Makes operations on arguments of a block that belongs to nothing.
class Bench {
public:
  Bench();
  /// An operation on new arguments; all of f32, but what `labels` says is of i32. Attributes are inherent
  /// ones, without plan.
  mlir::Operation *make(const std::string &name, const std::vector<Shape> &operands,
                        const std::vector<Shape> &results, const mlir::NamedAttrList &attributes = {},
                        int labels = -1);
  mlir::NamedAttribute numbers(const char *name, const std::vector<int64_t> &values);
  mlir::NamedAttribute flag(const char *name, bool value);
  mlir::NamedAttribute count(const char *name, int64_t value);
  mlir::NamedAttribute number(const char *name, float value);

  mlir::MLIRContext context;

private:
  mlir::Block block; // dies before the context
  mlir::OpBuilder builder;
};

using Operations = std::vector<mlir::Operation *>;

// MovementCases.cpp
Operations slice(Bench &bench);
Operations pad(Bench &bench);
Operations concat(Bench &bench);
Operations split(Bench &bench);
Operations dropout(Bench &bench);

// LossCases.cpp
Operations loss(Bench &bench);
Operations lossGrad(Bench &bench);
Operations classTargets(Bench &bench);
Operations crossEntropy(Bench &bench);
Operations crossEntropyGrad(Bench &bench);
Operations total(Bench &bench);

/// For every operation with a structure, what makes its cases.
const std::map<std::string, std::vector<mlir::Operation *> (*)(Bench &)> &structureCases();
/// Those among them for functions of elements, with operands that repeat.
const std::map<std::string, std::vector<mlir::Operation *> (*)(Bench &)> &elementwiseCases();
/// The same for every operation that has parts.
const std::map<std::string, std::vector<mlir::Operation *> (*)(Bench &)> &compositeCases();

} // namespace arsis::nn::testing

#endif
