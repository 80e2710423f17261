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

// -----

func.func @slice_c1(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects 2 offsets of zero or more, found [0, -1] (slice_c1)}}
  %y = nn.slice %x from [0, -1] : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @slice_c1_count(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects 2 offsets of zero or more, found [0] (slice_c1)}}
  %y = nn.slice %x from [0] : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects a box within [2, 4], found [2, 3] at [0, 2] (slice_c2)}}
  %y = nn.slice %x from [0, 2] : (tensor<2x4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @slice_c2_rank(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{(slice_c2)}}
  %y = nn.slice %x from [0, 0] : (tensor<2x4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @pad_c1(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects 2 pads of zero or more, found [0, -1] (pad_c1)}}
  %y = nn.pad %x behind [0, -1] of 0.0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @pad_c2(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects a box within [2, 5], found [2, 4] at [0, 2] (pad_c2)}}
  %y = nn.pad %x behind [0, 2] of 0.0 : (tensor<2x4xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @concat_c1(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects pieces along one of 2 dimensions, found 1 along dimension 2 (concat_c1)}}
  %y = nn.concat %x along 2 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @concat_c1_nothing() {
  // expected-error @+1 {{expects pieces along one of 2 dimensions, found 0 along dimension 0 (concat_c1)}}
  %y = "nn.concat"() <{axis = 0 : i64}> : () -> tensor<2x4xf32>
  return
}

// -----

func.func @concat_c2(%x: tensor<2x4xf32>, %z: tensor<3x3xf32>) {
  // expected-error @+1 {{expects pieces of shape [2, 3], found [3, 3] (concat_c2)}}
  %y = nn.concat %x, %z along 1 : (tensor<2x4xf32>, tensor<3x3xf32>) -> tensor<2x7xf32>
  return
}

// -----

func.func @concat_c3(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects 7 elements along dimension 1, found 8 (concat_c3)}}
  %y = nn.concat %x, %x along 1 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
  return
}

// -----

func.func @split_c1(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects pieces along one of 2 dimensions, found 1 along dimension -1 (split_c1)}}
  %y = nn.split %x along -1 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @split_c2(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects pieces of shape [2, 4], found [8] (split_c2)}}
  %y = nn.split %x along 1 : (tensor<2x4xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @split_c3(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects 4 elements along dimension 1, found 3 (split_c3)}}
  %y:2 = nn.split %x along 1 : (tensor<2x4xf32>) -> (tensor<2x1xf32>, tensor<2x2xf32>)
  return
}

// -----

func.func @view_c1(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{is a view and expects elements of type 'f32', found 'bf16' (view_c1)}}
  %y = nn.slice %x from [0, 2] {view = #nn.view<of_operands>} : (tensor<2x4xf32>) -> tensor<2x2xbf16>
  return
}

// -----

func.func @view_c2(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects a view of its operands, since they have what it takes out, found one of its result (view_c2)}}
  %y = nn.slice %x from [0, 2] {view = #nn.view<of_result>} : (tensor<2x4xf32>) -> tensor<2x2xf32>
  return
}
