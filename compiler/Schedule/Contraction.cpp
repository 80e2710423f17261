// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cost model: a product occupies the array for max(rows streamed, weight rows loaded) cycles, weight loads
// hide behind the previous product if there are two banks, a drain takes one cycle per accumulator row and
// hides behind the next tile if the accumulator is double buffered.
#include "compiler/Schedule/Contraction.h"

#include <algorithm>

namespace arsis::schedule {

namespace {

constexpr int64_t kIssueCycles = 4; // to decode and address a load_weights and a multiply (assumed)

/// At least one, though no tap reaches an input that lies between two strides.
int64_t mostTaps(const std::vector<TapGroup> &ascending) {
  return ascending.empty() ? 1 : ascending.back().taps;
}

} // namespace

Contraction::Contraction(const ChipLimits &limits, Convolution theConvolution)
    : Space(limits), convolution(std::move(theConvolution)), shape(convolution.shape),
      forward(convolution.pass == Convolution::Forward), reduced(forward ? shape.channels : shape.outputs),
      columns(forward ? shape.outputs : shape.channels) {
  if (forward) {
    groupsH = {{shape.h.kernel, 1}};
    groupsW = {{shape.w.kernel, 1}};
  } else {
    strideH = phasesOf(shape.h);
    strideW = phasesOf(shape.w);
    reachH = gradientReach(strideH);
    reachW = gradientReach(strideW);
    groupsH = groupsOf(strideH);
    groupsW = groupsOf(strideW);
  }
  maxTapsH = mostTaps(groupsH);
  maxTapsW = mostTaps(groupsW);
}

std::vector<int64_t> Contraction::packs() const {
  std::vector<int64_t> most;
  for (int64_t taps : {int64_t(1), maxTapsW, maxTapsH * maxTapsW}) // that a pass takes too
    most.push_back(std::min(limits.rows / (reduced * taps), limits.cols / columns));
  return packSizes(shape.groups, most);
}

std::vector<Field> Contraction::fields() const {
  int64_t multipleH = forward ? 1 : gradientMultiple(shape.h),
          multipleW = forward ? 1 : gradientMultiple(shape.w);
  // Few channels leave rows of the array idle; kernel columns, then kernel rows, fill them.
  const int64_t chunkC = std::min(reduced, limits.rows);
  const std::vector<int64_t> packs = this->packs();
  std::vector<int64_t> chunkKh, chunkKw;
  for (int64_t pack : packs) {
    const int64_t channels = pack * chunkC, kw = std::min(maxTapsW, limits.rows / channels),
                  kh = kw < maxTapsW ? 1 : std::min(maxTapsH, limits.rows / (maxTapsW * channels));
    addOnce(chunkKw, kw);
    addOnce(chunkKh, kh);
  }
  std::vector<int64_t> shorter; // of a large array, whose own chunks are too long for a small scratchpad
  for (int64_t chunk = chunkC / 2; chunk >= 1; chunk /= 2)
    shorter.push_back(chunk);
  std::vector<int64_t> tileK = {reduced};
  for (int64_t size : tileSizes(reduced, chunkC))
    if (size < reduced)
      tileK.push_back(size);
  std::vector<int64_t> tileColumns;
  for (int64_t blocks : tileSizes(ceilDiv(columns, limits.cols)))
    tileColumns.push_back(std::min(columns, blocks * limits.cols));
  const Convolution::Names &names = convolution.names;
  auto tile = [](const std::string &dimension) {
    return dimension.empty() ? std::string() : "tiles." + dimension;
  };
  auto chunk = [&](size_t position) {
    return position < convolution.planDims.size() ? "chunks." + convolution.planDims[position] : "";
  };
  std::vector<std::string> groups, pixels;
  if (!names.group.empty())
    groups.push_back(names.group);
  for (const std::string &dimension : {names.batch, names.h, names.w})
    if (!dimension.empty())
      pixels.push_back(dimension);
  std::vector<std::string> pixelsFirst = groups, columnsFirst = groups;
  pixelsFirst.insert(pixelsFirst.end(), pixels.begin(), pixels.end());
  columnsFirst.push_back(names.columns);
  columnsFirst.insert(columnsFirst.end(), pixels.begin(), pixels.end());
  columnsFirst.push_back(names.reduced);
  pixelsFirst.insert(pixelsFirst.end(), {names.columns, names.reduced});
  const std::string weights = isProduct() ? "b" : "w";
  std::vector<Field> fields = {{tile(names.batch), tileSizes(shape.batch), {}},
                               {tile(names.h), tileSizes(pixelsH(), multipleH), {}},
                               {tile(names.w), tileSizes(pixelsW(), multipleW), {}},
                               {tile(names.reduced), tileK, {}, false, shorter},
                               {tile(names.columns), tileColumns, {}},
                               {kLoops, {0, 1}, {pixelsFirst, columnsFirst}},
                               {"resident." + weights, {0, 1}, {}},
                               {"slots.tiles", {2, 1}, {}},
                               {"slots.accumulator", {2, 1}, {}},
                               splitField("columns", limits),
                               splitField("rows", limits),
                               {chunk(0), {chunkC}, {}, false, shorter},
                               {chunk(1), chunkKh, {}},
                               {chunk(2), chunkKw, {}}};
  addGroupFields(fields, convolution, packs);
  return fields;
}

const char *Contraction::findFault(const Choice &c) const {
  for (int64_t field : {N, H, W, K, Columns, Slots, AccSlots, ChunkC, ChunkKh, ChunkKw})
    if (c[field] < 1)
      return "a tile, chunk or slot count is zero";
  const GroupTiling groups = groupsIn(c, Groups, shape);
  int64_t terms = 1;
  for (int64_t size : {c[ChunkC], c[ChunkKh], c[ChunkKw], groups.pack}) {
    terms *= size;
    if (size > limits.rows || terms > limits.rows)
      return "a chunk of the plan has more terms than the array has rows";
  }
  const Split split{c[SplitColumns], c[SplitRows]};
  if (const char *fault = faultOf(groups, shape, split, limits))
    return fault;
  if (groups.together()) {
    if (c[K] < reduced || c[ChunkC] < reduced || c[Columns] < columns)
      return "a tile of several groups cuts their channels";
    if (groups.pack * columns > limits.cols || c[Resident] != 0)
      return "a pack of groups has more columns than the array, or the weights of all groups stay";
  } else if (const char *fault = split.fault(limits, std::min(c[Columns], columns), columns)) {
    return fault;
  }
  if (c[K] < reduced && c[K] % c[ChunkC] != 0)
    return "the tile of reduction channels is no multiple of the plan's chunk";
  return nullptr;
}

/// Tiles are runs of rows, or pieces of one row: more shapes do not pay for their search.
const char *Contraction::findFaultOfPixels(const Choice &c) const {
  if (c[N] > 1 && (c[H] < pixelsH() || c[W] < pixelsW()))
    return "a tile over several images does not hold whole images";
  if (!forward && (c[H] % gradientMultiple(shape.h) != 0 || c[W] % gradientMultiple(shape.w) != 0))
    return "the tile of the input gradient is no multiple of the stride";
  return nullptr;
}

ContractionTiling Contraction::outline(const Choice &c) const {
  ContractionTiling l;
  l.tileN = std::min(c[N], shape.batch);
  int64_t wholeH = forward ? shape.h.output : roundUp(shape.h.input, gradientMultiple(shape.h));
  int64_t wholeW = forward ? shape.w.output : roundUp(shape.w.input, gradientMultiple(shape.w));
  l.tileH = std::min(c[H], wholeH);
  l.tileW = std::min(c[W], wholeW);
  l.split = {c[SplitColumns], c[SplitRows]};
  l.groups = groupsIn(c, Groups, shape);
  const bool together = l.groups.together();
  const int64_t whole = together ? l.groups.tile * columns : columns; // columns that are cut into tiles
  l.blockColumns = together ? l.groups.pack * columns : limits.cols;
  l.blockK = l.groups.pack * reduced;
  int64_t perBlock = l.blockColumns * l.split.columns;
  l.blocks = ceilDiv(together ? whole : std::min(c[Columns], columns), perBlock);
  l.columns = l.blocks * perBlock;
  if (together)
    l.groups.tile = l.columns / columns;
  l.tileK = together ? std::min(l.groups.tile, shape.groups) * reduced : std::min(c[K], reduced);
  l.chunkC = c[ChunkC];
  l.chunkKh = c[ChunkKh];
  l.chunkKw = c[ChunkKw];
  l.chunksPerTile = together ? 1 : ceilDiv(l.tileK, l.chunkC);
  bool columnsOuter = c[Loops] != 0;
  l.g = 0;
  l.j = columnsOuter ? 1 : 4;
  l.n = columnsOuter ? 2 : 1;
  l.h = l.n + 1;
  l.w = l.n + 2;
  l.k = 5;
  l.order.counts.resize(6);
  l.order.counts[l.g] = ceilDiv(shape.groups, l.groups.tile);
  l.order.counts[l.n] = ceilDiv(shape.batch, l.tileN);
  l.order.counts[l.h] = ceilDiv(pixelsH(), l.tileH);
  l.order.counts[l.w] = ceilDiv(pixelsW(), l.tileW);
  l.order.counts[l.j] = together ? 1 : ceilDiv(columns, l.columns);
  l.order.counts[l.k] = together ? 1 : ceilDiv(reduced, l.tileK);
  l.sourceH = forward ? inputOfOutputTile(shape.h, l.tileH) : gradientOfInputTile(shape.h, reachH, l.tileH);
  l.sourceW = forward ? inputOfOutputTile(shape.w, l.tileW) : gradientOfInputTile(shape.w, reachW, l.tileW);
  l.positionsH = forward ? l.tileH : ceilDiv(l.tileH, shape.h.stride);
  l.positionsW = forward ? l.tileW : ceilDiv(l.tileW, shape.w.stride);
  unsigned group = 1u << l.g, pixels = group | 1u << l.n | 1u << l.h | 1u << l.w, column = group | 1u << l.j,
           channel = group | 1u << l.k;
  l.resident = c[Resident] != 0;
  l.streamedLevel = l.order.level(pixels | channel);
  l.weightsLevel = l.order.level(l.resident ? group : column | channel);
  l.resultLevel = l.order.level(pixels | column);
  int64_t storedColumns = std::min(l.columns, together ? allColumns() : columns);
  l.streamed = {"streamed",
                {l.tileN, l.sourceH.extent, l.sourceW.extent, l.tileK},
                l.order.slots(l.streamedLevel, c[Slots])};
  l.weights = {
      "weights",
      {shape.h.kernel, shape.w.kernel, l.resident ? reduced : l.tileK, l.resident ? columns : storedColumns},
      l.order.slots(l.weightsLevel, c[Slots])};
  l.result = {"result", {l.tileN, l.tileH, l.tileW, storedColumns}, l.order.slots(l.resultLevel, c[Slots])};
  l.streamed.type = convolution.streamed.type;
  l.weights.type = convolution.stationary.type;
  l.result.type = convolution.resultType;
  if (convolution.streamed.isTurned())
    l.streamed.shape[3] = limits.turnedPitch(l.streamed.shape[3], l.streamed.elementBytes());
  if (convolution.stationary.isTurned())
    l.weights.shape[3] = limits.turnedPitch(l.weights.shape[3], l.weights.elementBytes());
  if (together) {
    const int64_t pitch = convolution.stationary.isTurned()
                              ? limits.turnedPitch(l.blockColumns, l.weights.elementBytes())
                              : l.blockColumns;
    l.diagonal = Diagonal(l.groups.tile, l.groups.pack, reduced, columns, pitch);
    l.weights.shape = {shape.h.kernel, shape.w.kernel, 1, l.diagonal.elements};
  }
  l.splitAxis = l.tileN > 1        ? ContractionTiling::Images
                : l.positionsH > 1 ? ContractionTiling::Rows
                                   : ContractionTiling::Columns;
  l.whole = l.splitAxis == ContractionTiling::Images ? l.tileN
            : l.splitAxis == ContractionTiling::Rows ? l.positionsH
                                                     : l.positionsW;
  l.splitPositions = ceilDiv(l.whole, l.split.rows);
  l.accumulator = {"accumulator",
                   {l.tileN * l.positionsH * l.positionsW / l.whole * l.splitPositions * l.blocks, 1, 1, 1},
                   l.order.slots(l.resultLevel, c[AccSlots]),
                   true};
  return l;
}

int64_t Contraction::sumChunkOf(const ContractionTiling &l) const {
  return chunkOfSum({shape.batch, pixelsH(), pixelsW()}, {l.tileN, l.tileH, l.tileW},
                    convolution.epilogue->program.firstRows);
}

ContractionTiling Contraction::tiling(const Choice &c) const {
  ContractionTiling l = outline(c);
  l.sumChunk = convolution.sums() ? sumChunkOf(l) : 0;
  if (forward) {
    l.phasesH = forwardPhase(shape.h, l.tileH);
    l.phasesW = forwardPhase(shape.w, l.tileW);
  } else {
    l.phasesH = gradientPhases(shape.h, strideH, l.tileH, l.sourceH);
    l.phasesW = gradientPhases(shape.w, strideW, l.tileW, l.sourceW);
  }
  return l;
}

Evaluation Contraction::evaluate(const Choice &c) const {
  if (const char *fault = convolution.refusal(limits))
    return Evaluation::rejected(fault);
  if (const char *fault = findFaultOfPixels(c))
    return Evaluation::rejected(fault, W + 1);
  if (const char *fault = findFault(c))
    return Evaluation::rejected(fault);
  ContractionTiling l = outline(c);
  if (l.split.rows > 1 && (l.split.rows - 1) * l.splitPositions >= l.whole)
    return Evaluation::rejected(Split::kNoRows);
  const int64_t sumChunk = convolution.sums() ? sumChunkOf(l) : 0;
  if (convolution.sums() && sumChunk == 0)
    return Evaluation::rejected(
        "the tiles are no pieces of equal length of all pixels in their order, or too short");
  Evaluation e;
  bool reached = !groupsH.empty() && !groupsW.empty(); // else no tap reaches the result, which is fills
  const std::optional<Prologue> &prologue = convolution.streamed.prologue;
  if (reached)
    e.buffers = {l.streamed, l.weights};
  if (reached && prologue) {
    if (overhangH(l, 0).isBeside() || overhangW(l, 0).isBeside())
      return Evaluation::rejected("a tile that is computed where it is loaded lies beside its tensor");
    if (prologue->isStored() && l.order.counts[l.j] > 1 && l.j < l.streamedLevel)
      return Evaluation::rejected("a tile that is stored where it is computed would be so several times");
    prologue->addBuffers(l.streamed, vectorOf(shape.groups * reduced), e.buffers);
  }
  if (!convolution.epilogue)
    e.buffers.push_back(l.result);
  Buffer accumulator{"accumulator", {0, 1, 1, 1}, 1, true};
  double products = 0, streamedRows = 0;                   // per tile and column block
  double rows = double(l.accumulator.shape[0] / l.blocks); // of one array
  const auto passes = double(limits.passes.of(convolution.streamed.type));
  int64_t deepest = 0;
  for (const TapGroup &h : groupsH)
    for (const TapGroup &w : groupsW) {
      int64_t phases = h.phases * w.phases;
      accumulator.shape[0] += phases * l.accumulator.size();
      int64_t kh = ceilDiv(h.taps, l.chunkKh), kw = ceilDiv(w.taps, l.chunkKw);
      double perChunk = double(phases * kh * kw * l.chunksPerTile);
      double weightRows =
          double(l.groups.pack * l.chunkC * std::min(l.chunkKh, h.taps) * std::min(l.chunkKw, w.taps));
      products += perChunk;
      streamedRows +=
          perChunk * passes * (limits.weightBanks > 1 ? std::max(rows, weightRows) : rows + weightRows);
      deepest = std::max<int64_t>(deepest, (l.blocks > 1) + (l.chunksPerTile > 1) + (kh > 1) + (kw > 1));
    }
  e.buffers.push_back(accumulator);
  const int64_t rowsOfTile = l.tileN * l.tileH * l.tileW,
                sumChunks = sumChunk > 0 ? rowsOfTile / sumChunk : 0;
  e.loops = l.order.depth() + std::max<int64_t>(deepest, sumChunks > 1);
  double tiles = double(l.order.times(l.resultLevel)), steps = double(l.order.times(l.k)), vectorCycles = 0;
  e.computeCycles = steps * l.blocks * (streamedRows + kIssueCycles * products);
  double drain = tiles * l.blocks * ceilDiv(l.tileN * l.tileH * l.tileW, l.split.rows);
  e.computeCycles = c[AccSlots] > 1 ? std::max(e.computeCycles, drain) : e.computeCycles + drain;
  e.computeCycles += tiles * l.blocks * double(limits.rows + limits.cols); // fill and empty the array
  if (convolution.epilogue)
    convolution.epilogue->addBuffers(l.result, vectors(l), e.buffers);
  if (e.overflow(limits) > 0)
    return e; // whatever it would cost
  if (auto &epilogue = convolution.epilogue)
    vectorCycles = tiles * epilogue->cycles(limits, rowsOfTile * l.columns, sumChunks);
  const double streamedBytes = bytesOfStreamed(l);
  double resultBytes = 0;
  for (numerics::ElementType type : convolution.tileTypes)
    resultBytes += resultBox[numerics::sizeInBytes(type)](
        limits, {shape.batch, pixelsH(), pixelsW(), allColumns()}, l.result.shape, type);
  const double weightBytes = bytesOfWeights(l);
  double streamedTimes = reached ? double(l.order.times(l.streamedLevel)) : 0,
         weightTimes = reached ? double(l.order.times(l.weightsLevel)) : 0;
  if (prologue)
    vectorCycles +=
        streamedTimes * prologue->cycles(limits, l.tileN * l.sourceH.extent * l.sourceW.extent * l.tileK);
  e.computeCycles = std::max(e.computeCycles, vectorCycles);
  e.dramBytes = streamedBytes * streamedTimes + weightBytes * weightTimes + resultBytes * tiles;
  e.transfers = streamedTimes * (prologue ? prologue->transfers() : 1) + weightTimes +
                tiles * double(convolution.tileTypes.size());
  e.startBytes = (reached ? streamedBytes + weightBytes : 0) + resultBytes;
  e.overlapped = c[Slots] > 1;
  return e;
}

Choice Contraction::essence(const Choice &choice) const {
  const ContractionTiling l = outline(choice);
  const auto isOne = [&](int loop) { return l.order.counts[loop] == 1; };
  Choice essence = choice;
  essence[Slots] = essence[AccSlots] = 0;
  if (isOne(l.j) || (isOne(l.n) && isOne(l.h) && isOne(l.w)))
    essence[Loops] = 0;
  if (isOne(l.j) && isOne(l.k))
    essence[Resident] = 0;
  return essence;
}

double Contraction::bytesOfStreamed(const ContractionTiling &l) const {
  const auto bytesAs = [&](numerics::ElementType type) {
    return streamedBox[numerics::sizeInBytes(type)](
        limits,
        {shape.batch, forward ? shape.h.input : shape.h.output, forward ? shape.w.input : shape.w.output,
         shape.groups * reduced},
        {l.tileN, l.sourceH.extent, l.sourceW.extent, l.tileK}, type);
  };
  const std::optional<Prologue> &prologue = convolution.streamed.prologue;
  double bytes = !prologue || prologue->isStored() ? bytesAs(convolution.streamed.type) : 0;
  if (prologue)
    for (numerics::ElementType type : prologue->tileTypes)
      bytes += bytesAs(type);
  return bytes;
}

Overhang Contraction::overhangH(const ContractionTiling &l, const Affine &index) const {
  return overhangOf(l.sourceH, l.order.counts[l.h], index, forward ? shape.h.input : shape.h.output);
}
Overhang Contraction::overhangW(const ContractionTiling &l, const Affine &index) const {
  return overhangOf(l.sourceW, l.order.counts[l.w], index, forward ? shape.w.input : shape.w.output);
}

double Contraction::bytesOfWeights(const ContractionTiling &l) const {
  const int64_t taps = shape.h.kernel * shape.w.kernel;
  if (l.groups.together())
    return diagonalBox(limits, {taps, shape.channels, shape.groups, shape.outputs},
                       {taps, shape.channels, std::min(l.groups.tile, shape.groups), shape.outputs},
                       convolution.stationary.type);
  // The input gradient's weights keep the forward order in DRAM: reduction channels innermost.
  Shape4 all = {shape.h.kernel, shape.w.kernel, reduced, columns}, tile = l.weights.shape;
  tile[3] = l.resident ? columns : std::min(l.columns, columns);
  if (!forward) {
    std::swap(all[2], all[3]);
    std::swap(tile[2], tile[3]);
  }
  all[3] *= shape.groups;
  return weightBox(limits, all, tile, convolution.stationary.type);
}

Plan Contraction::plan(const Choice &c) const {
  Plan plan{convolution.planDims, {c[ChunkC]}};
  if (!isProduct())
    plan.chunks.insert(plan.chunks.end(), {c[ChunkKh], c[ChunkKw]});
  if (!convolution.packDim.empty()) {
    plan.dims.insert(plan.dims.begin(), convolution.packDim);
    plan.chunks.insert(plan.chunks.begin(), groupsIn(c, Groups, shape).pack);
  }
  if (convolution.sums()) {
    plan.dims.push_back(convolution.epilogue->program.planDim);
    plan.chunks.push_back(sumChunkOf(outline(c)));
  }
  return plan;
}

Buffer Contraction::vectors(const ContractionTiling &l) const {
  return {"vector", {1, 1, 1, shape.groups == 1 ? l.order.counts[l.j] * l.columns : allColumns()}};
}

} // namespace arsis::schedule
