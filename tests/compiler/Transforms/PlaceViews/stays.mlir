// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s --split-input-file --nn-place-views | FileCheck %s
// RUN: %arsis_opt %s --split-input-file --verify-diagnostics --nn-place-views=explain=true -o /dev/null
// What cannot be a view is moved, and a remark says why if it is asked for.

// Of a concatenation, the piece that somebody else made is copied.
// CHECK-LABEL: func.func @some
// CHECK: %[[R:.*]] = nn.relu
// CHECK: %[[T:.*]] = nn.tanh
// CHECK-DAG: %[[A:.*]] = nn.slice %arg0 from [0, 0] : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-DAG: %[[B:.*]] = nn.slice %{{.*}} from [0, 0] : (tensor<2x1xf32>) -> tensor<2x1xf32>
// CHECK-DAG: %[[C:.*]] = nn.slice %[[T]] from [0, 0] : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: nn.concat %[[A]], %[[R]], %[[B]], %[[C]] along 1 {view = #nn.view<of_result>}
func.func @some(%x: tensor<2x3xf32>) -> (tensor<2x10xf32>, tensor<2x3xf32>) {
  %0 = nn.relu %x : tensor<2x3xf32>
  %1 = nn.constant dense<1.0> : tensor<2x1xf32>
  %2 = nn.tanh %x : tensor<2x3xf32>
  // expected-remark @+3 {{moves what could be a view: it is an argument of the step}}
  // expected-remark @+2 {{moves what could be a view: it is a constant}}
  // expected-remark @+1 {{moves what could be a view: the step returns it under a name of its own}}
  %c = nn.concat %x, %0, %1, %2 along 1 : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x1xf32>, tensor<2x3xf32>) -> tensor<2x10xf32>
  %3 = nn.relu %c : tensor<2x10xf32>
  return %3, %2 : tensor<2x10xf32>, tensor<2x3xf32>
}

// -----

