// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program goes to the binary and to assembly and comes back the same.
// REQUIRES: arsis-translate
// RUN: arsis-translate --isa-to-binary %s -o %t.arsis
// RUN: arsis-translate --binary-to-isa %t.arsis | FileCheck %s
// RUN: arsis-translate --binary-to-isa %t.arsis | arsis-translate --isa-to-binary -o %t.again && cmp %t.arsis %t.again
// RUN: arsis-translate --isa-to-asm %s | arsis-translate --asm-to-isa | arsis-translate --isa-to-binary -o %t.asm && cmp %t.arsis %t.asm

// CHECK: isa.program @program
// CHECK-SAME: counters = [#isa.stream_id<load 0>], dram_bytes = 256
// CHECK-SAME: nn_module = "module {}", not_observable = ["act:relu1"], options = {chip = "tiny"}
// CHECK-SAME: #isa.placement<spm "a" from 0 to 512 slots 2 layer "conv1">, #isa.placement<acc unit 1 "b" from 0 to 4 slots 1 layer "conv1">
// CHECK-SAME: #isa.requirement<"matrix.rows" equal 8>
isa.program @program attributes {counters = [#isa.stream_id<load 0>], dram_bytes = 256 : i64, nn_module = "module {}",
    not_observable = ["act:relu1"], options = {"chip" = "tiny"},
    placements = [#isa.placement<spm "a" from 0 to 512 slots 2 layer "conv1">,
                  #isa.placement<acc unit 1 "b" from 0 to 4 slots 1 layer "conv1">],
    requirements = [#isa.requirement<"matrix.rows" equal 8>]} {
  // CHECK: isa.tensor @x parameter f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 64
  // CHECK-SAME: initial = dense<{{.*}}> : tensor<16xi8>
  isa.tensor @x parameter f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 64
    {initial = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>, host_shape = array<i64: 4>, host_permutation = array<i64: 0>}
  // CHECK: isa.tensor @v state f32 {{.*}}parameter = @x
  isa.tensor @v state f32 shape [1, 1, 1, 4] stride [4, 4, 4, 1] at 128 {parameter = @x}
  // CHECK: isa.stream load 0
  // CHECK:   isa.loop 3
  // CHECK:     isa.wait {waits = [#isa.wait<counter 0 reaches -1 + 1*i0>]}
  // CHECK:     isa.load
  // CHECK-SAME:  fill = 0xFF800000
  // CHECK-SAME:  local = #isa.address<0 + 16*i0, ring 2*256 at 1 + 1*i0>
  isa.stream load 0 {
    isa.loop 3 {
      isa.wait {waits = [#isa.wait<counter 0 reaches -1 + 1*i0>]}
      isa.load {tensor = @x, coordinate = [#isa.affine<0>, #isa.affine<0>, #isa.affine<-2 + 1*i0>, #isa.affine<0>],
        box = [#isa.extent<1>, #isa.extent<1>, #isa.extent<2, limit 5 + -2*i0>, #isa.extent<4>],
        local = #isa.address<0 + 16*i0, ring 2*256 at 1 + 1*i0>, localStride = array<i32: 8, 8, 4, 1>,
        localType = #isa<element_type f32>, fill = 0xFF800000 : f32, increment = 0 : i64} loc(fused<"fwd">["conv1"])
    }
  }
}
