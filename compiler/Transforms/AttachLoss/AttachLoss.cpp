// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clones the forward function and appends the loss.

#include "compiler/Transforms/AttachLoss/AttachLoss.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Transforms/TrainStep/Signature.h"
#include "dialects/Isa/Encoding/OptionNames.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_ATTACHLOSS
#include "compiler/Transforms/AttachLoss/AttachLoss.h.inc"

// Results that replace an argument are state, not outputs of the model.
static bool isOutput(func::FuncOp function, unsigned result) {
  return !function.getResultAttr(result, nn::kDonates);
}

static std::string describe(func::FuncOp function, ArrayRef<unsigned> results) {
  std::string text;
  for (unsigned result : results)
    text += (text.empty() ? "'" : ", '") + resultText(function, result, nn::kName).str() + "'";
  return text.empty() ? "none" : text;
}

static FailureOr<unsigned> findLogits(func::FuncOp forward, StringRef name) {
  SmallVector<unsigned> outputs;
  for (unsigned result = 0; result < forward.getNumResults(); ++result)
    if (isOutput(forward, result))
      outputs.push_back(result);
  if (name.empty()) {
    if (outputs.size() == 1)
      return outputs.front();
    return ofKind(ErrorKind::Model, forward.emitError())
           << "expects one output to attach the loss to, found " << outputs.size()
           << "; name the logits among them with " << optionName("logits") << ": "
           << describe(forward, outputs);
  }
  for (unsigned result : outputs)
    if (resultText(forward, result, nn::kName) == name)
      return result;
  return ofKind(ErrorKind::Model, forward.emitError())
         << "expects an output named '" << name << "' to attach the loss to, found "
         << describe(forward, outputs);
}

namespace {
/// Which dimensions of the logits are images and classes. On the host they are the first two, and the others
/// have extent 1: a convolution as the last layer leaves N x classes x 1 x 1.
struct LogitsShape {
  int64_t images, classes;
  bool classesFirst; ///< they lie before the images here
};
} // namespace

static FailureOr<LogitsShape> readLogits(func::FuncOp forward, unsigned result) {
  Type found = forward.getResultTypes()[result];
  auto type = dyn_cast<RankedTensorType>(found);
  auto fail = [&]() -> LogicalResult {
    return ofKind(ErrorKind::Model, forward.emitError())
           << "expects the logits to be static, of f32 and of shape images x classes, or with "
              "further extents of 1, found "
           << found;
  };
  if (!type || type.getRank() < 2 || !type.getElementType().isF32() || !type.hasStaticShape())
    return fail();
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  if (auto permutation = forward.getResultAttrOfType<DenseI64ArrayAttr>(result, nn::kHostPermutation))
    dims.assign(permutation.asArrayRef().begin(), permutation.asArrayRef().end());
  if (dims.size() != static_cast<size_t>(type.getRank()))
    return fail();
  for (int64_t dim : ArrayRef<int64_t>(dims).drop_front(2))
    if (type.getDimSize(dim) != 1)
      return fail();
  return LogitsShape{type.getDimSize(dims[0]), type.getDimSize(dims[1]), dims[1] < dims[0]};
}

/// The logits as a matrix of one row per image.
static Value makeMatrix(OpBuilder &builder, Location loc, Value logits, const LogitsShape &shape) {
  auto matrix = [&](int64_t rows, int64_t columns) {
    return RankedTensorType::get({rows, columns}, builder.getF32Type());
  };
  RankedTensorType flat =
      shape.classesFirst ? matrix(shape.classes, shape.images) : matrix(shape.images, shape.classes);
  if (logits.getType() != flat)
    logits = nn::ReshapeOp::create(builder, loc, flat, logits);
  if (shape.classesFirst)
    logits = nn::TransposeOp::create(builder, loc, matrix(shape.images, shape.classes), logits,
                                     ArrayRef<int64_t>{1, 0}, nullptr);
  return logits;
}

/// A softmax in front of a loss that contains one computes another loss. That of a logarithm is the same.
static LogicalResult refuseSoftmax(Value logits) {
  while (auto view = logits.getDefiningOp<nn::ViewOpInterface>())
    logits = view.getViewed();
  auto softmax = logits.getDefiningOp<nn::SoftmaxOp>();
  return softmax ? ofKind(ErrorKind::Model, softmax.emitError())
                       << "is a softmax in front of the loss, which contains one; export the model with its "
                          "logits as output"
                 : success();
}

FailureOr<func::FuncOp> attachLoss(ModuleOp module, StringRef loss, StringRef logitsName) {
  auto forward = module.lookupSymbol<func::FuncOp>(kForwardFunction);
  if (!forward || forward.isExternal() || !forward.getBody().hasOneBlock())
    return module.emitError() << "expects a function @" << kForwardFunction << " of one block, found none";
  if (module.lookupSymbol(kTrainFunction))
    return module.emitError() << "expects no @" << kTrainFunction << " yet, found one";
  if (loss != kSoftmaxCrossEntropy)
    return module.emitError() << "expects the loss to be one of: " << kSoftmaxCrossEntropy << ", found '"
                              << loss << "'";
  FailureOr<unsigned> position = findLogits(forward, logitsName);
  if (failed(position))
    return failure();
  if (failed(refuseSoftmax(forward.getBody().front().getTerminator()->getOperand(*position))))
    return failure();
  FailureOr<LogitsShape> shape = readLogits(forward, *position);
  if (failed(shape))
    return failure();

  OpBuilder builder(module.getContext());
  builder.setInsertionPointAfter(forward);
  func::FuncOp step = forward.clone();
  step.setName(kTrainFunction);
  builder.insert(step);

  TensorNames names(step);
  auto labelsType = RankedTensorType::get({shape->images}, builder.getI32Type());
  Value labels = appendArguments(step, NewTensor{labelsType, names.claim("labels"), nn::Role::Label}).front();
  for (unsigned result = 0; result < step.getNumResults(); ++result)
    if (isOutput(step, result))
      step.setResultAttr(result, nn::kRole, nn::RoleAttr::get(builder.getContext(), nn::Role::Output));
  func::ReturnOp terminator = getReturn(step);
  builder.setInsertionPoint(terminator);
  Location loc = nn::makeOrigin(module.getContext(), "loss", nn::phase::kLoss);
  Value logits = makeMatrix(builder, loc, terminator.getOperand(*position), *shape);
  auto op = nn::SoftmaxCrossEntropyOp::create(builder, loc, RankedTensorType::get({}, builder.getF32Type()),
                                              logits.getType(), logits, labels, nullptr, nullptr);
  insertResults(step, 0,
                NewTensor{op.getLoss().getType(), names.claim("loss"), nn::Role::Loss, {}, op.getLoss()});
  std::map<std::string, std::string> made = {{"mode", "train"}, {"loss", loss.str()}};
  if (!logitsName.empty())
    made["logits"] = logitsName;
  if (failed(setOptions(step, made)))
    return failure();
  return step;
}

namespace {
struct AttachLoss : impl::AttachLossBase<AttachLoss> {
  using AttachLossBase::AttachLossBase;
  void runOnOperation() override {
    if (failed(attachLoss(getOperation(), loss, logits)))
      return signalPassFailure();
    if (replace)
      getOperation().lookupSymbol(kForwardFunction)->erase();
  }
};
} // namespace

} // namespace arsis::compiler
