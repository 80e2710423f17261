// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-form-units | FileCheck %s
// RUN: %arsis_opt %s --nn-form-units=fuse=vector,epilogues | FileCheck %s --check-prefix=WITHOUT
// RUN: %arsis_opt %s --nn-form-units --nn-map=chip=tiny | FileCheck %s --check-prefix=SMALL
// RUN: %arsis_opt %s --nn-form-units "--nn-map=chip=tiny mapping-file=%S/Inputs/add.json" | FileCheck %s --check-prefix=APART
// The sums of a batch norm's gradient are taken of the tile that an input gradient, a sum and a mask have just made; the
// gradient of the norm goes on from them.

// CHECK-LABEL: func.func @gradient
// CHECK: %[[U:.*]]:3 = nn.unit
// CHECK: nn.conv2d_grad_input
// CHECK-NEXT: nn.add
// CHECK-NEXT: %[[G:.*]] = nn.relu_grad {{.*}} -> tensor<4x14x14x64xbf16>
// CHECK-NEXT: %gscale, %gbias = nn.batch_norm_grad_sums %[[G]]
// CHECK-NEXT: nn.yield %[[G]], %gscale, %gbias
// CHECK: nn.batch_norm_grad_apply %[[U]]#0, {{.*}} %[[U]]#1, %[[U]]#2
// WITHOUT-LABEL: func.func @gradient
// WITHOUT: nn.relu_grad
// WITHOUT-NOT: sums
// WITHOUT: nn.batch_norm_grad %
// Who asks for one of them gets it, and the norm sums up itself.
// SMALL-LABEL: func.func @gradient
// SMALL: nn.batch_norm_grad_sums
// SMALL: nn.batch_norm_grad_apply
// APART-LABEL: func.func @gradient
// APART-NOT: sums
// APART: nn.add {{.*}}slots = {tiles = 1}
// APART-NOT: sums
// APART: nn.batch_norm_grad %
func.func @gradient(%gy: tensor<4x14x14x16xbf16>, %w: tensor<1x1x64x16xbf16>, %skip: tensor<4x14x14x64xbf16>,
    %out: tensor<4x14x14x64xbf16>, %x: tensor<4x14x14x64xbf16>, %s: tensor<64xf32>, %mean: tensor<64xf32>,
    %rstd: tensor<64xf32>) -> (tensor<4x14x14x64xbf16>, tensor<4x14x14x64xbf16>, tensor<64xf32>, tensor<64xf32>) {
  %0 = nn.conv2d_grad_input %gy, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<4x14x14x16xbf16>, tensor<1x1x64x16xbf16>) -> tensor<4x14x14x64xbf16>
  %1 = nn.add %0, %skip : tensor<4x14x14x64xbf16>
  %2 = nn.relu_grad %1, %out : tensor<4x14x14x64xbf16>
  %gx, %gs, %gb = nn.batch_norm_grad %2, %x, %s, %mean, %rstd
      : (tensor<4x14x14x64xbf16>, tensor<4x14x14x64xbf16>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>)
      -> (tensor<4x14x14x64xbf16>, tensor<64xf32>, tensor<64xf32>)
  return %2, %gx, %gs, %gb : tensor<4x14x14x64xbf16>, tensor<4x14x14x64xbf16>, tensor<64xf32>, tensor<64xf32>
}

// A mask whose result the gradient of a norm alone reads goes to the product too; without sums it goes to the norm.
// CHECK-LABEL: func.func @masked
// CHECK: %[[U:.*]]:3 = nn.unit
// CHECK: nn.conv2d_grad_input
// CHECK-NEXT: %[[G:.*]] = nn.relu_grad {{.*}} -> tensor<4x14x14x64xbf16>
// CHECK-NEXT: %gscale, %gbias = nn.batch_norm_grad_sums %[[G]]
// CHECK-NEXT: nn.yield %[[G]], %gscale, %gbias
// CHECK: nn.batch_norm_grad_apply %[[U]]#0, {{.*}} %[[U]]#1, %[[U]]#2
// WITHOUT-LABEL: func.func @masked
// WITHOUT: %[[C:.*]] = nn.conv2d_grad_input
// WITHOUT: nn.unit(%[[C]],
// WITHOUT: %[[G:.*]] = nn.relu_grad {{.*}} -> tensor<4x14x14x64xf32>
// WITHOUT-NEXT: nn.batch_norm_grad %[[G]]
func.func @masked(%gy: tensor<4x14x14x16xbf16>, %w: tensor<1x1x64x16xbf16>, %out: tensor<4x14x14x64xbf16>,
    %x: tensor<4x14x14x64xbf16>, %s: tensor<64xf32>, %mean: tensor<64xf32>, %rstd: tensor<64xf32>)
    -> (tensor<4x14x14x64xbf16>, tensor<64xf32>, tensor<64xf32>) {
  %0 = nn.conv2d_grad_input %gy, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<4x14x14x16xbf16>, tensor<1x1x64x16xbf16>) -> tensor<4x14x14x64xbf16>
  %1 = nn.relu_grad %0, %out : tensor<4x14x14x64xbf16>
  %gx, %gs, %gb = nn.batch_norm_grad %1, %x, %s, %mean, %rstd
      : (tensor<4x14x14x64xbf16>, tensor<4x14x14x64xbf16>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>)
      -> (tensor<4x14x14x64xbf16>, tensor<64xf32>, tensor<64xf32>)
  return %gx, %gs, %gb : tensor<4x14x14x64xbf16>, tensor<64xf32>, tensor<64xf32>
}
