// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-form-units=fuse=vector | FileCheck %s
// RUN: %arsis_opt %s --nn-form-units=fuse=none | FileCheck %s --check-prefix=NONE
// RUN: not %arsis_opt %s --nn-form-units=fuse=everything 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// Work of the vector unit is joined with the one operation that reads its result.

// NONE-NOT: nn.unit
// UNKNOWN: error: --fuse: found 'everything', expected all, none, or a list of vector, sums, epilogues, loads, gradients and views with commas

// A normalisation, an addition and a ReLU; what nobody else reads is fp32 and not handed out, the statistics are. The
// unit stands where the last of them stood.
// CHECK-LABEL: func.func @block{{.*}}fuse = "vector"
// CHECK: %[[X:.*]] = nn.relu %arg0
// CHECK: %[[U:.*]]:3 = nn.unit(%[[X]], %arg1, %arg2) {stored = [tensor<2x4xbf16>, {{.*}}]} : (tensor<2x4xbf16>, tensor<4xf32>, tensor<2x4xbf16>) -> (tensor<4xf32>, tensor<4xf32>, tensor<2x4xbf16>) {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<2x4xbf16>, %[[S:.*]]: tensor<4xf32>, %[[R:.*]]: tensor<2x4xbf16>):
// CHECK-NEXT: %[[Y:.*]], %[[MEAN:.*]], %[[RSTD:.*]], %{{.*}}, %{{.*}} = nn.batch_norm %[[A]], %[[S]], %[[S]], %[[S]], %[[S]] {{.*}} -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
// CHECK-NEXT: %[[SUM:.*]] = nn.add %[[Y]], %[[R]] : (tensor<2x4xf32>, tensor<2x4xbf16>) -> tensor<2x4xf32>
// CHECK-NEXT: %[[Z:.*]] = nn.relu %[[SUM]] : (tensor<2x4xf32>) -> tensor<2x4xbf16>
// CHECK-NEXT: nn.yield %[[MEAN]], %[[RSTD]], %[[Z]]
// CHECK: return %[[U]]#2, %[[U]]#0, %[[U]]#1, %[[X]]
func.func @block(%x: tensor<2x4xbf16>, %s: tensor<4xf32>, %r: tensor<2x4xbf16>)
    -> (tensor<2x4xbf16>, tensor<4xf32>, tensor<4xf32>, tensor<2x4xbf16>) {
  %0 = nn.relu %x : tensor<2x4xbf16>
  %y, %mean, %rstd, %m, %v = nn.batch_norm %0, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<2x4xbf16>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x4xbf16>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  %1 = nn.add %y, %r : tensor<2x4xbf16>
  %2 = nn.relu %1 : tensor<2x4xbf16>
  return %2, %mean, %rstd, %0 : tensor<2x4xbf16>, tensor<4xf32>, tensor<4xf32>, tensor<2x4xbf16>
}

// Not joined: a value of half precision with a second reader, which is rounded where it is stored; a product; an
// update; two with a reader between them.
// CHECK-LABEL: func.func @alone
// CHECK-NOT: nn.unit
func.func @alone(%x: tensor<2x4xbf16>, %w: tensor<4x4xf32>, %rate: tensor<f32>, %s: tensor<4xf32>) -> (tensor<2x4xbf16>, tensor<2x4xbf16>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<2x4xf32>) {
  %0 = nn.relu %x : tensor<2x4xbf16>
  %1 = nn.tanh %0 : tensor<2x4xbf16>
  %4 = nn.matmul %w, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %5 = nn.relu %4 : tensor<4x4xf32>
  %6 = nn.sgd %w, %5, %rate momentum 0.0 weight_decay 0.0 : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %y, %mean, %rstd, %m, %v = nn.batch_norm %x, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<2x4xbf16>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  %7 = nn.matmul %6, %6 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %8 = nn.bias_add %7, %mean : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %9 = nn.relu %y : tensor<2x4xf32>
  return %0, %1, %6, %8, %9 : tensor<2x4xbf16>, tensor<2x4xbf16>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<2x4xf32>
}

// Where schedules are, units are decided.
// CHECK-LABEL: func.func @mapped
// CHECK-NOT: nn.unit
func.func @mapped(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = nn.relu %x {schedule = #nn.schedule<"vector", tiles = {rows = 1}>} : tensor<2x4xf32>
  %1 = nn.tanh %0 : tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// What nobody reads is no unit.
// CHECK-LABEL: func.func @dead
// CHECK-NOT: nn.unit
func.func @dead(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = nn.tanh %x : tensor<2x4xf32>
  %1 = nn.relu %0 : tensor<2x4xf32>
  return %x : tensor<2x4xf32>
}
