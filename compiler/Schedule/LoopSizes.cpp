// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See LoopSizes.h.
#include "compiler/Schedule/LoopSizes.h"

#include <algorithm>

namespace arsis::schedule {

template <class Work> static void forExtents(const Node &node, Work work) {
  auto box = [&](const auto &extents) {
    for (const Extent &extent : extents)
      work(extent);
  };
  std::visit(
      [&](const auto &action) {
        using Action = std::decay_t<decltype(action)>;
        if constexpr (std::is_same_v<Action, LoadWeights>) {
          box(action.k);
          work(action.n);
        } else if constexpr (std::is_same_v<Action, Multiply>) {
          box(action.m);
          box(action.k);
        } else if constexpr (std::is_same_v<Action, Drain>) {
          box(action.m);
          work(action.n);
        } else if constexpr (!std::is_same_v<Action, Loop> && !std::is_same_v<Action, Alloc>) {
          box(action.box);
        }
      },
      node);
}

void LoopSizes::prepare(const Layout &of) {
  layout = &of;
  first.assign(of.nodes.size(), kNone);
  edges.clear();
  open.clear();
  for (size_t i = 0; i < of.nodes.size(); ++i) {
    while (!open.empty() && std::get<Loop>(of.nodes[open.back()]).end <= i)
      open.pop_back();
    if (std::holds_alternative<Loop>(of.nodes[i])) {
      open.push_back(i);
      continue;
    }
    forExtents(of.nodes[i], [&](const Extent &extent) {
      if (!extent.clamped)
        return;
      int64_t least = 0, most = 0;
      for (size_t depth = open.size(); depth-- > 0;) {
        const int64_t step = extent.limit.step[depth],
                      reach = step * (std::get<Loop>(of.nodes[open[depth]]).count - 1);
        if (step != 0) {
          int &last = first[open[depth]];
          edges.push_back({&extent, least, most, last});
          last = static_cast<int>(edges.size()) - 1;
        }
        (reach < 0 ? least : most) += reach;
      }
    });
  }
}

int64_t LoopSizes::alikeUntil(size_t loop, size_t depth, int64_t i, const Indices &index) const {
  int64_t last = std::get<Loop>(layout->nodes[loop]).count - 1;
  for (int e = first[loop]; e != kNone; e = edges[e].next) {
    const Edge &edge = edges[e];
    const int64_t step = edge.extent->limit.step[depth];
    int64_t base = edge.extent->limit.base + step * i;
    for (size_t d = 0; d < depth; ++d)
      base += edge.extent->limit.step[d] * index[d];
    if (base + edge.least >= edge.extent->tile) { // whole
      if (step < 0)
        last = std::min(last, i + (base + edge.least - edge.extent->tile) / -step);
    } else if (base + edge.most > 0 || step > 0) { // some are cut, or will not stay empty
      return i;
    }
  }
  return last;
}

} // namespace arsis::schedule
