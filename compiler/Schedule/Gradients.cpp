// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The choices of both gradients of a convolution; the cost model is that of Contraction.cpp.
#include "compiler/Schedule/Gradients.h"

#include "compiler/Schedule/WeightGradient.h"

#include <algorithm>

namespace arsis::schedule {

Gradients::Gradients(const ChipLimits &limits, Convolution theConvolution)
    : Contraction(limits, std::move(theConvolution)) {}

bool Gradients::suits(const Convolution &c) {
  const auto isSame = [](const Window &window) {
    return window.stride == 1 && window.input == window.output && window.padBefore < window.reach();
  };
  return c.pass == Convolution::GradInput && c.shape.groups == 1 && isSame(c.shape.h) && isSame(c.shape.w);
}

std::vector<Field> Gradients::fields() const {
  std::vector<Field> fields = Contraction::fields();
  ConvShape image = shape; // tiles of the input's gradient hold pieces of one image, or whole ones
  image.batch = 1;
  const PixelChunk chunk = bestChunk(image, limits, numerics::sizeInBytes(sibling().streamed.type));
  const auto multiplesOf = [](int64_t extent, int64_t size) {
    std::vector<int64_t> sizes = tileSizes(extent, size);
    for (int64_t &each : sizes)
      each = std::min(each, extent);
    return sizes;
  };
  fields[N].candidates = multiplesOf(shape.batch, chunk.n);
  fields[H].candidates = multiplesOf(shape.h.input, chunk.h);
  fields[W].candidates = multiplesOf(shape.w.input, chunk.w);
  fields[K].candidates = {reduced};
  fields[K].reserve.clear();
  // Cut channels of the input would have the gradient read once for each tile of them.
  fields[Columns].candidates = {columns};
  fields[Loops].candidates = {0};
  const std::vector<std::string> &dims = sibling().planDims;
  fields.push_back({"chunks." + dims[0], {chunk.n}, {}});
  fields.push_back({"chunks." + dims[1], {chunk.h}, {}});
  fields.push_back({"chunks." + dims[2], {chunk.w}, {}});
  return fields;
}

const char *Gradients::findFault(const Choice &c, const ContractionTiling &l) const {
  for (int64_t field : {PixelsN, PixelsH, PixelsW})
    if (c[field] < 1)
      return "a tile, chunk or slot count is zero";
  if (c[PixelsN] * c[PixelsH] * c[PixelsW] > limits.rows)
    return "a chunk of the plan has more terms than the array has rows";
  if (l.order.counts[l.k] > 1)
    return "the channels of a gradient that two products read are cut";
  if (l.order.counts[l.j] > 1 && l.j > l.n)
    return "the tiles of pixels are inside of those of the weight's channels";
  const bool cutN = l.tileN < shape.batch, cutH = l.tileH < shape.h.input, cutW = l.tileW < shape.w.input;
  if ((cutN && l.tileN % c[PixelsN]) || (cutH && l.tileH % c[PixelsH]) || (cutW && l.tileW % c[PixelsW]))
    return "a tile of pixels is no multiple of the plan's chunk";
  if ((cutH && l.tileN > c[PixelsN]) || (cutW && (l.tileN > c[PixelsN] || l.tileH > c[PixelsH])))
    return "the tiles of pixels do not follow the plan's order of chunks";
  return nullptr;
}

WeightTiling Gradients::weightTiling(const Choice &c, const ContractionTiling &l) const {
  WeightTiling t;
  t.chunkN = c[PixelsN];
  t.chunkH = c[PixelsH];
  t.chunkW = c[PixelsW];
  t.chunksN = ceilDiv(l.tileN, t.chunkN);
  t.chunksH = ceilDiv(l.tileH, t.chunkH);
  t.chunksW = ceilDiv(l.tileW, t.chunkW);
  // The arrays of the input's gradient take blocks of columns as far as there are some for each, and share
  // the rows of these.
  const int64_t blocks = ceilDiv(shape.outputs, limits.cols), tileC = std::min(l.columns, columns),
                units = l.split.units();
  t.split = {1, 1};
  for (int64_t count = 1; count <= std::min(units, blocks); ++count)
    if (units % count == 0)
      t.split.columns = count;
  t.split.rows = std::min(units / t.split.columns, tileC);
  t.blocks = ceilDiv(blocks, t.split.columns);
  t.splitC = ceilDiv(tileC, t.split.rows);
  t.split.rows = ceilDiv(tileC, t.splitC);
  t.sourceH = inputOfOutputTile(shape.h, l.tileH);
  t.sourceW = inputOfOutputTile(shape.w, l.tileW);
  const unsigned column = 1u << l.g | 1u << l.j, pixels = 1u << l.n | 1u << l.h | 1u << l.w;
  t.streamedLevel = l.order.level(column | pixels);
  t.resultLevel = l.order.level(column);
  const int64_t slots = c[Slots];
  t.streamed = {"input",
                {l.tileN, t.sourceH.extent,
                 tileC | 1, // an odd number leaves rows of a chunk in different banks
                 limits.turnedPitch(t.sourceW.extent, numerics::sizeInBytes(sibling().streamed.type))},
                l.order.slots(t.streamedLevel, slots)};
  t.streamed.type = sibling().streamed.type;
  t.result = {"result", {shape.h.kernel, shape.w.kernel, tileC, shape.outputs}, 1};
  t.result.type = sibling().resultType;
  t.accumulator = {"accumulator", {shape.h.kernel * shape.w.kernel * t.splitC * t.blocks, 1, 1, 1}, 1, true};
  return t;
}

int64_t Gradients::rowsOfWeight() const {
  const int64_t blocks = ceilDiv(shape.outputs, limits.cols);
  return shape.h.kernel * shape.w.kernel * ceilDiv(columns * blocks, limits.units);
}

Evaluation Gradients::evaluate(const Choice &c) const {
  if (rowsOfWeight() > limits.accumulatorRows && c[Columns] >= columns)
    return Evaluation::rejected("the accumulators do not hold the gradient of the weight", 1);
  Evaluation e = Contraction::evaluate(c);
  if (e.invalid)
    return e;
  const ContractionTiling l = outline(c);
  if (const char *fault = findFault(c, l))
    return Evaluation::rejected(fault);
  const WeightTiling t = weightTiling(c, l);
  const double tiles = double(l.order.times(t.streamedLevel)), results = double(l.order.times(t.resultLevel));
  const int64_t elements = l.tileN * t.sourceH.extent * t.sourceW.extent * std::min(l.columns, columns);
  e.buffers.insert(e.buffers.end(), {t.streamed, t.result, t.accumulator});
  const auto bytesAs = [&](numerics::ElementType type) {
    return inputBox[numerics::sizeInBytes(type)](
        limits, {shape.batch, shape.h.input, shape.w.input, shape.channels},
        {l.tileN, t.sourceH.extent, t.sourceW.extent, std::min(l.columns, columns)}, type);
  };
  double vectorCycles = 0, inputBytes = 0;
  if (const std::optional<Prologue> &prologue = sibling().streamed.prologue) {
    if (overhangOf(t.sourceH, l.order.counts[l.h], 0, shape.h.input).isBeside() ||
        overhangOf(t.sourceW, l.order.counts[l.w], 0, shape.w.input).isBeside())
      return Evaluation::rejected("a tile that is computed where it is loaded lies beside its tensor");
    prologue->addBuffers(t.streamed, vectorOf(shape.channels), e.buffers);
    vectorCycles = tiles * prologue->cycles(limits, elements);
    for (numerics::ElementType type : prologue->tileTypes)
      inputBytes += bytesAs(type);
    e.transfers += tiles * double(prologue->tileTypes.size());
  } else {
    inputBytes = bytesAs(sibling().streamed.type);
    e.transfers += tiles;
  }
  e.loops = std::max(e.loops,
                     l.order.depth() + (t.blocks > 1) + (t.chunksN > 1) + (t.chunksH > 1) + (t.chunksW > 1));
  const auto rows = double(shape.h.kernel * shape.w.kernel * t.splitC);
  const auto weightRows =
      double(std::min(t.chunkN, l.tileN) * std::min(t.chunkH, l.tileH) * std::min(t.chunkW, l.tileW));
  const double product = double(limits.passes.of(sibling().streamed.type)) *
                         (limits.weightBanks > 1 ? std::max(rows, weightRows) : rows + weightRows);
  e.computeCycles += tiles * double(t.products()) * product + results * rows * double(t.blocks);
  e.computeCycles = std::max(e.computeCycles, vectorCycles);
  const double weightBytes = double(shape.h.kernel * shape.w.kernel * shape.channels * shape.outputs) *
                             double(numerics::sizeInBytes(sibling().resultType));
  e.dramBytes += tiles * inputBytes + weightBytes;
  e.transfers += results;
  e.startBytes += inputBytes + weightBytes / results;
  return e;
}

Plan Gradients::plan(const Choice &c) const {
  Plan plan = Contraction::plan(c);
  plan.dims.insert(plan.dims.end(), sibling().planDims.begin(), sibling().planDims.end());
  plan.chunks.insert(plan.chunks.end(), {c[PixelsN], c[PixelsH], c[PixelsW]});
  return plan;
}

std::string Gradients::planField(const std::string &dim) const {
  const std::vector<std::string> &dims = sibling().planDims;
  return std::find(dims.begin(), dims.end(), dim) != dims.end() ? "chunks." + dim
                                                                : Contraction::planField(dim);
}

} // namespace arsis::schedule
