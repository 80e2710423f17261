// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes of tensors whose rows have gaps between them: views of larger tensors.
#ifndef ARSIS_COMPILER_SCHEDULE_STRIDES_H
#define ARSIS_COMPILER_SCHEDULE_STRIDES_H

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace arsis::schedule {

/// Row-major strides of a shape, in elements.
std::vector<int64_t> denseStrides(const std::vector<int64_t> &shape);

/// The strides under which a tensor of `shape` and `strides` has `other` for its shape, its elements in the
/// same order; nothing if there are none such. REQUIRES: as many elements; each stride is a multiple of those
/// behind it.
std::optional<std::vector<int64_t>> stridesUnder(const std::vector<int64_t> &shape,
                                                 const std::vector<int64_t> &strides,
                                                 const std::vector<int64_t> &other);

/// (extent, stride) of the dimensions that are left where neighbours without a gap between them are counted
/// as one, outermost first; without single elements.
std::vector<std::pair<int64_t, int64_t>> mergedDimensions(const std::vector<int64_t> &shape,
                                                          const std::vector<int64_t> &strides);

} // namespace arsis::schedule

#endif
