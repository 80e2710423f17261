// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The chip's values against the reference that interprets the program's own nn module.
#pragma once

#include "runtime/common/Npz.h"
#include "simulator/top/Session.h"

namespace arsis::tool {

enum class Check { Off, Exact, Reference };

/// "exact", "reference" or "off"; throws Error for anything else.
Check parseCheck(const std::string &text);

struct Parity {
  boost::json::object json;         // for the report
  std::optional<std::string> error; // the first difference, if there is one
};

/// Runs one step of the reference from `before` (every input, parameter and state the step starts from) and
/// compares all `outputs`. Exact: the order of the reduction plan, equal bits. Reference: oneDNN, the norm of
/// the difference relative to that of the reference per tensor.
Parity compare(Check check, const isa::Program &program, const ref::TensorMap &before,
               const ref::TensorMap &outputs);

} // namespace arsis::tool
