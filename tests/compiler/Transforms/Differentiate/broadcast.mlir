// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-differentiate | FileCheck %s
// The gradient of an operand that repeats is a sum over the dimensions along which it does: over leading ones
// the sum per channel, between others axis_sum, over trailing ones a product with ones.

// CHECK-LABEL: func.func @squeeze_excite
// CHECK: %[[G:.*]] = nn.reshape %{{.*}} : (tensor<2x36xf32>) -> tensor<2x3x3x4xf32>
// CHECK-DAG: %[[GX:.*]] = nn.multiply %[[G]], %arg1 along [0, 3] :
// CHECK-DAG: %[[T:.*]] = nn.multiply %[[G]], %arg0 : tensor<2x3x3x4xf32>
// CHECK: %[[R:.*]] = nn.reshape %[[T]] : (tensor<2x3x3x4xf32>) -> tensor<2x9x4xf32>
// CHECK: %[[GS:.*]] = nn.axis_sum %[[R]] : (tensor<2x9x4xf32>) -> tensor<2x4xf32>
// CHECK: return %{{.*}}, %[[GX]], %[[GS]] :
func.func @squeeze_excite(%x: tensor<2x3x3x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %s: tensor<2x4xf32> {nn.name = "s", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.multiply %x, %s along [0, 3] : (tensor<2x3x3x4xf32>, tensor<2x4xf32>) -> tensor<2x3x3x4xf32>
  %z = nn.reshape %y : (tensor<2x3x3x4xf32>) -> tensor<2x36xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x36xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x36xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @leading_and_trailing
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad
// CHECK: %[[A:.*]] = nn.reshape %{{.*}} : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
// CHECK: %[[S:.*]] = nn.channel_sum %[[A]] : (tensor<2x12xf32>) -> tensor<12xf32>
// CHECK: %[[B:.*]] = nn.reshape %[[S]] : (tensor<12xf32>) -> tensor<3x4xf32>
// CHECK: nn.matmul %[[B]], %{{.*}} : (tensor<3x4xf32>, tensor<4x1xf32>) -> tensor<3x1xf32>
func.func @leading_and_trailing(%x: tensor<2x3x4xf32> {nn.name = "x", nn.role = #nn.role<input>}, %b: tensor<3xf32> {nn.name = "b", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.add %x, %b along [1] : (tensor<2x3x4xf32>, tensor<3xf32>) -> tensor<2x3x4xf32>
  %z = nn.reshape %y : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x12xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x12xf32>)
  return %loss : tensor<f32>
}

// A slope below zero hides where the operand was positive, so that the operand is kept.
// CHECK-LABEL: func.func @leaky_relu
// CHECK: %[[A:.*]] = nn.leaky_relu %arg0 slope 1.0
// CHECK: %[[B:.*]] = nn.leaky_relu %[[A]] slope -1.0
// CHECK: %[[GB:.*]] = nn.leaky_relu_grad %{{.*}}, %[[A]] slope -1.0
// CHECK: nn.leaky_relu_grad %[[GB]], %[[A]] slope 1.0
func.func @leaky_relu(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.leaky_relu %x slope 0.1 : tensor<2x4xf32>
  %z = nn.leaky_relu %y slope -0.1 : tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}
