// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels of Kernels.h, compiled once per instruction set by Highway and chosen at run time. The product
// keeps a block of rows times a few vectors of columns in registers and walks k in order, so that each
// element sees exactly the additions of the plain loop. A host without fused multiply-add gets std::fma:
// slow, and the same bits.
#include "dialects/Isa/Numerics/Targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "dialects/Isa/Numerics/Kernels.cpp"
#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "dialects/Isa/Numerics/Vectors-inl.h"

#include <cstring>
#include <vector>

#ifndef ARSIS_DIALECTS_ISA_NUMERICS_KERNELS_ONCE
#define ARSIS_DIALECTS_ISA_NUMERICS_KERNELS_ONCE
namespace arsis::numerics {
struct Product {
  const float *x;
  int64_t xStride;
  const float *w;
  int64_t wStride;
  float *partial;
  int64_t partialStride;
};
} // namespace arsis::numerics
#endif

HWY_BEFORE_NAMESPACE();
namespace arsis::numerics::HWY_NAMESPACE {

#if HWY_NATIVE_FMA

/// One block of `rows` x `vectors` * lanes results, held in registers.
template <int rows, int vectors> static HWY_NOINLINE void block(const Product &p, int64_t K) {
  const Floats d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  Vector sum[rows][vectors];
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v)
      sum[r][v] = hn::Zero(d);
  const float *w = p.w;
  for (int64_t k = 0; k < K; ++k, w += p.wStride) {
    Vector column[vectors];
    for (int v = 0; v < vectors; ++v)
      column[v] = hn::LoadU(d, w + v * lanes);
    for (int r = 0; r < rows; ++r) {
      Vector x = hn::Set(d, p.x[r * p.xStride + k]);
      for (int v = 0; v < vectors; ++v)
        sum[r][v] = hn::MulAdd(x, column[v], sum[r][v]);
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v)
      hn::StoreU(canonicalVector(d, sum[r][v]), d, p.partial + r * p.partialStride + v * lanes);
}

/// All M rows of a panel `vectors` wide. Rows per block fill the register file.
template <int vectors> static void panel(Product p, int64_t M, int64_t K) {
  constexpr int registers = HWY_TARGET == HWY_AVX2 ? 12 : 24;
  constexpr int rows = registers / vectors > 12 ? 12 : registers / vectors;
  auto advance = [&p](int64_t count) {
    p.x += count * p.xStride;
    p.partial += count * p.partialStride;
  };
  int64_t m = 0;
  for (; m + rows <= M; m += rows, advance(rows))
    block<rows, vectors>(p, K);
  for (; m + 4 <= M; m += 4, advance(4))
    block<4, vectors>(p, K);
  for (; m < M; ++m, advance(1))
    block<1, vectors>(p, K);
}

static void product(Product p, int64_t M, int64_t K, int64_t N) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(Floats()));
  int64_t n = 0;
  auto advance = [&](int64_t columns) {
    n += columns;
    p.w += columns;
    p.partial += columns;
  };
  for (; n + 3 * lanes <= N && N - n != 4 * lanes; advance(3 * lanes))
    panel<3>(p, M, K);
  for (; n + 2 * lanes <= N; advance(2 * lanes))
    panel<2>(p, M, K);
  for (; n + lanes <= N; advance(lanes))
    panel<1>(p, M, K);
  if (n == N)
    return;
  // The ragged columns: pad them to a whole vector, so that no load or store passes the end of an array.
  const int64_t ragged = N - n;
  thread_local std::vector<float> columns, results;
  columns.assign(static_cast<size_t>(K * lanes), 0.0f);
  results.resize(static_cast<size_t>(M * lanes));
  for (int64_t k = 0; k < K; ++k)
    std::memcpy(&columns[static_cast<size_t>(k * lanes)], p.w + k * p.wStride,
                static_cast<size_t>(ragged) * 4);
  panel<1>({p.x, p.xStride, columns.data(), lanes, results.data(), lanes}, M, K);
  for (int64_t m = 0; m < M; ++m)
    std::memcpy(p.partial + m * p.partialStride, &results[static_cast<size_t>(m * lanes)],
                static_cast<size_t>(ragged) * 4);
}

static void addRun(float *accumulator, const float *partial, int64_t n) {
  const Floats d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(canonicalVector(d, hn::Add(hn::LoadU(d, accumulator + i), hn::LoadU(d, partial + i))), d,
               accumulator + i);
  for (; i < n; ++i)
    accumulator[i] = add(accumulator[i], partial[i]);
}

