// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not arsis-opt %s --nn-attach-optimizer=optimizer=sgd,lr=-1 2>&1 | FileCheck %s --check-prefix=RATE
// RUN: not arsis-opt %s --nn-attach-optimizer=optimizer=sgd,momentum=inf 2>&1 | FileCheck %s --check-prefix=MOMENTUM
// RUN: not arsis-opt %s --nn-attach-optimizer=optimizer=sgd,weight-decay=-0.5 2>&1 | FileCheck %s --check-prefix=DECAY
// RUN: not arsis-opt %s --nn-attach-optimizer 2>&1 | FileCheck %s --check-prefix=NAME
// Figures that make no sense, and a gradient that belongs to no parameter.

// RATE: error: --optimizer, lr: found '-1', expected a number from 0 to 1e30
// MOMENTUM: error: --optimizer, momentum: found 'inf', expected a number from 0 to 1e30
// DECAY: error: --optimizer, weight-decay: found '-0.5', expected a number from 0 to 1e30
// NAME: error: expects gradient result 0 to have nn.gradient_of, the number of its parameter, found none
func.func @step(%x: tensor<4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}) -> (tensor<4xf32> {nn.name = "grad:w", nn.role = #nn.role<gradient>}) {
  return %x : tensor<4xf32>
}
