// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emits one update per gradient and returns every next value of state in place of the old one.

#include "compiler/Transforms/AttachOptimizer/AttachOptimizer.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Transforms/Differentiate/Differentiate.h"
#include "compiler/Transforms/TrainStep/Signature.h"
#include "dialects/Isa/Encoding/Error.h"

#include <charconv>

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_ATTACHOPTIMIZER
#include "compiler/Transforms/AttachOptimizer/AttachOptimizer.h.inc"

namespace {

struct NewState {
  unsigned argument;
  Value value;
};

struct Update {
  unsigned parameter; // number of its argument
  Value gradient;
};

class Updater {
public:
  Updater(func::FuncOp step, const SgdOptions &options)
      : step(step), options(options), builder(step.getContext()) {}

  void run(ArrayRef<Update> updates) {
    SmallVector<Value> added = addArguments(updates);
    builder.setInsertionPoint(getReturn(step));
    SmallVector<Value> ready = emitBoundary(updates);
    for (auto [number, update] : llvm::enumerate(updates))
      emit(update, ready[number], added.front(), options.momentum != 0 ? added[number + 1] : Value());
  }

  SmallVector<NewState> states;

private:
  /// The learning rate and, with momentum, the velocities in the order of the updates.
  SmallVector<Value> addArguments(ArrayRef<Update> updates) {
    TensorNames names(step);
    auto withInitial = [&](RankedTensorType type, float value, SmallVector<NamedAttribute> attributes = {}) {
      attributes.emplace_back(builder.getStringAttr(nn::kInitial), DenseElementsAttr::get(type, value));
      return attributes;
    };
    auto scalar = RankedTensorType::get({}, builder.getF32Type());
    SmallVector<NewTensor> arguments;
    arguments.push_back({scalar, names.claim("learning_rate"), nn::Role::Hyper,
                         withInitial(scalar, float(options.learningRate))});
    if (options.momentum != 0)
      for (const Update &update : updates) {
        auto type = cast<RankedTensorType>(step.getArgument(update.parameter).getType());
        std::string name = names.claim(("velocity:" + argumentText(step, update.parameter, nn::kName)).str());
        SmallVector<NamedAttribute> attributes = hostLayout(step, update.parameter);
        attributes.emplace_back(builder.getStringAttr(nn::kSlotOf),
                                builder.getI64IntegerAttr(update.parameter));
        arguments.push_back({type, std::move(name), nn::Role::State, withInitial(type, 0.0f, attributes)});
      }
    return appendArguments(step, arguments);
  }

  /// The gradients behind the point where the two phases meet.
  SmallVector<Value> emitBoundary(ArrayRef<Update> updates) {
    SmallVector<Value> gradients;
    SmallVector<StringRef> names;
    for (const Update &update : updates) {
      gradients.push_back(update.gradient);
      names.push_back(argumentText(step, update.parameter, nn::kName));
    }
    return llvm::to_vector_of<Value>(nn::GradientsOp::create(builder, step.getLoc(), TypeRange(gradients),
                                                             gradients, builder.getStrArrayAttr(names))
                                         ->getResults());
  }

  void emit(const Update &update, Value gradient, Value learningRate, Value velocity) {
    Value value = step.getArgument(update.parameter);
    Location loc = nn::withPhase(update.gradient.getLoc(), nn::phase::kUpdate);
    auto op =
        nn::SgdOp::create(builder, loc, value.getType(), velocity ? value.getType() : Type(), value, gradient,
                          learningRate, velocity, builder.getF32FloatAttr(float(options.momentum)),
                          builder.getF32FloatAttr(float(options.weightDecay)), nullptr);
    states.push_back({update.parameter, op.getNewParam()});
    if (velocity)
      states.push_back({cast<BlockArgument>(velocity).getArgNumber(), op.getNewVelocity()});
  }

  func::FuncOp step;
  const SgdOptions &options;
  OpBuilder builder;
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
      if (argument && argumentRole(step, argument.getArgNumber()) == nn::Role::State &&
          returned.insert(argument.getArgNumber()).second)
        states.push_back({argument.getArgNumber(), op->getResult(result)});
    }
  return states;
}