/// Without the canonical NaN, which the end of a reduction sees to: a NaN stays one whatever joins it.
template <ReduceFunction function, class Vec> static HWY_INLINE Vec combined(Vec a, Vec b) {
  if constexpr (function == ReduceFunction::Sum)
    return hn::Add(a, b);
  else
    return hn::IfThenElse(hn::Or(hn::Gt(b, a), hn::IsNaN(b)), b, a);
}

/// `vectors` vectors of neighbouring columns. A few of their partials at a time stay in registers.
template <ReduceFunction function, int vectors, class D>
static HWY_NOINLINE void reduceBlock(D d, float *result, const float *source, int64_t stride, int64_t n) {
  constexpr int all = kReductionPartials, group = (HWY_TARGET == HWY_AVX2 ? all / 2 : all) / vectors;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<D> partial[all][vectors];
  for (int first = 0; first < all && first < n; first += group) {
    hn::Vec<D> held[group][vectors];
    const float *row = source + first * stride;
    for (int j = 0; j < group; ++j, row += stride)
      for (int v = 0; v < vectors; ++v)
        held[j][v] = first + j < n ? hn::LoadU(d, row + v * lanes) : hn::Zero(d);
    int64_t i = first + all;
    for (row += (all - group) * stride; i + group <= n; i += all, row += (all - group) * stride)
      for (int j = 0; j < group; ++j, row += stride)
        for (int v = 0; v < vectors; ++v)
          held[j][v] = combined<function>(held[j][v], hn::LoadU(d, row + v * lanes));
    for (int j = 0; j < group; ++j, row += stride)
      for (int v = 0; v < vectors; ++v)
        partial[first + j][v] =
            i + j < n ? combined<function>(held[j][v], hn::LoadU(d, row + v * lanes)) : held[j][v];
  }
  for (int s = all / 2; s > 0; s /= 2)
    for (int j = 0; j < s && j + s < n; ++j)
      for (int v = 0; v < vectors; ++v)
        partial[j][v] = combined<function>(partial[j][v], partial[j + s][v]);
  const auto nan = hn::BitCast(d, hn::Set(hn::RebindToUnsigned<D>(), kCanonicalNaNBits));
  for (int v = 0; v < vectors; ++v)
    hn::StoreU(hn::IfThenElse(hn::IsNaN(partial[0][v]), nan, partial[0][v]), d, result + v * lanes);
}

/// Whole blocks from column c on; the last one, if it may, overlaps the one before it.
template <ReduceFunction function, int vectors, class D>
static int64_t reduceBlocks(D d, float *result, const float *source, int64_t stride, int64_t n,
                            int64_t columns, int64_t c, bool overlap) {
  const int64_t width = vectors * static_cast<int64_t>(hn::Lanes(d));
  for (; c + width <= columns; c += width)
    reduceBlock<function, vectors>(d, result + c, source + c, stride, n);
  if (c == columns || !overlap)
    return c;
  reduceBlock<function, vectors>(d, result + columns - width, source + columns - width, stride, n);
  return columns;
}

constexpr int64_t kPanel = 256; // columns; the partials of a panel are 16 KiB

/// kPanel columns, row after row: columns that far apart would share a set of the host's caches.
template <ReduceFunction function>
static HWY_NOINLINE void reducePanel(float *result, const float *source, int64_t stride, int64_t n) {
  const Floats d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN float partial[kReductionPartials * kPanel];
  const int64_t present = n < kReductionPartials ? n : kReductionPartials;
  for (int64_t i = 0; i < present; ++i)
    std::memcpy(partial + i * kPanel, source + i * stride, kPanel * sizeof(float));
  auto join = [&](float *to, const float *from) HWY_ATTR {
    for (int64_t c = 0; c < kPanel; c += lanes)
      hn::Store(combined<function>(hn::Load(d, to + c), hn::LoadU(d, from + c)), d, to + c);
  };
  for (int64_t i = present; i < n; ++i)
    join(partial + i % kReductionPartials * kPanel, source + i * stride);
  for (int64_t s = kReductionPartials / 2; s > 0; s /= 2)
    for (int64_t j = 0; j < s && j + s < present; ++j)
      join(partial + j * kPanel, partial + (j + s) * kPanel);
  for (int64_t c = 0; c < kPanel; c += lanes)
    hn::StoreU(canonicalVector(d, hn::Load(d, partial + c)), d, result + c);
}

