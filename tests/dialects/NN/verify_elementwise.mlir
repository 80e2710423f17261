// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file -verify-diagnostics
// One violation per constraint of the elementwise operations.

func.func @bias_add_c1(%x: tensor<2x4xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{expects a bias of 4 elements, found 3 (bias_add_c1)}}
  %y = nn.bias_add %x, %b : (tensor<2x4xf32>, tensor<3xf32>) -> tensor<2x4xf32>
  return
}


// -----

func.func @sgd_c1(%w: tensor<2x4xf32>, %lr: tensor<f32>) {
  // expected-error @+1 {{expects velocity as operand and result with momentum, found no operand and no result (sgd_c1)}}
  %n = nn.sgd %w, %w, %lr momentum 0.5 weight_decay 0.0 : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return
}


// -----

func.func @sgd_c1_without_momentum(%w: tensor<2x4xf32>, %lr: tensor<f32>) {
  // expected-error @+1 {{expects no velocity without momentum, found one operand and one result (sgd_c1)}}
  %n:2 = nn.sgd %w, %w, %lr, %w momentum 0.0 weight_decay 0.0 : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<f32>, tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>)
  return
}


// -----

func.func @sgd_c2(%w: tensor<2x4xf32>, %lr: tensor<f32>, %v: tensor<8xf32>) {
  // expected-error @+1 {{expects velocity to have the type of the parameter, found another type (sgd_c2)}}
  %n:2 = nn.sgd %w, %w, %lr, %v momentum 0.5 weight_decay 0.0 : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<f32>, tensor<8xf32>) -> (tensor<2x4xf32>, tensor<8xf32>)
  return
}


// -----

func.func @sgd_c3(%w: tensor<2x4xf32>, %lr: tensor<f32>) {
  // expected-error @+1 {{expects momentum and weight decay to be finite and not negative, found -1.000000 (sgd_c3)}}
  %n = nn.sgd %w, %w, %lr momentum 0.0 weight_decay -1.0 : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return
}


// -----

func.func @add_shapes(%a: tensor<2x4xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{expects an operand of shape [2, 4], found [4] (along_c2)}}
  %c = "nn.add"(%a, %b) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return
}


// -----

func.func @tanh_shapes(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{requires the same shape for all operands and results}}
  %y = "nn.tanh"(%x) : (tensor<2x4xf32>) -> tensor<4x2xf32>
  return
}


// -----

func.func @tanh_grad_shapes(%gy: tensor<2x4xf32>, %y: tensor<4xf32>) {
  // expected-error @+1 {{requires the same shape for all operands and results}}
  %gx = "nn.tanh_grad"(%gy, %y) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return
}


// -----

func.func @tanh_type(%x: tensor<2x4xf64>) {
  // expected-error @+1 {{operand #0 must be static tensor of f32, bf16 or f16}}
  %y = nn.tanh %x : tensor<2x4xf64>
  return
}

// -----

func.func @extent_of_zero(%x: tensor<2x0xf32>) {
  // expected-error @+1 {{operand #0 must be static tensor of f32, bf16 or f16, extents from 1 to 2^31, at most 2^40 elements, but got 'tensor<2x0xf32>'}}
  %0 = nn.relu %x : tensor<2x0xf32>
  return
}

// -----

func.func @long_extent(%x: tensor<2147483649xf32>) {
  // expected-error @+1 {{operand #0 must be static tensor of f32, bf16 or f16, extents from 1 to 2^31}}
  %0 = nn.relu %x : tensor<2147483649xf32>
  return
}

// -----

func.func @many_elements(%x: tensor<1048577x1048576xf32>) {
  // expected-error @+1 {{operand #0 must be static tensor of f32, bf16 or f16, extents from 1 to 2^31, at most 2^40 elements}}
  %0 = nn.relu %x : tensor<1048577x1048576xf32>
  return
}

// -----

func.func @product_beyond_64_bits(%x: tensor<2147483648x2147483648x2147483648x2147483648xf32>) {
  // expected-error @+1 {{operand #0 must be static tensor of f32, bf16 or f16, extents from 1 to 2^31, at most 2^40 elements}}
  %0 = nn.relu %x : tensor<2147483648x2147483648x2147483648x2147483648xf32>
  return
}
