// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the tensors of values again. Where several operations want the same name and not all of them got a
// tensor, it is unknown which did, and none is taken.
#include "runtime/Interpreter/StepValues.h"

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/TensorName.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/IR/Matchers.h"

#include <map>

namespace arsis::ref {
namespace {

/// The value whose bytes `value` is.
mlir::Value rootOf(mlir::Value value) {
  while (auto view = value.getDefiningOp<nn::ViewOpInterface>())
    value = view.getViewed();
  return value;
}

std::string describe(mlir::Operation *op) {
  const auto [layer, phase] = nn::getOrigin(op->getLoc());
  std::string text = (op->getName().getDialectNamespace() + "." + nn::titleOf(op)).str();
  if (!layer.empty())
    text += " of " + layer.str();
  return phase.empty() ? text : text + " (" + phase.str() + ")";
}

class Finder {
public:
  Finder(mlir::func::FuncOp function, const Signature &signature,
         const std::function<bool(const std::string &)> &exists)
      : signature(signature), exists(exists) {
    mlir::Operation *end = function.getBody().front().getTerminator();
    for (auto [slot, value] : llvm::zip_equal(signature.results, end->getOperands()))
      returned.try_emplace(rootOf(value), slot.donates ? &signature.arguments[*slot.donates] : &slot);
    for (mlir::Operation &op : function.getBody().front().without_terminator())
      if (!mlir::isa<nn::ViewOpInterface>(op) && !mlir::matchPattern(&op, mlir::m_Constant()))
        for (mlir::OpResult result : op.getResults()) {
          wanting[nn::tensorNameOf(result)].push_back(values.size());
          values.push_back({describe(&op), "", result, nullptr});
        }
  }

  std::vector<StepValue> find() {
    for (const auto &[name, members] : wanting)
      nameTemporaries(name, members);
    for (StepValue &value : values)
      if (auto found = returned.find(value.value); value.tensor.empty() && found != returned.end()) {
        value.slot = found->second;
        value.tensor = found->second->name;
      }
    return std::move(values);
  }

private:
  void nameTemporaries(const std::string &wanted, const std::vector<size_t> &members) {
    std::vector<std::string> names;
    unsigned number = 0;
    for (std::string name = wanted; exists(name); name = nn::numberedName(wanted, ++number))
      if (!signature.argument(name) && !signature.result(name))
        names.push_back(name);
    std::vector<size_t> inner, used;
    for (size_t member : members) {
      if (!returned.count(values[member].value))
        inner.push_back(member);
      if (!returned.count(values[member].value) && !values[member].value.use_empty())
        used.push_back(member);
    }
    for (const std::vector<size_t> &candidates : {members, inner, used})
      if (candidates.size() == names.size()) {
        for (size_t i = 0; i < names.size(); ++i)
          values[candidates[i]].tensor = names[i];
        return;
      }
  }

  const Signature &signature;
  const std::function<bool(const std::string &)> &exists;
  llvm::DenseMap<mlir::Value, const Slot *> returned;
  std::map<std::string, std::vector<size_t>> wanting; // by the name they want, in program order
  std::vector<StepValue> values;
};

} // namespace

std::vector<StepValue> valuesOf(mlir::func::FuncOp function, const Signature &signature,
                                const std::function<bool(const std::string &)> &exists) {
  return Finder(function, signature, exists).find();
}

} // namespace arsis::ref
