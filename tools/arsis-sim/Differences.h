// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where two tensors differ, in words.
#pragma once

#include "runtime/common/HostTensor.h"

#include <optional>
#include <string>

namespace arsis::tool {

/// "[0, 3]": the indices of an element.
std::string indexOf(int64_t element, const ref::Shape &shape);
/// As many digits as tell any two floats apart.
std::string number(float value);

/// Description of the first element whose bits differ, or nothing. NaNs are canonical on both sides.
/// REQUIRES: equal shapes, elements of 4 bytes.
std::optional<std::string> firstDifference(const std::string &name, const ref::HostTensor &chip,
                                           const ref::HostTensor &truth);

} // namespace arsis::tool
