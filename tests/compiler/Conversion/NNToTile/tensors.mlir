// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-map=chip=edge --convert-nn-to-tile="chip=edge function=step" | FileCheck %s
// Arguments and results are named tensors with the host's layout; only the named function remains.

// CHECK-NOT: @other
// CHECK-LABEL: tile.program @step
// CHECK: tile.tensor "x" input {host_permutation = array<i64: 0, 3, 1, 2>, host_shape = array<i64: 1, 4, 8, 2>} : memref<1x8x2x4xf32, #tile.dram>
// CHECK: tile.tensor "b" parameter {initial = dense<1.000000e+00> : tensor<4xf32>} : memref<4xf32, #tile.dram>
// A gradient or a slot says whose it is.
// CHECK: tile.tensor "v" state {parameter = "b"} :
// CHECK: %[[G:.*]] = tile.tensor "grad:b" gradient {observable, parameter = "b"} : memref<4xf32, #tile.dram>
// CHECK: %[[Z:.*]] = tile.tensor "z" output : memref<64xf32, #tile.dram>
// A result that is a reshape: its source is written into the result's tensor.
// CHECK: tile.alias %[[Z]] : memref<64xf32, #tile.dram> to memref<1x8x2x4xf32, #tile.dram>
// CHECK: tile.store {{.*}} to %[[G]]
func.func @step(%x: tensor<1x8x2x4xf32> {nn.name = "x", nn.role = #nn.role<input>, nn.host_permutation = array<i64: 0, 3, 1, 2>},
                %b: tensor<4xf32> {nn.name = "b", nn.role = #nn.role<parameter>, nn.initial = dense<1.0> : tensor<4xf32>},
                %v: tensor<4xf32> {nn.name = "v", nn.role = #nn.role<state>, nn.slot_of = 1 : i64})
    -> (tensor<4xf32> {nn.name = "grad:b", nn.role = #nn.role<gradient>, nn.gradient_of = 1 : i64}, tensor<64xf32> {nn.name = "z", nn.role = #nn.role<output>}) {
  %0 = nn.bias_add %x, %b : (tensor<1x8x2x4xf32>, tensor<4xf32>) -> tensor<1x8x2x4xf32>
  %1 = nn.channel_sum %0 : (tensor<1x8x2x4xf32>) -> tensor<4xf32>
  %2 = nn.reshape %0 : (tensor<1x8x2x4xf32>) -> tensor<64xf32>
  return %1, %2 : tensor<4xf32>, tensor<64xf32>
}
func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
