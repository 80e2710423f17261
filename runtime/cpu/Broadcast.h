// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The elements of an operand that repeats along dimensions of another shape.
#pragma once

#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"

#include <numeric>
#include <vector>

namespace arsis::ref {

/// Calls visit(i, j) for every element i of `shape`, in order, and the element j of an operand that stands
/// there. Dimension k of the operand is dimension along[k] of the shape; it does not have the others. Throws
/// arsis::Error unless the operand has such a shape.
template <class Visit>
void visitAlong(const Shape &shape, const Shape &operand, const std::vector<int64_t> &along, Visit visit) {
  if (along.size() != operand.size())
    throw Error("an operand of shape " + toString(operand) + " lies along " + std::to_string(along.size()) +
                " dimensions of " + toString(shape));
  std::vector<int64_t> steps(shape.size(), 0), at(shape.size(), 0);
  int64_t step = 1;
  for (size_t k = along.size(); k-- > 0;) {
    const auto dimension = static_cast<size_t>(along[k]);
    if (dimension >= shape.size() || shape[dimension] != operand[k])
      throw Error("an operand of shape " + toString(operand) + " does not lie along dimensions of " +
                  toString(shape));
    steps[dimension] = step;
    step *= operand[k];
  }
  const int64_t count = elementCount(shape), run = shape.empty() ? 1 : shape.back();
  const int64_t runStep = shape.empty() ? 0 : steps.back();
  for (int64_t i = 0, j = 0; i < count;) {
    for (int64_t n = 0; n < run; ++n, ++i)
      visit(i, j + n * runStep);
    for (size_t d = shape.empty() ? 0 : shape.size() - 1; d-- > 0;) {
      j += steps[d];
      if (++at[d] < shape[d])
        break;
      j -= steps[d] * shape[d];
      at[d] = 0;
    }
  }
}

/// The attribute `along` of a call; without it all dimensions of the result.
inline std::vector<int64_t> alongOf(const KernelCall &call) {
  if (call.attributes.count("along"))
    return call.attribute<std::vector<int64_t>>("along");
  std::vector<int64_t> all(call.resultShape(0).size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

} // namespace arsis::ref
