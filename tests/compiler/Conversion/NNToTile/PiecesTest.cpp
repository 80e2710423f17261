// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slices, pads, concatenations and splits, bit for bit against the oracle: boxes that begin within a tile,
// along every dimension, of ranks that are merged. tests/e2e/test_pieces.py has the types.
#include "tests/compiler/Conversion/NNToTile/TileTesting.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

using namespace arsis::testing;

namespace {

const ArraySize kTiny{8, 8, 1, 64, 4};

std::string type(const std::vector<int> &shape, const std::string &element = "f32") {
  std::string text = "tensor<";
  for (int dim : shape)
    text += std::to_string(dim) + "x";
  return text + element + ">";
}
std::string list(const std::vector<int> &values) {
  std::string text;
  for (int value : values)
    text += (text.empty() ? "[" : ", ") + std::to_string(value);
  return text + "]";
}
std::string flat(const std::vector<int> &shape) {
  return type({std::accumulate(shape.begin(), shape.end(), 1, std::multiplies<>())});
}

struct Box {
  std::vector<int> outer, inner, at;
};
const std::vector<Box> kBoxes = {
    {{1}, {1}, {0}},
    {{5000}, {4097}, {901}}, // more than the scratchpad holds
    {{5, 3}, {2, 3}, {0, 0}},
    {{70, 41}, {70, 1}, {0, 13}},
    {{2, 9, 7, 13}, {1, 8, 3, 11}, {1, 0, 2, 1}},
    {{2, 9, 7, 13}, {2, 9, 7, 5}, {0, 0, 0, 8}},
    {{3, 30, 20, 6}, {3, 30, 11, 6}, {0, 0, 7, 0}},
    {{2, 3, 1, 5, 4, 1, 3}, {2, 3, 1, 2, 4, 1, 3}, {0, 0, 0, 3, 0, 0, 0}},
};

/// The slice of %x, and the pad that is its gradient, of what has the shape of the slice.
std::string moduleOf(const Box &box, const std::string &value, const std::string &from,
                     const std::string &to) {
  const std::string x = type(box.outer), y = type(box.inner), xFrom = type(box.outer, from),
                    yFrom = type(box.inner, from), xTo = type(box.outer, to), yTo = type(box.inner, to);
  return "func.func @forward(%fx: " + flat(box.outer) + " {nn.name = \"x\"}, %fy: " + flat(box.inner) +
         " {nn.name = \"y\"}) -> (" + flat(box.inner) + " {nn.name = \"slice\"}, " + flat(box.outer) +
         " {nn.name = \"pad\"}) {\n" + "  %x = nn.reshape %fx : (" + flat(box.outer) + ") -> " + x +
         "\n  %y = nn.reshape %fy : (" + flat(box.inner) + ") -> " + y + "\n  %xc = nn.cast %x : (" + x +
         ") -> " + xFrom + "\n  %yc = nn.cast %y : (" + y + ") -> " + yFrom + "\n  %0 = nn.slice %xc from " +
         list(box.at) + " : (" + xFrom + ") -> " + yTo + "\n  %1 = nn.pad %yc behind " + list(box.at) +
         " of " + value + " : (" + yFrom + ") -> " + xTo + "\n  %2 = nn.cast %0 : (" + yTo + ") -> " + y +
         "\n  %3 = nn.cast %1 : (" + xTo + ") -> " + x + "\n  %4 = nn.reshape %2 : (" + y + ") -> " +
         flat(box.inner) + "\n  %5 = nn.reshape %3 : (" + x + ") -> " + flat(box.outer) +
         "\n  return %4, %5 : " + flat(box.inner) + ", " + flat(box.outer) + "\n}\n";
}

/// The pieces of a tensor along a dimension, each through relu, and the tensor that they make.
std::string moduleOf(const std::vector<int> &shape, int axis, const std::vector<int> &extents,
                     const std::string &from, const std::string &to) {
  const std::string x = type(shape), y = type(shape, to);
  std::string names, types, relu, joined, joinedTypes;
  for (size_t i = 0; i < extents.size(); ++i) {
    std::vector<int> piece = shape;
    piece[axis] = extents[i];
    const std::string number = std::to_string(i), separator = i == 0 ? "" : ", ";
    types += separator + type(piece, from);
    relu += "  %r" + number + " = nn.relu %p#" + number + " : " + type(piece, from) + "\n";
    joined += separator + "%r" + number;
    joinedTypes += separator + type(piece, from);
  }
  return "func.func @forward(%fx: " + flat(shape) + " {nn.name = \"x\"}) -> (" + flat(shape) +
         " {nn.name = \"y\"}) {\n  %x = nn.reshape %fx : (" + flat(shape) + ") -> " + x +
         "\n  %c = nn.cast %x : (" + x + ") -> " + type(shape, from) +
         "\n  %p:" + std::to_string(extents.size()) + " = nn.split %c along " + std::to_string(axis) +
         " : (" + type(shape, from) + ") -> (" + types + ")\n" + relu + "  %0 = nn.concat " + joined +
         " along " + std::to_string(axis) + " : (" + joinedTypes + ") -> " + y + "\n  %1 = nn.cast %0 : (" +
         y + ") -> " + x + "\n  %2 = nn.reshape %1 : (" + x + ") -> " + flat(shape) +
         "\n  return %2 : " + flat(shape) + "\n}\n";
}

} // namespace

