// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file --nn-differentiate -verify-diagnostics
// What has no gradient, and says so.

// One error lists all operations without a rule; the one outside the path from parameter to loss is none of them.
// expected-error @+1 {{cannot differentiate @missing_rules: expects a rule for every operation between a parameter and the loss, found 2 without one}}
func.func @missing_rules(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<input>}, %v: tensor<4xf32> {nn.name = "v", nn.role = #nn.role<parameter>},
                         %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %s = nn.channel_sum %x : (tensor<2x4xf32>) -> tensor<4xf32>
  // expected-note @+1 {{no rule for 'nn.batch_norm_inference'}}
  %y = nn.batch_norm_inference %x, %v, %v, %s, %s epsilon 1.0e-5 : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // expected-note @+1 {{no rule for 'nn.relu_grad'}}
  %z = nn.relu_grad %x, %y : tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// -----

// expected-error @+1 {{expects one result of role 'loss', found 2}}
func.func @two_losses(%x: tensor<f32>) -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<f32> {nn.role = #nn.role<loss>}) {
  return %x, %x : tensor<f32>, tensor<f32>
}

// -----

// expected-error @+1 {{expects the loss to be a tensor of rank 0 of f32, found 'tensor<2xf32>'}}
func.func @loss_type(%x: tensor<2xf32>) -> (tensor<2xf32> {nn.role = #nn.role<loss>}) {
  return %x : tensor<2xf32>
}

// -----

func.func @through_statistics(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %v: tensor<4xf32> {nn.name = "v", nn.role = #nn.role<state>},
                              %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  // expected-error @+1 {{cannot pass on a gradient of its result 'mean', expected the loss to depend on 'y' only}}
  %y:5 = nn.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-5 momentum 0.1 : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  %z = nn.bias_add %y#0, %y#1 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %loss, %p = nn.softmax_cross_entropy %z, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// -----

func.func @running_statistics(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<input>}, %v: tensor<4xf32> {nn.name = "v", nn.role = #nn.role<parameter>},
                              %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  // expected-error @+1 {{cannot give a gradient of its running statistics, expected them to be state}}
  %y:5 = nn.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-5 momentum 0.1 : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  %loss, %p = nn.softmax_cross_entropy %y#0, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}

// -----

func.func @through_probabilities(%x: tensor<1x1xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %labels: tensor<1xi32> {nn.name = "labels", nn.role = #nn.role<label>})
    -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  // expected-error @+1 {{cannot pass on a gradient of its result 'probabilities', expected one of 'loss' only}}
  %loss, %p = nn.softmax_cross_entropy %x, %labels : (tensor<1x1xf32>, tensor<1xi32>) -> (tensor<f32>, tensor<1x1xf32>)
  %l = nn.reshape %p : (tensor<1x1xf32>) -> tensor<f32>
  return %l : tensor<f32>
}

// -----

// expected-warning @+1 {{the loss does not depend on parameter 'unused', it gets no gradient}}
func.func @unused_parameter(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<parameter>}, %u: tensor<4xf32> {nn.name = "unused", nn.role = #nn.role<parameter>},
                            %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %loss, %p = nn.softmax_cross_entropy %x, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %loss : tensor<f32>
}
