// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of random shape with what the vector unit does to their result before it is stored, or to their
// factors behind their load: units of one product and some elementwise operations and sums. Half of the cases
// run under the schedule that the search finds, half under one drawn among all that fit.
#include "compiler/Pipelines/Compile.h"
#include "compiler/Schedule/ChipModel.h"
#include "compiler/Transforms/Map/Units.h"
#include "tests/e2e/shapes/Shapes.h"
#include "tests/e2e/shapes/UnitText.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <gtest/gtest.h>

#include <map>

namespace arsis::testing {
namespace {

constexpr std::array kElements = {"f32", "bf16", "f16"};
constexpr int kCases = 96; // of each form: on every chip, in every type, under both kinds of schedules

/// Extents on both sides of every array's, primes among them, and and often one.
int extent(Draw &draw, int most) { return draw.between(0, 4) == 0 ? 1 : draw.between(1, most); }

/// A convolution that has an output; every eighth of a single pixel.
Case convolution(Draw &draw) {
  for (;;) {
    Case c = draw.shape();
    c.channels = extent(draw, 29);
    c.outputs = extent(draw, 43);
    for (Axis *axis : {&c.h, &c.w})
      axis->input = extent(draw, 13);
    if (draw.between(0, 7) == 0)
      c.batch = c.h.input = c.w.input = 1;
    if (c.hasOutput())
      return c;
  }
}
Case grouped(Draw &draw) {
  for (;;)
    if (const Case c = draw.groups(); c.hasOutput())
      return c;
}
std::string strategyOf(const Case &c, Draw &draw) {
  return c.channels == 1 && c.groups > 1 && draw.between(0, 1) ? "depthwise" : "weight_stationary";
}
std::string attributesOf(const Case &c) {
  return c.window() + " {groups = " + std::to_string(c.groups) + "}";
}
Shape imageOf(const Case &c) { return {c.batch, c.h.input, c.w.input, c.groups * c.channels}; }
Shape kernelOf(const Case &c) { return {c.h.kernel, c.w.kernel, c.channels, c.groups * c.outputs}; }
Shape outputOf(const Case &c) { return {c.batch, c.h.output(), c.w.output(), c.groups * c.outputs}; }

/// Sometimes a value leaves though others in the unit read it, rounded or not.
std::string sometimes(Draw &draw, const std::string &element) {
  return draw.between(0, 2) ? "" : draw.between(0, 1) ? "f32" : element;
}

/// A value and another tensor, in either order.
std::string sum(UnitText &unit, const std::string &value, const Shape &shape, Draw &draw) {
  std::vector<std::string> operands = {value, unit.read(shape)};
  if (draw.between(0, 1))
    std::swap(operands[0], operands[1]);
  return unit.add("add", operands, shape, sometimes(draw, unit.element));
}

std::string forward(const Case &c, bool adds, const std::string &element, Draw &draw) {
  UnitText unit(strategyOf(c, draw), element);
  const Shape y = outputOf(c);
  const std::string image = unit.read(imageOf(c)), kernel = unit.read(kernelOf(c)),
                    bias = unit.read({y.back()}, "f32");
  std::string value = unit.add("conv2d", {image, kernel}, y, sometimes(draw, element), attributesOf(c));
  value = unit.add("bias_add", {value, bias}, y, sometimes(draw, element));
  if (adds)
    value = sum(unit, value, y, draw);
  unit.add("relu", {value}, y, element);
  return unit.text();
}

/// With the moments of its result, as it is stored.
std::string moments(Case c, const std::string &element, Draw &draw) {
  UnitText unit(strategyOf(c, draw), element);
  Shape y = outputOf(c);
  if (y[0] * y[1] * y[2] < 2)
    y[0] = c.batch = 2;
  const std::string image = unit.read(imageOf(c)), kernel = unit.read(kernelOf(c)),
                    value = unit.add("conv2d", {image, kernel}, y, element, attributesOf(c));
  unit.sum("channel_moments", {value}, y.back(), 3);
  return unit.text();
}

/// Sums over the pixels of a value, of one kind or the other.
void sums(UnitText &unit, const std::string &value, const Shape &shape, Draw &draw) {
  int pixels = 1;
  for (size_t d = 0; d + 1 < shape.size(); ++d)
    pixels *= shape[d];
  if (pixels < 2 || draw.between(0, 1))
    return void(unit.add("channel_sum", {value}, {shape.back()}, "f32"));
  const std::string x = unit.read(shape), mean = unit.read({shape.back()}, "f32"),
                    rstd = unit.read({shape.back()}, "f32");
  unit.sum("batch_norm_grad_sums", {value, x, mean, rstd}, shape.back(), 2);
}

/// Only tiles that hold all pixels in their order are summed up.
bool mayBeSummed(const Case &c) {
  const auto isWhole = [](const Axis &axis) { return axis.input % std::min(axis.stride, axis.input) == 0; };
  return isWhole(c.h) && isWhole(c.w);
}

std::string gradient(const Case &c, const std::string &element, Draw &draw) {
  UnitText unit(strategyOf(c, draw), element);
  const Shape x = imageOf(c);
  const std::string gradient = unit.read(outputOf(c)), kernel = unit.read(kernelOf(c)), mask = unit.read(x);
  std::string value =
      unit.add("conv2d_grad_input", {gradient, kernel}, x, sometimes(draw, element), attributesOf(c));
  value = sum(unit, value, x, draw);
  value = unit.add("relu_grad", {value, mask}, x, draw.between(0, 3) ? element : "f32");
  if (mayBeSummed(c) && draw.between(0, 1))
    sums(unit, value, x, draw);
  return unit.text();
}

std::string product(bool masks, const std::string &element, Draw &draw) {
  UnitText unit("weight_stationary", element);
  const int m = extent(draw, 61), k = extent(draw, 47), n = extent(draw, 53);
  const bool turnsA = draw.between(0, 1), turnsB = draw.between(0, 1);
  const std::string a = unit.read(turnsA ? Shape{k, m} : Shape{m, k}),
                    b = unit.read(turnsB ? Shape{n, k} : Shape{k, n});
  std::string value = unit.add("matmul", {a, b}, {m, n}, sometimes(draw, element),
                               std::string(" {transpose_a = ") + (turnsA ? "true" : "false") +
                                   ", transpose_b = " + (turnsB ? "true" : "false") + "}");
  if (masks) {
    value = unit.add("relu_grad", {value, unit.read({m, n})}, {m, n}, draw.between(0, 3) ? element : "f32");
    sums(unit, value, {m, n}, draw);
  } else {
    value = unit.add("bias_add", {value, unit.read({n}, "f32")}, {m, n}, sometimes(draw, element));
    unit.add("relu", {value}, {m, n}, element);
  }
  return unit.text();
}

std::vector<std::string> vectors(UnitText &unit, int length, int count) {
  std::vector<std::string> read;
  for (int i = 0; i < count; ++i)
    read.push_back(unit.read({length}, "f32"));
  return read;
}
/// What a batch norm, and mostly a ReLU, make of a stored tensor where it is loaded.
std::string normalised(UnitText &unit, const Shape &shape, Draw &draw) {
  std::vector<std::string> operands = {unit.read(shape)};
  for (const std::string &vector : vectors(unit, shape.back(), 4))
    operands.push_back(vector);
  if (draw.between(0, 3) == 0)
    return unit.factor("batch_norm_apply", operands, shape);
  return unit.factor("relu", {unit.add("batch_norm_apply", operands, shape)}, shape);
}
/// What the gradient of a batch norm makes of two stored tensors where these are loaded.
std::string applied(UnitText &unit, const Shape &shape) {
  std::vector<std::string> operands = {unit.read(shape), unit.read(shape)};
  for (const std::string &vector : vectors(unit, shape.back(), 5))
    operands.push_back(vector);
  return unit.factor("batch_norm_grad_apply", operands, shape);
}

std::string ofNormalised(const Case &c, const std::string &element, Draw &draw) {
  UnitText unit("weight_stationary", element);
  const Shape y = outputOf(c);
  const std::string image = normalised(unit, imageOf(c), draw), kernel = unit.read(kernelOf(c));
  const bool goesOn = draw.between(0, 1);
  const std::string value =
      unit.add("conv2d", {image, kernel}, y, goesOn ? sometimes(draw, element) : element, attributesOf(c));
  if (goesOn)
    unit.add("bias_add", {value, unit.read({y.back()}, "f32")}, y, element);
  return unit.text();
}
/// A normalised tensor and another one, added up, rectified, and stored where a point-wise convolution loads
/// it.
std::string ofStored(Case c, const std::string &element, Draw &draw) {
  for (Axis *axis : {&c.h, &c.w}) {
    axis->kernel = axis->stride = axis->dilation = 1;
    axis->before = axis->after = 0;
  }
  UnitText unit("weight_stationary", element);
  const Shape x = imageOf(c), y = outputOf(c);
  std::vector<std::string> operands = {unit.read(x)};
  for (const std::string &vector : vectors(unit, x.back(), 4))
    operands.push_back(vector);
  const std::string normal = unit.add("batch_norm_apply", operands, x),
                    added = unit.add("add", {normal, unit.read(x)}, x),
                    stored = unit.add("relu", {added}, x, element),
                    value = unit.add("conv2d", {stored, unit.read(kernelOf(c))}, y, element, attributesOf(c));
  if (y[0] * y[1] * y[2] > 1 && draw.between(0, 1))
    unit.sum("channel_moments", {value}, y.back(), 3);
  return unit.text();
}
std::string ofApplied(const Case &c, const std::string &element, Draw &draw) {
  UnitText unit("weight_stationary", element);
  const Shape x = imageOf(c);
  const std::string gradient = applied(unit, outputOf(c)), kernel = unit.read(kernelOf(c)),
                    mask = unit.read(x);
  const std::string value = unit.add("conv2d_grad_input", {gradient, kernel}, x, "", attributesOf(c));
  unit.add("relu_grad", {value, mask}, x, element);
  return unit.text();
}
std::string ofBoth(const Case &c, const std::string &element, Draw &draw) {
  UnitText unit("pixel_stationary", element);
  const int which = draw.between(0, 2);
  const std::string x = which != 1 ? normalised(unit, imageOf(c), draw) : unit.read(imageOf(c)),
                    gradient = which != 0 ? applied(unit, outputOf(c)) : unit.read(outputOf(c));
  unit.add("conv2d_grad_weight", {x, gradient}, kernelOf(c), draw.between(0, 1) ? "f32" : element,
           attributesOf(c));
  return unit.text();
}
/// Of stride one, its result of the size of its input; few accumulators hold the gradient of the weight.
Case same(Draw &draw) {
  Case c = convolution(draw);
  c.channels = extent(draw, 9);
  c.outputs = extent(draw, 15);
  for (Axis *axis : {&c.h, &c.w}) {
    axis->kernel = draw.between(1, 3);
    axis->stride = 1;
    axis->before = draw.between(0, axis->dilation * (axis->kernel - 1));
    axis->after = axis->dilation * (axis->kernel - 1) - axis->before;
  }
  return c;
}
std::string bothGradients(const Case &c, const std::string &element, Draw &draw) {
  UnitText unit("both_gradients", element);
  const Shape x = imageOf(c), y = outputOf(c);
  const std::string gradient = draw.between(0, 1) ? applied(unit, y) : unit.read(y),
                    kernel = unit.read(kernelOf(c));
  const bool masks = draw.between(0, 2);
  const std::string value =
      unit.add("conv2d_grad_input", {gradient, kernel}, x, masks ? "" : element, attributesOf(c));
  if (masks) {
    const std::string masked = unit.add("relu_grad", {value, unit.read(x)}, x, element);
    if (draw.between(0, 1))
      sums(unit, masked, x, draw);
  }
  const std::string image = draw.between(0, 1) ? normalised(unit, x, draw) : unit.read(x);
  unit.add("conv2d_grad_weight", {image, gradient}, kernelOf(c), draw.between(0, 1) ? "f32" : element,
           attributesOf(c));
  return unit.text();
}
std::string ofRectified(const std::string &element, Draw &draw) {
  UnitText unit("weight_stationary", element);
  const int m = extent(draw, 61), k = extent(draw, 47), n = extent(draw, 53);
  const bool turnsB = draw.between(0, 1);
  const std::string a = unit.factor("relu", {unit.read({m, k})}, {m, k}),
                    b = unit.read(turnsB ? Shape{n, k} : Shape{k, n});
  unit.add("matmul", {a, b}, {m, n}, element,
           std::string(" {transpose_a = false, transpose_b = ") + (turnsB ? "true" : "false") + "}");
  return unit.text();
}

using Form = std::string (*)(const std::string &element, Draw &draw);
struct NamedForm {
  const char *name;
  Form form;

