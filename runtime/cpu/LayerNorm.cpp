// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalisation of rows by their own statistics, and its gradient. Statistics are two-pass: the variance sums
// squared differences from the mean. Sums over a row are the tree of ReductionTree.h; those over rows obey
// the plan (n), with the tree inside a chunk.
#include "runtime/common/KernelRegistry.h"
#include "runtime/common/ReductionPlan.h"
#include "runtime/cpu/ReductionTree.h"

namespace arsis::ref {

/// x and y are rows x columns; mean and rstd have one value per row.
template <class T>
static void layerNorm(int64_t rows, int64_t columns, const T *x, const T *scale, const T *bias, T epsilon,
                      T *y, T *mean, T *rstd) {
  const T inverse = inverseOf<T>(columns);
  for (int64_t n = 0; n < rows; ++n, x += columns, y += columns) {
    mean[n] = multiply(treeSum<T>(columns, [&](int64_t k) { return x[k]; }), inverse);
    const T squares = treeSum<T>(columns, [&](int64_t k) {
      const T difference = subtract(x[k], mean[n]);
      return multiply(difference, difference);
    });
    rstd[n] = rsqrt(add(multiply(squares, inverse), epsilon));
    for (int64_t k = 0; k < columns; ++k)
      y[k] = fusedMultiplyAdd(multiply(subtract(x[k], mean[n]), rstd[n]), scale[k], bias[k]);
  }
}

/// sums[k] = sum over rows of read(n, k), in plan order.
template <class T, class Read>
static void sumRows(int64_t rows, int64_t columns, Read read, T *sums, const ReductionPlan *plan) {
  std::vector<T> partial(columns);
  bool first = true;
  for (const Chunk &chunk : chunksOf(plan, {"n"}, {rows})) {
    const auto [begin, end] = chunk[0];
    reduceTree(
        end - begin, columns, [&, begin = begin](int64_t i, int64_t k) { return read(begin + i, k); },
        [](T a, T b) { return add(a, b); }, partial.data());
    for (int64_t k = 0; k < columns; ++k)
      sums[k] = first ? partial[k] : add(sums[k], partial[k]);
    first = false;
  }
}

/// Gradients by x (rows x columns), scale and bias (columns), from the forward op's mean and rstd.
template <class T>
static void layerNormGrad(int64_t rows, int64_t columns, const T *gy, const T *x, const T *scale,
                          const T *mean, const T *rstd, T *gx, T *gscale, T *gbias,
                          const ReductionPlan *plan) {
  const T inverse = inverseOf<T>(columns);
  auto normalised = [&](int64_t n, int64_t k) {
    return multiply(subtract(x[n * columns + k], mean[n]), rstd[n]);
  };
  auto scaled = [&](int64_t n, int64_t k) { return multiply(gy[n * columns + k], scale[k]); };
  sumRows<T>(
      rows, columns, [&](int64_t n, int64_t k) { return gy[n * columns + k]; }, gbias, plan);
  sumRows<T>(
      rows, columns, [&](int64_t n, int64_t k) { return multiply(gy[n * columns + k], normalised(n, k)); },
      gscale, plan);
  for (int64_t n = 0; n < rows; ++n) {
    const T meanGradient = multiply(treeSum<T>(columns, [&](int64_t k) { return scaled(n, k); }), inverse);
    const T meanProduct = multiply(
        treeSum<T>(columns, [&](int64_t k) { return multiply(scaled(n, k), normalised(n, k)); }), inverse);
    for (int64_t k = 0; k < columns; ++k)
      gx[n * columns + k] = multiply(
          subtract(subtract(scaled(n, k), meanGradient), multiply(normalised(n, k), meanProduct)), rstd[n]);
  }
}

template <class T> static void callLayerNorm(KernelCall &call) {
  call.expect(3, 3);
  const Shape &matrix = call.operandShape(0);
  const int64_t rows = matrix.at(0), columns = matrix.at(1);
  layerNorm<T>(rows, columns, call.operands[0]->as<T>(), call.operandOfShape<T>(1, {columns}),
               call.operandOfShape<T>(2, {columns}), static_cast<T>(call.attribute<double>("epsilon")),
               call.resultOfShape<T>(0, matrix), call.resultOfShape<T>(1, {rows}),
               call.resultOfShape<T>(2, {rows}));
}

template <class T> static void callLayerNormGrad(KernelCall &call) {
  call.expect(5, 3);
  const Shape &matrix = call.operandShape(0);
  const int64_t rows = matrix.at(0), columns = matrix.at(1);
  layerNormGrad<T>(rows, columns, call.operands[0]->as<T>(), call.operandOfShape<T>(1, matrix),
                   call.operandOfShape<T>(2, {columns}), call.operandOfShape<T>(3, {rows}),
                   call.operandOfShape<T>(4, {rows}), call.resultOfShape<T>(0, matrix),
                   call.resultOfShape<T>(1, {columns}), call.resultOfShape<T>(2, {columns}), call.plan);
}

void registerLayerNorm(KernelRegistry &registry) {
  registry.add("nn.layer_norm", callLayerNorm<float>, callLayerNorm<double>);
  registry.add("nn.layer_norm_grad", callLayerNormGrad<float>, callLayerNormGrad<double>, {"n"});
}

} // namespace arsis::ref
