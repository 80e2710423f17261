// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A ring of more slots than any memory holds keeps as many as fit, at once and with one remark.
// RUN: arsis-opt --split-input-file --verify-diagnostics --tile-plan-memory="scratchpad-bytes=1024 accumulator-rows=16 dram-bytes=2048" %s | FileCheck %s

// CHECK: alloc "a" {address = {{[0-9]+}} : i64{{(, slots = 1 : i64)?}}}
// CHECK: alloc "b" {address = {{[0-9]+}} : i64, slots = 3 : i64}
tile.program @rings {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    // expected-remark @below {{buffer "a" keeps 1 of 4294967296 slots: its memory is full}}
    %a = tile.alloc "a" {slots = 4294967296 : i64} : memref<1x1x1x64xf32, #tile.spm>
    // expected-remark @below {{buffer "b" keeps 3 of 4294967296 slots: its memory is full}}
    %b = tile.alloc "b" {slots = 4294967296 : i64} : memref<1x1x1x64xf32, #tile.spm>
    tile.map relu(%a) to %b[%i] box <[1, 1, 1, 64]> views [#tile.view<(d0) -> (0), [64, 64, 64, 1]>, #tile.view<(d0) -> (0), [64, 64, 64, 1]>]
      : (memref<1x1x1x64xf32, #tile.spm>) to memref<1x1x1x64xf32, #tile.spm>
  }
}

// -----

tile.program @none_fits {
  // expected-error @below {{"a" of layer "" finds no room for 1280 bytes in the scratchpad: 256 missing of a capacity of 1024}}
  %a = tile.alloc "a" {slots = 1000000 : i64} : memref<320xf32, #tile.spm>
}
