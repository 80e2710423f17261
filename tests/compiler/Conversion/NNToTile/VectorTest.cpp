// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling, elementwise operations, sums over pixels, normalisation, loss and data movement, bit for bit
// against the oracle.
#include "tests/compiler/Conversion/NNToTile/TileTesting.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

using namespace arsis::testing;

namespace {

const ArraySize kTiny{8, 8, 1, 64, 4};

struct Pool {
  int h, w, kh, kw, sh, sw, dh, dw, top, left, bottom, right, outH, outW;
};

std::string type(std::vector<int> shape) {
  std::string text = "tensor<";
  for (int dim : shape)
    text += std::to_string(dim) + "x";
  return text + "f32>";
}
std::string list(std::vector<int> values) {
  std::string text;
  for (int value : values)
    text += (text.empty() ? "[" : ", ") + std::to_string(value);
  return text + "]";
}

/// Both poolings with their gradients.
std::string moduleOf(const Pool &p, int n, int c, bool includePad) {
  std::string x = type({n, p.h, p.w, c}), y = type({n, p.outH, p.outW, c});
  std::string a = " kernel " + list({p.kh, p.kw}) + " strides " + list({p.sh, p.sw}) + " pads " +
                  list({p.top, p.left, p.bottom, p.right}) + " dilations " + list({p.dh, p.dw});
  std::string average = a + (includePad ? " {count_include_pad = true}" : "");
  return "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %gy: " + y + " {nn.name = \"gy\"}) -> (" + y +
         " {nn.name = \"max\"}, " + x + " {nn.name = \"gmax\"}, " + y + " {nn.name = \"avg\"}, " + x +
         " {nn.name = \"gavg\"}) {\n" + "  %0 = nn.max_pool %x" + a + " : (" + x + ") -> " + y + "\n" +
         "  %1 = nn.max_pool_grad %x, %gy" + a + " : (" + x + ", " + y + ") -> " + x + "\n" +
         "  %2 = nn.avg_pool %x" + average + " : (" + x + ") -> " + y + "\n" + "  %3 = nn.avg_pool_grad %gy" +
         average + " : (" + y + ") -> " + x + "\n" + "  return %0, %1, %2, %3 : " + y + ", " + x + ", " + y +
         ", " + x + "\n}\n";
}

int windows(int input, int before, int after, int kernel, int stride, int dilation, bool ceil) {
  int room = input + before + after - dilation * (kernel - 1) - 1;
  int count = room / stride + 1;
  if (ceil && room % stride && count * stride < input + before)
    ++count;
  return count;
}

} // namespace

TEST(VectorLowering, PoolingOfEveryWindow) {
  for (int kernel : {1, 2, 3})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2})
        for (bool ceil : {false, true})
          for (auto [before, after] : {std::pair{0, 0}, {1, 1}, {0, 1}}) {
            if (before > dilation * (kernel - 1) || after > dilation * (kernel - 1))
              continue;
            Pool p{13,       10,     kernel, kernel, stride, stride, dilation,
                   dilation, before, before, after,  after,  0,      0};
            p.outH = windows(p.h, before, after, kernel, stride, dilation, ceil);
            p.outW = windows(p.w, before, after, kernel, stride, dilation, ceil);
            for (bool includePad : {false, true})
              ASSERT_EQ(compareWithOracle(moduleOf(p, 2, 9, includePad), chipWith(kTiny)), "")
                  << kernel << " " << stride << " " << dilation << " " << ceil << " " << before << after
                  << includePad;
          }
}

TEST(VectorLowering, PoolingOfRectanglesAndOfWholeImages) {
  for (Pool p : {Pool{12, 9, 2, 3, 2, 1, 1, 1, 0, 1, 0, 1, 6, 9},
                 {7, 7, 7, 7, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1},
                 {7, 5, 7, 5, 7, 5, 1, 1, 0, 0, 0, 0, 1, 1},
                 {112, 20, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 56, 10},
                 {2, 5, 2, 2, 1, 1, 3, 3, 1, 1, 1, 1, 1, 4}}) // every tap in the padding above and below
    ASSERT_EQ(compareWithOracle(moduleOf(p, 3, 20, false), chipWith(kTiny)), "") << p.h << "x" << p.w;
}

