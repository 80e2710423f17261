// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-form-units: which operations a chip executes in one nest of loops.

#ifndef ARSIS_COMPILER_FORM_UNITS
#define ARSIS_COMPILER_FORM_UNITS

include "mlir/Pass/PassBase.td"

def FormUnits : Pass<"nn-form-units", "::mlir::func::FuncOp"> {
  let summary = "join operations that share a nest of loops into units";
  let description = [{
    Joins work of the vector unit with the one operation that reads its result: chains such as normalisation, addition and
    ReLU, or the gradients of both, become one `nn.unit`. What was read by that operation only is not stored any more, and
    so it is fp32 whatever its type was. Operations are joined none of which changes parameters, and that together still
    are one program of the vector unit (compiler/Schedule/VectorProgram.h).

    Joins a convolution with the moments that the batch norm behind it needs, and an input gradient with the sums that the
    gradient of a batch norm needs of it, which are taken of each tile while it is in the scratchpad: then nobody reads the
    whole tensor for them.

    Joins convolutions, input gradients and matrix products with work of the vector unit that alone reads their result,
    such as bias, addition, ReLU, its mask, casts and sums over pixels, where all of it can be done with a tile of the result
    while this lies in the scratchpad.

    Lets products do work of the vector unit again on the tiles that they load, such as normalisation with ReLU, or the
    gradient of a batch norm, where they alone read its result: then nobody stores that.

    Joins the two gradients of a convolution, which read the same gradient of its result.

    Lets the mask of a ReLU's gradient be computed again from what the gradient of the batch norm reads anyway.

    A unit is a proposal: `nn-map` takes it apart where its operations cost less alone. A function whose schedules
    are there already stays as it is.
  }];
  let options = [
    Option<"fuse", "fuse", "std::string", /*default=*/"\"all\"", "what is joined: all, none, or a list of vector, sums, epilogues, loads, gradients and views (which nn-place-views sees to)">,
  ];
}

#endif // ARSIS_COMPILER_FORM_UNITS
