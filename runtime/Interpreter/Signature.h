// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a step function takes and returns, by name: the attributes nn.name, nn.host_shape,
// nn.host_permutation, nn.initial and nn.donates of its arguments and results, as plain C++.
#pragma once

#include "runtime/common/HostTensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"

#include <optional>

namespace arsis::ref {

/// One argument or result. Shapes and type are the chip's layout; host dim i is chip dim hostPermutation[i]
/// (empty: identity).
struct Slot {
  std::string name;
  Shape shape;
  HostType type = HostType::F32;
  Shape hostShape; ///< the permuted shape, unless nn.host_shape states another one of the same size
  std::vector<int64_t> hostPermutation;
  mlir::ElementsAttr initial; ///< null if the argument has none
  std::optional<unsigned>
      donates; ///< the argument whose next value a result is; the layout is then the argument's

  /// Between the host's layout and the chip's. Throw arsis::Error if the tensor does not have the shape on
  /// its side.
  HostTensor toChip(const HostTensor &host) const;
  HostTensor toHost(const HostTensor &chip) const;
};

struct Signature {
  std::vector<Slot> arguments, results;

  /// Null if there is none.
  const Slot *argument(const std::string &name) const;
  const Slot *result(const std::string &name) const;
};

/// Throws arsis::Error if a slot has no name, a name occurs twice on one side, or an attribute does not fit.
Signature signatureOf(mlir::func::FuncOp func);

/// @train_step if the module has it, else @forward. Throws arsis::Error if it has neither.
mlir::func::FuncOp entryOf(mlir::ModuleOp module);

} // namespace arsis::ref
