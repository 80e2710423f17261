// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-attach-optimizer="optimizer=sgd keep-gradients" | FileCheck %s
// The scale of the loss is taken out where a gradient is computed, once for two parameters that share one: the updates
// and the returned gradients are those of the loss.

// CHECK-LABEL: func.func @step
// CHECK-NEXT: %[[G:.*]] = nn.relu %arg0
// CHECK-NEXT: %[[U:.*]] = nn.unscale %[[G]] by %arg2
// CHECK-NEXT: nn.matmul
// CHECK-NEXT: %[[READY:.*]]:2 = nn.gradients %[[U]], %[[U]] of ["w", "v"]
// CHECK-NEXT: nn.sgd %arg0, %[[READY]]#0
// CHECK-NEXT: nn.sgd %arg1, %[[READY]]#1
// CHECK-NEXT: return %arg2, %{{.*}}, %{{.*}}, %[[U]], %[[U]] :
func.func @step(%w: tensor<2x2xf32> {nn.name = "w", nn.role = #nn.role<parameter>},
                %v: tensor<2x2xf32> {nn.name = "v", nn.role = #nn.role<parameter>},
                %scale: tensor<f32> {nn.name = "step:loss_scale", nn.role = #nn.role<hyper>})
    -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<2x2xf32> {nn.name = "grad:w", nn.role = #nn.role<gradient>, nn.gradient_of = 0 : i64},
        tensor<2x2xf32> {nn.name = "grad:v", nn.role = #nn.role<gradient>, nn.gradient_of = 1 : i64})
    attributes {nn.options = {loss_scale = "step:loss_scale"}} {
  %g = nn.relu %w : tensor<2x2xf32>
  %reader = nn.matmul %g, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %scale, %g, %g : tensor<f32>, tensor<2x2xf32>, tensor<2x2xf32>
}
