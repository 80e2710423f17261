// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --nn-form-units=fuse=vector,epilogues | FileCheck %s
// RUN: %arsis_opt %s --nn-form-units=fuse=epilogues | FileCheck %s --check-prefix=ALONE
// RUN: %arsis_opt %s --nn-form-units=fuse=vector | FileCheck %s --check-prefix=VECTOR
// RUN: %arsis_opt %s --nn-form-units --nn-map="chip=tiny mapping-file=%S/Inputs/conv2d.json" | FileCheck %s --check-prefix=PRODUCT
// RUN: %arsis_opt %s --nn-form-units --nn-map="chip=tiny mapping-file=%S/Inputs/bias_add_relu.json" | FileCheck %s --check-prefix=REST
// RUN: %arsis_opt %s --nn-form-units --nn-map="chip=tiny mapping-file=%S/Inputs/bias_add.json" | FileCheck %s --check-prefix=MEMBER
// Work of the vector unit takes in the product whose result it alone reads.

// CHECK-LABEL: func.func @forward
// CHECK: nn.unit(%arg0, %arg1, %arg2) {stored = [tensor<1x4x4x5xbf16>, tensor<1x4x4x5xbf16>, tensor<1x4x4x5xbf16>]}
// CHECK: %[[C:.*]] = nn.conv2d {{.*}} -> tensor<1x4x4x5xf32>
// CHECK-NEXT: %[[B:.*]] = nn.bias_add %[[C]], {{.*}} -> tensor<1x4x4x5xf32>
// CHECK-NEXT: %[[Y:.*]] = nn.relu %[[B]] : (tensor<1x4x4x5xf32>) -> tensor<1x4x4x5xbf16>
// CHECK-NEXT: nn.yield %[[Y]] : tensor<1x4x4x5xbf16>
// Without units of the vector unit the product's one reader.
// ALONE-LABEL: func.func @forward
// ALONE: nn.unit
// ALONE: nn.conv2d
// ALONE-NEXT: %[[B:.*]] = nn.bias_add
// ALONE-NEXT: nn.yield %[[B]]
// ALONE: nn.relu
// VECTOR-LABEL: func.func @forward
// VECTOR: %[[C:.*]] = nn.conv2d {{.*}} -> tensor<1x4x4x5xbf16>
// VECTOR: nn.unit(%[[C]],
// VECTOR: nn.bias_add
// VECTOR-NEXT: nn.relu
// Who asks for the product, or for all but the product, has the rest as one unit.
// PRODUCT-LABEL: func.func @forward
// PRODUCT: %[[C:.*]] = nn.conv2d {{.*}}slots = {accumulator = {{.}}, tiles = 1}{{.*}} -> tensor<1x4x4x5xbf16>
// PRODUCT: nn.unit(%[[C]],
// PRODUCT: %[[B:.*]] = nn.bias_add {{.*}} -> tensor<1x4x4x5xf32>
// PRODUCT-NEXT: nn.relu %[[B]]
// REST-LABEL: func.func @forward
// REST: %[[C:.*]] = nn.conv2d {{.*}} -> tensor<1x4x4x5xbf16>
// REST: nn.unit(%[[C]], {{.*}}slots = {tiles = 1}
// REST: %[[B:.*]] = nn.bias_add {{.*}} -> tensor<1x4x4x5xf32>
// REST-NEXT: nn.relu %[[B]]
// Who asks for another one of them finds all of them alone.
// MEMBER-LABEL: func.func @forward
// MEMBER-NOT: nn.unit
// MEMBER: nn.conv2d {{.*}} -> tensor<1x4x4x5xbf16>
// MEMBER-NOT: nn.unit
// MEMBER: nn.bias_add {{.*}}slots = {tiles = 1}{{.*}} -> tensor<1x4x4x5xbf16>
// MEMBER-NOT: nn.unit
// MEMBER: nn.relu
func.func @forward(%x: tensor<1x4x4x3xbf16>, %w: tensor<3x3x3x5xbf16>, %b: tensor<5xf32>) -> tensor<1x4x4x5xbf16> {
  %0 = nn.conv2d %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<1x4x4x3xbf16>, tensor<3x3x3x5xbf16>) -> tensor<1x4x4x5xbf16>
  %1 = nn.bias_add %0, %b : (tensor<1x4x4x5xbf16>, tensor<5xf32>) -> tensor<1x4x4x5xbf16>
  %2 = nn.relu %1 : tensor<1x4x4x5xbf16>
  return %2 : tensor<1x4x4x5xbf16>
}

