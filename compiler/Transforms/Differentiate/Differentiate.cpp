// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reverse mode in one sweep: mark what depends on a parameter (forward), mark what the loss depends on
// (backward), then walk the marked operations from the loss up and let each emit the gradients of its marked
// operands.

#include "compiler/Transforms/Differentiate/Differentiate.h"

#include "compiler/Record/Record.h"
#include "compiler/Transforms/TrainStep/Signature.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_DIFFERENTIATE
#include "compiler/Transforms/Differentiate/Differentiate.h.inc"

namespace {

using ValueSet = DenseSet<Value>;

// Values that depend on a parameter. Integers carry no gradient and end the dependence.
ValueSet findVaried(func::FuncOp step) {
  ValueSet varied;
  for (BlockArgument argument : step.getArguments())
    if (argumentRole(step, argument.getArgNumber()) == nn::Role::Parameter)
      varied.insert(argument);
  auto isVaried = [&](Value value) { return varied.contains(value); };
  for (Operation &op : step.getBody().front().without_terminator())
    if (llvm::any_of(op.getOperands(), isVaried))
      for (Value result : op.getResults())
        if (isa<FloatType>(getElementTypeOrSelf(result)))
          varied.insert(result);
  return varied;
}

// Operations on a path from a parameter to the loss, last first.
SmallVector<Operation *> findActive(func::FuncOp step, Value loss, const ValueSet &varied) {
  ValueSet useful = {loss};
  SmallVector<Operation *> active;
  for (Operation &op : llvm::reverse(step.getBody().front().without_terminator())) {
    if (!llvm::any_of(op.getResults(), [&](Value result) { return useful.contains(result); }))
      continue;
    useful.insert(op.operand_begin(), op.operand_end());
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return varied.contains(operand); }))
      active.push_back(&op);
  }
  return active;
}

LogicalResult checkRules(func::FuncOp step, ArrayRef<Operation *> active) {
  SmallVector<Operation *> missing;
  for (Operation *op : llvm::reverse(active))
    if (!isa<nn::DifferentiableOpInterface>(op))
      missing.push_back(op);
  if (missing.empty())
    return success();
  InFlightDiagnostic diagnostic = step.emitError() << "cannot differentiate @" << step.getName()
                                                   << ": expects a rule for every "
                                                   << "operation between a parameter and the loss, found "
                                                   << missing.size() << " without one";
  for (Operation *op : missing)
    diagnostic.attachNote(op->getLoc()) << "no rule for '" << op->getName() << "'";
  return diagnostic;
}

// The sum of the gradients that have reached each value so far.
class Gradients {
public:
  explicit Gradients(OpBuilder &builder) : builder(builder) {}

  void add(Value value, Value gradient) {
    Value &sum = sums[value];
    if (sum) {
      Location loc = nn::withPhase(value.getLoc(), nn::phase::kBackwardInput);
      // An argument has no origin: the sum belongs to the layer whose gradient arrives last.
      if (isa<BlockArgument>(value))
        loc = gradient.getLoc();
      gradient = nn::AddOp::create(builder, loc, value.getType(), sum, gradient, nullptr, nullptr);
    }
    sum = gradient;
  }
  Value get(Value value) const { return sums.lookup(value); }

private:
  OpBuilder &builder;
  DenseMap<Value, Value> sums;
};

LogicalResult applyRule(Operation *op, OpBuilder &builder, const ValueSet &varied, Gradients &gradients) {
  SmallVector<Value> resultGrads, operandGrads;
  for (Value result : op->getResults())
    resultGrads.push_back(gradients.get(result));
  SmallVector<bool> needed;
  for (Value operand : op->getOperands())
    needed.push_back(varied.contains(operand));
  if (failed(cast<nn::DifferentiableOpInterface>(op).buildVJP(builder, resultGrads, needed, operandGrads)))
    return failure();
  for (auto [operand, gradient, isNeeded] : llvm::zip_equal(op->getOperands(), operandGrads, needed)) {
    if (isNeeded && (!gradient || gradient.getType() != operand.getType()))
      return op->emitOpError() << "expects its rule to give a gradient of type " << operand.getType()
                               << ", found " << (gradient ? "another type" : "none");
    if (isNeeded)
      gradients.add(operand, gradient);
  }
  return success();
}

} // namespace

