// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file -verify-diagnostics
// One violation per constraint of the arithmetic that repeats an operand and of the functions with numbers.

func.func @along_c1_count(%a: tensor<2x3x4xf32>, %b: tensor<2x4xf32>) {
  // expected-error @+1 {{expects along to name 2 of 3 dimensions in ascending order, found [0] (along_c1)}}
  %c = nn.multiply %a, %b along [0] : (tensor<2x3x4xf32>, tensor<2x4xf32>) -> tensor<2x3x4xf32>
  return
}


// -----

func.func @along_c1_order(%a: tensor<4x3x4xf32>, %b: tensor<4x4xf32>) {
  // expected-error @+1 {{expects along to name 2 of 3 dimensions in ascending order, found [2, 0] (along_c1)}}
  %c = nn.add %a, %b along [2, 0] : (tensor<4x3x4xf32>, tensor<4x4xf32>) -> tensor<4x3x4xf32>
  return
}


// -----

func.func @along_c1_twice(%a: tensor<4x3x4xf32>, %b: tensor<4x4xf32>) {
  // expected-error @+1 {{expects along to name 2 of 3 dimensions in ascending order, found [2, 2] (along_c1)}}
  %c = nn.add %a, %b along [2, 2] : (tensor<4x3x4xf32>, tensor<4x4xf32>) -> tensor<4x3x4xf32>
  return
}


// -----

func.func @along_c1_range(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects along to name 1 of 2 dimensions in ascending order, found [2] (along_c1)}}
  %y = nn.broadcast %x along [2] : (tensor<4xf32>) -> tensor<3x4xf32>
  return
}


// -----

func.func @along_c2(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expects extent 3 of dimension 1, found 2 (along_c2)}}
  %y = nn.prelu %x, %s along [1] : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}


// -----

func.func @along_c2_without(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{expects an operand of shape [2, 3], found [3] (along_c2)}}
  %y = nn.prelu_grad %x, %s, %x : (tensor<2x3xf32>, tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}


// -----

func.func @axis_sum_c1(%x: tensor<2x3x4xf32>) {
  // expected-error @+1 {{expects a result of shape [2, 4], found [2, 3] (axis_sum_c1)}}
  %y = nn.axis_sum %x : (tensor<2x3x4xf32>) -> tensor<2x3xf32>
  return
}


// -----

func.func @affine_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{expects a finite offset, found inf (affine_c1)}}
  %y = nn.affine %x scale 1.0 offset 0x7F800000 : tensor<2xf32>
  return
}


// -----

func.func @clip_c1_none(%x: tensor<2xf32>) {
  // expected-error @+1 {{expects a lower bound, an upper bound, or both, found none (clip_c1)}}
  %y = nn.clip %x : tensor<2xf32>
  return
}


// -----

func.func @clip_c1_finite(%x: tensor<2xf32>) {
  // expected-error @+1 {{expects finite bounds, found nan (clip_c1)}}
  %y = nn.clip %x low 0x7FC00000 : tensor<2xf32>
  return
}


// -----

func.func @clip_c1_order(%x: tensor<2xf32>) {
  // expected-error @+1 {{expects low to be below high, found 1.000000 and 1.000000 (clip_c1)}}
  %y = nn.clip_grad %x, %x low 1.0 high 1.0 : tensor<2xf32>
  return
}


// -----

func.func @leaky_relu_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{expects a finite slope, found inf (leaky_relu_c1)}}
  %y = nn.leaky_relu %x slope 0x7F800000 : tensor<2xf32>
  return
}


// -----

func.func @elu_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{expects a finite alpha, found inf (elu_c1)}}
  %y = nn.elu_grad %x, %x alpha 0x7F800000 : tensor<2xf32>
  return
}
