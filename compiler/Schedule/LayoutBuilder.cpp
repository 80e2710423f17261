// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops, extents and sizes of layouts.
#include "compiler/Schedule/LayoutBuilder.h"

#include "compiler/Schedule/Geometry.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <cassert>

namespace arsis::schedule {

int64_t Buffer::elements() const { return isa::volume(shape); }

int64_t Buffer::size() const {
  if (accumulator)
    return isa::saturatingProduct(shape[0], slots);
  const int64_t bytes = isa::saturatingProduct(elements(), elementBytes());
  return isa::saturatingProduct(roundUp(bytes, kBufferAlignment), slots);
}

Shape4 rowMajorStrides(const Shape4 &shape) {
  Shape4 strides;
  int64_t stride = 1;
  for (size_t d = 4; d-- > 0;) {
    strides[d] = stride;
    stride = isa::saturatingProduct(stride, shape[d]);
  }
  return strides;
}

size_t LayoutBuilder::open(int64_t count) {
  add(Loop{count, 0});
  layout.loops = std::max(layout.loops, ++depth);
  assert(depth <= int64_t(kDeepest) && "no strategy nests deeper");
  return layout.nodes.size() - 1;
}

void LayoutBuilder::close(size_t at) {
  if (keeps == Keeps::All)
    std::get<Loop>(layout.nodes[at]).end = layout.nodes.size();
  --depth;
}

Affine LayoutBuilder::indexAt(int64_t depth) {
  Affine index;
  index.step[depth] = 1;
  return index;
}

void LayoutBuilder::nest(const LoopOrder &order, std::vector<Affine> &indices,
                         const std::vector<Action> &before, const std::function<void()> &body,
                         const std::vector<Action> &after) {
  indices.assign(order.counts.size(), Affine());
  std::function<void(int)> openFrom = [&](int position) {
    for (const Action &action : before)
      if (action.level == position - 1)
        action.write();
    if (position == int(order.counts.size()))
      body();
    else
      loop(order.counts[position], [&](const Affine &index) {
        indices[position] = index;
        openFrom(position + 1);
      });
    for (const Action &action : after)
      if (action.level == position - 1)
        action.write();
  };
  openFrom(0);
}

int LayoutBuilder::tensor(int value, std::vector<int64_t> shape, numerics::ElementType type) {
  layout.tensors.push_back({value, std::move(shape), type});
  return static_cast<int>(layout.tensors.size()) - 1;
}

int LayoutBuilder::alloc(const Buffer &buffer) {
  layout.buffers.push_back(buffer);
  const int number = static_cast<int>(layout.buffers.size()) - 1;
  add(Alloc{number});
  return number;
}

void LayoutBuilder::map(numerics::VectorFunction function, const Box4 &box, const View &to,
                        const std::vector<View> &inputs, float immediate) {
  Map map;
  map.function = function;
  map.box = box;
  map.to = to;
  map.inputCount = inputs.size();
  std::copy(inputs.begin(), inputs.end(), map.inputs.begin());
  map.immediate = immediate;
  add(std::move(map));
}

Extent LayoutBuilder::extent(int64_t tile, int64_t total, const Affine &start, int64_t outer) {
  if (start.isConstant())
    return std::clamp<int64_t>(total - start.base, 0, tile);
  if (total % outer == 0 && outer % tile == 0)
    return tile;
  return {tile, Affine(total) - start};
}

Extent LayoutBuilder::part(const Extent &whole, int64_t first, int64_t most) {
  const int64_t tile = std::clamp<int64_t>(whole.tile - first, 0, most);
  return whole.clamped && tile > 0 ? Extent(tile, whole.limit - Affine(first)) : Extent(tile);
}

Box3 LayoutBuilder::rowsIfAny(Box3 rows, const Extent &columns) {
  auto free = std::find_if(rows.begin(), rows.end(), [](const Extent &extent) { return !extent.clamped; });
  if (columns.clamped && free != rows.end()) // one column or more leaves the tile whole
    *free = Extent(free->tile, columns.limit * free->tile);
  else if (!columns.clamped && columns.tile == 0)
    rows.front() = 0;
  return rows;
}

} // namespace arsis::schedule
