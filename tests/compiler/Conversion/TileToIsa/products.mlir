// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program asks for the types that its arrays multiply, in halves too, and for no other.
// RUN: arsis-opt --verify-each --verify-roundtrip --tile-plan-memory --tile-split-streams --convert-tile-to-isa --split-input-file %s | FileCheck %s

// CHECK-LABEL: isa.program @half
// CHECK-NOT:     fp32_passes
// CHECK:         #isa.requirement<"matrix.fp16_passes" at_least 1>
// CHECK-NOT:     bf16_passes
// CHECK:         isa.load_weights {{.*}}type = #isa<element_type f16>
// CHECK:         isa.multiply {{.*}}type = #isa<element_type f16>
// CHECK:         isa.drain {{.*}}type = #isa<element_type bf16>
tile.program @half {
  %x = tile.tensor "x" input : memref<8x8xf32, #tile.dram>
  %y = tile.tensor "y" output : memref<8x8xbf16, #tile.dram>
  %a = tile.alloc "a" : memref<8x8xf16, #tile.spm>
  %b = tile.alloc "b" : memref<8x8xbf16, #tile.spm>
  %s = tile.alloc "s" : memref<8x8xf32, #tile.acc>
  tile.load %x to %a[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 8, 8]> view <() -> (0), [0, 0, 8, 1]> : memref<8x8xf32, #tile.dram>, memref<8x8xf16, #tile.spm>
  tile.load_weights %a[] bank affine_map<() -> (0)> k <[1, 1, 8]> n <[8]> view <() -> (0), [0, 0, 8]> n_stride 1 : memref<8x8xf16, #tile.spm>
  tile.multiply %a to %s[] bank affine_map<() -> (0)> m <[1, 1, 8]> k <[1, 1, 8]> view <() -> (0), [0, 0, 8]> k_strides [0, 0, 1] acc <() -> (0), [0, 0, 1]> accumulate affine_map<() -> (0)> : memref<8x8xf16, #tile.spm>, memref<8x8xf32, #tile.acc>
  tile.drain %s to %b[] m <[1, 1, 8]> n <[8]> acc <() -> (0), [0, 0, 1]> view <() -> (0), [0, 0, 8]> n_stride 1 : memref<8x8xf32, #tile.acc>, memref<8x8xbf16, #tile.spm>
  tile.store %b to %y[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 8, 8]> view <() -> (0), [0, 0, 8, 1]> : memref<8x8xbf16, #tile.spm>, memref<8x8xbf16, #tile.dram>
}

// -----

// CHECK-LABEL: isa.program @none
// CHECK-NOT:     _passes
tile.program @none {
  %x = tile.tensor "x" input : memref<8x8xf16, #tile.dram>
  %a = tile.alloc "a" : memref<8x8xf16, #tile.spm>
  tile.load %x to %a[] at affine_map<() -> (0, 0, 0, 0)> box <[1, 1, 8, 8]> view <() -> (0), [0, 0, 8, 1]> : memref<8x8xf16, #tile.dram>, memref<8x8xf16, #tile.spm>
}
