// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cost model: the vector unit visits every window position once, all lanes on channels or neighbouring
// pixels.
#include "compiler/Transforms/Map/PoolProblem.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>

namespace arsis::compiler {

std::vector<Field> PoolProblem::fields() const {
  return {{"n", tileSizes(batch)},
          {"h", gradient ? tileSizes(h.input, h.stride) : tileSizes(h.output)},
          {"w", gradient ? tileSizes(w.input, w.stride) : tileSizes(w.output)},
          {"c", tileSizes(channels)},
          {"slots", {2, 1}}};
}

PoolLayout PoolProblem::layout(const Choice &c) const {
  PoolLayout l;
  int64_t wholeH = gradient ? h.input : h.output, wholeW = gradient ? w.input : w.output;
  l.tile = {std::min(c[N], batch), std::min(c[H], wholeH), std::min(c[W], wholeW), std::min(c[C], channels)};
  l.order.counts = {ceilDiv(batch, l.tile[0]), ceilDiv(wholeH, l.tile[1]), ceilDiv(wholeW, l.tile[2]),
                    ceilDiv(channels, l.tile[3])};
  l.level = l.order.level(0xf);
  int64_t slots = l.order.slots(l.level, c[Slots]), n = l.tile[0], ch = l.tile[3];
  if (!gradient) {
    l.sourceH = inputOfOutputTile(h, l.tile[1]);
    l.sourceW = inputOfOutputTile(w, l.tile[2]);
    l.input = {"input", {n, l.sourceH.extent, l.sourceW.extent, ch}, slots};
    l.output = {"output", l.tile, slots};
    l.factor = {"reciprocals", {1, l.tile[1], l.tile[2], 1}, slots};
    return l;
  }
  l.gradH = poolGradTile(h, l.tile[1]);
  l.gradW = poolGradTile(w, l.tile[2]);
  l.x = {"input", {n, l.gradH.halo.extent, l.gradW.halo.extent, ch}, slots};
  l.halo = {"input gradient", l.x.shape, slots};
  l.gradient = {"gradient", {n, l.gradH.windows.extent, l.gradW.windows.extent, ch}, slots};
  l.factor = {"reciprocals", {1, l.gradH.windows.extent, l.gradW.windows.extent, 1}, slots};
  return l;
}

Evaluation PoolProblem::evaluate(const Choice &c) const {
  for (int64_t value : c)
    if (value < 1)
      return Evaluation::rejected("a tile or slot count is zero");
  if (gradient && ((c[H] < h.input && c[H] % h.stride) || (c[W] < w.input && c[W] % w.stride)))
    return Evaluation::rejected("the tile of the input gradient is no multiple of the stride");
  int64_t wholeH = gradient ? h.input : h.output, wholeW = gradient ? w.input : w.output;
  if (c[N] > 1 && (c[H] < wholeH || c[W] < wholeW))
    return Evaluation::rejected("a tile over several images does not hold whole images");
  PoolLayout l = layout(c);
  const int64_t visited = gradient ? l.gradient.elements() : l.output.elements();
  if (isa::saturatingProduct(visited, h.kernel * w.kernel) > isa::kLargestWork)
    return Evaluation::rejected("a tile visits more window positions than one instruction may");
  Evaluation e;
  e.loops = l.order.depth();
  double tiles = double(l.order.times(l.level)), window = double(h.kernel * w.kernel);
  double vectorElements, tileBytes = 0;
  if (!gradient) {
    e.buffers = {l.input, l.output};
    vectorElements = double(l.output.elements()) * window;
  } else {
    e.buffers = {l.gradient, l.halo};
    if (kind == Max)
      e.buffers.push_back(l.x);
    vectorElements = double(l.gradient.elements()) * window + double(l.halo.elements());
  }
  if (factors)
    e.buffers.push_back(l.factor);
  for (const Buffer &buffer : e.buffers)
    tileBytes += dramBoxBytes(machine, {batch, h.input, w.input, channels}, buffer.shape);
  e.computeCycles =
      tiles * (vectorElements / double(machine.lanes) + 2 * double(machine.vectorStartupCycles));
  e.dramBytes = tiles * tileBytes;
  e.transfers = tiles * double(e.buffers.size());
  e.startBytes = tileBytes;
  e.overlapped = c[Slots] > 1;
  return e;
}

} // namespace arsis::compiler
