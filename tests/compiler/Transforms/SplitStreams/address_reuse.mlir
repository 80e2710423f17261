// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two nests whose buffers share addresses: the second waits for the first by constants, and only where it must.
// RUN: arsis-opt --verify-each --verify-roundtrip --tile-plan-memory=scratchpad-bytes=512 --tile-check-memory --tile-split-streams %s | FileCheck %s

#row = affine_map<(d0) -> (0, 0, d0, 0)>
tile.program @two {
  %x = tile.tensor "x" input : memref<4x64xf32, #tile.dram>
  %y = tile.tensor "y" temporary : memref<4x64xf32, #tile.dram>
  %z = tile.tensor "z" output : memref<4x64xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    %a = tile.alloc "a" {slots = 2 : i64} : memref<1x1x1x64xf32, #tile.spm>
    tile.load %x to %a[%i] at #row box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<4x64xf32, #tile.dram>, memref<1x1x1x64xf32, #tile.spm>
    tile.store %a to %y[%i] at #row box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<1x1x1x64xf32, #tile.spm>, memref<4x64xf32, #tile.dram>
  }
  scf.for %i = %c0 to %c4 step %c1 {
    %a = tile.alloc "b" {slots = 2 : i64} : memref<1x1x1x64xf32, #tile.spm>
    tile.load %y to %a[%i] at #row box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<4x64xf32, #tile.dram>, memref<1x1x1x64xf32, #tile.spm>
    tile.store %a to %z[%i] at #row box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<1x1x1x64xf32, #tile.spm>, memref<4x64xf32, #tile.dram>
  }
}

// CHECK:      stream load 0
// CHECK:        load {{.*}} sync <waits = [<store 0, (d0) -> (d0 - 1)>]
// The second nest reads what the first has stored, and in the first two iterations its slots are the first nest's;
// its own ring is counted apart.
// CHECK:        load {{.*}} sync <waits = [<store 0, (d0) -> (4)>, <store 0 counter 1, (d0) -> (d0 - 1)>]
// CHECK:      stream store 0
// CHECK:        store {{.*}} sync <waits = [<load 0, (d0) -> (d0 + 1)>]
// CHECK:        store {{.*}} sync <waits = [<load 0 counter 1, (d0) -> (d0 + 1)>]
