// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cross entropies read a matrix of one row per label; the other losses are means over all elements, however
// these are arranged.

#include "compiler/Transforms/AttachLoss/LossTerms.h"

#include "compiler/Analysis/Reported.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace arsis::compiler {

static std::string describe(func::FuncOp function, ArrayRef<unsigned> results) {
  std::string text;
  for (unsigned result : results)
    text += (text.empty() ? "'" : ", '") + resultText(function, result, nn::kName).str() + "'";
  return text.empty() ? "none" : text;
}

FailureOr<unsigned> findOutput(func::FuncOp forward, const LossTerm &term) {
  SmallVector<unsigned> outputs; // results that replace an argument are state
  for (unsigned result = 0; result < forward.getNumResults(); ++result)
    if (!forward.getResultAttr(result, nn::kDonates))
      outputs.push_back(result);
  if (term.output.empty()) {
    if (outputs.size() == 1)
      return outputs.front();
    return ofKind(ErrorKind::Model, forward.emitError())
           << "expects one output to attach the loss to, found " << outputs.size()
           << "; name the logits among them with " << optionName("logits") << ": "
           << describe(forward, outputs);
  }
  for (unsigned result : outputs)
    if (resultText(forward, result, nn::kName) == term.output)
      return result;
  return ofKind(ErrorKind::Model, forward.emitError())
         << "expects an output named '" << term.output << "' to attach the loss to, found "
         << describe(forward, outputs);
}

/// Logits as one row per label: the host's dimensions are the batch, the classes, and those of an image.
struct LossTerms::Rows {
  Value logits;
  SmallVector<int64_t> order; ///< the dimensions here, as rows have them: batch, image, classes
  SmallVector<int64_t> host;  ///< extents of the labels on the host: batch and image, without extents of 1
                              ///< where all of the image's are
  int64_t count = 1, classes = 0;
};

LossTerms::LossTerms(func::FuncOp step, TensorNames &names)
    : step(step), names(names), builder(getReturn(step)), loc(step.getLoc()) {}

RankedTensorType LossTerms::full(ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, builder.getF32Type());
}

Value LossTerms::scaled(Value x, double factor) {
  return nn::AffineOp::create(builder, loc, x.getType(), x,
                              builder.getF32FloatAttr(static_cast<float>(factor)), builder.getF32FloatAttr(0),
                              nullptr);
}

FailureOr<LossTerms::Rows> LossTerms::readRows(const LossTerm &term, unsigned output) {
  Rows rows;
  rows.logits = getReturn(step).getOperand(output);
  auto type = dyn_cast<RankedTensorType>(rows.logits.getType());
  SmallVector<int64_t> dims;
  if (type)
    dims = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  if (auto permutation = step.getResultAttrOfType<DenseI64ArrayAttr>(output, nn::kHostPermutation))
    dims.assign(permutation.asArrayRef().begin(), permutation.asArrayRef().end());
  if (!type || type.getRank() < 2 || !type.getElementType().isF32() || !type.hasStaticShape() ||
      dims.size() != static_cast<size_t>(type.getRank()))
    return ofKind(ErrorKind::Model, step.emitError())
           << "expects the logits to be static, of f32 and of shape batch x classes, with any further "
              "dimensions of an image, found "
           << rows.logits.getType();
  rows.order = {dims[0]};
  rows.host = {type.getDimSize(dims[0])};
  rows.classes = type.getDimSize(dims[1]);
  const ArrayRef<int64_t> image = ArrayRef(dims).drop_front(2);
  llvm::append_range(rows.order, image);
  rows.order.push_back(dims[1]);
  if (llvm::any_of(image, [&](int64_t dim) { return type.getDimSize(dim) != 1; }))
    for (int64_t dim : image)
      rows.host.push_back(type.getDimSize(dim));
  rows.count = llvm::product_of(rows.host);
  if (!term.classWeights.empty() && static_cast<int64_t>(term.classWeights.size()) != rows.classes)
    return ofKind(ErrorKind::Input, step.emitError())
           << optionName("loss") << ", class-weights: found " << term.classWeights.size()
           << " numbers, expected one for each of the " << rows.classes << " classes of '"
           << resultText(step, output, nn::kName) << "'";
  return rows;
}

