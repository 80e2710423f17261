// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-form-units | FileCheck %s

// The factor of both gradients takes more operations than a small vector holds in place; one unit makes it once.
// CHECK-LABEL: func.func @gradients
// CHECK: nn.unit
// CHECK-COUNT-1: nn.leaky_relu_grad
// CHECK: nn.conv2d_grad_input
// CHECK: nn.conv2d_grad_weight
// CHECK-NOT: nn.leaky_relu_grad
func.func @gradients(%g: tensor<2x6x6x4xf32>, %y: tensor<2x6x6x4xf32>, %z: tensor<2x6x6x4xf32>, %x: tensor<2x6x6x4xf32>,
    %w: tensor<3x3x4x4xf32>) -> (tensor<3x3x4x4xf32>, tensor<2x6x6x4xf32>) {
  %0 = nn.leaky_relu_grad %g, %y slope 2.500000e-01 : tensor<2x6x6x4xf32>
  %1 = nn.multiply %z, %z : tensor<2x6x6x4xf32>
  %2 = nn.affine %1 scale -1.000000e+00 offset 0.000000e+00 : tensor<2x6x6x4xf32>
  %3 = nn.exp %2 : tensor<2x6x6x4xf32>
  %4 = nn.affine %3 scale 1.125000e+00 offset 0.000000e+00 : tensor<2x6x6x4xf32>
  %5 = nn.multiply %0, %4 : tensor<2x6x6x4xf32>
  %6 = nn.add %0, %5 : tensor<2x6x6x4xf32>
  %gw = nn.conv2d_grad_weight %x, %6 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<2x6x6x4xf32>) -> tensor<3x3x4x4xf32>
  %gi = nn.conv2d_grad_input %6, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xf32>, tensor<3x3x4x4xf32>) -> tensor<2x6x6x4xf32>
  return %gw, %gi : tensor<3x3x4x4xf32>, tensor<2x6x6x4xf32>
}
