// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fields of instructions from outside: reading and writing them as attributes, and the op that has them.
#include "dialects/Tile/IR/External.h"

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Tile/IR/FootprintCollector.h"

#include <limits>

using namespace mlir;

namespace arsis::tile {

namespace {

int64_t bytesOf(Value buffer) { return cast<MemRefType>(buffer.getType()).getElementTypeBitWidth() / 8; }

/// The buffers of the address fields, in order; fewer if the op has too few.
SmallVector<Value> buffersOf(ExternalOp op, const isa::ExternalInstruction &instruction) {
  SmallVector<Value> buffers(op.getInputs());
  const size_t written = writtenAddress(instruction);
  buffers.insert(buffers.begin() + std::min<size_t>(written, buffers.size()), op.getDestination());
  return buffers;
}

/// Reads one field after the other; `isGood` says whether the attribute was of the kind of the last.
class Decoder {
public:
  Decoder(ExternalReader &reader, ArrayRef<Value> buffers, unsigned indices)
      : reader(reader), buffers(buffers), indices(indices) {}

  bool read(Attribute attribute, isa::FieldValue &field) {
    from = attribute;
    isGood = static_cast<bool>(attribute);
    if (isGood)
      std::visit([this](auto &value) { (*this)(value); }, field);
    return isGood;
  }
  bool areAllUsed() const { return next == buffers.size(); }

private:
  template <class T> void number(int64_t found, T &value) {
    isGood &= found >= std::numeric_limits<T>::min() && found <= std::numeric_limits<T>::max();
    value = static_cast<T>(found);
  }
  template <class T> std::enable_if_t<std::is_integral_v<T>> operator()(T &value) {
    auto attribute = dyn_cast<IntegerAttr>(from);
    isGood &= attribute && attribute.getType().isSignlessInteger(64);
    if (isGood)
      number(attribute.getInt(), value);
  }
  void operator()(float &value) {
    auto attribute = dyn_cast<FloatAttr>(from);
    isGood &= attribute && attribute.getType().isF32();
    if (isGood)
      value = attribute.getValue().convertToFloat();
  }
  void operator()(isa::ElementType &value) {
    auto attribute = dyn_cast<TypeAttr>(from);
    const Type type = attribute ? attribute.getValue() : Type();
    isGood &= type && (type.isF32() || type.isBF16() || type.isF16() || type.isSignlessInteger(32));
    if (isGood)
      value = type.isF32()    ? isa::ElementType::F32
              : type.isBF16() ? isa::ElementType::BF16
              : type.isF16()  ? isa::ElementType::F16
                              : isa::ElementType::I32;
  }
  AffineMap map(unsigned results) {
    auto attribute = dyn_cast<AffineMapAttr>(from);
    isGood &= attribute && isLinear(attribute.getValue(), results);
    return isGood ? attribute.getValue() : AffineMap();
  }
  bool isLinear(AffineMap map, unsigned results) const {
    return map.getNumDims() == indices && map.getNumSymbols() == 0 && map.getNumResults() == results &&
           llvm::all_of(map.getResults(), [&](AffineExpr expr) { return Linear::of(expr, indices); });
  }
  void operator()(isa::Affine &value) {
    if (AffineMap affine = map(1))
      value = reader.affine(affine.getResult(0));
  }
  void operator()(isa::Address &value) {
    AffineMap offset = map(1);
    isGood &= next < buffers.size();
    if (isGood)
      value = reader.address(buffers[next], offset);
    ++next;
  }
  ExtentsAttr extents(unsigned rank) {
    auto attribute = dyn_cast<ExtentsAttr>(from);
    isGood &= attribute && attribute.getRank() == rank &&
              (!attribute.getLimits() || isLinear(attribute.getLimits(), rank));
    return isGood ? attribute : ExtentsAttr();
  }
  void operator()(isa::Extent &value) {
    if (ExtentsAttr box = extents(1))
      value = reader.extent(box, 0);
  }
  template <class T, size_t n> void operator()(std::array<T, n> &values) {
    if constexpr (std::is_integral_v<T>) {
      auto attribute = dyn_cast<DenseI64ArrayAttr>(from);
      isGood &= attribute && attribute.size() == n;
      for (size_t i = 0; isGood && i < n; ++i)
        number(attribute[i], values[i]);
    } else if constexpr (std::is_same_v<T, isa::Affine>) {
      AffineMap affine = map(n);
      for (size_t i = 0; isGood && i < n; ++i)
        values[i] = reader.affine(affine.getResult(i));
    } else {
      ExtentsAttr box = extents(n);
      for (size_t i = 0; isGood && i < n; ++i)
        values[i] = reader.extent(box, i);
    }
  }

