// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt --verify-each --verify-roundtrip --tile-plan-memory --tile-check-memory --tile-split-streams %s | FileCheck %s
// Parts of one tensor: what is stored beside what is read waits for nothing of it, and is not waited for; whoever reads
// the whole waits for all.

// CHECK-LABEL: tile.program @beside
// CHECK:       tile.stream load 0
// CHECK:         scf.for
// The ring's slots are all that the load waits for.
// CHECK:           tile.load %{{.*}} to %{{.*}} view <{{.*}}> sync <waits = [<vector 0
// CHECK-NOT:       store 0
// CHECK:         }
// CHECK:         tile.load %{{.*}} to %{{.*}} sync <waits = [{{.*}}<store 0
// CHECK:       tile.stream store 0
tile.program @beside {
  %x = tile.tensor "x" state : memref<32x8xf32, #tile.dram>
  %left = tile.alias %x {name = "left", strides = array<i64: 8, 1>} : memref<32x8xf32, #tile.dram> to memref<32x3xf32, #tile.dram>
  %right = tile.alias %x {name = "right", offset = 3 : i64, strides = array<i64: 8, 1>} : memref<32x8xf32, #tile.dram> to memref<32x5xf32, #tile.dram>
  %y = tile.tensor "y" output : memref<32x8xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %a = tile.alloc "a" {slots = 2 : i64} : memref<4x3xf32, #tile.spm>
    %b = tile.alloc "b" {slots = 2 : i64} : memref<4x5xf32, #tile.spm>
    tile.load %left to %a[%i] at affine_map<(d0) -> (0, 0, d0 * 4, 0)> box <[1, 1, 4, 3]> view <(d0) -> (0), [12, 12, 3, 1]> : memref<32x3xf32, #tile.dram>, memref<4x3xf32, #tile.spm>
    tile.map copy(%a) to %b[%i] box <[1, 1, 4, 5]> views [#tile.view<(d0) -> (0), [0, 0, 5, 1]>, #tile.view<(d0) -> (0), [0, 0, 3, 0]>] : (memref<4x3xf32, #tile.spm>) to memref<4x5xf32, #tile.spm>
    tile.store %b to %right[%i] at affine_map<(d0) -> (0, 0, d0 * 4, 0)> box <[1, 1, 4, 5]> view <(d0) -> (0), [20, 20, 5, 1]> : memref<4x5xf32, #tile.spm>, memref<32x5xf32, #tile.dram>
  }
  %c = tile.alloc "c" : memref<32x8xf32, #tile.spm>
  tile.load %x to %c[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 32, 8]> view <() -> (0), [256, 256, 8, 1]> : memref<32x8xf32, #tile.dram>, memref<32x8xf32, #tile.spm>
  tile.store %c to %y[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 32, 8]> view <() -> (0), [256, 256, 8, 1]> : memref<32x8xf32, #tile.spm>, memref<32x8xf32, #tile.dram>
}
