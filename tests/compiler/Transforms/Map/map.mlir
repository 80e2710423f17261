// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-map=chip=edge 2>&1 | FileCheck %s --implicit-check-not=remark
// Every operation that runs on an engine gets a schedule, every sum a plan.

// Sixteen channels fill the rows of a 16x16 array: one tap at a time.
// CHECK-LABEL: func.func @forward
// CHECK: nn.conv2d
// CHECK-SAME: plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [16, 1, 1]>
// CHECK-SAME: schedule = #nn.schedule<"weight_stationary", loops = [{{[a-z, ]+}}], chunks = {c = 16, kh = 1, kw = 1}, resident = {w = {{[01]}}}, slots = {accumulator = {{[12]}}, tiles = {{[12]}}}, tiles = {{[{]}}c = {{[0-9]+}}, co = 32,
// CHECK: nn.bias_add
// CHECK-SAME: schedule = #nn.schedule<"vector", slots = {tiles = {{[12]}}}, tiles = {{[{]}}columns = {{(16|32)}},
// CHECK-NOT: plan
// CHECK: nn.channel_sum
// CHECK-SAME: plan = #nn.plan<dims = ["p"], chunks = [{{[0-9]+}}]>
func.func @forward(%x: tensor<4x14x14x16xf32>, %w: tensor<3x3x16x32xf32>, %b: tensor<32xf32>) -> tensor<32xf32> {
  %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {schedule = #nn.schedule<tiles = {co = 32}>} : (tensor<4x14x14x16xf32>, tensor<3x3x16x32xf32>) -> tensor<4x14x14x32xf32>
  %1 = nn.bias_add %0, %b : (tensor<4x14x14x32xf32>, tensor<32xf32>) -> tensor<4x14x14x32xf32>
  %2 = nn.channel_sum %1 : (tensor<4x14x14x32xf32>) -> tensor<32xf32>
  return %2 : tensor<32xf32>
}

// One channel leaves rows idle; a kernel of 5 x 5 puts three of its rows into one chunk.
// CHECK-LABEL: func.func @first_layer
// CHECK: plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [1, 3, 5]>
func.func @first_layer(%x: tensor<4x28x28x1xf32>, %w: tensor<5x5x1x6xf32>) -> tensor<4x24x24x6xf32> {
  %0 = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<4x28x28x1xf32>, tensor<5x5x1x6xf32>) -> tensor<4x24x24x6xf32>
  return %0 : tensor<4x24x24x6xf32>
}

// A plan that is already there holds.
// CHECK-LABEL: func.func @given_plan
// CHECK: plan = #nn.plan<dims = ["n", "oh", "ow"], chunks = [1, 1, 7]>
func.func @given_plan(%x: tensor<4x14x14x16xf32>, %gy: tensor<4x14x14x32xf32>) -> tensor<3x3x16x32xf32> {
  %0 = nn.conv2d_grad_weight %x, %gy strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {plan = #nn.plan<dims = ["n", "oh", "ow"], chunks = [1, 1, 7]>} : (tensor<4x14x14x16xf32>, tensor<4x14x14x32xf32>) -> tensor<3x3x16x32xf32>
  return %0 : tensor<3x3x16x32xf32>
}

// Groups that a plan packs are packed, which the vector unit does not do.
// CHECK-LABEL: func.func @packed
// CHECK: plan = #nn.plan<dims = ["g", "c", "kh", "kw"], chunks = [4, 1, 1, 2]>
// CHECK-SAME: schedule = #nn.schedule<"weight_stationary", loops = [g, {{[a-z, ]+}}], {{.*}}pack = {g = 4}
func.func @packed(%x: tensor<2x8x8x8xf32>, %w: tensor<3x3x1x8xf32>) -> tensor<2x8x8x8xf32> {
  %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {groups = 8, plan = #nn.plan<dims = ["g", "c", "kh", "kw"], chunks = [4, 1, 1, 2]>} : (tensor<2x8x8x8xf32>, tensor<3x3x1x8xf32>) -> tensor<2x8x8x8xf32>
  return %0 : tensor<2x8x8x8xf32>
}

// On the vector unit a window is one chunk, and no groups are packed.
// CHECK-LABEL: func.func @depthwise
// CHECK: plan = #nn.plan<dims = ["g", "co", "kh", "kw"], chunks = [1, 2, 3, 3]>
// CHECK-SAME: schedule = #nn.schedule<"depthwise",
func.func @depthwise(%gy: tensor<2x8x8x16xf32>, %w: tensor<3x3x1x16xf32>) -> tensor<2x8x8x8xf32> {
  %0 = nn.conv2d_grad_input %gy, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {groups = 8, schedule = #nn.schedule<"depthwise">} : (tensor<2x8x8x16xf32>, tensor<3x3x1x16xf32>) -> tensor<2x8x8x8xf32>
  return %0 : tensor<2x8x8x8xf32>
}

// Nothing to decide.
// CHECK-LABEL: func.func @nothing
// CHECK-NOT: schedule =
func.func @nothing(%x: tensor<4x6xf32>) -> tensor<24xf32> {
  %0 = nn.reshape %x : (tensor<4x6xf32>) -> tensor<24xf32>
  return %0 : tensor<24xf32>
}
