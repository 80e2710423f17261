// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The walk over a step function. Values are freed after their last use, so that memory is that of the live
// set.
#include "runtime/Interpreter/Interpreter.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "dialects/NN/IR/UnitOps.h"
#include "runtime/Interpreter/Convert.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/DenseMap.h"

#include <memory>

namespace arsis::ref {
namespace {

/// Throws arsis::Error unless the tensor fits; widens and narrows where the contract in the header says so.
HostTensor accept(const Slot &slot, const HostTensor &given, bool wide) {
  if (given.shape() != slot.shape)
    throw InputError("input '" + slot.name + "' is " + toString(given.shape()) + ", expected " +
                     toString(slot.shape));
  const HostType type = wide && slot.type == HostType::F32 ? HostType::F64 : slot.type;
  if (given.type() == type || given.type() == slot.type ||
      (slot.type == HostType::I32 && given.type() == HostType::I64))
    return given.converted(type);
  throw InputError("input '" + slot.name + "' is of " + nameOf(given.type()) + ", expected " +
                   nameOf(slot.type));
}

class Walk {
public:
  Walk(mlir::func::FuncOp func, const Options &options) : func(func), options(options) {}

  llvm::FailureOr<TensorMap> run(const TensorMap &inputs) {
    const numerics::FloatEnvironment environment;
    if (!func.getBody().hasOneBlock())
      return func.emitError("the reference evaluates functions of one block");
    Signature signature;
    try {
      signature = signatureOf(func);
      bind(signature, inputs);
    } catch (const Error &error) {
      return func.emitError(error.what());
    }
    for (mlir::Operation &op : func.getBody().front().without_terminator()) {
      checkInterrupt();
      if (llvm::failed(step(&op)))
        return llvm::failure();
    }
    TensorMap outputs;
    mlir::Operation *end = func.getBody().front().getTerminator();
    for (auto [slot, value] : llvm::zip_equal(signature.results, end->getOperands()))
      outputs.emplace(slot.name, *values.find(value)->second);
    return outputs;
  }

private:
  void bind(const Signature &signature, const TensorMap &inputs) {
    const bool wide = options.backend == Backend::PlainF64;
    for (const auto &input : inputs)
      if (!signature.argument(input.first))
        throw InputError("input '" + input.first + "' is no argument of @" + func.getName().str());
    std::string missing;
    for (auto [slot, argument] : llvm::zip_equal(signature.arguments, func.getArguments())) {
      auto given = inputs.find(slot.name);
      if (given != inputs.end())
        bindArgument(argument, accept(slot, given->second, wide));
      else if (slot.initial)
        bindArgument(argument, accept(slot, tensorOfElements(slot.initial), wide));
      else
        missing += (missing.empty() ? "'" : ", '") + slot.name + "'";
    }
    if (!missing.empty())
      throw InputError("no input and no initial value for " + missing);
  }

  void bindArgument(mlir::Value argument, HostTensor tensor) {
    roundTo(argument.getType(), tensor);
    define(argument, std::move(tensor));
  }

  void define(mlir::Value value, HostTensor tensor) {
    if (value.use_empty())
      return;
    values[value] = std::make_unique<HostTensor>(std::move(tensor));
    usesLeft[value] = static_cast<unsigned>(std::distance(value.use_begin(), value.use_end()));
  }

  llvm::LogicalResult step(mlir::Operation *op) {
    std::vector<const HostTensor *> operands;
    for (mlir::Value operand : op->getOperands())
      operands.push_back(values.find(operand)->second.get());
    llvm::FailureOr<std::vector<HostTensor>> results = evaluateOp(op, operands, options.backend);
    if (llvm::failed(results))
      return llvm::failure();
    if (options.observe)
      options.observe(op, *results);
    for (mlir::Value operand : op->getOperands())
      if (--usesLeft[operand] == 0)
        values.erase(operand);
    for (auto [value, tensor] : llvm::zip_equal(op->getResults(), *results))
      define(value, std::move(tensor));
    return llvm::success();
  }

  mlir::func::FuncOp func;
  const Options &options;
  llvm::DenseMap<mlir::Value, std::unique_ptr<HostTensor>> values;
  llvm::DenseMap<mlir::Value, unsigned> usesLeft;
};

} // namespace

/// What the body of a unit computes, operation by operation.
static llvm::FailureOr<std::vector<HostTensor>>
evaluateBody(mlir::Block &body, llvm::ArrayRef<const HostTensor *> operands, Backend backend) {
  llvm::DenseMap<mlir::Value, const HostTensor *> values;
  std::vector<std::unique_ptr<HostTensor>> made;
  for (auto [argument, operand] : llvm::zip_equal(body.getArguments(), operands))
    values[argument] = operand;
  auto of = [&](mlir::Value value) { return values.at(value); };
  for (mlir::Operation &op : body.without_terminator()) {
    auto results = evaluateOp(&op, llvm::map_to_vector(op.getOperands(), of), backend);
    if (llvm::failed(results))
      return llvm::failure();
    for (auto [value, tensor] : llvm::zip_equal(op.getResults(), *results)) {
      made.push_back(std::make_unique<HostTensor>(std::move(tensor)));
      values[value] = made.back().get();
    }
  }
  std::vector<HostTensor> outputs;
  for (mlir::Value value : body.getTerminator()->getOperands())
    outputs.push_back(*of(value));
  return outputs;
}

llvm::FailureOr<std::vector<HostTensor>>
evaluateOp(mlir::Operation *op, llvm::ArrayRef<const HostTensor *> operands, Backend backend) {
  const numerics::FloatEnvironment environment;
  if (mlir::Block *body = nn::bodyOf(op))
    return evaluateBody(*body, operands, backend);
  try {
    KernelCall call;
    call.op = op->getName().getStringRef().str();
    call.operands.assign(operands.begin(), operands.end());
    call.attributes = attributesOf(op);
    const std::optional<ReductionPlan> plan = planOf(op);
    call.plan = plan ? &*plan : nullptr;
    for (mlir::Type type : op->getResultTypes())
      call.results.push_back(tensorOfType(type, backend == Backend::PlainF64));
    evaluate(call, backend);
    for (auto [type, result] : llvm::zip_equal(op->getResultTypes(), call.results))
      roundTo(type, result);
    return std::move(call.results);
  } catch (const Error &error) {
    return op->emitError(error.what());
  }
}

llvm::FailureOr<TensorMap> run(mlir::func::FuncOp func, const TensorMap &inputs, const Options &options) {
  return Walk(func, options).run(inputs);
}

llvm::FailureOr<TensorMap> run(mlir::ModuleOp module, const TensorMap &inputs, const Options &options) {
  mlir::func::FuncOp func;
  try {
    func = entryOf(module);
  } catch (const Error &error) {
    return module.emitError(error.what());
  }
  return run(func, inputs, options);
}

} // namespace arsis::ref