TEST(VectorLowering, ElementwiseWithAndWithoutBroadcast) {
  for (auto [n, h, w, c] : {std::array{1, 1, 1, 1}, {2, 5, 7, 6}, {3, 20, 20, 33}, {1, 3, 1, 700}}) {
    std::string x = type({n, h, w, c}), b = type({c});
    std::string module = "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %z: " + x +
                         " {nn.name = \"z\"}, %b: " + b + " {nn.name = \"b\"}) -> (" + x +
                         " {nn.name = \"y\"}, " + x + " {nn.name = \"g\"}, " + b +
                         " {nn.name = \"s\"}) {\n  %0 = nn.bias_add %x, %b : (" + x + ", " + b + ") -> " + x +
                         "\n  %1 = nn.relu %0 : " + x + "\n  %2 = nn.add %1, %z : " + x +
                         "\n  %3 = nn.relu_grad %2, %1 : " + x + "\n  %4 = nn.channel_sum %3 : (" + x +
                         ") -> " + b + "\n  return %2, %3, %4 : " + x + ", " + x + ", " + b + "\n}\n";
    ASSERT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << x;
  }
}

TEST(VectorLowering, HyperbolicTangentAndItsGradient) {
  for (auto [n, h, w, c] : {std::array{1, 1, 1, 1}, {2, 5, 7, 6}, {3, 20, 20, 33}}) {
    std::string x = type({n, h, w, c});
    std::string module =
        "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %gy: " + x + " {nn.name = \"gy\"}) -> (" + x +
        " {nn.name = \"y\"}, " + x + " {nn.name = \"gx\"}) {\n  %0 = nn.tanh %x : " + x +
        "\n  %1 = nn.tanh_grad %gy, %0 : " + x + "\n  return %0, %1 : " + x + ", " + x + "\n}\n";
    ASSERT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << x;
  }
}

TEST(VectorLowering, BatchNormalisationResidentAndStreamed) {
  for (const char *resident : {"0", "1"})
    for (auto [n, h, w, c] : {std::array{2, 1, 1, 1}, {2, 5, 7, 6}, {2, 9, 9, 21}}) {
      std::string x = type({n, h, w, c}), v = type({c});
      std::string module =
          "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %s: " + v + " {nn.name = \"s\"}, %b: " + v +
          " {nn.name = \"b\"}, %m: " + v + " {nn.name = \"m\"}, %v: " + v + " {nn.name = \"v\"}, %gy: " + x +
          " {nn.name = \"gy\"}) -> (" + x + " {nn.name = \"y\"}, " + v + " {nn.name = \"mean\"}, " + v +
          " {nn.name = \"rstd\"}, " + v + " {nn.name = \"m\", nn.donates = 3 : i64}, " + v +
          " {nn.name = \"v\", nn.donates = 4 : i64}, " + x + " {nn.name = \"gx\"}, " + v +
          " {nn.name = \"gs\"}, " + v + " {nn.name = \"gb\"}) {\n" +
          "  %0:5 = nn.batch_norm %x, %s, %b, %m, %v epsilon 1.0e-5 momentum 0.1 : (" + x + ", " + v + ", " +
          v + ", " + v + ", " + v + ") -> (" + x + ", " + v + ", " + v + ", " + v + ", " + v + ")\n" +
          "  %1:3 = nn.batch_norm_grad %gy, %x, %s, %0#1, %0#2 : (" + x + ", " + x + ", " + v + ", " + v +
          ", " + v + ") -> (" + x + ", " + v + ", " + v +
          ")\n  return %0#0, %0#1, %0#2, %0#3, %0#4, %1#0, %1#1, %1#2 : " + x + ", " + v + ", " + v + ", " +
          v + ", " + v + ", " + x + ", " + v + ", " + v + "\n}\n";
      std::string fields =
          std::string("{\"tiles\": {\"rows\": 7}, \"resident\": {\"rows\": ") + resident + "}}";
      std::string mapping = "{\"batch_norm\": " + fields + ", \"batch_norm_grad\": " + fields + "}";
      ASSERT_EQ(compareWithOracle(module, chipWith({8, 8, 1, 64, 32}), mapping), "") << x << resident;
    }
}

TEST(VectorLowering, BatchNormalisationInInference) {
  std::string x = type({2, 9, 9, 21}), v = type({21});
  std::string module = "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %s: " + v +
                       " {nn.name = \"s\"}, %b: " + v + " {nn.name = \"b\"}, %m: " + v +
                       " {nn.name = \"m\"}) -> (" + x + " {nn.name = \"y\"}) {\n" +
                       "  %c = nn.constant dense<0.75> : " + v + "\n" +
                       "  %0 = nn.batch_norm_inference %x, %s, %b, %m, %c epsilon 1.0e-3 : (" + x + ", " + v +
                       ", " + v + ", " + v + ", " + v + ") -> " + x + "\n  return %0 : " + x + "\n}\n";
  EXPECT_EQ(compareWithOracle(module, chipWith(kTiny)), "");
}

