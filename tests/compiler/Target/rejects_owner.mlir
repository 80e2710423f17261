// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A slot whose parameter comes too late.
// REQUIRES: arsis-translate
// RUN: not arsis-translate --isa-to-asm %s 2>&1 | FileCheck %s

// CHECK: 'isa.tensor' op belongs to "w", which is not in the tensor table before it
isa.program @owner attributes {counters = [], dram_bytes = 512 : i64, nn_module = "", not_observable = [], options = {},
    placements = [], requirements = []} {
  isa.tensor @v state f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 0 {parameter = @w}
  isa.tensor @w parameter f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 64
}
