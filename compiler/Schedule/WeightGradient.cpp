// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weight gradient's choices; the cost model is that of Contraction.cpp.
#include "compiler/Schedule/WeightGradient.h"

#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <limits>

namespace arsis::schedule {

namespace {

constexpr int64_t kIssueCycles = 4; // as in Contraction.cpp

/// Tile sizes that are multiples of the chunk, the whole included.
std::vector<int64_t> chunkedSizes(int64_t extent, int64_t chunk) {
  std::vector<int64_t> sizes;
  for (int64_t size : tileSizes(extent, chunk))
    sizes.push_back(std::min(size, extent));
  return sizes;
}

} // namespace

PixelChunk bestChunk(const ConvShape &shape, const ChipLimits &limits, int64_t elementBytes) {
  constexpr int64_t kMostImages = 16; // more would need tiles of as many
  constexpr int64_t kShare = 4;
  const auto even = [](int64_t extent, int64_t most) { // no larger than needed for so many chunks
    return ceilDiv(extent, ceilDiv(extent, std::min(extent, most)));
  };
  PixelChunk best{1, 1, 1};
  int64_t fewest = std::numeric_limits<int64_t>::max();
  for (int64_t n = 1; n <= std::min({shape.batch, limits.rows, kMostImages}); ++n)
    for (int64_t w = std::min(shape.w.output, limits.rows / n); w >= 1; --w) {
      const PixelChunk chunk{even(shape.batch, n), even(shape.h.output, limits.rows / (n * w)),
                             even(shape.w.output, w)};
      const int64_t words =
          chunk.n * chunk.h * ceilDiv(chunk.w * shape.w.stride * elementBytes, limits.bankBytes);
      int64_t rows = ceilDiv(words * kShare, limits.scratchpadBanks);
      for (int64_t count : {ceilDiv(shape.batch, chunk.n), ceilDiv(shape.h.output, chunk.h),
                            ceilDiv(shape.w.output, chunk.w)})
        rows = isa::saturatingProduct(rows, count);
      if (rows < fewest) {
        fewest = rows;
        best = chunk;
      }
    }
  return best;
}

std::vector<int64_t> WeightGradient::packs() const {
  const int64_t streamed = shape.h.kernel * shape.w.kernel * shape.channels,
                all = limits.cols / shape.outputs;
  // Fewer than fill the columns may stream as many rows as a load of weights takes.
  return packSizes(shape.groups, {all, std::min(all, ceilDiv(limits.rows, streamed))});
}

std::vector<Field> WeightGradient::fields() const {
  const auto [chunkN, chunkH, chunkW] =
      bestChunk(shape, limits, numerics::sizeInBytes(convolution.streamed.type));
  std::vector<int64_t> tileColumns;
  for (int64_t blocks : tileSizes(ceilDiv(shape.outputs, limits.cols)))
    tileColumns.push_back(std::min(shape.outputs, blocks * limits.cols));
  const Convolution::Names &d = convolution.names;
  std::vector<std::string> rowsFirst = {d.kernelRow, d.reduced, d.columns, d.batch, d.h, d.w},
                           columnsFirst = {d.columns, d.kernelRow, d.reduced, d.batch, d.h, d.w};
  if (!d.group.empty())
    for (std::vector<std::string> *order : {&rowsFirst, &columnsFirst})
      order->insert(order->begin(), d.group);
  const std::vector<int64_t> packs = this->packs();
  std::vector<Field> fields = {{"tiles." + d.batch, chunkedSizes(shape.batch, chunkN), {}},
                               {"tiles." + d.h, chunkedSizes(shape.h.output, chunkH), {}},
                               {"tiles." + d.w, chunkedSizes(shape.w.output, chunkW), {}},
                               {"tiles." + d.kernelRow, tileSizes(shape.h.kernel), {}},
                               {"tiles." + d.reduced, tileSizes(shape.channels), {}},
                               {"tiles." + d.columns, tileColumns, {}},
                               {kLoops, {0, 1}, {rowsFirst, columnsFirst}},
                               {"slots.tiles", {2, 1}, {}},
                               {"slots.accumulator", {2, 1}, {}},
                               splitField("columns", limits),
                               splitField("rows", limits),
                               {"chunks." + convolution.planDims[0], {chunkN}, {}},
                               {"chunks." + convolution.planDims[1], {chunkH}, {}},
                               {"chunks." + convolution.planDims[2], {chunkW}, {}}};
  addGroupFields(fields, convolution, packs);
  return fields;
}

const char *WeightGradient::findFault(const Choice &c) const {
  for (int64_t field : {N, H, W, Kh, C, Columns, Slots, AccSlots, ChunkN, ChunkH, ChunkW})
    if (c[field] < 1)
      return "a tile, chunk or slot count is zero";
  if (c[ChunkN] * c[ChunkH] * c[ChunkW] > limits.rows)
    return "a chunk of the plan has more terms than the array has rows";
  const Split split{c[SplitColumns], c[SplitRows]};
  const GroupTiling groups = groupsIn(c, Groups, shape);
  if (const char *fault = faultOf(groups, shape, split, limits))
    return fault;
  if (groups.together()) {
    if (c[C] < shape.channels || c[Columns] < shape.outputs)
      return "a tile of several groups cuts their channels";
    if (groups.pack * shape.outputs > limits.cols || split.rows > 1)
      return "a pack of groups has more columns than the array, or arrays share its rows";
  } else if (const char *fault = split.fault(limits, std::min(c[Columns], shape.outputs), shape.outputs)) {
    return fault;
  }
  if (c[Kh] < shape.h.kernel && c[C] > 1 && !groups.together())
    return "kernel rows are cut although channels could be";
  return nullptr;
}

const char *WeightGradient::findFaultOfPixels(const Choice &c) const {
  bool cutN = c[N] < shape.batch, cutH = c[H] < shape.h.output, cutW = c[W] < shape.w.output;
  if ((cutN && c[N] % c[ChunkN]) || (cutH && c[H] % c[ChunkH]) || (cutW && c[W] % c[ChunkW]))
    return "a tile of pixels is no multiple of the plan's chunk";
  if ((cutH && std::min(c[N], shape.batch) > c[ChunkN]) ||
      (cutW && (std::min(c[N], shape.batch) > c[ChunkN] || std::min(c[H], shape.h.output) > c[ChunkH])))
    return "the tiles of pixels do not follow the plan's order of chunks";
  return nullptr;
}

Choice WeightGradient::essence(const Choice &choice) const {
  Choice essence = choice;
  essence[Slots] = essence[AccSlots] = 0;
  if (choice[Columns] >= shape.outputs || (choice[Kh] >= shape.h.kernel && choice[C] >= shape.channels))
    essence[Loops] = 0;
  return essence;
}

WeightGradientTiling WeightGradient::tiling(const Choice &c) const {
  WeightGradientTiling l;
  l.tileN = std::min(c[N], shape.batch);
  l.tileH = std::min(c[H], shape.h.output);
  l.tileW = std::min(c[W], shape.w.output);
  l.tileKh = std::min(c[Kh], shape.h.kernel);
  l.split = {c[SplitColumns], c[SplitRows]};
  l.groups = groupsIn(c, Groups, shape);
  const bool together = l.groups.together();
  l.blockColumns = together ? l.groups.pack * shape.outputs : limits.cols;
  int64_t perBlock = l.blockColumns * l.split.columns;
  l.blocks =
      ceilDiv(together ? l.groups.tile * shape.outputs : std::min(c[Columns], shape.outputs), perBlock);
  l.columns = l.blocks * perBlock;
  if (together)
    l.groups.tile = l.columns / shape.outputs;
  l.tileC =
      together ? std::min(l.groups.tile, shape.groups) * shape.channels : std::min(c[C], shape.channels);
  l.blockC = together ? l.groups.pack * shape.channels : l.tileC;
  l.splitC = ceilDiv(l.blockC, l.split.rows);
  l.chunkN = c[ChunkN];
  l.chunkH = c[ChunkH];
  l.chunkW = c[ChunkW];
  l.chunksN = ceilDiv(l.tileN, l.chunkN);
  l.chunksH = ceilDiv(l.tileH, l.chunkH);
  l.chunksW = ceilDiv(l.tileW, l.chunkW);
  bool columnsOuter = c[Loops] != 0;
  l.g = 0;
  l.j = columnsOuter ? 1 : 3;
  l.kh = columnsOuter ? 2 : 1;
  l.c = l.kh + 1;
  l.n = 4;
  l.h = 5;
  l.w = 6;
  l.order.counts.resize(7);
  l.order.counts[l.g] = ceilDiv(shape.groups, l.groups.tile);
  l.order.counts[l.kh] = ceilDiv(shape.h.kernel, l.tileKh);
  l.order.counts[l.c] = together ? 1 : ceilDiv(shape.channels, l.tileC);
  l.order.counts[l.j] = together ? 1 : ceilDiv(shape.outputs, l.columns);
  l.order.counts[l.n] = ceilDiv(shape.batch, l.tileN);
  l.order.counts[l.h] = ceilDiv(shape.h.output, l.tileH);
  l.order.counts[l.w] = ceilDiv(shape.w.output, l.tileW);
  Window rows = shape.h;
  rows.kernel = l.tileKh;
  l.sourceHeight = rows.inputExtent(l.tileH);
  l.sourceW = inputOfOutputTile(shape.w, l.tileW);
  unsigned group = 1u << l.g, pixels = 1u << l.n | 1u << l.h | 1u << l.w,
           streamed = group | 1u << l.kh | 1u << l.c, column = group | 1u << l.j;
  l.streamedLevel = l.order.level(pixels | streamed);
  l.gradientLevel = l.order.level(pixels | column);
  l.resultLevel = l.order.level(streamed | column);
  int64_t storedColumns = std::min(l.columns, together ? shape.groups * shape.outputs : shape.outputs);
  l.streamed = {"streamed",
                {l.tileN, l.sourceHeight,
                 l.tileC | 1, // an odd number leaves rows of a chunk in different banks
                 limits.turnedPitch(l.sourceW.extent, numerics::sizeInBytes(convolution.streamed.type))},
                l.order.slots(l.streamedLevel, c[Slots])};
  l.gradient = {
      "gradient", {l.tileN, l.tileH, l.tileW, storedColumns}, l.order.slots(l.gradientLevel, c[Slots])};
  l.result = {
      "result", {l.tileKh, shape.w.kernel, l.tileC, storedColumns}, l.order.slots(l.resultLevel, c[Slots])};
  if (together) {
    l.diagonal = Diagonal(l.groups.tile, l.groups.pack, shape.channels, shape.outputs, l.blockColumns);
    l.result.shape = {l.tileKh, shape.w.kernel, 1, l.diagonal.elements};
  }
  l.streamed.type = convolution.streamed.type;
  l.gradient.type = convolution.stationary.type;
  l.result.type = convolution.resultType;
  l.accumulator = {"accumulator",
                   {l.tileKh * shape.w.kernel * l.splitC * l.blocks, 1, 1, 1},
                   l.order.slots(l.resultLevel, c[AccSlots]),
                   true};
  return l;
}

Evaluation WeightGradient::evaluate(const Choice &c) const {
  if (const char *fault = convolution.refusal(limits))
    return Evaluation::rejected(fault);
  if (const char *fault = findFault(c))
    return Evaluation::rejected(fault);
  if (const char *fault = findFaultOfPixels(c)) // whose chunks have one value each
    return Evaluation::rejected(fault, W + 1);
  WeightGradientTiling l = tiling(c);
  if ((l.split.rows - 1) * l.splitC >= l.blockC)
    return Evaluation::rejected(Split::kNoRows);
  Evaluation e;
  e.buffers = {l.streamed, l.gradient, l.result, l.accumulator};
  const int64_t channels = shape.groups * shape.channels, outputs = shape.groups * shape.outputs;
  const double streamedTimes = double(l.order.times(l.streamedLevel)),
               gradientTimes = double(l.order.times(l.gradientLevel));
  double vectorCycles = 0;
  if (const std::optional<Prologue> &prologue = convolution.streamed.prologue) {
    if (overhangH(l, 0, 0).isBeside() || overhangW(l, 0).isBeside())
      return Evaluation::rejected("a tile that is computed where it is loaded lies beside its tensor");
    prologue->addBuffers(l.streamed, vectorOf(channels), e.buffers);
    vectorCycles +=
        streamedTimes * prologue->cycles(limits, l.tileN * l.sourceHeight * l.tileC * l.sourceW.extent);
  }
  if (const std::optional<Prologue> &prologue = convolution.stationary.prologue) {
    prologue->addBuffers(l.gradient, vectorOf(outputs), e.buffers);
    vectorCycles += gradientTimes * prologue->cycles(limits, l.gradient.elements());
  }
  e.loops = l.order.depth() + (l.blocks > 1) + (l.chunksN > 1) + (l.chunksH > 1) + (l.chunksW > 1);
  if (e.overflow(limits) > 0) // whatever it would cost
    return e;
  double rows = double(l.tileKh * shape.w.kernel * l.splitC); // of one array
  double weightRows =
      double(std::min(l.chunkN, l.tileN) * std::min(l.chunkH, l.tileH) * std::min(l.chunkW, l.tileW));
  double product = double(limits.passes.of(convolution.streamed.type)) *
                   (limits.weightBanks > 1 ? std::max(rows, weightRows) : rows + weightRows);
  double products = double(l.order.times(l.w) * l.blocks * l.chunksN * l.chunksH * l.chunksW);
  double tiles = double(l.order.times(l.resultLevel));
  e.computeCycles = products * (product + kIssueCycles);
  double drain = tiles * l.blocks * rows;
  e.computeCycles = c[AccSlots] > 1 ? std::max(e.computeCycles, drain) : e.computeCycles + drain;
  e.computeCycles += tiles * l.blocks * double(limits.rows + limits.cols);
  e.computeCycles = std::max(e.computeCycles, vectorCycles);
  const double streamedBytes =
      bytesOf(convolution.streamed, {shape.batch, shape.h.input, shape.w.input, channels},
              {l.tileN, l.sourceHeight, l.sourceW.extent, l.tileC}, streamedBox);
  const double gradientBytes =
      bytesOf(convolution.stationary, {shape.batch, shape.h.output, shape.w.output, outputs},
              l.gradient.shape, gradientBox);
  double resultBytes =
      l.groups.together()
          ? diagonalBox(limits,
                        {shape.h.kernel * shape.w.kernel, shape.channels, shape.groups, shape.outputs},
                        {l.tileKh * shape.w.kernel, shape.channels, std::min(l.groups.tile, shape.groups),
                         shape.outputs},
                        convolution.resultType)
          : resultBox(limits, {shape.h.kernel, shape.w.kernel, shape.channels, outputs}, l.result.shape,
                      convolution.resultType);
  e.dramBytes = streamedBytes * streamedTimes + gradientBytes * gradientTimes + resultBytes * tiles;
  const auto tensorsOf = [](const ConvOperand &factor) {
    return factor.prologue ? double(factor.prologue->tileTypes.size()) : 1;
  };
  e.transfers = streamedTimes * tensorsOf(convolution.streamed) +
                gradientTimes * tensorsOf(convolution.stationary) + tiles;
  e.startBytes = streamedBytes + gradientBytes + resultBytes;
  e.overlapped = c[Slots] > 1;
  return e;
}

double WeightGradient::bytesOf(const ConvOperand &factor, const Shape4 &all, const Shape4 &tile,
                               std::array<BoxBytes, 5> &boxes) const {
  const auto bytesAs = [&](numerics::ElementType type) {
    return boxes[numerics::sizeInBytes(type)](limits, all, tile, type);
  };
  if (!factor.prologue)
    return bytesAs(factor.type);
  double bytes = 0;
  for (numerics::ElementType type : factor.prologue->tileTypes)
    bytes += bytesAs(type);
  return bytes;
}

Overhang WeightGradient::overhangH(const WeightGradientTiling &l, const Affine &row,
                                   const Affine &kernelRow) const {
  const int64_t step = l.tileH * shape.h.stride, kernelStep = l.tileKh * shape.h.dilation,
                most = step * (l.order.counts[l.h] - 1) + kernelStep * (l.order.counts[l.kh] - 1);
  return {row * step + kernelRow * kernelStep - shape.h.padBefore, -shape.h.padBefore,
          most - shape.h.padBefore, shape.h.input};
}
Overhang WeightGradient::overhangW(const WeightGradientTiling &l, const Affine &column) const {
  return overhangOf(l.sourceW, l.order.counts[l.w], column, shape.w.input);
}

Plan WeightGradient::plan(const Choice &c) const {
  return {convolution.planDims, {c[ChunkN], c[ChunkH], c[ChunkW]}};
}

} // namespace arsis::schedule
