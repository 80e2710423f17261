// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s --nn-map="chip=tiny mapping-file=%S/Inputs/unused.json" --split-input-file --verify-diagnostics
// RUN: not arsis-opt %s --nn-map --split-input-file 2>&1 | FileCheck %s --check-prefix=NOCHIP
// RUN: not arsis-opt %s --nn-map=chip=nowhere --split-input-file 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// What cannot be scheduled is an error that says why.
// NOCHIP: error: nn-map needs the option chip
// UNKNOWN: error: {{.*}}nowhere

// expected-error@below {{the schedules name 'conv9/conv2d', but there is no such operation}}
module {
  func.func @forward(%x: tensor<1x28x28x16xf32>, %w: tensor<3x3x16x16xf32>) -> tensor<1x28x28x16xf32> {
    // expected-error@below {{no schedule of nn.conv2d is feasible: buffer 'accumulator' (}}
    %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {schedule = #nn.schedule<tiles = {oh = 28, ow = 28, co = 16}, slots = {accumulator = 2}>} : (tensor<1x28x28x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x28x28x16xf32>
    return %0 : tensor<1x28x28x16xf32>
  }
}

// -----

// expected-error@below {{the schedules name 'conv9/conv2d'}}
module {
  func.func @forward(%x: tensor<4x40000xf32>, %l: tensor<4xi32>) -> tensor<f32> {
    // expected-error@below {{buffer 'operand' (160000 bytes) misses 574784 bytes of the scratchpad}}
    %0:2 = nn.softmax_cross_entropy %x, %l : (tensor<4x40000xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4x40000xf32>)
    return %0#0 : tensor<f32>
  }
}

// -----

// expected-error@below {{the schedules name 'conv9/conv2d'}}
module {
  func.func @forward(%x: tensor<4x40xf32>) -> tensor<4x40xf32> {
    // expected-error@below {{the schedule has no field 'tiles.speed', expected one of tiles.rows tiles.columns slots.tiles}}
    %0 = nn.relu %x {schedule = #nn.schedule<tiles = {speed = 3}>} : tensor<4x40xf32>
    // expected-error@below {{the strategy is 'dma', expected 'vector'}}
    %1 = nn.relu %0 {schedule = #nn.schedule<"dma">} : tensor<4x40xf32>
    // expected-error@below {{the schedule has no choice of loops, found n c}}
    %2 = nn.relu %1 {schedule = #nn.schedule<loops = [n, c]>} : tensor<4x40xf32>
    // expected-error@below {{field 'tiles.rows' is 2147483649, expected at most 2147483648}}
    %3 = nn.relu %2 {schedule = #nn.schedule<tiles = {rows = 2147483649}>} : tensor<4x40xf32>
    // expected-error@below {{field 'slots.tiles' is 4611686018427387904, expected at most 65536}}
    %4 = nn.relu %3 {schedule = #nn.schedule<slots = {tiles = 4611686018427387904}>} : tensor<4x40xf32>
    return %4 : tensor<4x40xf32>
  }
}

// -----

// expected-error@below {{the schedules name 'conv9/conv2d'}}
module {
  func.func @forward(%x: tensor<1x4x4x4xf32>, %w: tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32> {
    // expected-error@below {{field 'chunks.kh' is 4611686018427387904, expected at most 8}}
    %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {schedule = #nn.schedule<chunks = {kh = 4611686018427387904}>} : (tensor<1x4x4x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32>
    return %0 : tensor<1x4x4x4xf32>
  }
}

// -----

// expected-error@below {{the schedules name 'conv9/conv2d'}}
module {
  func.func @plan_that_continues(%x: tensor<1x4x4x4xf32>, %w: tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32> {
    // expected-error@below {{the partial sums of the plan of nn.conv2d begin with 'continue', those of its schedule with 'zero'}}
    %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [2, 1, 1], begin = continue>} : (tensor<1x4x4x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32>
    return %0 : tensor<1x4x4x4xf32>
  }
}

// -----

// expected-error@below {{the schedules name 'conv9/conv2d'}}
module {
  func.func @plan_against_schedule(%x: tensor<1x4x4x4xf32>, %w: tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32> {
    // expected-error@below {{the plan has chunks of 2 along c, the schedule's field 'chunks.c' is 4}}
    %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {schedule = #nn.schedule<chunks = {c = 4}>, plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [2, 1, 1]>} : (tensor<1x4x4x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32>
    return %0 : tensor<1x4x4x4xf32>
  }
}
