// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Differences.h.
#include "tools/arsis-sim/Differences.h"

#include <cstring>
#include <sstream>

namespace arsis::tool {

std::string indexOf(int64_t element, const ref::Shape &shape) {
  std::string text;
  for (size_t d = shape.size(); d-- > 0;) {
    text = std::to_string(element % shape[d]) + (text.empty() ? "" : ", ") + text;
    element /= shape[d];
  }
  return "[" + text + "]";
}

std::string number(float value) {
  std::ostringstream out;
  out.precision(9);
  out << value;
  return out.str();
}

std::optional<std::string> firstDifference(const std::string &name, const ref::HostTensor &chip,
                                           const ref::HostTensor &truth) {
  for (int64_t i = 0; i < chip.size(); ++i) {
    if (std::memcmp(chip.data() + 4 * i, truth.data() + 4 * i, 4) == 0)
      continue;
    float found, expected;
    std::memcpy(&found, chip.data() + 4 * i, 4);
    std::memcpy(&expected, truth.data() + 4 * i, 4);
    return "tensor " + name + " differs at element " + indexOf(i, chip.shape()) + ", found " + number(found) +
           ", expected " + number(expected);
  }
  return std::nullopt;
}

} // namespace arsis::tool