TEST(VectorLowering, SoftmaxCrossEntropyAndItsGradient) {
  for (auto [n, c] : {std::pair{1, 5}, {7, 10}, {40, 37}, {3, 200}}) {
    std::string x = type({n, c}), labels = "tensor<" + std::to_string(n) + "xi32>";
    std::string module =
        "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %l: " + labels +
        " {nn.name = \"l\"}) -> (tensor<f32> {nn.name = " + "\"loss\"}, " + x + " {nn.name = \"p\"}, " + x +
        " {nn.name = \"g\"}) {\n  %one = nn.constant dense<1.0> : tensor<f32>\n" +
        "  %0:2 = nn.softmax_cross_entropy %x, %l : (" + x + ", " + labels + ") -> (tensor<f32>, " + x +
        ")\n" + "  %1 = nn.softmax_cross_entropy_grad %0#1, %l, %one : (" + x + ", " + labels +
        ", tensor<f32>) -> " + x + "\n" + "  return %0#0, %0#1, %1 : tensor<f32>, " + x + ", " + x + "\n}\n";
    ASSERT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << n << "x" << c;
  }
}

TEST(VectorLowering, SoftmaxInsideANet) {
  for (auto [n, k] : {std::pair{1, 1}, {1, 7}, {7, 1}, {40, 37}, {3, 200}})
    for (const char *op : {"softmax", "log_softmax"}) {
      const std::string x = type({n, k});
      const std::string module =
          "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %gy: " + x + " {nn.name = \"gy\"}) -> (" + x +
          " {nn.name = \"y\"}, " + x + " {nn.name = \"gx\"}) {\n  %0 = nn." + op + " %x : " + x +
          "\n  %1 = nn." + op + "_grad %gy, %0 : " + x + "\n  return %0, %1 : " + x + ", " + x + "\n}\n";
      ASSERT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << op << " " << x;
    }
}

TEST(VectorLowering, LayerNormalisationAndItsGradient) {
  for (auto [n, k] : {std::array{1, 1}, {1, 7}, {5, 1}, {5, 3}, {3, 37}, {130, 17}}) {
    std::string x = type({n, k}), columns = type({k}), rows = type({n});
    std::string module = "func.func @forward(%x: " + x + " {nn.name = \"x\"}, %s: " + columns +
                         " {nn.name = \"s\"}, %b: " + columns + " {nn.name = \"b\"}, %gy: " + x +
                         " {nn.name = \"gy\"}) -> (" + x + " {nn.name = \"y\"}, " + rows +
                         " {nn.name = \"mean\"}, " + rows + " {nn.name = \"rstd\"}, " + x +
                         " {nn.name = \"gx\"}, " + columns + " {nn.name = \"gs\"}, " + columns +
                         " {nn.name = \"gb\"}) {\n  %0:3 = nn.layer_norm %x, %s, %b epsilon 1.0e-05 : (" + x +
                         ", " + columns + ", " + columns + ") -> (" + x + ", " + rows + ", " + rows +
                         ")\n  %1:3 = nn.layer_norm_grad %gy, %x, %s, %0#1, %0#2 : (" + x + ", " + x + ", " +
                         columns + ", " + rows + ", " + rows + ") -> (" + x + ", " + columns + ", " +
                         columns + ")\n  return %0#0, %0#1, %0#2, %1#0, %1#1, %1#2 : " + x + ", " + rows +
                         ", " + rows + ", " + x + ", " + columns + ", " + columns + "\n}\n";
    ASSERT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << x;
    ASSERT_EQ(compareWithOracle(module, chipWith({8, 8, 1, 64, 2})), "") << x;
  }
}

