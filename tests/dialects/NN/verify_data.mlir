// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file -verify-diagnostics
// One violation per constraint of data movement and constants.

func.func @reshape_c1(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects 8 elements in the result, found 9 (reshape_c1)}}
  %y = nn.reshape %x : (tensor<2x4xf32>) -> tensor<9xf32>
  return
}


// -----

func.func @transpose_c1(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects a permutation of 2 dimensions, found [1, 1] (transpose_c1)}}
  %y = nn.transpose %x permutation [1, 1] : (tensor<2x4xf32>) -> tensor<4x4xf32>
  return
}


// -----

func.func @transpose_c1_range(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{(transpose_c1)}}
  %y = nn.transpose %x permutation [0, 2] : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}


// -----

func.func @transpose_c2(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects a result of shape [4, 2], found [2, 4] (transpose_c2)}}
  %y = nn.transpose %x permutation [1, 0] : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}


// -----

func.func @constant_c1() {
  // expected-error @+1 {{expects all elements to have one value, found different values (constant_c1)}}
  %y = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return
}

// -----

func.func @gradients_c1(%w: tensor<4xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{expects 2 names, one for each gradient, found 1 (gradients_c1)}}
  %ready:2 = nn.gradients %w, %b of ["w"] : tensor<4xf32>, tensor<2xf32>
  return
}

// -----

func.func @gradients_of_another_type(%w: tensor<4xf32>) {
  // expected-error @+1 {{the results have the types of the gradients}}
  %ready = "nn.gradients"(%w) <{names = ["w"]}> : (tensor<4xf32>) -> tensor<2x2xf32>
  return
}
