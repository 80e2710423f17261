// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution with its two gradients and the matrix product, bit for bit against the oracle that follows the
// same plan, over kernels, strides, dilations, paddings and channel counts, on arrays of several shapes.
#include "tests/compiler/Conversion/NNToTile/TileTesting.h"

#include <gtest/gtest.h>

#include <vector>

using namespace arsis::testing;

namespace {

struct Convolution {
  int n, h, w, c, o, kh, kw, sh, sw, dh, dw, top, left, bottom, right;

  int outH() const { return (h + top + bottom - dh * (kh - 1) - 1) / sh + 1; }
  int outW() const { return (w + left + right - dw * (kw - 1) - 1) / sw + 1; }
  bool fits() const { return h + top + bottom > dh * (kh - 1) && w + left + right > dw * (kw - 1); }
};

std::string type(std::vector<int> shape) {
  std::string text = "tensor<";
  for (int dim : shape)
    text += std::to_string(dim) + "x";
  return text + "f32>";
}

/// All three passes of a convolution in one function.
std::string moduleOf(const Convolution &v) {
  std::string x = type({v.n, v.h, v.w, v.c}), w = type({v.kh, v.kw, v.c, v.o}),
              y = type({v.n, v.outH(), v.outW(), v.o});
  auto pair = [](int a, int b) { return "[" + std::to_string(a) + ", " + std::to_string(b) + "]"; };
  std::string attributes = " strides " + pair(v.sh, v.sw) + " pads [" + std::to_string(v.top) + ", " +
                           std::to_string(v.left) + ", " + std::to_string(v.bottom) + ", " +
                           std::to_string(v.right) + "] dilations " + pair(v.dh, v.dw);
  return "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %w: " + w + " {nn.name = \"w\"}, %gy: " + y +
         " {nn.name = \"gy\"}) -> (" + y + " {nn.name = \"y\"}, " + x + " {nn.name = \"gx\"}, " + w +
         " {nn.name = \"gw\"}) {\n" + "  %y = nn.conv2d %x, %w" + attributes + " : (" + x + ", " + w +
         ") -> " + y + "\n" + "  %gx = nn.conv2d_grad_input %gy, %w" + attributes + " : (" + y + ", " + w +
         ") -> " + x + "\n" + "  %gw = nn.conv2d_grad_weight %x, %gy" + attributes + " : (" + x + ", " + y +
         ") -> " + w + "\n" + "  return %y, %gx, %gw : " + y + ", " + x + ", " + w + "\n}\n";
}

std::string describe(const Convolution &v) {
  std::string text;
  for (int number :
       {v.n, v.h, v.w, v.c, v.o, v.kh, v.kw, v.sh, v.sw, v.dh, v.dw, v.top, v.left, v.bottom, v.right})
    text += std::to_string(number) + " ";
  return text;
}

const ArraySize kTiny{8, 8, 1, 64, 10};

} // namespace

TEST(ContractionLowering, EveryKernelStrideDilationAndPadding) {
  for (auto [kh, kw] : {std::pair{1, 1}, {2, 2}, {3, 3}, {5, 5}, {7, 7}, {1, 7}, {4, 3}})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2})
        for (auto [top, left, bottom, right] : {std::array{0, 0, 0, 0}, {1, 1, 1, 1}, {0, 2, 1, 0}}) {
          Convolution v{2,      11,       9,        5,   11,   kh,     kw,   stride,
                        stride, dilation, dilation, top, left, bottom, right};
          if (!v.fits())
            continue;
          ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(kTiny)), "") << describe(v);
        }
}

