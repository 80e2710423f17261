// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both gradients of a convolution as one unit: see Repeated.h.
#include "compiler/Schedule/Convolution.h"
#include "compiler/Schedule/Gradients.h"
#include "compiler/Transforms/Map/Repeated.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/UnitOps.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace arsis::compiler {

using Operations = SmallVector<Operation *>;

/// The operations of a unit in its place, or the operation itself. `results` becomes what it handed out.
static Operations opened(Operation *op, SmallVectorImpl<Value> &results) {
  if (nn::bodyOf(op))
    return takeOut(op, results);
  llvm::append_range(results, op->getResults());
  return {op};
}

/// Takes from the operations what makes the second factor of a weight's gradient, which another one takes
/// over.
static void takeFactor(Operations &weight, Operation *product, Value by) {
  const Value factor = product->getOperand(1);
  product->setOperand(1, by);
  if (!factor.getDefiningOp() || !llvm::is_contained(weight, factor.getDefiningOp()))
    return;
  const Operations all = weight;
  for (Operation *op : llvm::reverse(all))
    if (op != product && op->use_empty()) {
      llvm::erase(weight, op);
      op->erase();
    }
}

static Operation *productAmong(ArrayRef<Operation *> ops) { return *llvm::find_if(ops, isProduct); }

/// Those of the input's gradient, then those of the weight's, with one factor. `results`: what both hand out.
static Operations together(Operation *weight, Operation *input, SmallVectorImpl<Value> &results) {
  Operations all = opened(input, results), others = opened(weight, results);
  takeFactor(others, productAmong(others), productAmong(all)->getOperand(0));
  for (Operation *op : others)
    op->moveAfter(all.back()), all.push_back(op);
  return all;
}

bool mayWait(Operation *op, Operation *later) {
  return llvm::all_of(op->getUsers(), [&](Operation *user) {
    return later->isBeforeInBlock(user) || user->hasTrait<OpTrait::IsTerminator>() ||
           (mlir::isa<nn::UpdateOpInterface>(user) && llvm::all_of(user->getUsers(), [](Operation *reader) {
              return reader->hasTrait<OpTrait::IsTerminator>();
            }));
  });
}

static bool join(Operation *weight, Operation *input) {
  if (input->isBeforeInBlock(weight) || !mayWait(weight, input))
    return false;
  // Of copies, first.
  SmallVector<Value> results;
  Operation *copies[] = {OpBuilder(input).clone(*weight), OpBuilder(input).clone(*input)};
  const Operations tried = together(copies[0], copies[1], results);
  const std::optional<schedule::Convolution> found = schedule::convolutionIn(unitOf(tried));
  for (Operation *op : llvm::reverse(tried)) {
    op->dropAllUses();
    op->erase();
  }
  if (!found || !found->sibling || !schedule::Gradients::suits(*found))
    return false;
  SmallVector<Operation *> updates(weight->user_begin(), weight->user_end());
  results.clear();
  const Operations all = together(weight, input, results);
  Operation *unit = nn::formUnit(all, originOf(all));
  llvm::sort(updates, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  updates.erase(llvm::unique(updates), updates.end());
  for (Operation *update : llvm::reverse(updates))
    if (update->isBeforeInBlock(unit))
      update->moveAfter(unit);
  return true;
}

void joinGradients(Block &block) {
  const auto passOf = [](Operation *op) -> std::optional<schedule::Convolution::Pass> {
    if (!mlir::isa<nn::StructuredOpInterface>(op) && !nn::bodyOf(op))
      return std::nullopt;
    const std::optional<schedule::Unit> unit = unitOf(op);
    const std::optional<schedule::Convolution> product = unit ? schedule::convolutionIn(*unit) : std::nullopt;
    return product && product->streamed.shape.size() == 4 ? std::optional(product->pass) : std::nullopt;
  };
  // All before any is joined, which changes the values of others.
  llvm::StringMap<Operations> weights; // by the gradient that they read
  SmallVector<std::pair<Operation *, std::string>> inputs;
  for (Operation &op : block)
    if (const auto pass = passOf(&op); pass == schedule::Convolution::GradWeight)
      weights[factorKey(&op, 1)].push_back(&op);
    else if (pass == schedule::Convolution::GradInput)
      inputs.emplace_back(&op, factorKey(&op, 0));
  for (const auto &[input, key] : inputs) {
    Operations &candidates = weights[key];
    Operation *const *found =
        llvm::find_if(candidates, [&, input = input](Operation *weight) { return join(weight, input); });
    if (found != candidates.end())
      candidates.erase(found);
  }
}

bool hasBothGradients(Operation *op) {
  Block *body = nn::bodyOf(op);
  return body &&
         llvm::count_if(body->without_terminator(), [](Operation &inner) { return isProduct(&inner); }) > 1;
}

SmallVector<Operation *, 2> splitGradients(Operation *unit) {
  SmallVector<Value> results;
  const Operations all = takeOut(unit, results);
  Operation *weight = *llvm::find_if(llvm::reverse(all), isProduct);
  const auto withMakers = [&](Operations ops) { // of what they read, among these operations
    llvm::SmallSetVector<Operation *, 8> found(ops.begin(), ops.end());
    for (size_t i = 0; i < found.size(); ++i)
      for (Value operand : found[i]->getOperands())
        if (Operation *definer = operand.getDefiningOp(); llvm::is_contained(all, definer))
          found.insert(definer);
    ops.clear();
    llvm::copy_if(all, std::back_inserter(ops), [&](Operation *op) { return found.contains(op); });
    return ops;
  };
  Operations own = withMakers({weight}), rest;
  llvm::copy_if(all, std::back_inserter(rest), [&](Operation *op) { return !llvm::is_contained(own, op); });
  rest = withMakers(rest);
  // What both need is done by both.
  IRMapping copies;
  for (Operation *&op : own)
    if (llvm::is_contained(rest, op)) {
      Operation *copy = OpBuilder(weight).clone(*op, copies);
      op = copy;
    } else {
      if (op != weight)
        op->moveBefore(weight);
      for (OpOperand &operand : op->getOpOperands())
        operand.set(copies.lookupOrDefault(operand.get()));
    }
  const auto formed = [&](const Operations &ops) {
    return ops.size() > 1 ? nn::formUnit(ops, originOf(ops), results) : ops.front();
  };
  // The weight's stands behind all; the rest comes first.
  Operation *first = formed(rest);
  return {formed(own), first};
}

} // namespace arsis::compiler
