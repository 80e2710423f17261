// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two arrays drain into one result tile: its columns, or its rows. Neither waits for the other, each gets the tile's slot
// back from the store itself, and the store waits for both. Where their places meet, they are one chain.
// RUN: arsis-opt --verify-each --tile-plan-memory --tile-check-memory --tile-split-streams %s | FileCheck %s
// RUN: arsis-opt --verify-each --tile-plan-memory --tile-check-memory --tile-split-streams %s | FileCheck %s --check-prefix=STORE

// CHECK-LABEL: tile.program @columns
// CHECK:      stream drain 0
// CHECK:        tile.drain
// CHECK-SAME:     sync <waits = [<store 0, (d0) -> (d0 - 1)>], increments = true>
// CHECK:      stream drain 1
// CHECK:        tile.drain
// CHECK-SAME:     sync <waits = [<store 0, (d0) -> (d0 - 1)>], increments = true>
// STORE-LABEL: tile.program @columns
// STORE:      stream store 0
// STORE:        tile.store
// STORE-SAME:     sync <waits = [<drain 1, (d0) -> (d0 + 1)>, <drain 0, (d0) -> (d0 + 1)>], increments = true>
tile.program @columns {
  %y = tile.tensor "y" output : memref<8x16x16xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %p = tile.alloc "p" : memref<16x8xf32, #tile.acc>
  %q = tile.alloc "q" {unit = 1 : i64} : memref<16x8xf32, #tile.acc>
  scf.for %i = %c0 to %c8 step %c1 {
    %t = tile.alloc "t" {slots = 2 : i64} : memref<1x1x16x16xf32, #tile.spm>
    tile.drain %p to %t[%i] m <[1, 1, 16]> n <[8]> acc <(d0) -> (0), [0, 0, 1]> view <(d0) -> (0), [0, 0, 16]> n_stride 1
      : memref<16x8xf32, #tile.acc>, memref<1x1x16x16xf32, #tile.spm>
    tile.drain %q to %t[%i] m <[1, 1, 16]> n <[8]> acc <(d0) -> (0), [0, 0, 1]> view <(d0) -> (8), [0, 0, 16]> n_stride 1 {unit = 1 : i64}
      : memref<16x8xf32, #tile.acc>, memref<1x1x16x16xf32, #tile.spm>
    tile.store %t to %y[%i] at affine_map<(d0) -> (0, d0, 0, 0)> box <[1, 1, 16, 16]> view <(d0) -> (0), [256, 256, 16, 1]>
      : memref<1x1x16x16xf32, #tile.spm>, memref<8x16x16xf32, #tile.dram>
  }
}

// CHECK-LABEL: tile.program @rows
// CHECK:      stream drain 1
// CHECK:        tile.drain
// CHECK-SAME:     sync <waits = [<store 0, (d0, d1) -> (d0 - 1)>], increments = true>
tile.program @rows {
  %y = tile.tensor "y" output : memref<8x16x16xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %p = tile.alloc "p" : memref<16x8xf32, #tile.acc>
  %q = tile.alloc "q" {unit = 1 : i64} : memref<16x8xf32, #tile.acc>
  scf.for %i = %c0 to %c8 step %c1 {
    %t = tile.alloc "t" {slots = 2 : i64} : memref<1x1x16x16xf32, #tile.spm>
    scf.for %b = %c0 to %c2 step %c1 { // blocks of columns
      tile.drain %p to %t[%i, %b] m <[1, 1, 8]> n <[8]> acc <(d0, d1) -> (d1 * 8), [0, 0, 1]> view <(d0, d1) -> (d1 * 8), [0, 0, 16]> n_stride 1
        : memref<16x8xf32, #tile.acc>, memref<1x1x16x16xf32, #tile.spm>
      tile.drain %q to %t[%i, %b] m <[1, 1, 8]> n <[8]> acc <(d0, d1) -> (d1 * 8), [0, 0, 1]> view <(d0, d1) -> (d1 * 8 + 128), [0, 0, 16]> n_stride 1 {unit = 1 : i64}
        : memref<16x8xf32, #tile.acc>, memref<1x1x16x16xf32, #tile.spm>
    }
    tile.store %t to %y[%i] at affine_map<(d0) -> (0, d0, 0, 0)> box <[1, 1, 16, 16]> view <(d0) -> (0), [256, 256, 16, 1]>
      : memref<1x1x16x16xf32, #tile.spm>, memref<8x16x16xf32, #tile.dram>
  }
}

// CHECK-LABEL: tile.program @meet
// CHECK:      stream drain 1
// CHECK:        tile.drain
// CHECK-SAME:     sync <waits = [<drain 0, (d0) -> (d0 + 1)>], increments = true>
tile.program @meet {
  %y = tile.tensor "y" output : memref<8x16x16xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %p = tile.alloc "p" : memref<16x8xf32, #tile.acc>
  %q = tile.alloc "q" {unit = 1 : i64} : memref<16x8xf32, #tile.acc>
  scf.for %i = %c0 to %c8 step %c1 {
    %t = tile.alloc "t" {slots = 2 : i64} : memref<1x1x16x16xf32, #tile.spm>
    tile.drain %p to %t[%i] m <[1, 1, 16]> n <[8]> acc <(d0) -> (0), [0, 0, 1]> view <(d0) -> (0), [0, 0, 16]> n_stride 1
      : memref<16x8xf32, #tile.acc>, memref<1x1x16x16xf32, #tile.spm>
    tile.drain %q to %t[%i] m <[1, 1, 16]> n <[8]> acc <(d0) -> (0), [0, 0, 1]> view <(d0) -> (7), [0, 0, 16]> n_stride 1 {unit = 1 : i64}
      : memref<16x8xf32, #tile.acc>, memref<1x1x16x16xf32, #tile.spm>
    tile.store %t to %y[%i] at affine_map<(d0) -> (0, d0, 0, 0)> box <[1, 1, 16, 16]> view <(d0) -> (0), [256, 256, 16, 1]>
      : memref<1x1x16x16xf32, #tile.spm>, memref<8x16x16xf32, #tile.dram>
  }
}
