// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-map="chip=edge mapping-file=%S/Inputs/mapping.json" | FileCheck %s
// RUN: not arsis-opt %s --nn-map="chip=edge mapping-file=%S/Inputs/absent.json" 2>&1 | FileCheck %s --check-prefix=ABSENT
// The file's entries hold; the second operation of a layer has its own key.

// CHECK: nn.conv2d
// CHECK-SAME: slots = {accumulator = {{[12]}}, tiles = 1}
// CHECK-SAME: n = 1, oh = 7
// CHECK: nn.conv2d
// CHECK-SAME: oh = 2
// ABSENT: cannot read the schedules in
#conv1 = loc(fused<"fwd">["conv1"])
func.func @forward(%x: tensor<4x14x14x16xf32>, %w: tensor<3x3x16x16xf32>) -> tensor<4x14x14x16xf32> {
  %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (tensor<4x14x14x16xf32>, tensor<3x3x16x16xf32>) -> tensor<4x14x14x16xf32> loc(#conv1)
  %1 = nn.conv2d %0, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (tensor<4x14x14x16xf32>, tensor<3x3x16x16xf32>) -> tensor<4x14x14x16xf32> loc(#conv1)
  return %1 : tensor<4x14x14x16xf32>
}
