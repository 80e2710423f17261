// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s --convert-nn-to-tile=chip=tiny --split-input-file --verify-diagnostics
// RUN: not arsis-opt %s --convert-nn-to-tile --split-input-file 2>&1 | FileCheck %s --check-prefix=NOCHIP
// RUN: not arsis-opt %s --convert-nn-to-tile="chip=tiny function=absent" --split-input-file 2>&1 | FileCheck %s --check-prefix=ABSENT
// What cannot be lowered is an error that names it.
// NOCHIP: error: convert-nn-to-tile needs the option chip
// ABSENT: error: there is no function 'absent'

func.func @unscheduled(%x: tensor<4x40xf32>) -> tensor<4x40xf32> {
  // expected-error@below {{nn.relu has no schedule; run nn-map first}}
  %0 = nn.relu %x : tensor<4x40xf32>
  return %0 : tensor<4x40xf32>
}

// -----

func.func @incomplete(%x: tensor<4x40xf32>) -> tensor<4x40xf32> {
  // expected-error@below {{the schedule of nn.relu does not fit: it has no field 'tiles.columns'}}
  %0 = nn.relu %x {schedule = #nn.schedule<"vector", tiles = {rows = 1}>} : tensor<4x40xf32>
  return %0 : tensor<4x40xf32>
}

// -----

func.func @for_another_chip(%x: tensor<400x400xf32>) -> tensor<400x400xf32> {
  // expected-error@below {{the schedule of nn.relu does not fit: buffer 'operand' (640000 bytes) misses}}
  %0 = nn.relu %x {schedule = #nn.schedule<"vector", tiles = {rows = 1, columns = 160000}, slots = {tiles = 1}>} : tensor<400x400xf32>
  return %0 : tensor<400x400xf32>
}

// -----

func.func @for_another_strategy(%x: tensor<4x40xf32>) -> tensor<4x40xf32> {
  // expected-error@below {{the schedule of nn.relu does not fit: its strategy is 'dma', expected 'vector'}}
  %0 = nn.relu %x {schedule = #nn.schedule<"dma", tiles = {rows = 1, columns = 40}, slots = {tiles = 1}>} : tensor<4x40xf32>
  return %0 : tensor<4x40xf32>
}

// -----

func.func @unknown(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@below {{no strategy is for arith.negf}}
  %0 = arith.negf %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error@below {{result 0 is named 'x', but so is another tensor}}
func.func @same_name(%x: tensor<4xf32> {nn.name = "x"}) -> (tensor<4xf32> {nn.name = "x"}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error@below {{expected a function with one block}}
func.func private @external(tensor<4xf32>) -> tensor<4xf32>

// -----

func.func @plan_changed_after_search(%x: tensor<7x3xf32>) -> tensor<3xf32> {
  // expected-error@below {{the plan of nn.channel_sum has chunks of 4, its schedule says 7; change both, or the plan alone before nn-map}}
  %0 = nn.channel_sum %x {schedule = #nn.schedule<"vector", tiles = {rows = 7, columns = 3, chunks = 1}, slots = {tiles = 1}>, plan = #nn.plan<dims = ["p"], chunks = [4]>} : (tensor<7x3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @plan_taken_away(%x: tensor<7x3xf32>) -> tensor<3xf32> {
  // expected-error@below {{nn.channel_sum has a schedule and no plan; run nn-map first}}
  %0 = nn.channel_sum %x {schedule = #nn.schedule<"vector", tiles = {rows = 7, columns = 3, chunks = 1}, slots = {tiles = 1}>} : (tensor<7x3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// expected-error@below {{expects argument 0 to be a static tensor of f32, bf16, f16 or i32}}
func.func @no_tensor(%x: index) {
  return
}

// -----

// expected-error@below {{expects argument 0 to be a static tensor of f32, bf16, f16 or i32}}
func.func @empty(%x: tensor<4x0xf32>) {
  return
}

// -----

// expected-error@below {{expects nn.not_observable to be an array of strings, found [1]}}
func.func @absent_by_number(%x: tensor<4x40xf32>) -> tensor<4x40xf32> attributes {nn.not_observable = [1]} {
  return %x : tensor<4x40xf32>
}
