// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shapes: strides longer than kernel and image, pads that differ, dilation, one pixel, one channel,
// primes, turned operands, every rank of a broadcast.
#include "tests/dialects/NN/StructureCases.h"

#include "dialects/NN/IR/Shapes.h"

#include <numeric>

namespace arsis::nn::testing {

namespace {

/// A convolution, or with `outputs` 0 a pooling; `ceil` for poolings only.
struct Window {
  int64_t batch, height, width, channels;
  std::vector<int64_t> kernel;
  int64_t outputs;
  std::vector<int64_t> strides, pads, dilations;
  bool ceil = false;
  int64_t groups = 1; // each with so many channels and outputs

  Shape input() const { return {batch, height, width, channels * groups}; }
  Shape weight() const { return {kernel[0], kernel[1], channels, outputs * groups}; }
  Shape output() const {
    const auto shape = outputs ? conv2dShape(input(), weight(), strides, pads, dilations)
                               : poolShape(input(), kernel, strides, pads, dilations, ceil);
    return {shape.begin(), shape.end()};
  }
  /// Whether there is a window, and in poolings none that lies in a pad.
  bool fits() const {
    const Shape y = output();
    bool small = true;
    for (int i = 0; i < 4; ++i)
      small &= pads[i] < dilatedKernel(kernel[i % 2], dilations[i % 2]);
    return y[1] > 0 && y[2] > 0 && (outputs || small);
  }
  mlir::NamedAttrList attributes(Bench &bench) const {
    mlir::NamedAttrList list;
    list.push_back(bench.numbers("strides", strides));
    list.push_back(bench.numbers("pads", pads));
    list.push_back(bench.numbers("dilations", dilations));
    if (!outputs)
      list.push_back(bench.numbers("kernel", kernel));
    if (groups > 1)
      list.push_back(bench.count("groups", groups));
    return list;
  }
};

void addRandom(std::vector<Window> &windows, bool pooling, size_t count) {
  std::mt19937 engine(pooling ? 2 : 1);
  auto pick = [&](int64_t low, int64_t high) { return low + int64_t(engine() % (high - low + 1)); };
  for (count += windows.size(); windows.size() < count;) {
    Window window{pick(1, 2),
                  pick(1, 7),
                  pick(1, 7),
                  pick(1, 4),
                  {pick(1, 4), pick(1, 4)},
                  pooling ? 0 : pick(1, 4),
                  {pick(1, 5), pick(1, 5)},
                  {pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)},
                  {pick(1, 3), pick(1, 3)},
                  pooling && pick(0, 1)};
    if (!pooling && windows.size() % 3 == 0)
      window.groups = pick(2, 5);
    if (window.fits())
      windows.push_back(window);
  }
}

std::vector<Window> convolutions() {
  std::vector<Window> windows = {
      {2, 5, 7, 3, {3, 2}, 5, {2, 1}, {1, 0, 0, 2}, {1, 2}}, // primes, unequal in all
      {1, 1, 1, 1, {1, 1}, 1, {1, 1}, {0, 0, 0, 0}, {1, 1}}, // one of everything
      {1, 3, 4, 2, {1, 2}, 3, {5, 7}, {0, 0, 0, 0}, {1, 1}}, // strides longer than the image
      {1, 3, 3, 2, {3, 3}, 2, {5, 4}, {1, 1, 4, 5}, {1, 1}}, // and a second window in the pad
      {1, 7, 7, 2, {2, 1}, 3, {3, 4}, {0, 0, 0, 0}, {1, 1}}, // phases without taps
      {1, 2, 2, 1, {1, 1}, 2, {1, 1}, {2, 1, 3, 1}, {1, 1}}, // windows in the pad
      {1, 3, 2, 2, {2, 2}, 2, {1, 1}, {3, 2, 3, 4}, {5, 4}}, // taps farther apart than the image
      {1, 1, 1, 2, {1, 1}, 2, {1L << 31, 1}, {0, 0, 0, 0}, {1, 1L << 31}}, // steps never taken
      {2, 4, 5, 1, {3, 3}, 1, {1, 1}, {1, 1, 1, 1}, {1, 1}, false, 5},     // depthwise
      {1, 5, 4, 1, {3, 2}, 2, {2, 1}, {1, 0, 1, 1}, {1, 2}, false, 3},     // with two outputs per channel
      {1, 3, 4, 3, {2, 2}, 2, {1, 1}, {0, 1, 0, 0}, {1, 1}, false, 7},     // groups
  };
  addRandom(windows, false, 100);
  return windows;
}

std::vector<Window> poolings() {
  std::vector<Window> windows = {
      {2, 5, 7, 3, {3, 2}, 0, {2, 1}, {1, 0, 0, 1}, {1, 1}},       // windows overlap
      {2, 4, 3, 2, {4, 3}, 0, {1, 1}, {0, 0, 0, 0}, {1, 1}},       // global
      {1, 1, 1, 1, {1, 1}, 0, {1, 1}, {0, 0, 0, 0}, {1, 1}},       // one of everything
      {1, 5, 5, 1, {2, 2}, 0, {2, 2}, {0, 0, 0, 0}, {1, 1}, true}, // the last window hangs over
      {1, 7, 6, 2, {2, 1}, 0, {3, 4}, {0, 0, 0, 0}, {1, 1}},       // positions in no window
      {1, 1, 2, 2, {2, 2}, 0, {1, 1}, {1, 1, 1, 1}, {2, 2}},       // all taps in the pad
  };
  addRandom(windows, true, 100);
  return windows;
}

Operations convolution(Bench &bench) {
  Operations operations;
  for (const Window &window : convolutions())
    operations.push_back(bench.make("nn.conv2d", {window.input(), window.weight()}, {window.output()},
                                    window.attributes(bench)));
  return operations;
}

Operations gradInput(Bench &bench) {
  Operations operations;
  for (const Window &window : convolutions())
    operations.push_back(bench.make("nn.conv2d_grad_input", {window.output(), window.weight()},
                                    {window.input()}, window.attributes(bench)));
  return operations;
}

Operations gradWeight(Bench &bench) {
  Operations operations;
  for (const Window &window : convolutions())
    operations.push_back(bench.make("nn.conv2d_grad_weight", {window.input(), window.output()},
                                    {window.weight()}, window.attributes(bench)));
  return operations;
}

Operations matmul(Bench &bench) {
  Operations operations;
  for (const auto &[m, n, k] :
       std::vector<std::array<int64_t, 3>>{{1, 1, 1}, {3, 5, 7}, {1, 2, 37}, {5, 3, 1}})
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        mlir::NamedAttrList flags;
        flags.push_back(bench.flag("transpose_a", ta));
        flags.push_back(bench.flag("transpose_b", tb));
        operations.push_back(bench.make(
            "nn.matmul", {ta ? Shape{k, m} : Shape{m, k}, tb ? Shape{n, k} : Shape{k, n}}, {{m, n}}, flags));
      }
  return operations;
}

