// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-form-units=fuse=vector | FileCheck %s
// RUN: %arsis_opt %s --nn-form-units=fuse=vector --nn-map=chip=edge | FileCheck %s --check-prefix=EDGE
// RUN: %arsis_opt %s --nn-form-units=fuse=vector "--nn-map=chip=edge set=vector.lanes=1" | FileCheck %s --check-prefix=SLOW
// The mask of a ReLU behind a batch norm is computed again where the norm's input is read anyway; what is stored is
// offered, and read on a chip that computes slowly.

// CHECK-LABEL: func.func @again
// CHECK: nn.unit
// CHECK: %[[AGAIN:.*]] = nn.batch_norm_apply {{.*}} stored
// CHECK-NEXT: %[[GRAD:.*]] = nn.relu_grad %{{.*}}, %[[AGAIN]]
// CHECK-NEXT: nn.batch_norm_grad %[[GRAD]]
// EDGE-LABEL: func.func @again
// EDGE: nn.batch_norm_apply
// EDGE-NOT: stored
// EDGE: nn.batch_norm_grad
// SLOW-LABEL: func.func @again
// SLOW-NOT: nn.batch_norm_apply
// SLOW: nn.batch_norm_grad
func.func @again(%x: tensor<4096x16xf32>, %s: tensor<16xf32>, %g: tensor<4096x16xf32>)
    -> (tensor<4096x16xf32>, tensor<4096x16xf32>, tensor<16xf32>, tensor<16xf32>) {
  %n, %mean, %rstd, %m, %v = nn.batch_norm %x, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<4096x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> (tensor<4096x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>)
  %y = nn.relu %n : tensor<4096x16xf32>
  %0 = nn.relu_grad %g, %y : tensor<4096x16xf32>
  %gx, %gs, %gb = nn.batch_norm_grad %0, %x, %s, %mean, %rstd
      : (tensor<4096x16xf32>, tensor<4096x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> (tensor<4096x16xf32>, tensor<16xf32>, tensor<16xf32>)
  return %y, %gx, %gs, %gb : tensor<4096x16xf32>, tensor<4096x16xf32>, tensor<16xf32>, tensor<16xf32>
}

// Nobody who reads the gradient reads the norm's input: nothing would be saved.
// CHECK-LABEL: func.func @elsewhere
// CHECK-NOT: nn.batch_norm_apply
func.func @elsewhere(%x: tensor<64x16xf32>, %s: tensor<16xf32>, %g: tensor<64x16xf32>)
    -> (tensor<64x16xf32>, tensor<64x16xf32>) {
  %n, %mean, %rstd, %m, %v = nn.batch_norm %x, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<64x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> (tensor<64x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>)
  %y = nn.relu %n : tensor<64x16xf32>
  %0 = nn.relu_grad %g, %y : tensor<64x16xf32>
  %1 = nn.tanh %0 : tensor<64x16xf32>
  return %y, %1 : tensor<64x16xf32>, tensor<64x16xf32>
}

// Not the sign alone is asked for: what is stored stays where it is.
// CHECK-LABEL: func.func @value
// CHECK: %[[Y:.*]] = nn.batch_norm_apply {{.*}} stored
// CHECK: return %[[Y]]
func.func @value(%x: tensor<64x16xf32>, %s: tensor<16xf32>, %r: tensor<64x16xf32>) -> tensor<64x16xf32> {
  %y = nn.batch_norm_apply %x, %s, %s, %s, %s stored %r
      : (tensor<64x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<64x16xf32>) -> tensor<64x16xf32>
  return %y : tensor<64x16xf32>
}
