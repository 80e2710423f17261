// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-set-precision="precision=bf16" | FileCheck %s
// RUN: %arsis_opt %s --nn-set-precision="precision=fp16 store=conv=fp32" | FileCheck %s --check-prefix=PINNED
// RUN: %arsis_opt %s --nn-set-precision="store=conv=bf16" | FileCheck %s --check-prefix=STORED
// Images, activations and their gradients are stored in the half type; so are both factors of every product, and a
// parameter is cast once for all that multiply it. Parameters, their gradients, vectors what the loss computes, and a product
// before its bias stay.

// CHECK-LABEL: func.func @step
// CHECK-SAME: %arg0: tensor<2x4x4x3xbf16> {{.*}}, %arg1: tensor<1x1x3x4xf32> {{.*}}, %arg2: tensor<4xf32>
// CHECK-SAME: -> (tensor<f32> {{.*}}, tensor<1x1x3x4xf32> {{.*}}, tensor<4xf32>
// CHECK-SAME: nn.options = {precision = "bf16"}
// CHECK: %[[W:.*]] = nn.cast %arg1 : (tensor<1x1x3x4xf32>) -> tensor<1x1x3x4xbf16>
// CHECK: %[[Y:.*]] = nn.conv2d %arg0, %[[W]] {{.*}} -> tensor<2x4x4x4xf32>
// CHECK: nn.bias_add %[[Y]], %arg2 : (tensor<2x4x4x4xf32>, tensor<4xf32>) -> tensor<2x4x4x4xbf16>
// CHECK: nn.avg_pool {{.*}} -> tensor<2x1x1x4xbf16>
// CHECK: nn.reshape {{.*}} -> tensor<2x4xbf16>
// CHECK: nn.softmax_cross_entropy {{.*}} : (tensor<2x4xbf16>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
// CHECK: nn.softmax_cross_entropy_grad {{.*}} -> tensor<2x4xbf16>
// CHECK: %[[GY:.*]] = nn.avg_pool_grad {{.*}} -> tensor<2x4x4x4xbf16>
// CHECK: nn.channel_sum %[[GY]] : (tensor<2x4x4x4xbf16>) -> tensor<4xf32>
// CHECK: nn.conv2d_grad_weight %arg0, %[[GY]] {{.*}} -> tensor<1x1x3x4xf32>
// CHECK: nn.conv2d_grad_input %[[GY]], %[[W]] {{.*}} -> tensor<2x4x4x3xbf16>
// CHECK-NOT: nn.cast

// A layer that stores fp32 still multiplies in the half type.
// PINNED: nn.options = {precision = "fp16", store.conv = "fp32"}
// PINNED: nn.conv2d {{.*}} : (tensor<2x4x4x3xf16>, tensor<1x1x3x4xf16>) -> tensor<2x4x4x4xf32>
// PINNED: nn.bias_add {{.*}} -> tensor<2x4x4x4xf32>
// PINNED: nn.avg_pool {{.*}} : (tensor<2x4x4x4xf32>) -> tensor<2x1x1x4xf16>

// STORED: nn.conv2d {{.*}} : (tensor<2x4x4x3xf32>, tensor<1x1x3x4xf32>) -> tensor<2x4x4x4xf32>
// STORED: nn.bias_add {{.*}} -> tensor<2x4x4x4xbf16>
// STORED: nn.avg_pool {{.*}} : (tensor<2x4x4x4xbf16>) -> tensor<2x1x1x4xf32>
func.func @step(%x: tensor<2x4x4x3xf32> {nn.name = "x", nn.role = #nn.role<input>},
                %w: tensor<1x1x3x4xf32> {nn.name = "w", nn.role = #nn.role<parameter>},
                %b: tensor<4xf32> {nn.name = "b", nn.role = #nn.role<parameter>},
                %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>})
    -> (tensor<f32> {nn.name = "loss", nn.role = #nn.role<loss>}, tensor<1x1x3x4xf32> {nn.name = "gw", nn.role = #nn.role<gradient>},
        tensor<4xf32> {nn.name = "gb", nn.role = #nn.role<gradient>}, tensor<2x4x4x3xf32> {nn.name = "gx", nn.role = #nn.role<output>}) {
  %one = nn.constant dense<1.0> : tensor<f32>
  %0 = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<2x4x4x3xf32>, tensor<1x1x3x4xf32>) -> tensor<2x4x4x4xf32> loc(#conv)
  %1 = nn.bias_add %0, %b : (tensor<2x4x4x4xf32>, tensor<4xf32>) -> tensor<2x4x4x4xf32> loc(#conv)
  %2 = nn.avg_pool %1 kernel [4, 4] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<2x4x4x4xf32>) -> tensor<2x1x1x4xf32> loc(#pool)
  %3 = nn.reshape %2 : (tensor<2x1x1x4xf32>) -> tensor<2x4xf32> loc(#pool)
  %loss, %p = nn.softmax_cross_entropy %3, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>) loc(#loss)
  %4 = nn.softmax_cross_entropy_grad %p, %labels, %one
      : (tensor<2x4xf32>, tensor<2xi32>, tensor<f32>) -> tensor<2x4xf32> loc(#loss_backward)
  %5 = nn.reshape %4 : (tensor<2x4xf32>) -> tensor<2x1x1x4xf32> loc(#pool_backward)
  %6 = nn.avg_pool_grad %5 kernel [4, 4] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<2x1x1x4xf32>) -> tensor<2x4x4x4xf32> loc(#pool_backward)
  %7 = nn.channel_sum %6 : (tensor<2x4x4x4xf32>) -> tensor<4xf32> loc(#conv_weight)
  %8 = nn.conv2d_grad_weight %x, %6 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<2x4x4x3xf32>, tensor<2x4x4x4xf32>) -> tensor<1x1x3x4xf32> loc(#conv_weight)
  %9 = nn.conv2d_grad_input %6, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<2x4x4x4xf32>, tensor<1x1x3x4xf32>) -> tensor<2x4x4x3xf32> loc(#conv_input)
  return %loss, %8, %7, %9 : tensor<f32>, tensor<1x1x3x4xf32>, tensor<4xf32>, tensor<2x4x4x3xf32>
}
// A product reads a pinned value in the type of factors; a vector stays fp32 whoever gives it.
// STORED-LABEL: func.func @pinned
// STORED: %[[Y:.*]] = nn.relu %arg0 : (tensor<2x4xf32>) -> tensor<2x4xbf16>
// STORED: %[[F:.*]] = nn.cast %[[Y]] : (tensor<2x4xbf16>) -> tensor<2x4xf32>
// STORED: nn.matmul %[[F]], %arg1
// CHECK-LABEL: func.func @pinned
// CHECK-SAME: %arg0: tensor<2x4xbf16>, %arg1: tensor<4x4xbf16>, %arg2: tensor<4xf32>
func.func @pinned(%x: tensor<2x4xf32>, %w: tensor<4x4xf32>, %b: tensor<4xf32>) -> tensor<2x4xf32> {
  %0 = nn.relu %x : tensor<2x4xf32> loc(#conv)
  %1 = nn.matmul %0, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32> loc(#pool)
  %2 = nn.bias_add %1, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> loc(#pool)
  return %2 : tensor<2x4xf32>
}
#conv = loc(fused<"fwd">["conv"])
#pool = loc(fused<"fwd">["pool"])
#loss = loc(fused<"loss">["loss"])
#loss_backward = loc(fused<"bwd-input">["loss"])
#pool_backward = loc(fused<"bwd-input">["pool"])
#conv_weight = loc(fused<"bwd-weight">["conv"])
#conv_input = loc(fused<"bwd-input">["conv"])
