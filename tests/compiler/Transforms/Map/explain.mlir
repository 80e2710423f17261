// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s --nn-map="chip=edge explain=1" --verify-diagnostics
// A decision explains itself on demand.
// expected-remark@below {{12 schedules considered for 1 different operations, 3 priced by a run}}
func.func @forward(%x: tensor<4x40xf32>) -> tensor<4x40xf32> {
  // expected-remark@below {{relu: vector with tiles.rows=1 tiles.columns=}}
  %0 = nn.relu %x : tensor<4x40xf32>
  return %0 : tensor<4x40xf32>
}
