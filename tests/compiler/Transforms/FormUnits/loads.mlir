// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-form-units | FileCheck %s
// RUN: %arsis_opt %s --nn-form-units=fuse=vector,sums,epilogues,loads | FileCheck %s --check-prefix=LOADS
// RUN: %arsis_opt %s --nn-form-units=fuse=vector,sums,epilogues | FileCheck %s --check-prefix=WITHOUT
// RUN: %arsis_opt %s --nn-form-units "--nn-map=chip=tiny mapping-file=%S/Inputs/relu.json" | FileCheck %s --check-prefix=ONCE
// RUN: %arsis_opt %s --nn-form-units "--nn-map=chip=tiny mapping-file=%S/Inputs/grad_weight.json" | FileCheck %s --check-prefix=APART

// What a norm and a ReLU make is computed where convolutions load it; what is left of the norm is one value per channel.
// The factor has the type in which arrays read it.
// CHECK-LABEL: func.func @normalised
// CHECK: nn.channel_moments
// CHECK: nn.batch_norm_statistics
// CHECK-NOT: nn.relu
// CHECK: nn.unit
// CHECK-NEXT: ^bb0
// CHECK-NEXT: %[[N:.*]] = nn.batch_norm_apply {{.*}} -> tensor<1x8x8x5xf32>
// CHECK-NEXT: %[[A:.*]] = nn.relu %[[N]] : (tensor<1x8x8x5xf32>) -> tensor<1x8x8x5xbf16>
// CHECK-NEXT: nn.conv2d %[[A]]
// CHECK: nn.unit
// CHECK: nn.batch_norm_apply
// CHECK-NEXT: nn.relu
// CHECK-NEXT: nn.conv2d
// WITHOUT-LABEL: func.func @normalised
// WITHOUT: nn.batch_norm_of_moments
// WITHOUT-NEXT: nn.relu
// WITHOUT-NOT: nn.relu
// Who asks for the ReLU gets it, once.
// ONCE-LABEL: func.func @normalised
// ONCE-NOT: nn.batch_norm_statistics
// ONCE: nn.relu
// ONCE-NOT: nn.relu
func.func @normalised(%x: tensor<1x8x8x3xbf16>, %w: tensor<1x1x3x5xbf16>, %v: tensor<3x3x5x4xbf16>,
    %u: tensor<1x1x5x6xbf16>, %s: tensor<5xf32>) -> (tensor<1x8x8x4xbf16>, tensor<1x8x8x6xbf16>) {
  %c = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x8x8x3xbf16>, tensor<1x1x3x5xbf16>) -> tensor<1x8x8x5xbf16>
  %y, %mean, %rstd, %m, %d = nn.batch_norm %c, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
      -> (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  %a = nn.relu %y : tensor<1x8x8x5xbf16>
  %0 = nn.conv2d %a, %v strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<1x8x8x5xbf16>, tensor<3x3x5x4xbf16>) -> tensor<1x8x8x4xbf16>
  %1 = nn.conv2d %a, %u strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x8x8x5xbf16>, tensor<1x1x5x6xbf16>) -> tensor<1x8x8x6xbf16>
  return %0, %1 : tensor<1x8x8x4xbf16>, tensor<1x8x8x6xbf16>
}

// Somebody else reads the result, so it is stored.
// WITHOUT-LABEL: func.func @read_otherwise
// ONCE-LABEL: func.func @read_otherwise
// CHECK-LABEL: func.func @read_otherwise
// CHECK: nn.batch_norm_of_moments
// CHECK-NEXT: nn.relu
// CHECK-NOT: nn.relu
func.func @read_otherwise(%x: tensor<1x8x8x3xbf16>, %w: tensor<1x1x3x5xbf16>, %v: tensor<3x3x5x4xbf16>,
    %s: tensor<5xf32>) -> (tensor<1x8x8x4xbf16>, tensor<1x8x8x5xbf16>) {
  %c = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x8x8x3xbf16>, tensor<1x1x3x5xbf16>) -> tensor<1x8x8x5xbf16>
  %y, %mean, %rstd, %m, %d = nn.batch_norm %c, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
      -> (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  %a = nn.relu %y : tensor<1x8x8x5xbf16>
  %0 = nn.conv2d %a, %v strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<1x8x8x5xbf16>, tensor<3x3x5x4xbf16>) -> tensor<1x8x8x4xbf16>
  return %0, %a : tensor<1x8x8x4xbf16>, tensor<1x8x8x5xbf16>
}