TEST(PiecesLowering, SlicesAndPads) {
  for (const Box &box : kBoxes)
    for (const char *value : {"0.0", "-0.1", "0xFF800000"})
      EXPECT_EQ(compareWithOracle(moduleOf(box, value, "f32", "f32"), chipWith(kTiny)), "")
          << moduleOf(box, value, "f32", "f32");
}

TEST(PiecesLowering, SplitsAndConcats) {
  for (const auto &[shape, axis, extents] :
       std::vector<std::tuple<std::vector<int>, int, std::vector<int>>>{{{1}, 0, {1}},
                                                                        {{7}, 0, {1, 2, 4}},
                                                                        {{4097}, 0, {1, 4096}},
                                                                        {{70, 41}, 0, {33, 37}},
                                                                        {{70, 41}, 1, {1, 1, 39}},
                                                                        {{2, 9, 7, 24}, 3, {7, 1, 16}},
                                                                        {{2, 9, 7, 12}, 1, {4, 5}},
                                                                        {{3, 1, 20, 6}, 2, {19, 1}},
                                                                        {{2, 3, 4, 5, 6}, 1, {1, 2}},
                                                                        {{2, 3, 4, 5, 6}, 4, {2, 4}},
                                                                        {{2, 1, 3, 1, 5, 1}, 2, {2, 1}}})
    EXPECT_EQ(compareWithOracle(moduleOf(shape, axis, extents, "f32", "f32"), chipWith(kTiny)), "")
        << moduleOf(shape, axis, extents, "f32", "f32");
}

TEST(PiecesLowering, ATensorThatIsThereTwice) {
  EXPECT_EQ(
      compareWithOracle("func.func @forward(%x: tensor<5x7xf32> {nn.name = \"x\"}) -> (tensor<5x14xf32> "
                        "{nn.name = \"y\"}) {\n  %0 = nn.concat %x, %x along 1 : (tensor<5x7xf32>, "
                        "tensor<5x7xf32>) -> tensor<5x14xf32>\n  return %0 : tensor<5x14xf32>\n}\n",
                        chipWith(kTiny)),
      "");
}

TEST(PiecesLowering, FiveDimensionsOfWhichTheFirstStays) {
  const std::string x = type({3, 4, 5, 6, 7}), y = type({3, 7, 6, 5, 4}), whole = flat({3, 4, 5, 6, 7});
  EXPECT_EQ(compareWithOracle("func.func @forward(%x: " + whole + " {nn.name = \"x\"}) -> (" + whole +
                                  " {nn.name = \"y\"}) {\n  %0 = nn.reshape %x : (" + whole + ") -> " + x +
                                  "\n  %1 = nn.transpose %0 permutation [0, 4, 3, 2, 1] : (" + x + ") -> " +
                                  y + "\n  %2 = nn.reshape %1 : (" + y + ") -> " + whole +
                                  "\n  return %2 : " + whole + "\n}\n",
                              chipWith(kTiny)),
            "");
}

TEST(PiecesLowering, OneFieldOfTilesForAllPieces) {
  EXPECT_EQ(
      compareWithOracle(
          "func.func @forward(%x: tensor<6x5xf32> {nn.name = \"x\"}, %z: tensor<6x2xf32> {nn.name = "
          "\"z\"}) -> (tensor<6x7xf32> {nn.name = \"y\"}) {\n  %0 = nn.concat %x, %z along 1 {schedule = "
          "#nn.schedule<\"dma\", tiles = {d2 = 4, d3 = 5}, slots = {tiles = 1}>} : (tensor<6x5xf32>, "
          "tensor<6x2xf32>) -> tensor<6x7xf32>\n  return %0 : tensor<6x7xf32>\n}\n",
          chipWith(kTiny)),
      "");
}
