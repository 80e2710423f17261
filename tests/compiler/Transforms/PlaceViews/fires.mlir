// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-place-views | FileCheck %s
// RUN: %arsis_opt %s --verify-diagnostics --nn-place-views=explain=true -o /dev/null
// RUN: %arsis_opt %s --nn-place-views --nn-form-units | FileCheck %s --check-prefix=UNITS
// What is joined is computed where it lies in the whole, pieces are read where they are cut out.

// A dense block: all but the last concatenation find what they join one behind the other.
// CHECK-LABEL: func.func @dense
// CHECK: nn.concat %{{.*}} along 1 {view = #nn.view<of_operands>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: nn.concat %{{.*}}, %{{.*}} along 1 {view = #nn.view<of_operands>} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
// CHECK: nn.concat %{{.*}}, %{{.*}}, %{{.*}} along 1 {view = #nn.view<of_result>}
func.func @dense(%x: tensor<2x3xf32>, %w0: tensor<3x4xf32>, %w1: tensor<7x5xf32>) -> tensor<2x12xf32> {
  %0 = nn.relu %x : tensor<2x3xf32>
  %c0 = nn.concat %0 along 1 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = nn.matmul %c0, %w0 : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %c1 = nn.concat %0, %1 along 1 : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
  %2 = nn.matmul %c1, %w1 : (tensor<2x7xf32>, tensor<7x5xf32>) -> tensor<2x5xf32>
  %c2 = nn.concat %0, %1, %2 along 1 : (tensor<2x3xf32>, tensor<2x4xf32>, tensor<2x5xf32>) -> tensor<2x12xf32>
  %3 = nn.relu %c2 : tensor<2x12xf32>
  return %3 : tensor<2x12xf32>
}

// A concatenation within a concatenation.
// CHECK-LABEL: func.func @nested
// CHECK-COUNT-2: view = #nn.view<of_result>
func.func @nested(%x: tensor<2x3xf32>) -> tensor<2x9xf32> {
  %0 = nn.relu %x : tensor<2x3xf32>
  %1 = nn.tanh %x : tensor<2x3xf32>
  %2 = nn.add %x, %x : tensor<2x3xf32>
  %c = nn.concat %0, %1 along 1 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %d = nn.concat %c, %2 along 1 : (tensor<2x6xf32>, tensor<2x3xf32>) -> tensor<2x9xf32>
  %3 = nn.relu %d : tensor<2x9xf32>
  return %3 : tensor<2x9xf32>
}

// Of an argument, of something computed, and of a piece.
// CHECK-LABEL: func.func @pieces
// CHECK: nn.split %arg0 along 3 {view = #nn.view<of_operands>}
// CHECK: nn.slice %{{.*}} from [0, 1, 0, 0] {view = #nn.view<of_operands>}
// CHECK: nn.slice %{{.*}} from [0, 0, 1, 1] {view = #nn.view<of_operands>}
// Units form around views.
// UNITS-LABEL: func.func @pieces
// UNITS-COUNT-3: view = #nn.view<of_operands>
func.func @pieces(%x: tensor<2x5x3x7xf32>) -> (tensor<2x5x3x2xf32>, tensor<2x2x3x5xf32>, tensor<2x2x2x4xf32>) {
  %p:2 = nn.split %x along 3 : (tensor<2x5x3x7xf32>) -> (tensor<2x5x3x2xf32>, tensor<2x5x3x5xf32>)
  %0 = nn.relu %p#0 : tensor<2x5x3x2xf32>
  %1 = nn.relu %p#1 : tensor<2x5x3x5xf32>
  %s = nn.slice %1 from [0, 1, 0, 0] : (tensor<2x5x3x5xf32>) -> tensor<2x2x3x5xf32>
  %2 = nn.relu %s : tensor<2x2x3x5xf32>
  %t = nn.slice %s from [0, 0, 1, 1] : (tensor<2x2x3x5xf32>) -> tensor<2x2x2x4xf32>
  %3 = nn.relu %t : tensor<2x2x2x4xf32>
  return %0, %2, %3 : tensor<2x5x3x2xf32>, tensor<2x2x3x5xf32>, tensor<2x2x2x4xf32>
}
