// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Packing.h.
#include "dialects/Isa/Encoding/Packing.h"

#include <algorithm>

namespace arsis::isa {

Packing::Packing(const Tensor &tensor) : run(numerics::sizeInBytes(tensor.type)) {
  std::vector<Step> sorted;
  for (unsigned d = 0; d < kMaxRank; ++d)
    if (tensor.shape[d] > 1)
      sorted.push_back({tensor.shape[d], tensor.stride[d] * run});
  std::sort(sorted.begin(), sorted.end(), [](const Step &a, const Step &b) { return a.stride < b.stride; });
  for (const Step &d : sorted)
    if (outer.empty() && d.stride == run)
      run *= d.count;
    else if (!outer.empty() && d.stride == outer.back().stride * outer.back().count)
      outer.back().count *= d.count;
    else
      outer.push_back(d);
}

bool Packing::operator==(const Packing &other) const {
  return run == other.run &&
         std::equal(outer.begin(), outer.end(), other.outer.begin(), other.outer.end(),
                    [](const Step &a, const Step &b) { return a.count == b.count && a.stride == b.stride; });
}

int64_t Packing::packed(int64_t offset) const {
  int64_t before = 0, size = run; // of one position of the next dimension
  for (const Step &d : outer)
    size *= d.count;
  for (size_t d = outer.size(); d-- > 0;) {
    size /= outer[d].count;
    const int64_t index = std::min(offset / outer[d].stride, outer[d].count - 1);
    before += index * size;
    offset -= index * outer[d].stride;
  }
  return before + std::min(offset, run);
}

} // namespace arsis::isa
