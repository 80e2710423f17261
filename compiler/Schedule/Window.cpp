// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cost model: the vector unit visits every window position once, all lanes on channels or neighbouring
// pixels.
#include "compiler/Schedule/Window.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <limits>

namespace arsis::schedule {

namespace {

/// The most that an instruction's field for a side of the window holds.
constexpr int64_t kLongestSide = std::numeric_limits<uint16_t>::max();

class Reader {
public:
  explicit Reader(const Unit &unit) : unit(unit), part(unit.parts.front()), s(part.structure) {}

  std::optional<Pooling> read() const {
    if (unit.parts.size() != 1 || s.reduction.inside.size() != 2 || !s.reduction.chunks.empty() ||
        s.parallelCount() != 4 || s.results.size() != 1)
      return std::nullopt;
    Pooling p;
    p.gradient = s.reduction.inside[0].descending;
    p.average = s.combine == nn::Combine::Sum;
    if (!p.average && s.combine != (p.gradient ? nn::Combine::SumAtFirstMaximum : nn::Combine::Max))
      return std::nullopt;
    const int windowed = p.gradient && !p.average ? 1 : 0; // the operand that has one element per window
    p.result = part.results[0];
    (p.gradient ? p.outputGradient : p.input) = part.operands[windowed];
    if (p.gradient && !p.average)
      p.input = part.operands[s.search.operand];
    p.batch = s.domain[0].extent;
    p.channels = s.domain[3].extent;
    p.h = axis(1, windowed, p.gradient);
    p.w = axis(2, windowed, p.gradient);
    weighing(p);
    return p;
  }

private:
  Window axis(int position, int operand, bool gradient) const {
    const nn::Index &index = s.operands[operand].indices[position];
    const int64_t here = s.domain[position].extent, kernel = s.domain[3 + position].extent;
    const int64_t there = unit.values[part.operands[operand]].shape[position];
    const int64_t tapStep = std::abs(index.terms[1].stride);
    Window window;
    window.kernel = kernel;
    window.dilation = kernel == 1 ? 1 : tapStep;
    window.padBefore = gradient ? index.offset : -index.offset;
    window.input = gradient ? here : there;
    window.output = gradient ? there : here;
    // A step that is never taken becomes 1, since it may be too long for an instruction.
    window.stride = gradient ? index.divisor : here == 1 ? 1 : index.terms[0].stride;
    return window;
  }

  void weighing(Pooling &p) const {
    if (!p.average)
      return;
    if (!part.constants.empty())
      p.reciprocals = part.constants[0];
    else
      p.reciprocal = float((p.gradient ? s.before : s.after).front().immediate);
  }

  const Unit &unit;
  const Part &part;
  const nn::Structure &s;
};

} // namespace

std::optional<Pooling> poolingIn(const Unit &unit) { return Reader(unit).read(); }

std::optional<Taps> foldLongSide(Taps taps) {
  auto [rows, columns] = taps.sides;
  int64_t length = rows * columns, step = columns == 1 ? taps.steps[0] : taps.steps[1];
  if (std::max(rows, columns) <= kLongestSide)
    return taps;
  if (std::min(rows, columns) > 1)
    return std::nullopt;
  for (int64_t inner = ceilDiv(length, kLongestSide); inner <= kLongestSide; ++inner)
    if (length % inner == 0)
      return Taps{{length / inner, inner}, {inner * step, step}};
  return std::nullopt;
}

WindowSpace::WindowSpace(const ChipLimits &limits, const Unit &unit, const Pooling &pooling)
    : Space(limits), pooling(pooling), unit(unit) {
  if (!foldLongSide({{pooling.h.kernel, pooling.w.kernel}, {1, 1}}))
    unfoldable = "its window is " + std::to_string(pooling.h.kernel) + " by " +
                 std::to_string(pooling.w.kernel) + ", an instruction takes sides of at most " +
                 std::to_string(kLongestSide) + ", or one line that is the product of two such sides";
}

std::vector<Field> WindowSpace::fields() const {
  const Window &h = pooling.h, &w = pooling.w;
  const bool gradient = pooling.gradient;
  return {
      {"tiles.n", tileSizes(pooling.batch), {}},
      {gradient ? "tiles.ih" : "tiles.oh", gradient ? tileSizes(h.input, h.stride) : tileSizes(h.output), {}},
      {gradient ? "tiles.iw" : "tiles.ow", gradient ? tileSizes(w.input, w.stride) : tileSizes(w.output), {}},
      {"tiles.c", tileSizes(pooling.channels), {}},
      {"slots.tiles", {2, 1}, {}}};
}

WindowTiling WindowSpace::tiling(const Choice &c) const {
  const Window &h = pooling.h, &w = pooling.w;
  const int64_t batch = pooling.batch, channels = pooling.channels;
  const bool gradient = pooling.gradient;
  WindowTiling l;
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
    l.input.type = unit.values[pooling.input].type;
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

Evaluation WindowSpace::evaluate(const Choice &c) const {
  const Window &h = pooling.h, &w = pooling.w;
  const bool gradient = pooling.gradient;
  if (!unfoldable.empty())
    return Evaluation::rejected(unfoldable.c_str());
  for (int64_t value : c)
    if (value < 1)
      return Evaluation::rejected("a tile or slot count is zero");
  if (gradient && ((c[H] < h.input && c[H] % h.stride) || (c[W] < w.input && c[W] % w.stride)))
    return Evaluation::rejected("the tile of the input gradient is no multiple of the stride");
  int64_t wholeH = gradient ? h.input : h.output, wholeW = gradient ? w.input : w.output;
  if (c[N] > 1 && (c[H] < wholeH || c[W] < wholeW))
    return Evaluation::rejected("a tile over several images does not hold whole images");
  WindowTiling l = tiling(c);
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
    if (!pooling.average)
      e.buffers.push_back(l.x);
    vectorElements = double(l.gradient.elements()) * window + double(l.halo.elements());
  }
  if (pooling.reciprocals >= 0)
    e.buffers.push_back(l.factor);
  for (const Buffer &buffer : e.buffers)
    tileBytes += dramBoxBytes(limits, {pooling.batch, h.input, w.input, pooling.channels}, buffer.shape,
                              unit.values[pooling.result].type);
  e.computeCycles = tiles * (vectorElements / double(limits.lanes) + 2 * double(limits.vectorStartupCycles));
  e.dramBytes = tiles * tileBytes;
  e.transfers = tiles * double(e.buffers.size());
  e.startBytes = tileBytes;
  e.overlapped = c[Slots] > 1;
  return e;
}

} // namespace arsis::schedule
