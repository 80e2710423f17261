// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-attach-loss --nn-differentiate --nn-attach-optimizer="optimizer=sgd,momentum=0.9,weight-decay=0.0005" --nn-join-phases --canonicalize --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s
// A small LeNet becomes a whole training step.

func.func @forward(
    %x: tensor<2x12x12x1xf32> {nn.name = "x", nn.role = #nn.role<input>, nn.host_shape = array<i64: 2, 1, 12, 12>, nn.host_permutation = array<i64: 0, 3, 1, 2>},
    %w1: tensor<5x5x1x4xf32> {nn.name = "conv1.weight", nn.role = #nn.role<parameter>, nn.host_shape = array<i64: 4, 1, 5, 5>, nn.host_permutation = array<i64: 3, 2, 0, 1>},
    %b1: tensor<4xf32> {nn.name = "conv1.bias", nn.role = #nn.role<parameter>},
    %w2: tensor<3x3x4x6xf32> {nn.name = "conv2.weight", nn.role = #nn.role<parameter>, nn.host_shape = array<i64: 6, 4, 3, 3>, nn.host_permutation = array<i64: 3, 2, 0, 1>},
    %w3: tensor<10x24xf32> {nn.name = "fc.weight", nn.role = #nn.role<parameter>},
    %b3: tensor<10xf32> {nn.name = "fc.bias", nn.role = #nn.role<parameter>}) -> (tensor<2x10xf32> {nn.name = "logits"}) {
  %c1 = nn.conv2d %x, %w1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<2x12x12x1xf32>, tensor<5x5x1x4xf32>) -> tensor<2x8x8x4xf32> loc(#conv1)
  %a1 = nn.bias_add %c1, %b1 : (tensor<2x8x8x4xf32>, tensor<4xf32>) -> tensor<2x8x8x4xf32> loc(#conv1)
  %r1 = nn.relu %a1 : tensor<2x8x8x4xf32> loc(#relu1)
  %p1 = nn.max_pool %r1 kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<2x8x8x4xf32>) -> tensor<2x4x4x4xf32> loc(#pool1)
  %c2 = nn.conv2d %p1, %w2 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<2x4x4x4xf32>, tensor<3x3x4x6xf32>) -> tensor<2x2x2x6xf32> loc(#conv2)
  %r2 = nn.relu %c2 : tensor<2x2x2x6xf32> loc(#relu2)
  %t2 = nn.transpose %r2 permutation [0, 3, 1, 2] : (tensor<2x2x2x6xf32>) -> tensor<2x6x2x2xf32> loc(#flatten)
  %f2 = nn.reshape %t2 : (tensor<2x6x2x2xf32>) -> tensor<2x24xf32> loc(#flatten)
  %m3 = nn.matmul %f2, %w3 {transpose_b = true} : (tensor<2x24xf32>, tensor<10x24xf32>) -> tensor<2x10xf32> loc(#fc)
  %a3 = nn.bias_add %m3, %b3 : (tensor<2x10xf32>, tensor<10xf32>) -> tensor<2x10xf32> loc(#fc)
  return %a3 : tensor<2x10xf32>
}
#conv1 = loc(fused<"fwd">["conv1"])
#relu1 = loc(fused<"fwd">["relu1"])
#pool1 = loc(fused<"fwd">["pool1"])
#conv2 = loc(fused<"fwd">["conv2"])
#relu2 = loc(fused<"fwd">["relu2"])
#flatten = loc(fused<"fwd">["flatten"])
#fc = loc(fused<"fwd">["fc"])

// The signature: loss, outputs, then everything that replaces an argument.
// CHECK-LABEL: func.func @train_step
// CHECK-SAME: %arg6: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}
// CHECK-SAME: %arg7: tensor<f32> {nn.initial = dense<{{.*}}> : tensor<f32>, nn.name = "learning_rate", nn.role = #nn.role<hyper>}
// CHECK-SAME: %arg8: tensor<5x5x1x4xf32> {nn.host_permutation = array<i64: 3, 2, 0, 1>, nn.host_shape = array<i64: 4, 1, 5, 5>, nn.initial = dense<0.000000e+00> : tensor<5x5x1x4xf32>, nn.name = "velocity:conv1.weight", nn.role = #nn.role<state>, nn.slot_of = 1 : i64}
// CHECK-SAME: -> (tensor<f32> {nn.name = "loss", nn.role = #nn.role<loss>}, tensor<2x10xf32> {nn.name = "logits", nn.role = #nn.role<output>}, tensor<5x5x1x4xf32> {nn.donates = 1 : i64, {{[^}]*}}nn.name = "conv1.weight", nn.role = #nn.role<parameter>}, tensor<5x5x1x4xf32> {nn.donates = 8 : i64,
// CHECK: %[[V0:.*]] = nn.constant dense<1.000000e+00> : {{.*}} loc(fused<"bwd-input">["loss"])
// CHECK-NEXT: %[[V1:.*]] = nn.conv2d %arg0, %arg1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : {{.*}} loc(fused<"fwd">["conv1"])
// CHECK-NEXT: %[[V2:.*]] = nn.bias_add %[[V1]], %arg2 : {{.*}} loc(fused<"fwd">["conv1"])
// CHECK-NEXT: %[[V3:.*]] = nn.relu %[[V2]] : {{.*}} loc(fused<"fwd">["relu1"])
// CHECK-NEXT: %[[V4:.*]] = nn.max_pool %[[V3]] kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : {{.*}} loc(fused<"fwd">["pool1"])
// CHECK-NEXT: %[[V5:.*]] = nn.conv2d %[[V4]], %arg3 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : {{.*}} loc(fused<"fwd">["conv2"])
// CHECK-NEXT: %[[V6:.*]] = nn.relu %[[V5]] : {{.*}} loc(fused<"fwd">["relu2"])
// CHECK-NEXT: %[[V7:.*]] = nn.transpose %[[V6]] permutation [0, 3, 1, 2] : {{.*}} loc(fused<"fwd">["flatten"])
// CHECK-NEXT: %[[V8:.*]] = nn.reshape %[[V7]] : {{.*}} loc(fused<"fwd">["flatten"])
// CHECK-NEXT: %[[V9:.*]] = nn.matmul %[[V8]], %arg4 {transpose_b = true} : {{.*}} loc(fused<"fwd">["fc"])
// CHECK-NEXT: %[[V10:.*]] = nn.bias_add %[[V9]], %arg5 : {{.*}} loc(fused<"fwd">["fc"])
// CHECK-NEXT: %[[LOSS:.*]], %[[PROBABILITIES:.*]] = nn.softmax_cross_entropy %[[V10]], %arg6 : {{.*}} loc(fused<"loss">["loss"])
// CHECK-NEXT: %[[V11:.*]] = nn.softmax_cross_entropy_grad %[[PROBABILITIES]], %arg6, %[[V0]] : {{.*}} loc(fused<"bwd-input">["loss"])
// CHECK-NEXT: %[[V12:.*]] = nn.channel_sum %[[V11]] : {{.*}} loc(fused<"bwd-weight">["fc"])
// CHECK-NEXT: %[[NEW_PARAM:.*]], %[[NEW_VELOCITY:.*]] = nn.sgd %arg5, %[[V12]], %arg7, %arg12 momentum 0.899999976 weight_decay 5.000000e-04 : {{.*}} loc(fused<"update">["fc"])
// CHECK-NEXT: %[[V13:.*]] = nn.matmul %[[V11]], %[[V8]] {transpose_a = true} : {{.*}} loc(fused<"bwd-weight">["fc"])
// CHECK-NEXT: %[[V14:.*]] = nn.matmul %[[V11]], %arg4 : {{.*}} loc(fused<"bwd-input">["fc"])
// CHECK-NEXT: %[[NEW_PARAM_0:.*]], %[[NEW_VELOCITY_1:.*]] = nn.sgd %arg4, %[[V13]], %arg7, %arg11 momentum 0.899999976 weight_decay 5.000000e-04 : {{.*}} loc(fused<"update">["fc"])
// CHECK-NEXT: %[[V15:.*]] = nn.reshape %[[V14]] : {{.*}} loc(fused<"bwd-input">["flatten"])
// CHECK-NEXT: %[[V16:.*]] = nn.transpose %[[V15]] permutation [0, 2, 3, 1] : {{.*}} loc(fused<"bwd-input">["flatten"])
// CHECK-NEXT: %[[V17:.*]] = nn.relu_grad %[[V16]], %[[V6]] : {{.*}} loc(fused<"bwd-input">["relu2"])
// CHECK-NEXT: %[[V18:.*]] = nn.conv2d_grad_weight %[[V4]], %[[V17]] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : {{.*}} loc(fused<"bwd-weight">["conv2"])
// CHECK-NEXT: %[[V19:.*]] = nn.conv2d_grad_input %[[V17]], %arg3 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : {{.*}} loc(fused<"bwd-input">["conv2"])
// CHECK-NEXT: %[[NEW_PARAM_2:.*]], %[[NEW_VELOCITY_3:.*]] = nn.sgd %arg3, %[[V18]], %arg7, %arg10 momentum 0.899999976 weight_decay 5.000000e-04 : {{.*}} loc(fused<"update">["conv2"])
// CHECK-NEXT: %[[V20:.*]] = nn.max_pool_grad %[[V3]], %[[V19]] kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : {{.*}} loc(fused<"bwd-input">["pool1"])
// CHECK-NEXT: %[[V21:.*]] = nn.relu_grad %[[V20]], %[[V3]] : {{.*}} loc(fused<"bwd-input">["relu1"])
// CHECK-NEXT: %[[V22:.*]] = nn.channel_sum %[[V21]] : {{.*}} loc(fused<"bwd-weight">["conv1"])
// CHECK-NEXT: %[[NEW_PARAM_4:.*]], %[[NEW_VELOCITY_5:.*]] = nn.sgd %arg2, %[[V22]], %arg7, %arg9 momentum 0.899999976 weight_decay 5.000000e-04 : {{.*}} loc(fused<"update">["conv1"])
// CHECK-NEXT: %[[V23:.*]] = nn.conv2d_grad_weight %arg0, %[[V21]] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : {{.*}} loc(fused<"bwd-weight">["conv1"])
// CHECK-NEXT: %[[NEW_PARAM_6:.*]], %[[NEW_VELOCITY_7:.*]] = nn.sgd %arg1, %[[V23]], %arg7, %arg8 momentum 0.899999976 weight_decay 5.000000e-04 : {{.*}} loc(fused<"update">["conv1"])
// CHECK-NEXT: return %[[LOSS]], %[[V10]], %[[NEW_PARAM_6]], %[[NEW_VELOCITY_7]], %[[NEW_PARAM_4]], %[[NEW_VELOCITY_5]], %[[NEW_PARAM_2]], %[[NEW_VELOCITY_3]], %[[NEW_PARAM_0]], %[[NEW_VELOCITY_1]], %[[NEW_PARAM]], %[[NEW_VELOCITY]]
