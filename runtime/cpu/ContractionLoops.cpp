// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The inner loops of Contraction.h: four rows by two vectors of columns live in registers while k runs. The
// vector width is chosen when the program starts; every width gives the same bits, since each column is its
// own chain of fused multiply-adds.
#include "runtime/cpu/Contraction.h"

#include <cstring>

namespace arsis::ref {
namespace {

#if defined(__x86_64__)
#define ARSIS_TARGET(FEATURES) __attribute__((target(FEATURES)))
#else
#define ARSIS_TARGET(FEATURES)
#endif
#define ARSIS_INLINE inline __attribute__((always_inline))

constexpr int64_t kRows = 4, kVectors = 2;

template <class T, int Bytes> struct VectorOf { typedef T Type __attribute__((vector_size(Bytes))); };

/// fma(x, b, c) in every lane. Written by lane and by value: GCC turns exactly this form into one
/// instruction.
template <class T, class Vector> ARSIS_INLINE Vector fusedMultiplyAddLanes(T x, Vector b, Vector c) {
  Vector result;
  for (size_t lane = 0; lane < sizeof(Vector) / sizeof(T); ++lane)
    result[lane] = std::fma(x, b[lane], c[lane]);
  return result;
}

template <class T, int Bytes>
ARSIS_INLINE void loops(const T *a, const T *const *bRow, T *const *total, int64_t rows, int64_t depth,
                        int64_t columns, bool first) {
  using Vector = typename VectorOf<T, Bytes>::Type;
  constexpr int64_t kLanes = Bytes / sizeof(T), kColumns = kVectors * kLanes;
  std::vector<T> panel(
      depth * kColumns); // B's block of columns, dense; missing columns are zero and their results dropped
  for (int64_t begin = 0; begin < columns; begin += kColumns) {
    const int64_t width = std::min(kColumns, columns - begin);
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t n = 0; n < width; ++n)
        panel[k * kColumns + n] = bRow[k][begin + n];
    for (int64_t m = 0; m < rows; m += kRows) {
      const int64_t height = std::min(kRows, rows - m);
      const T *row[kRows]; // a block that is not full computes its last row again
      for (int64_t r = 0; r < kRows; ++r)
        row[r] = a + (m + std::min(r, height - 1)) * depth;
      Vector partial[kRows][kVectors] = {};
      for (int64_t k = 0; k < depth; ++k) {
        Vector b[kVectors];
        std::memcpy(b, panel.data() + k * kColumns, sizeof b);
#pragma GCC unroll 4
        for (int64_t r = 0; r < kRows; ++r)
#pragma GCC unroll 2
          for (int64_t v = 0; v < kVectors; ++v)
            partial[r][v] = fusedMultiplyAddLanes<T, Vector>(row[r][k], b[v], partial[r][v]);
      }
      T sums[kRows][kColumns];
      std::memcpy(sums, partial, sizeof sums);
      for (int64_t r = 0; r < height; ++r) {
        T *to = total[m + r] + begin;
        for (int64_t n = 0; n < width; ++n)
          to[n] = first ? sums[r][n] : to[n] + sums[r][n];
      }
    }
  }
}

#define ARSIS_ARGUMENTS a, bRow, total, rows, depth, columns, first
template <class T>
void portable(const T *a, const T *const *bRow, T *const *total, int64_t rows, int64_t depth, int64_t columns,
              bool first) {
  loops<T, 16>(ARSIS_ARGUMENTS);
}
template <class T>
ARSIS_TARGET("fma")
void fma256(const T *a, const T *const *bRow, T *const *total, int64_t rows, int64_t depth, int64_t columns,
            bool first) {
  loops<T, 32>(ARSIS_ARGUMENTS);
}
template <class T>
ARSIS_TARGET("avx512f")
void fma512(const T *a, const T *const *bRow, T *const *total, int64_t rows, int64_t depth, int64_t columns,
            bool first) {
  loops<T, 64>(ARSIS_ARGUMENTS);
}

template <class T> auto choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return fma512<T>;
  if (__builtin_cpu_supports("fma"))
    return fma256<T>;
#endif
  return portable<T>;
}

template <class T>
void dispatch(const T *a, const T *const *bRow, T *const *total, int64_t rows, int64_t depth, int64_t columns,
              bool first) {
  static const auto chosen = choose<T>();
  chosen(ARSIS_ARGUMENTS);
}

} // namespace

void accumulateChunk(const float *a, const float *const *bRow, float *const *total, int64_t rows,
                     int64_t depth, int64_t columns, bool first) {
  dispatch(ARSIS_ARGUMENTS);
}

void accumulateChunk(const double *a, const double *const *bRow, double *const *total, int64_t rows,
                     int64_t depth, int64_t columns, bool first) {
  dispatch(ARSIS_ARGUMENTS);
}

} // namespace arsis::ref
