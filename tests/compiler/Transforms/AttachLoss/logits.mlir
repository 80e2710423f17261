// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s -split-input-file --nn-attach-loss | FileCheck %s
// The loss reads a matrix of one row per image, however the logits are arranged here; the step's own tensors give way
// to the names of the model's.

// A convolution as the last layer: 2 images, 3 classes, one pixel.
// CHECK-LABEL: func.func @train_step
// CHECK-SAME: tensor<2xi32> {nn.name = "labels"
// CHECK: %[[ROWS:.*]] = nn.reshape %arg0 : (tensor<2x1x1x3xf32>) -> tensor<2x3xf32>
// CHECK: nn.softmax_cross_entropy %[[ROWS]]
func.func @forward(%x: tensor<2x1x1x3xf32> {nn.name = "x"})
    -> (tensor<2x1x1x3xf32> {nn.name = "y", nn.host_permutation = array<i64: 0, 3, 1, 2>, nn.host_shape = array<i64: 2, 3, 1, 1>}) {
  return %x : tensor<2x1x1x3xf32>
}

// -----

// On the host, 3 images of 2 classes: here they are turned.
// CHECK-LABEL: func.func @train_step
// CHECK-SAME: tensor<3xi32> {nn.name = "labels"
// CHECK: %[[ROWS:.*]] = nn.transpose %arg0 {{.*}} (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK: nn.softmax_cross_entropy %[[ROWS]]
func.func @forward(%x: tensor<2x3xf32> {nn.name = "x"})
    -> (tensor<2x3xf32> {nn.name = "y", nn.host_permutation = array<i64: 1, 0>, nn.host_shape = array<i64: 3, 2>}) {
  return %x : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @train_step
// CHECK-SAME: tensor<2xi32> {nn.name = "step:labels", nn.role = #nn.role<label>}
// CHECK-SAME: -> (tensor<f32> {nn.name = "step:step:loss", nn.role = #nn.role<loss>}
func.func @forward(%x: tensor<2x3xf32> {nn.name = "labels"}, %z: tensor<2x3xf32> {nn.name = "step:loss"})
    -> (tensor<2x3xf32> {nn.name = "loss"}) {
  return %x : tensor<2x3xf32>
}

// -----

// One label per pixel: the classes, first of an image's dimensions on the host, are the last ones here.
// CHECK-LABEL: func.func @train_step
// CHECK-SAME: tensor<12xi32> {nn.host_shape = array<i64: 2, 2, 3>, nn.name = "labels"
// CHECK: %[[ROWS:.*]] = nn.reshape %arg0 : (tensor<2x2x3x4xf32>) -> tensor<12x4xf32>
// CHECK: nn.softmax_cross_entropy %[[ROWS]]
func.func @forward(%x: tensor<2x2x3x4xf32> {nn.name = "x"})
    -> (tensor<2x2x3x4xf32> {nn.name = "y", nn.host_permutation = array<i64: 0, 3, 1, 2>, nn.host_shape = array<i64: 2, 4, 2, 3>}) {
  return %x : tensor<2x2x3x4xf32>
}

// -----

// As the host has them, with a dimension of 1 that moves for nothing.
// CHECK-LABEL: func.func @train_step
// CHECK-SAME: tensor<6xi32> {nn.host_shape = array<i64: 2, 1, 3>, nn.name = "labels"
// CHECK: %[[FLAT:.*]] = nn.reshape %arg0 : (tensor<2x4x1x3xf32>) -> tensor<2x4x3xf32>
// CHECK: %[[TURNED:.*]] = nn.transpose %[[FLAT]] permutation [0, 2, 1] : (tensor<2x4x3xf32>) -> tensor<2x3x4xf32>
// CHECK: nn.reshape %[[TURNED]] : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
func.func @forward(%x: tensor<2x4x1x3xf32> {nn.name = "x"}) -> (tensor<2x4x1x3xf32> {nn.name = "y"}) {
  return %x : tensor<2x4x1x3xf32>
}
