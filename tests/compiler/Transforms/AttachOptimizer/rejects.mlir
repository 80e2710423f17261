// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not arsis-opt %s --nn-attach-optimizer=learning-rate=-1 2>&1 | FileCheck %s --check-prefix=RATE
// RUN: not arsis-opt %s --nn-attach-optimizer=momentum=inf 2>&1 | FileCheck %s --check-prefix=MOMENTUM
// RUN: not arsis-opt %s --nn-attach-optimizer=weight-decay=-0.5 2>&1 | FileCheck %s --check-prefix=DECAY
// RUN: not arsis-opt %s --nn-attach-optimizer 2>&1 | FileCheck %s --check-prefix=NAME
// Figures that make no sense, and a gradient that belongs to no parameter.

// RATE: error: expects the learning rate to be finite and not negative, found -1.000000
// MOMENTUM: error: expects the momentum to be finite and not negative, found inf
// DECAY: error: expects the weight decay to be finite and not negative, found -0.500000
// NAME: error: expects gradient result 0 to have nn.gradient_of, the number of its parameter, found none
func.func @step(%x: tensor<4xf32> {nn.name = "x", nn.role = "parameter"}) -> (tensor<4xf32> {nn.name = "grad:w", nn.role = "gradient"}) {
  return %x : tensor<4xf32>
}