  ExternalReader &reader;
  ArrayRef<Value> buffers;
  const unsigned indices;
  size_t next = 0; // buffer
  Attribute from;
  bool isGood = true;
};

/// One field after the other as an attribute.
class Encoder {
public:
  Encoder(ValueRange buffers, unsigned indices, MLIRContext *context)
      : buffers(buffers), indices(indices), builder(context) {}

  template <class T> std::enable_if_t<std::is_integral_v<T>, Attribute> operator()(T value) {
    return builder.getI64IntegerAttr(value);
  }
  Attribute operator()(float value) { return builder.getF32FloatAttr(value); }
  Attribute operator()(isa::ElementType type) {
    const Type types[] = {builder.getF32Type(), builder.getBF16Type(), builder.getF16Type(),
                          builder.getI32Type()};
    return TypeAttr::get(types[static_cast<size_t>(type)]);
  }
  Attribute operator()(const isa::Affine &value) { return map(expression(value.base, value.terms, 1)); }
  Attribute operator()(const isa::Address &value) {
    return map(expression(value.base, value.strides, bytesOf(buffers[next++])));
  }
  Attribute operator()(const isa::Extent &value) { return (*this)(std::array<isa::Extent, 1>{value}); }
  template <class T, size_t n> Attribute operator()(const std::array<T, n> &values) {
    if constexpr (std::is_integral_v<T>) {
      return builder.getDenseI64ArrayAttr(SmallVector<int64_t>(values.begin(), values.end()));
    } else if constexpr (std::is_same_v<T, isa::Affine>) {
      SmallVector<AffineExpr> results;
      for (const isa::Affine &value : values)
        results.push_back(expression(value.base, value.terms, 1));
      return map(results);
    } else {
      return extents(values);
    }
  }

private:
  Attribute map(ArrayRef<AffineExpr> results) {
    return AffineMapAttr::get(AffineMap::get(indices, 0, results, builder.getContext()));
  }
  AffineExpr expression(int64_t base, const isa::Terms &terms, int64_t divisor) {
    AffineExpr sum = builder.getAffineConstantExpr(base / divisor);
    for (const isa::Term &term : terms)
      sum = builder.getAffineDimExpr(term.loop) * (term.stride / divisor) + sum;
    return sum;
  }
  Attribute extents(ArrayRef<isa::Extent> values) {
    SmallVector<int64_t> tile;
    SmallVector<AffineExpr> limits;
    bool clamped = false;
    for (const isa::Extent &value : values) {
      tile.push_back(value.tile);
      limits.push_back(value.clamped ? expression(value.limit.base, value.limit.terms, 1)
                                     : builder.getAffineConstantExpr(value.tile));
      clamped |= value.clamped;
    }
    return ExtentsAttr::get(builder.getContext(), tile,
                            clamped ? AffineMap::get(indices, 0, limits, builder.getContext()) : AffineMap());
  }

