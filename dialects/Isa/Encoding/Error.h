// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one exception of the code that knows no MLIR: a user's mistake or an unsupported request. A main prints
// it as `error: <what>` and exits with 1. The text is lower case, has no final period, and says what was
// found, what was expected and where.
#pragma once

#include <stdexcept>
#include <string>

namespace arsis {

class Error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace arsis
