// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file -verify-diagnostics
// One violation per constraint of what draws random numbers.

func.func @dropout_c1(%x: tensor<2x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects a ratio from 0 to less than 1, found 1.000000 (dropout_c1)}}
  %y = nn.dropout %x seed %s step %s ratio 1.0 layer 0 : (tensor<2x4xf32>, tensor<f32>, tensor<f32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @dropout_c1_negative(%x: tensor<2x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{(dropout_c1)}}
  %y = nn.dropout %x seed %s step %s ratio -0.5 layer 0 : (tensor<2x4xf32>, tensor<f32>, tensor<f32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @dropout_c2(%x: tensor<4097x4097x2xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expects at most 2^24 rows, columns and layers, found [4097, 4097, 2] in layer 0 (dropout_c2)}}
  %y = nn.dropout %x seed %s step %s ratio 0.5 layer 0 : (tensor<4097x4097x2xf32>, tensor<f32>, tensor<f32>) -> tensor<4097x4097x2xf32>
  return
}

// -----

func.func @dropout_c2_scalar(%s: tensor<f32>) {
  // expected-error @+1 {{(dropout_c2)}}
  %y = nn.dropout %s seed %s step %s ratio 0.5 layer 0 : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @dropout_c2_layer(%x: tensor<2x4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{(dropout_c2)}}
  %y = nn.dropout %x seed %s step %s ratio 0.5 layer 16777216 : (tensor<2x4xf32>, tensor<f32>, tensor<f32>) -> tensor<2x4xf32>
  return
}
