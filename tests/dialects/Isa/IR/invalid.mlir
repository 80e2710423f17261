// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the isa dialect refuses.
// RUN: arsis-opt --split-input-file --verify-diagnostics --allow-unregistered-dialect %s

isa.program @counter attributes {dram_bytes = 0 : i64, nn_module = "", not_observable = [], options = {}, placements = [], requirements = [],
    // expected-error @-1 {{has a counter of stream store 0, which is not there}}
    counters = [#isa.stream_id<store 0>]} {
}

// -----

isa.program @twice attributes {dram_bytes = 0 : i64, nn_module = "", not_observable = [], options = {}, placements = [], requirements = [], counters = []} {
  isa.stream load 0 {
  }
  // expected-error @below {{is there twice}}
  isa.stream load 0 {
  }
}

// -----

isa.program @empty_loop attributes {dram_bytes = 0 : i64, nn_module = "", not_observable = [], options = {}, placements = [], requirements = [], counters = []} {
  isa.stream load 0 {
    // expected-error @below {{has no iterations}}
    isa.loop 0 {
    }
  }
}

// -----

// expected-error @below {{expected a loop index, i0 to i7}}
"test.op"() {a = #isa.affine<0 + 2*i8>} : () -> ()
