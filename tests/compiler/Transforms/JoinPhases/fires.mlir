// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-join-phases | FileCheck %s
// Where nothing sits between gradients and updates, an update follows its gradient.

// It waits for the last reader of the old parameter, and no longer. Of two behind one operation the later one comes first.
// CHECK-LABEL: func.func @nothing_sits_there
// CHECK-NEXT: %[[GW:.*]] = nn.relu %arg0
// CHECK-NEXT: nn.matmul %{{.*}}, %arg0
// CHECK-NEXT: %[[NEW_W:.*]] = nn.sgd %arg0, %[[GW]], %arg3
// CHECK-NEXT: %[[GB:.*]] = nn.relu %arg1
// CHECK-NEXT: %[[NEW_C:.*]] = nn.sgd %arg2, %[[GB]], %arg3
// CHECK-NEXT: %[[NEW_B:.*]] = nn.sgd %arg1, %[[GB]], %arg3
// CHECK-NEXT: nn.relu
// CHECK-NEXT: return %[[NEW_W]], %[[NEW_B]], %[[NEW_C]]
func.func @nothing_sits_there(%w: tensor<2x2xf32>, %b: tensor<2xf32>, %c: tensor<2xf32>, %rate: tensor<f32>)
    -> (tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %gw = nn.relu %w : tensor<2x2xf32>
  %reader = nn.matmul %gw, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %gb = nn.relu %b : tensor<2xf32>
  %later = nn.relu %reader : tensor<2x2xf32>
  %ready:3 = nn.gradients %gw, %gb, %gb of ["w", "b", "c"] : tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>
  %w1 = nn.sgd %w, %ready#0, %rate momentum 0.0 weight_decay 0.0 : (tensor<2x2xf32>, tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
  %b1 = nn.sgd %b, %ready#1, %rate momentum 0.0 weight_decay 0.0 : (tensor<2xf32>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %c1 = nn.sgd %c, %ready#2, %rate momentum 0.0 weight_decay 0.0 : (tensor<2xf32>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %w1, %b1, %c1 : tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>
}

// Gradients that are there from the start have nothing to follow.
// CHECK-LABEL: func.func @given
// CHECK-NEXT: nn.sgd %arg0, %arg1, %arg2
// CHECK-NEXT: return
func.func @given(%w: tensor<2xf32>, %gw: tensor<2xf32>, %rate: tensor<f32>) -> tensor<2xf32> {
  %ready = nn.gradients %gw of ["w"] : tensor<2xf32>
  %w1 = nn.sgd %w, %ready, %rate momentum 0.0 weight_decay 0.0 : (tensor<2xf32>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %w1 : tensor<2xf32>
}
