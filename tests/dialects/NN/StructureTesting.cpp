// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See StructureTesting.h.
#include "tests/dialects/NN/StructureTesting.h"

#include "dialects/Isa/Numerics/Numerics.h"
#include "runtime/Interpreter/Interpreter.h"

namespace arsis::nn::testing {

Bench::Bench() : builder(&context) {
  context.loadDialect<NNDialect>();
  builder.setInsertionPointToEnd(&block);
}

mlir::Operation *Bench::make(const std::string &name, const std::vector<Shape> &operands,
                             const std::vector<Shape> &results, const mlir::NamedAttrList &attributes,
                             int labels) {
  mlir::OperationState state(builder.getUnknownLoc(), name);
  auto type = [&](const Shape &shape) { return mlir::RankedTensorType::get(shape, builder.getF32Type()); };
  for (const Shape &shape : operands)
    state.addOperands(block.addArgument(int(state.operands.size()) == labels
                                            ? mlir::RankedTensorType::get(shape, builder.getI32Type())
                                            : type(shape),
                                        state.location));
  for (const Shape &shape : results)
    state.addTypes(type(shape));
  state.addAttributes(attributes.getAttrs());
  return builder.create(state);
}

mlir::NamedAttribute Bench::numbers(const char *name, const std::vector<int64_t> &values) {
  return builder.getNamedAttr(name, builder.getDenseI64ArrayAttr(values));
}
mlir::NamedAttribute Bench::flag(const char *name, bool value) {
  return builder.getNamedAttr(name, builder.getBoolAttr(value));
}
mlir::NamedAttribute Bench::count(const char *name, int64_t value) {
  return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
}
mlir::NamedAttribute Bench::number(const char *name, float value) {
  return builder.getNamedAttr(name, builder.getF32FloatAttr(value));
}

std::vector<Shape> shapesOf(mlir::TypeRange types) {
  std::vector<Shape> shapes;
  for (mlir::Type type : types)
    shapes.push_back(llvm::cast<mlir::RankedTensorType>(type).getShape().vec());
  return shapes;
}

Structure structureOf(mlir::Operation *op) { return llvm::cast<StructuredOpInterface>(op).getStructure(); }

std::string faultOf(mlir::Operation *op, const Structure &structure) {
  return verifyStructure(structure, shapesOf(op->getOperandTypes()), shapesOf(op->getResultTypes()))
      .value_or("");
}

std::string print(mlir::Operation *op) {
  std::string text;
  llvm::raw_string_ostream(text) << *op;
  return text;
}

static Elements random(const Shape &shape, Fill fill, std::mt19937 &engine) {
  const float ties[] = {-2, -1, -0.0f, 0, 1, 2};
  const float special[] = {-0.0f, numerics::kMinusInfinity, -numerics::kMinusInfinity,
                           numerics::floatOf(0x7fc01234)};
  std::normal_distribution<float> normal;
  Elements elements{shape, {}};
  size_t size = 1;
  for (int64_t extent : shape)
    size *= extent;
  for (size_t i = 0; i < size; ++i) {
    const float value = i % 7 == 6 ? normal(engine) * 1e-30f : normal(engine);
    elements.values.push_back(fill == Fill::Ties                            ? ties[engine() % 6]
                              : fill == Fill::Special && engine() % 16 == 0 ? special[engine() % 4]
                                                                            : value);
  }
  return elements;
}

/// Logits or probabilities come first, or are made of the labels.
static int64_t classesOf(mlir::Operation *op) {
  auto first = llvm::cast<mlir::RankedTensorType>(op->getOperandTypes()[0]);
  return first.getRank() > 1 ? first.getShape().back() : shapesOf(op->getResultTypes())[0].back();
}

std::vector<Elements> operandsOf(mlir::Operation *op, Fill fill, std::mt19937 &engine) {
  std::vector<Elements> operands;
  for (mlir::Type type : op->getOperandTypes()) {
    operands.push_back(random(shapesOf(type)[0], fill, engine));
    if (llvm::cast<mlir::RankedTensorType>(type).getElementType().isInteger(32)) // labels of classes
      for (float &value : operands.back().values)
        value = float(engine() % classesOf(op));
  }
  return operands;
}

std::vector<ref::HostTensor> reference(mlir::Operation *op, const std::vector<Elements> &operands) {
  std::vector<ref::HostTensor> tensors;
  std::vector<const ref::HostTensor *> pointers;
  for (auto [operand, type] : llvm::zip_equal(operands, op->getOperandTypes()))
    tensors.push_back(llvm::cast<mlir::RankedTensorType>(type).getElementType().isInteger(32)
                          ? ref::HostTensor::of(operand.shape, std::vector<int32_t>(operand.values.begin(),
                                                                                    operand.values.end()))
                          : ref::HostTensor::of(operand.shape, operand.values));
  for (const ref::HostTensor &tensor : tensors)
    pointers.push_back(&tensor);
  auto results = ref::evaluateOp(op, pointers, ref::Backend::Exact);
  return llvm::succeeded(results) ? *results : std::vector<ref::HostTensor>();
}

std::string difference(const std::vector<Elements> &found, const std::vector<ref::HostTensor> &expected) {
  if (found.size() != expected.size())
    return std::to_string(expected.size()) + " results";
  for (size_t r = 0; r < found.size(); ++r) {
    if (found[r].shape != expected[r].shape())
      return "shape of result " + std::to_string(r);
    for (size_t i = 0; i < found[r].values.size(); ++i)
      if (numerics::bitsOf(found[r].values[i]) != numerics::bitsOf(expected[r].as<float>()[i]))
        return "element " + std::to_string(i) + " of result " + std::to_string(r) + ": " +
               std::to_string(found[r].values[i]) + " instead of " +
               std::to_string(expected[r].as<float>()[i]);
  }
  return "";
}

void setPlan(ReductionOpInterface op, const std::vector<int64_t> &chunks, PlanBegin begin) {
  mlir::SmallVector<mlir::StringAttr> names;
  for (const ReductionDim &dim : op.getReductionDims())
    names.push_back(mlir::StringAttr::get(op->getContext(), dim.name));
  op.setPlanAttr(PlanAttr::get(op->getContext(), names, chunks, begin));
}

std::vector<std::vector<int64_t>> plansOf(mlir::Operation *op, std::mt19937 &engine) {
  auto reduction = llvm::dyn_cast<ReductionOpInterface>(op);
  if (!reduction)
    return {{}};
  std::vector<std::vector<int64_t>> plans(3);
  for (const ReductionDim &dim : reduction.getReductionDims()) {
    plans[0].push_back(dim.size);
    plans[1].push_back(1);
    plans[2].push_back(1 + int64_t(engine() % dim.size));
  }
  return plans;
}

} // namespace arsis::nn::testing