Value LossTerms::matrixOf(const Rows &rows) {
  auto type = cast<RankedTensorType>(rows.logits.getType());
  // Dimensions of extent 1 move for nothing.
  SmallVector<int64_t> extents, order, numbers(type.getRank(), -1);
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.getDimSize(dim) != 1) {
      numbers[dim] = extents.size();
      extents.push_back(type.getDimSize(dim));
    }
  SmallVector<int64_t> moved;
  for (int64_t dim : rows.order)
    if (numbers[dim] >= 0) {
      order.push_back(numbers[dim]);
      moved.push_back(extents[numbers[dim]]);
    }
  auto reshaped = [&](Value x, ArrayRef<int64_t> shape) {
    return x.getType() == full(shape) ? x : Value(nn::ReshapeOp::create(builder, loc, full(shape), x));
  };
  Value x = rows.logits;
  if (!llvm::is_sorted(order))
    x = nn::TransposeOp::create(builder, loc, full(moved), reshaped(x, extents), order, nullptr);
  return reshaped(x, {rows.count, rows.classes});
}

FailureOr<Value> LossTerms::given(const LossTerm &term, NewTensor tensor, const std::string &check) {
  const DictionaryAttr layout = builder.getDictionaryAttr(tensor.attributes);
  auto [known, isNew] = tensors.try_emplace(tensor.name);
  Given &here = known->second;
  if (isNew) {
    const std::string wanted = tensor.name;
    tensor.name = names.claim(wanted);
    checks["given." + tensor.name] = check;
    here = {appendArguments(step, tensor).front(), layout, check};
    return here.value;
  }
  if (here.value.getType() == tensor.type && here.layout == layout && here.check == check)
    return here.value;
  const bool isOfLabels = term.kind == LossKind::SoftmaxCrossEntropy;
  return ofKind(ErrorKind::Input, step.emitError())
         << optionName("loss") << ": found terms that differ in what they expect of '" << tensor.name << "' ("
         << here.value.getType() << " with " << here.check << ", and " << tensor.type << " with " << check
         << "), expected another name for one of them, by " << (isOfLabels ? "labels" : "targets") << "=NAME";
}

/// The loss by targets that the labels stand for.
Value LossTerms::ofTargets(const LossTerm &term, const Rows &rows, Value labels) {
  const RankedTensorType scalar = full({}), matrix = full({rows.count, rows.classes}),
                         row = full({rows.count});
  Value weights;
  if (!term.classWeights.empty()) {
    const RankedTensorType type = full({rows.classes});
    NewTensor tensor = {type, names.claim("class_weights" + suffix), nn::Role::Hyper};
    const SmallVector<float> initial(term.classWeights.begin(), term.classWeights.end());
    tensor.attributes.emplace_back(builder.getStringAttr(nn::kInitial),
                                   DenseElementsAttr::get(type, ArrayRef<float>(initial)));
    weights = appendArguments(step, tensor).front();
  }
  auto targets = nn::ClassTargetsOp::create(
      builder, loc, matrix, row, labels, weights, builder.getF32FloatAttr(static_cast<float>(term.smoothing)),
      term.ignored ? builder.getI64IntegerAttr(*term.ignored) : IntegerAttr(), nullptr);
  auto sum = nn::CrossEntropyOp::create(builder, loc, scalar, matrix, row, matrixOf(rows),
                                        targets.getTargets(), nullptr, nullptr);
  if (!weights && !term.ignored)
    return scaled(sum.getLoss(), 1.0 / static_cast<double>(rows.count));
  Value mass = nn::TotalOp::create(builder, loc, scalar, targets.getMass(), nullptr, nullptr);
  Value inverse = nn::ReciprocalOp::create(builder, loc, scalar, mass, nullptr);
  return nn::MultiplyOp::create(builder, loc, scalar, sum.getLoss(), inverse, nullptr, nullptr);
}

