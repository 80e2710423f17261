// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions from MLIR to the kernels' plain C++.
#include "runtime/Interpreter/Convert.h"

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "dialects/NN/IR/NNDialect.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"

namespace arsis::ref {

static std::string print(mlir::Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

HostTensor tensorOfType(mlir::Type type, bool wide) {
  auto ranked = mlir::dyn_cast<mlir::RankedTensorType>(type);
  if (!ranked || !ranked.hasStaticShape())
    throw Error("the reference computes on tensors of static shape, found " + print(type));
  const Shape shape(ranked.getShape().begin(), ranked.getShape().end());
  const mlir::Type element = ranked.getElementType();
  if (element.isF32() || element.isBF16() || element.isF16())
    return HostTensor(shape, wide ? HostType::F64 : HostType::F32);
  if (element.isF64())
    return HostTensor(shape, HostType::F64);
  if (element.isSignlessInteger(32))
    return HostTensor(shape, HostType::I32);
  if (element.isSignlessInteger(64))
    return HostTensor(shape, HostType::I64);
  throw Error("the reference computes on f32, bf16, f16, f64, i32 and i64, found " + print(type));
}

void roundTo(mlir::Type type, HostTensor &tensor) {
  const mlir::Type element = mlir::cast<mlir::RankedTensorType>(type).getElementType();
  if ((!element.isBF16() && !element.isF16()) || tensor.type() != HostType::F32)
    return;
  const auto narrow = element.isBF16() ? numerics::ElementType::BF16 : numerics::ElementType::F16;
  float *values = tensor.as<float>();
  for (int64_t i = 0; i < tensor.size(); ++i) {
    char bytes[sizeof(float)];
    numerics::writeElement(bytes, narrow, 0, values[i]);
    values[i] = numerics::readElement(bytes, narrow, 0);
  }
}

HostTensor tensorOfElements(mlir::ElementsAttr elements) {
  HostTensor tensor = tensorOfType(elements.getType(), false);
  if (auto dense = mlir::dyn_cast<mlir::DenseElementsAttr>(elements)) {
    const llvm::ArrayRef<char> raw = dense.getRawData();
    if (!dense.isSplat()) {
      tensor.copyFrom(raw.data(), raw.size());
      return tensor;
    }
    tensor.fill(raw.data());
    return tensor;
  }
  if (auto resource = mlir::dyn_cast<mlir::DenseResourceElementsAttr>(elements)) {
    const mlir::AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      throw Error("the bytes of resource '" + resource.getRawHandle().getKey().str() + "' are missing");
    tensor.copyFrom(blob->getData().data(), blob->getData().size());
    return tensor;
  }
  throw Error("elements are neither dense nor a dense_resource");
}

std::map<std::string, Attribute> attributesOf(mlir::Operation *op) {
  mlir::NamedAttrList list(op->getAttrs());
  op->getName().populateDefaultAttrs(list);
  std::map<std::string, Attribute> attributes;
  for (const mlir::NamedAttribute &named : list) {
    Attribute &to = attributes[named.getName().str()];
    const bool known =
        llvm::TypeSwitch<mlir::Attribute, bool>(named.getValue())
            .Case([&](mlir::BoolAttr value) { return to = value.getValue(), true; })
            .Case([&](mlir::IntegerAttr value) { return to = static_cast<int64_t>(value.getInt()), true; })
            .Case([&](mlir::FloatAttr value) { return to = value.getValueAsDouble(), true; })
            .Case([&](mlir::StringAttr value) { return to = value.str(), true; })
            .Case([&](mlir::DenseI64ArrayAttr value) {
              return to = std::vector<int64_t>(value.asArrayRef().begin(), value.asArrayRef().end()), true;
            })
            .Case([&](mlir::ElementsAttr value) { return to = tensorOfElements(value), true; })
            .Default(false);
    if (!known)
      attributes.erase(named.getName().str());
  }
  return attributes;
}

std::optional<ReductionPlan> planOf(mlir::Operation *op) {
  auto attribute = op->getAttrOfType<nn::PlanAttr>("plan");
  if (!attribute)
    return std::nullopt;
  ReductionPlan plan;
  for (mlir::StringAttr dim : attribute.getDims())
    plan.dims.push_back(dim.str());
  plan.chunks.assign(attribute.getChunks().begin(), attribute.getChunks().end());
  plan.continues = attribute.getBegin() == nn::PlanBegin::Continue;
  return plan;
}

} // namespace arsis::ref