TEST(VectorLowering, DropoutOfEveryRank) {
  for (const std::vector<int> &shape : std::vector<std::vector<int>>{
           {1}, {4099}, {3, 5}, {1, 977}, {977, 1}, {70, 41}, {2, 9, 7, 13}, {2, 1, 3, 5, 2}}) {
    const std::string x = type(shape),
                      whole = type({std::accumulate(shape.begin(), shape.end(), 1, std::multiplies<>())});
    const std::string module = "func.func @forward(%f: " + whole +
                               " {nn.name = \"x\"}, %seed: tensor<f32> {nn.name = \"seed\"}, " +
                               "%step: tensor<f32> {nn.name = \"step\"}) -> (" + whole +
                               " {nn.name = \"y\"}) {\n  %x = nn.reshape %f : (" + whole + ") -> " + x +
                               "\n  %0 = nn.dropout %x seed %seed step %step ratio 0.3 layer 2 : (" + x +
                               ", tensor<f32>, tensor<f32>) -> " + x + "\n  %1 = nn.reshape %0 : (" + x +
                               ") -> " + whole + "\n  return %1 : " + whole + "\n}\n";
    EXPECT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << module;
  }
}

TEST(VectorLowering, TransposeAndReshape) {
  for (auto [p, shape] : {std::pair{std::vector<int>{0, 3, 1, 2}, std::vector<int>{2, 9, 7, 13}},
                          {std::vector<int>{3, 2, 1, 0}, std::vector<int>{4, 30, 20, 3}},
                          {std::vector<int>{1, 0}, std::vector<int>{70, 41}}}) {
    std::vector<int> result;
    int count = 1;
    for (int dim : p) {
      result.push_back(shape[dim]);
      count *= shape[dim];
    }
    std::string x = type(shape), y = type(result), flat = type({count});
    std::string module = "func.func @forward(%x: " + x + " {nn.name = \"x\"}) -> (" + flat +
                         " {nn.name = \"y\"}, " + y +
                         " {nn.name = \"z\"}) {\n  %0 = nn.transpose %x permutation " + list(p) + " : (" + x +
                         ") -> " + y + "\n  %1 = nn.reshape %0 : (" + y + ") -> " + flat +
                         "\n  return %1, %0 : " + flat + ", " + y + "\n}\n";
    ASSERT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << module;
  }
}

TEST(VectorLowering, RanksAboveFourAreMerged) {
  // The channel shuffle, alone and with single dimensions between; elementwise work on rank five.
  for (auto [p, shape] : {std::pair{std::vector<int>{0, 2, 1, 3, 4}, std::vector<int>{3, 2, 5, 8, 8}},
                          {std::vector<int>{0, 2, 1, 3, 4}, std::vector<int>{1, 2, 2, 8, 8}},
                          {std::vector<int>{4, 0, 5, 2, 1, 3}, std::vector<int>{2, 1, 3, 4, 5, 1}},
                          {std::vector<int>{3, 4, 0, 1, 2}, std::vector<int>{2, 3, 4, 5, 6}},
                          {std::vector<int>{4, 3, 2, 1, 0}, std::vector<int>{1, 1, 7, 1, 1}}}) {
    std::vector<int> result;
    int count = 1;
    for (int dim : p) {
      result.push_back(shape[dim]);
      count *= shape[dim];
    }
    std::string flat = type({count}), x = type(shape), y = type(result);
    std::string module = "func.func @forward(%x: " + flat + " {nn.name = \"x\"}) -> (" + flat +
                         " {nn.name = \"y\"}) {\n  %c = nn.constant dense<0.25> : " + x +
                         "\n  %0 = nn.reshape %x : (" + flat + ") -> " + x + "\n  %1 = nn.add %0, %c : " + x +
                         "\n  %2 = nn.transpose %1 permutation " + list(p) + " : (" + x + ") -> " + y +
                         "\n  %3 = nn.relu %2 : " + y + "\n  %4 = nn.reshape %3 : (" + y + ") -> " + flat +
                         "\n  return %4 : " + flat + "\n}\n";
    EXPECT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << module;
  }
}

TEST(VectorLowering, FiveDimensionsAgainstEachOtherAreRefused) {
  std::string x = type({2, 3, 2, 3, 2}), flat = type({72});
  std::string module = "func.func @forward(%x: " + flat + " {nn.name = \"x\"}) -> (" + flat +
                       " {nn.name = \"y\"}) {\n  %0 = nn.reshape %x : (" + flat + ") -> " + x +
                       "\n  %1 = nn.transpose %0 permutation [4, 3, 2, 1, 0] : (" + x + ") -> " + x +
                       "\n  %2 = nn.reshape %1 : (" + x + ") -> " + flat + "\n  return %2 : " + flat +
                       "\n}\n";
  EXPECT_EQ(
      compareWithOracle(module, chipWith(kTiny)),
      "does not map: no schedule of nn.transpose is feasible: it moves more than four dimensions against "
      "each other, the chip's transfers have four\n");
}
