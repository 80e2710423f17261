// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s --nn-map="chip=tiny mapping-file=%S/Inputs/unused.json" --split-input-file --verify-diagnostics
// RUN: not arsis-opt %s --nn-map --split-input-file 2>&1 | FileCheck %s --check-prefix=NOCHIP
// RUN: not arsis-opt %s --nn-map=chip=nowhere --split-input-file 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// What cannot be mapped is an error that says why.
// NOCHIP: error: nn-map needs the option chip
// UNKNOWN: error: {{.*}}nowhere

// expected-error@below {{the mapping names 'conv9/conv2d', but there is no such operation}}
module {
  func.func @forward(%x: tensor<1x28x28x16xf32>, %w: tensor<3x3x16x16xf32>) -> tensor<1x28x28x16xf32> {
    // expected-error@below {{no mapping of nn.conv2d is feasible: buffer 'accumulator' (}}
    %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {mapping = #nn.mapping<{h = 28 : i64, w = 28 : i64, blocks = 2 : i64, acc_slots = 2 : i64}>} : (tensor<1x28x28x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x28x28x16xf32>
    return %0 : tensor<1x28x28x16xf32>
  }
}

// -----

// expected-error@below {{the mapping names 'conv9/conv2d'}}
module {
  func.func @forward(%x: tensor<4x40000xf32>, %l: tensor<4xi32>) -> tensor<f32> {
    // expected-error@below {{buffer 'operand' (160000 bytes) misses 574784 bytes of the scratchpad}}
    %0:2 = nn.softmax_cross_entropy %x, %l : (tensor<4x40000xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4x40000xf32>)
    return %0#0 : tensor<f32>
  }
}

// -----

// expected-error@below {{the mapping names 'conv9/conv2d'}}
module {
  func.func @forward(%x: tensor<4x40xf32>) -> tensor<4x40xf32> {
    // expected-error@below {{the mapping has no field 'speed'}}
    %0 = nn.relu %x {mapping = #nn.mapping<{speed = 3 : i64}>} : tensor<4x40xf32>
    // expected-error@below {{field 'rows' of the mapping is 1.0}}
    %1 = nn.relu %0 {mapping = #nn.mapping<{rows = 1.0 : f32}>} : tensor<4x40xf32>
    // expected-error@below {{field 'rows' is -1, expected a number that is not negative}}
    %2 = nn.relu %1 {mapping = #nn.mapping<{rows = -1 : i64}>} : tensor<4x40xf32>
    // expected-error@below {{field 'rows' is 2147483649, expected at most 2147483648}}
    %3 = nn.relu %2 {mapping = #nn.mapping<{rows = 2147483649 : i64}>} : tensor<4x40xf32>
    // expected-error@below {{field 'slots' is 4611686018427387904, expected at most 65536}}
    %4 = nn.relu %3 {mapping = #nn.mapping<{slots = 4611686018427387904 : i64}>} : tensor<4x40xf32>
    return %4 : tensor<4x40xf32>
  }
}

// -----

// expected-error@below {{the mapping names 'conv9/conv2d'}}
module {
  func.func @forward(%x: tensor<1x4x4x4xf32>, %w: tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32> {
    // expected-error@below {{field 'chunk_kh' is 4611686018427387904, expected at most 8}}
    %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {mapping = #nn.mapping<{chunk_kh = 4611686018427387904 : i64}>} : (tensor<1x4x4x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32>
    return %0 : tensor<1x4x4x4xf32>
  }
}

// -----

// expected-error@below {{the mapping names 'conv9/conv2d'}}
module {
  func.func @plan_against_mapping(%x: tensor<1x4x4x4xf32>, %w: tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32> {
    // expected-error@below {{the plan has chunks of 2 along c, the mapping's field 'chunk_c' is 4}}
    %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {mapping = #nn.mapping<{chunk_c = 4 : i64}>, plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [2, 1, 1]>} : (tensor<1x4x4x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32>
    return %0 : tensor<1x4x4x4xf32>
  }
}
