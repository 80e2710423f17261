// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What does not fit: rings give slots back first, then the buffer and the missing bytes are named.
// RUN: arsis-opt --split-input-file --verify-diagnostics --tile-plan-memory="scratchpad-bytes=1024 accumulator-rows=16 dram-bytes=2048" %s

tile.program @ring {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    // expected-remark @below {{buffer "a" keeps 1 of 2 slots: its memory is full}}
    %a = tile.alloc "a" {slots = 2 : i64} : memref<128xf32, #tile.spm>
    %b = tile.alloc "b" {slots = 2 : i64} : memref<64xf32, #tile.spm>
  }
}

// -----

tile.program @scratchpad {
  // expected-error @unknown {{"big" of layer "conv1" finds no room for 1088 bytes in the scratchpad: 64 missing of a capacity of 1024}}
  %a = tile.alloc "big" : memref<260xf32, #tile.spm> loc(fused<"fwd">["conv1"])
}

// -----

tile.program @accumulators {
  // expected-error @below {{"sums" of layer "" finds no room for 17 rows in the accumulators of unit 0: 1 missing of a capacity of 16}}
  %a = tile.alloc "sums" : memref<17x8xf32, #tile.acc>
}

// -----

tile.program @dram {
  // expected-error @below {{finds no room in DRAM: 64 bytes missing of a capacity of 2048}}
  %a = tile.tensor "x" input : memref<513xf32, #tile.dram>
}
