// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Array forms of the scalar functions, vectorised for the host at run time. Every kernel returns exactly the
// bits of the plain loop over Numerics.h that its comment gives; only the time differs.
#ifndef ARSIS_DIALECTS_ISA_NUMERICS_KERNELS_H
#define ARSIS_DIALECTS_ISA_NUMERICS_KERNELS_H

#include "dialects/Isa/Numerics/ElementType.h"
#include "dialects/Isa/Numerics/Functions.h"

#include <cstdint>

namespace arsis::numerics {

/// partial[m][n] = +0, then for k ascending partial[m][n] = fma(x[m][k], w[k][n], partial[m][n]); NaNs are
/// canonical. x is [M][K], w is [K][N], partial is [M][N], all dense; partial overlaps neither operand.
void multiplyAccumulate(const float *x, const float *w, float *partial, int64_t M, int64_t K, int64_t N);

/// The same with row strides in elements.
void multiplyAccumulate(const float *x, int64_t xStride, const float *w, int64_t wStride, float *partial,
                        int64_t partialStride, int64_t M, int64_t K, int64_t N);

/// accumulator[i] = add(accumulator[i], partial[i]).
void addInto(float *accumulator, const float *partial, int64_t n);

/// result[c] = treeReduce(function, n, read) with read(i) = source[i * stride + c], for c < columns. The
/// result must not overlap the source.
void reduceColumns(ReduceFunction function, float *result, const float *source, int64_t stride, int64_t n,
                   int64_t columns);

/// An operand of mapRun: element i is at[i * stride].
struct RunOperand {
  const float *at = nullptr; // may be null where the function does not read it
  int64_t stride = 0;        // elements; 0 broadcasts
};

/// destination[i] = applyMap(function, a_i, b_i, c_i, immediate) for i < n, in ascending order. The
/// destination may be one of the operands (same address, stride 1); otherwise they must not overlap.
/// REQUIRES: function is not OneHot.
void mapRun(VectorFunction function, float *destination, RunOperand a, RunOperand b, RunOperand c,
            float immediate, int64_t n);

/// to[i] = readElement(from, type, i) for i < n. REQUIRES, as narrow: arrays aligned to their elements, which
/// do not overlap.
void widen(const void *from, ElementType type, float *to, int64_t n);
/// writeElement(to, type, i, from[i]) for i < n.
void narrow(const float *from, ElementType type, void *to, int64_t n);

/// The instruction set that the kernels run on, for the wall-clock part of a report ("AVX3_ZEN4", "AVX2",
/// "SCALAR").
const char *hostVectorTarget();

} // namespace arsis::numerics

#endif
