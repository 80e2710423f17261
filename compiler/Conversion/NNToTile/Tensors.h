// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The DRAM tensor behind each nn value. Tensors and their aliases live at the program's top level, so they
// are asked for before a loop is opened.
#ifndef ARSIS_COMPILER_CONVERSION_NNTOTILE_TENSORS_H
#define ARSIS_COMPILER_CONVERSION_NNTOTILE_TENSORS_H

#include "compiler/Analysis/Places.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/Tile/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

namespace arsis::compiler {

class Tensors {
public:
  explicit Tensors(tile::TileBuilder &builder) : b(builder) {}

  /// The tensor of an operand, or of a result; a result without a planned place becomes a temporary, or the
  /// part of another tensor that it is a view of.
  mlir::Value of(mlir::Value value);
  /// The same under another shape.
  mlir::Value of(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  void set(mlir::Value value, mlir::Value tensor) { storage[value] = tensor; }
  /// A tensor of given values.
  mlir::Value constant(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, mlir::ElementsAttr values);
  /// `wanted`, or with a number appended if there is such a tensor already.
  std::string uniqueName(llvm::StringRef wanted);

private:
  tile::TileBuilder &b;
  llvm::DenseMap<mlir::Value, mlir::Value> storage;
  llvm::StringSet<> names;
};

} // namespace arsis::compiler

#endif