  ValueRange buffers;
  const unsigned indices;
  Builder builder;
  size_t next = 0; // buffer
};

} // namespace

isa::Affine ExternalReader::affine(AffineExpr expr) {
  const Linear linear = *Linear::of(expr, isa::kMaxLoopDepth);
  isa::Affine result(linear.constant);
  for (auto [loop, stride] : llvm::enumerate(linear.coefficients))
    isa::addTerm(result.terms, loop, stride);
  return result;
}
isa::Extent ExternalReader::extent(ExtentsAttr extents, unsigned d) {
  AffineExpr limit = extents.getLimit(d);
  return limit ? isa::Extent(extents.getTile()[d], affine(limit)) : isa::Extent(extents.getTile()[d]);
}
isa::Address ExternalReader::address(Value buffer, AffineMap offset) {
  const isa::Affine elements = affine(offset.getResult(0));
  isa::Address result(elements.base * bytesOf(buffer));
  for (const isa::Term &term : elements.terms)
    isa::addTerm(result.strides, term.loop, term.stride * bytesOf(buffer));
  return result;
}

size_t writtenAddress(const isa::ExternalInstruction &instruction) {
  const isa::ExternalWork work = instruction.workOf(isa::makeExternal(instruction), isa::Evaluation());
  size_t number = 0;
  for (const auto &field : instruction.description.fields) {
    if (field.name == work.result.name)
      break;
    number += std::holds_alternative<isa::Address>(field.initial);
  }
  return number;
}

FailureOr<isa::External> readExternal(ExternalOp op, ExternalReader &reader,
                                      function_ref<InFlightDiagnostic()> emitError) {
  const StringRef mnemonic = op.getMnemonic();
  const isa::ExternalInstruction *type = isa::externalInstructions().find(std::string_view(mnemonic));
  if (!type)
    return emitError() << "needs instruction \"" << mnemonic << "\", which no loaded library brings";
  isa::External body = isa::makeExternal(*type);
  const SmallVector<Value> buffers = buffersOf(op, *type);
  Decoder decoder(reader, buffers, op.getIndices().size());
  for (auto [field, described] : llvm::zip_equal(body.fields, type->description.fields))
    if (!decoder.read(op.getFields().get(described.name), field))
      return emitError() << "has no field \"" << described.name << "\" of the kind of instruction \""
                         << mnemonic << "\"";
  if (op.getFields().size() != body.fields.size() || !decoder.areAllUsed())
    return emitError() << "has " << op.getFields().size() << " fields and " << buffers.size()
                       << " buffers, expected " << body.fields.size() << " and as many as instruction \""
                       << mnemonic << "\" has addresses";
  return body;
}

DictionaryAttr fieldsOf(const isa::External &body, ValueRange buffers, unsigned indices,
                        MLIRContext *context) {
  Encoder encoder(buffers, indices, context);
  SmallVector<NamedAttribute> fields;
  body.visitFields([&](const char *name, const auto &value) {
    fields.emplace_back(StringAttr::get(context, name), encoder(value));
  });
  return DictionaryAttr::get(context, fields);
}

LogicalResult ExternalOp::verify() {
  ExternalReader reader;
  if (getIndices().size() > isa::kMaxLoopDepth)
    return emitOpError() << "has " << getIndices().size() << " indices, expected at most "
                         << isa::kMaxLoopDepth;
  FailureOr<isa::External> body = readExternal(*this, reader, [&] { return emitOpError(); });
  if (failed(body))
    return failure();
  try {
    isa::workOf(*body, isa::Evaluation());
    return success();
  } catch (const Error &error) {
    return emitOpError() << error.what();
  }
}

StreamId ExternalOp::getStreamId() { return {StreamKind::Vector, 0}; }

std::vector<Footprint> ExternalOp::getFootprints() {
  ExternalReader reader;
  FootprintCollector collector(*this);
  const isa::External body = *readExternal(*this, reader, [&] { return emitOpError(); });
  const SmallVector<Value> buffers = buffersOf(*this, *body.type);
  const isa::ExternalWork work = isa::workOf(body, isa::Evaluation());
  auto add = [&](const isa::ExternalOperand &operand, bool writes) {
    size_t next = 0;
    for (const auto &field : body.type->description.fields) {
      if (!std::holds_alternative<isa::Address>(field.initial))
        continue;
      Value buffer = buffers[next++];
      if (field.name != operand.name)
        continue;
      const auto offset = cast<AffineMapAttr>(getFields().get(field.name)).getValue();
      Footprint &footprint = collector.buffer(buffer, offset, !writes, writes);
      footprint.position[0].constant += operand.address / bytesOf(buffer);
      for (size_t d = 0; d < 4; ++d)
        footprint.dims.push_back({operand.stride[d], operand.count[d], std::nullopt});
      collector.window(footprint, operand.window, operand.windowStride);
    }
  };
  for (const isa::ExternalOperand &operand : work.operands)
    add(operand, false);
  add(work.result, true);
  return collector.result;
}

} // namespace arsis::tile
