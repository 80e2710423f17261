// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Enumerates the chunks of a reduction plan.
#include "runtime/common/ReductionPlan.h"

#include "dialects/Isa/Encoding/Error.h"

#include <algorithm>

namespace arsis::ref {

static std::string join(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::vector<Chunk> chunksOf(const ReductionPlan *plan, const std::vector<std::string> &dims,
                            const std::vector<int64_t> &extents, bool mayContinue) {
  std::vector<int64_t> sizes = extents;
  if (plan) {
    if (plan->dims != dims || plan->chunks.size() != dims.size())
      throw Error("reduction plan over (" + join(plan->dims) + ") with " +
                  std::to_string(plan->chunks.size()) + " chunk sizes, expected (" + join(dims) + ")");
    if (plan->continues && !mayContinue)
      throw Error("reduction plan over (" + join(dims) +
                  ") continues from the total, which products do; here each chunk begins at zero");
    sizes = plan->chunks;
  }
  for (size_t d = 0; d < dims.size(); ++d) {
    if (extents[d] == 0)
      return {};
    if (sizes[d] < 1)
      throw Error("reduction plan cuts " + dims[d] + " into chunks of " + std::to_string(sizes[d]) +
                  ", expected at least 1");
  }
  std::vector<Chunk> chunks = {Chunk()};
  for (size_t d = 0; d < dims.size(); ++d) {
    std::vector<Chunk> finer;
    for (const Chunk &outer : chunks)
      for (int64_t begin = 0; begin < extents[d]; begin += sizes[d]) {
        finer.push_back(outer);
        finer.back().push_back({begin, begin + std::min(sizes[d], extents[d] - begin)});
      }
    chunks = std::move(finer);
  }
  return chunks;
}

} // namespace arsis::ref
