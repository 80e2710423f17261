// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tensor table of a program: one entry per tile.tensor, and one per other shape under which its bytes are
// used.
#ifndef ARSIS_COMPILER_CONVERSION_TILETOISA_TENSORS_H
#define ARSIS_COMPILER_CONVERSION_TILETOISA_TENSORS_H

#include "dialects/Isa/IR/Isa.h"
#include "dialects/Tile/IR/Tile.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"
#include <map>

namespace arsis::compiler {

class TensorTable {
public:
  /// Emits the table of a split program. `counters` gives the number in the program of every counter that a
  /// stream increments. Reports a tensor without address, and one that two store queues write.
  mlir::LogicalResult build(tile::ProgramOp program, const std::map<tile::CounterId, int> &counters,
                            mlir::OpBuilder &builder);

  size_t indexOf(mlir::Value tensor) const { return indices.lookup(tensor); }
  llvm::ArrayRef<std::string> names() const { return symbols; }

private:
  struct Completion {
    tile::CounterId counter;
    int64_t ordinal;
  };
  mlir::LogicalResult findCompletions(tile::ProgramOp program);
  mlir::LogicalResult addEntry(mlir::Value value, tile::TensorOp root,
                               const std::map<tile::CounterId, int> &counters, mlir::OpBuilder &builder);

  llvm::DenseMap<mlir::Value, size_t> indices;
  llvm::SmallVector<std::string> symbols;
  llvm::StringSet<> taken; ///< names of the program's tensors and parts, and of the other shapes so far
  llvm::DenseMap<mlir::Operation *, Completion> completions;
};

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_CONVERSION_TILETOISA_TENSORS_H
