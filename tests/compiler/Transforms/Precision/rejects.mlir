// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not %arsis_opt %s --nn-set-precision="precision=fp8" 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not %arsis_opt %s --nn-set-precision="store=bf16" 2>&1 | FileCheck %s --check-prefix=FORM
// RUN: not %arsis_opt %s --nn-set-precision="store=conv=half" 2>&1 | FileCheck %s --check-prefix=STORED
// RUN: not %arsis_opt %s --nn-set-precision="store=absent=bf16" 2>&1 | FileCheck %s --check-prefix=LAYER
// RUN: not %arsis_opt %s --nn-set-precision="store=conv=bf16,conv=fp32" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not %arsis_opt %s --nn-set-precision="precision=bf16" --nn-set-precision="precision=fp16" 2>&1 | FileCheck %s --check-prefix=AGAIN
// RUN: not %arsis_opt %s --nn-set-precision="precision=bf16" 2>&1 | FileCheck %s --check-prefixes=STEP,UNIT

// TYPE: error: --precision: found 'fp8', expected fp32, bf16 or fp16
// FORM: error: --store: found 'bf16', expected LAYER=TYPE
// STORED: error: --store conv: found 'half', expected fp32, bf16 or fp16
// LAYER: error: --store: found layer 'absent', which no operation belongs to
// TWICE: error: --store: found layer 'conv' twice, expected it once
// AGAIN: error: --precision: found bf16 already chosen for this function
// STEP: error: --precision: found a training step with its optimizer, expected it where the step is made
func.func @step(%x: tensor<2x4xf32>) -> tensor<2x4xf32> attributes {nn.options = {optimizer = "sgd"}} {
  return %x : tensor<2x4xf32>
}
// UNIT: error: is a unit already, expected types to be chosen before units are formed
func.func @unit(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = nn.unit(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32> {
  ^bb0(%a: tensor<2x4xf32>):
    %1 = nn.relu %a : tensor<2x4xf32>
    nn.yield %1 : tensor<2x4xf32>
  }
  return %0 : tensor<2x4xf32>
}
func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = nn.relu %x : tensor<2x4xf32> loc(#conv)
  return %0 : tensor<2x4xf32>
}
#conv = loc(fused<"fwd">["conv"])