TEST(ContractionLowering, EveryArray) {
  for (ArraySize size : {ArraySize{8, 8, 1, 64, 8},
                         {12, 20, 1, 96, 16},
                         {16, 16, 1, 128, 32},
                         {16, 16, 3, 64, 32},
                         {32, 32, 2, 256, 64},
                         {128, 128, 2, 512, 512}})
    for (int stride : {1, 2})
      for (auto [c, o] : {std::pair{1, 6}, {3, 17}, {20, 33}, {40, 16}}) {
        Convolution v{3, 10, 13, c, o, 3, 3, stride, 1, 1, 1, 1, 1, 1, 1};
        ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(size)), "")
            << size.rows << "x" << size.cols << "x" << size.units << ": " << describe(v);
      }
}

TEST(ContractionLowering, StrideLargerThanTheKernelLeavesHoles) {
  for (int kernel : {1, 2})
    for (int stride : {2, 3, 4}) {
      Convolution v{1, 10, 11, 9, 9, kernel, kernel, stride, stride, 1, 1, 0, 0, 0, 0};
      ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(kTiny)), "") << describe(v);
    }
}

TEST(ContractionLowering, StridesBeyondTheImage) {
  for (auto [h, w] : {std::pair{1, 1}, {1, 5}, {2, 3}, {4, 4}})
    for (int kernel : {1, 2, 3})
      for (int stride : {2, 3, 14, 32, 100000, 1000000000})
        for (int pad : {0, 1, 2}) {
          Convolution v{2, h, w, 5, 9, kernel, kernel, stride, stride + 1, 1, 1, pad, pad, pad, 0};
          if (!v.fits())
            continue;
          ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(kTiny)), "") << describe(v);
        }
}

TEST(ContractionLowering, ManyPhasesWithoutTaps) {
  Convolution sparse{2, 33, 30, 3, 5, 1, 2, 7, 13, 1, 1, 0, 0, 0, 0};
  EXPECT_EQ(compareWithOracle(moduleOf(sparse), chipWith(kTiny)), "");
  // A thousand phases of one tap each: every one has accumulators of its own.
  Convolution patches{1, 64, 64, 2, 3, 32, 32, 32, 32, 1, 1, 0, 0, 0, 0};
  EXPECT_EQ(compareWithOracle(moduleOf(patches), chipWith({8, 8, 1, 8192, 64})), "");
}

TEST(ContractionLowering, EveryPinnedTileKeepsTheBits) {
  Convolution v{3, 9, 10, 20, 20, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1};
  ArraySize roomy{8, 8, 1, 1024, 512};
  for (const char *forward : // the seventh fits at once, resident or not
       {"\"tiles\": {\"n\": 3}", "\"tiles\": {\"n\": 1, \"oh\": 2}",
        "\"tiles\": {\"n\": 1, \"oh\": 3, \"ow\": 2}", "\"tiles\": {\"c\": 8}",
        "\"tiles\": {\"co\": 20, \"c\": 16}", "\"loops\": [\"co\", \"n\", \"oh\", \"ow\", \"c\"]",
        "\"tiles\": {\"co\": 8, \"c\": 8}, \"resident\": {\"w\": 1}",
        "\"tiles\": {\"co\": 20, \"c\": 20}, \"resident\": {\"w\": 1}",
        "\"slots\": {\"tiles\": 1, \"accumulator\": 1}", "\"tiles\": {\"co\": 16, \"n\": 2}"}) {
    std::string mapping = std::string("{\"conv2d\": {") + forward + "}}";
    ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(roomy), mapping), "") << mapping;
  }
  for (const char *gradInput :
       {"\"tiles\": {\"n\": 1, \"ih\": 2}", "\"tiles\": {\"n\": 1, \"ih\": 4, \"iw\": 6}",
        "\"tiles\": {\"co\": 8, \"c\": 16}",
        "\"tiles\": {\"co\": 8, \"c\": 8}, \"loops\": [\"c\", \"n\", \"ih\", \"iw\", \"co\"]",
        "\"tiles\": {\"c\": 8}, \"resident\": {\"w\": 1}",
        "\"tiles\": {\"c\": 20, \"co\": 20}, \"resident\": {\"w\": 1}", "\"tiles\": {\"n\": 2}"}) {
    std::string mapping = std::string("{\"conv2d_grad_input\": {") + gradInput + "}}";
    ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(roomy), mapping), "") << mapping;
  }
  for (const char *gradWeight :
       {"\"tiles\": {\"n\": 1, \"oh\": 5}", "\"tiles\": {\"n\": 1, \"oh\": 1}",
        "\"tiles\": {\"n\": 1, \"oh\": 1, \"ow\": 2}, \"chunks\": {\"oh\": 1, \"ow\": 2}",
        "\"tiles\": {\"c\": 3}", "\"tiles\": {\"kh\": 1, \"c\": 1}", "\"tiles\": {\"co\": 20}",
        "\"loops\": [\"co\", \"kh\", \"c\", \"n\", \"oh\", \"ow\"], \"tiles\": {\"co\": 8}",
        "\"chunks\": {\"n\": 2, \"oh\": 1, \"ow\": 3}, \"tiles\": {\"n\": 2}"}) {
    std::string mapping = std::string("{\"conv2d_grad_weight\": {") + gradWeight + "}}";
    ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(roomy), mapping), "") << mapping;
  }
}

