// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-map=chip=edge --convert-nn-to-tile=chip=edge | FileCheck %s
// What the vector unit does: windows, elementwise steps, sums over pixels.

// Padding of the maximum is minus infinity.
// CHECK-LABEL: tile.program @max_pool
// CHECK: tile.load {{.*}} {fill = 0xFF800000 : f32}
// CHECK: tile.pool max
// CHECK: tile.store
func.func @max_pool(%x: tensor<1x8x8x4xf32>) -> tensor<1x4x4x4xf32> {
  %0 = nn.max_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x4xf32>
  return %0 : tensor<1x4x4x4xf32>
}

// Windows of different sizes are divided by a tensor of reciprocals, equal ones by a constant.
// CHECK-LABEL: tile.program @avg_pool
// CHECK: tile.tensor "window_reciprocals" constant
// CHECK: tile.pool sum
// CHECK: tile.map multiply 
// CHECK: tile.pool sum
// CHECK: tile.map scale 
// CHECK-SAME: immediate = 2.500000e-01
func.func @avg_pool(%x: tensor<1x8x8x4xf32>) -> (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) {
  %0 = nn.avg_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 0, 0] dilations [1, 1] : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x4xf32>
  %1 = nn.avg_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x4xf32>
  return %0, %1 : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>
}

// Without a broadcast an image is one flat row.
// CHECK-LABEL: tile.program @relu
// CHECK: tile.alias {{.*}} to memref<1x256xf32, #tile.dram>
// CHECK: tile.map relu 
func.func @relu(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  %0 = nn.relu %x : tensor<1x8x8x4xf32>
  return %0 : tensor<1x8x8x4xf32>
}

// What a step computes from no operand is a scalar and made once, outside of the loop.
// CHECK-LABEL: tile.program @tanh_grad
// CHECK: tile.map fill 
// CHECK: scf.for
// CHECK: tile.map multiply
// CHECK: tile.map subtract
// CHECK: tile.map multiply
func.func @tanh_grad(%gy: tensor<300x300xf32>, %y: tensor<300x300xf32>) -> tensor<300x300xf32> {
  %0 = nn.tanh_grad %gy, %y : tensor<300x300xf32>
  return %0 : tensor<300x300xf32>
}

// The parameter is updated in its own tensor; the learning rate's sign is turned once, outside of the loop.
// CHECK-LABEL: tile.program @sgd
// CHECK: %[[W:.*]] = tile.tensor "w" parameter
// CHECK: tile.alias %[[W]]
// CHECK: %[[ROW:.*]] = tile.alias %[[W]]
// CHECK: tile.map scale 
// CHECK: scf.for
// CHECK: tile.map scale_add 
// CHECK: tile.map fma 
// CHECK: tile.store {{.*}} to %[[ROW]]
func.func @sgd(%w: tensor<300x300xf32> {nn.name = "w", nn.role = #nn.role<parameter>}, %g: tensor<300x300xf32>, %r: tensor<f32>) -> (tensor<300x300xf32> {nn.name = "w", nn.donates = 0 : i64}) {
  %0 = nn.sgd %w, %g, %r momentum 0.0 weight_decay 0.1 : (tensor<300x300xf32>, tensor<300x300xf32>, tensor<f32>) -> tensor<300x300xf32>
  return %0 : tensor<300x300xf32>
}

// The first chunk of pixels overwrites the total, later ones add to it.
// CHECK-LABEL: tile.program @channel_sum
// CHECK: %[[TOTAL:.*]] = tile.alloc "total"
// CHECK: scf.for
// CHECK: tile.reduce sum {{.*}} to %[[TOTAL]][{{.*}}] box {{.*}} reduced [2] {{.*}} accumulate #[[FIRST:[a-z0-9]+]]
func.func @channel_sum(%x: tensor<8x16x16x4xf32>) -> tensor<4xf32> {
  %0 = nn.channel_sum %x : (tensor<8x16x16x4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
