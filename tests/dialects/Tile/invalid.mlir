// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One refusal per branch of the tile dialect's verifiers.
// RUN: arsis-opt --split-input-file --verify-diagnostics --allow-unregistered-dialect %s

tile.program @tensor_type {
  // expected-error @below {{has element type 'f64', expected f32, bf16, f16 or i32}}
  %x = tile.tensor "x" input : memref<4xf64, #tile.dram>
}

// -----

tile.program @tensor_rank {
  // expected-error @below {{has rank 5, expected at most 4}}
  %x = tile.tensor "x" input : memref<1x1x1x1x4xf32, #tile.dram>
}

// -----

tile.program @host {
  // expected-error @below {{needs both host_shape and host_permutation, or neither}}
  %x = tile.tensor "x" input {host_shape = array<i64: 4>} : memref<4xf32, #tile.dram>
}

// -----

tile.program @host_rank {
  // expected-error @below {{has a host layout of rank 2, expected 1}}
  %x = tile.tensor "x" input {host_shape = array<i64: 2, 2>, host_permutation = array<i64: 0, 1>} : memref<4xf32, #tile.dram>
}

// -----

tile.program @host_permutation {
  // expected-error @below {{has a host_permutation that is no permutation}}
  %x = tile.tensor "x" input {host_shape = array<i64: 4, 4>, host_permutation = array<i64: 0, 0>} : memref<4x4xf32, #tile.dram>
}

// -----

tile.program @host_size {
  // expected-error @below {{has host dimension 0 of size 3, expected 2}}
  %x = tile.tensor "x" input {host_shape = array<i64: 3, 2>, host_permutation = array<i64: 1, 0>} : memref<3x2xf32, #tile.dram>
}

// -----

tile.program @initial {
  // expected-error @below {{has an initial value of type 'tensor<3xf32>', expected the elements of 'memref<4xf32, #tile.dram>'}}
  %x = tile.tensor "x" input {initial = dense<0.0> : tensor<3xf32>} : memref<4xf32, #tile.dram>
}

// -----

tile.program @alias {
  %x = tile.tensor "x" input : memref<4xf32, #tile.dram>
  // expected-error @below {{expected equal element type and count}}
  %y = tile.alias %x : memref<4xf32, #tile.dram> to memref<5xf32, #tile.dram>
}

// -----

tile.program @part_of_a_shape {
  %x = tile.tensor "x" input : memref<4x6xf32, #tile.dram>
  %y = tile.alias %x : memref<4x6xf32, #tile.dram> to memref<24xf32, #tile.dram>
  // expected-error @below {{is a part of another shape, expected a part of a tensor}}
  %z = tile.alias %y {strides = array<i64: 1>} : memref<24xf32, #tile.dram> to memref<5xf32, #tile.dram>
}

// -----

tile.program @shape_of_a_part {
  %x = tile.tensor "x" input : memref<4x6xf32, #tile.dram>
  %y = tile.alias %x {strides = array<i64: 6, 1>} : memref<4x6xf32, #tile.dram> to memref<4x2xf32, #tile.dram>
  // expected-error @below {{is another shape of a part, expected a part of the tensor itself}}
  %z = tile.alias %y : memref<4x2xf32, #tile.dram> to memref<8xf32, #tile.dram>
}

// -----

tile.program @part_types {
  %x = tile.tensor "x" input : memref<4x6xf32, #tile.dram>
  // expected-error @below {{expected equal element types}}
  %y = tile.alias %x {strides = array<i64: 6, 1>} : memref<4x6xf32, #tile.dram> to memref<4x2xbf16, #tile.dram>
}

// -----

tile.program @part_rank {
  %x = tile.tensor "x" input : memref<4x6xf32, #tile.dram>
  // expected-error @below {{has 1 strides, expected 2}}
  %y = tile.alias %x {strides = array<i64: 1>} : memref<4x6xf32, #tile.dram> to memref<4x2xf32, #tile.dram>
}

// -----

