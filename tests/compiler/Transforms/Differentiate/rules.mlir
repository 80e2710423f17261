// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-differentiate | FileCheck %s
// The rule of every operation, between a parameter and the loss.

// CHECK-LABEL: func.func @matmul_nn
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[GB:.*]] = nn.matmul %arg0, %[[G]] {transpose_a = true} :
// CHECK: %[[GA:.*]] = nn.matmul %[[G]], %arg1 {transpose_b = true} :
// CHECK: return %{{.*}}, %[[GA]], %[[GB]] :
func.func @matmul_nn(%a: tensor<2x3xf32> {nn.name = "a", nn.role = #nn.role<parameter>}, %b: tensor<3x4xf32> {nn.name = "b", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @matmul_nt
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[GB:.*]] = nn.matmul %[[G]], %arg0 {transpose_a = true} :
// CHECK: %[[GA:.*]] = nn.matmul %[[G]], %arg1 :
// CHECK: return %{{.*}}, %[[GA]], %[[GB]] :
func.func @matmul_nt(%a: tensor<2x3xf32> {nn.name = "a", nn.role = #nn.role<parameter>}, %b: tensor<4x3xf32> {nn.name = "b", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.matmul %a, %b {transpose_b = true} : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @matmul_tn
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[GB:.*]] = nn.matmul %arg0, %[[G]] :
// CHECK: %[[GA:.*]] = nn.matmul %arg1, %[[G]] {transpose_b = true} :
// CHECK: return %{{.*}}, %[[GA]], %[[GB]] :
func.func @matmul_tn(%a: tensor<3x2xf32> {nn.name = "a", nn.role = #nn.role<parameter>}, %b: tensor<3x4xf32> {nn.name = "b", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.matmul %a, %b {transpose_a = true} : (tensor<3x2xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @matmul_tt
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[GB:.*]] = nn.matmul %[[G]], %arg0 {transpose_a = true, transpose_b = true} :
// CHECK: %[[GA:.*]] = nn.matmul %arg1, %[[G]] {transpose_a = true, transpose_b = true} :
// CHECK: return %{{.*}}, %[[GA]], %[[GB]] :
func.func @matmul_tt(%a: tensor<3x2xf32> {nn.name = "a", nn.role = #nn.role<parameter>}, %b: tensor<4x3xf32> {nn.name = "b", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.matmul %a, %b {transpose_a = true, transpose_b = true} : (tensor<3x2xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @max_pool
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[R:.*]] = nn.reshape %[[G]] : (tensor<2x4xf32>) -> tensor<2x1x1x4xf32>
// CHECK: nn.max_pool_grad %arg0, %[[R]] kernel [2, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] :
func.func @max_pool(%x: tensor<2x2x2x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.max_pool %x kernel [2, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<2x2x2x4xf32>) -> tensor<2x1x1x4xf32>
  %z = nn.reshape %y : (tensor<2x1x1x4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @avg_pool
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[R:.*]] = nn.reshape %[[G]] : (tensor<2x4xf32>) -> tensor<2x1x1x4xf32>
// CHECK: nn.avg_pool_grad %[[R]] kernel [3, 3] strides [2, 2] pads [1, 1, 0, 0] dilations [1, 1] {count_include_pad = true} :
func.func @avg_pool(%x: tensor<2x2x2x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.avg_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 0, 0] dilations [1, 1] {count_include_pad = true} : (tensor<2x2x2x4xf32>) -> tensor<2x1x1x4xf32>
  %z = nn.reshape %y : (tensor<2x1x1x4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @relu
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[R:.*]] = nn.reshape %[[G]] : (tensor<2x4xf32>) -> tensor<2x1x1x4xf32>
// CHECK: nn.relu_grad %[[R]], %{{.*}} :
func.func @relu(%x: tensor<2x1x1x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.relu %x : tensor<2x1x1x4xf32>
  %z = nn.reshape %y : (tensor<2x1x1x4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @tanh
// CHECK: %[[Y:.*]] = nn.tanh %arg0
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[GX:.*]] = nn.tanh_grad %[[G]], %[[Y]] :
// CHECK: return %{{.*}}, %[[GX]] :
func.func @tanh(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.tanh %x : tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @transpose
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[R:.*]] = nn.reshape %[[G]] : (tensor<2x4xf32>) -> tensor<2x1x1x4xf32>
// CHECK: nn.transpose %[[R]] permutation [3, 0, 1, 2] :
func.func @transpose(%x: tensor<4x2x1x1xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.transpose %x permutation [1, 2, 3, 0] : (tensor<4x2x1x1xf32>) -> tensor<2x1x1x4xf32>
  %z = nn.reshape %y : (tensor<2x1x1x4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @conv2d
// CHECK: nn.softmax_cross_entropy_grad
// CHECK: %[[R:.*]] = nn.reshape
// CHECK: %[[GW:.*]] = nn.conv2d_grad_weight %arg0, %[[R]] strides [2, 2] pads [1, 1, 0, 0] dilations [1, 1] :
// CHECK: %[[GX:.*]] = nn.conv2d_grad_input %[[R]], %arg1 strides [2, 2] pads [1, 1, 0, 0] dilations [1, 1] :
// CHECK: return %{{.*}}, %[[GX]], %[[GW]] :
func.func @conv2d(%x: tensor<2x3x3x1xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %w: tensor<3x3x1x4xf32> {nn.name = "w", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.conv2d %x, %w strides [2, 2] pads [1, 1, 0, 0] dilations [1, 1] : (tensor<2x3x3x1xf32>, tensor<3x3x1x4xf32>) -> tensor<2x1x1x4xf32>
  %z = nn.reshape %y : (tensor<2x1x1x4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @grouped_conv2d
// CHECK: nn.conv2d_grad_weight %arg0, %{{.*}} strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {groups = 2 : i64} :
// CHECK: nn.conv2d_grad_input %{{.*}}, %arg1 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {groups = 2 : i64} :
func.func @grouped_conv2d(%x: tensor<2x1x1x2xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %w: tensor<3x3x1x4xf32> {nn.name = "w", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {groups = 2} : (tensor<2x1x1x2xf32>, tensor<3x3x1x4xf32>) -> tensor<2x1x1x4xf32>
  %z = nn.reshape %y : (tensor<2x1x1x4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// A transposed convolution: its own two gradients are the two other convolutions.
// CHECK-LABEL: func.func @transposed_conv2d
// CHECK: nn.softmax_cross_entropy_grad
// CHECK: %[[R:.*]] = nn.reshape
// CHECK: %[[GW:.*]] = nn.conv2d_grad_weight %[[R]], %arg0 strides [2, 1] pads [0, 1, 0, 1] dilations [1, 1] :
// CHECK: %[[GX:.*]] = nn.conv2d %[[R]], %arg1 strides [2, 1] pads [0, 1, 0, 1] dilations [1, 1] :
// CHECK: return %{{.*}}, %[[GX]], %[[GW]] :
func.func @transposed_conv2d(%x: tensor<2x1x1x3xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %w: tensor<2x3x4x3xf32> {nn.name = "w", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.conv2d_grad_input %x, %w strides [2, 1] pads [0, 1, 0, 1] dilations [1, 1] : (tensor<2x1x1x3xf32>, tensor<2x3x4x3xf32>) -> tensor<2x2x1x4xf32>
  %z = nn.reshape %y : (tensor<2x2x1x4xf32>) -> tensor<2x8xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x8xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x8xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @softmax
// CHECK: %[[Y:.*]] = nn.softmax %arg0
// CHECK: %[[Z:.*]] = nn.log_softmax %[[Y]]
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad
// CHECK: %[[GY:.*]] = nn.log_softmax_grad %[[G]], %[[Z]] :
// CHECK: %[[GX:.*]] = nn.softmax_grad %[[GY]], %[[Y]] :
// CHECK: return %{{.*}}, %[[GX]] :
func.func @softmax(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.softmax %x : tensor<2x4xf32>
  %z = nn.log_softmax %y : tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @batch_norm
// CHECK: %{{.*}}, %[[MEAN:.*]], %[[RSTD:.*]], %{{.*}}, %{{.*}} = nn.batch_norm
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[GX:.*]], %[[GS:.*]], %[[GB:.*]] = nn.batch_norm_grad %[[G]], %arg0, %arg1, %[[MEAN]], %[[RSTD]] :
// CHECK: return %{{.*}}, %[[GX]], %[[GS]], %[[GB]] :
func.func @batch_norm(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %scale: tensor<4xf32> {nn.name = "scale", nn.role = #nn.role<parameter>}, %bias: tensor<4xf32> {nn.name = "bias", nn.role = #nn.role<parameter>}, %mean: tensor<4xf32> {nn.name = "mean", nn.role = #nn.role<state>}, %var: tensor<4xf32> {nn.name = "var", nn.role = #nn.role<state>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y:5 = nn.batch_norm %x, %scale, %bias, %mean, %var epsilon 1.0e-5 momentum 0.1 : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  %loss, %p = nn.softmax_cross_entropy %y#0, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @bias_add
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[GB:.*]] = nn.channel_sum %[[G]] :
// CHECK: return %{{.*}}, %[[G]], %[[GB]] :
func.func @bias_add(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %b: tensor<4xf32> {nn.name = "b", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.bias_add %x, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @add
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: return %{{.*}}, %[[G]], %[[G]] :
func.func @add(%a: tensor<2x4xf32> {nn.name = "a", nn.role = #nn.role<parameter>}, %b: tensor<2x4xf32> {nn.name = "b", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.add %a, %b : tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @add_to_itself
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[S:.*]] = nn.add %[[G]], %[[G]] :
// CHECK: return %{{.*}}, %[[S]] :
func.func @add_to_itself(%a: tensor<2x4xf32> {nn.name = "a", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.add %a, %a : tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @concat
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[P:.*]]:2 = nn.split %[[G]] along 1 : (tensor<2x7xf32>) -> (tensor<2x3xf32>, tensor<2x4xf32>)
// CHECK: return %{{.*}}, %[[P]]#0, %[[P]]#1 :
func.func @concat(%x: tensor<2x3xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %z: tensor<2x4xf32> {nn.name = "z", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.concat %x, %z along 1 : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x7xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x7xf32>)
  return %loss : tensor<f32>
}

// Of what nobody needs there is no gradient.
// CHECK-LABEL: func.func @concat_with_an_input
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK-NOT: nn.split
// CHECK: %[[P:.*]] = nn.slice %[[G]] from [0, 0] : (tensor<2x7xf32>) -> tensor<2x3xf32>
// CHECK: return %{{.*}}, %[[P]] :
func.func @concat_with_an_input(%x: tensor<2x3xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %z: tensor<2x4xf32> {nn.name = "z", nn.role = #nn.role<input>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %y = nn.concat %x, %z along 1 : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x7xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x7xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @split
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[Z:.*]] = nn.constant dense<0.000000e+00> : tensor<2x1xf32>
// CHECK: %[[P:.*]] = nn.concat %[[G]], %[[Z]], %[[G]] along 1 :
// CHECK: return %{{.*}}, %[[P]] :
func.func @split(%x: tensor<2x5xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %a, %b, %c = nn.split %x along 1 : (tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2x1xf32>, tensor<2x2xf32>)
  %y = nn.add %a, %c : tensor<2x2xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x2xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x2xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @split_of_which_one_is_read
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[P:.*]] = nn.pad %[[G]] behind [0, 2] of 0.000000e+00 : (tensor<2x3xf32>) -> tensor<2x5xf32>
// CHECK: return %{{.*}}, %[[P]] :
func.func @split_of_which_one_is_read(%x: tensor<2x5xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %a, %y = nn.split %x along 1 : (tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2x3xf32>)
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x3xf32>)
  return %loss : tensor<f32>
}

// CHECK-LABEL: func.func @slice_of_a_pad
// CHECK: %[[G:.*]] = nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}
// CHECK: %[[P:.*]] = nn.pad %[[G]] behind [0, 2] of 0.000000e+00 : (tensor<2x6xf32>) -> tensor<2x9xf32>
// CHECK: %[[S:.*]] = nn.slice %[[P]] from [0, 1] : (tensor<2x9xf32>) -> tensor<2x5xf32>
// CHECK: return %{{.*}}, %[[S]] :
func.func @slice_of_a_pad(%x: tensor<2x5xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %a = nn.pad %x behind [0, 1] of 0.5 : (tensor<2x5xf32>) -> tensor<2x9xf32>
  %y = nn.slice %a from [0, 2] : (tensor<2x9xf32>) -> tensor<2x6xf32>
  %loss, %p = nn.softmax_cross_entropy %y, %labels : (tensor<2x6xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x6xf32>)
  return %loss : tensor<f32>
}
