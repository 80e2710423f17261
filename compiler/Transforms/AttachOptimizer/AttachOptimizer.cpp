// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emits one update per gradient and returns every next value of state in place of the old one.

#include "compiler/Transforms/AttachOptimizer/AttachOptimizer.h"

#include "compiler/Transforms/TrainStep/Signature.h"

#include <cmath>

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_ATTACHOPTIMIZER
#include "compiler/Transforms/AttachOptimizer/AttachOptimizer.h.inc"

namespace {

struct NewState {
  unsigned argument;
  Value value;
};

class Updater {
public:
  Updater(func::FuncOp step, const SgdOptions &options)
      : step(step), options(options), builder(step.getContext()), names(step) {}

  LogicalResult update(unsigned parameter, Value gradient) {
    if (!learningRate)
      addLearningRate();
    Value value = step.getArgument(parameter);
    StringRef name = argumentText(step, parameter, nn::kName);
    Value velocity;
    if (options.momentum != 0)
      velocity = addVelocity(parameter, names.claim(("velocity:" + name).str()));
    builder.setInsertionPointAfter(lastReader(value, gradient));
    SmallVector<Type, 2> types(velocity ? 2 : 1, value.getType());
    Location loc = nn::withPhase(gradient.getLoc(), nn::phase::kUpdate);
    auto op = nn::SgdOp::create(builder, loc, types[0], velocity ? types[1] : Type(), value, gradient,
                                learningRate, velocity, builder.getF32FloatAttr(options.momentum),
                                builder.getF32FloatAttr(options.weightDecay), nullptr);
    states.push_back({parameter, op.getNewParam()});
    if (velocity)
      states.push_back({cast<BlockArgument>(velocity).getArgNumber(), op.getNewVelocity()});
    return success();
  }

  SmallVector<NewState> states;

private:
  void addLearningRate() {
    auto type = RankedTensorType::get({}, builder.getF32Type());
    NamedAttribute initial(builder.getStringAttr(nn::kInitial),
                           DenseElementsAttr::get(type, options.learningRate));
    learningRate = appendArgument(step, type, names.claim("learning_rate"), "hyper", initial);
  }

  Value addVelocity(unsigned parameter, StringRef name) {
    auto type = cast<RankedTensorType>(step.getArgument(parameter).getType());
    SmallVector<NamedAttribute> attributes = hostLayout(step, parameter);
    attributes.emplace_back(builder.getStringAttr(nn::kInitial), DenseElementsAttr::get(type, 0.0f));
    return appendArgument(step, type, name, "state", attributes);
  }

  // The operation after which the parameter's storage may be overwritten: its last reader, or the gradient
  // itself.
  Operation *lastReader(Value parameter, Value gradient) {
    Operation *last = gradient.getDefiningOp();
    for (Operation *user : parameter.getUsers())
      if (!isa<func::ReturnOp>(user) && (!last || last->isBeforeInBlock(user)))
        last = user;
    return last;
  }

  func::FuncOp step;
  const SgdOptions &options;
  OpBuilder builder;
  TensorNames names;
  Value learningRate;
};

// Next values of state that operations compute beside their result and no result of the function returns.
SmallVector<NewState> findStateUpdates(func::FuncOp step) {
  DenseSet<unsigned> returned;
  for (unsigned result = 0; result < step.getNumResults(); ++result)
    if (auto donates = step.getResultAttrOfType<IntegerAttr>(result, nn::kDonates))
      returned.insert(donates.getInt());
  SmallVector<NewState> states;
  for (auto op : step.getBody().front().getOps<nn::StatefulOpInterface>())
    for (auto [operand, result] : op.getStateUpdates()) {
      auto argument = dyn_cast<BlockArgument>(op->getOperand(operand));
      if (argument && argumentText(step, argument.getArgNumber(), nn::kRole) == "state" &&
          returned.insert(argument.getArgNumber()).second)
        states.push_back({argument.getArgNumber(), op->getResult(result)});
    }
  return states;
}

LogicalResult checkOptions(func::FuncOp step, const SgdOptions &options) {
  for (auto [name, value] : {std::pair<StringRef, float>{"learning rate", options.learningRate},
                             {"momentum", options.momentum},
                             {"weight decay", options.weightDecay}})
    if (!std::isfinite(value) || value < 0)
      return step.emitError() << "expects the " << name << " to be finite and not negative, found "
                              << std::to_string(value);
  return success();
}

} // namespace

LogicalResult attachOptimizer(func::FuncOp step, const SgdOptions &options, bool keepGradients) {
  if (failed(checkOptions(step, options)))
    return failure();
  SmallVector<NewState> states = findStateUpdates(step);
  Updater updater(step, options);
  SmallVector<unsigned> gradients = resultsWithRole(step, "gradient");
  for (unsigned result : gradients) {
    auto parameter = step.getResultAttrOfType<IntegerAttr>(result, nn::kGradientOf);
    if (!parameter || argumentText(step, parameter.getInt(), nn::kRole) != "parameter")
      return step.emitError() << "expects gradient result " << result << " to have " << nn::kGradientOf
                              << ", the number of its parameter, found "
                              << (parameter ? "that of another argument" : "none");
    if (failed(updater.update(parameter.getInt(), getReturn(step).getOperand(result))))
      return failure();
  }
  if (!keepGradients)
    for (unsigned result : llvm::reverse(gradients))
      eraseResult(step, result);

  llvm::append_range(states, updater.states);
  unsigned position = keepGradients && !gradients.empty() ? gradients.front() : step.getNumResults();
  Builder builder(step.getContext());
  for (const NewState &state : states) {
    SmallVector<NamedAttribute> attributes = hostLayout(step, state.argument);
    attributes.emplace_back(builder.getStringAttr(nn::kDonates), builder.getI64IntegerAttr(state.argument));
    insertResult(step, position++, state.value, argumentText(step, state.argument, nn::kName),
                 argumentText(step, state.argument, nn::kRole), attributes);
  }
  return success();
}

namespace {
struct AttachOptimizer : impl::AttachOptimizerBase<AttachOptimizer> {
  using AttachOptimizerBase::AttachOptimizerBase;
  void runOnOperation() override {
    if (getOperation().isExternal() || resultsWithRole(getOperation(), "gradient").empty())
      return;
    if (failed(attachOptimizer(getOperation(), {learningRate, momentum, weightDecay}, keepGradients)))
      signalPassFailure();
  }
};
} // namespace

} // namespace arsis::compiler
