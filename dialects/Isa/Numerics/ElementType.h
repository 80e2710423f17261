// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The types an element of a tensor or of a scratchpad view can have. Accumulators are always F32, whatever
// the operands.
#ifndef ARSIS_DIALECTS_ISA_NUMERICS_ELEMENTTYPE_H
#define ARSIS_DIALECTS_ISA_NUMERICS_ELEMENTTYPE_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace arsis::numerics {

enum class ElementType : uint8_t { F32 = 0, BF16 = 1, F16 = 2, I32 = 3 };

constexpr unsigned kElementTypeCount = 4;

/// Bytes of one element.
constexpr int64_t sizeInBytes(ElementType type) {
  return type == ElementType::F32 || type == ElementType::I32 ? 4 : 2;
}

constexpr std::string_view name(ElementType type) {
  constexpr std::string_view names[kElementTypeCount] = {"f32", "bf16", "f16", "i32"};
  return static_cast<unsigned>(type) < kElementTypeCount ? names[static_cast<unsigned>(type)] : "invalid";
}

/// The type called `text` ("f32", "bf16", "f16", "i32"), or nothing.
constexpr std::optional<ElementType> parseElementType(std::string_view text) {
  for (unsigned i = 0; i < kElementTypeCount; ++i)
    if (name(static_cast<ElementType>(i)) == text)
      return static_cast<ElementType>(i);
  return std::nullopt;
}

} // namespace arsis::numerics

#endif
