// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: arsis-translate
// RUN: arsis-translate --isa-to-binary %s -o %t.arsis && arsis-translate --binary-to-isa %t.arsis | FileCheck %s
// The binary carries the verdict that the dialect does, up to the largest hash.

// CHECK: verdict = #isa.verdict<version 1 hash 18446744073709551615 on <"matrix.rows" equal 8>, <"matrix.units" at_least 2>>
isa.program @program attributes {counters = [], dram_bytes = 0 : i64, nn_module = "", not_observable = [], options = {},
    placements = [], requirements = [],
    verdict = #isa.verdict<version 1 hash 18446744073709551615 on <"matrix.rows" equal 8>, <"matrix.units" at_least 2>>} {
}