Operations maxPool(Bench &bench) {
  Operations operations;
  for (const Window &window : poolings())
    operations.push_back(
        bench.make("nn.max_pool", {window.input()}, {window.output()}, window.attributes(bench)));
  return operations;
}

Operations maxPoolGrad(Bench &bench) {
  Operations operations;
  for (const Window &window : poolings())
    operations.push_back(bench.make("nn.max_pool_grad", {window.input(), window.output()}, {window.input()},
                                    window.attributes(bench)));
  return operations;
}

Operations averages(Bench &bench, const char *name, bool gradient) {
  Operations operations;
  for (const Window &window : poolings())
    for (bool includePad : {false, true}) {
      mlir::NamedAttrList attributes = window.attributes(bench);
      attributes.push_back(bench.flag("count_include_pad", includePad));
      operations.push_back(bench.make(name, {gradient ? window.output() : window.input()},
                                      {gradient ? window.input() : window.output()}, attributes));
    }
  return operations;
}
Operations avgPool(Bench &bench) { return averages(bench, "nn.avg_pool", false); }
Operations avgPoolGrad(Bench &bench) { return averages(bench, "nn.avg_pool_grad", true); }

const std::vector<Shape> kPixels = {{2, 1}, {37, 2}, {2, 3, 5}, {2, 3, 1, 5}}; // at least two
const std::vector<Shape> kMatrices = {{1, 1}, {1, 5}, {7, 1}, {5, 3}, {3, 37}};
const std::vector<Shape> kImages = {{1}, {7}, {1, 4}, {37, 2}, {2, 3, 5}, {2, 3, 1, 5}};

Operations transpose(Bench &bench) {
  const std::vector<std::pair<Shape, std::vector<int64_t>>> cases = {{{}, {}},
                                                                     {{5}, {0}},
                                                                     {{3, 7}, {1, 0}},
                                                                     {{3, 7}, {0, 1}},
                                                                     {{2, 3, 5}, {2, 0, 1}},
                                                                     {{2, 3, 5}, {1, 2, 0}},
                                                                     {{2, 3, 1, 5}, {0, 3, 1, 2}},
                                                                     {{2, 1, 3, 2, 2}, {4, 2, 0, 3, 1}}};
  Operations operations;
  for (const auto &[shape, permutation] : cases) {
    Shape result;
    for (int64_t dimension : permutation)
      result.push_back(shape[dimension]);
    mlir::NamedAttrList attributes;
    attributes.push_back(bench.numbers("permutation", permutation));
    operations.push_back(bench.make("nn.transpose", {shape}, {result}, attributes));
  }
  return operations;
}

