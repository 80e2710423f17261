// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which nodes are evaluated at import. A float is only taken where no parameter is lost by it: what is
// trained is not folded into anything.

#include "compiler/Import/Onnx/Fold.h"

#include "compiler/Import/Onnx/Operators.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLExtras.h"

#include <map>

using namespace mlir;

namespace arsis::compiler::onnximport {

static const std::map<StringRef, const Fold *> &allFolds() {
  static const std::map<StringRef, const Fold *> all = [] {
    std::map<StringRef, const Fold *> folds;
    for (const std::vector<Fold> *family : {&arithmeticFolds, &movementFolds})
      for (const Fold &each : *family)
        folds[each.type] = &each;
    return folds;
  }();
  return all;
}

const Fold *findFold(StringRef type) {
  auto found = allFolds().find(type);
  return found == allFolds().end() ? nullptr : found->second;
}

std::string foldedOperators() {
  std::string names;
  for (const auto &[type, fold] : allFolds())
    names += (names.empty() ? "" : ", ") + type.str();
  return names;
}

/// A parameter is not folded. That a file holds the numbers of its arithmetic among its initialisers is no
/// reason to train them, though: one float beside floats that are known from shapes and Constant nodes.
static bool mayFold(ArrayRef<const Entry *> inputs) {
  auto isFloat = [](const Entry *entry, bool trainable) {
    return entry && entry->constant->isFloat && entry->trainable == trainable;
  };
  const bool besideOther = llvm::any_of(inputs, [&](const Entry *entry) { return isFloat(entry, false); });
  return llvm::none_of(inputs, [&](const Entry *entry) {
    return isFloat(entry, true) && (entry->constant->size() != 1 || !besideOther);
  });
}

std::optional<LogicalResult> GraphImporter::fold(const Node &node) {
  const Fold *known = findFold(node.type());
  if (!known || node.inputCount() < known->inputs)
    return std::nullopt;
  SmallVector<const Entry *> found;
  SmallVector<const Tensor *> inputs;
  for (size_t i = 0; i < node.inputCount(); ++i) {
    const Entry *entry = node.hasInput(i) ? &entries[node.input(i)] : nullptr;
    if (entry ? !entry->constant || entry->constant->isAbsent ||
                    entry->constant->size() > int64_t(kComputedElements)
              : i < known->inputs)
      return std::nullopt;
    found.push_back(entry);
    inputs.push_back(entry ? entry->constant.get() : nullptr);
  }
  // What leaves the step is computed in it, where there is an operation for it.
  const bool leaves = findOperator(node.type()) && outputNames.contains(node.output(0));
  if (!mayFold(found) || leaves)
    return std::nullopt;
  Tensor result;
  if (std::string problem = known->evaluate(node, inputs, result); !problem.empty()) {
    // Along some axes only, floats are reduced in the step, and many are repeated there.
    if (inputs[0]->isFloat && (node.type().starts_with("Reduce") || node.type() == "Expand") &&
        findOperator(node.type()))
      return std::nullopt;
    return fail(node, problem);
  }
  const bool isFilled = result.isFloat && result.size() <= int64_t(kFilledElements) && result.isUniform();
  if (result.size() > int64_t(kComputedElements) && !isFilled)
    return fail(node, "makes a constant of " + Twine(result.size()) + " elements, expected at most " +
                          Twine(kComputedElements));
  return defineConstant(node, std::move(result), /*trainable=*/false, node.output(0));
}

} // namespace arsis::compiler::onnximport
