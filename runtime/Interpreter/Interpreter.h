// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The oracle: walks @forward or @train_step op by op and evaluates each with its reference kernel. It knows
// no op by name; the kernels' registry does (runtime/common/KernelRegistry.h).
#pragma once

#include "runtime/Interpreter/Signature.h"
#include "runtime/common/KernelRegistry.h"
#include "runtime/common/Npz.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/LogicalResult.h"

namespace arsis::ref {

struct Options {
  Backend backend = Backend::PlainF32;
  /// Called after each op with its results, in chip layout and the backend's value type.
  std::function<void(mlir::Operation *, llvm::ArrayRef<HostTensor>)> observe;
};

/// Evaluates `func` once. `inputs` are in chip layout, by nn.name; an argument without input takes its
/// nn.initial. f32 arguments accept f32 (and f64 with Backend::PlainF64), i32 arguments accept i32 and i64.
/// Returns the results by nn.name, in chip layout; f32 results are f64 with Backend::PlainF64. To run the
/// next step, put the donating results into the next inputs. Emits one error on the function or on the op and
/// fails if an input is missing, unknown or of another shape or type, or if an op has no kernel or refuses
/// its operands.
llvm::FailureOr<TensorMap> run(mlir::func::FuncOp func, const TensorMap &inputs, const Options &options = {});

/// The same for the module's @train_step, or @forward if there is none.
llvm::FailureOr<TensorMap> run(mlir::ModuleOp module, const TensorMap &inputs, const Options &options = {});

/// Evaluates one op on given operands.
llvm::FailureOr<std::vector<HostTensor>>
evaluateOp(mlir::Operation *op, llvm::ArrayRef<const HostTensor *> operands, Backend backend);

} // namespace arsis::ref
