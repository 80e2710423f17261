// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The nn dialect: whole-tensor operations of a training step as values on static shapes.

#ifndef ARSIS_NN_DIALECT
#define ARSIS_NN_DIALECT

include "mlir/IR/OpBase.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::arsis::nn";
  let summary = "whole-tensor operations of CNN training";
  let description = [{
    Operations on ranked tensors of static shape, channels last: activations are NHWC, convolution weights are HWIO.
    Backward operations are named operations of their own. State (weights, optimizer slots, running statistics) enters
    a step function as arguments and leaves it as results; a result that replaces an argument says so.

    Attributes on arguments and results of a function:
    - `nn.name` (string): the name the host uses for the tensor; unique among the arguments and among the results.
    - `nn.role` (`#nn.role`): `input`, `label`, `parameter`, `state`, `hyper` or `gradient` on arguments; `output`,
      `loss`, `parameter`, `state`, `gradient` or `activation` on results.
    - `nn.host_shape`, `nn.host_permutation` (i64 arrays): the host's shape, and for each of its dimensions the
      dimension of the tensor here. Absent means identity.
    - `nn.initial` (elements): the value at launch, in the layout of the tensor here.
    - `nn.donates` (i64, results only): the argument whose storage the result takes over.
    - `nn.gradient_of` (i64): the argument whose gradient this is.
    - `nn.slot_of` (i64): the argument, a parameter, whose updates keep this state between steps.

    Names are for people: what belongs together is said by the attributes.

    The verifiers name the constraint they found violated, for example `(conv_c4)`; the descriptions of the operations
    list them.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

#endif // ARSIS_NN_DIALECT
