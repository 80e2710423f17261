// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout of depthwise convolutions on the vector unit. A sum begins at a zero that lies in the
// scratchpad, so that its first term is a fused multiply-add like the others.
#include "compiler/Schedule/Depthwise.h"
#include "compiler/Schedule/LayoutBuilder.h"

namespace arsis::schedule {

namespace {

class Writer {
public:
  Writer(const Depthwise &space, DepthwiseTiling tiling, Layout &layout)
      : p(space), shape(space.shape), l(std::move(tiling)), b(layout) {
    if (p.convolution.epilogue)
      epilogue.emplace(*p.convolution.epilogue, b);
  }

  void write() {
    const Convolution &c = p.convolution;
    streamedTensor = b.tensor(c.streamed.value, c.streamed.shape, c.streamed.type);
    weightsTensor = b.tensor(c.stationary.value, c.stationary.shape, c.stationary.type);
    if (epilogue)
      epilogue->declareTensors(c.resultShape);
    else
      resultTensor = b.tensor(c.result, c.resultShape, c.resultType);
    zero = b.alloc({"zero", {1, 1, 1, 1}});
    b.map(numerics::VectorFunction::Fill, {1, 1, 1, 1}, b.whole(zero), {}, 0);
    if (c.pass == Convolution::GradWeight)
      b.nest(l.order, index, {{l.channelLevel, [&] { result = b.alloc(l.result); }}},
             [&] { weightGradient(); }, {{l.channelLevel, [&] { storeWeights(); }}});
    else
      b.nest(l.order, index, {{l.channelLevel, [&] { beginChannels(); }}}, [&] { overTaps(); },
             {{l.channelLevel, [&] {
                 if (epilogue)
                   epilogue->end(vectors());
               }}});
  }

private:
  enum Loop { G, N, H, W };
  bool gradInput() const { return p.convolution.pass == Convolution::GradInput; }
  int64_t m() const { return shape.outputs; }

  Affine first(Loop loop) { return index[loop] * std::array{l.tileG, l.tileN, l.tileH, l.tileW}[loop]; }
  Extent channels() { return b.extent(l.tileG, shape.groups, first(G)); }
  /// All outputs of the tile's channels.
  Extent outputs() { return b.extent(l.tileG * m(), shape.groups * m(), first(G) * m()); }
  Extent images() { return b.extent(l.tileN, shape.batch, first(N)); }
  /// The whole extent, of image `n` of the tile: none if there is no such image.
  Extent ofImage(const Extent &whole, const Affine &n) {
    const Extent images = this->images();
    if (!images.clamped) // several images are whole ones, so that only one of both is cut
      return whole;
    return Extent(whole.tile, (images.limit - n) * whole.tile);
  }

  void loadStreamed() {
    streamed = b.alloc(l.streamed);
    b.load(streamedTensor,
           {first(N), index[H] * l.sourceH.step + l.sourceH.base, index[W] * l.sourceW.step + l.sourceW.base,
            gradInput() ? first(G) * m() : first(G)},
           {images(), l.sourceH.extent, l.sourceW.extent, gradInput() ? outputs() : channels()},
           b.whole(streamed));
  }

  // The kernel lies in DRAM as [kh, kw, 1, outputs], in the scratchpad without the 1.
  View kernelView(int buffer) {
    const Shape4 s = b.strides(buffer);
    return {buffer, 0, {s[1], s[2], 0, 1}};
  }
  Box4 kernelBox() { return {shape.h.kernel, shape.w.kernel, 1, outputs()}; }
  void loadWeights() {
    weights = b.alloc(l.weights);
    b.load(weightsTensor, {0, 0, 0, first(G) * m()}, kernelBox(), kernelView(weights));
  }
  void storeWeights() { b.store(kernelView(result), resultTensor, {0, 0, 0, first(G) * m()}, kernelBox()); }

  /// Adds the product of two views to a third, or begins it.
  void fma(const Box4 &box, const View &to, const View &x, const View &w, bool begins) {
    b.map(numerics::VectorFunction::Fma, box, to, {x, w, begins ? View{zero, 0, {0, 0, 0, 0}} : to});
  }

  // Forward and input gradient

  void beginChannels() {
    if (epilogue)
      epilogue->begin(vectors());
    loadWeights();
  }

  Affine firstOfResult() { return gradInput() ? first(G) : first(G) * m(); }
  Extent columnsOfResult() { return gradInput() ? channels() : outputs(); }
  EpilogueWriter::Columns vectors() { return {l.vectors, firstOfResult(), columnsOfResult()}; }