// Two concatenations want it in different places: the larger one has it, the other one a copy.
// CHECK-LABEL: func.func @twice
// CHECK: %[[R:.*]] = nn.relu
// CHECK: %[[T:.*]] = nn.tanh
// CHECK: %[[C:.*]] = nn.slice %[[R]] from [0, 0]
// CHECK: nn.concat %[[C]], %{{.*}} along 1 {view = #nn.view<of_result>}
// CHECK: nn.concat %[[T]], %[[R]] along 1 {view = #nn.view<of_result>}
func.func @twice(%x: tensor<2x3xf32>) -> (tensor<2x5xf32>, tensor<2x6xf32>) {
  %0 = nn.relu %x : tensor<2x3xf32>
  %1 = nn.tanh %x : tensor<2x3xf32>
  %s = nn.slice %x from [0, 0] : (tensor<2x3xf32>) -> tensor<2x2xf32>
  %2 = nn.relu %s : tensor<2x2xf32>
  // expected-remark @+1 {{moves what could be a view: it is in several concatenations, which disagree on its place}}
  %c = nn.concat %0, %2 along 1 : (tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<2x5xf32>
  %d = nn.concat %1, %0 along 1 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %3 = nn.relu %c : tensor<2x5xf32>
  %4 = nn.relu %d : tensor<2x6xf32>
  return %3, %4 : tensor<2x5xf32>, tensor<2x6xf32>
}

// -----

// Nothing of it can be there, so it stays as it is.
// CHECK-LABEL: func.func @none
// CHECK: nn.concat %arg0, %arg0 along 1 : (
func.func @none(%x: tensor<2x3xf32>) -> tensor<2x6xf32> {
  // expected-remark @+1 {{moves what could be a view: it is an argument of the step}}
  %c = nn.concat %x, %x along 1 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %0 = nn.relu %c : tensor<2x6xf32>
  return %0 : tensor<2x6xf32>
}

// -----

// Types.
// CHECK-LABEL: func.func @types
// CHECK-NOT: nn.view
func.func @types(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  // expected-remark @+1 {{moves what could be a view: its pieces have other types than the whole}}
  %s = nn.slice %x from [0, 1] : (tensor<2x3xf32>) -> tensor<2x2xbf16>
  %0 = nn.relu %s : (tensor<2x2xbf16>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// A piece that the step returns, one that is joined again, and one that is reshaped across the gaps.
// CHECK-LABEL: func.func @pieces
// CHECK: %[[P:.*]]:4 = nn.split %arg0 along 1 {view = #nn.view<of_operands>}
// CHECK-DAG: %[[A:.*]] = nn.slice %[[P]]#0 from [0, 0] : (tensor<4x2xf32>) -> tensor<4x2xf32>
// CHECK-DAG: %[[C:.*]] = nn.slice %[[P]]#2 from [0, 0] : (tensor<4x2xf32>) -> tensor<4x2xf32>
// CHECK-DAG: %[[B:.*]] = nn.slice %[[P]]#1 from [0, 0] : (tensor<4x2xf32>) -> tensor<4x2xf32>
// CHECK: nn.reshape %[[C]]
func.func @pieces(%x: tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x4xf32>, tensor<8xf32>, tensor<4x2xf32>) {
  // expected-remark @+3 {{moves what could be a view: the step returns it under a name of its own}}
  // expected-remark @+2 {{moves what could be a view: it lies in a concatenation}}
  // expected-remark @+1 {{moves what could be a view: no transfer of four dimensions reaches it there}}
  %p:4 = nn.split %x along 1 : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>)
  %r = nn.relu %p#3 : tensor<4x2xf32>
  %c = nn.concat %p#1, %r along 1 : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x4xf32>
  %0 = nn.relu %c : tensor<4x4xf32>
  %f = nn.reshape %p#2 : (tensor<4x2xf32>) -> tensor<8xf32>
  %1 = nn.relu %f : tensor<8xf32>
  %2 = nn.relu %p#2 : tensor<4x2xf32>
  return %p#0, %0, %1, %2 : tensor<4x2xf32>, tensor<4x4xf32>, tensor<8xf32>, tensor<4x2xf32>
}

// -----

// State that the step updates changes under whoever reads a piece of it.
// CHECK-LABEL: func.func @updated
// CHECK-NOT: nn.view
func.func @updated(%w: tensor<4x2xf32>) -> (tensor<4x2xf32> {nn.donates = 0 : i64}, tensor<1x2xf32>) {
  // expected-remark @+1 {{moves what could be a view: its tensor is updated in place}}
  %s = nn.slice %w from [0, 0] : (tensor<4x2xf32>) -> tensor<1x2xf32>
  %0 = nn.relu %w : tensor<4x2xf32>
  %1 = nn.relu %s : tensor<1x2xf32>
  return %0, %1 : tensor<4x2xf32>, tensor<1x2xf32>
}

// -----

// Sums over rows whose halves lie apart: rows of two images, each a part of one.
// CHECK-LABEL: func.func @sums
// CHECK-NOT: nn.view
func.func @sums(%x: tensor<2x4x3x5xf32>) -> tensor<5xf32> {
  // expected-remark @+1 {{moves what could be a view: no strategy is for all who write and read it there}}
  %s = nn.slice %x from [0, 0, 1, 0] : (tensor<2x4x3x5xf32>) -> tensor<2x4x2x5xf32>
  %0 = nn.channel_sum %s : (tensor<2x4x2x5xf32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}

// -----

// Schedules are there: nothing changes any more.
// CHECK-LABEL: func.func @mapped
// CHECK-NOT: nn.view
func.func @mapped(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %s = nn.slice %x from [0, 1] {schedule = #nn.schedule<"dma">} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  %0 = nn.relu %s : tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// Beyond four dimensions the first ones are moved as one. Where one piece cannot be moved so from its place,
// its copy could not be either.
// CHECK-LABEL: func.func @five
// CHECK: nn.concat %{{.*}}, %{{.*}} along 1 : (tensor<2x1x2x2x3xf32>
// CHECK: nn.split %{{.*}} along 1 : (tensor<2x4x2x2x3xf32>)
func.func @five(%x: tensor<2x2x2x3xf32>, %z: tensor<6x2x2x3xf32>) -> (tensor<2x2x2x3xf32>, tensor<6x2x2x3xf32>) {
  %a = nn.reshape %x : (tensor<2x2x2x3xf32>) -> tensor<2x1x2x2x3xf32>
  %b = nn.reshape %z : (tensor<6x2x2x3xf32>) -> tensor<2x3x2x2x3xf32>
  %0 = nn.relu %a : tensor<2x1x2x2x3xf32>
  %1 = nn.relu %b : tensor<2x3x2x2x3xf32>
  // expected-remark @+1 {{moves what could be a view: no transfer of four dimensions reaches all of its boxes}}
  %c = nn.concat %0, %1 along 1 : (tensor<2x1x2x2x3xf32>, tensor<2x3x2x2x3xf32>) -> tensor<2x4x2x2x3xf32>
  %d = nn.relu %c : tensor<2x4x2x2x3xf32>
  // expected-remark @+1 {{moves what could be a view: no transfer of four dimensions reaches all of its boxes}}
  %p:2 = nn.split %d along 1 : (tensor<2x4x2x2x3xf32>) -> (tensor<2x1x2x2x3xf32>, tensor<2x3x2x2x3xf32>)
  %2 = nn.relu %p#0 : tensor<2x1x2x2x3xf32>
  %3 = nn.relu %p#1 : tensor<2x3x2x2x3xf32>
  %4 = nn.reshape %2 : (tensor<2x1x2x2x3xf32>) -> tensor<2x2x2x3xf32>
  %5 = nn.reshape %3 : (tensor<2x3x2x2x3xf32>) -> tensor<6x2x2x3xf32>
  return %4, %5 : tensor<2x2x2x3xf32>, tensor<6x2x2x3xf32>
}
