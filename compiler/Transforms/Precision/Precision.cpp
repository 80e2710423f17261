// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values are stored in a half type follows from what they are for, read off phases, roles, ranks and
// structures.

#include "compiler/Transforms/Precision/Precision.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Transforms/TrainStep/Signature.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/UnitOps.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_SETPRECISION
#include "compiler/Transforms/Precision/Precision.h.inc"

static void checkType(const std::string &type, const std::string &option) {
  if (type != "fp32" && type != "bf16" && type != "fp16")
    throw InputError(option + ": found '" + type + "', expected fp32, bf16 or fp16");
}

Precision parsePrecision(const std::string &type, ArrayRef<std::string> store) {
  checkType(type, optionName("precision"));
  Precision precision{type, {}};
  for (const std::string &text : store) {
    auto [layer, stored] = StringRef(text).rsplit('='); // a layer's name may have a '='
    if (layer.empty() || layer.size() == text.size())
      throw InputError(optionName("store") + ": found '" + text + "', expected LAYER=TYPE");
    checkType(stored.str(), optionName("store") + " " + layer.str());
    if (!precision.store.emplace(layer, stored).second)
      throw InputError(optionName("store") + ": found layer '" + layer.str() + "' twice, expected it once");
  }
  return precision;
}

namespace {

class Retyping {
public:
  Retyping(func::FuncOp function, const Precision &precision)
      : function(function), precision(precision), factorType(typeOf(precision.type)) {}

  LogicalResult run() {
    if (failed(findLayers()))
      return failure();
    keepFull();
    keepProductsOfBiases();
    for (BlockArgument argument : function.getArguments())
      if (argumentRole(function, argument.getArgNumber()).value_or(nn::Role::Input) == nn::Role::Input)
        store(argument, factorType);
    for (Operation &op : function.getBody().front().without_terminator())
      retype(&op);
    for (Operation &op : llvm::make_early_inc_range(function.getBody().front().without_terminator()))
      castFactors(&op);
    function.setFunctionType(FunctionType::get(function.getContext(), function.getBody().getArgumentTypes(),
                                               getReturn(function).getOperandTypes()));
    return success();
  }

private:
  Type typeOf(const std::string &type) {
    Builder builder(function.getContext());
    return type == "bf16"   ? Type(builder.getBF16Type())
           : type == "fp16" ? Type(builder.getF16Type())
                            : Type(builder.getF32Type());
  }

  LogicalResult findLayers() {
    llvm::StringSet<> layers;
    for (Operation &op : function.getBody().front())
      layers.insert(nn::getOrigin(op.getLoc()).first);
    for (const auto &entry : precision.store)
      if (!layers.contains(entry.first))
        return ofKind(ErrorKind::Input, function.emitError())
               << optionName("store") << ": found layer '" << entry.first
               << "', which no operation belongs to";
    return success();
  }

  static StringRef phaseOf(Operation *op) { return nn::getOrigin(op->getLoc()).second; }

  /// Gradients of parameters stay in fp32, and so do the terms of their sums and what they are views of; so
  /// does what the loss computes, and all that is behind the gradients.
  void keepFull() {
    SmallVector<Value> pending;
    for (auto [number, value] : llvm::enumerate(getReturn(function).getOperands()))
      if (nn::Role role = resultRole(function, number).value_or(nn::Role::Output);
          role != nn::Role::Output && role != nn::Role::Activation)
        pending.push_back(value);
    for (Operation &op : function.getBody().front())
      if (phaseOf(&op) == nn::phase::kUpdate)
        llvm::append_range(pending, op.getOperands());
    while (!pending.empty()) {
      Value value = pending.pop_back_val();
      Operation *definer = value.getDefiningOp();
      if (full.insert(value).second && definer && passesOn(definer))
        llvm::append_range(pending, definer->getOperands());
    }
  }

  /// A product that nobody reads but the addition of its bias is no activation yet. Rounded on its own, it
  /// would turn signs that the bias almost cancels, and with them decisions of ReLU.
  void keepProductsOfBiases() {
    for (Operation &op : function.getBody().front()) {
      auto structured = dyn_cast<nn::StructuredOpInterface>(op);
      if (!structured || op.getNumResults() != 1 || !op.getResult(0).hasOneUse() ||
          structured.getStructure().combine != nn::Combine::Fma)
        continue;
      Operation *reader = *op.getResult(0).user_begin();
      if (isa<nn::StructuredOpInterface>(reader) && passesOn(reader) && reader->getNumOperands() == 2 &&
          cast<RankedTensorType>(reader->getOperand(1).getType()).getRank() == 1)
        full.insert(op.getResult(0));
    }
  }

