// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dialects that loaded libraries brought: what compiles a step knows them, and what runs it as the reference.

#ifndef ARSIS_DIALECTS_NN_IR_BROUGHT_H
#define ARSIS_DIALECTS_NN_IR_BROUGHT_H

#include "dialects/Isa/Encoding/External.h"
#include "mlir/IR/DialectRegistry.h"

#include <functional>

namespace arsis::nn {

/// What a library brings of operations (isa::Brought::add): inserts its dialects, and the extensions that
/// attach interfaces to operations. Called once; it may register passes too.
struct BroughtDialects {
  std::function<void(mlir::DialectRegistry &)> insert;
};

/// Takes the dialects of a library.
void takeDialects(const isa::Brought &, const std::string &library);

/// Those of all libraries so far. A context that exists already does not learn of later ones.
const mlir::DialectRegistry &broughtDialects();

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_BROUGHT_H
