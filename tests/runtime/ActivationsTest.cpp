// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activations and their gradients: against closed forms in fp64, at the kinks as PyTorch has them, and where
// numbers overflow.
#include "tests/runtime/KernelTesting.h"

#include "dialects/Isa/Numerics/Numerics.h"

#include <cmath>
#include <limits>

namespace arsis::ref {
namespace {

using testing::call;
using testing::difference;

const float inf = std::numeric_limits<float>::infinity(), nan = numerics::canonical(NAN);

HostTensor vector(std::vector<float> values) {
  const int64_t count = values.size();
  return HostTensor::of<float>({count}, values);
}
using Numbers = std::map<std::string, Attribute>;
HostTensor resultOf(const std::string &op, const std::vector<float> &x, const Numbers &numbers = {}) {
  return call(op, {vector(x)}, {{int64_t(x.size())}}, numbers)[0];
}
/// The gradient of `op` where gy is 2.
HostTensor gradient(const std::string &op, const std::vector<float> &at, const Numbers &numbers = {}) {
  return call(op, {vector(std::vector<float>(at.size(), 2)), vector(at)}, {{int64_t(at.size())}}, numbers)[0];
}

/// The greatest |op(x) - exact(x)| / scale(x) over [-range, range].
template <class Exact, class Scale>
double worst(const std::string &op, double range, Exact exact, Scale scale, const Numbers &numbers = {}) {
  constexpr int kPoints = 20001;
  std::vector<float> x;
  for (int i = 0; i < kPoints; ++i)
    x.push_back(float(range * (2.0 * i / (kPoints - 1) - 1)));
  const HostTensor y = resultOf(op, x, numbers);
  double most = 0;
  for (int i = 0; i < kPoints; ++i)
    most = std::max(most, std::fabs(y.as<float>()[i] - exact(double(x[i]))) / scale(double(x[i])));
  return most;
}

// The bounds of docs/numerics.md.
TEST(Activations, SigmoidIsWithinItsBound) {
  const auto exact = [](double x) { return 1 / (1 + std::exp(-x)); };
  EXPECT_LT(worst("nn.sigmoid", 87, exact, exact), 2.0e-7);
}

TEST(Activations, SoftplusIsWithinItsBound) {
  const auto exact = [](double x) { return std::log1p(std::exp(x)); };
  EXPECT_LT(worst("nn.softplus", 30, exact, [&](double x) { return 1 + exact(x); }), 1.3e-7);
}

TEST(Activations, EluIsWithinItsBound) {
  const auto exact = [](double x) { return x > 0 ? x : std::expm1(x); };
  EXPECT_LT(worst("nn.elu", 20, exact, [](double) { return 1.0; }, {{"alpha", 1.0}}), 1e-7);
}

TEST(Activations, SqrtIsWithinItsBound) {
  const auto exact = [](double x) { return std::sqrt(std::fabs(x)); };
  const std::vector<float> x = {0x1p-149f, 0x1p-126f, 0.3f, 2, 3, 5, 1e30f, 3e38f};
  const HostTensor y = resultOf("nn.sqrt", x);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_LT(std::fabs(y.as<float>()[i] / exact(x[i]) - 1), 1.8e-7) << x[i];
  EXPECT_EQ(difference(resultOf("nn.sqrt", {0, inf, -1, 4}), vector({0, inf, nan, 2})), "");
}

TEST(Activations, SaturateWithoutNaN) {
  EXPECT_EQ(
      difference(resultOf("nn.sigmoid", {-inf, -100, 0, 100, inf, NAN}), vector({0, 0, 0.5f, 1, 1, nan})),
      "");
  EXPECT_EQ(difference(resultOf("nn.softplus", {-inf, -200, 200, inf, NAN}), vector({0, 0, 200, inf, nan})),
            "");
  EXPECT_EQ(
      difference(resultOf("nn.elu", {-inf, 200, inf, NAN}, {{"alpha", 1.0}}), vector({-1, 200, inf, nan})),
      "");
  EXPECT_EQ(difference(gradient("nn.elu_grad", {200, inf, -inf}, {{"alpha", 1.0}}), vector({2, 2, 0})), "");
}

TEST(Activations, HardSwish) {
  EXPECT_EQ(
      difference(resultOf("nn.hard_swish", {-4, -3, 0, 3, 4, 1e30f}), vector({-0.0f, -0.0f, 0, 3, 4, 1e30f})),
      "");
  const auto exact = [](double x) { return x * std::min(std::max(x / 6 + 0.5, 0.0), 1.0); };
  EXPECT_LT(worst("nn.hard_swish", 5, exact, [](double) { return 1.0; }), 4e-7);
}

// PyTorch at its kinks: -3 and 3 belong to what lies between them.
TEST(Activations, HardSwishGradient) {
  EXPECT_EQ(difference(gradient("nn.hard_swish_grad", {-1e30f, -3.0000002f, -3, 0, 3, 3.0000002f, 1e30f}),
                       vector({0, 0, -1, 1, 3, 2, 2})),
            "");
}

TEST(Activations, ClipAndItsGradientStrictlyBetweenTheBounds) {
  const Numbers six = {{"low", 0.0}, {"high", 6.0}};
  EXPECT_EQ(difference(resultOf("nn.clip", {-1, 0, 3, 6, 7, NAN}, six), vector({0, 0, 3, 6, 6, nan})), "");
  EXPECT_EQ(
      difference(gradient("nn.clip_grad", {0, 0x1p-149f, 3, 5.9999995f, 6}, six), vector({0, 2, 2, 2, 0})),
      "");
  EXPECT_EQ(difference(gradient("nn.clip_grad", {-1, -0.5f, 1e30f}, {{"low", -0.5}}), vector({0, 0, 2})), "");
  EXPECT_EQ(difference(gradient("nn.clip_grad", {-1e30f, 0.25f, 1}, {{"high", 0.25}}), vector({2, 0, 0})),
            "");
}

TEST(Activations, SlopesBelongToZero) {
  EXPECT_EQ(difference(resultOf("nn.leaky_relu", {-2, 0, 3}, {{"slope", 0.5}}), vector({-1, 0, 3})), "");
  EXPECT_EQ(difference(gradient("nn.leaky_relu_grad", {-2, 0, 3}, {{"slope", 0.5}}), vector({1, 1, 2})), "");
  EXPECT_EQ(difference(gradient("nn.elu_grad", {0, 1}, {{"alpha", 0.5}}), vector({1, 2})), "");
}

TEST(Activations, AffineRoundsOnce) {
  const float x = 1 + 0x1p-12f;
  EXPECT_EQ(difference(resultOf("nn.affine", {x}, {{"scale", double(x)}, {"offset", -1.0}}),
                       vector({std::fma(x, x, -1.0f)})),
            "");
}

TEST(Broadcast, RefusesAnOperandThatDoesNotLieAlong) {
  const HostTensor x = HostTensor::of<float>({2, 3}, std::vector<float>(6, 1));
  EXPECT_THROW(call("nn.multiply", {x, vector({1, 2})}, {{2, 3}}), Error);
  EXPECT_THROW(call("nn.multiply", {x, vector({1, 2})}, {{2, 3}}, {{"along", std::vector<int64_t>{1}}}),
               Error);
  EXPECT_THROW(call("nn.multiply", {x, vector({1, 2})}, {{2, 3}}, {{"along", std::vector<int64_t>{2}}}),
               Error);
}

TEST(Broadcast, RepeatsAlongTheOtherDimensions) {
  EXPECT_EQ(
      difference(call("nn.broadcast", {vector({1, 2})}, {{2, 3}}, {{"along", std::vector<int64_t>{0}}})[0],
                 HostTensor::of<float>({2, 3}, {1, 1, 1, 2, 2, 2})),
      "");
  const HostTensor small = HostTensor::of<float>({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(difference(call("nn.broadcast", {small}, {{2, 3, 2}}, {{"along", std::vector<int64_t>{0, 2}}})[0],
                       HostTensor::of<float>({2, 3, 2}, {1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4})),
            "");
}

} // namespace
} // namespace arsis::ref
