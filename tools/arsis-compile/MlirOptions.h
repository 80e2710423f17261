// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// MLIR's own options on our command line: printing, timing, crash reproducers and plugins, as mlir-opt has
// them.
#pragma once

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

#include <string>
#include <vector>

namespace arsis::tool {

/// Takes MLIR's options out of the command line, and loads the plugins that they name: passes are registered,
/// dialects go into `registry`. Returns the arguments that are left, the program's name first. Throws Error.
std::vector<std::string> takeMlirOptions(int argc, char **argv, mlir::DialectRegistry &registry);

/// What the options say of a pass manager, after the passes were added. Throws Error.
void applyMlirOptions(mlir::PassManager &passes);

/// One line for each option.
std::string describeMlirOptions();

} // namespace arsis::tool
