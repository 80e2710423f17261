// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-place-views: concatenations, splits and slices that move nothing.

#ifndef ARSIS_COMPILER_PLACE_VIEWS
#define ARSIS_COMPILER_PLACE_VIEWS

include "mlir/Pass/PassBase.td"

def PlaceViews : Pass<"nn-place-views", "::mlir::func::FuncOp"> {
  let summary = "let values lie in DRAM where they are joined, and pieces where they are cut out";
  let description = [{
    Marks operations on boxes (`BoxOpInterface`: concatenations, splits, slices) as views, which move nothing
    (compiler/Analysis/Places.h). Who computes an operand of a concatenation stores it into its part of the whole, who
    reads a piece of a split or slice loads it from the whole.

    Concatenations come first, the largest one first, so that those of a dense block, each of which has all pieces of the
    one before, lie in the last one: what is joined is computed where it lies in the result (`of_result`), and a
    concatenation whose operands already lie one behind the other is a view of them (`of_operands`). Of an operand that
    cannot be computed there (an argument, a constant, a value that the step returns under a name of its own, one that is
    in two concatenations that disagree) that piece alone is copied, by an `nn.slice` of all of it. Splits and slices
    follow; a piece of a split that must be a tensor of its own is copied in the same way.

    A view is taken only if a strategy is for each operation that writes or reads it, with its gaps. The tensor of an
    argument that the step updates in place is none's whole. What stays, stays for a reason that a remark names with
    `explain`. A function whose schedules are there already stays as it is.
  }];
  let options = [
    Option<"explain", "explain", "bool", "false", "emit a remark for each operation and piece that is still moved">,
  ];
}

#endif // ARSIS_COMPILER_PLACE_VIEWS
