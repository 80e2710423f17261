// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-keep-reference: the last look at the nn module before it is lowered.
#ifndef ARSIS_KEEP_REFERENCE
#define ARSIS_KEEP_REFERENCE

include "mlir/Pass/PassBase.td"

def KeepReference : Pass<"nn-keep-reference", "::mlir::ModuleOp"> {
  let summary = "keep the mapped module as text for the reference";
  let description = [{
    The text of the module, with locations and without those initial values that the program holds (splats stay),
    becomes the module's attribute `nn.reference`, which rides along to the program. Each function remembers
    (`nn.options`) whether it is a training step or a forward pass and that nothing else is kept. A module without
    functions stays as it is.
  }];
}

#endif // ARSIS_KEEP_REFERENCE
