// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not arsis-opt %s --arsis-pipeline="to=step train" 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not arsis-opt %s --arsis-pipeline="to=step train optimizer=sgd,lr=-1" 2>&1 | FileCheck %s --check-prefix=RATE
// RUN: not arsis-opt %s --arsis-pipeline="to=step keep=gradients" 2>&1 | FileCheck %s --check-prefix=KEEP
// RUN: not arsis-opt %s --arsis-pipeline="to=asm" 2>&1 | FileCheck %s --check-prefix=LEVEL
// RUN: not arsis-opt %s --arsis-pipeline="to=tile" 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not arsis-opt %s --arsis-pipeline="chip=tiny set=matrix.row=8" 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: not arsis-opt %s --arsis-pipeline="to=step at-step=func.func(absent)" 2>&1 | FileCheck %s --check-prefix=PASS
// RUN: not arsis-opt %s --arsis-pipeline="to=step train phase=both" 2>&1 | FileCheck %s --check-prefix=PHASE
// RUN: not arsis-opt %s --arsis-pipeline="to=step phase=update" 2>&1 | FileCheck %s --check-prefix=FORWARD
// RUN: not arsis-opt %s --arsis-pipeline="to=step train phase=update keep=activations" 2>&1 | FileCheck %s --check-prefix=KEPT
// A model without parameters, and options that make no sense.

// NOTHING: error: expects a parameter that the loss depends on, found none to train
// RATE: --optimizer, lr: found '-1', expected a number from 0 to 1e30
// KEEP: --keep=gradients: found no training step, which alone has gradients
// LEVEL: --to: found 'asm', expected nn, step, mapped, tile or isa
// CHIP: --chip: found nothing, expected a value
// KEY: cannot override unknown chip key 'matrix.row', expected
// PHASE: --phase: found 'both', expected joint, gradients or update
// FORWARD: --phase: found no training step, which alone has phases; expected --train with it
// KEPT: --keep: found --phase=update, which computes neither gradients nor activations; expected it with another phase
// PASS: --at-step: {{.*}}'absent' does not refer to a registered pass or pass pipeline
func.func @forward(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<input>}) -> (tensor<2x4xf32> {nn.name = "y"}) {
  return %x : tensor<2x4xf32>
}
