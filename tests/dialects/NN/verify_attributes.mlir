// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file -verify-diagnostics
// One violation per constraint of the attributes on functions and of the plan.

// expected-error @+1 {{expects nn.name to be a non-empty string, found 3}}
func.func @name(%x: tensor<2x3xf32> {nn.name = 3 : i64}) -> (tensor<2x3xf32>) {
  return %x : tensor<2x3xf32>
}


// -----

// expected-error @+1 {{expects nn.role to be #nn.role of one of input, label, parameter, state, hyper, gradient, found "weight"}}
func.func @role(%x: tensor<2x3xf32> {nn.role = "weight"}) -> (tensor<2x3xf32>) {
  return %x : tensor<2x3xf32>
}


// -----

// expected-error @+1 {{expects nn.role to be #nn.role of one of output, loss, parameter, state, gradient, activation, found #nn.role<input>}}
func.func @result_role(%x: tensor<2x3xf32>) -> (tensor<2x3xf32> {nn.role = #nn.role<input>}) {
  return %x : tensor<2x3xf32>
}


// -----

// expected-error @+1 {{expects nn.host_shape to be an i64 array}}
func.func @host_shape(%x: tensor<2x3xf32> {nn.host_shape = [2, 3]}) -> (tensor<2x3xf32>) {
  return %x : tensor<2x3xf32>
}


// -----

// expected-error @+1 {{expects nn.host_permutation to name different dimensions of}}
func.func @host_permutation(%x: tensor<2x3xf32> {nn.host_permutation = array<i64: 0, 0>}) -> (tensor<2x3xf32>) {
  return %x : tensor<2x3xf32>
}


// -----

// expected-error @+1 {{expects nn.host_permutation to be an i64 array no longer than the rank}}
func.func @host_permutation_length(%x: tensor<2x3xf32> {nn.host_permutation = array<i64: 0, 1, 2>}) -> (tensor<2x3xf32>) {
  return %x : tensor<2x3xf32>
}


// -----

// expected-error @+1 {{expects nn.initial of argument 0 to be elements of type}}
func.func @initial(%x: tensor<2x3xf32> {nn.initial = dense<1.0> : tensor<2xf32>}) -> (tensor<2x3xf32>) {
  return %x : tensor<2x3xf32>
}


// -----

// expected-error @+1 {{expects nn.donates to be the number of an argument, found 1}}
func.func @donates(%x: tensor<2x3xf32>) -> (tensor<2x3xf32> {nn.donates = 1 : i64}) {
  return %x : tensor<2x3xf32>
}


// -----

// expected-error @+1 {{expects result 0 to have the type of the argument it replaces, found 'tensor<2xf32>' and 'tensor<3xf32>'}}
func.func @donated_type(%x: tensor<2xf32>, %y: tensor<3xf32>) -> (tensor<2xf32> {nn.donates = 1 : i64}) {
  return %x : tensor<2xf32>
}


// -----

// expected-error @+1 {{expects nn.gradient_of to be the number of an argument, found -1}}
func.func @gradient_of(%x: tensor<2xf32>) -> (tensor<2xf32> {nn.gradient_of = -1 : i64}) {
  return %x : tensor<2xf32>
}

// -----

// expected-error @+1 {{expects result 0 to have the type of the argument it is the gradient of, found 'tensor<2xf32>' and 'tensor<3xf32>'}}
func.func @gradient_type(%x: tensor<2xf32>, %y: tensor<3xf32>) -> (tensor<2xf32> {nn.gradient_of = 1 : i64}) {
  return %x : tensor<2xf32>
}

// -----

// expected-error @+1 {{expects nn.donates to be the number of an argument, found 0 : i32}}
func.func @donates_by_another_type(%x: tensor<2x3xf32>) -> (tensor<2x3xf32> {nn.donates = 0 : i32}) {
  return %x : tensor<2x3xf32>
}

// -----

// expected-error @+1 {{expects a known nn attribute here, found nn.nmae}}
func.func @unknown(%x: tensor<2x3xf32> {nn.nmae = "x"}) -> (tensor<2x3xf32>) {
  return %x : tensor<2x3xf32>
}


// -----

// expected-error @+1 {{expects one chunk per dimension of the plan, found 1 chunks for 2 dimensions}}
func.func private @plan_sizes() attributes {plan = #nn.plan<dims = ["c", "kh"], chunks = [4]>}


// -----

// expected-error @+1 {{expects the dimensions of the plan to differ, found "c" twice}}
func.func private @plan_twice() attributes {plan = #nn.plan<dims = ["c", "c"], chunks = [4, 4]>}


// -----

// expected-error @+1 {{expects positive chunks, found 0 for "c"}}
func.func private @plan_chunk() attributes {plan = #nn.plan<dims = ["c"], chunks = [0]>}

// -----

// expected-error @+1 {{expects the names of the arguments to differ, found "x" on argument 0 and 1}}
func.func private @argument_names(tensor<2xf32> {nn.name = "x"}, tensor<2xf32> {nn.name = "x"})

// -----

// expected-error @+1 {{expects the names of the results to differ, found "y" on result 0 and 2}}
func.func private @result_names() -> (tensor<2xf32> {nn.name = "y"}, tensor<2xf32>, tensor<2xf32> {nn.name = "y"})

// -----

// expected-error @+1 {{expects at most one result in the place of an argument, found results 0 and 1 in the place of argument 0}}
func.func @donated_twice(%x: tensor<2xf32>) -> (tensor<2xf32> {nn.donates = 0 : i64}, tensor<2xf32> {nn.donates = 0 : i64}) {
  return %x, %x : tensor<2xf32>, tensor<2xf32>
}

// -----

// expected-error @+1 {{expects at most one result in the place of an argument, found results 1 and 3 in the place of argument 0}}
func.func private @donated_twice_among_others(tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32> {nn.donates = 1 : i64}, tensor<2xf32> {nn.donates = 0 : i64}, tensor<2xf32>, tensor<2xf32> {nn.donates = 0 : i64})

// -----

// expected-error @+1 {{expects argument 1 to be a static tensor of f32, bf16, f16 or i32 with extents from 1 to 2147483648 and at most 1099511627776 elements, found 'f64'}}
func.func @no_tensor(%x: tensor<2xf32>, %q: f64 {nn.name = "q"}) {
  return
}

// -----

// expected-error @+1 {{expects result 0 to be a static tensor of f32, bf16, f16 or i32}}
func.func @no_tensor_result(%q: index) -> (index {nn.name = "q"}) {
  return %q : index
}

// -----

// expected-error @+1 {{expects nn.slot_of to be the number of an argument, found 7}}
func.func @slot_of(%x: tensor<2xf32> {nn.slot_of = 7 : i64}) {
  return
}

// -----

// expected-error @+1 {{expects argument 1 to have the type of the argument it belongs to, found 'tensor<3xf32>' and 'tensor<2xf32>'}}
func.func @slot_of_another_type(%w: tensor<2xf32>, %v: tensor<3xf32> {nn.slot_of = 0 : i64}) {
  return
}

// -----

// expected-error @+1 {{expects argument 1 to have the type of the argument it is the gradient of, found 'tensor<3xf32>' and 'tensor<2xf32>'}}
func.func @gradient_argument_of_another_type(%w: tensor<2xf32>, %g: tensor<3xf32> {nn.gradient_of = 0 : i64}) {
  return
}

// -----

// expected-error @+1 {{expects a known nn attribute here, found nn.donates}}
func.func @argument_that_donates(%w: tensor<2xf32>, %v: tensor<2xf32> {nn.donates = 0 : i64}) {
  return
}

// -----

// expected-error @+1 {{expects nn.slot_of of argument 1 to be the number of a parameter, found one of role state}}
func.func @slot_of_a_state(%w: tensor<2xf32> {nn.role = #nn.role<state>}, %v: tensor<2xf32> {nn.slot_of = 0 : i64}) {
  return
}

// -----

// expected-error @+1 {{expects nn.gradient_of of result 0 to be the number of a parameter, found one of role input}}
func.func @gradient_of_an_input(%w: tensor<2xf32> {nn.role = #nn.role<input>}) -> (tensor<2xf32> {nn.gradient_of = 0 : i64}) {
  return %w : tensor<2xf32>
}
