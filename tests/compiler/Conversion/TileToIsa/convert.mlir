// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From split tile IR to instructions: slots, offsets, clamped extents, tensors under two shapes, counters.
// RUN: arsis-opt --verify-each --verify-roundtrip --tile-plan-memory --tile-split-streams --convert-tile-to-isa %s | FileCheck %s

// CHECK-LABEL: isa.program @convert
// CHECK-SAME:    counters = [#isa.stream_id<load 0>, #isa.stream_id<store 0>, #isa.stream_id<vector 0>]
// CHECK-SAME:    #isa.placement<spm "a" from 0 to 768 slots 3
// CHECK-SAME:    #isa.requirement<"scratchpad.kib" at_least 1>
tile.program @convert {
  // CHECK: isa.tensor @x parameter f32 shape [1, 1, 30, 16] stride [480, 480, 16, 1]
  // CHECK-SAME: complete_counter = 1 : i64, complete_value = 8 : i64
  // CHECK-SAME: host_permutation = array<i64: 1, 0>, host_shape = array<i64: 16, 30>
  %x = tile.tensor "x" parameter {host_shape = array<i64: 16, 30>, host_permutation = array<i64: 1, 0>} : memref<30x16xf32, #tile.dram>
  // CHECK: isa.tensor @"x@480" temporary f32 shape [1, 1, 1, 480]
  // CHECK-SAME: alias = @x
  %flat = tile.alias %x : memref<30x16xf32, #tile.dram> to memref<480xf32, #tile.dram>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %a = tile.alloc "a" {slots = 3 : i64} : memref<1x1x4x16xf32, #tile.spm>
    // CHECK:      isa.stream load 0
    // CHECK-NEXT:   isa.loop 8
    // CHECK:          isa.load
    // CHECK-SAME:       box = [#isa.extent<1>, #isa.extent<1>, #isa.extent<4, limit 30 + -4*i0>, #isa.extent<16>]
    // CHECK-SAME:       coordinate = [#isa.affine<0>, #isa.affine<0>, #isa.affine<0 + 4*i0>, #isa.affine<0>]
    // CHECK-SAME:       fill = 0xFF800000 : f32
    // CHECK-SAME:       local = #isa.address<0, ring 3*256 at 0 + 1*i0>
    // CHECK-SAME:       tensor = @x
    // The store writes the same bytes under another shape, so this load waits for all of them.
    // CHECK-SAME:       waits = [#isa.wait<counter 1 reaches 0 + 1*i0>]
    tile.load %x to %a[%i] at affine_map<(d0) -> (0, 0, d0 * 4, 0)> box <[1, 1, 4, 16], limits (d0) -> (1, 1, d0 * -4 + 30, 16)> view <(d0) -> (0), [64, 64, 16, 1]>
      {fill = 0xFF800000 : f32} : memref<30x16xf32, #tile.dram>, memref<1x1x4x16xf32, #tile.spm>
    // CHECK:      isa.stream store 0
    // CHECK:          isa.store
    // CHECK-SAME:       tensor = @"x@480"
    // CHECK-SAME:       waits = [#isa.wait<counter 2 reaches 1 + 1*i0>]
    // CHECK:      isa.stream vector 0
    // CHECK:          isa.map
    // CHECK-SAME:       destination = #isa.address<64, ring 3*256 at 0 + 1*i0>
    // CHECK-SAME:       function = #isa<vector_function scale>
    // CHECK-SAME:       immediate = 5.000000e-01
    tile.map scale(%a) to %a[%i] box <[1, 1, 3, 16]> views [#tile.view<(d0) -> (16), [0, 0, 16, 1]>, #tile.view<(d0) -> (16), [0, 0, 16, 1]>]
      {immediate = 0.5 : f32} : (memref<1x1x4x16xf32, #tile.spm>) to memref<1x1x4x16xf32, #tile.spm>
    tile.store %a to %flat[%i] at affine_map<(d0) -> (0, 0, 0, d0 * 64)> box <[1, 1, 1, 64]> view <(d0) -> (0), [0, 0, 0, 1]>
      : memref<1x1x4x16xf32, #tile.spm>, memref<480xf32, #tile.dram>
  }
}