/// Neighbouring elements: the partials are the lanes of one or more vectors. REQUIRES: n >= 16.
template <ReduceFunction function> static float reduceRun(const float *source, int64_t n) {
  const hn::CappedTag<float, kReductionPartials> d;
  constexpr int lanes = hn::MaxLanes(d), vectors = kReductionPartials / lanes;
  hn::Vec<decltype(d)> held[vectors];
  for (int v = 0; v < vectors; ++v)
    held[v] = hn::LoadU(d, source + v * lanes);
  int64_t i = kReductionPartials;
  for (; i + kReductionPartials <= n; i += kReductionPartials)
    for (int v = 0; v < vectors; ++v)
      held[v] = combined<function>(held[v], hn::LoadU(d, source + i + v * lanes));
  float partial[kReductionPartials];
  for (int v = 0; v < vectors; ++v)
    hn::StoreU(held[v], d, partial + v * lanes);
  for (int j = 0; i + j < n; ++j)
    partial[j] = combine(function, partial[j], source[i + j]);
  return combinePartials(function, partial, kReductionPartials);
}

/// Returns how many columns were done.
template <ReduceFunction function>
static int64_t reduceVectors(float *result, const float *source, int64_t stride, int64_t n, int64_t columns) {
  const Floats d;
  const hn::CappedTag<float, 4> few;
  if (columns >= static_cast<int64_t>(hn::Lanes(d))) {
    int64_t c = 0;
    for (; columns >= 2 * kPanel && c + kPanel <= columns; c += kPanel)
      reducePanel<function>(result + c, source + c, stride, n);
    c = reduceBlocks<function, 4>(d, result, source, stride, n, columns, c, false);
    return reduceBlocks<function, 1>(d, result, source, stride, n, columns, c, true);
  }
  if (columns >= static_cast<int64_t>(hn::Lanes(few)))
    return reduceBlocks<function, 1>(few, result, source, stride, n, columns, 0, true);
  if (stride != 1 || n < kReductionPartials)
    return 0;
  for (int64_t c = 0; c < columns; ++c)
    result[c] = reduceRun<function>(source + c, n);
  return columns;
}

static int64_t reduceSome(ReduceFunction function, float *result, const float *source, int64_t stride,
                          int64_t n, int64_t columns) {
  return function == ReduceFunction::Sum
             ? reduceVectors<ReduceFunction::Sum>(result, source, stride, n, columns)
             : reduceVectors<ReduceFunction::Max>(result, source, stride, n, columns);
}

/// The first multiple-of-lanes elements of a run; returns how many were done.
template <class Function>
static HWY_INLINE int64_t vectorRun(float *destination, const RunOperand *operands, int64_t n,
                                    Function function) {
  const Floats d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const RunOperand a = operands[0], b = operands[1], c = operands[2];
  const Vector zero = hn::Zero(d);
  const Vector fixedA = a.at && a.stride == 0 ? hn::Set(d, *a.at) : zero;
  const Vector fixedB = b.at && b.stride == 0 ? hn::Set(d, *b.at) : zero;
  const Vector fixedC = c.at && c.stride == 0 ? hn::Set(d, *c.at) : zero;
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(function(a.stride ? hn::LoadU(d, a.at + i) : fixedA,
                        b.stride ? hn::LoadU(d, b.at + i) : fixedB,
                        c.stride ? hn::LoadU(d, c.at + i) : fixedC),
               d, destination + i);
  return i;
}

static int64_t mapVectors(VectorFunction function, float *destination, const RunOperand *operands,
                          float immediate, int64_t n) {
  const Floats d;
  const Vector imm = hn::Set(d, immediate), zero = hn::Zero(d), one = hn::Set(d, 1.0f);
#define ARSIS_RUN(EXPRESSION)                                                                                \
  return vectorRun(destination, operands, n, [=](Vector a, Vector b, Vector c) HWY_ATTR {                    \
    (void)a, (void)b, (void)c;                                                                               \
    return EXPRESSION;                                                                                       \
  })
  switch (function) {
  case VectorFunction::Copy:
    ARSIS_RUN(a);
  case VectorFunction::Fill:
    ARSIS_RUN(imm);
  case VectorFunction::Add:
    ARSIS_RUN(canonicalVector(d, hn::Add(a, b)));
  case VectorFunction::Subtract:
    ARSIS_RUN(canonicalVector(d, hn::Sub(a, b)));
  case VectorFunction::Multiply:
    ARSIS_RUN(canonicalVector(d, hn::Mul(a, b)));
  case VectorFunction::Fma:
    ARSIS_RUN(canonicalVector(d, hn::MulAdd(a, b, c)));
  case VectorFunction::Scale:
    ARSIS_RUN(canonicalVector(d, hn::Mul(a, imm)));
  case VectorFunction::Offset:
    ARSIS_RUN(canonicalVector(d, hn::Add(a, imm)));
  case VectorFunction::ScaleAdd:
    ARSIS_RUN(canonicalVector(d, hn::MulAdd(a, imm, b)));
  case VectorFunction::Relu:
    ARSIS_RUN(canonicalVector(d, hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElseZero(hn::Gt(a, zero), a))));
  case VectorFunction::SelectPositive:
    ARSIS_RUN(hn::IfThenElseZero(hn::Gt(b, zero), a));
  case VectorFunction::Select:
    ARSIS_RUN(hn::IfThenElse(hn::Gt(c, zero), a, b));
  case VectorFunction::Reciprocal:
    ARSIS_RUN(canonicalVector(d, hn::Div(one, a)));
  case VectorFunction::Maximum:
    ARSIS_RUN(canonicalVector(d, hn::IfThenElse(hn::Or(hn::Gt(b, a), hn::IsNaN(b)), b, a)));
  case VectorFunction::Minimum:
    ARSIS_RUN(canonicalVector(d, hn::IfThenElse(hn::Or(hn::Lt(b, a), hn::IsNaN(b)), b, a)));
  default:
    return 0;
  }
