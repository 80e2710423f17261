// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs that have not been planned and split do not convert.
// RUN: arsis-opt --split-input-file --verify-diagnostics --convert-tile-to-isa %s

tile.program @unsplit {
  // expected-error @below {{is outside of any stream: run tile-split-streams first}}
  %a = tile.alloc "a" : memref<64xf32, #tile.spm>
}

// -----

tile.program @unplanned {
  // expected-error @below {{has no address: run tile-plan-memory first}}
  %x = tile.tensor "x" input : memref<64xf32, #tile.dram>
}

// -----

tile.program @queues {
  %x = tile.tensor "x" output {address = 0 : i64} : memref<64xf32, #tile.dram>
  tile.stream store 0 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    tile.store %a to %x[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 64]> view <() -> (0), [0, 0, 0, 1]> sync <increments = true> : memref<64xf32, #tile.spm>, memref<64xf32, #tile.dram>
  }
  tile.stream store 1 {
    %a = tile.alloc "a" {address = 0 : i64} : memref<64xf32, #tile.spm>
    // expected-error @below {{writes a tensor that another stream writes too: no counter says when it is complete}}
    tile.store %a to %x[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 1, 64]> view <() -> (0), [0, 0, 0, 1]> sync <increments = true> {queue = 1 : i64} : memref<64xf32, #tile.spm>, memref<64xf32, #tile.dram>
  }
}
