// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fields of instructions from outside, from the expressions of layouts.
#include "dialects/Isa/Encoding/External.h"

#include "compiler/Schedule/Layout.h"
#include "dialects/Isa/Encoding/Error.h"

#include <limits>

namespace arsis::schedule {

/// Terms of loops beyond those of a chip are left out: such a layout is refused for its loops.
static isa::Affine affineOf(const Affine &affine, int64_t scale = 1) {
  isa::Affine result(affine.base * scale);
  for (size_t d = 0; d < isa::kMaxLoopDepth; ++d)
    isa::addTerm(result.terms, static_cast<uint8_t>(d), affine.step[d] * scale);
  return result;
}

External &External::value(isa::FieldValue field) {
  body.fields.push_back(std::move(field));
  return *this;
}

External &External::address(const View &view, numerics::ElementType type) {
  const isa::Affine offset = affineOf(view.offset, numerics::sizeInBytes(type));
  isa::Address address(offset.base);
  address.strides = offset.terms;
  buffers.push_back(view.buffer);
  return value(address);
}

External &External::affine(const Affine &affine) { return value(affineOf(affine)); }
External &External::extent(const Extent &extent) { return value(remember(extent)); }

isa::Extent External::remember(const Extent &extent) {
  box.push_back(extent);
  return extent.clamped ? isa::Extent(extent.tile, affineOf(extent.limit)) : isa::Extent(extent.tile);
}

External &External::strides(const std::array<int64_t, 4> &values) {
  std::array<int32_t, 4> field;
  for (size_t d = 0; d < 4; ++d) {
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    if (values[d] > kMost || values[d] < -kMost)
      throw Error("a stride of instruction '" + body.type->description.mnemonic + "' is " +
                  std::to_string(values[d]) + ", the encoding holds up to " + std::to_string(kMost));
    field[d] = static_cast<int32_t>(values[d]);
  }
  return value(field);
}

int bufferOf(const External &external, const isa::ExternalOperand &operand) {
  size_t number = 0;
  for (size_t i = 0; i < external.body.fields.size(); ++i) {
    if (!std::holds_alternative<isa::Address>(external.body.fields[i]))
      continue;
    if (external.body.type->description.fields[i].name == operand.name)
      return external.buffers[number];
    ++number;
  }
  throw Error("instruction '" + external.body.type->description.mnemonic + "' has an operand '" +
              operand.name + "', expected the name of one of its address fields");
}

} // namespace arsis::schedule
