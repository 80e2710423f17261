// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-attach-loss=logits=b | FileCheck %s
// The forward function stays; its clone also computes the loss of the chosen output.

// CHECK-LABEL: func.func @forward
// CHECK-SAME: -> (tensor<2x3xf32> {nn.name = "a"}, tensor<2x3xf32> {nn.name = "b"}, tensor<3xf32> {nn.donates = 1 : i64
// CHECK-NOT: softmax
// CHECK-LABEL: func.func @train_step
// CHECK-SAME: %[[LABELS:[a-z0-9]+]]: tensor<2xi32> {nn.name = "labels", nn.role = #nn.role<label>}
// CHECK-SAME: -> (tensor<f32> {nn.name = "loss", nn.role = #nn.role<loss>}, tensor<2x3xf32> {nn.name = "a", nn.role = #nn.role<output>}, tensor<2x3xf32> {nn.name = "b", nn.role = #nn.role<output>}, tensor<3xf32> {nn.donates = 1 : i64, nn.name = "s", nn.role = #nn.role<state>})
// CHECK: %[[LOGITS:.*]] = nn.relu
// CHECK: %[[LOSS:[a-z0-9]+]], %{{.*}} = nn.softmax_cross_entropy %[[LOGITS]], %[[LABELS]]
// CHECK: return %[[LOSS]], %arg0, %[[LOGITS]], %arg1
func.func @forward(%x: tensor<2x3xf32> {nn.name = "x", nn.role = #nn.role<input>}, %s: tensor<3xf32> {nn.name = "s", nn.role = #nn.role<state>})
    -> (tensor<2x3xf32> {nn.name = "a"}, tensor<2x3xf32> {nn.name = "b"}, tensor<3xf32> {nn.name = "s", nn.role = #nn.role<state>, nn.donates = 1 : i64}) {
  %0 = nn.relu %x : tensor<2x3xf32>
  return %x, %0, %s : tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xf32>
}
