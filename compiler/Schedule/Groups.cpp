// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes of packs and tiles of groups.
#include "compiler/Schedule/Groups.h"

#include <algorithm>
#include <functional>
#include <set>

namespace arsis::schedule {

namespace {

std::vector<int64_t> descending(const std::set<int64_t, std::greater<>> &sizes) {
  return {sizes.begin(), sizes.end()};
}

} // namespace

std::vector<int64_t> packSizes(int64_t groups, const std::vector<int64_t> &most) {
  std::set<int64_t, std::greater<>> sizes = {1};
  for (int64_t size : most)
    if (size > 1)
      sizes.insert(ceilDiv(groups, ceilDiv(groups, std::min(groups, size))));
  return descending(sizes);
}

std::vector<int64_t> groupTileSizes(int64_t groups, const std::vector<int64_t> &packs) {
  std::set<int64_t, std::greater<>> sizes = {1};
  for (int64_t pack : packs)
    for (int64_t tile : tileSizes(ceilDiv(groups, pack)))
      sizes.insert(std::min(groups, tile * pack));
  return descending(sizes);
}

void addGroupFields(std::vector<Field> &fields, const Convolution &convolution,
                    const std::vector<int64_t> &packs) {
  if (convolution.shape.groups == 1)
    return;
  const std::string &group = convolution.names.group;
  fields.push_back({"tiles." + group, groupTileSizes(convolution.shape.groups, packs), {}});
  fields.push_back({"pack." + group, packs, {}});
}

GroupTiling groupsIn(const Choice &choice, size_t first, const ConvShape &shape) {
  if (shape.groups == 1)
    return {};
  return {shape.groups, std::min(choice[first], shape.groups), choice[first + 1]};
}

const char *faultOf(const GroupTiling &groups, const ConvShape &shape, const Split &split,
                    const ChipLimits &limits) {
  if (shape.groups == 1)
    return nullptr;
  if (const char *fault = split.faultOfArrays(limits))
    return fault;
  if (groups.tile < 1 || groups.pack < 1)
    return "a tile or pack of groups is zero";
  if (!groups.together())
    return groups.pack > 1 ? "a pack has more groups than a tile" : nullptr;
  if (groups.pack > groups.tile)
    return "a pack has more groups than a tile";
  if ((split.columns - 1) * groups.pack >= std::min(groups.tile, shape.groups))
    return "an array has no groups in any tile";
  if (groups.tile < shape.groups && groups.tile % (groups.pack * split.columns) != 0)
    return "the tile of groups is no multiple of the packs of the arrays that share it";
  return nullptr;
}

} // namespace arsis::schedule
