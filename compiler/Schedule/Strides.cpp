// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Strides.h.
#include "compiler/Schedule/Strides.h"

namespace arsis::schedule {

std::vector<int64_t> denseStrides(const std::vector<int64_t> &shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

std::vector<std::pair<int64_t, int64_t>> mergedDimensions(const std::vector<int64_t> &shape,
                                                          const std::vector<int64_t> &strides) {
  std::vector<std::pair<int64_t, int64_t>> merged;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1)
      continue;
    if (!merged.empty() && merged.back().second == strides[d] * shape[d])
      merged.back() = {merged.back().first * shape[d], strides[d]};
    else
      merged.push_back({shape[d], strides[d]});
  }
  return merged;
}

std::optional<std::vector<int64_t>> stridesUnder(const std::vector<int64_t> &shape,
                                                 const std::vector<int64_t> &strides,
                                                 const std::vector<int64_t> &other) {
  if (shape == other)
    return strides;
  std::vector<std::pair<int64_t, int64_t>> merged = mergedDimensions(shape, strides);
  std::vector<int64_t> result(other.size(), 1);
  int64_t left = 1, stride = 1; // of the merged dimension that is being taken apart
  for (size_t d = other.size(); d-- > 0;) {
    if (left == 1 && other[d] > 1 && !merged.empty()) {
      left = merged.back().first;
      stride = merged.back().second;
      merged.pop_back();
    }
    if (left % other[d] != 0)
      return std::nullopt;
    result[d] = stride;
    stride *= other[d];
    left /= other[d];
  }
  if (left != 1 || !merged.empty())
    return std::nullopt;
  return result;
}

} // namespace arsis::schedule