TEST(ContractionLowering, EverySplitOverArraysKeepsTheBits) {
  Convolution v{3, 9, 10, 20, 44, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1};
  const ArraySize six{8, 8, 6, 1024, 512};
  for (auto [columns, rows] : {std::pair{1, 1}, {2, 1}, {3, 1}, {1, 2}, {1, 3}, {3, 2}, {2, 3}}) {
    const std::string split = ", \"split\": {\"columns\": " + std::to_string(columns) +
                              ", \"rows\": " + std::to_string(rows) + "}}}";
    // Arrays share images, rows of an image, columns of a row; of weights, channels.
    for (const char *held :
         {"\"conv2d\": {\"tiles\": {\"n\": 3}", "\"conv2d\": {\"tiles\": {\"n\": 1}",
          "\"conv2d\": {\"tiles\": {\"n\": 1, \"oh\": 1}", "\"conv2d_grad_input\": {\"tiles\": {\"n\": 3}",
          "\"conv2d_grad_input\": {\"tiles\": {\"n\": 1, \"ih\": 6}",
          "\"conv2d_grad_input\": {\"tiles\": {\"n\": 1, \"ih\": 2}",
          "\"conv2d_grad_weight\": {\"tiles\": {\"c\": 7}"}) {
      const std::string mapping = std::string("{") + held + split;
      ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith(six), mapping), "") << mapping;
    }
  }
}

TEST(ContractionLowering, PlansOfAnyChunksAreObeyed) {
  Convolution v{2, 9, 8, 11, 7, 3, 3, 1, 2, 1, 1, 1, 1, 1, 1};
  for (auto [c, kh, kw] : {std::array{1, 1, 1}, {4, 1, 2}, {2, 2, 2}, {3, 2, 1}, {8, 1, 1}}) {
    auto chunks = [&](const char *channels) {
      return std::string("{\"chunks\": {\"") + channels + "\": " + std::to_string(c) +
             ", \"kh\": " + std::to_string(kh) + ", \"kw\": " + std::to_string(kw) + "}}";
    };
    std::string mapping = "{\"conv2d\": " + chunks("c") + ", \"conv2d_grad_input\": " + chunks("co") + "}";
    ASSERT_EQ(compareWithOracle(moduleOf(v), chipWith({8, 8, 1, 64, 32}), mapping), "") << mapping;
  }
}