  void overTaps() {
    loadStreamed();
    const int stored = epilogue ? epilogue->allocTile(l.result) : b.alloc(l.result);
    result = p.isRounded() ? b.alloc(l.result) : stored;
    for (const AxisPhase &h : l.phasesH)
      for (const AxisPhase &w : l.phasesW)
        overTaps(h, w);
    const Extent rows = b.extent(l.tileH, gradInput() ? shape.h.input : shape.h.output, first(H)),
                 columns = b.extent(l.tileW, gradInput() ? shape.w.input : shape.w.output, first(W));
    const EpilogueWriter::Tile tile = {
        {first(N), first(H), first(W), firstOfResult()}, {images(), rows, columns, columnsOfResult()}, 0};
    if (!epilogue)
      return b.store(b.whole(result), resultTensor, tile.at, tile.box);
    epilogue->loadTile(l.result, tile);
    if (p.isRounded())
      b.map(numerics::VectorFunction::Copy, tile.box, b.whole(stored), {b.whole(result)});
    const int64_t chunks = l.sumChunk > 0 ? l.tileN * l.tileH * l.tileW / l.sumChunk : 0;
    epilogue->apply(tile, chunks, l.sumChunk, index[N] + index[H] + index[W]);
    epilogue->store(tile);
  }

  Extent positions(const AxisPhase &phase, Loop loop) {
    return positionsOf(phase, l.order.counts[loop], index[loop]);
  }

  void overTaps(const AxisPhase &h, const AxisPhase &w) {
    const Shape4 s = b.strides(result);
    const Affine at = h.resultBase * s[1] + w.resultBase * s[2];
    const std::array<int64_t, 3> steps = {s[0], h.resultStep * s[1], w.resultStep * s[2]};
    if (h.taps == 0 || w.taps == 0) // no tap reaches these pixels
      return b.map(numerics::VectorFunction::Fill, {images(), positions(h, H), positions(w, W), channels()},
                   {result, at, {steps[0], steps[1], steps[2], 1}}, {}, 0);
    if (gradInput() || m() == 1)
      return forTaps(h.taps, w.taps, gradInput() ? m() : 1,
                     [&](const Affine &kh, const Affine &kw, const Affine &output, bool begins) {
                       tap(h, w, kh, kw, output, begins);
                     });
    b.loop(l.tileN, [&](const Affine &n) {
      forTaps(h.taps, w.taps, 1, [&](const Affine &kh, const Affine &kw, const Affine &, bool begins) {
        tapOfImage(h, w, kh, kw, n, begins);
      });
    });
  }

  /// Calls `work` with every tap, the last index fastest; the very first of them begins the sum.
  template <class Work> void forTaps(int64_t rows, int64_t columns, int64_t outputs, Work work) {
    const auto rest = [&](int64_t count, auto visit) { // from 1 on
      if (count > 1)
        b.loop(count - 1, [&](const Affine &i) { visit(i + 1); });
    };
    work(0, 0, 0, true);
    rest(outputs, [&](const Affine &output) { work(0, 0, output, false); });
    rest(columns, [&](const Affine &kw) {
      b.loop(outputs, [&](const Affine &output) { work(0, kw, output, false); });
    });
    rest(rows, [&](const Affine &kh) {
      b.loop(columns, [&](const Affine &kw) {
        b.loop(outputs, [&](const Affine &output) { work(kh, kw, output, false); });
      });
    });
  }

  Affine sourceOf(const AxisPhase &h, const AxisPhase &w, const Affine &kh, const Affine &kw,
                  const Shape4 &s) {
    return (kh * h.tapStep + h.sourceBase) * s[1] + (kw * w.tapStep + w.sourceBase) * s[2];
  }
  Affine weightOf(const AxisPhase &h, const AxisPhase &w, const Affine &kh, const Affine &kw) {
    const Shape4 s = b.strides(weights);
    return (kh * h.kernelStep + h.firstTap) * s[1] + (kw * w.kernelStep + w.firstTap) * s[2];
  }

