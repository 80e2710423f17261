// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The first user of a slot waits for all that used it before, those apart from it too: others, which meet these, trust it
// to. Here drain 2 writes what drain 1 has written in the iteration before, and waits for drain 0 only.
// RUN: arsis-opt --verify-each --tile-plan-memory --tile-check-memory --tile-split-streams %s | FileCheck %s

// CHECK:      stream drain 0
// CHECK:        tile.drain
// CHECK-SAME:     <drain 1, (d0) -> (d0)>
// CHECK:      stream drain 1
// CHECK:        tile.drain
// CHECK-SAME:     increments = true
// CHECK:      stream drain 2
// CHECK:        tile.drain
// CHECK-SAME:     <drain 0, (d0) -> (d0 + 1)>
tile.program @gap {
  %y = tile.tensor "y" output : memref<8x16x16xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %p = tile.alloc "p" : memref<16x8xf32, #tile.acc>
  %q = tile.alloc "q" {unit = 1 : i64} : memref<16x8xf32, #tile.acc>
  %r = tile.alloc "r" {unit = 2 : i64} : memref<16x8xf32, #tile.acc>
  scf.for %i = %c0 to %c8 step %c1 {
    %t = tile.alloc "t" : memref<1x1x16x16xf32, #tile.spm>
    tile.drain %p to %t[%i] m <[1, 1, 16]> n <[8]> acc <(d0) -> (0), [0, 0, 1]> view <(d0) -> (0), [0, 0, 16]> n_stride 1
      : memref<16x8xf32, #tile.acc>, memref<1x1x16x16xf32, #tile.spm>
    tile.drain %r to %t[%i] m <[1, 1, 16]> n <[8]> acc <(d0) -> (0), [0, 0, 1]> view <(d0) -> (7), [0, 0, 16]> n_stride 1 {unit = 2 : i64}
      : memref<16x8xf32, #tile.acc>, memref<1x1x16x16xf32, #tile.spm>
    tile.store %t to %y[%i] at affine_map<(d0) -> (0, d0, 0, 0)> box <[1, 1, 16, 16]> view <(d0) -> (0), [256, 256, 16, 1]>
      : memref<1x1x16x16xf32, #tile.spm>, memref<8x16x16xf32, #tile.dram>
    tile.drain %q to %t[%i] m <[1, 1, 16]> n <[8]> acc <(d0) -> (0), [0, 0, 1]> view <(d0) -> (8), [0, 0, 16]> n_stride 1 {unit = 1 : i64}
      : memref<16x8xf32, #tile.acc>, memref<1x1x16x16xf32, #tile.spm>
  }
}
