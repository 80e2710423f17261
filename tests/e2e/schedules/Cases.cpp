// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The modules' text.
#include "tests/e2e/schedules/Cases.h"

#include <cstdint>

namespace arsis::testing {

namespace {

using Shape = std::vector<int64_t>;

std::string type(const Shape &shape, const char *element = "f32") {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}

struct Argument {
  Shape shape;
  const char *element = "f32";
};

/// `op` with %a, %b, ... in place of its operands, and maybe a body; results are all returned.
std::string module(const std::string &op, const std::string &attributes,
                   const std::vector<Argument> &arguments, const std::vector<Shape> &results,
                   bool functional = true, const std::string &body = "") {
  std::string head, operands, types, returned, names;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string name(1, char('a' + i)), t = type(arguments[i].shape, arguments[i].element);
    head += (i ? ", %" : "%") + name + ": " + t + " {nn.name = \"" + name + "\"" +
            (arguments[i].element == std::string("i32") ? ", nn.role = #nn.role<label>" : "") + "}";
    operands += (i ? ", %" : "%") + name;
    types += (i ? ", " : "") + t;
  }
  std::string resultTypes;
  for (size_t i = 0; i < results.size(); ++i) {
    returned += (i ? ", " : "") + type(results[i]) + " {nn.name = \"r" + std::to_string(i) + "\"}";
    resultTypes += (i ? ", " : "") + type(results[i]);
    names += (i ? ", %r#" : "%r#") + std::to_string(i);
  }
  return "func.func @forward(" + head + ") -> (" + returned + ") {\n  %r:" + std::to_string(results.size()) +
         " = " + op + " " + operands + attributes + " : " +
         (functional ? "(" + types + ") -> (" + resultTypes + ")" : type(results[0])) + body + "\n  return " +
         names + " : " + resultTypes + "\n}\n";
}

struct Conv {
  int64_t batch, size, channels, outputs, kernel, stride, pad, groups = 1; // channels and outputs of a group
  int64_t output() const { return (size + 2 * pad - kernel) / stride + 1; }
  Shape x() const { return {batch, size, size, groups * channels}; }
  Shape w() const { return {kernel, kernel, channels, groups * outputs}; }
  Shape y() const { return {batch, output(), output(), groups * outputs}; }
  std::string window() const {
    auto pair = [](int64_t v) { return "[" + std::to_string(v) + ", " + std::to_string(v) + "]"; };
    const std::string p = std::to_string(pad);
    return " strides " + pair(stride) + " pads [" + p + ", " + p + ", " + p + ", " + p + "] dilations [1, 1]";
  }
};
using Convs = std::vector<Conv>;
const Convs kConvolutions = {{2, 14, 32, 48, 3, 1, 1}, {4, 16, 64, 32, 1, 1, 0}, {2, 33, 3, 24, 5, 2, 2}};
const Convs kGrouped = {{2, 14, 4, 4, 3, 1, 1, 32}, {2, 14, 40, 24, 3, 1, 1, 2}, {2, 28, 1, 1, 3, 1, 1, 48}};
const Convs kDepthwise = {
    {2, 28, 1, 1, 3, 1, 1, 48}, {2, 15, 1, 1, 5, 2, 2, 100}, {4, 14, 1, 2, 3, 1, 1, 32}};

struct Pool {
  int64_t batch, size, channels, kernel, stride, pad;
  int64_t output() const { return (size + 2 * pad - kernel) / stride + 1; }
  Shape x() const { return {batch, size, size, channels}; }
  Shape y() const { return {batch, output(), output(), channels}; }
  std::string window() const {
    auto list = [](int64_t v, int count) {
      std::string text = "[" + std::to_string(v);
      for (int i = 1; i < count; ++i)
        text += ", " + std::to_string(v);
      return text + "]";
    };
    return " kernel " + list(kernel, 2) + " strides " + list(stride, 2) + " pads " + list(pad, 4) +
           " dilations [1, 1]";
  }
};
const Pool kPools[] = {{8, 16, 24, 2, 2, 0}, {16, 15, 16, 3, 2, 1}, {8, 8, 96, 8, 1, 0}};

const Shape kPixels[] = {{4, 14, 14, 32}, {2, 28, 28, 12}, {8, 7, 7, 100}};

/// `strategy` is held; empty: none is.
OperationClass convolutions(const std::string &title, const std::string &name, const Convs &all,
                            const std::string &strategy) {
  OperationClass result{title, {}};
  for (const Conv &c : all) {
    const std::vector<Argument> arguments = name == "conv2d" ? std::vector<Argument>{{c.x()}, {c.w()}}
                                            : name == "conv2d_grad_input"
                                                ? std::vector<Argument>{{c.y()}, {c.w()}}
                                                : std::vector<Argument>{{c.x()}, {c.y()}};
    const std::string held = strategy.empty() ? "" : ", schedule = #nn.schedule<\"" + strategy + "\">";
    result.modules.push_back(
        module("nn." + name, c.window() + " {groups = " + std::to_string(c.groups) + held + "}", arguments,
               {name == "conv2d"              ? c.y()
                : name == "conv2d_grad_input" ? c.x()
                                              : c.w()}));
  }
  return result;
}

/// A bias, another tensor and a ReLU behind a convolution; another tensor and the mask of a ReLU behind an
/// input gradient.
OperationClass epilogues(const std::string &title, bool gradient) {
  OperationClass result{title, {}};
  for (const Conv &c : kConvolutions) {
    const Shape bias = {c.outputs};
    const std::string x = type(c.x()), w = type(c.w()), y = type(c.y()), b = type(bias);
    const std::string body =
        gradient ? " {\n  ^bb0(%e: " + y + ", %f: " + w + ", %g: " + x + ", %h: " + x +
                       "):\n    %0 = nn.conv2d_grad_input %e, %f" + c.window() + " : (" + y + ", " + w +
                       ") -> " + x + "\n    %1 = nn.add %0, %g : " + x +
                       "\n    %2 = nn.relu_grad %1, %h : " + x + "\n    nn.yield %2 : " + x + "\n  }"
                 : " {\n  ^bb0(%e: " + x + ", %f: " + w + ", %g: " + b + ", %h: " + y +
                       "):\n    %0 = nn.conv2d %e, %f" + c.window() + " : (" + x + ", " + w + ") -> " + y +
                       "\n    %1 = nn.bias_add %0, %g : (" + y + ", " + b + ") -> " + y +
                       "\n    %2 = nn.add %1, %h : " + y + "\n    %3 = nn.relu %2 : " + y +
                       "\n    nn.yield %3 : " + y + "\n  }";
    const std::vector<Argument> arguments = gradient
                                                ? std::vector<Argument>{{c.y()}, {c.w()}, {c.x()}, {c.x()}}
                                                : std::vector<Argument>{{c.x()}, {c.w()}, {bias}, {c.y()}};
    result.modules.push_back(module("nn.unit(", ")", arguments, {gradient ? c.x() : c.y()}, true, body));
  }
  return result;
}

/// A body that reads arguments of these shapes; its operations take them as %v0, %v1, ...
std::string body(const std::vector<Argument> &arguments, const std::string &operations) {
  std::string head;
  for (size_t i = 0; i < arguments.size(); ++i)
    head += (i ? ", %v" : "%v") + std::to_string(i) + ": " + type(arguments[i].shape);
  return " {\n  ^bb0(" + head + "):\n" + operations + "\n  }";
}

/// A normalisation with ReLU in front of a convolution.
OperationClass prologues() {
  OperationClass result{"conv2d_prologue", {}};
  for (const Conv &c : kConvolutions) {
    const Shape channels = {c.channels};
    const std::string x = type(c.x()), w = type(c.w()), y = type(c.y()), v = type(channels);
    const std::vector<Argument> arguments = {{c.x()},    {channels}, {channels},
                                             {channels}, {channels}, {c.w()}};
    result.modules.push_back(module(
        "nn.unit(", ")", arguments, {c.y()}, true,
        body(arguments, "    %0 = nn.batch_norm_apply %v0, %v1, %v2, %v3, %v4 : (" + x + ", " + v + ", " + v +
                            ", " + v + ", " + v + ") -> " + x + "\n    %1 = nn.relu %0 : " + x +
                            "\n    %2 = nn.conv2d %1, %v5" + c.window() + " : (" + x + ", " + w + ") -> " +
                            y + "\n    nn.yield %2 : " + y)));
  }
  return result;
}

/// Both gradients of a convolution behind that of a batch norm, the input's with the mask of a ReLU.
OperationClass bothGradients() {
  OperationClass result{"both_gradients", {}};
  for (const Conv &c : Convs{{2, 14, 32, 48, 3, 1, 1}, {4, 16, 64, 32, 1, 1, 0}, {2, 28, 12, 24, 3, 1, 1}}) {
    const Shape outputs = {c.outputs};
    const std::string x = type(c.x()), w = type(c.w()), y = type(c.y()), v = type(outputs);
    const std::vector<Argument> arguments = {{c.y()},   {c.y()},   {outputs}, {outputs}, {outputs},
                                             {outputs}, {outputs}, {c.w()},   {c.x()},   {c.x()}};
    result.modules.push_back(
        module("nn.unit(", ")", arguments, {c.x(), c.w()}, true,
               body(arguments, "    %0 = nn.batch_norm_grad_apply %v0, %v1, %v2, %v3, %v4, %v5, %v6 : (" + y +
                                   ", " + y + ", " + v + ", " + v + ", " + v + ", " + v + ", " + v + ") -> " +
                                   y + "\n    %1 = nn.conv2d_grad_input %0, %v7" + c.window() + " : (" + y +
                                   ", " + w + ") -> " + x + "\n    %2 = nn.relu_grad %1, %v8 : " + x +
                                   "\n    %3 = nn.conv2d_grad_weight %v9, %0" + c.window() + " : (" + x +
                                   ", " + y + ") -> " + w + "\n    nn.yield %2, %3 : " + x + ", " + w)));
  }
  return result;
}

OperationClass pools(const std::string &name, bool average, bool gradient) {
  OperationClass result{name, {}};
  for (const Pool &p : kPools) {
    std::vector<Argument> arguments = {{p.x()}};
    if (gradient)
      arguments = average ? std::vector<Argument>{{p.y()}} : std::vector<Argument>{{p.x()}, {p.y()}};
    result.modules.push_back(module("nn." + name, p.window(), arguments, {gradient ? p.x() : p.y()}));
  }
  return result;
}

OperationClass products() {
  OperationClass result{"matmul", {}};
  result.modules = {module("nn.matmul", "", {{{32, 400}}, {{400, 120}}}, {{32, 120}}),
                    module("nn.matmul", " {transpose_a = true}", {{{64, 48}}, {{64, 100}}}, {{48, 100}}),
                    module("nn.matmul", " {transpose_b = true}", {{{16, 200}}, {{84, 200}}}, {{16, 84}})};
  return result;
}

OperationClass onPixels(const std::string &name) {
  OperationClass result{name, {}};
  for (const Shape &x : kPixels) {
    const Shape c = {x.back()};
    if (name == "relu")
      result.modules.push_back(module("nn.relu", "", {{x}}, {x}, false));
    if (name == "add")
      result.modules.push_back(module("nn.add", "", {{x}, {x}}, {x}, false));
    if (name == "bias_add")
      result.modules.push_back(module("nn.bias_add", "", {{x}, {c}}, {x}));
    if (name == "channel_sum")
      result.modules.push_back(module("nn.channel_sum", "", {{x}}, {c}));
    if (name == "batch_norm")
      result.modules.push_back(module("nn.batch_norm", " epsilon 1.0e-05 momentum 1.0e-01",
                                      {{x}, {c}, {c}, {c}, {c}}, {x, c, c, c, c}));
    if (name == "batch_norm_grad")
      result.modules.push_back(module("nn.batch_norm_grad", "", {{x}, {x}, {c}, {c}, {c}}, {x, c, c}));
    if (name == "transpose")
      result.modules.push_back(
          module("nn.transpose", " permutation [0, 3, 1, 2]", {{x}}, {{x[0], x[3], x[1], x[2]}}));
  }
  return result;
}

OperationClass losses() {
  OperationClass result{"softmax_cross_entropy", {}};
  for (const Shape &x : {Shape{32, 10}, Shape{64, 100}, Shape{8, 1000}})
    result.modules.push_back(module("nn.softmax_cross_entropy", "", {{x}, {{x[0]}, "i32"}}, {{}, x}));
  return result;
}

} // namespace

