// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One overload per kind of field; everything else is a walk over visitFields.
#include "compiler/Target/InstructionOps.h"
#include "compiler/Target/Narrow.h"

using namespace mlir;

namespace arsis::compiler {
namespace {

// Field to attribute.

struct ToAttribute {
  Builder builder;
  ArrayRef<std::string> tensors;

  Attribute operator()(const isa::Affine &value) {
    return isair::AffineAttr::get(builder.getContext(), value);
  }
  Attribute operator()(const isa::Extent &value) {
    return isair::ExtentAttr::get(builder.getContext(), value);
  }
  Attribute operator()(const isa::Address &value) {
    return isair::AddressAttr::get(builder.getContext(), value);
  }
  Attribute operator()(const isa::TensorIndex &value) {
    return FlatSymbolRefAttr::get(builder.getContext(), tensors[value.value]);
  }
  Attribute operator()(uint8_t value) { return builder.getI64IntegerAttr(value); }
  Attribute operator()(uint16_t value) { return builder.getI64IntegerAttr(value); }
  Attribute operator()(uint32_t value) { return builder.getI64IntegerAttr(value); }
  Attribute operator()(int32_t value) { return builder.getI32IntegerAttr(value); }
  Attribute operator()(float value) { return FloatAttr::get(builder.getF32Type(), APFloat(value)); }
  Attribute operator()(isa::ElementType value) { return enumeration<isair::ElementTypeAttr>(value); }
  Attribute operator()(numerics::VectorFunction value) {
    return enumeration<isair::VectorFunctionAttr>(value);
  }
  Attribute operator()(numerics::ReduceFunction value) {
    return enumeration<isair::ReduceFunctionAttr>(value);
  }
  Attribute operator()(numerics::PoolFunction value) { return enumeration<isair::PoolFunctionAttr>(value); }

  template <class T, size_t N> Attribute operator()(const std::array<T, N> &values) {
    if constexpr (std::is_integral_v<T>) {
      SmallVector<int32_t> integers(values.begin(), values.end());
      return builder.getDenseI32ArrayAttr(integers);
    } else {
      SmallVector<Attribute> attributes;
      for (const T &value : values)
        attributes.push_back((*this)(value));
      return builder.getArrayAttr(attributes);
    }
  }

private:
  template <class Attr, class T> Attribute enumeration(T value) {
    return Attr::get(builder.getContext(), static_cast<decltype(std::declval<Attr>().getValue())>(value));
  }
};

// Attribute to field.

// The op's verifier has checked kinds, so the casts of attributes hold.
struct FromAttribute {
  const llvm::StringMap<uint16_t> &tensors;
  Narrow &narrow;
  StringRef field; // being converted
  std::string unknownTensor;

  void operator()(Attribute attr, isa::Affine &value) { value = cast<isair::AffineAttr>(attr).getValue(); }
  void operator()(Attribute attr, isa::Extent &value) { value = cast<isair::ExtentAttr>(attr).getValue(); }
  void operator()(Attribute attr, isa::Address &value) { value = cast<isair::AddressAttr>(attr).getValue(); }
  void operator()(Attribute attr, isa::TensorIndex &value) {
    StringRef name = cast<FlatSymbolRefAttr>(attr).getValue();
    auto found = tensors.find(name);
    if (found == tensors.end())
      unknownTensor = name.str();
    else
      value = found->second;
  }
  void operator()(Attribute attr, uint8_t &value) { narrowTo(attr, value); }
  void operator()(Attribute attr, uint16_t &value) { narrowTo(attr, value); }
  void operator()(Attribute attr, uint32_t &value) { narrowTo(attr, value); }
  void operator()(Attribute attr, int32_t &value) { narrowTo(attr, value); }
  void operator()(Attribute attr, float &value) { value = cast<FloatAttr>(attr).getValue().convertToFloat(); }
  void operator()(Attribute attr, isa::ElementType &value) {
    enumeration<isair::ElementTypeAttr>(attr, value);
  }
  void operator()(Attribute attr, numerics::VectorFunction &value) {
    enumeration<isair::VectorFunctionAttr>(attr, value);
  }
  void operator()(Attribute attr, numerics::ReduceFunction &value) {
    enumeration<isair::ReduceFunctionAttr>(attr, value);
  }
  void operator()(Attribute attr, numerics::PoolFunction &value) {
    enumeration<isair::PoolFunctionAttr>(attr, value);
  }

