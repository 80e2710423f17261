// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tensor updated in place: tiles that never meet do not make iterations wait for each other, tiles that do, do.
// RUN: arsis-opt --verify-each --verify-roundtrip --tile-plan-memory --tile-split-streams %s | FileCheck %s

tile.program @update {
  %w = tile.tensor "w" parameter : memref<8x64xf32, #tile.dram>
  %v = tile.tensor "v" state : memref<8x64xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %a = tile.alloc "a" {slots = 4 : i64} : memref<1x1x1x64xf32, #tile.spm>
    tile.load %w to %a[%i] at affine_map<(d0) -> (0, 0, d0, 0)> box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<8x64xf32, #tile.dram>, memref<1x1x1x64xf32, #tile.spm>
    tile.map scale(%a) to %a[%i] box <[1, 1, 1, 64]> views [#tile.view<(d0) -> (0), [64, 64, 64, 1]>, #tile.view<(d0) -> (0), [64, 64, 64, 1]>]
      {immediate = 0.5 : f32} : (memref<1x1x1x64xf32, #tile.spm>) to memref<1x1x1x64xf32, #tile.spm>
    tile.store %a to %w[%i] at affine_map<(d0) -> (0, 0, d0, 0)> box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<1x1x1x64xf32, #tile.spm>, memref<8x64xf32, #tile.dram>
  }
  scf.for %i = %c0 to %c8 step %c1 {
    %a = tile.alloc "a" {slots = 4 : i64} : memref<1x1x1x64xf32, #tile.spm>
    tile.load %v to %a[%i] at affine_map<(d0) -> (0, 0, d0, 0)> box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<8x64xf32, #tile.dram>, memref<1x1x1x64xf32, #tile.spm>
    tile.store %a to %v[%i] at affine_map<(d0) -> (0, 0, d0 + 1, 0)> box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<1x1x1x64xf32, #tile.spm>, memref<8x64xf32, #tile.dram>
  }
}

// Only the ring of four holds the load of the first nest back.
// CHECK:      stream load 0
// CHECK:        load {{.*}} sync <waits = [<store 0, (d0) -> (d0 - 3)>]
// The second nest reads row i after row i has been written in iteration i - 1.
// CHECK:        load {{.*}} sync <waits = [<store 0 counter 1, (d0) -> (d0)>]
