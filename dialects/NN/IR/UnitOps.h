// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Units of several operations, for passes that need not know how they are spelled.

#ifndef ARSIS_DIALECTS_NN_IR_UNITOPS_H
#define ARSIS_DIALECTS_NN_IR_UNITOPS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

#include <string>

namespace arsis::nn {

// The body of a unit of several operations; null for every other operation.
mlir::Block *bodyOf(mlir::Operation *op);

// What people call an operation: its name without the dialect, of a unit those of its operations: "add+relu".
std::string titleOf(mlir::Operation *op);

// Puts operations of one block into a unit at the place of the last one; it hands out what others read. What
// nobody else reads, and `handedOut` does not name, becomes fp32, since it is never stored; but factors of a
// product keep the type in which arrays read them. `origin` is the one among them whose location the unit
// gets. REQUIRES: more than one operation, in their order; who reads one of them stands behind the last.
mlir::Operation *formUnit(llvm::ArrayRef<mlir::Operation *> ops, mlir::Operation *origin,
                          llvm::ArrayRef<mlir::Value> handedOut = {});

// The types that all results of the body had before it became one; null if the unit knows none, or the
// operation is none.
mlir::ArrayAttr storedOf(mlir::Operation *op);
// The same of a unit, which forgets them.
mlir::ArrayAttr takeStored(mlir::Operation *unit);

// Puts the operations of a unit in its place, with these types, and returns them. What is stored is read,
// unless `keepsOffers`: then those that offer to do so stay.
llvm::SmallVector<mlir::Operation *> dissolve(mlir::Operation *unit, mlir::ArrayAttr stored,
                                              bool keepsOffers = false);
// Such operations in front of the unit, which stays; whoever asks erases them. `results`, unless null,
// becomes what of theirs the unit hands out.
llvm::SmallVector<mlir::Operation *> copiesOf(mlir::Operation *unit, mlir::ArrayAttr stored,
                                              llvm::SmallVectorImpl<mlir::Value> *results = nullptr,
                                              bool keepsOffers = false);

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_UNITOPS_H
