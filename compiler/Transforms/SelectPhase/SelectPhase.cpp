// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Drops the results of the other phase, then whatever nothing reads any more.

#include "compiler/Transforms/SelectPhase/SelectPhase.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Transforms/TrainStep/Signature.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_SELECTPHASE
#include "compiler/Transforms/SelectPhase/SelectPhase.h.inc"

StepPhase parsePhase(std::string_view text) {
  static constexpr std::pair<std::string_view, StepPhase> kPhases[] = {
      {"joint", StepPhase::Joint}, {"gradients", StepPhase::Gradients}, {"update", StepPhase::Update}};
  for (auto [name, phase] : kPhases)
    if (name == text)
      return phase;
  throw InputError(optionName("phase") + ": found '" + std::string(text) +
                   "', expected joint, gradients or update");
}

namespace {

class Selection {
public:
  explicit Selection(func::FuncOp step) : step(step), body(step.getBody().front()) {}

  LogicalResult run(StepPhase phase) {
    if (failed(findBoundary()) || failed(findGradients()))
      return failure();
    findDependents();
    llvm::BitVector unread(step.getNumArguments());
    for (BlockArgument argument : step.getArguments())
      unread[argument.getArgNumber()] = argument.use_empty();
    const bool update = phase == StepPhase::Update;
    if (update)
      takeGradients();
    dropResults([&](Value value) { return dependents.contains(value) != update; });
    dropDead();
    if (update && failed(checkNothingBefore()))
      return failure();
    llvm::BitVector dropped(step.getNumArguments());
    for (BlockArgument argument : step.getArguments())
      if (argument.use_empty() && argument.getArgNumber() < unread.size())
        dropped[argument.getArgNumber()] = !unread[argument.getArgNumber()];
    keepNamed(dropped);
    eraseArguments(step, dropped);
    if (update)
      return setOptions(step, {{"phase", "update"}, {"keep", ""}});
    return setOptions(step, {{"phase", "gradients"}});
  }

private:
  LogicalResult findBoundary() {
    auto boundaries = llvm::to_vector(body.getOps<nn::PhaseBoundaryOpInterface>());
    if (boundaries.size() != 1)
      return step.emitError() << "expects one point where gradients and updates meet, found "
                              << boundaries.size();
    boundary = boundaries.front();
    return success();
  }

  /// The results that return what the boundary hands on, in its order.
  LogicalResult findGradients() {
    gradients = resultsWithRole(step, nn::Role::Gradient);
    auto isHandedOn = [&](auto pair) {
      return getReturn(step).getOperand(std::get<0>(pair)) == boundary.getHandedOn(std::get<1>(pair));
    };
    if (gradients.size() != boundary->getNumResults() ||
        !llvm::all_of(llvm::zip_equal(gradients, boundary->getResults()), isHandedOn))
      return step.emitError() << "expects the " << boundary->getNumResults()
                              << " gradients that the updates follow among the results, in their order";
    return success();
  }

  void findDependents() {
    dependents.insert(boundary->result_begin(), boundary->result_end());
    for (Operation *op = boundary; op; op = op->getNextNode())
      if (llvm::any_of(op->getOperands(), [&](Value operand) { return dependents.contains(operand); }))
        dependents.insert(op->result_begin(), op->result_end());
  }

  /// The gradients become arguments, as the results describe them.
  void takeGradients() {
    SmallVector<NewTensor> arguments;
    for (unsigned result : gradients)
      arguments.push_back({step.getResultTypes()[result], resultText(step, result, nn::kName).str(),
                           nn::Role::Gradient, llvm::to_vector(step.getResultAttrDict(result))});
    for (auto [result, argument] : llvm::zip_equal(boundary->getResults(), appendArguments(step, arguments)))
      boundary->setOperand(result.getResultNumber(), argument);
  }

  void dropResults(llvm::function_ref<bool(Value)> isDropped) {
    SmallVector<unsigned> dropped;
    for (auto [number, value] : llvm::enumerate(getReturn(step).getOperands()))
      if (isDropped(value))
        dropped.push_back(number);
    eraseResults(step, dropped);
  }

  void dropDead() {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

  /// What stays may name an argument that nothing reads: a gradient its parameter.
  void keepNamed(llvm::BitVector &dropped) {
    auto keep = [&](DictionaryAttr attributes) {
      for (StringRef name : {StringRef(nn::kDonates), StringRef(nn::kGradientOf), StringRef(nn::kSlotOf)})
        if (auto number = attributes ? attributes.getAs<IntegerAttr>(name) : IntegerAttr())
          dropped.reset(number.getInt());
    };
    for (unsigned argument = 0; argument < step.getNumArguments(); ++argument)
      if (!dropped[argument])
        keep(step.getArgAttrDict(argument));
    for (unsigned result = 0; result < step.getNumResults(); ++result)
      keep(step.getResultAttrDict(result));
  }

  LogicalResult checkNothingBefore() {
    for (Operation &op : body) {
      if (&op == boundary)
        break;
      if (!matchPattern(&op, m_Constant()))
        return op.emitError() << "is read behind the point where gradients and updates meet, expected an "
                                 "update to read arguments, constants and gradients only";
    }
    return success();
  }

  func::FuncOp step;
  Block &body;
  nn::PhaseBoundaryOpInterface boundary;
  SmallVector<unsigned> gradients; // numbers of results
  DenseSet<Value> dependents;      // of the boundary
};

struct SelectPhase : impl::SelectPhaseBase<SelectPhase> {
  using SelectPhaseBase::SelectPhaseBase;
  void runOnOperation() override {
    func::FuncOp step = getOperation();
    if (step.isExternal() || resultsWithRole(step, nn::Role::Loss).empty())
      return;
    if (failed(reported(step, [&] { return selectPhase(step, parsePhase(phase)); })))
      signalPassFailure();
  }
};

} // namespace

LogicalResult selectPhase(func::FuncOp step, StepPhase phase) {
  return phase == StepPhase::Joint ? success() : Selection(step).run(phase);
}

} // namespace arsis::compiler
