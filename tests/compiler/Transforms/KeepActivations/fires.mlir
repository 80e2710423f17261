// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-keep-activations | FileCheck %s
// RUN: %arsis_opt %s --nn-keep-activations=function=no_layers | FileCheck %s --check-prefix=OTHER
// The last value of every layer of the forward pass is returned, once.

// OTHER-LABEL: func.func @step
// OTHER-SAME: -> tensor<2x4xf32> {
// CHECK-LABEL: func.func @step
// CHECK-SAME: -> (tensor<2x4xf32>, tensor<2x4xf32> {nn.name = "act:fc", nn.role = #nn.role<activation>})
// CHECK-NEXT: nn.bias_add
// CHECK-NEXT: %[[FC:.*]] = nn.bias_add
// CHECK-NEXT: %[[RELU:.*]] = nn.relu
// CHECK-NEXT: nn.relu_grad
// CHECK-NEXT: return %[[RELU]], %[[FC]]
func.func @step(%x: tensor<2x4xf32>, %b: tensor<4xf32>) -> tensor<2x4xf32> {
  %0 = nn.bias_add %x, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> loc(#fc)
  %1 = nn.bias_add %0, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> loc(#fc)
  %2 = nn.relu %1 : tensor<2x4xf32> loc(#relu)
  %3 = nn.relu_grad %2, %2 : tensor<2x4xf32> loc(#backward)
  return %2 : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @no_layers
// CHECK-NEXT: nn.relu
// CHECK-NEXT: return %arg0 :
func.func @no_layers(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = nn.relu %x : tensor<2x4xf32>
  return %x : tensor<2x4xf32>
}

// What no tensor of a program can hold is left out, and named.
// CHECK-LABEL: func.func @five_dimensions
// CHECK-SAME: -> tensor<2x16xf32>
// CHECK-SAME: attributes {nn.not_observable = ["act:split"], nn.options = {keep = "activations"}}
func.func @five_dimensions(%x: tensor<2x16xf32>) -> tensor<2x16xf32> {
  %0 = nn.reshape %x : (tensor<2x16xf32>) -> tensor<2x2x2x2x2xf32> loc(#split)
  %1 = nn.reshape %0 : (tensor<2x2x2x2x2xf32>) -> tensor<2x16xf32> loc(#relu)
  return %1 : tensor<2x16xf32>
}
#split = loc(fused<"fwd">["split"])
#fc = loc(fused<"fwd">["fc"])
#relu = loc(fused<"fwd">["relu"])
#backward = loc(fused<"bwd-input">["relu"])