#undef ARSIS_RUN
}

#else // no fused multiply-add

static void product(Product p, int64_t M, int64_t K, int64_t N) {
  for (int64_t m = 0; m < M; ++m)
    for (int64_t n = 0; n < N; ++n) {
      float sum = 0.0f;
      for (int64_t k = 0; k < K; ++k)
        sum = std::fma(p.x[m * p.xStride + k], p.w[k * p.wStride + n], sum);
      p.partial[m * p.partialStride + n] = canonical(sum);
    }
}

static void addRun(float *accumulator, const float *partial, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    accumulator[i] = add(accumulator[i], partial[i]);
}

static int64_t reduceSome(ReduceFunction, float *, const float *, int64_t, int64_t, int64_t) { return 0; }

static int64_t mapVectors(VectorFunction, float *, const RunOperand *, float, int64_t) { return 0; }
#endif

static const char *targetName() { return hwy::TargetName(HWY_TARGET); }

} // namespace arsis::numerics::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace arsis::numerics {
HWY_EXPORT(product);
HWY_EXPORT(addRun);
HWY_EXPORT(reduceSome);
HWY_EXPORT(mapVectors);
HWY_EXPORT(targetName);

void multiplyAccumulate(const float *x, const float *w, float *partial, int64_t M, int64_t K, int64_t N) {
  multiplyAccumulate(x, K, w, N, partial, N, M, K, N);
}

void multiplyAccumulate(const float *x, int64_t xStride, const float *w, int64_t wStride, float *partial,
                        int64_t partialStride, int64_t M, int64_t K, int64_t N) {
  HWY_DYNAMIC_DISPATCH(product)({x, xStride, w, wStride, partial, partialStride}, M, K, N);
}

void addInto(float *accumulator, const float *partial, int64_t n) {
  HWY_DYNAMIC_DISPATCH(addRun)(accumulator, partial, n);
}

void reduceColumns(ReduceFunction function, float *result, const float *source, int64_t stride, int64_t n,
                   int64_t columns) {
  int64_t c = n > 0 ? HWY_DYNAMIC_DISPATCH(reduceSome)(function, result, source, stride, n, columns) : 0;
  for (; c < columns; ++c)
    result[c] = treeReduce(function, n, [&](int64_t i) { return source[i * stride + c]; });
}

void mapRun(VectorFunction function, float *destination, RunOperand a, RunOperand b, RunOperand c,
            float immediate, int64_t n) {
  RunOperand operands[3] = {a, b, c};
  bool unitStrides = true;
  for (unsigned i = 0; i < 3; ++i) {
    if (i >= operandCount(function))
      operands[i] = {}; // not read
    unitStrides &= operands[i].stride == 0 || operands[i].stride == 1;
  }
  int64_t done =
      unitStrides ? HWY_DYNAMIC_DISPATCH(mapVectors)(function, destination, operands, immediate, n) : 0;
  auto element = [](const RunOperand &operand, int64_t i) {
    return operand.at ? operand.at[i * operand.stride] : 0.0f;
  };
  for (int64_t i = done; i < n; ++i)
    destination[i] = applyMap(function, element(operands[0], i), element(operands[1], i),
                              element(operands[2], i), immediate);
}

const char *hostVectorTarget() { return HWY_DYNAMIC_DISPATCH(targetName)(); }

} // namespace arsis::numerics
#endif
