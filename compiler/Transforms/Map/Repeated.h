// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Work of the vector unit that every product that reads its result does again on the tiles that it loads, so
// that nobody stores the result (compiler/Schedule/Prologue.h).
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_REPEATED_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_REPEATED_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

#include <string>

namespace arsis::compiler {

/// Lets the products that alone read the result of an operation, or of a unit, compute it where they load it.
/// The maker is erased then. False, and nothing has changed, if one of them cannot, or if they would read
/// more than they do not store.
bool repeatAtLoads(mlir::Operation *maker);

/// Lets the first of those who read the result of an operation, or of a unit, compute it where it loads it,
/// and store it by the way, if that is a product that streams each of its elements once. Norms that take
/// moments leave their statistics at the place of the maker. False, and nothing has changed, if it cannot.
bool storeAtLoad(mlir::Operation *maker);

/// A unit, and which operations of its body make a factor of its product, by number.
struct Load {
  mlir::Operation *unit = nullptr;
  llvm::SmallVector<unsigned> chain;
};

/// Units that make the same value.
struct Repeated {
  std::string key; // of the value
  llvm::SmallVector<Load> loads;
};
/// All such values of a block, in the order of their first units.
std::vector<Repeated> repeatedIn(mlir::Block &block);

/// Makes the value once in front of the units, which read it then: in their place stand units, or operations,
/// without the repeated work.
struct MadeOnce {
  llvm::SmallVector<mlir::Operation *> makers; // in their order; the last makes the value
  llvm::SmallVector<mlir::Operation *> readers;
};
MadeOnce makeOnce(llvm::ArrayRef<Load> loads);

/// Puts the operations of a unit in its place. `results` becomes what it handed out.
llvm::SmallVector<mlir::Operation *> takeOut(mlir::Operation *unit,
                                             llvm::SmallVectorImpl<mlir::Value> &results);

/// Which of these operations are products, or make a factor of one.
llvm::SmallVector<mlir::Operation *> coreOf(llvm::ArrayRef<mlir::Operation *> ops);

/// What tells whether the products of two operations, or units, read or make the same value as factor number
/// `operand`.
std::string factorKey(mlir::Operation *op, unsigned operand);

/// Whether the operation may wait for another one that comes later: only updates, which may too, read it.
bool mayWait(mlir::Operation *op, mlir::Operation *later);

/// Joins the gradients of convolutions' weights with those of their inputs, where both suit one nest
/// (compiler/Schedule/Gradients.h) and nothing needs the former before the latter could be computed.
void joinGradients(mlir::Block &block);

/// Whether an operation is a unit with two products.
bool hasBothGradients(mlir::Operation *op);
/// Puts two units, or operations, in the place of such a unit: the gradient of the weight with what makes its
/// factors, and the rest.
llvm::SmallVector<mlir::Operation *, 2> splitGradients(mlir::Operation *unit);

} // namespace arsis::compiler

#endif
