// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For which instruction sets Highway compiles the files that include this, before its own headers. Left out
// is what would only add code: SSSE3 and SSE4 have no fused multiply-add and take the scalar way that SSE2
// has too, AVX3_DL has nothing over AVX3 that these files use.
#ifndef ARSIS_DIALECTS_ISA_NUMERICS_TARGETS_H
#define ARSIS_DIALECTS_ISA_NUMERICS_TARGETS_H

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)

#endif