TEST(ContractionLowering, MatrixProductInEveryOrientation) {
  for (ArraySize size : {ArraySize{8, 8, 1, 64, 8}, {12, 20, 1, 96, 16}, {16, 16, 2, 128, 32}})
    for (bool transposeA : {false, true})
      for (bool transposeB : {false, true})
        for (auto [m, k, n] : {std::array{1, 1, 1}, {5, 84, 10}, {33, 17, 40}, {8, 400, 120}}) {
          std::string a = transposeA ? type({k, m}) : type({m, k}),
                      b = transposeB ? type({n, k}) : type({k, n});
          std::string attributes;
          if (transposeA || transposeB)
            attributes = std::string(" {transpose_a = ") + (transposeA ? "true" : "false") +
                         ", transpose_b = " + (transposeB ? "true" : "false") + "}";
          std::string module =
              "func.func @forward(%a: " + a + " {nn.name = \"a\"}, %b: " + b + " {nn.name = \"b\"}) -> (" +
              type({m, n}) + " {nn.name = \"c\"}) {\n  %c = nn.matmul %a, %b" + attributes + " : (" + a +
              ", " + b + ") -> " + type({m, n}) + "\n  return %c : " + type({m, n}) + "\n}\n";
          ASSERT_EQ(compareWithOracle(module, chipWith(size)), "") << module;
        }
}

namespace {

/// A convolution of 4x6 pixels and 19 outputs that sums up its result, which it stores too.
std::string summing() {
  const std::string x = type({4, 4, 6, 5}), w = type({3, 3, 5, 19}), y = type({4, 4, 6, 19}), s = type({19});
  return "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %w: " + w + " {nn.name = \"w\"}) -> (" + y +
         " {nn.name = \"y\"}, " + s + " {nn.name = \"s\"}) {\n  %y, %s = nn.unit(%x, %w) : (" + x + ", " + w +
         ") -> (" + y + ", " + s + ") {\n  ^bb0(%a: " + x + ", %b: " + w +
         "):\n    %0 = nn.conv2d %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (" + x + ", " +
         w + ") -> " + y + "\n    %1 = nn.channel_sum %0 : (" + y + ") -> " + s +
         "\n    nn.yield %0, %1 : " + y + ", " + s + "\n  }\n  return %y, %s : " + y + ", " + s + "\n}\n";
}
std::string pinned(const std::string &fields) { return "{\"conv2d+channel_sum\": {" + fields + "}}"; }

} // namespace

TEST(ContractionLowering, SumsOfTheResult) {
  for (int units : {1, 2, 3})
    for (const char *tiles :
         {R"("n": 1, "oh": 4, "ow": 6, "co": 19)", R"("n": 2, "oh": 4, "ow": 6, "co": 8)",
          R"("n": 4, "oh": 4, "ow": 6, "co": 16)", R"("n": 1, "oh": 2, "ow": 6, "co": 8)",
          R"("n": 1, "oh": 1, "ow": 3, "co": 8)", R"("n": 1, "oh": 1, "ow": 1, "co": 19)"})
      for (const char *loops : {R"("n", "oh", "ow", "co", "c")", R"("co", "n", "oh", "ow", "c")"}) {
        const bool shares = std::string(tiles).find("19") == std::string::npos;
        const std::string split = units > 1 && shares ? R"(, "split": {"columns": 1})" : "";
        const std::string mapping =
            pinned("\"tiles\": {" + std::string(tiles) + "}, \"loops\": [" + loops + "]" + split);
        ASSERT_EQ(compareWithOracle(summing(), chipWith({8, 8, units, 512, 64}), mapping), "") << mapping;
      }
}

TEST(ContractionLowering, SumsAreOfPiecesOfEqualLengthInOrder) {
  for (const char *tiles :
       {R"("n": 3)", R"("n": 1, "oh": 3)", R"("n": 1, "oh": 2, "ow": 3)", R"("n": 1, "oh": 1, "ow": 4)"}) {
    const std::string found = compareWithOracle(summing(), chipWith({8, 8, 1, 128, 32}),
                                                pinned("\"tiles\": {" + std::string(tiles) + "}"));
    EXPECT_NE(found.find("no pieces of equal length of all pixels"), std::string::npos)
        << tiles << ": " << found;
  }
}
