// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-keep-activations: makes what the layers compute observable.

#ifndef ARSIS_COMPILER_KEEP_ACTIVATIONS
#define ARSIS_COMPILER_KEEP_ACTIVATIONS

include "mlir/Pass/PassBase.td"

def KeepActivations : Pass<"nn-keep-activations", "::mlir::func::FuncOp"> {
  let summary = "return what every layer of the forward pass computes";
  let description = [{
    For every layer of the forward phase adds a result `act:<layer>` of role `activation`: the first result of the
    layer's last operation. A layer whose value the function returns already, or shares with a layer that was kept
    before, is left out. The host sees them in the layout they have here (channels last). A value of more than four
    dimensions fits no tensor of a program: a remark says so, and the function's attribute `nn.not_observable` names it, as
    the program will.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"\"", "the one function to change; empty: all">,
  ];
}

#endif // ARSIS_COMPILER_KEEP_ACTIVATIONS
