// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-select-phase=phase=gradients | FileCheck %s --check-prefixes=CHECK,GRADIENTS
// RUN: %arsis_opt %s --nn-select-phase=phase=update | FileCheck %s --check-prefixes=CHECK,UPDATE
// RUN: %arsis_opt %s --nn-select-phase | FileCheck %s --check-prefixes=CHECK,JOINT
// A step is cut where gradients and updates meet. Arguments keep their order and lose their gaps, and what names them by
// number follows: v is argument 3 of the step, 1 of the updates.

// CHECK-LABEL: func.func @step
// GRADIENTS-SAME: (%arg0: tensor<2xf32> {nn.name = "x", {{[^}]*}}}, %arg1: tensor<2xf32> {nn.name = "w", {{[^}]*}}}, %arg2: tensor<2xf32> {nn.name = "m", {{[^}]*}}}, %arg3: tensor<2xf32> {nn.name = "unread", {{[^}]*}}})
// GRADIENTS-SAME: -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<2xf32> {nn.donates = 2 : i64, nn.name = "m", {{[^}]*}}}, tensor<2xf32> {nn.gradient_of = 1 : i64, nn.name = "grad:w", {{[^}]*}}})
// GRADIENTS-SAME: nn.options = {keep = "gradients", phase = "gradients"}
// GRADIENTS-NEXT: %[[LOSS:.*]] = nn.constant
// GRADIENTS-NEXT: %[[G:.*]] = nn.add %arg0, %arg1
// GRADIENTS-NEXT: %[[M:.*]] = nn.add %arg0, %arg2
// GRADIENTS-NEXT: return %[[LOSS]], %[[M]], %[[G]] :

// UPDATE-SAME: (%arg0: tensor<2xf32> {nn.name = "w", {{[^}]*}}}, %arg1: tensor<2xf32> {nn.name = "v", {{[^}]*}}nn.slot_of = 0 : i64}, %arg2: tensor<f32> {nn.name = "rate", {{[^}]*}}}, %arg3: tensor<2xf32> {nn.name = "unread", {{[^}]*}}}, %arg4: tensor<2xf32> {nn.gradient_of = 0 : i64, nn.name = "grad:w", nn.role = #nn.role<gradient>})
// UPDATE-SAME: -> (tensor<2xf32> {nn.donates = 0 : i64, nn.name = "w", {{[^}]*}}}, tensor<2xf32> {nn.donates = 1 : i64, nn.name = "v", {{[^}]*}}})
// UPDATE-SAME: nn.options = {keep = "", phase = "update"}
// UPDATE-NEXT: %[[READY:.*]] = nn.gradients %arg4 of ["w"]
// UPDATE-NEXT: %[[W:.*]], %[[V:.*]] = nn.sgd %arg0, %[[READY]], %arg2, %arg1
// UPDATE-NEXT: return %[[W]], %[[V]] :

// JOINT-NOT: phase =
// JOINT: nn.gradients
// JOINT: return %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} :
func.func @step(%x: tensor<2xf32> {nn.name = "x", nn.role = #nn.role<input>}, %w: tensor<2xf32> {nn.name = "w", nn.role = #nn.role<parameter>},
                %m: tensor<2xf32> {nn.name = "m", nn.role = #nn.role<state>}, %v: tensor<2xf32> {nn.name = "v", nn.role = #nn.role<state>, nn.slot_of = 1 : i64},
                %rate: tensor<f32> {nn.name = "rate", nn.role = #nn.role<hyper>}, %unread: tensor<2xf32> {nn.name = "unread", nn.role = #nn.role<input>})
    -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<2xf32> {nn.name = "w", nn.role = #nn.role<parameter>, nn.donates = 1 : i64},
        tensor<2xf32> {nn.name = "m", nn.role = #nn.role<state>, nn.donates = 2 : i64}, tensor<2xf32> {nn.name = "v", nn.role = #nn.role<state>, nn.donates = 3 : i64},
        tensor<2xf32> {nn.name = "grad:w", nn.role = #nn.role<gradient>, nn.gradient_of = 1 : i64}) attributes {nn.options = {keep = "gradients"}} {
  %loss = nn.constant dense<1.0> : tensor<f32>
  %g = nn.add %x, %w : tensor<2xf32>
  %m1 = nn.add %x, %m : tensor<2xf32>
  %ready = nn.gradients %g of ["w"] : tensor<2xf32>
  %w1, %v1 = nn.sgd %w, %ready, %rate, %v momentum 0.5 weight_decay 0.0 : (tensor<2xf32>, tensor<2xf32>, tensor<f32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  return %loss, %w1, %m1, %v1, %g : tensor<f32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// A parameter that only its gradient is named after stays with it.
// CHECK-LABEL: func.func @unread_parameter
// GRADIENTS-SAME: %arg1: tensor<2xf32> {nn.name = "w", {{.*}} {nn.gradient_of = 1 : i64, nn.name = "grad:w"
func.func @unread_parameter(%x: tensor<2xf32> {nn.name = "x", nn.role = #nn.role<input>}, %w: tensor<2xf32> {nn.name = "w", nn.role = #nn.role<parameter>},
                            %rate: tensor<f32> {nn.name = "rate", nn.role = #nn.role<hyper>})
    -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<2xf32> {nn.name = "w", nn.role = #nn.role<parameter>, nn.donates = 1 : i64},
        tensor<2xf32> {nn.name = "grad:w", nn.role = #nn.role<gradient>, nn.gradient_of = 1 : i64}) {
  %loss = nn.constant dense<1.0> : tensor<f32>
  %g = nn.relu %x : tensor<2xf32>
  %ready = nn.gradients %g of ["w"] : tensor<2xf32>
  %w1 = nn.sgd %w, %ready, %rate momentum 0.0 weight_decay 0.0 : (tensor<2xf32>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %loss, %w1, %g : tensor<f32>, tensor<2xf32>, tensor<2xf32>
}

// A function without a loss is no training step.
// CHECK-LABEL: func.func @forward
// CHECK-NEXT: return %arg0
func.func @forward(%x: tensor<2xf32> {nn.name = "x", nn.role = #nn.role<input>}) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
