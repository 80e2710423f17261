// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt --split-input-file --verify-diagnostics %s
// What a unit of several operations may not be.

func.func @arguments(%x: tensor<2xf32>) {
  // expected-error @+1 {{(unit_c1)}}
  %0 = nn.unit(%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<3xf32>):
    %1 = nn.relu %a : tensor<3xf32>
    nn.yield %1 : tensor<3xf32>
  }
  return
}

// -----

func.func @types(%x: tensor<2xf32>) {
  // expected-error @+1 {{(unit_c2)}}
  %0 = nn.unit(%x) : (tensor<2xf32>) -> tensor<3xf32> {
  ^bb0(%a: tensor<2xf32>):
    %1 = nn.relu %a : tensor<2xf32>
    nn.yield %1 : tensor<2xf32>
  }
  return
}

// -----

func.func @twice(%x: tensor<2xf32>) {
  // expected-error @+1 {{(unit_c2)}}
  %0:2 = nn.unit(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  ^bb0(%a: tensor<2xf32>):
    %1 = nn.relu %a : tensor<2xf32>
    nn.yield %1, %1 : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @argument(%x: tensor<2xf32>) {
  // expected-error @+1 {{(unit_c2)}}
  %0 = nn.unit(%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %1 = nn.relu %a : tensor<2xf32>
    nn.yield %a : tensor<2xf32>
  }
  return
}

// -----

func.func @nothing() {
  // expected-error @+1 {{(unit_c3)}}
  "nn.unit"() ({
    "nn.yield"() : () -> ()
  }) : () -> ()
  return
}

// -----

func.func @view(%x: tensor<2xf32>) {
  // expected-error @+1 {{(unit_c3)}}
  %0 = nn.unit(%x) : (tensor<2xf32>) -> tensor<2x1xf32> {
  ^bb0(%a: tensor<2xf32>):
    %1 = nn.reshape %a : (tensor<2xf32>) -> tensor<2x1xf32>
    nn.yield %1 : tensor<2x1xf32>
  }
  return
}

// -----

func.func @scheduled(%x: tensor<2xf32>) {
  // expected-error @+1 {{(unit_c3)}}
  %0 = nn.unit(%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %1 = nn.relu %a {schedule = #nn.schedule<"vector">} : tensor<2xf32>
    nn.yield %1 : tensor<2xf32>
  }
  return
}

// -----

func.func @stored(%x: tensor<2xf32>) {
  // expected-error @+1 {{(unit_c4)}}
  %0 = nn.unit(%x) {stored = [tensor<3xf32>]} : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %1 = nn.relu %a : tensor<2xf32>
    nn.yield %1 : tensor<2xf32>
  }
  return
}

// -----

func.func @stored_twice(%x: tensor<2xf32>) {
  // expected-error @+1 {{(unit_c4)}}
  %0 = nn.unit(%x) {stored = [tensor<2xf32>, tensor<2xf32>]} : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %1 = nn.relu %a : tensor<2xf32>
    nn.yield %1 : tensor<2xf32>
  }
  return
}

// -----

func.func @stored_integers(%x: tensor<2xf32>) {
  // expected-error @+1 {{(unit_c4)}}
  %0 = nn.unit(%x) {stored = [tensor<2xi32>]} : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %1 = nn.relu %a : tensor<2xf32>
    nn.yield %1 : tensor<2xf32>
  }
  return
}
