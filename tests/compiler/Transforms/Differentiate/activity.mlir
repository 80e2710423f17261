// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-differentiate | FileCheck %s
// Nothing is computed that nobody needs.

// The first convolution gives no gradient of the image, the branch that the loss does not see gives none at all.
// CHECK-LABEL: func.func @first_layer
// CHECK-SAME: tensor<1x1x3x2xf32> {nn.gradient_of = {{[0-9]+}} : i64, nn.host_permutation = array<i64: 3, 2, 0, 1>, nn.name = "grad:w", nn.role = #nn.role<gradient>}
// CHECK-NOT: nn.conv2d_grad_input
// CHECK-NOT: nn.relu_grad
// CHECK: %[[GW:.*]] = nn.conv2d_grad_weight %arg0,
// CHECK-NOT: nn.conv2d_grad_input
// CHECK: return %{{.*}}, %{{.*}}, %[[GW]] :
func.func @first_layer(%x: tensor<2x1x1x3xf32> {nn.name = "x", nn.role = #nn.role<input>},
                       %w: tensor<1x1x3x2xf32> {nn.name = "w", nn.role = #nn.role<parameter>, nn.host_permutation = array<i64: 3, 2, 0, 1>},
                       %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>})
    -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<2x2xf32>) {
  %y = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<2x1x1x3xf32>, tensor<1x1x3x2xf32>) -> tensor<2x1x1x2xf32>
  %z = nn.reshape %y : (tensor<2x1x1x2xf32>) -> tensor<2x2xf32>
  %unseen = nn.relu %z : tensor<2x2xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x2xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x2xf32>)
  return %loss, %unseen : tensor<f32>, tensor<2x2xf32>
}

// A value with two uses gets the sum; a parameter with two uses too.
// CHECK-LABEL: func.func @accumulation
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad
// CHECK: %[[GB2:.*]] = nn.channel_sum %[[G]]
// CHECK: %[[GR:.*]] = nn.relu_grad %[[G]],
// CHECK: %[[GA:.*]] = nn.add %[[G]], %[[GR]]
// CHECK: %[[GB1:.*]] = nn.channel_sum %[[GA]]
// CHECK: %[[GB:.*]] = nn.add %[[GB2]], %[[GB1]]
// CHECK: return %{{.*}}, %[[GB]] :
func.func @accumulation(%x: tensor<2x3xf32> {nn.name = "x", nn.role = #nn.role<input>}, %b: tensor<3xf32> {nn.name = "b", nn.role = #nn.role<parameter>},
                        %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %a = nn.bias_add %x, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %r = nn.relu %a : tensor<2x3xf32>
  %s = nn.add %a, %r : tensor<2x3xf32>
  %t = nn.bias_add %s, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %loss, %p = nn.softmax_cross_entropy %t, %labels : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x3xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @no_loss
// CHECK-NEXT: nn.relu
// CHECK-NEXT: return
func.func @no_loss(%x: tensor<2x3xf32> {nn.name = "x", nn.role = #nn.role<parameter>}) -> tensor<2x3xf32> {
  %r = nn.relu %x : tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @nothing_to_train
// CHECK-NEXT: nn.softmax_cross_entropy
// CHECK-NEXT: return
func.func @nothing_to_train(%x: tensor<2x3xf32> {nn.name = "x", nn.role = #nn.role<input>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>})
    -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %loss, %p = nn.softmax_cross_entropy %x, %labels : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x3xf32>)
  return %loss : tensor<f32>
}