tile.program @part_overlaps {
  %x = tile.tensor "x" input : memref<4x6xf32, #tile.dram>
  // expected-error @below {{has a stride of 2, expected more than the 2 that the dimensions inside span}}
  %y = tile.alias %x {strides = array<i64: 2, 1>} : memref<4x6xf32, #tile.dram> to memref<4x3xf32, #tile.dram>
}

// -----

tile.program @part_ends {
  %x = tile.tensor "x" input : memref<4x6xf32, #tile.dram>
  // expected-error @below {{ends at element 24 of its source, which has 24}}
  %y = tile.alias %x {offset = 4 : i64, strides = array<i64: 6, 1>} : memref<4x6xf32, #tile.dram> to memref<4x3xf32, #tile.dram>
}

// -----

tile.program @part_without_strides {
  %x = tile.tensor "x" input : memref<4x6xf32, #tile.dram>
  // expected-error @below {{has an offset or a name but no strides, expected those of a part}}
  %y = tile.alias %x {name = "y"} : memref<4x6xf32, #tile.dram> to memref<24xf32, #tile.dram>
}

// -----

tile.program @accumulators {
  // expected-error @below {{expected memref<rows x cols x f32> in the accumulators}}
  %a = tile.alloc "a" : memref<4xf32, #tile.acc>
}

// -----

tile.program @unit {
  // expected-error @below {{names a matrix unit, but the scratchpad is shared by all}}
  %a = tile.alloc "a" {unit = 1 : i64} : memref<4xf32, #tile.spm>
}

// -----