Operations inferenceNorm(Bench &bench) {
  Operations operations;
  mlir::NamedAttrList attributes;
  attributes.push_back(bench.number("epsilon", 1e-5f));
  for (const Shape &shape : kImages) {
    const Shape channels = {shape.back()};
    operations.push_back(bench.make("nn.batch_norm_inference",
                                    {shape, channels, channels, channels, channels}, {shape}, attributes));
  }
  return operations;
}

/// Operations that make an image of so many images and vectors.
Operations onImages(Bench &bench, const char *name, size_t images, size_t vectors) {
  Operations operations;
  for (const Shape &shape : kImages) {
    std::vector<Shape> operands(images + vectors, {shape.back()});
    std::fill_n(operands.begin(), images, shape);
    operations.push_back(bench.make(name, operands, {shape}));
  }
  return operations;
}
Operations normAgain(Bench &bench) { return onImages(bench, "nn.batch_norm_apply", 1, 4); }
Operations normGradApply(Bench &bench) { return onImages(bench, "nn.batch_norm_grad_apply", 2, 5); }

Operations sgd(Bench &bench) {
  Operations operations;
  for (const Shape &shape : std::vector<Shape>{{}, {7}, {3, 3, 2, 5}})
    for (float momentum : {0.0f, 0.9f})
      for (float decay : {0.0f, 1e-4f}) {
        mlir::NamedAttrList attributes;
        attributes.push_back(bench.number("momentum", momentum));
        attributes.push_back(bench.number("weight_decay", decay));
        operations.push_back(momentum != 0
                                 ? bench.make("nn.sgd", {shape, shape, {}, shape}, {shape, shape}, attributes)
                                 : bench.make("nn.sgd", {shape, shape, {}}, {shape}, attributes));
      }
  return operations;
}

Operations training(Bench &bench, const char *name, size_t moments) {
  Operations operations;
  mlir::NamedAttrList attributes;
  attributes.push_back(bench.number("epsilon", 1e-5f));
  attributes.push_back(bench.number("momentum", 0.1f));
  for (const Shape &shape : kPixels) {
    const Shape channels = {shape.back()};
    std::vector<Shape> operands(5 + moments, channels);
    operands.front() = shape;
    operations.push_back(
        bench.make(name, operands, {shape, channels, channels, channels, channels}, attributes));
  }
  return operations;
}

Operations normGrad(Bench &bench) {
  Operations operations;
  for (const Shape &shape : kPixels) {
    const Shape channels = {shape.back()};
    operations.push_back(bench.make("nn.batch_norm_grad", {shape, shape, channels, channels, channels},
                                    {shape, channels, channels}));
  }
  return operations;
}

Operations norm(Bench &bench) { return training(bench, "nn.batch_norm", 0); }
Operations normOfMoments(Bench &bench) { return training(bench, "nn.batch_norm_of_moments", 3); }

Operations statistics(Bench &bench) {
  Operations operations;
  for (auto [pixels, first] : std::vector<std::pair<int64_t, int64_t>>{{2, 1}, {49, 7}, {5408, 16}}) {
    mlir::NamedAttrList attributes;
    attributes.push_back(bench.count("pixels", pixels));
    attributes.push_back(bench.count("first_pixels", first));
    attributes.push_back(bench.number("epsilon", 1e-5f));
    attributes.push_back(bench.number("momentum", 0.1f));
    operations.push_back(bench.make("nn.batch_norm_statistics", std::vector<Shape>(5, {5}),
                                    std::vector<Shape>(4, {5}), attributes));
  }
  return operations;
}