const std::vector<OperationClass> &operationClasses() {
  static const std::vector<OperationClass> classes = {
      convolutions("conv2d", "conv2d", kConvolutions, ""),
      convolutions("conv2d_grad_input", "conv2d_grad_input", kConvolutions, ""),
      convolutions("conv2d_grad_weight", "conv2d_grad_weight", kConvolutions, ""),
      products(),
      pools("max_pool", false, false),
      pools("avg_pool", true, false),
      pools("max_pool_grad", false, true),
      pools("avg_pool_grad", true, true),
      onPixels("relu"),
      onPixels("add"),
      onPixels("bias_add"),
      onPixels("channel_sum"),
      onPixels("batch_norm"),
      onPixels("batch_norm_grad"),
      onPixels("transpose"),
      losses(),
      convolutions("grouped_conv2d", "conv2d", kGrouped, "weight_stationary"),
      convolutions("grouped_conv2d_grad_input", "conv2d_grad_input", kGrouped, "weight_stationary"),
      convolutions("grouped_conv2d_grad_weight", "conv2d_grad_weight", kGrouped, "pixel_stationary"),
      convolutions("depthwise_conv2d", "conv2d", kDepthwise, "depthwise"),
      convolutions("depthwise_conv2d_grad_input", "conv2d_grad_input", kDepthwise, "depthwise"),
      convolutions("depthwise_conv2d_grad_weight", "conv2d_grad_weight", kDepthwise, "depthwise"),
      epilogues("conv2d_epilogue", false),
      epilogues("grad_input_epilogue", true),
      prologues(),
      bothGradients(),
  };
  return classes;
}

} // namespace arsis::testing
