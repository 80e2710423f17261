// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Choices and rough price of depthwise convolutions on the vector unit.
#include "compiler/Schedule/Depthwise.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>

namespace arsis::schedule {

Depthwise::Depthwise(const ChipLimits &limits, Convolution theConvolution)
    : Space(limits), convolution(std::move(theConvolution)), shape(convolution.shape) {
  if (convolution.pass == Convolution::GradInput) {
    strideH = phasesOf(shape.h);
    strideW = phasesOf(shape.w);
  }
}

std::array<int64_t, 3> Depthwise::chunks() const {
  if (isWeightGradient())
    return {1, 1, shape.w.output};
  return {convolution.pass == Convolution::Forward ? 1 : shape.outputs, shape.h.kernel, shape.w.kernel};
}

std::vector<Field> Depthwise::fields() const {
  const Convolution::Names &d = convolution.names;
  const bool gradInput = convolution.pass == Convolution::GradInput;
  const int64_t multipleH = gradInput ? gradientMultiple(shape.h) : 1,
                multipleW = gradInput ? gradientMultiple(shape.w) : 1;
  const std::array<int64_t, 3> chunk = chunks();
  std::vector<Field> fields = {
      {"tiles." + d.group, tileSizes(shape.groups), {}},
      {"tiles." + d.batch, tileSizes(shape.batch), {}},
      {"tiles." + d.h, tileSizes(pixelsH(), multipleH), {}},
      {"tiles." + d.w,
       isWeightGradient() ? std::vector<int64_t>{pixelsW()} : tileSizes(pixelsW(), multipleW),
       {}},
      {"slots.tiles", {2, 1}, {}}};
  for (size_t i = 0; i < chunk.size(); ++i)
    fields.push_back({"chunks." + convolution.planDims[i], {chunk[i]}, {}});
  fields.push_back({convolution.packDim.empty() ? "" : "pack." + d.group, {1}, {}});
  return fields;
}

const char *Depthwise::findFault(const Choice &c) const {
  for (int64_t value : c)
    if (value < 1)
      return "a tile, chunk or slot count is zero";
  const std::array<int64_t, 3> chunk = chunks();
  if (c[Pack] != 1)
    return "the vector unit packs no groups";
  if (isWeightGradient() ? c[Chunk0] != 1 || c[Chunk1] != 1 || c[Chunk2] < chunk[2]
                         : c[Chunk0] < chunk[0] || c[Chunk1] < chunk[1] || c[Chunk2] < chunk[2])
    return "the vector unit sums whole windows, and rows of pixels for a weight";
  if (convolution.pass == Convolution::GradInput &&
      (c[H] % gradientMultiple(shape.h) != 0 || c[W] % gradientMultiple(shape.w) != 0))
    return "the tile of the input gradient is no multiple of the stride";
  if (isWeightGradient() && c[W] < pixelsW())
    return "a tile of the weight gradient cuts a row of pixels";
  if (c[N] > 1 && (c[H] < pixelsH() || c[W] < pixelsW()))
    return "a tile over several images does not hold whole images";
  return nullptr;
}

DepthwiseTiling Depthwise::tiling(const Choice &c) const {
  const bool gradInput = convolution.pass == Convolution::GradInput;
  const int64_t outputs = shape.outputs;
  DepthwiseTiling l;
  l.tileG = std::min(c[G], shape.groups);
  l.tileN = std::min(c[N], shape.batch);
  l.tileH = std::min(c[H], gradInput ? roundUp(shape.h.input, gradientMultiple(shape.h)) : shape.h.output);
  l.tileW = std::min(c[W], gradInput ? roundUp(shape.w.input, gradientMultiple(shape.w)) : shape.w.output);
  l.order.counts = {ceilDiv(shape.groups, l.tileG), ceilDiv(shape.batch, l.tileN),
                    ceilDiv(pixelsH(), l.tileH), ceilDiv(pixelsW(), l.tileW)};
  if (gradInput) {
    l.sourceH = gradientOfInputTile(shape.h, gradientReach(strideH), l.tileH);
    l.sourceW = gradientOfInputTile(shape.w, gradientReach(strideW), l.tileW);
    l.phasesH = gradientPhases(shape.h, strideH, l.tileH, l.sourceH);
    l.phasesW = gradientPhases(shape.w, strideW, l.tileW, l.sourceW);
  } else {
    l.sourceH = inputOfOutputTile(shape.h, l.tileH);
    l.sourceW = inputOfOutputTile(shape.w, l.tileW);
    l.phasesH = forwardPhase(shape.h, l.tileH);
    l.phasesW = forwardPhase(shape.w, l.tileW);
  }
  l.channelLevel = l.order.level(0x1);
  l.tileLevel = l.order.level(0xf);
  const int64_t channelSlots = l.order.slots(l.channelLevel, c[Slots]),
                tileSlots = l.order.slots(l.tileLevel, c[Slots]);
  l.streamed = {"streamed",
                {l.tileN, l.sourceH.extent, l.sourceW.extent, l.tileG * (gradInput ? outputs : 1)},
                tileSlots};
  l.streamed.type = convolution.streamed.type;
  const Shape4 kernel = {1, shape.h.kernel, shape.w.kernel, l.tileG * outputs};
  if (isWeightGradient()) {
    l.weights = {"gradient", {l.tileN, l.tileH, l.tileW, l.tileG * outputs}, tileSlots};
    l.partials = {"partials", {l.tileH, kernel[1], kernel[2], kernel[3]}, 1};
    l.result = {"result", kernel, channelSlots};
  } else {
    l.weights = {"weights", kernel, channelSlots};
    l.result = {"result", {l.tileN, l.tileH, l.tileW, l.tileG * (gradInput ? 1 : outputs)}, tileSlots};
  }
  l.weights.type = convolution.stationary.type;
  if (convolution.sums())
    l.sumChunk = chunkOfSum({shape.batch, pixelsH(), pixelsW()}, {l.tileN, l.tileH, l.tileW},
                            convolution.epilogue->program.firstRows);
  l.vectors = {"vector", {1, 1, 1, l.result.shape[3]}, channelSlots};
  return l;
}

Depthwise::Work Depthwise::workOf(const DepthwiseTiling &l) const {
  Work work;
  const int64_t kernel = isa::saturatingProduct(shape.h.kernel, shape.w.kernel);
  if (isWeightGradient()) {
    const double rows = double(l.tileN * l.tileH), taps = double(kernel * l.tileG * shape.outputs);
    work.elements = rows * taps * double(l.tileW + 1);
    work.instructions =
        double(l.tileN) *
        (double(l.tileW) * (shape.outputs > 1 ? double(shape.h.kernel) : 1) + double(l.tileH));
    work.most = l.partials.elements();
    return work;
  }
  for (const AxisPhase &h : l.phasesH)
    for (const AxisPhase &w : l.phasesW) {
      const int64_t taps = std::max<int64_t>(1, isa::saturatingProduct(h.taps, w.taps));
      const int64_t elements =
          isa::volume(std::array{l.tileN, h.positions, w.positions, l.tileG, shape.outputs});
      work.most = std::max(work.most, elements);
      work.elements += double(taps) * double(elements);
      const bool each = shape.outputs > 1;
      work.instructions += double(taps) * double(!each                                        ? 1
                                                 : convolution.pass == Convolution::GradInput ? shape.outputs
                                                                                              : l.tileN);
    }
  return work;
}

Evaluation Depthwise::evaluate(const Choice &c) const {
  if (const char *fault = findFault(c))
    return Evaluation::rejected(fault);
  const DepthwiseTiling l = tiling(c);
  if (convolution.sums() && l.sumChunk == 0)
    return Evaluation::rejected(
        "the tiles are no pieces of equal length of all pixels in their order, or too short");
  const Work work = workOf(l);
  if (work.most > isa::kLargestWork)
    return Evaluation::rejected("a tile has more elements than one instruction may visit");
  Evaluation e;
  e.buffers = {l.streamed, l.weights, {"zero", {1, 1, 1, 1}}};
  if (!convolution.epilogue || isRounded())
    e.buffers.push_back(l.result);
  if (isWeightGradient())
    e.buffers.push_back(l.partials);
  const int64_t images = l.tileN > 1 && (isWeightGradient() || shape.outputs > 1),
                taps = isWeightGradient() ? 2
                                          : (shape.h.kernel > 1) + (shape.w.kernel > 1) + (shape.outputs > 1),
                chunks = l.sumChunk > 0 ? l.tileN * l.tileH * l.tileW / l.sumChunk : 0;
  e.loops = l.order.depth() + std::max<int64_t>(images + taps, chunks > 1);
  const double tiles = double(l.order.times(l.tileLevel)), channels = double(l.order.times(l.channelLevel));
  e.computeCycles =
      tiles * (work.elements / double(limits.lanes) + work.instructions * double(limits.vectorStartupCycles));
  if (const std::optional<Epilogue> &epilogue = convolution.epilogue) {
    epilogue->addBuffers(l.result, l.vectors, e.buffers);
    e.computeCycles += tiles * epilogue->cycles(limits, l.result.elements(), chunks);
  }
  const bool gradInput = convolution.pass == Convolution::GradInput;
  const int64_t outputs = shape.groups * shape.outputs;
  const Shape4 image = {shape.batch, shape.h.input, shape.w.input, shape.groups},
               output = {shape.batch, shape.h.output, shape.w.output, outputs},
               kernel = {shape.h.kernel, shape.w.kernel, 1, outputs},
               kernelTile = {shape.h.kernel, shape.w.kernel, 1, l.tileG * shape.outputs};
  const double streamed =
      streamedBox(limits, gradInput ? output : image, l.streamed.shape, convolution.streamed.type);
  const double weights = isWeightGradient()
                             ? weightBox(limits, output, l.weights.shape, convolution.stationary.type)
                             : weightBox(limits, kernel, kernelTile, convolution.stationary.type);
  double result = 0;
  for (numerics::ElementType type : convolution.tileTypes)
    result += isWeightGradient() ? kernelBox(limits, kernel, kernelTile, type)
                                 : resultBox[numerics::sizeInBytes(type)](limits, gradInput ? image : output,
                                                                          l.result.shape, type);
  e.dramBytes = streamed * tiles + weights * (isWeightGradient() ? tiles : channels) +
                result * (isWeightGradient() ? channels : tiles);
  e.transfers = double(1 + convolution.tileTypes.size()) * tiles + channels;
  e.startBytes = streamed + weights + result;
  e.overlapped = c[Slots] > 1;
  return e;
}

Plan Depthwise::plan(const Choice &c) const {
  Plan plan{convolution.planDims, {c[Chunk0], c[Chunk1], c[Chunk2]}};
  if (!convolution.packDim.empty()) {
    plan.dims.insert(plan.dims.begin(), convolution.packDim);
    plan.chunks.insert(plan.chunks.begin(), 1);
  }
  if (convolution.sums()) {
    plan.dims.push_back(convolution.epilogue->program.planDim);
    plan.chunks.push_back(tiling(c).sumChunk);
  }
  return plan;
}

} // namespace arsis::schedule