FailureOr<Value> LossTerms::crossEntropy(const LossTerm &term, unsigned output) {
  FailureOr<Rows> rows = readRows(term, output);
  if (failed(rows))
    return failure();
  NewTensor tensor = {RankedTensorType::get({rows->count}, builder.getI32Type()),
                      term.targets.empty() ? "labels" : term.targets, nn::Role::Label};
  if (rows->host.size() > 1)
    tensor.attributes.emplace_back(builder.getStringAttr(nn::kHostShape),
                                   builder.getDenseI64ArrayAttr(rows->host));
  FailureOr<Value> labels =
      given(term, std::move(tensor),
            "classes=" + std::to_string(rows->classes) +
                (term.ignored ? ",ignored=" + std::to_string(*term.ignored) : std::string()));
  if (failed(labels))
    return failure();
  if (term.smoothing != 0 || term.ignored || !term.classWeights.empty())
    return ofTargets(term, *rows, *labels);
  Value matrix = matrixOf(*rows);
  return nn::SoftmaxCrossEntropyOp::create(builder, loc, full({}), matrix.getType(), matrix, *labels, nullptr,
                                           nullptr)
      .getLoss();
}

FailureOr<Value> LossTerms::meanOverElements(const LossTerm &term, unsigned output) {
  Value x = getReturn(step).getOperand(output);
  auto type = dyn_cast<RankedTensorType>(x.getType());
  if (!type || !type.getElementType().isF32() || !type.hasStaticShape())
    return ofKind(ErrorKind::Model, step.emitError())
           << "expects what a loss reads to be static and of f32, found " << x.getType();
  NewTensor tensor = {type, term.targets.empty() ? "targets" : term.targets, nn::Role::Label};
  for (StringRef name : {StringRef(nn::kHostShape), StringRef(nn::kHostPermutation)})
    if (Attribute value = step.getResultAttr(output, name))
      tensor.attributes.emplace_back(builder.getStringAttr(name), value);
  const bool isSquared = term.kind == LossKind::MeanSquaredError;
  FailureOr<Value> targets = given(term, std::move(tensor), isSquared ? "finite" : "least=0,most=1");
  if (failed(targets))
    return failure();
  Value losses;
  if (isSquared) {
    Value difference = nn::AddOp::create(builder, loc, type, x, scaled(*targets, -1), nullptr, nullptr);
    losses = nn::MultiplyOp::create(builder, loc, type, difference, difference, nullptr, nullptr);
  } else {
    losses = nn::SigmoidCrossEntropyOp::create(builder, loc, type, x, *targets, nullptr);
  }
  const int64_t count = type.getNumElements();
  if (type.getRank() != 1)
    losses = nn::ReshapeOp::create(builder, loc, full({count}), losses);
  Value total = nn::TotalOp::create(builder, loc, full({}), losses, nullptr, nullptr);
  return scaled(total, 1.0 / static_cast<double>(count));
}

FailureOr<Value> LossTerms::add(const LossTerm &term, unsigned output, const std::string &ownSuffix) {
  builder.setInsertionPoint(getReturn(step));
  suffix = ownSuffix;
  loc = nn::makeOrigin(step.getContext(), "loss" + suffix, nn::phase::kLoss);
  FailureOr<Value> loss = term.kind == LossKind::SoftmaxCrossEntropy ? crossEntropy(term, output)
                                                                     : meanOverElements(term, output);
  if (failed(loss) || term.weight == 1)
    return loss;
  return scaled(*loss, term.weight);
}

} // namespace arsis::compiler
