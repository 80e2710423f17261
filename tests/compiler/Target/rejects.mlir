// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A number of the isa dialect that the binary cannot hold.
// REQUIRES: arsis-translate
// RUN: not arsis-translate --isa-to-asm %s 2>&1 | FileCheck %s

// CHECK: 'isa.pool' op has window 65536, the encoding holds 0 to 65535
isa.program @window attributes {counters = [], dram_bytes = 0 : i64, nn_module = "", not_observable = [], options = {},
    placements = [], requirements = []} {
  isa.stream vector 0 {
    isa.pool {function = #isa<pool_function sum>, count = [#isa.extent<1>, #isa.extent<1>, #isa.extent<1>, #isa.extent<1>],
      destination = #isa.address<0>, destinationStride = array<i32: 0, 0, 0, 1>, a = #isa.address<0>,
      aStride = array<i32: 0, 0, 0, 1>, aType = #isa<element_type f32>, window = array<i32: 65536, 1>,
      windowStride = array<i32: 1, 1>}
  }
}