tile.program @index {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  %c0 = arith.constant 0 : index
  // expected-error @below {{has an index that is not the induction variable of a loop}}
  tile.map fill to %a[%c0] box <[1, 1, 1, 4]> views [#tile.view<(d0) -> (0), [0, 0, 0, 1]>] : memref<4xf32, #tile.spm>
}

// -----

tile.program @dimensions {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  // expected-error @below {{has view over 1 dimensions and 0 symbols, expected 0 dimensions, one per index}}
  tile.map fill to %a[] box <[1, 1, 1, 4]> views [#tile.view<(d0) -> (0), [0, 0, 0, 1]>] : memref<4xf32, #tile.spm>
}

// -----

tile.program @results {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  // expected-error @below {{has view with 2 results, expected 1}}
  tile.map fill to %a[] box <[1, 1, 1, 4]> views [#tile.view<() -> (0, 0), [0, 0, 0, 1]>] : memref<4xf32, #tile.spm>
}

// -----

tile.program @linear {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %c1 step %c1 {
    // expected-error @below {{which is not linear}}
    tile.map fill to %a[%i] box <[1, 1, 1, 4]> views [#tile.view<(d0) -> (d0 mod 2), [0, 0, 0, 1]>] : memref<4xf32, #tile.spm>
  }
}

// -----

tile.program @strides {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  // expected-error @below {{has view with 3 strides, expected 4}}
  tile.map fill to %a[] box <[1, 1, 1, 4]> views [#tile.view<() -> (0), [0, 0, 1]>] : memref<4xf32, #tile.spm>
}

// -----

tile.program @box {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  // expected-error @below {{has box of rank 3, expected 4}}
  tile.map fill to %a[] box <[1, 1, 4]> views [#tile.view<() -> (0), [0, 0, 0, 1]>] : memref<4xf32, #tile.spm>
}

// -----

tile.program @arity {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  // expected-error @below {{has 0 inputs, expected 1 for relu}}
  tile.map relu to %a[] box <[1, 1, 1, 4]> views [#tile.view<() -> (0), [0, 0, 0, 1]>] : memref<4xf32, #tile.spm>
}

// -----

tile.program @views {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  // expected-error @below {{needs one view per buffer, the destination's first}}
  tile.map relu(%a) to %a[] box <[1, 1, 1, 4]> views [#tile.view<() -> (0), [0, 0, 0, 1]>] : (memref<4xf32, #tile.spm>) to memref<4xf32, #tile.spm>
}

// -----

tile.program @order {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  %b = tile.alloc "b" : memref<4xf32, #tile.spm>
  // expected-error @below {{needs the reduced dimensions in ascending order, each of 0 to 3}}
  tile.reduce sum %a to %b[] box <[1, 1, 1, 4]> reduced [2, 1] input <() -> (0), [0, 0, 0, 1]> view <() -> (0), [0, 0, 0, 1]> accumulate affine_map<() -> (0)> : memref<4xf32, #tile.spm> to memref<4xf32, #tile.spm>
}

// -----

tile.program @window {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  %b = tile.alloc "b" : memref<4xf32, #tile.spm>
  // expected-error @below {{needs a window of two positive sizes}}
  tile.pool max %a to %b[] box <[1, 1, 1, 4]> window [2, 0] window_strides [1, 1] input <() -> (0), [0, 0, 0, 1]> view <() -> (0), [0, 0, 0, 1]> : memref<4xf32, #tile.spm> to memref<4xf32, #tile.spm>
}

// -----

tile.program @pool_grad {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  %b = tile.alloc "b" : memref<4xf32, #tile.spm>
  // expected-error @below {{needs x for max, and only for max}}
  tile.pool_grad max %a to %b[] box <[1, 1, 1, 4]> window [2, 2] window_strides [1, 1] gradient <() -> (0), [0, 0, 0, 1]> view <() -> (0), [0, 0, 0, 1]> : memref<4xf32, #tile.spm> to memref<4xf32, #tile.spm>
}

// -----

tile.program @other_unit {
  %a = tile.alloc "a" : memref<4xf32, #tile.spm>
  %s = tile.alloc "s" {unit = 1 : i64} : memref<4x8xf32, #tile.acc>
  // expected-error @below {{uses the accumulators of another matrix unit}}
  tile.drain %s to %a[] m <[1, 1, 1]> n <[4]> acc <() -> (0), [0, 0, 1]> view <() -> (0), [0, 0, 0]> n_stride 1 : memref<4x8xf32, #tile.acc>, memref<4xf32, #tile.spm>
}

// -----

// expected-error @below {{expected one limit per dimension: found 1 limits and 2 dimensions}}
"test.op"() {a = #tile.extents<[1, 2], limits () -> (1)>} : () -> ()

// -----

// expected-error @below {{expected tile sizes that are not negative, found -1}}
"test.op"() {a = #tile.extents<[-1]>} : () -> ()

// -----

// expected-error @below {{expected a map to one value without symbols to wait for, found affine_map<() -> (1, 2)>}}
"test.op"() {a = #tile.wait<load 0, () -> (1, 2)>} : () -> ()

// -----

tile.program @extents {
  // expected-error @below {{expected extents from 1 to 2147483648 and at most 1099511627776 elements}}
  %a = tile.alloc "a" : memref<0x4xf32, #tile.spm>
}

// -----

tile.program @volume {
  // expected-error @below {{expected extents from 1 to 2147483648 and at most 1099511627776 elements}}
  %x = tile.tensor "x" input : memref<2147483648x2147483648x2147483648x2147483648xf32, #tile.dram>
}

// -----

// expected-error @below {{requires "matrix.rows" to be 8 : i32, expected an i64}}
tile.program @requirements attributes {requirements = {matrix.rows = 8 : i32}} {
}

// -----

tile.program @carried_buffer {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %a = tile.alloc "a" : memref<64xf32, #tile.spm>
  %b = scf.for %i = %c0 to %c4 step %c1 iter_args(%c = %a) -> (memref<64xf32, #tile.spm>) {
    // expected-error @below {{has a buffer that no tile.alloc, tile.tensor or tile.alias makes}}
    tile.map relu(%c) to %a[] box <[1, 1, 1, 1]> views [#tile.view<() -> (0), [0, 0, 0, 1]>, #tile.view<() -> (0), [0, 0, 0, 1]>] : (memref<64xf32, #tile.spm>) to memref<64xf32, #tile.spm>
    scf.yield %c : memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @ring {
  // expected-error @below {{has 34359738368 slots of 64 elements, expected a ring of at most 1099511627776}}
  %a = tile.alloc "a" {slots = 34359738368 : i64} : memref<64xf32, #tile.spm>
}

// -----

tile.program @address {
  // expected-error @below {{has address -64, expected 0 to 281474976710656}}
  %a = tile.alloc "a" {address = -64 : i64} : memref<64xf32, #tile.spm>
}