  /// One tap, and of an input gradient one output, for all images of the tile.
  void tap(const AxisPhase &h, const AxisPhase &w, const Affine &kh, const Affine &kw, const Affine &output,
           bool begins) {
    const Shape4 x = b.strides(streamed), s = b.strides(result);
    fma({images(), positions(h, H), positions(w, W), channels()},
        {result,
         h.resultBase * s[1] + w.resultBase * s[2],
         {s[0], h.resultStep * s[1], w.resultStep * s[2], 1}},
        {streamed, sourceOf(h, w, kh, kw, x) + output, {x[0], h.sourceStep * x[1], w.sourceStep * x[2], m()}},
        {weights, weightOf(h, w, kh, kw) + output, {0, 0, 0, m()}}, begins);
  }

  /// One tap of a forward pass with several outputs per channel, which are neighbours in the result.
  void tapOfImage(const AxisPhase &h, const AxisPhase &w, const Affine &kh, const Affine &kw, const Affine &n,
                  bool begins) {
    const Shape4 x = b.strides(streamed), s = b.strides(result);
    fma({ofImage(positions(h, H), n), positions(w, W), channels(), m()},
        {result, n * s[0], {s[1], s[2], m(), 1}},
        {streamed, sourceOf(h, w, kh, kw, x) + n * x[0], {h.sourceStep * x[1], w.sourceStep * x[2], 1, 0}},
        {weights, weightOf(h, w, kh, kw), {0, 0, m(), 1}}, begins);
  }

  // Weight gradient

  void weightGradient() {
    loadStreamed();
    const int gradient = b.alloc(l.weights);
    b.load(weightsTensor, {first(N), first(H), 0, first(G) * m()},
           {images(), b.extent(l.tileH, shape.h.output, first(H)), shape.w.output, outputs()},
           b.whole(gradient));
    b.loop(l.tileN, [&](const Affine &n) {
      partials = b.alloc(l.partials);
      pixel(gradient, n, 0, true);
      if (shape.w.output > 1)
        b.loop(shape.w.output - 1, [&](const Affine &ow) { pixel(gradient, n, ow + 1, false); });
      addRows(n);
    });
  }

  Extent rowsOf(const Affine &n) { return ofImage(b.extent(l.tileH, shape.h.output, first(H)), n); }

  /// The terms of one pixel of every row, for all taps.
  void pixel(int gradient, const Affine &n, const Affine &ow, bool begins) {
    const Shape4 x = b.strides(streamed), g = b.strides(gradient), s = b.strides(partials);
    const Affine atX = n * x[0] + ow * (shape.w.stride * x[2]), atGradient = n * g[0] + ow * g[2];
    const int64_t row = shape.h.stride * x[1], kh = shape.h.dilation * x[1], kw = shape.w.dilation * x[2];
    if (m() == 1)
      return fma({rowsOf(n), shape.h.kernel, shape.w.kernel, channels()}, b.whole(partials),
                 {streamed, atX, {row, kh, kw, 1}}, {gradient, atGradient, {g[1], 0, 0, 1}}, begins);
    b.loop(shape.h.kernel, [&](const Affine &tap) {
      fma({rowsOf(n), shape.w.kernel, channels(), m()}, {partials, tap * s[1], {s[0], s[2], m(), 1}},
          {streamed, atX + tap * kh, {row, kw, 1, 0}}, {gradient, atGradient, {g[1], 0, m(), 1}}, begins);
    });
  }

  /// Adds the partial sums to the result, row by row; the very first row begins it.
  void addRows(const Affine &n) {
    const Shape4 s = b.strides(partials);
    b.loop(l.tileH, [&](const Affine &row) {
      const Extent rows = rowsOf(n);
      Reduce sum;
      sum.box = {1, shape.h.kernel, shape.w.kernel, outputs()};
      if (rows.clamped) // nothing of a row that does not exist
        sum.box[1] = Extent(shape.h.kernel, (rows.limit - row) * shape.h.kernel);
      sum.dimension = 0;
      sum.to = {result, 0, {0, s[1], s[2], 1}};
      sum.input = {partials, row * s[0], s};
      sum.accumulate = index[N] + index[H] + n + row;
      b.add(std::move(sum));
    });
  }

  const Depthwise &p;
  const ConvShape &shape;
  const DepthwiseTiling l;
  LayoutBuilder b;
  std::vector<Affine> index;
  int streamedTensor = 0, weightsTensor = 0, resultTensor = 0;
  int zero = 0, streamed = 0, weights = 0, result = 0, partials = 0;
  std::optional<EpilogueWriter> epilogue;
};

} // namespace

Layout Depthwise::layout(const Choice &choice) const {
  Layout layout;
  Writer(*this, tiling(choice), layout).write();
  return layout;
}

} // namespace arsis::schedule
