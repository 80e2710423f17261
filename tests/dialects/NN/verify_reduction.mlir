// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file -verify-diagnostics
// One violation per constraint of the reductions over pixels.

func.func @batch_norm_c1(%x: tensor<2x3x3x4xf32>, %v: tensor<3xf32>) {
  // expected-error @+1 {{expects scale of 4 elements, found 3 (batch_norm_c1)}}
  %y:5 = nn.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-5 momentum 0.1 : (tensor<2x3x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}


// -----

func.func @batch_norm_c1_inference(%x: tensor<2x3x3x4xf32>, %v: tensor<3xf32>) {
  // expected-error @+1 {{(batch_norm_c1)}}
  %y = nn.batch_norm_inference %x, %v, %v, %v, %v epsilon 1.0e-5 : (tensor<2x3x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x3x4xf32>
  return
}


// -----

func.func @batch_norm_c1_grad(%x: tensor<2x3x3x4xf32>, %v: tensor<3xf32>) {
  // expected-error @+1 {{(batch_norm_c1)}}
  %y:3 = nn.batch_norm_grad %x, %x, %v, %v, %v : (tensor<2x3x3x4xf32>, tensor<2x3x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x3x4xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}


// -----

func.func @batch_norm_c2(%x: tensor<1x1x1x4xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{expects more than one pixel to take statistics of, found [1, 1, 1, 4] (batch_norm_c2)}}
  %y:5 = nn.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-5 momentum 0.1 : (tensor<1x1x1x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<1x1x1x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}


// -----

func.func @batch_norm_c3(%x: tensor<2x3x3x4xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{expects epsilon to be positive, found 0.000000 (batch_norm_c3)}}
  %y:5 = nn.batch_norm %x, %v, %v, %v, %v epsilon 0.0 momentum 0.1 : (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}


// -----

func.func @batch_norm_c4(%x: tensor<2x3x3x4xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{expects momentum in [0, 1], found 1.500000 (batch_norm_c4)}}
  %y:5 = nn.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-5 momentum 1.5 : (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}


// -----

func.func @batch_norm_of_moments_c4(%x: tensor<2x3x3x4xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{expects momentum in [0, 1], found 1.500000 (batch_norm_c4)}}
  %y:5 = nn.batch_norm_of_moments %x, %v, %v, %v, %v moments %v, %v, %v epsilon 1.0e-5 momentum 1.5 : (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}


// -----

func.func @batch_norm_statistics_c1(%v: tensor<4xf32>) {
  // expected-error @+1 {{expects first pixels among more than one, found 3 of 2 (batch_norm_statistics_c1)}}
  %y:4 = nn.batch_norm_statistics %v, %v moments %v, %v, %v pixels 2 first 3 epsilon 1.0e-5 momentum 0.1 : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

func.func @batch_norm_statistics_c4(%v: tensor<4xf32>) {
  // expected-error @+1 {{expects momentum in [0, 1], found 2.000000 (batch_norm_c4)}}
  %y:4 = nn.batch_norm_statistics %v, %v moments %v, %v, %v pixels 2 first 1 epsilon 1.0e-5 momentum 2.0 : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

func.func @channel_moments_c1(%x: tensor<2x3x3x4xf32>) {
  // expected-error @+1 {{expects results of 4 elements, found 3 (channel_moments_c1)}}
  %y:3 = nn.channel_moments %x : (tensor<2x3x3x4xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return
}


// -----

func.func @batch_norm_grad_sums_c2(%x: tensor<1x1x1x4xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{more than one pixel to take statistics of}}
  %y:2 = nn.batch_norm_grad_sums %x, %x, %v, %v : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}


// -----

func.func @batch_norm_grad_apply_c1(%x: tensor<2x3x3x4xf32>, %v: tensor<3xf32>) {
  // expected-error @+1 {{expects scale of 4 elements, found 3 (batch_norm_c1)}}
  %y = nn.batch_norm_grad_apply %x, %x, %v, %v, %v, %v, %v : (tensor<2x3x3x4xf32>, tensor<2x3x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x3x4xf32>
  return
}


// -----

func.func @batch_norm_apply_c1(%x: tensor<2x3x3x4xf32>, %v: tensor<4xf32>, %s: tensor<2x3x2x4xf32>) {
  // expected-error @+1 {{expects a stored value of the shape of x, found another shape (batch_norm_apply_c1)}}
  %y = nn.batch_norm_apply %x, %v, %v, %v, %v stored %s : (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x3x2x4xf32>) -> tensor<2x3x3x4xf32>
  return
}


// -----

func.func @channel_sum_c1(%x: tensor<2x3x3x4xf32>) {
  // expected-error @+1 {{expects a result of 4 elements, found 3 (channel_sum_c1)}}
  %y = nn.channel_sum %x : (tensor<2x3x3x4xf32>) -> tensor<3xf32>
  return
}


// -----

func.func @plan_c1(%x: tensor<2x3x3x4xf32>) {
  // expected-error @+1 {{expects a plan of the dimensions p in this order, found p, q (plan_c1)}}
  %y = nn.channel_sum %x {plan = #nn.plan<dims = ["p", "q"], chunks = [4, 4]>} : (tensor<2x3x3x4xf32>) -> tensor<4xf32>
  return
}
