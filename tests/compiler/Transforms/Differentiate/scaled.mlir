// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-differentiate=loss-scale=256 | FileCheck %s
// Gradients are taken of the loss times an argument, whose name the function remembers; it differs from all others.

// CHECK-LABEL: func.func @step
// CHECK-SAME: %[[SCALE:[a-z0-9]+]]: tensor<f32> {nn.initial = dense<2.560000e+02> : tensor<f32>, nn.name = "step:loss_scale", nn.role = #nn.role<hyper>}
// CHECK-SAME: nn.options = {loss_scale = "step:loss_scale"}
// CHECK: nn.softmax_cross_entropy_grad %{{.*}}, %{{.*}}, %[[SCALE]] :
func.func @step(%x: tensor<2x3xf32> {nn.name = "loss_scale", nn.role = #nn.role<parameter>},
                %labels: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>})
    -> (tensor<f32> {nn.role = #nn.role<loss>}) {
  %loss, %p = nn.softmax_cross_entropy %x, %labels : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x3xf32>)
  return %loss : tensor<f32>
}
