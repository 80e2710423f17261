// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions in groups, all three passes, bit for bit against the oracle that follows the same plan: one
// group at a time, packed, on the vector unit, under pinned tiles, packs and splits over arrays, and with the
// sum of the result.
#include "tests/compiler/Conversion/NNToTile/TileTesting.h"

#include <gtest/gtest.h>

#include <vector>

using namespace arsis::testing;

namespace {

/// With kernels of 3x3 and pads of one; channels and outputs of a group.
struct Groups {
  int batch, size, groups, channels, outputs, stride;

  int output() const { return (size - 1) / stride + 1; }
};

std::string type(std::vector<int> shape) {
  std::string text = "tensor<";
  for (int dim : shape)
    text += std::to_string(dim) + "x";
  return text + "f32>";
}

std::string attributes(const Groups &v) {
  const std::string stride = std::to_string(v.stride);
  return " strides [" + stride + ", " + stride +
         "] pads [1, 1, 1, 1] dilations [1, 1] {groups = " + std::to_string(v.groups) + "} : (";
}

std::string moduleOf(const Groups &v) {
  const std::string x = type({v.batch, v.size, v.size, v.groups * v.channels}),
                    w = type({3, 3, v.channels, v.groups * v.outputs}),
                    y = type({v.batch, v.output(), v.output(), v.groups * v.outputs});
  return "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %w: " + w + " {nn.name = \"w\"}, %gy: " + y +
         " {nn.name = \"gy\"}) -> (" + y + " {nn.name = \"y\"}, " + x + " {nn.name = \"gx\"}, " + w +
         " {nn.name = \"gw\"}) {\n  %y = nn.conv2d %x, %w" + attributes(v) + x + ", " + w + ") -> " + y +
         "\n  %gx = nn.conv2d_grad_input %gy, %w" + attributes(v) + y + ", " + w + ") -> " + x +
         "\n  %gw = nn.conv2d_grad_weight %x, %gy" + attributes(v) + x + ", " + y + ") -> " + w +
         "\n  return %y, %gx, %gw : " + y + ", " + x + ", " + w + "\n}\n";
}

/// A convolution that sums up its result, which it stores too.
std::string summing(const Groups &v) {
  const std::string x = type({v.batch, v.size, v.size, v.groups * v.channels}),
                    w = type({3, 3, v.channels, v.groups * v.outputs}),
                    y = type({v.batch, v.output(), v.output(), v.groups * v.outputs}),
                    s = type({v.groups * v.outputs});
  return "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %w: " + w + " {nn.name = \"w\"}) -> (" + y +
         " {nn.name = \"y\"}, " + s + " {nn.name = \"s\"}) {\n  %y, %s = nn.unit(%x, %w) : (" + x + ", " + w +
         ") -> (" + y + ", " + s + ") {\n  ^bb0(%a: " + x + ", %b: " + w + "):\n    %0 = nn.conv2d %a, %b" +
         attributes(v) + x + ", " + w + ") -> " + y + "\n    %1 = nn.channel_sum %0 : (" + y + ") -> " + s +
         "\n    nn.yield %0, %1 : " + y + ", " + s + "\n  }\n  return %y, %s : " + y + ", " + s + "\n}\n";
}

const Groups kDepthwise{3, 7, 13, 1, 1, 1}, kTwice{2, 9, 10, 1, 2, 2}, kGrouped{3, 7, 7, 3, 2, 2};
const ArraySize kRoomy{8, 8, 1, 1024, 512};

} // namespace

TEST(GroupsLowering, EveryArray) {
  for (ArraySize size : {ArraySize{8, 8, 1, 64, 10},
                         {12, 20, 1, 96, 16},
                         {16, 16, 3, 64, 32},
                         {32, 32, 2, 256, 64},
                         {128, 128, 2, 512, 512}})
    for (const Groups &v : {kDepthwise, kTwice, kGrouped, Groups{1, 5, 2, 20, 33, 1}, {2, 4, 40, 1, 1, 3}})
      ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(size)), "")
          << size.rows << "x" << size.cols << "x" << size.units << ": " << moduleOf(v);
}

TEST(GroupsLowering, EveryPinnedTileAndPackKeepsTheBits) {
  for (const Groups &v : {kDepthwise, kTwice, kGrouped})
    for (const char *held :
         {R"("tiles": {"g": 1})", R"("tiles": {"g": 2}, "pack": {"g": 1})",
          R"("tiles": {"g": 2}, "pack": {"g": 2})", R"("tiles": {"g": 4}, "pack": {"g": 2})",
          R"("tiles": {"g": 100}, "pack": {"g": 2})",
          R"("tiles": {"g": 100}, "pack": {"g": 1}, "slots": {"tiles": 1})",
          R"("tiles": {"g": 3, "n": 1}, "slots": {"accumulator": 1})"}) {
      const std::string array = std::string("{\"strategy\": \"weight_stationary\", ") + held + "}",
                        pixels = std::string("{\"strategy\": \"pixel_stationary\", ") + held + "}";
      const std::string mapping = "{\"conv2d\": " + array + ", \"conv2d_grad_input\": " + array +
                                  ", \"conv2d_grad_weight\": " + pixels + "}";
      ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(kRoomy), mapping), "") << mapping << moduleOf(v);
    }
}

