// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order in which an op adds up: the reduced dims, outermost first, each cut into chunks. Chunk tuples are
// visited in lexicographic order; each is summed on its own, in the order that the kernel states, the first
// overwrites the total and every later one is added to it; or, of products, each goes on from the total. The
// last chunk of a dim may be shorter. A kernel without a plan sums everything as one chunk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace arsis::ref {

struct ReductionPlan {
  std::vector<std::string> dims;
  std::vector<int64_t> chunks;
  bool continues = false; // from the total; zero otherwise
};

struct Range {
  int64_t begin, end;
};

/// A box of the reduced index space: one range per plan dim.
using Chunk = std::vector<Range>;

/// The chunks of a space of `extents` (named `dims`) in plan order; without a plan one chunk of everything.
/// An empty space has no chunk. Throws arsis::Error if the plan's dims are not exactly `dims`, a chunk size
/// is less than one, or its chunks continue from the total where they may not.
std::vector<Chunk> chunksOf(const ReductionPlan *plan, const std::vector<std::string> &dims,
                            const std::vector<int64_t> &extents, bool mayContinue = false);

} // namespace arsis::ref
