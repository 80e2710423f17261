// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file -verify-diagnostics
// One violation per constraint of the contractions.

func.func @conv_c1(%x: tensor<1x4x4x2xf32>, %w: tensor<3x3x2x5xf32>) {
  // expected-error @+1 {{expects strides to be 2 numbers from 1 to 2^31, found [0, 1] (conv_c1)}}
  %y = nn.conv2d %x, %w strides [0, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x4x4x2xf32>, tensor<3x3x2x5xf32>) -> tensor<1x2x2x5xf32>
  return
}

// -----

func.func @conv_c2(%x: tensor<1x4x4x2xf32>, %w: tensor<3x3x2x5xf32>) {
  // expected-error @+1 {{expects pads to be 4 numbers from 0 to 2^31, found [0, 0] (conv_c2)}}
  %y = nn.conv2d %x, %w strides [1, 1] pads [0, 0] dilations [1, 1] : (tensor<1x4x4x2xf32>, tensor<3x3x2x5xf32>) -> tensor<1x2x2x5xf32>
  return
}

// -----

func.func @conv_c3(%x: tensor<1x4x4x2xf32>, %w: tensor<3x3x2x5xf32>) {
  // expected-error @+1 {{expects dilations to be 2 numbers from 1 to 2^31, found [1, -1] (conv_c3)}}
  %y = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, -1] : (tensor<1x4x4x2xf32>, tensor<3x3x2x5xf32>) -> tensor<1x2x2x5xf32>
  return
}

// -----

func.func @conv_c4(%x: tensor<1x4x4x2xf32>, %w: tensor<3x3x1x5xf32>) {
  // expected-error @+1 {{expects as many input channels in the weight as in the input, found 1 and 2 (conv_c4)}}
  %y = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x4x4x2xf32>, tensor<3x3x1x5xf32>) -> tensor<1x2x2x5xf32>
  return
}

// -----

func.func @conv_c5(%x: tensor<1x4x4x2xf32>, %w: tensor<3x3x2x5xf32>) {
  // expected-error @+1 {{expects the dilated kernel to fit into the padded input, found kernel [5, 5] and input [4, 4] (conv_c5)}}
  %y = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [2, 2] : (tensor<1x4x4x2xf32>, tensor<3x3x2x5xf32>) -> tensor<1x1x1x5xf32>
  return
}

// -----

func.func @conv_c6(%x: tensor<1x4x4x2xf32>, %w: tensor<3x3x2x5xf32>) {
  // expected-error @+1 {{expects the output of the convolution to have shape [1, 2, 2, 5], found [1, 3, 2, 5] (conv_c6)}}
  %y = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x4x4x2xf32>, tensor<3x3x2x5xf32>) -> tensor<1x3x2x5xf32>
  return
}

// -----

func.func @conv_c6_grad_input(%gy: tensor<1x2x2x5xf32>, %w: tensor<3x3x2x5xf32>) {
  // expected-error @+1 {{(conv_c6)}}
  %gx = nn.conv2d_grad_input %gy, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x2x2x5xf32>, tensor<3x3x2x5xf32>) -> tensor<1x5x4x2xf32>
  return
}

// -----

func.func @conv_c6_grad_weight(%x: tensor<1x4x4x2xf32>, %gy: tensor<1x2x2x5xf32>) {
  // expected-error @+1 {{(conv_c6)}}
  %gw = nn.conv2d_grad_weight %x, %gy strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x4x4x2xf32>, tensor<1x2x2x5xf32>) -> tensor<2x3x2x5xf32>
  return
}

// -----

func.func @conv_c4_groups(%x: tensor<1x4x4x6xf32>, %w: tensor<3x3x3x4xf32>) {
  // expected-error @+1 {{expects as many input channels in the weight as in a group of the input, found 3 and 6 in 4 groups (conv_c4)}}
  %y = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] {groups = 4} : (tensor<1x4x4x6xf32>, tensor<3x3x3x4xf32>) -> tensor<1x2x2x4xf32>
  return
}

// -----

func.func @conv_c7(%x: tensor<1x4x4x6xf32>, %w: tensor<3x3x3x5xf32>) {
  // expected-error @+1 {{expects groups to be a number from 1 to 2^31 that divides the output channels, found 2 for 5 channels (conv_c7)}}
  %y = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] {groups = 2} : (tensor<1x4x4x6xf32>, tensor<3x3x3x5xf32>) -> tensor<1x2x2x5xf32>
  return
}

// -----

func.func @conv_c7_none(%x: tensor<1x4x4x6xf32>, %w: tensor<3x3x3x5xf32>) {
  // expected-error @+1 {{expects groups to be a number from 1 to 2^31 that divides the output channels, found 0 for 5 channels (conv_c7)}}
  %y = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] {groups = 0} : (tensor<1x4x4x6xf32>, tensor<3x3x3x5xf32>) -> tensor<1x2x2x5xf32>
  return
}

// -----

func.func @matmul_c1(%a: tensor<2x3xf32>, %b: tensor<4x3xf32>) {
  // expected-error @+1 {{expects the contracted dimensions to agree, found 3 and 4 (matmul_c1)}}
  %c = nn.matmul %a, %b : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @matmul_c2(%a: tensor<2x3xf32>, %b: tensor<4x3xf32>) {
  // expected-error @+1 {{expects the product to have shape [2, 4], found [2, 3] (matmul_c2)}}
  %c = nn.matmul %a, %b {transpose_b = true} : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @plan_c1(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error @+1 {{expects a plan of the dimensions k in this order, found c (plan_c1)}}
  %c = nn.matmul %a, %b {plan = #nn.plan<dims = ["c"], chunks = [4]>} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @element_type(%a: tensor<2x3xf64>, %b: tensor<3x4xf16>) {
  // expected-error @+1 {{must be static tensor of rank 2 of f32, bf16 or f16, extents from 1 to 2^31, at most 2^40 elements, but got 'tensor<2x3xf64>'}}
  %c = nn.matmul %a, %b : (tensor<2x3xf64>, tensor<3x4xf16>) -> tensor<2x4xf16>
  return
}

// -----

func.func @dynamic_shape(%a: tensor<?x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error @+1 {{must be static tensor of rank 2 of f32, bf16 or f16, extents from 1 to 2^31, at most 2^40 elements, but got 'tensor<?x3xf32>'}}
  %c = nn.matmul %a, %b : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @plan_without_groups(%x: tensor<1x4x4x4xf32>, %w: tensor<3x3x2x4xf32>) {
  // expected-error @+1 {{expects a plan of the dimensions g, c, kh, kw in this order, found c, kh, kw (plan_c1)}}
  %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {groups = 2, plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [2, 3, 1]>} : (tensor<1x4x4x4xf32>, tensor<3x3x2x4xf32>) -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @plan_in_another_order(%x: tensor<1x4x4x4xf32>, %w: tensor<3x3x4x4xf32>) {
  // expected-error @+1 {{expects a plan of the dimensions c, kh, kw in this order, found kw, kh, c (plan_c1)}}
  %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {plan = #nn.plan<dims = ["kw", "kh", "c"], chunks = [3, 3, 1]>} : (tensor<1x4x4x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @too_long_a_stride(%x: tensor<1x4x4x4xf32>, %w: tensor<1x1x4x4xf32>) {
  // expected-error @+1 {{expects strides to be 2 numbers from 1 to 2^31, found [2147483649, 1] (conv_c1)}}
  %0 = nn.conv2d %x, %w strides [2147483649, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x4x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return
}