TEST(GroupsLowering, EveryPinnedTileOfTheVectorUnitKeepsTheBits) {
  for (const Groups &v : {kDepthwise, kTwice})
    for (const char *held : {R"("g": 100)", R"("g": 5)", R"("g": 1, "n": 1)", R"("g": 4, "n": 2)"})
      for (const char *rows : {"", "2", "6"}) {
        const std::string g = std::string(held).substr(0, std::string(held).find(','));
        auto pinned = [&](const char *dimension) {
          const std::string tiles = *rows ? g + ", \"n\": 1, \"" + dimension + "\": " + rows : held;
          return R"({"strategy": "depthwise", "tiles": {)" + tiles + "}}";
        };
        const std::string mapping = "{\"conv2d\": " + pinned("oh") +
                                    ", \"conv2d_grad_input\": " + pinned("ih") +
                                    ", \"conv2d_grad_weight\": " + pinned("oh") + "}";
        ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(kRoomy), mapping), "") << mapping << moduleOf(v);
      }
}

TEST(GroupsLowering, EverySplitOverArraysKeepsTheBits) {
  const ArraySize six{8, 8, 6, 1024, 512};
  for (auto [columns, rows] : {std::pair{1, 1}, {2, 1}, {3, 1}, {1, 2}, {1, 3}, {3, 2}, {2, 3}})
    for (const char *held :
         {R"("tiles": {"g": 6}, "pack": {"g": 1})", R"("tiles": {"g": 100}, "pack": {"g": 2})"}) {
      const std::string split = ", \"split\": {\"columns\": " + std::to_string(columns) +
                                ", \"rows\": " + std::to_string(rows) + "}}",
                        array = std::string("{\"strategy\": \"weight_stationary\", ") + held + split;
      std::string mapping = "{\"conv2d\": " + array + ", \"conv2d_grad_input\": " + array;
      if (rows == 1)
        mapping +=
            std::string(", \"conv2d_grad_weight\": {\"strategy\": \"pixel_stationary\", ") + held + split;
      mapping += "}";
      for (const Groups &v : {kDepthwise, kTwice, kGrouped})
        ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(six), mapping), "") << mapping << moduleOf(v);
    }
}

TEST(GroupsLowering, SumsOfTheResult) {
  for (const Groups &v : {Groups{4, 6, 13, 1, 1, 1}, {2, 8, 10, 1, 2, 2}, {2, 4, 5, 3, 2, 1}})
    for (const char *held :
         {R"("strategy": "depthwise")", R"("strategy": "depthwise", "tiles": {"g": 4, "n": 2})",
          R"("strategy": "depthwise", "tiles": {"g": 3, "n": 1, "oh": 2})",
          R"("strategy": "weight_stationary", "tiles": {"g": 1})",
          R"("strategy": "weight_stationary", "tiles": {"g": 4, "n": 2}, "pack": {"g": 2})",
          R"("strategy": "weight_stationary", "tiles": {"g": 100, "n": 1}, "pack": {"g": 1})"}) {
      if (v.channels > 1 && std::string(held).find("depthwise") != std::string::npos)
        continue;
      const std::string mapping = std::string("{\"conv2d+channel_sum\": {") + held + "}}";
      ASSERT_EQ(compareWithOracle(summing(v), chipWith(kRoomy), mapping), "") << mapping << summing(v);
    }
}

TEST(GroupsLowering, WhatCannotBePackedSaysWhy) {
  const std::pair<const char *, const char *> refused[] = {
      {R"("strategy": "weight_stationary", "tiles": {"g": 2}, "pack": {"g": 3})",
       "a pack has more groups than a tile"},
      {R"("strategy": "weight_stationary", "tiles": {"g": 9}, "pack": {"g": 9})",
       "a chunk of the plan has more terms than the array has rows"},
      {R"("strategy": "weight_stationary", "tiles": {"g": 3}, "pack": {"g": 2})",
       "the tile of groups is no multiple of the packs of the arrays that share it"},
      {R"("strategy": "weight_stationary", "tiles": {"g": 2}, "pack": {"g": 2}, "split": {"columns": 0})",
       "a product is shared by no array"},
      {R"("strategy": "depthwise", "pack": {"g": 2})", "the vector unit packs no groups"},
      {R"("strategy": "depthwise", "chunks": {"kh": 2})", "the vector unit sums whole windows"},
  };
  for (auto [held, why] : refused) {
    const int arrays =
        std::string(held).find("split") == std::string::npos ? 1 : 2; // with one there is no choice
    const std::string found = compareWithOracle(moduleOf(kDepthwise), chipWith({8, 8, arrays, 1024, 512}),
                                                std::string("{\"conv2d\": {") + held + "}}");
    EXPECT_NE(found.find(why), std::string::npos) << held << ": " << found;
  }
}
