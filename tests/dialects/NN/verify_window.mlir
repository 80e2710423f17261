// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file -verify-diagnostics
// One violation per constraint of the pooling operations.

func.func @pool_c1(%x: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{expects kernel to be 2 numbers from 1 to 2^31, found [2] (pool_c1)}}
  %y = nn.max_pool %x kernel [2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x4x4x3xf32>) -> tensor<1x2x2x3xf32>
  return
}


// -----

func.func @pool_c2(%x: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{expects strides to be 2 numbers from 1 to 2^31, found [2, 0] (pool_c2)}}
  %y = nn.max_pool %x kernel [2, 2] strides [2, 0] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x4x4x3xf32>) -> tensor<1x2x2x3xf32>
  return
}


// -----

func.func @pool_c3(%x: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{expects pads to be 4 numbers from 0 to 2^31, found [0, 0, -1, 0] (pool_c3)}}
  %y = nn.avg_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, -1, 0] dilations [1, 1] : (tensor<1x4x4x3xf32>) -> tensor<1x2x2x3xf32>
  return
}


// -----

func.func @pool_c4(%x: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{expects dilations to be 2 numbers from 1 to 2^31, found [1, 0] (pool_c4)}}
  %y = nn.avg_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 0] : (tensor<1x4x4x3xf32>) -> tensor<1x2x2x3xf32>
  return
}


// -----

func.func @pool_c5(%x: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{expects pads smaller than the dilated kernel 2, found [0, 2, 0, 0] (pool_c5)}}
  %y = nn.max_pool %x kernel [2, 2] strides [2, 2] pads [0, 2, 0, 0] dilations [1, 1] : (tensor<1x4x4x3xf32>) -> tensor<1x2x2x3xf32>
  return
}


// -----

func.func @pool_c6(%x: tensor<1x5x5x3xf32>) {
  // expected-error @+1 {{expects the output of the pooling to have shape [1, 2, 2, 3], or [1, 3, 3, 3] in ceil mode, found [1, 4, 2, 3] (pool_c6)}}
  %y = nn.max_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x5x5x3xf32>) -> tensor<1x4x2x3xf32>
  return
}


// -----

func.func @pool_c6_grad(%x: tensor<1x2x2x3xf32>) {
  // expected-error @+1 {{(pool_c6)}}
  %y = nn.avg_pool_grad %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x2x2x3xf32>) -> tensor<1x7x4x3xf32>
  return
}


// -----

func.func @max_pool_grad_types(%x: tensor<1x4x4x3xf32>, %gy: tensor<1x2x2x3xf32>) {
  // expected-error @+1 {{failed to verify that all of {x, gx} have same shape}}
  %gx = nn.max_pool_grad %x, %gy kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x4x4x3xf32>, tensor<1x2x2x3xf32>) -> tensor<1x5x4x3xf32>
  return
}
