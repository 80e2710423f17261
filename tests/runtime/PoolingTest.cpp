// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pools against small cases worked out by hand, and against the definition where padding, dilation and ceil
// mode meet.
#include "tests/runtime/KernelTesting.h"

#include <cmath>

namespace arsis::ref {
namespace {

using testing::call;
using testing::random;

using Attributes = std::map<std::string, Attribute>;
using List = std::vector<int64_t>;

Attributes window(List kernel, List strides, List pads, List dilations = {1, 1}) {
  return {{"kernel", kernel},
          {"strides", strides},
          {"pads", pads},
          {"dilations", dilations},
          {"count_include_pad", false}};
}

HostTensor row(std::vector<float> values) {
  const int64_t count = values.size();
  return HostTensor::of<float>({1, 1, count, 1}, values);
}

std::vector<float> values(const HostTensor &tensor) {
  return std::vector<float>(tensor.as<float>(), tensor.as<float>() + tensor.size());
}

TEST(MaxPool, TakesTheLargestAndIgnoresPadding) {
  const auto y =
      call("nn.max_pool", {row({-3, -1, -2, -5})}, {{1, 1, 2, 1}}, window({1, 3}, {1, 3}, {0, 1, 0, 1}));
  EXPECT_EQ(values(y[0]), (std::vector<float>{-1, -2}));
}

TEST(MaxPool, ANaNWins) {
  const auto y =
      call("nn.max_pool", {row({1, NAN, 5, 2})}, {{1, 1, 2, 1}}, window({1, 2}, {1, 2}, {0, 0, 0, 0}));
  EXPECT_TRUE(std::isnan(values(y[0])[0]));
  EXPECT_EQ(values(y[0])[1], 5);
}

TEST(MaxPoolGrad, TheFirstOfEqualValuesTakesTheGradient) {
  const auto gx = call("nn.max_pool_grad", {row({2, 2, 1, 2}), row({10, 100})}, {{1, 1, 4, 1}},
                       window({1, 3}, {1, 1}, {0, 0, 0, 0}));
  EXPECT_EQ(values(gx[0]), (std::vector<float>{10, 100, 0, 0}));
}

TEST(MaxPoolGrad, OverlappingWindowsAddUp) {
  const auto gx = call("nn.max_pool_grad", {row({0, 9, 0}), row({1, 2})}, {{1, 1, 3, 1}},
                       window({1, 2}, {1, 1}, {0, 0, 0, 0}));
  EXPECT_EQ(values(gx[0]), (std::vector<float>{0, 3, 0}));
}

TEST(MaxPoolGrad, AWindowOfMinusInfinityKeepsItsFirstPosition) {
  const auto inside = call("nn.max_pool_grad", {row({-INFINITY, -INFINITY}), row({7})}, {{1, 1, 2, 1}},
                           window({1, 2}, {1, 2}, {0, 0, 0, 0}));
  EXPECT_EQ(values(inside[0]), (std::vector<float>{7, 0}));
  const auto padded = call("nn.max_pool_grad", {row({-INFINITY, -INFINITY}), row({7})}, {{1, 1, 2, 1}},
                           window({1, 3}, {1, 3}, {0, 1, 0, 0}));
  EXPECT_EQ(values(padded[0]), (std::vector<float>{0, 0}));
}

TEST(AvgPool, CountsPaddingOnlyWhenAsked) {
  Attributes attributes = window({1, 2}, {1, 2}, {0, 1, 0, 1});
  EXPECT_EQ(values(call("nn.avg_pool", {row({4, 6})}, {{1, 1, 2, 1}}, attributes)[0]),
            (std::vector<float>{4, 6}));
  attributes["count_include_pad"] = true;
  EXPECT_EQ(values(call("nn.avg_pool", {row({4, 6})}, {{1, 1, 2, 1}}, attributes)[0]),
            (std::vector<float>{2, 3}));
}

TEST(AvgPool, AWindowThatHangsOverNeverCountsWhatLiesBeyond) {
  Attributes attributes = window({1, 3}, {1, 2}, {0, 0, 0, 1});
  attributes["count_include_pad"] = true;
  // Windows at 0, 2, 4 of 5 elements and 1 pad: the last holds one element and one pad, and hangs over by
  // one.
  EXPECT_EQ(values(call("nn.avg_pool", {row({3, 3, 3, 3, 6})}, {{1, 1, 3, 1}}, attributes)[0]),
            (std::vector<float>{3, 4, 3}));
}

TEST(AvgPool, AWindowWithEveryTapInThePaddingIsZero) {
  // Taps at -1 and 2 of two elements; then -1 and 2, 0 and 3 of three.
  const Attributes attributes = window({1, 2}, {1, 1}, {0, 1, 0, 1}, {1, 3});
  for (Backend backend : {Backend::PlainF32, Backend::OneDnn}) {
    auto run = [&](const char *op, std::vector<float> operand, int64_t result) {
      return values(call(op, {row(operand)}, {{1, 1, result, 1}}, attributes, nullptr, backend)[0]);
    };
    EXPECT_EQ(run("nn.avg_pool", {4, 6}, 1), (std::vector<float>{0}));
    EXPECT_EQ(run("nn.avg_pool_grad", {5}, 2), (std::vector<float>{0, 0}));
    EXPECT_EQ(run("nn.avg_pool", {4, 6, 8}, 2), (std::vector<float>{8, 4}));
    EXPECT_EQ(run("nn.avg_pool_grad", {5, 7}, 3), (std::vector<float>{7, 0, 5}));
  }
}

TEST(AvgPoolGrad, IsTheTransposeOfTheForward) {
  const Attributes attributes = window({3, 2}, {2, 1}, {1, 0, 1, 1}, {1, 2});
  const Shape in{2, 6, 7, 3}, out{2, 3, 6, 3};
  const HostTensor x = random<double>(in, 1), gy = random<double>(out, 2);
  const auto y = call("nn.avg_pool", {x}, {out}, attributes, nullptr, Backend::PlainF64);
  const auto gx = call("nn.avg_pool_grad", {gy}, {in}, attributes, nullptr, Backend::PlainF64);
  double left = 0, right = 0; // <y(x), gy> = <x, gx(gy)>
  for (int64_t i = 0; i < gy.size(); ++i)
    left += y[0].as<double>()[i] * gy.as<double>()[i];
  for (int64_t i = 0; i < x.size(); ++i)
    right += x.as<double>()[i] * gx[0].as<double>()[i];
  EXPECT_NEAR(left, right, 1e-12 * (1 + std::abs(left)));
}

TEST(MaxPool, AgreesWithTheDefinition) {
  const List kernel{3, 2}, strides{2, 3}, pads{1, 1, 2, 0}, dilations{1, 2};
  const Shape in{2, 7, 8, 2}, out{2, 4, 3, 2}; // 7 + 3 - 3 = 7 -> 4 rows; 8 + 1 - 3 = 6 -> 3 columns
  const HostTensor x = random<float>(in, 3);
  const auto y = call("nn.max_pool", {x}, {out}, window(kernel, strides, pads, dilations));
  int64_t i = 0;
  for (int64_t n = 0; n < out[0]; ++n)
    for (int64_t oh = 0; oh < out[1]; ++oh)
      for (int64_t ow = 0; ow < out[2]; ++ow)
        for (int64_t c = 0; c < out[3]; ++c) {
          float best = -INFINITY;
          for (int64_t h = 0; h < in[1]; ++h)
            for (int64_t w = 0; w < in[2]; ++w) {
              const int64_t kh = h + pads[0] - oh * strides[0], kw = w + pads[1] - ow * strides[1];
              const bool hit = kh >= 0 && kh < kernel[0] && kw >= 0 && kw % dilations[1] == 0 &&
                               kw / dilations[1] < kernel[1];
              if (hit)
                best = std::max(best, x.as<float>()[((n * in[1] + h) * in[2] + w) * in[3] + c]);
            }
          EXPECT_EQ(y[0].as<float>()[i++], best);
        }
}

TEST(Pool, RejectsAWrongNumberOfWindows) {
  EXPECT_THROW(call("nn.max_pool", {row({1, 2, 3, 4})}, {{1, 1, 4, 1}}, window({1, 2}, {1, 2}, {0, 0, 0, 0})),
               Error);
}

} // namespace
} // namespace arsis::ref
