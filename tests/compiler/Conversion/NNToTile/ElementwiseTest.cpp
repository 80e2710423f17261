// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of elements and operands that repeat along any dimensions, with the sums that are their
// gradients, bit for bit against the oracle.
#include "tests/compiler/Conversion/NNToTile/TileTesting.h"

#include <gtest/gtest.h>

#include <vector>

using namespace arsis::testing;

namespace {

const ArraySize kTiny{8, 8, 1, 64, 4};

std::string type(const std::vector<int> &shape) {
  std::string text = "tensor<";
  for (int dim : shape)
    text += std::to_string(dim) + "x";
  return text + "f32>";
}
std::string list(const std::vector<int> &values) {
  std::string text;
  for (int value : values)
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  return "[" + text + "]";
}
std::vector<int> taken(const std::vector<int> &shape, const std::vector<int> &along) {
  std::vector<int> extents;
  for (int dim : along)
    extents.push_back(shape[dim]);
  return extents;
}

/// @forward that returns all of the lines' values, %0 and on, of one type.
std::string moduleOf(const std::vector<std::string> &arguments, const std::vector<std::string> &lines,
                     const std::vector<std::string> &types) {
  std::string text = "func.func @forward(", results, values, names;
  for (size_t i = 0; i < arguments.size(); ++i)
    text += (i ? ", %a" : "%a") + std::to_string(i) + ": " + arguments[i] + " {nn.name = \"a" +
            std::to_string(i) + "\"}";
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string comma = i ? ", " : "";
    results += comma + types[i] + " {nn.name = \"r" + std::to_string(i) + "\"}";
    values += comma + "%" + std::to_string(i);
    names += comma + types[i];
  }
  text += ") -> (" + results + ") {\n";
  for (size_t i = 0; i < lines.size(); ++i)
    text += "  %" + std::to_string(i) + " = " + lines[i] + "\n";
  return text + "  return " + values + " : " + names + "\n}\n";
}

} // namespace

namespace {

/// Operations on so many arguments, each with the numbers it takes.
std::vector<std::string> linesOf(const std::vector<std::pair<std::string, std::string>> &operations,
                                 const std::string &arguments, const std::string &type) {
  std::vector<std::string> lines;
  for (const auto &[name, numbers] : operations)
    lines.push_back("nn." + name + " " + arguments + " " + numbers + " : " + type);
  return lines;
}

const std::vector<std::vector<int>> kShapes = {{1, 1, 1, 1}, {2, 5, 7, 6}, {3, 20, 20, 33}};

} // namespace

TEST(ElementwiseLowering, FunctionsOfOneTensor) {
  for (const std::vector<int> &shape : kShapes) {
    const std::string x = type(shape);
    const auto lines = linesOf({{"sigmoid", ""},
                                {"hard_swish", ""},
                                {"softplus", ""},
                                {"erf", ""},
                                {"exp", ""},
                                {"log", ""},
                                {"reciprocal", ""},
                                {"sqrt", ""},
                                {"affine", "scale 0.3 offset -1.7"},
                                {"affine", "scale 1.0 offset 0.1"},
                                {"clip", "low 0.0 high 6.0"},
                                {"clip", "high 0.25"},
                                {"leaky_relu", "slope 0.01"},
                                {"elu", "alpha 0.7"}},
                               "%a0", x);
    const std::vector<std::string> types(lines.size(), x);
    ASSERT_EQ(compareWithOracle(moduleOf({x}, lines, types), chipWith(kTiny)), "") << x;
  }
}

TEST(ElementwiseLowering, GradientsOfFunctions) {
  for (const std::vector<int> &shape : kShapes) {
    const std::string x = type(shape);
    const auto lines = linesOf({{"sigmoid_grad", ""},
                                {"hard_swish_grad", ""},
                                {"clip_grad", "low 0.0 high 6.0"},
                                {"clip_grad", "low -0.5"},
                                {"leaky_relu_grad", "slope 0.01"},
                                {"elu_grad", "alpha 0.7"}},
                               "%a0, %a1", x);
    const std::vector<std::string> types(lines.size(), x);
    ASSERT_EQ(compareWithOracle(moduleOf({x, x}, lines, types), chipWith(kTiny)), "") << x;
  }
}

TEST(ElementwiseLowering, OperandsAlongAnyDimensions) {
  const std::vector<std::pair<std::vector<int>, std::vector<int>>> cases = {
      {{2, 5, 7, 6}, {0, 3}},    // a squeeze-excite block
      {{3, 20, 20, 33}, {0, 3}}, // of several tiles
      {{1, 5, 7, 6}, {0, 3}},    // of one image
      {{2, 1, 1, 6}, {0, 3}},    // of one pixel
      {{2, 5, 7, 1}, {0, 3}},    // of one channel
      {{2, 3, 5, 7}, {1, 3}},    // every other dimension
      {{2, 3, 5, 7}, {0, 2}},
      {{2, 3, 5, 7}, {1, 2}},
      {{2, 9, 9, 21}, {0, 1, 2}}, // a mask of pixels
      {{2, 9, 9, 21}, {1, 2, 3}}, // the same for all images
      {{7, 11}, {0}},
      {{7, 11}, {}}};
  for (const auto &[shape, along] : cases) {
    const std::string x = type(shape), small = type(taken(shape, along)),
                      types = " : (" + x + ", " + small + ") -> " + x, where = " along " + list(along);
    const std::string module = moduleOf(
        {x, small},
        {"nn.multiply %a0, %a1" + where + types, "nn.add %0, %a1" + where + types,
         "nn.broadcast %a1" + where + " : (" + small + ") -> " + x, "nn.prelu %1, %a1" + where + types},
        {x, x, x, x});
    ASSERT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << module;
  }
}

TEST(ElementwiseLowering, SumsOverOneOfThreeDimensions) {
  for (const std::vector<int> &shape : std::vector<std::vector<int>>{
           {1, 1, 1}, {2, 35, 6}, {3, 400, 33}, {5, 7, 1}, {4, 1, 5}, {2, 3, 700}}) {
    const std::string x = type(shape), y = type({shape[0], shape[2]});
    const std::string module =
        moduleOf({x, x}, {"nn.multiply %a0, %a1 : " + x, "nn.axis_sum %0 : (" + x + ") -> " + y}, {x, y});
    ASSERT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << module;
  }
}

TEST(ElementwiseLowering, SumsOfSeveralChunksPerTile) {
  const std::string x = "tensor<3x500x20xf32>", y = "tensor<3x20xf32>";
  const std::string module = moduleOf({x}, {"nn.axis_sum %a0 : (" + x + ") -> " + y}, {y});
  for (const char *fields :
       {R"({"tiles": {"rows": 25, "chunks": 4}})", R"({"tiles": {"rows": 7, "columns": 6}})",
        R"({"tiles": {"rows": 500}, "slots": {"tiles": 1}})"})
    ASSERT_EQ(
        compareWithOracle(module, chipWith({8, 8, 1, 64, 64}), std::string("{\"axis_sum\": ") + fields + "}"),
        "")
        << fields;
}
