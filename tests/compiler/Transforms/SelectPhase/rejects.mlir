// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s --nn-select-phase=phase=update -split-input-file -verify-diagnostics
// RUN: not arsis-opt %s --nn-select-phase=phase=both -split-input-file 2>&1 | FileCheck %s
// Steps that cannot be cut, and a phase that is none.

// CHECK: error: --phase: found 'both', expected joint, gradients or update
// expected-error @+1 {{expects one point where gradients and updates meet, found 0}}
func.func @no_boundary(%x: tensor<f32>) -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  return %x : tensor<f32>
}

// -----

// expected-error @+1 {{expects the 1 gradients that the updates follow among the results, in their order}}
func.func @gradients_are_not_returned(%x: tensor<f32>, %w: tensor<f32>) -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<f32>) {
  %ready = nn.gradients %x of ["w"] : tensor<f32>
  %w1 = nn.sgd %w, %ready, %x momentum 0.0 weight_decay 0.0 : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<f32>
  return %x, %w1 : tensor<f32>, tensor<f32>
}

// -----

func.func @an_update_that_reads_the_other_phase(%x: tensor<f32>, %w: tensor<f32>)
    -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<f32>, tensor<f32> {nn.role = #nn.role<gradient>}) {
  // expected-error @+1 {{is read behind the point where gradients and updates meet, expected an update to read arguments, constants and gradients only}}
  %rate = nn.relu %x : tensor<f32>
  %g = nn.tanh %x : tensor<f32>
  %ready = nn.gradients %g of ["w"] : tensor<f32>
  %w1 = nn.sgd %w, %ready, %rate momentum 0.0 weight_decay 0.0 : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<f32>
  return %x, %w1, %g : tensor<f32>, tensor<f32>, tensor<f32>
}
