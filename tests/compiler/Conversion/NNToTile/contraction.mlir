// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-map=chip=edge --convert-nn-to-tile=chip=edge | FileCheck %s
// One loop nest per contraction: load with the halo, weights into banks, products, drain, store.

// CHECK-LABEL: tile.program @conv
// CHECK: %[[X:.*]] = tile.tensor "argument0" input : memref<1x12x12x8xf32, #tile.dram>
// CHECK: %[[Y:.*]] = tile.tensor "result0" output : memref<1x10x10x16xf32, #tile.dram>
// CHECK-DAG: %[[W:.*]] = tile.alloc "weights"
// CHECK-DAG: %[[T:.*]] = tile.alloc "streamed"
// CHECK-DAG: tile.load %[[X]] to %[[T]]
// CHECK: %[[A:[a-z0-9]+]] = tile.alloc "accumulator"
// CHECK: tile.load_weights %[[W]]
// CHECK-NEXT: tile.multiply %[[T]] to %[[A]]
// CHECK: tile.drain %[[A]] to %[[R:[a-z0-9]+]][
// CHECK: tile.store %[[R]] to %[[Y]]
func.func @conv(%x: tensor<1x12x12x8xf32>, %w: tensor<3x3x8x16xf32>) -> tensor<1x10x10x16xf32> {
  %0 = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x12x12x8xf32>, tensor<3x3x8x16xf32>) -> tensor<1x10x10x16xf32>
  return %0 : tensor<1x10x10x16xf32>
}

// A 1x1 kernel with stride 2 reaches one phase of four; the others are fills, and one dense store leaves.
// CHECK-LABEL: tile.program @strided_grad_input
// CHECK-COUNT-1: tile.drain
// CHECK-COUNT-3: tile.map fill to
// CHECK-NOT: tile.drain
// CHECK: tile.store
// CHECK-NOT: tile.store
func.func @strided_grad_input(%gy: tensor<1x6x6x16xf32>, %w: tensor<1x1x8x16xf32>) -> tensor<1x12x12x8xf32> {
  %0 = nn.conv2d_grad_input %gy, %w strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x6x6x16xf32>, tensor<1x1x8x16xf32>) -> tensor<1x12x12x8xf32>
  return %0 : tensor<1x12x12x8xf32>
}

// The transposed operand is turned by the DMA: the tile's rows are the tensor's columns.
// CHECK-LABEL: tile.program @matmul
// CHECK: tile.load %0 {{.*}} view <{{.*}}, [{{[0-9]+}}, {{[0-9]+}}, 1, {{16|20}}]>
func.func @matmul(%a: tensor<20x7xf32>, %b: tensor<20x5xf32>) -> tensor<7x5xf32> {
  %0 = nn.matmul %a, %b {transpose_a = true} : (tensor<20x7xf32>, tensor<20x5xf32>) -> tensor<7x5xf32>
  return %0 : tensor<7x5xf32>
}