/// A new argument, the scale of the loss.
static FailureOr<Value> addLossScale(func::FuncOp step, RankedTensorType type, double initial) {
  Builder builder(step.getContext());
  const std::string name = TensorNames(step).claim("loss_scale");
  if (failed(setOptions(step, {{"loss_scale", name}})))
    return failure();
  NewTensor scale = {type, name, nn::Role::Hyper};
  scale.attributes.emplace_back(builder.getStringAttr(nn::kInitial),
                                DenseElementsAttr::get(type, float(initial)));
  return appendArguments(step, scale).front();
}

FailureOr<Value> lossScaleOf(func::FuncOp step) {
  FailureOr<DictionaryAttr> options = optionsOf(step);
  if (failed(options))
    return failure();
  const std::optional<std::string> name = option(*options, "loss_scale");
  for (BlockArgument argument : step.getArguments())
    if (name && argumentText(step, argument.getArgNumber(), nn::kName) == *name)
      return Value(argument);
  return Value();
}

/// What the gradient of the loss by itself is: one, or the scale.
static FailureOr<Value> seed(func::FuncOp step, Value loss, double lossScale, OpBuilder &builder) {
  auto type = cast<RankedTensorType>(loss.getType());
  if (lossScale != 0)
    return addLossScale(step, type, lossScale);
  return Value(nn::ConstantOp::create(builder, nn::withPhase(loss.getLoc(), nn::phase::kBackwardInput), type,
                                      DenseElementsAttr::get(type, 1.0f)));
}

LogicalResult differentiate(func::FuncOp step, double lossScale) {
  SmallVector<unsigned> losses = resultsWithRole(step, nn::Role::Loss);
  if (losses.size() != 1)
    return step.emitError() << "expects one result of role 'loss', found " << losses.size();
  func::ReturnOp terminator = getReturn(step);
  Value loss = terminator.getOperand(losses.front());
  auto lossType = dyn_cast<RankedTensorType>(loss.getType());
  if (!lossType || lossType.getRank() != 0 || !lossType.getElementType().isF32())
    return step.emitError() << "expects the loss to be a tensor of rank 0 of f32, found " << loss.getType();

  ValueSet varied = findVaried(step);
  SmallVector<Operation *> active = findActive(step, loss, varied);
  if (failed(checkRules(step, active)))
    return failure();

  OpBuilder builder(terminator);
  Gradients gradients(builder);
  if (!active.empty()) {
    FailureOr<Value> first = seed(step, loss, lossScale, builder);
    if (failed(first))
      return failure();
    gradients.add(loss, *first);
  }
  for (Operation *op : active)
    if (failed(applyRule(op, builder, varied, gradients)))
      return failure();

  TensorNames names(step);
  SmallVector<NewTensor> results;
  Builder attributes(step.getContext());
  for (BlockArgument argument : step.getArguments()) {
    unsigned number = argument.getArgNumber();
    if (argumentRole(step, number) != nn::Role::Parameter)
      continue;
    StringRef name = argumentText(step, number, nn::kName);
    if (Value gradient = gradients.get(argument)) {
      SmallVector<NamedAttribute> layout = hostLayout(step, number);
      layout.emplace_back(attributes.getStringAttr(nn::kGradientOf), attributes.getI64IntegerAttr(number));
      results.push_back(
          {gradient.getType(), names.claim(("grad:" + name).str()), nn::Role::Gradient, layout, gradient});
    } else {
      step.emitWarning() << "the loss does not depend on parameter '" << name << "', it gets no gradient";
    }
  }
  insertResults(step, step.getNumResults(), results);
  return success();
}

namespace {
struct Differentiate : impl::DifferentiateBase<Differentiate> {
  using DifferentiateBase::DifferentiateBase;
  void runOnOperation() override {
    if (getOperation().isExternal() || resultsWithRole(getOperation(), nn::Role::Loss).empty())
      return;
    if (failed(differentiate(getOperation(), lossScale)))
      signalPassFailure();
  }
};
} // namespace

} // namespace arsis::compiler
