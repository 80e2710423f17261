// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and growing the signature of a step function: arguments and results are found by the name and role
// that their nn attributes give them, never by position.

#ifndef ARSIS_COMPILER_TRANSFORMS_TRAINSTEP_SIGNATURE_H
#define ARSIS_COMPILER_TRANSFORMS_TRAINSTEP_SIGNATURE_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/StringSet.h"

#include <optional>

namespace arsis::compiler {

// The role of an argument or result; nothing if it has none.
std::optional<nn::Role> argumentRole(mlir::func::FuncOp function, unsigned argument);
std::optional<nn::Role> resultRole(mlir::func::FuncOp function, unsigned result);

// The string attribute `attribute` of an argument or result; empty if it has none.
llvm::StringRef argumentText(mlir::func::FuncOp function, unsigned argument, llvm::StringRef attribute);
llvm::StringRef resultText(mlir::func::FuncOp function, unsigned result, llvm::StringRef attribute);

// The names of a function's arguments and results, for the tensors that a training step adds. The model's own
// tensors keep theirs, so that the host finds them under the names of the file.
class TensorNames {
public:
  explicit TensorNames(mlir::func::FuncOp function);

  // `wanted`, or, with a remark, `wanted` behind as many `step:` as make it differ from all names so far.
  std::string claim(llvm::StringRef wanted);

private:
  mlir::func::FuncOp function;
  llvm::StringSet<> taken;
};

// The numbers of the results with `role`, ascending.
llvm::SmallVector<unsigned> resultsWithRole(mlir::func::FuncOp function, nn::Role role);

// The one return of a function with a body of one block.
mlir::func::ReturnOp getReturn(mlir::func::FuncOp function);

// A tensor that joins the arguments or the results of a function.
struct NewTensor {
  mlir::Type type;
  std::string name;
  nn::Role role;
  llvm::SmallVector<mlir::NamedAttribute> attributes = {}; // further ones
  mlir::Value value = {};                                  // of a result
};

// Appends arguments, in one step: every single one would cost as much as the whole signature.
llvm::SmallVector<mlir::Value> appendArguments(mlir::func::FuncOp function,
                                               llvm::ArrayRef<NewTensor> arguments);

// Inserts results before result `position`, in one step.
void insertResults(mlir::func::FuncOp function, unsigned position, llvm::ArrayRef<NewTensor> results);

void eraseResults(mlir::func::FuncOp function, llvm::ArrayRef<unsigned> results);

// Erases arguments that nothing reads. What names others by number follows; REQUIRES: nothing names an erased
// one.
void eraseArguments(mlir::func::FuncOp function, const llvm::BitVector &arguments);

// The attributes that describe the layout on the host, of an argument; a tensor of the same shape inherits
// them.
llvm::SmallVector<mlir::NamedAttribute> hostLayout(mlir::func::FuncOp function, unsigned argument);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_TRAINSTEP_SIGNATURE_H
