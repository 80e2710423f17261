// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-attach-optimizer=optimizer=sgd,lr=0.5 | FileCheck %s --check-prefixes=CHECK,PLAIN
// RUN: %arsis_opt %s --nn-attach-optimizer="optimizer=sgd,momentum=0.5,weight-decay=0.25 keep-gradients" | FileCheck %s --check-prefixes=CHECK,KEEP
// Gradients become updated parameters that replace the old ones.

// Every update stands behind the point that all gradients pass; kept gradients are those before it.
// CHECK-LABEL: func.func @step
// PLAIN-SAME: %[[RATE:[a-z0-9]+]]: tensor<f32> {nn.initial = dense<5.000000e-01> : tensor<f32>, nn.name = "learning_rate", nn.role = #nn.role<hyper>})
// PLAIN-SAME: -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<2x2xf32> {nn.donates = 0 : i64, nn.host_permutation = array<i64: 1, 0>, nn.name = "w", nn.role = #nn.role<parameter>})
// KEEP-SAME: %[[RATE:[a-z0-9]+]]: tensor<f32> {nn.initial{{.*}}, %[[VELOCITY:[a-z0-9]+]]: tensor<2x2xf32> {nn.host_permutation = array<i64: 1, 0>, nn.initial = dense<0.000000e+00> : tensor<2x2xf32>, nn.name = "velocity:w", nn.role = #nn.role<state>, nn.slot_of = 0 : i64})
// KEEP-SAME: -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<2x2xf32> {nn.donates = 0 : i64, nn.host_permutation = array<i64: 1, 0>, nn.name = "w", nn.role = #nn.role<parameter>}, tensor<2x2xf32> {nn.donates = 3 : i64, nn.host_permutation = array<i64: 1, 0>, nn.name = "velocity:w", nn.role = #nn.role<state>}, tensor<2x2xf32> {nn.gradient_of = 0 : i64, nn.name = "grad:w", nn.role = #nn.role<gradient>})
// CHECK-NEXT: %[[G:.*]] = nn.relu
// CHECK-NEXT: nn.matmul %{{.*}}, %arg0
// CHECK-NEXT: nn.relu
// CHECK-NEXT: %[[READY:.*]] = nn.gradients %[[G]] of ["w"] : tensor<2x2xf32>
// PLAIN-NEXT: %[[NEW:.*]] = nn.sgd %arg0, %[[READY]], %[[RATE]] momentum 0.000000e+00 weight_decay 0.000000e+00
// KEEP-NEXT: %[[NEW:.*]], %[[NEWV:.*]] = nn.sgd %arg0, %[[READY]], %[[RATE]], %[[VELOCITY]] momentum 5.000000e-01 weight_decay 2.500000e-01
// PLAIN-NEXT: return %arg1, %[[NEW]] :
// KEEP-NEXT: return %arg1, %[[NEW]], %[[NEWV]], %[[G]] :
func.func @step(%w: tensor<2x2xf32> {nn.name = "w", nn.role = #nn.role<parameter>, nn.host_permutation = array<i64: 1, 0>}, %l: tensor<f32>)
    -> (tensor<f32> {nn.role = #nn.role<loss>}, tensor<2x2xf32> {nn.name = "grad:w", nn.role = #nn.role<gradient>, nn.gradient_of = 0 : i64}) {
  %g = nn.relu %w : tensor<2x2xf32>
  %reader = nn.matmul %g, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %later = nn.relu %reader : tensor<2x2xf32>
  return %l, %g : tensor<f32>, tensor<2x2xf32>
}

// Running statistics replace the old ones too, unless the function returns them already.
// CHECK-LABEL: func.func @statistics
// CHECK-SAME: -> (tensor<4xf32> {nn.donates = 1 : i64, nn.name = "m", nn.role = #nn.role<state>}, tensor<4xf32> {nn.donates = 2 : i64, nn.name = "v", nn.role = #nn.role<state>}, tensor<4xf32> {nn.donates = 0 : i64, nn.name = "w", nn.role = #nn.role<parameter>}
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %[[M:.*]], %[[V:.*]] = nn.batch_norm
// CHECK: return %[[M]], %[[V]], %{{.*}}
func.func @statistics(%w: tensor<4xf32> {nn.name = "w", nn.role = #nn.role<parameter>}, %m: tensor<4xf32> {nn.name = "m", nn.role = #nn.role<state>},
                      %v: tensor<4xf32> {nn.name = "v", nn.role = #nn.role<state>}, %x: tensor<2x4xf32>)
    -> (tensor<4xf32> {nn.name = "m", nn.role = #nn.role<state>, nn.donates = 1 : i64}, tensor<4xf32> {nn.name = "grad:w", nn.role = #nn.role<gradient>, nn.gradient_of = 0 : i64}) {
  %n:5 = nn.batch_norm %x, %w, %w, %m, %v epsilon 1.0e-5 momentum 0.1 : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  %g = nn.channel_sum %n#0 : (tensor<2x4xf32>) -> tensor<4xf32>
  return %n#3, %g : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @no_gradients
// CHECK-NEXT: return %arg0
func.func @no_gradients(%w: tensor<4xf32> {nn.name = "w", nn.role = #nn.role<parameter>}) -> tensor<4xf32> {
  return %w : tensor<4xf32>
}
