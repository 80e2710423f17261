// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-form-units=fuse=sums | FileCheck %s
// RUN: %arsis_opt %s --nn-form-units=fuse=vector | FileCheck %s --check-prefix=VECTOR
// RUN: %arsis_opt %s --nn-form-units=fuse=vector,sums | FileCheck %s --check-prefix=BOTH
// RUN: %arsis_opt %s --nn-form-units=fuse=sums --nn-map=chip=tiny | FileCheck %s --check-prefix=MAPPED
// RUN: %arsis_opt %s --nn-form-units=fuse=sums --nn-map="chip=tiny mapping-file=%S/Inputs/conv2d.json" | FileCheck %s --check-prefix=APART

// A convolution sums up its result, which others read too, as it is stored; both norms that read it take its moments.
// CHECK-LABEL: func.func @sums
// CHECK: %[[U:.*]]:4 = nn.unit(%arg0, %arg1) {{.*}} -> (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) {
// CHECK: %[[C:.*]] = nn.conv2d {{.*}} -> tensor<1x8x8x5xbf16>
// CHECK-NEXT: %first, %sum, %squares = nn.channel_moments %[[C]] : (tensor<1x8x8x5xbf16>) -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
// CHECK-NEXT: nn.yield %[[C]], %first, %sum, %squares
// CHECK: nn.batch_norm_of_moments %[[U]]#0, {{.*}} moments %[[U]]#1, %[[U]]#2, %[[U]]#3 epsilon
// CHECK: nn.batch_norm_of_moments %[[U]]#0, {{.*}} moments %[[U]]#1, %[[U]]#2, %[[U]]#3 epsilon
// VECTOR-LABEL: func.func @sums
// VECTOR-NOT: channel_moments
// BOTH-LABEL: func.func @sums
// BOTH: nn.channel_moments
// The plan of the moments is in pixels of the tile, the convolution's in its own.
// MAPPED-LABEL: func.func @sums
// MAPPED: nn.conv2d {{.*}}plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [3, 1, 1]>
// MAPPED: nn.channel_moments {{.*}}plan = #nn.plan<dims = ["p"], chunks = [32]>
// Who asks for the convolution gets it, and the norms sum up themselves.
// APART-LABEL: func.func @sums
// APART-NOT: channel_moments
// APART: nn.conv2d
// APART-NOT: moments
func.func @sums(%x: tensor<1x8x8x3xbf16>, %w: tensor<1x1x3x5xbf16>, %s: tensor<5xf32>)
    -> (tensor<1x8x8x5xbf16>, tensor<1x8x8x5xbf16>, tensor<1x8x8x5xbf16>) {
  %c = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x8x8x3xbf16>, tensor<1x1x3x5xbf16>) -> tensor<1x8x8x5xbf16>
  %y, %mean, %rstd, %m, %v = nn.batch_norm %c, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) -> (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  %y2, %mean2, %rstd2, %m2, %v2 = nn.batch_norm %c, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) -> (tensor<1x8x8x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  return %c, %y, %y2 : tensor<1x8x8x5xbf16>, tensor<1x8x8x5xbf16>, tensor<1x8x8x5xbf16>
}
