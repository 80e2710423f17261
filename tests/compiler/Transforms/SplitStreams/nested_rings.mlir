// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rings in two nested loops, with both matrix streams: weights change per outer iteration, pixels per inner one.
// RUN: arsis-opt --verify-each --verify-roundtrip --tile-plan-memory --tile-check-memory --tile-split-streams %s | FileCheck %s

tile.program @product {
  %x = tile.tensor "x" input : memref<4x16x8xf32, #tile.dram>
  %w = tile.tensor "w" parameter : memref<8x32xf32, #tile.dram>
  %y = tile.tensor "y" output : memref<4x16x32xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %j = %c0 to %c4 step %c1 {
    %weights = tile.alloc "weights" {slots = 2 : i64} : memref<8x8xf32, #tile.spm>
    tile.load %w to %weights[%j] at affine_map<(d0) -> (0, 0, 0, d0 * 8)> box <[1, 1, 8, 8]> view <(d0) -> (0), [64, 64, 8, 1]>
      : memref<8x32xf32, #tile.dram>, memref<8x8xf32, #tile.spm>
    tile.load_weights %weights[%j] bank affine_map<(d0) -> (d0)> k <[1, 1, 8]> n <[8]> view <(d0) -> (0), [0, 0, 8]> n_stride 1
      : memref<8x8xf32, #tile.spm>
    scf.for %i = %c0 to %c4 step %c1 {
      %pixels = tile.alloc "pixels" {slots = 2 : i64} : memref<16x8xf32, #tile.spm>
      %sums = tile.alloc "sums" {slots = 2 : i64} : memref<16x8xf32, #tile.acc>
      %out = tile.alloc "out" {slots = 2 : i64} : memref<16x8xf32, #tile.spm>
      tile.load %x to %pixels[%j, %i] at affine_map<(d0, d1) -> (0, d1, 0, 0)> box <[1, 1, 16, 8]> view <(d0, d1) -> (0), [128, 128, 8, 1]>
        : memref<4x16x8xf32, #tile.dram>, memref<16x8xf32, #tile.spm>
      tile.multiply %pixels to %sums[%j, %i] bank affine_map<(d0, d1) -> (d0)> m <[1, 1, 16]> k <[1, 1, 8]> view <(d0, d1) -> (0), [0, 0, 8]>
        k_strides [0, 0, 1] acc <(d0, d1) -> (0), [0, 0, 1]> accumulate affine_map<(d0, d1) -> (0)> : memref<16x8xf32, #tile.spm>, memref<16x8xf32, #tile.acc>
      tile.drain %sums to %out[%j, %i] m <[1, 1, 16]> n <[8]> acc <(d0, d1) -> (0), [0, 0, 1]> view <(d0, d1) -> (0), [0, 0, 8]> n_stride 1
        : memref<16x8xf32, #tile.acc>, memref<16x8xf32, #tile.spm>
      tile.store %out to %y[%j, %i] at affine_map<(d0, d1) -> (0, d1, 0, d0 * 8)> box <[1, 1, 16, 8]> view <(d0, d1) -> (0), [128, 128, 8, 1]>
        : memref<16x8xf32, #tile.spm>, memref<4x16x32xf32, #tile.dram>
    }
  }
}

// Per outer iteration the load stream increments 1 + 4 times and the matrix stream 1 + 4 times, each loop its own counter.
// CHECK:      stream load 0
// CHECK:        load %{{.*}} to %{{.*}} sync <waits = [<matrix 0, (d0) -> (d0 - 1)>], increments = true>
// CHECK:        load %{{.*}} to %{{.*}} sync <waits = [<matrix 0 counter 1, (d0, d1) -> (d0 * 4 + d1 - 1)>], increments = true counter 1>
// CHECK:      stream store 0
// CHECK:        store %{{.*}} sync <waits = [<drain 0, (d0, d1) -> (d0 * 4 + d1 + 1)>], increments = true>
// CHECK:      stream matrix 0
// CHECK:        load_weights %{{.*}} sync <waits = [<load 0, (d0) -> (d0 + 1)>], increments = true>
// CHECK:        multiply
// CHECK-SAME:     sync <waits = [<load 0 counter 1, (d0, d1) -> (d0 * 4 + d1 + 1)>, <drain 0, (d0, d1) -> (d0 * 4 + d1 - 1)>], increments = true counter 1>
// CHECK:      stream drain 0
// CHECK:        drain
// CHECK-SAME:     sync <waits = [<matrix 0 counter 1, (d0, d1) -> (d0 * 4 + d1 + 1)>, <store 0, (d0, d1) -> (d0 * 4 + d1 - 1)>], increments = true>
