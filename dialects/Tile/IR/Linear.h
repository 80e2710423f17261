// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear forms: the shape in which every affine expression of the tile dialect is computed with.
#ifndef ARSIS_DIALECTS_TILE_IR_LINEAR_H
#define ARSIS_DIALECTS_TILE_IR_LINEAR_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"
#include <optional>

namespace arsis::tile {

/// `constant + sum coefficients[d] * index[d]`.
struct Linear {
  int64_t constant = 0;
  llvm::SmallVector<int64_t> coefficients;

  Linear() = default;
  explicit Linear(unsigned dims, int64_t constant = 0) : constant(constant), coefficients(dims, 0) {}

  /// The linear form of `expr` over `dims` dimensions; none if it is not linear (floordiv, mod, products,
  /// symbols).
  static std::optional<Linear> of(mlir::AffineExpr expr, unsigned dims);

  Linear operator+(const Linear &other) const;
  Linear operator-(const Linear &other) const;
  Linear operator*(int64_t factor) const;
  bool operator==(const Linear &o) const { return constant == o.constant && coefficients == o.coefficients; }
  bool isConstant() const;

  /// Smallest and largest value for index[d] in 0 .. trips[d]-1. REQUIRES: one trip count per coefficient.
  int64_t minimum(llvm::ArrayRef<int64_t> trips) const;
  int64_t maximum(llvm::ArrayRef<int64_t> trips) const;

  mlir::AffineExpr expr(mlir::MLIRContext *context) const;
  mlir::AffineMap map(mlir::MLIRContext *context) const;
};

} // namespace arsis::tile

#endif // ARSIS_DIALECTS_TILE_IR_LINEAR_H