  friend void PrintTo(const NamedForm &named, std::ostream *out) { *out << named.name; }
};
const NamedForm kForms[] = {
    {"Convolution", [](const auto &element, Draw &d) { return forward(convolution(d), true, element, d); }},
    {"InputGradient", [](const auto &element, Draw &d) { return gradient(convolution(d), element, d); }},
    {"GroupedConvolution",
     [](const auto &element, Draw &d) { return forward(grouped(d), false, element, d); }},
    {"GroupedInputGradient", [](const auto &element, Draw &d) { return gradient(grouped(d), element, d); }},
    {"Moments", [](const auto &element, Draw &d) { return moments(convolution(d), element, d); }},
    {"GroupedMoments", [](const auto &element, Draw &d) { return moments(grouped(d), element, d); }},
    {"ProductWithBias", [](const auto &element, Draw &d) { return product(false, element, d); }},
    {"ProductWithMaskAndSum", [](const auto &element, Draw &d) { return product(true, element, d); }},
    {"OfNormalised", [](const auto &element, Draw &d) { return ofNormalised(convolution(d), element, d); }},
    {"GroupedOfNormalised",
     [](const auto &element, Draw &d) { return ofNormalised(grouped(d), element, d); }},
    {"OfStored", [](const auto &element, Draw &d) { return ofStored(convolution(d), element, d); }},
    {"OfApplied", [](const auto &element, Draw &d) { return ofApplied(convolution(d), element, d); }},
    {"GroupedOfApplied", [](const auto &element, Draw &d) { return ofApplied(grouped(d), element, d); }},
    {"WeightGradientOfBoth", [](const auto &element, Draw &d) { return ofBoth(convolution(d), element, d); }},
    {"GroupedWeightGradientOfBoth",
     [](const auto &element, Draw &d) { return ofBoth(grouped(d), element, d); }},
    {"BothGradients", [](const auto &element, Draw &d) { return bothGradients(same(d), element, d); }},
    {"ProductOfRectified", [](const auto &element, Draw &d) { return ofRectified(element, d); }},
};

/// Holds a schedule drawn among those that fit, if draws find one.
void holdAny(mlir::ModuleOp module, const chip::Chip &chip, Draw &draw) {
  constexpr int kDraws = 2000;
  mlir::Operation &op = (*module.getOps<mlir::func::FuncOp>().begin()).front().front();
  const schedule::ChipModel model(chip);
  const std::unique_ptr<schedule::Space> space = compiler::spaceOf(&op, model.limits);
  for (int i = 0; space && i < kDraws; ++i) {
    schedule::Choice choice;
    for (const schedule::Field &field : space->fields())
      choice.push_back(field.candidates[draw.random() % field.candidates.size()]);
    if (schedule::checkFit(*space, space->evaluate(choice)).empty())
      return llvm::cast<nn::ScheduledOpInterface>(op).setScheduleAttr(
          compiler::scheduleAttr(module.getContext(), *space, choice));
  }
}

class Epilogues : public ::testing::TestWithParam<NamedForm> {};

TEST_P(Epilogues, AgreeWithTheOracle) {
  constexpr int kMostInfeasible = kCases / 16; // scratchpads that are too small
  std::unique_ptr<mlir::MLIRContext> context = compiler::makeContext();
  Draw draw(5000);
  int infeasible = 0;
  for (int done = 0; done < kCases;) {
    const NamedChip &chip = chips()[done % chips().size()];
    const char *element = kElements[size_t(done) / chips().size() % kElements.size()];
    const bool drawn = size_t(done) / chips().size() / kElements.size() % 2;
    const std::string text = GetParam().form(element, draw);
    std::string found;
    ASSERT_NO_THROW(found = run(*context, text, chip, "fp32", draw,
                                [&](mlir::ModuleOp module) {
                                  if (drawn)
                                    holdAny(module, chip.chip, draw);
                                }))
        << text;
    if (found.find("no schedule of nn.unit is feasible") != std::string::npos) {
      ASSERT_LE(++infeasible, kMostInfeasible) << found << "\n" << text;
      continue;
    }
    ASSERT_EQ(found, "") << chip.units << " arrays of " << chip.path << (drawn ? ", drawn" : "") << "\n"
                         << text;
    ++done;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Epilogues, ::testing::ValuesIn(kForms),
                         [](const auto &info) { return info.param.name; });

} // namespace
} // namespace arsis::testing