/// The gradients that are returned become those of the loss itself: what they were multiplied by goes where
/// they are computed, so that nobody behind that place sees the scale.
void unscale(func::FuncOp step, ArrayRef<unsigned> gradients, Value lossScale) {
  func::ReturnOp terminator = getReturn(step);
  OpBuilder builder(step.getContext());
  llvm::MapVector<Value, Value> unscaled;
  for (unsigned result : gradients) {
    Value scaled = terminator.getOperand(result);
    Value &value = unscaled[scaled];
    if (!value) {
      builder.setInsertionPointAfterValue(scaled);
      value = nn::UnscaleOp::create(builder, scaled.getLoc(), scaled.getType(), scaled, lossScale, nullptr);
    }
    terminator.setOperand(result, value);
  }
}

/// The fewest digits that read back as the same number.
std::string shortest(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

LogicalResult remember(func::FuncOp step, const SgdOptions &options, bool keepGradients) {
  std::map<std::string, std::string> made = {{"optimizer", "sgd"},
                                             {"optimizer.learning_rate", shortest(options.learningRate)},
                                             {"optimizer.momentum", shortest(options.momentum)},
                                             {"optimizer.weight_decay", shortest(options.weightDecay)}};
  if (keepGradients)
    made["keep"] = "gradients";
  return setOptions(step, made);
}

} // namespace

LogicalResult attachOptimizer(func::FuncOp step, const SgdOptions &options, bool keepGradients) {
  if (failed(remember(step, options, keepGradients)))
    return failure();
  SmallVector<NewState> states = findStateUpdates(step);
  SmallVector<unsigned> gradients = resultsWithRole(step, nn::Role::Gradient);
  FailureOr<Value> lossScale = lossScaleOf(step);
  if (failed(lossScale))
    return failure();
  if (*lossScale)
    unscale(step, gradients, *lossScale);
  SmallVector<Update> updates;
  for (unsigned result : gradients) {
    auto parameter = step.getResultAttrOfType<IntegerAttr>(result, nn::kGradientOf);
    if (!parameter || argumentRole(step, parameter.getInt()) != nn::Role::Parameter ||
        !isa<RankedTensorType>(step.getArgument(parameter.getInt()).getType()))
      return step.emitError() << "expects gradient result " << result << " to have " << nn::kGradientOf
                              << ", the number of its parameter, found "
                              << (parameter ? "that of another argument" : "none");
    updates.push_back({unsigned(parameter.getInt()), getReturn(step).getOperand(result)});
  }
  Updater updater(step, options);
  if (!updates.empty())
    updater.run(updates);
  if (!keepGradients)
    eraseResults(step, gradients);

  llvm::append_range(states, updater.states);
  unsigned position = keepGradients && !gradients.empty() ? gradients.front() : step.getNumResults();
  Builder builder(step.getContext());
  SmallVector<NewTensor> results;
  for (const NewState &state : states) {
    SmallVector<NamedAttribute> attributes = hostLayout(step, state.argument);
    attributes.emplace_back(builder.getStringAttr(nn::kDonates), builder.getI64IntegerAttr(state.argument));
    results.push_back({state.value.getType(), argumentText(step, state.argument, nn::kName).str(),
                       *argumentRole(step, state.argument), attributes, state.value});
  }
  insertResults(step, position, results);
  return success();
}

namespace {
struct AttachOptimizer : impl::AttachOptimizerBase<AttachOptimizer> {
  using AttachOptimizerBase::AttachOptimizerBase;
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    if (resultsWithRole(getOperation(), nn::Role::Gradient).empty()) {
      if (resultsWithRole(getOperation(), nn::Role::Loss).empty())
        return;
      ofKind(ErrorKind::Model, getOperation().emitError())
          << "expects a parameter that the loss depends on, found none to train";
      return signalPassFailure();
    }
    if (failed(reported(getOperation(), [&] {
          return attachOptimizer(getOperation(), parseOptimizer(optimizer), keepGradients);
        })))
      signalPassFailure();
  }
};
} // namespace

} // namespace arsis::compiler
