// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The checker believes accesses, not declarations.
// RUN: arsis-opt --split-input-file --verify-diagnostics --tile-check-memory %s

tile.program @overlap {
  // expected-note @below {{the other buffer}}
  %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
  // expected-error @below {{shares spm addresses 192 to 256 with another live buffer}}
  %b = tile.alloc "b" {address = 192 : i64} : memref<64xf32, #tile.spm>
  tile.map fill to %a[] box <[1, 1, 1, 64]> views [#tile.view<() -> (0), [0, 0, 0, 1]>] : memref<64xf32, #tile.spm>
  tile.map copy(%a) to %b[] box <[1, 1, 1, 64]> views [#tile.view<() -> (0), [0, 0, 0, 1]>, #tile.view<() -> (0), [0, 0, 0, 1]>] : (memref<64xf32, #tile.spm>) to memref<64xf32, #tile.spm>
}

// -----

// The same addresses one after the other are no overlap.
tile.program @after {
  %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
  %b = tile.alloc "b" {address = 192 : i64} : memref<64xf32, #tile.spm>
  tile.map fill to %a[] box <[1, 1, 1, 64]> views [#tile.view<() -> (0), [0, 0, 0, 1]>] : memref<64xf32, #tile.spm>
  tile.map fill to %b[] box <[1, 1, 1, 64]> views [#tile.view<() -> (0), [0, 0, 0, 1]>] : memref<64xf32, #tile.spm>
}

// -----

tile.program @unaligned {
  // expected-error @below {{has address 32, expected a multiple of 64}}
  %a = tile.alloc "a" {address = 32 : i64} : memref<64xf32, #tile.spm>
  tile.map fill to %a[] box <[1, 1, 1, 64]> views [#tile.view<() -> (0), [0, 0, 0, 1]>] : memref<64xf32, #tile.spm>
}

// -----

tile.program @outside {
  %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
  // expected-error @below {{touches elements 1 to 64 of "a", which has 64}}
  tile.map fill to %a[] box <[1, 1, 1, 64]> views [#tile.view<() -> (1), [0, 0, 0, 1]>] : memref<64xf32, #tile.spm>
}

// -----

// A clamp keeps the last tile inside: 3 tiles of 24 in 64 elements.
tile.program @ragged {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
  scf.for %i = %c0 to %c3 step %c1 {
    tile.map fill to %a[%i] box <[1, 1, 1, 24], limits (d0) -> (1, 1, 1, d0 * -24 + 64)> views [#tile.view<(d0) -> (d0 * 24), [0, 0, 0, 1]>] : memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @loop_from_one {
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
  // expected-error @below {{needs constant bounds from 0 in steps of 1 and at least one iteration}}
  scf.for %i = %c1 to %c8 step %c1 {
    tile.map fill to %a[%i] box <[1, 1, 1, 1]> views [#tile.view<(d0) -> (d0), [0, 0, 0, 1]>] : memref<64xf32, #tile.spm>
  }
}
