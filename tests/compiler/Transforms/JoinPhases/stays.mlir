// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-join-phases | FileCheck %s
// Where anything else reads a result, no update moves.

// One gradient is doubled on its way: the update of the other one waits too.
// CHECK-LABEL: func.func @something_sits_there
// CHECK-NEXT: %[[GW:.*]] = nn.relu %arg0
// CHECK-NEXT: %[[GB:.*]] = nn.tanh %arg1
// CHECK-NEXT: %[[TWICE:.*]] = nn.add %[[GB]], %[[GB]]
// CHECK-NEXT: nn.sgd %arg0, %[[GW]], %arg2
// CHECK-NEXT: nn.sgd %arg1, %[[TWICE]], %arg2
// CHECK-NEXT: return
func.func @something_sits_there(%w: tensor<2xf32>, %b: tensor<2xf32>, %rate: tensor<f32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %gw = nn.relu %w : tensor<2xf32>
  %gb = nn.tanh %b : tensor<2xf32>
  %ready:2 = nn.gradients %gw, %gb of ["w", "b"] : tensor<2xf32>, tensor<2xf32>
  %twice = nn.add %ready#1, %ready#1 : tensor<2xf32>
  %w1 = nn.sgd %w, %ready#0, %rate momentum 0.0 weight_decay 0.0 : (tensor<2xf32>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %b1 = nn.sgd %b, %twice, %rate momentum 0.0 weight_decay 0.0 : (tensor<2xf32>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %w1, %b1 : tensor<2xf32>, tensor<2xf32>
}

// An update that reads a result as something else than its gradient is such a reader.
// CHECK-LABEL: func.func @as_velocity
// CHECK: nn.relu %arg0
// CHECK: nn.tanh
// CHECK-NEXT: nn.sgd
func.func @as_velocity(%w: tensor<2xf32>, %rate: tensor<f32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %gw = nn.relu %w : tensor<2xf32>
  %gv = nn.relu %gw : tensor<2xf32>
  %other = nn.tanh %gv : tensor<2xf32>
  %ready:2 = nn.gradients %gw, %gv of ["w", "v"] : tensor<2xf32>, tensor<2xf32>
  %w1, %v1 = nn.sgd %w, %ready#0, %rate, %ready#1 momentum 0.5 weight_decay 0.0 : (tensor<2xf32>, tensor<2xf32>, tensor<f32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  return %w1, %other : tensor<2xf32>, tensor<2xf32>
}
