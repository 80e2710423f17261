// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-set-precision: the types in which values are stored and multiplied.

#ifndef ARSIS_COMPILER_PRECISION
#define ARSIS_COMPILER_PRECISION

include "mlir/Pass/PassBase.td"

def SetPrecision : Pass<"nn-set-precision", "::mlir::func::FuncOp"> {
  let summary = "choose the types in which values are stored and the array multiplies";
  let description = [{
    With `precision=bf16` or `fp16` images, activations and their gradients are stored in that type, and both factors of every
    convolution and matrix product have it: parameters stay as they are and are cast (`nn.cast`). What stays in fp32: parameters, state of
    the optimizer, gradients of parameters, all that the loss computes but the gradient of the logits, statistics and other
    vectors, constants, and a product that only the addition of its bias reads. Operations compute in fp32 and round each result once to the type it is stored in.

    `store=LAYER=TYPE` pins the type in which a layer stores what it computes, in all its phases.
  }];
  let options = [
    Option<"precision", "precision", "std::string", /*default=*/"\"fp32\"", "fp32, bf16 or fp16">,
    ListOption<"store", "store", "std::string", "LAYER=TYPE: a layer that stores its values in fp32, bf16 or fp16">,
  ];
}

#endif // ARSIS_COMPILER_PRECISION
