// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What operations can do for each other inside of a unit and would not do alone. Whoever forms units makes
// these offers; whoever maps them takes each up or withdraws it, by its price.

#ifndef ARSIS_DIALECTS_NN_IR_OFFERS_H
#define ARSIS_DIALECTS_NN_IR_OFFERS_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"

#include <utility>

namespace arsis::nn {

// Lets the gradient of a ReLU behind a batch norm take its mask from the norm's input, computed once more,
// where all who read the gradient read that input anyway. What was stored is still offered.
void offerNormalisedAgain(mlir::Block &block);
// What an operation says may be read instead of its result, if all its readers ask for the sign only; else
// null.
mlir::Value storedInsteadOf(mlir::Operation *op);
// Whether an operation reads a value as such a stored one.
bool isStoredIn(mlir::OpOperand &use);
// Whether an operation reads a value for nothing but that a unit may take it instead of a computed one.
bool readsAsStoredOnly(mlir::Operation *op, mlir::Value stored);
// Takes this choice away from all units that have it.
void withdrawStored(mlir::Value stored);
// Gives it to units that compute what a norm made once more and ask for the sign only, if it is the norm's
// result behind a ReLU.
void offerStored(mlir::Operation *norm, mlir::Value stored);
// Reads what is stored wherever an offer did not become part of a unit.
void withdrawNormalisedAgain(mlir::Block &block);
// Where operations of a unit offer a stored value in place of their result: the unit that computes these once
// more, and the one that reads what is stored, both in front of it. Nothing if no operation does; whoever
// asks erases all but one.
llvm::SmallVector<mlir::Operation *, 2> variantsOf(mlir::Operation *unit);

// How many pixels of x `first` of channel_moments sums up.
int64_t firstPixels(mlir::Value x);
// Takes the moments for a batch norm directly behind the convolution that makes its input: the pairs of both.
llvm::SmallVector<std::pair<mlir::Operation *, mlir::Operation *>> offerMoments(mlir::Block &block);
// Whether the operation is a batch norm that takes moments.
bool isNormOfMoments(mlir::Operation *op);
// Splits a batch norm that takes moments into what has one element per channel and the rest, which the result
// is, so that the latter may be done elsewhere. Null if the operation is none.
mlir::Operation *splitStatistics(mlir::Operation *norm);
// The former, if an operation is such a rest; else null.
mlir::Operation *statisticsOf(mlir::Operation *rest);
// Joins the two again at the place of the latter, and returns the norm. Null if the operation is no such
// rest. Of a copy of the latter the former stays as it is.
mlir::Operation *joinStatistics(mlir::Operation *rest, bool isCopy = false);
// What an operation is a part of, by its name without the dialect; its own name if of nothing.
llvm::StringRef wholeOf(mlir::Operation *op);

// Takes the sums of a batch norm's gradient directly behind the operation that makes its gy, and returns who
// takes them; the gradient is applied where it was. Null if the operation is none, or if not all that it
// reads is there already.
mlir::Operation *offerGradientSums(mlir::Operation *gradient);
// Whether the operation is one of these, which sums up for others.
bool isOffer(mlir::Operation *op);
// Who outside of a unit goes on from what offers inside of it sum up.
llvm::SmallVector<mlir::Operation *> takersOf(mlir::Operation *unit);
// Lets all who go on from an offer, also inside of units, sum up themselves again, and erases it. False if it
// is none, or somebody else still reads it. `takers`, unless null, gets those who do so now.
bool withdrawOffer(mlir::Operation *op, llvm::SmallVectorImpl<mlir::Operation *> *takers = nullptr);

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_OFFERS_H
