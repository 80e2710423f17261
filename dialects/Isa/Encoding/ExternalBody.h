// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body of an instruction that isa.td does not describe: a library brought it (External.h). Its fields are
// of the kinds that isa.td has too, so that whatever walks the fields of a body walks these.
#pragma once

#include "dialects/Isa/Encoding/Fields.h"

#include <variant>
#include <vector>

namespace arsis::isa {

class ExternalInstruction;

/// One field. Arrays have the lengths that operands of four dimensions, windows and products need.
using FieldValue = std::variant<uint8_t, uint16_t, uint32_t, int32_t, float, ElementType, Affine, Extent,
                                Address, std::array<int32_t, 2>, std::array<int32_t, 3>,
                                std::array<int32_t, 4>, std::array<uint16_t, 2>, std::array<Affine, 4>,
                                std::array<Extent, 2>, std::array<Extent, 3>, std::array<Extent, 4>>;

/// Name of field `number`. REQUIRES: there is one.
const char *fieldName(const ExternalInstruction &, size_t number);
/// Equality to the bit, of floats too.
bool sameFields(const std::vector<FieldValue> &, const std::vector<FieldValue> &);

struct External {
  const ExternalInstruction *type = nullptr; // registered; lives until the process ends
  std::vector<FieldValue> fields;            // in the order of its description

  template <class Visitor> void visitFields(Visitor &&visitor) {
    for (size_t i = 0; i < fields.size(); ++i)
      std::visit([&](auto &value) { visitor(fieldName(*type, i), value); }, fields[i]);
  }
  template <class Visitor> void visitFields(Visitor &&visitor) const {
    for (size_t i = 0; i < fields.size(); ++i)
      std::visit([&](const auto &value) { visitor(fieldName(*type, i), value); }, fields[i]);
  }
  bool operator==(const External &o) const { return type == o.type && sameFields(fields, o.fields); }
};

} // namespace arsis::isa
