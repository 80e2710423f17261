// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file -verify-diagnostics
// One violation per constraint of the loss.

func.func @loss_c1(%x: tensor<2x4xf32>, %l: tensor<3xi32>) {
  // expected-error @+1 {{expects 2 labels, found 3 (loss_c1)}}
  %y:2 = nn.softmax_cross_entropy %x, %l : (tensor<2x4xf32>, tensor<3xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return
}


// -----

func.func @loss_c1_grad(%x: tensor<2x4xf32>, %l: tensor<3xi32>, %g: tensor<f32>) {
  // expected-error @+1 {{expects 2 labels, found 3 (loss_c1)}}
  %y = nn.softmax_cross_entropy_grad %x, %l, %g : (tensor<2x4xf32>, tensor<3xi32>, tensor<f32>) -> tensor<2x4xf32>
  return
}


// -----

func.func @label_type(%x: tensor<2x4xf32>, %l: tensor<2xi64>) {
  // expected-error @+1 {{must be static tensor of rank 1 of i32, extents from 1 to 2^31, at most 2^40 elements, but got 'tensor<2xi64>'}}
  %y:2 = nn.softmax_cross_entropy %x, %l : (tensor<2x4xf32>, tensor<2xi64>) -> (tensor<f32>, tensor<2x4xf32>)
  return
}

// -----

func.func @class_targets_c1(%l: tensor<3xi32>) {
  // expected-error @+1 {{expects 2 labels and masses, found 3 (class_targets_c1)}}
  %y:2 = nn.class_targets %l smoothing 0.0 : (tensor<3xi32>) -> (tensor<2x4xf32>, tensor<2xf32>)
  return
}

// -----

func.func @class_targets_c2(%l: tensor<2xi32>, %w: tensor<3xf32>) {
  // expected-error @+1 {{expects 4 weights, found 3 (class_targets_c2)}}
  %y:2 = nn.class_targets %l weights %w smoothing 0.0 : (tensor<2xi32>, tensor<3xf32>) -> (tensor<2x4xf32>, tensor<2xf32>)
  return
}

// -----

func.func @class_targets_c3(%l: tensor<2xi32>) {
  // expected-error @+1 {{expects smoothing in [0, 1], found 1.500000 (class_targets_c3)}}
  %y:2 = nn.class_targets %l smoothing 1.5 : (tensor<2xi32>) -> (tensor<2x4xf32>, tensor<2xf32>)
  return
}

// -----

func.func @cross_entropy_c1(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects a mass of 2 elements, found 3 (cross_entropy_c1)}}
  %y:3 = nn.cross_entropy %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> (tensor<f32>, tensor<2x4xf32>, tensor<3xf32>)
  return
}

// -----

func.func @cross_entropy_grad_c1(%x: tensor<2x4xf32>, %m: tensor<3xf32>, %g: tensor<f32>) {
  // expected-error @+1 {{expects a mass of 2 elements, found 3 (cross_entropy_c1)}}
  %y = nn.cross_entropy_grad %x, %x, %m, %g : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<3xf32>, tensor<f32>) -> tensor<2x4xf32>
  return
}
