// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the split cannot handle.
// RUN: arsis-opt --split-input-file --verify-diagnostics --tile-split-streams %s

tile.program @unplanned {
  // expected-error @below {{has no address: run tile-plan-memory first}}
  %x = tile.tensor "x" input : memref<64xf32, #tile.dram>
  %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
  tile.load %x to %a[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 64]> view <() -> (0), [0, 0, 0, 1]>
    : memref<64xf32, #tile.dram>, memref<64xf32, #tile.spm>
}

// -----

tile.program @bounds {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  // expected-error @below {{needs constant bounds from 0 in steps of 1, at least one iteration, and no results}}
  scf.for %i = %c0 to %c8 step %c2 {
  }
}

// -----

tile.program @again {
  // expected-error @below {{is already there: the program has been split before}}
  tile.stream load 0 {
  }
}
