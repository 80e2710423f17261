// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear forms of affine expressions.
#include "dialects/Tile/IR/Linear.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace arsis::tile {

std::optional<Linear> Linear::of(AffineExpr expr, unsigned dims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return Linear(dims, constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    if (dim.getPosition() >= dims)
      return std::nullopt;
    Linear result(dims);
    result.coefficients[dim.getPosition()] = 1;
    return result;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<Linear> lhs = of(binary.getLHS(), dims), rhs = of(binary.getRHS(), dims);
  if (!lhs || !rhs)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return *lhs + *rhs;
  if (expr.getKind() != AffineExprKind::Mul || !(lhs->isConstant() || rhs->isConstant()))
    return std::nullopt;
  return rhs->isConstant() ? *lhs * rhs->constant : *rhs * lhs->constant;
}

Linear Linear::operator+(const Linear &other) const {
  Linear result = *this;
  result.constant += other.constant;
  for (auto [mine, theirs] : llvm::zip_equal(result.coefficients, other.coefficients))
    mine += theirs;
  return result;
}

Linear Linear::operator-(const Linear &other) const { return *this + other * -1; }

Linear Linear::operator*(int64_t factor) const {
  Linear result = *this;
  result.constant *= factor;
  for (int64_t &coefficient : result.coefficients)
    coefficient *= factor;
  return result;
}

bool Linear::isConstant() const {
  return llvm::all_of(coefficients, [](int64_t coefficient) { return coefficient == 0; });
}

int64_t Linear::minimum(ArrayRef<int64_t> trips) const {
  int64_t result = constant;
  for (auto [coefficient, trip] : llvm::zip_equal(coefficients, trips))
    result += coefficient < 0 ? coefficient * (trip - 1) : 0;
  return result;
}

int64_t Linear::maximum(ArrayRef<int64_t> trips) const { return -(*this * -1).minimum(trips); }

AffineExpr Linear::expr(MLIRContext *context) const {
  AffineExpr result = getAffineConstantExpr(constant, context);
  for (auto [d, coefficient] : llvm::enumerate(coefficients))
    result = result + getAffineDimExpr(d, context) * coefficient;
  return result;
}

AffineMap Linear::map(MLIRContext *context) const {
  return AffineMap::get(coefficients.size(), 0, expr(context), context);
}

} // namespace arsis::tile