  /// A view, a transposition, what takes tensors apart or joins them, or a sum of tensors.
  static bool passesOn(Operation *op) {
    if (isa<nn::ViewOpInterface>(op))
      return true;
    if (auto composite = dyn_cast<nn::CompositeOpInterface>(op))
      return llvm::all_of(composite.getParts(), [](const nn::Part &part) {
        return part.structure.combine == nn::Combine::None && part.structure.after.empty();
      });
    auto structured = dyn_cast<nn::StructuredOpInterface>(op);
    if (!structured)
      return false;
    const nn::Structure structure = structured.getStructure();
    if (structure.combine != nn::Combine::None)
      return false;
    return structure.after.empty() ||
           (structure.after.size() == 1 && structure.after[0].function == numerics::VectorFunction::Add);
  }

  static constexpr int64_t kLeastRank = 2; // vectors are statistics, and parameters and their gradients

  void store(Value value, Type element) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() >= kLeastRank && type.getElementType().isF32() && !full.contains(value))
      value.setType(type.clone(element));
  }

  void retype(Operation *op) {
    if (auto view = dyn_cast<nn::ViewOpInterface>(op)) {
      auto viewed = cast<RankedTensorType>(view.getViewed().getType());
      const Type element = viewed.getElementType(), full = typeOf("fp32");
      if (auto shown = cast<RankedTensorType>(op->getResult(0).getType());
          shown.getRank() < kLeastRank && shown.getElementType() == full && element != full) {
        OpBuilder builder(op); // a vector stays full: whoever adds it as a bias takes no other
        op->replaceUsesOfWith(view.getViewed(), nn::CastOp::create(builder, op->getLoc(), viewed.clone(full),
                                                                   view.getViewed(), nullptr));
        return;
      }
      op->getResult(0).setType(cast<RankedTensorType>(op->getResult(0).getType()).clone(element));
      return;
    }
    auto [layer, phase] = nn::getOrigin(op->getLoc());
    if (phase == nn::phase::kLoss || phase == nn::phase::kUpdate || op->hasTrait<OpTrait::ConstantLike>())
      return;
    auto pinned = precision.store.find(layer.str());
    Type element = pinned == precision.store.end() ? factorType : typeOf(pinned->second);
    for (OpResult result : op->getResults())
      store(result, element);
  }

  void castFactors(Operation *op) {
    auto structured = dyn_cast<nn::StructuredOpInterface>(op);
    if (!structured)
      return;
    const nn::Structure structure = structured.getStructure();
    if (structure.combine != nn::Combine::Fma)
      return;
    for (const nn::Input &term : structure.terms)
      if (term.isOperand())
        op->setOperand(term.number, factor(op->getOperand(term.number), op));
  }

  /// The value in the type of factors: itself, or one cast for all operations that multiply it.
  Value factor(Value value, Operation *reader) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getElementType() == factorType)
      return value;
    Value &cast = casts[value];
    if (!cast) {
      OpBuilder builder(reader);
      cast = nn::CastOp::create(builder, reader->getLoc(), type.clone(factorType), value, nullptr);
    }
    return cast;
  }

  func::FuncOp function;
  const Precision &precision;
  const Type factorType;
  llvm::DenseSet<Value> full;
  llvm::DenseMap<Value, Value> casts;
};

} // namespace

LogicalResult setPrecision(func::FuncOp function, const Precision &precision) {
  FailureOr<DictionaryAttr> options = optionsOf(function);
  if (failed(options))
    return failure();
  if (std::optional<std::string> before = option(*options, "precision"))
    return ofKind(ErrorKind::Input, function.emitError())
           << optionName("precision") << ": found " << *before << " already chosen for this function";
  if (option(*options, "optimizer"))
    return ofKind(ErrorKind::Input, function.emitError())
           << optionName("precision")
           << ": found a training step with its optimizer, expected it where the step is made";
  for (Operation &op : function.getBody().front())
    if (nn::bodyOf(&op))
      return op.emitError("is a unit already, expected types to be chosen before units are formed");
  if (failed(Retyping(function, precision).run()))
    return failure();
  std::map<std::string, std::string> made = {{"precision", precision.type}};
  for (const auto &[layer, type] : precision.store)
    made["store." + layer] = type;
  return setOptions(function, made);
}

namespace {
struct SetPrecision : impl::SetPrecisionBase<SetPrecision> {
  using SetPrecisionBase::SetPrecisionBase;
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    const SmallVector<std::string> layers(store.begin(), store.end());
    if (failed(reported(getOperation(),
                        [&] { return setPrecision(getOperation(), parsePrecision(precision, layers)); })))
      signalPassFailure();
  }
};
} // namespace

} // namespace arsis::compiler
