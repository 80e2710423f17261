// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops of one stream need no waits: streams are in order. Nothing is synchronised here.
// RUN: arsis-opt --verify-each --verify-roundtrip --tile-plan-memory --tile-split-streams %s | FileCheck %s

// CHECK-NOT: sync
tile.program @one {
  %a = tile.alloc "a" : memref<64xf32, #tile.spm>
  tile.map fill to %a[] box <[1, 1, 1, 64]> views [#tile.view<() -> (0), [0, 0, 0, 1]>] {immediate = 1.0 : f32} : memref<64xf32, #tile.spm>
  tile.map scale(%a) to %a[] box <[1, 1, 1, 64]> views [#tile.view<() -> (0), [0, 0, 0, 1]>, #tile.view<() -> (0), [0, 0, 0, 1]>] {immediate = 2.0 : f32}
    : (memref<64xf32, #tile.spm>) to memref<64xf32, #tile.spm>
}
