// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --canonicalize | FileCheck %s
// Data movement that moves nothing disappears, values that nobody uses are not computed.

// CHECK-LABEL: func.func @reshape_of_reshape
// CHECK-NEXT: nn.reshape %arg0 : (tensor<2x6xf32>) -> tensor<3x4xf32>
// CHECK-NEXT: return
func.func @reshape_of_reshape(%x: tensor<2x6xf32>) -> tensor<3x4xf32> {
  %0 = nn.reshape %x : (tensor<2x6xf32>) -> tensor<12xf32>
  %1 = nn.reshape %0 : (tensor<12xf32>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @reshape_back
// CHECK-NEXT: return %arg0
func.func @reshape_back(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %0 = nn.reshape %x : (tensor<2x6xf32>) -> tensor<12xf32>
  %1 = nn.reshape %0 : (tensor<12xf32>) -> tensor<2x6xf32>
  return %1 : tensor<2x6xf32>
}

// CHECK-LABEL: func.func @reshape_of_constant
// CHECK-NEXT: nn.constant dense<2.000000e+00> : tensor<6xf32>
// CHECK-NEXT: return
func.func @reshape_of_constant() -> tensor<6xf32> {
  %0 = nn.constant dense<2.0> : tensor<2x3xf32>
  %1 = nn.reshape %0 : (tensor<2x3xf32>) -> tensor<6xf32>
  return %1 : tensor<6xf32>
}

// CHECK-LABEL: func.func @identity_transpose
// CHECK-NEXT: return %arg0
func.func @identity_transpose(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %0 = nn.transpose %x permutation [0, 1] : (tensor<2x6xf32>) -> tensor<2x6xf32>
  return %0 : tensor<2x6xf32>
}

// CHECK-LABEL: func.func @transpose_there_and_back
// CHECK-NEXT: return %arg0
func.func @transpose_there_and_back(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %0 = nn.transpose %x permutation [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %1 = nn.transpose %0 permutation [1, 2, 0] : (tensor<4x2x3xf32>) -> tensor<2x3x4xf32>
  return %1 : tensor<2x3x4xf32>
}

// CHECK-LABEL: func.func @transpose_of_unit_dimensions
// CHECK-NEXT: nn.reshape %arg0 : (tensor<2x1x1x5xf32>) -> tensor<2x5x1x1xf32>
func.func @transpose_of_unit_dimensions(%x: tensor<2x1x1x5xf32>) -> tensor<2x5x1x1xf32> {
  %0 = nn.transpose %x permutation [0, 3, 1, 2] : (tensor<2x1x1x5xf32>) -> tensor<2x5x1x1xf32>
  return %0 : tensor<2x5x1x1xf32>
}

// CHECK-LABEL: func.func @transpose_that_moves
// CHECK-NEXT: nn.transpose
func.func @transpose_that_moves(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %0 = nn.transpose %x permutation [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @dead
// CHECK-NEXT: return
func.func @dead(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  %0 = nn.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return
}