// CHECK-LABEL: func.func @gradient
// CHECK: nn.unit
// CHECK: %[[G:.*]] = nn.conv2d_grad_input {{.*}} -> tensor<1x4x4x3xf32>
// CHECK-NEXT: %[[S:.*]] = nn.add %[[G]], {{.*}} -> tensor<1x4x4x3xf32>
// CHECK-NEXT: %[[X:.*]] = nn.relu_grad %[[S]], {{.*}} -> tensor<1x4x4x3xbf16>
// CHECK-NEXT: nn.yield %[[X]]
func.func @gradient(%g: tensor<1x4x4x5xbf16>, %w: tensor<3x3x3x5xbf16>, %r: tensor<1x4x4x3xbf16>) -> tensor<1x4x4x3xbf16> {
  %0 = nn.conv2d_grad_input %g, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<1x4x4x5xbf16>, tensor<3x3x3x5xbf16>) -> tensor<1x4x4x3xbf16>
  %1 = nn.add %0, %r : tensor<1x4x4x3xbf16>
  %2 = nn.relu_grad %1, %r : tensor<1x4x4x3xbf16>
  return %2 : tensor<1x4x4x3xbf16>
}

// A product of matrices, with one reader.
// CHECK-LABEL: func.func @product
// CHECK: nn.unit
// CHECK: %[[C:.*]] = nn.matmul {{.*}} -> tensor<6x5xf32>
// CHECK-NEXT: %[[Y:.*]] = nn.bias_add %[[C]], {{.*}} -> tensor<6x5xbf16>
// CHECK-NEXT: nn.yield %[[Y]]
// ALONE-LABEL: func.func @product
// ALONE: nn.unit
// ALONE: nn.matmul
// VECTOR-LABEL: func.func @product
// VECTOR-NOT: nn.unit
func.func @product(%a: tensor<6x7xbf16>, %b: tensor<7x5xbf16>, %v: tensor<5xf32>) -> tensor<6x5xbf16> {
  %0 = nn.matmul %a, %b : (tensor<6x7xbf16>, tensor<7x5xbf16>) -> tensor<6x5xbf16>
  %1 = nn.bias_add %0, %v : (tensor<6x5xbf16>, tensor<5xf32>) -> tensor<6x5xbf16>
  return %1 : tensor<6x5xbf16>
}

// Of two products that are added the later one.
// CHECK-LABEL: func.func @two
// CHECK: %[[FIRST:.*]] = nn.matmul %arg0, %arg1
// CHECK-NEXT: nn.unit(%arg1, %arg0, %[[FIRST]])
// CHECK: nn.matmul
// CHECK-NEXT: nn.add
func.func @two(%a: tensor<6x6xbf16>, %b: tensor<6x6xbf16>) -> tensor<6x6xbf16> {
  %0 = nn.matmul %a, %b : (tensor<6x6xbf16>, tensor<6x6xbf16>) -> tensor<6x6xbf16>
  %1 = nn.matmul %b, %a : (tensor<6x6xbf16>, tensor<6x6xbf16>) -> tensor<6x6xbf16>
  %2 = nn.add %0, %1 : tensor<6x6xbf16>
  return %2 : tensor<6x6xbf16>
}

// Not joined: a product of half precision with a second reader, which is rounded where it is stored; a weight
// gradient; a batch norm, which passes over the result several times.
// CHECK-LABEL: func.func @alone
// CHECK-NOT: nn.unit
// ALONE-LABEL: func.func @alone
// ALONE-NOT: nn.unit
func.func @alone(%x: tensor<1x4x4x3xbf16>, %w: tensor<1x1x3x5xbf16>, %g: tensor<1x4x4x5xbf16>, %s: tensor<5xf32>)
    -> (tensor<1x4x4x5xbf16>, tensor<1x4x4x5xbf16>, tensor<1x1x3x5xf32>, tensor<1x4x4x5xbf16>) {
  %0 = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x4x4x3xbf16>, tensor<1x1x3x5xbf16>) -> tensor<1x4x4x5xbf16>
  %1 = nn.relu %0 : tensor<1x4x4x5xbf16>
  %2 = nn.conv2d_grad_weight %x, %g strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x4x4x3xbf16>, tensor<1x4x4x5xbf16>) -> tensor<1x1x3x5xf32>
  %3 = nn.tanh %2 : tensor<1x1x3x5xf32>
  %4 = nn.conv2d %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x4x4x3xbf16>, tensor<1x1x3x5xbf16>) -> tensor<1x4x4x5xbf16>
  %y, %mean, %rstd, %m, %v = nn.batch_norm %4, %s, %s, %s, %s epsilon 1.0e-5 momentum 0.1
      : (tensor<1x4x4x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) -> (tensor<1x4x4x5xbf16>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  return %0, %1, %3, %y : tensor<1x4x4x5xbf16>, tensor<1x4x4x5xbf16>, tensor<1x1x3x5xf32>, tensor<1x4x4x5xbf16>
}
