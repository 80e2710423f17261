// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Products.h.
#include "simulator/top/Products.h"

namespace arsis::sim {

int64_t macsOf(const EventCounts &counts) { return passedMacsOf(counts, {}); }

int64_t passedMacsOf(const EventCounts &counts, const chip::MatrixPasses &passes) {
  int64_t macs = 0;
  for (numerics::ElementType type : chip::kMultipliedTypes)
    macs += counts[productEvent(type)] * passes.of(type);
  return macs;
}

boost::json::object multipliesJson(const chip::MatrixPasses &passes) {
  boost::json::object json;
  for (numerics::ElementType type : chip::kMultipliedTypes)
    json[numerics::name(type)] = passes.of(type);
  return json;
}

/// "bf16 or f16": the narrower types that the multipliers take as they are.
static std::string typesBelow(numerics::ElementType wide, const chip::MatrixPasses &passes) {
  std::string text;
  for (numerics::ElementType type : chip::kMultipliedTypes)
    if (passes.of(type) == 1 && numerics::sizeInBytes(type) < numerics::sizeInBytes(wide))
      text += (text.empty() ? "" : " or ") + std::string(numerics::name(type));
  return text.empty() ? "a narrower type" : text;
}

boost::json::array hypotheticalJson(const EventCounts &counts, const chip::MatrixPasses &passes,
                                    const std::string &chipName) {
  boost::json::array sentences;
  for (numerics::ElementType type : chip::kMultipliedTypes)
    if (passes.of(type) > 1 && counts[productEvent(type)] > 0) {
      const std::string name(numerics::name(type));
      sentences.emplace_back(chipName + " multiplies " + name + " in " + std::to_string(passes.of(type)) +
                             " passes of " + typesBelow(type, passes) + "; values here are those of true " +
                             name);
    }
  return sentences;
}

} // namespace arsis::sim
