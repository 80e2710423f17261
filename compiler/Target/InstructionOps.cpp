// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One overload per kind of field; everything else is a walk over visitFields.
#include "compiler/Target/InstructionOps.h"
#include "compiler/Target/Narrow.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Encoding/OptionNames.h"

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

// The op's verifier has checked kinds, or checkFields those of an instruction from outside, so the casts of
// attributes hold.
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
  const std::string mnemonic = isa::infoOf(instruction.body).mnemonic;
  const bool external = std::holds_alternative<isa::External>(instruction.body);
  NamedAttrList fields;
  std::visit(
      [&](const auto &body) {
        body.visitFields([&](const char *name, const auto &field) { fields.set(name, convert(field)); });
      },
      instruction.body);
  if (external) {
    attributes.set("mnemonic", convert.builder.getStringAttr(mnemonic));
    attributes.set("fields", fields.getDictionary(builder.getContext()));
  } else {
    attributes.append(fields);
  }
  OperationState state(location,
                       external ? isair::ExternalOp::getOperationName() : StringRef("isa." + mnemonic));
  state.addAttributes(attributes);
  return builder.create(state);
}

/// Whether an attribute is of the kind of another one, element by element.
static bool sameKind(Attribute a, Attribute b) {
  if (!a || a.getTypeID() != b.getTypeID())
    return false;
  if (auto typed = dyn_cast<TypedAttr>(a); typed && typed.getType() != cast<TypedAttr>(b).getType())
    return false;
  if (auto integers = dyn_cast<DenseI32ArrayAttr>(a))
    return integers.size() == cast<DenseI32ArrayAttr>(b).size();
  if (auto list = dyn_cast<ArrayAttr>(a))
    return list.size() == cast<ArrayAttr>(b).size() &&
           llvm::all_of(llvm::zip(list, cast<ArrayAttr>(b)),
                        [](auto pair) { return sameKind(std::get<0>(pair), std::get<1>(pair)); });
  return true;
}

/// Whether `fields` holds what the instruction has, each of its kind, and nothing else.
static LogicalResult checkFields(Operation *op, DictionaryAttr fields, const isa::External &body) {
  ToAttribute convert{Builder(op->getContext()), {}};
  LogicalResult result = success();
  body.visitFields([&](const char *name, const auto &field) {
    if (succeeded(result) && !sameKind(fields.get(name), convert(field)))
      result = op->emitOpError() << "has no field \"" << name << "\" of the kind of " << convert(field);
  });
  if (succeeded(result) && fields.size() != body.fields.size())
    return op->emitOpError() << "has " << fields.size() << " fields, expected " << body.fields.size();
  return result;
}

/// The body with the initial values of its fields, and where their attributes stand.
static FailureOr<isa::Body> bodyOf(Operation *op, DictionaryAttr &fields) {
  if (auto external = dyn_cast<isair::ExternalOp>(op)) {
    fields = external.getFields();
    const isa::ExternalInstruction *type =
        isa::externalInstructions().find(std::string_view(external.getMnemonic()));
    if (!type)
      return op->emitOpError() << "is instruction \"" << external.getMnemonic()
                               << "\", which no loaded library brings (" << optionName("load-plugin")
                               << " loads one)";
    isa::External body = isa::makeExternal(*type);
    if (failed(checkFields(op, fields, body)))
      return failure();
    return isa::Body(std::move(body));
  }
  fields = op->getAttrDictionary();
  for (const isa::InstructionInfo &info : isa::kInstructionInfo)
    if (!info.marker && op->getName().stripDialect() == info.mnemonic &&
        op->getName().getDialectNamespace() == "isa")
      return *isa::makeBody(info.opcode);
  return op->emitOpError("is not an instruction");
}

FailureOr<isa::Instruction> readInstructionOp(Operation *op, const llvm::StringMap<uint16_t> &tensors) {
  isa::Instruction instruction;
  DictionaryAttr attributes;
  FailureOr<isa::Body> body = bodyOf(op, attributes);
  if (failed(body))
    return failure();
  instruction.body = std::move(*body);
  Narrow narrow(op);
  FromAttribute convert{tensors, narrow, {}, {}};
  std::visit(
      [&](auto &fields) {
        fields.visitFields([&](const char *name, auto &field) {
          convert.field = name;
          convert(attributes.get(name), field);
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