  template <class T, size_t N> void operator()(Attribute attr, std::array<T, N> &values) {
    if constexpr (std::is_integral_v<T>) {
      for (auto [element, value] : llvm::zip_equal(cast<DenseI32ArrayAttr>(attr).asArrayRef(), values))
        value = narrow.to<T>(element, field);
    } else {
      for (auto [element, value] : llvm::zip_equal(cast<ArrayAttr>(attr), values))
        (*this)(element, value);
    }
  }

private:
  template <class T> void narrowTo(Attribute attr, T &value) {
    value = narrow.to<T>(cast<IntegerAttr>(attr).getInt(), field);
  }
  template <class Attr, class T> void enumeration(Attribute attr, T &value) {
    value = static_cast<T>(cast<Attr>(attr).getValue());
  }
};

} // namespace

Operation *createInstructionOp(OpBuilder &builder, Location location, const isa::Instruction &instruction,
                               ArrayRef<std::string> tensors) {
  ToAttribute convert{Builder(builder.getContext()), tensors};
  NamedAttrList attributes;
  if (instruction.waitCount > 0) {
    SmallVector<Attribute> waits;
    for (const isa::Wait &wait : ArrayRef(instruction.waits).take_front(instruction.waitCount))
      waits.push_back(isair::WaitAttr::get(builder.getContext(), wait));
    attributes.set("waits", builder.getArrayAttr(waits));
  }
  if (instruction.increment)
    attributes.set("increment", convert(*instruction.increment));
  return std::visit(
      [&](const auto &body) {
        body.visitFields([&](const char *name, const auto &field) { attributes.set(name, convert(field)); });
        OperationState state(location, std::string("isa.") + body.kMnemonic);
        state.addAttributes(attributes);
        return builder.create(state);
      },
      instruction.body);
}

FailureOr<isa::Instruction> readInstructionOp(Operation *op, const llvm::StringMap<uint16_t> &tensors) {
  isa::Instruction instruction;
  std::optional<isa::Body> body;
  StringRef mnemonic = op->getName().stripDialect();
  for (const isa::InstructionInfo &info : isa::kInstructionInfo)
    if (!info.marker && mnemonic == info.mnemonic)
      body = isa::makeBody(info.opcode);
  if (!body || op->getName().getDialectNamespace() != "isa")
    return op->emitOpError("is not an instruction");
  instruction.body = *body;
  Narrow narrow(op);
  FromAttribute convert{tensors, narrow, {}, {}};
  std::visit(
      [&](auto &fields) {
        fields.visitFields([&](const char *name, auto &field) {
          convert.field = name;
          convert(op->getAttr(name), field);
        });
      },
      instruction.body);
  if (!convert.unknownTensor.empty())
    return op->emitOpError() << "names tensor \"" << convert.unknownTensor
                             << "\", which is not in the tensor table";
  if (auto waits = op->getAttrOfType<ArrayAttr>("waits"))
    for (Attribute wait : waits)
      instruction.waits[instruction.waitCount++] = cast<isair::WaitAttr>(wait).getValue();
  if (auto increment = op->getAttrOfType<IntegerAttr>("increment"))
    instruction.increment = narrow.to<uint8_t>(increment.getInt(), "increment");
  if (failed(narrow.result()))
    return failure();
  return instruction;
}

} // namespace arsis::compiler
