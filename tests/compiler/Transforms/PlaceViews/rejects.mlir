// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --split-input-file --verify-diagnostics --nn-place-views
// RUN: %arsis_opt %s --split-input-file --verify-diagnostics --nn-form-units
// RUN: %arsis_opt %s --split-input-file --verify-diagnostics --nn-map=chip=tiny
// Views that a text has are checked by whoever asks for places.

func.func @argument(%x: tensor<2x3xf32>) -> tensor<2x6xf32> {
  %0 = nn.relu %x : tensor<2x3xf32>
  // expected-error @+1 {{is a view but cannot be one of 'tensor<2x3xf32>': it is an argument of the step}}
  %c = nn.concat %x, %0 along 1 {view = #nn.view<of_result>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %1 = nn.relu %c : tensor<2x6xf32>
  return %1 : tensor<2x6xf32>
}

// -----

func.func @apart(%x: tensor<2x3xf32>) -> tensor<2x6xf32> {
  %0 = nn.relu %x : tensor<2x3xf32>
  // expected-error @+1 {{is a view but cannot be one: what it joins does not lie in one row in one tensor}}
  %c = nn.concat %x, %0 along 1 {view = #nn.view<of_operands>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %1 = nn.relu %c : tensor<2x6xf32>
  return %1 : tensor<2x6xf32>
}

// -----

func.func @returned(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  // expected-error @+1 {{is a view but cannot be one of 'tensor<2x2xf32>': the step returns it under a name of its own}}
  %s = nn.slice %x from [0, 1] {view = #nn.view<of_operands>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return %s : tensor<2x2xf32>
}