/// Operations that make `results` vectors of so many images and vectors.
Operations overPixels(Bench &bench, const char *name, const std::vector<Shape> &shapes, size_t images,
                      size_t vectors, size_t results) {
  Operations operations;
  for (const Shape &shape : shapes) {
    std::vector<Shape> operands(images + vectors, {shape.back()});
    std::fill_n(operands.begin(), images, shape);
    operations.push_back(bench.make(name, operands, std::vector<Shape>(results, {shape.back()})));
  }
  return operations;
}
Operations channelSum(Bench &bench) { return overPixels(bench, "nn.channel_sum", kImages, 1, 0, 1); }
Operations axisSum(Bench &bench) {
  Operations operations;
  for (const Shape &shape : std::vector<Shape>{{1, 1, 1}, {3, 1, 5}, {2, 37, 3}, {5, 7, 1}, {1, 4, 2}})
    operations.push_back(bench.make("nn.axis_sum", {shape}, {{shape[0], shape[2]}}));
  return operations;
}
Operations normGradSums(Bench &bench) {
  return overPixels(bench, "nn.batch_norm_grad_sums", kPixels, 2, 2, 2);
}
Operations moments(Bench &bench) { return overPixels(bench, "nn.channel_moments", kPixels, 1, 0, 3); }

Operations layerNorm(Bench &bench) {
  Operations operations;
  mlir::NamedAttrList attributes;
  attributes.push_back(bench.number("epsilon", 1e-5f));
  for (const Shape &shape : kMatrices) {
    const Shape rows = {shape[0]}, columns = {shape[1]};
    operations.push_back(
        bench.make("nn.layer_norm", {shape, columns, columns}, {shape, rows, rows}, attributes));
  }
  return operations;
}

Operations layerNormGrad(Bench &bench) {
  Operations operations;
  for (const Shape &shape : kMatrices) {
    const Shape rows = {shape[0]}, columns = {shape[1]};
    operations.push_back(
        bench.make("nn.layer_norm_grad", {shape, shape, columns, rows, rows}, {shape, columns, columns}));
  }
  return operations;
}

Operations onMatrices(Bench &bench, const char *name, size_t operands) {
  Operations operations;
  for (const Shape &shape : kMatrices)
    operations.push_back(bench.make(name, std::vector<Shape>(operands, shape), {shape}));
  return operations;
}
Operations softmax(Bench &bench) { return onMatrices(bench, "nn.softmax", 1); }
Operations softmaxGrad(Bench &bench) { return onMatrices(bench, "nn.softmax_grad", 2); }
Operations logSoftmax(Bench &bench) { return onMatrices(bench, "nn.log_softmax", 1); }
Operations logSoftmaxGrad(Bench &bench) { return onMatrices(bench, "nn.log_softmax_grad", 2); }

} // namespace

const std::map<std::string, Operations (*)(Bench &)> &compositeCases() {
  static const std::map<std::string, Operations (*)(Bench &)> cases = {
      {"nn.batch_norm", norm},
      {"nn.batch_norm_grad", normGrad},
      {"nn.softmax_cross_entropy", loss},
      {"nn.class_targets", classTargets},
      {"nn.cross_entropy", crossEntropy},
      {"nn.batch_norm_grad_sums", normGradSums},
      {"nn.channel_moments", moments},
      {"nn.batch_norm_of_moments", normOfMoments},
      {"nn.batch_norm_statistics", statistics},
      {"nn.layer_norm", layerNorm},
      {"nn.concat", concat},
      {"nn.split", split},
      {"nn.layer_norm_grad", layerNormGrad},
      {"nn.softmax", softmax},
      {"nn.softmax_grad", softmaxGrad},
      {"nn.log_softmax", logSoftmax},
      {"nn.log_softmax_grad", logSoftmaxGrad},
  };
  return cases;
}

const std::map<std::string, Operations (*)(Bench &)> &structureCases() {
  static std::map<std::string, Operations (*)(Bench &)> cases = {
      {"nn.conv2d", convolution},
      {"nn.conv2d_grad_input", gradInput},
      {"nn.conv2d_grad_weight", gradWeight},
      {"nn.matmul", matmul},
      {"nn.max_pool", maxPool},
      {"nn.max_pool_grad", maxPoolGrad},
      {"nn.avg_pool", avgPool},
      {"nn.avg_pool_grad", avgPoolGrad},
      {"nn.channel_sum", channelSum},
      {"nn.axis_sum", axisSum},
      {"nn.transpose", transpose},
      {"nn.slice", slice},
      {"nn.dropout", dropout},
      {"nn.pad", pad},
      {"nn.batch_norm_inference", inferenceNorm},
      {"nn.batch_norm_apply", normAgain},
      {"nn.batch_norm_grad_apply", normGradApply},
      {"nn.sgd", sgd},
      {"nn.softmax_cross_entropy_grad", lossGrad},
      {"nn.cross_entropy_grad", crossEntropyGrad},
      {"nn.total", total},
  };
  static const bool joined = (cases.insert(elementwiseCases().begin(), elementwiseCases().end()), true);
  (void)joined;
  return cases;
}

} // namespace arsis::nn::testing
