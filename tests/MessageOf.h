// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What something is refused with.
#pragma once

#include "dialects/Isa/Encoding/Error.h"

#include <string>

namespace arsis {

/// The words of the Error that `action` throws; "no error" if it throws none.
template <class Action> std::string messageOf(const Action &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

} // namespace arsis