// A convolution of single pixels, the first who reads a sum, makes it where it loads it, and stores it for the others.
// CHECK-LABEL: func.func @stored
// CHECK: nn.batch_norm_statistics
// CHECK: %[[U:.*]]:2 = nn.unit
// CHECK: nn.batch_norm_apply
// CHECK-NEXT: nn.add
// CHECK-NEXT: %[[A:.*]] = nn.relu {{.*}} -> tensor<1x8x8x5xbf16>
// CHECK-NEXT: %[[C:.*]] = nn.conv2d %[[A]]
// CHECK-NEXT: nn.yield %[[A]], %[[C]]
// CHECK: return %[[U]]#1, %[[U]]#0
// WITHOUT-LABEL: func.func @stored
// WITHOUT: nn.batch_norm_of_moments
// ONCE-LABEL: func.func @stored
// ONCE-NOT: nn.batch_norm_statistics
// ONCE: nn.relu
// ONCE: nn.conv2d
func.func @stored(%x: tensor<1x8x8x3xbf16>, %w: tensor<1x1x3x5xbf16>, %r: tensor<1x8x8x5xbf16>,
    %v: tensor<1x1x5x4xbf16>, %s: tensor<5xf32>) -> (tensor<1x8x8x4xbf16>, tensor<1x8x8x5xbf16>) {
  %c = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x8x8x3xbf16>, tensor<1x1x3x5xbf16>) -> tensor<1x8x8x5xbf16>
  %y, %mean, %rstd, %m, %d = nn.batch_norm %c, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
      -> (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  %t = nn.add %y, %r : tensor<1x8x8x5xbf16>
  %a = nn.relu %t : tensor<1x8x8x5xbf16>
  %0 = nn.conv2d %a, %v strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x8x8x5xbf16>, tensor<1x1x5x4xbf16>) -> tensor<1x8x8x4xbf16>
  return %0, %a : tensor<1x8x8x4xbf16>, tensor<1x8x8x5xbf16>
}

// Both gradients of a convolution apply the gradient of the norm behind it, once for both where they are one unit.
// CHECK-LABEL: func.func @gradients
// CHECK: nn.batch_norm_grad_sums
// CHECK: nn.unit
// CHECK: %[[G:.*]] = nn.batch_norm_grad_apply {{.*}} -> tensor<2x6x6x5xbf16>
// CHECK-NEXT: nn.conv2d_grad_input %[[G]]
// CHECK-NEXT: nn.conv2d_grad_weight {{.*}}, %[[G]]
// CHECK-NOT: nn.batch_norm_grad_apply
// LOADS-LABEL: func.func @gradients
// LOADS: nn.batch_norm_grad_apply
// LOADS-NEXT: nn.conv2d_grad_weight
// LOADS: nn.batch_norm_grad_apply
// LOADS-NEXT: nn.conv2d_grad_input
// WITHOUT-LABEL: func.func @gradients
// WITHOUT: nn.batch_norm_grad_apply
// WITHOUT-NOT: nn.batch_norm_grad_apply
// Who asks for one gets it.
// APART-LABEL: func.func @gradients
// APART: nn.batch_norm_grad_apply
// APART-NEXT: nn.conv2d_grad_input
// APART-NEXT: nn.conv2d_grad_weight {{.*}}slots = {{.*}}tiles = 1
func.func @gradients(%g: tensor<2x6x6x3xbf16>, %v: tensor<1x1x5x3xbf16>, %out: tensor<2x6x6x5xbf16>,
    %y: tensor<2x6x6x5xbf16>, %s: tensor<5xf32>, %x: tensor<2x6x6x4xbf16>, %w: tensor<3x3x4x5xbf16>)
    -> (tensor<3x3x4x5xf32>, tensor<2x6x6x4xbf16>, tensor<5xf32>, tensor<5xf32>) {
  %0 = nn.conv2d_grad_input %g, %v strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<2x6x6x3xbf16>, tensor<1x1x5x3xbf16>) -> tensor<2x6x6x5xbf16>
  %1 = nn.relu_grad %0, %out : tensor<2x6x6x5xbf16>
  %gx, %gs, %gb = nn.batch_norm_grad %1, %y, %s, %s, %s
      : (tensor<2x6x6x5xbf16>, tensor<2x6x6x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
      -> (tensor<2x6x6x5xbf16>, tensor<5xf32>, tensor<5xf32>)
  %gw = nn.conv2d_grad_weight %x, %gx strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x4xbf16>, tensor<2x6x6x5xbf16>) -> tensor<3x3x4x5xf32>
  %gi = nn.conv2d_grad_input %gx, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<2x6x6x5xbf16>, tensor<3x3x4x5xbf16>) -> tensor<2x6x6x4xbf16>
  return %gw, %gi, %gs, %gb : tensor<3x3x4x5xf32>, tensor<2x6x6x4xbf16>, tensor<5xf32>, tensor<5xf32>
}
