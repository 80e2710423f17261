// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A double-buffered load / compute / store loop: what each stream waits for.
// RUN: arsis-opt --verify-each --verify-roundtrip --tile-plan-memory --tile-check-memory --tile-split-streams %s | FileCheck %s

tile.program @relu {
  %x = tile.tensor "x" input : memref<8x64xf32, #tile.dram>
  %y = tile.tensor "y" output : memref<8x64xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %a = tile.alloc "a" {slots = 2 : i64} : memref<1x1x1x64xf32, #tile.spm>
    %b = tile.alloc "b" {slots = 2 : i64} : memref<1x1x1x64xf32, #tile.spm>
    tile.load %x to %a[%i] at affine_map<(d0) -> (0, 0, d0, 0)> box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<8x64xf32, #tile.dram>, memref<1x1x1x64xf32, #tile.spm>
    tile.map relu(%a) to %b[%i] box <[1, 1, 1, 64]> views [#tile.view<(d0) -> (0), [64, 64, 64, 1]>, #tile.view<(d0) -> (0), [64, 64, 64, 1]>]
      : (memref<1x1x1x64xf32, #tile.spm>) to memref<1x1x1x64xf32, #tile.spm>
    tile.store %b to %y[%i] at affine_map<(d0) -> (0, 0, d0, 0)> box <[1, 1, 1, 64]> view <(d0) -> (0), [64, 64, 64, 1]>
      : memref<1x1x1x64xf32, #tile.spm>, memref<8x64xf32, #tile.dram>
  }
}

// The load of iteration i overwrites what the map of iteration i - 2 has read.
// CHECK:      stream load 0
// CHECK:        load
// CHECK-SAME:     sync <waits = [<vector 0, (d0) -> (d0 - 1)>], increments = true>
// The map needs its input, and its output's slot back from the store of iteration i - 2.
// CHECK:      stream store 0
// CHECK:        store
// CHECK-SAME:     sync <waits = [<vector 0, (d0) -> (d0 + 1)>], increments = true>
// CHECK:      stream vector 0
// CHECK:        map
// CHECK-SAME:     sync <waits = [<load 0, (d0) -> (d0 + 1)>, <store 0, (d0) -> (d0 - 1)>], increments = true>
