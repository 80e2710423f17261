// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --arsis-pipeline="to=step train optimizer=sgd,lr=0.5 keep=gradients,activations" | FileCheck %s
// The pipeline: loss, gradients, optimizer, kept tensors, in that order; the step takes the place of the forward function
// and remembers how it was made.

// CHECK-NOT: @forward
// CHECK-LABEL: func.func @train_step
// CHECK-SAME: nn.initial = dense<5.000000e-01> : tensor<f32>, nn.name = "learning_rate"
// CHECK-SAME: -> (tensor<f32> {nn.name = "loss", nn.role = #nn.role<loss>}, tensor<2x4xf32> {nn.name = "y", nn.role = #nn.role<output>}, tensor<4xf32> {nn.donates = 1 : i64, nn.name = "b", nn.role = #nn.role<parameter>}, tensor<4xf32> {nn.gradient_of = 1 : i64, nn.name = "grad:b", nn.role = #nn.role<gradient>}, tensor<2x4xf32> {nn.name = "act:fc", nn.role = #nn.role<activation>})
// CHECK-SAME: attributes {nn.options = {given.labels = "classes=4", keep = "gradients,activations", loss = "softmax-xent", loss.output = "y", mode = "train", optimizer = "sgd", optimizer.learning_rate = "0.5", optimizer.momentum = "0", optimizer.weight_decay = "0"}}
// CHECK: nn.bias_add
// CHECK: nn.relu
// CHECK: nn.softmax_cross_entropy
// CHECK: nn.relu_grad
// CHECK: nn.channel_sum
// CHECK: nn.gradients
// CHECK: nn.sgd
func.func @forward(%x: tensor<2x4xf32> {nn.name = "x", nn.role = #nn.role<input>}, %b: tensor<4xf32> {nn.name = "b", nn.role = #nn.role<parameter>})
    -> (tensor<2x4xf32> {nn.name = "y"}) {
  %0 = nn.bias_add %x, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> loc(fused<"fwd">["fc"])
  %1 = nn.relu %0 : tensor<2x4xf32> loc(fused<"fwd">["relu"])
  return %1 : tensor<2x4xf32>
}
