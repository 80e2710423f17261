// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s -split-input-file --nn-attach-loss="loss=softmax-xent,of=pixels,ignore-index=255,class-weights=1:2:0.5+mse,of=pixels,weight=0.5" | FileCheck %s
// A sum of two terms of one output: labels of pixels, targets arranged as the output is, weights of classes, and each
// term as a result of its own.

// CHECK-LABEL: func.func @train_step
// CHECK-SAME: %[[LABELS:[a-z0-9]+]]: tensor<8xi32> {nn.host_shape = array<i64: 2, 2, 2>, nn.name = "labels", nn.role = #nn.role<label>}
// CHECK-SAME: %[[WEIGHTS:[a-z0-9]+]]: tensor<3xf32> {nn.initial = dense<[1.000000e+00, 2.000000e+00, 5.000000e-01]> : tensor<3xf32>, nn.name = "class_weights:pixels:softmax-xent", nn.role = #nn.role<hyper>}
// CHECK-SAME: %[[TARGETS:[a-z0-9]+]]: tensor<2x2x2x3xf32> {nn.host_permutation = array<i64: 0, 3, 1, 2>, nn.host_shape = array<i64: 2, 3, 2, 2>, nn.name = "targets", nn.role = #nn.role<label>}
// CHECK-SAME: -> (tensor<f32> {nn.name = "loss", nn.role = #nn.role<loss>}, tensor<2x2x2x3xf32> {{{.*}}nn.name = "pixels"{{.*}}}, tensor<f32> {nn.name = "loss:pixels:softmax-xent", nn.role = #nn.role<output>}, tensor<f32> {nn.name = "loss:pixels:mse", nn.role = #nn.role<output>})
// CHECK-SAME: given.labels = "classes=3,ignored=255"
// CHECK-SAME: given.targets = "finite"
// CHECK: %[[T:.*]], %[[MASS:.*]] = nn.class_targets %[[LABELS]] weights %[[WEIGHTS]] smoothing 0.000000e+00 ignored 255
// CHECK: %[[ROWS:.*]] = nn.reshape %arg0 : (tensor<2x2x2x3xf32>) -> tensor<8x3xf32>
// CHECK: %[[SUM:[a-z0-9]+]], %{{.*}}, %{{.*}} = nn.cross_entropy %[[ROWS]], %[[T]]
// CHECK: %[[ALL:.*]] = nn.total %[[MASS]]
// CHECK: %[[INVERSE:.*]] = nn.reciprocal %[[ALL]]
// CHECK: %[[FIRST:.*]] = nn.multiply %[[SUM]], %[[INVERSE]]
// CHECK: %[[NEGATED:.*]] = nn.affine %[[TARGETS]] scale -1.0
// CHECK: %[[DIFFERENCE:.*]] = nn.add %arg0, %[[NEGATED]]
// CHECK: nn.multiply %[[DIFFERENCE]], %[[DIFFERENCE]]
// CHECK: nn.total
// CHECK: nn.affine {{.*}} scale 0.0416666679
// CHECK: %[[SECOND:.*]] = nn.affine {{.*}} scale 5.0
// CHECK: %[[LOSS:.*]] = nn.add %[[FIRST]], %[[SECOND]]
// CHECK: return %[[LOSS]], %arg0, %[[FIRST]], %[[SECOND]]
func.func @forward(%x: tensor<2x2x2x3xf32> {nn.name = "x"})
    -> (tensor<2x2x2x3xf32> {nn.name = "pixels", nn.host_permutation = array<i64: 0, 3, 1, 2>, nn.host_shape = array<i64: 2, 3, 2, 2>}) {
  return %x : tensor<2x2x2x3xf32>
}
