// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-form-units=fuse=epilogues,gradients | FileCheck %s

// In a chain each pair is found: joining one changes the values that the next ones read.
// CHECK-LABEL: func.func @chain
// CHECK: nn.conv2d_grad_input
// CHECK-NOT: nn.unit
// CHECK: nn.conv2d_grad_weight
// CHECK: nn.unit
// CHECK: nn.conv2d_grad_input
// CHECK-NOT: nn.unit
// CHECK: nn.conv2d_grad_weight
// CHECK: nn.unit
// CHECK: nn.conv2d_grad_input
// CHECK-NOT: nn.unit
// CHECK: nn.conv2d_grad_weight
// CHECK-NOT: nn.conv2d_grad_
func.func @chain(%g: tensor<2x6x6x4xf32>, %x: tensor<2x6x6x4xf32>, %y: tensor<2x6x6x4xf32>, %z: tensor<2x6x6x4xf32>,
    %u: tensor<3x3x4x4xf32>, %v: tensor<3x3x4x4xf32>, %w: tensor<3x3x4x4xf32>)
    -> (tensor<3x3x4x4xf32>, tensor<3x3x4x4xf32>, tensor<3x3x4x4xf32>, tensor<2x6x6x4xf32>) {
  %gw = nn.conv2d_grad_weight %z, %g strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<2x6x6x4xf32>) -> tensor<3x3x4x4xf32>
  %gz = nn.conv2d_grad_input %g, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<3x3x4x4xf32>) -> tensor<2x6x6x4xf32>
  %rz = nn.relu_grad %gz, %z : tensor<2x6x6x4xf32>
  %gv = nn.conv2d_grad_weight %y, %rz strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<2x6x6x4xf32>) -> tensor<3x3x4x4xf32>
  %gy = nn.conv2d_grad_input %rz, %v strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<3x3x4x4xf32>) -> tensor<2x6x6x4xf32>
  %ry = nn.relu_grad %gy, %y : tensor<2x6x6x4xf32>
  %gu = nn.conv2d_grad_weight %x, %ry strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<2x6x6x4xf32>) -> tensor<3x3x4x4xf32>
  %gx = nn.conv2d_grad_input %ry, %u strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<3x3x4x4xf32>) -> tensor<2x6x6x4xf32>
  return %gw, %gv, %gu, %gx : tensor<3x3x4x4xf32>, tensor<3x3x4x4xf32>, tensor<3x3x4x4xf32>, tensor<2x6x6x4xf32>
}

// Two convolutions read one gradient: each weight goes with its own input, in any order.
// CHECK-LABEL: func.func @parallel
// CHECK: nn.unit(%[[G:[^,]*]],
// CHECK: nn.conv2d_grad_input
// CHECK-NEXT: nn.conv2d_grad_weight {{.*}} dilations [1, 1]
// CHECK: nn.unit(%[[G]],
// CHECK: nn.conv2d_grad_input
// CHECK-NEXT: nn.conv2d_grad_weight {{.*}} dilations [1, 1]
// CHECK-NOT: nn.conv2d_grad_
func.func @parallel(%g: tensor<2x6x6x4xf32>, %a: tensor<2x6x6x4xf32>, %b: tensor<2x6x6x5xf32>, %u: tensor<3x3x4x4xf32>,
    %v: tensor<3x3x5x4xf32>) -> (tensor<3x3x4x4xf32>, tensor<3x3x5x4xf32>, tensor<2x6x6x4xf32>, tensor<2x6x6x5xf32>) {
  %gu = nn.conv2d_grad_weight %a, %g strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<2x6x6x4xf32>) -> tensor<3x3x4x4xf32>
  %gv = nn.conv2d_grad_weight %b, %g strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x5xf32>, tensor<2x6x6x4xf32>) -> tensor<3x3x5x4xf32>
  %ga = nn.conv2d_grad_input %g, %u strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<3x3x4x4xf32>) -> tensor<2x6x6x4xf32>
  %gb = nn.conv2d_grad_input %g, %v strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<3x3x5x4xf32>) -> tensor<2x6x6x5xf32>
  return %gu, %gv, %ga, %gb : tensor<3x3x4x4xf32>, tensor<3x3x5x4xf32>, tensor<2x6x6x4xf32>, tensor<2x6x6x5xf32>
}

// The same shape, but other dilations: pads tell them apart only behind the image.
// CHECK-LABEL: func.func @dilated
// CHECK-NOT: nn.unit
func.func @dilated(%g: tensor<2x6x6x4xf32>, %a: tensor<2x6x6x4xf32>, %u: tensor<3x3x4x4xf32>)
    -> (tensor<3x3x4x4xf32>, tensor<2x6x6x4xf32>) {
  %gu = nn.conv2d_grad_weight %a, %g strides [1, 1] pads [1, 1, 3, 3] dilations [2, 2]
      : (tensor<2x6x6x4xf32>, tensor<2x6x6x4xf32>) -> tensor<3x3x4x4xf32>
  %ga = nn.conv2d_grad_input %g, %u strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<3x3x4x4xf32>) -> tensor<2x6x6x4xf32>
  return %gu, %ga : tensor<3x3x4x4xf32>, tensor<2x6x6x4xf32>
}
