// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise ops, the optimizer and data movement on small cases.
#include "tests/runtime/KernelTesting.h"

#include <cmath>

namespace arsis::ref {
namespace {

using testing::call;
using testing::difference;
using testing::random;

HostTensor vector(std::vector<float> values) {
  const int64_t count = values.size();
  return HostTensor::of<float>({count}, values);
}

TEST(Relu, KeepsPositiveAndNaN) {
  const auto y = call("nn.relu", {vector({-1, 2, -0.0f, NAN})}, {{4}});
  EXPECT_EQ(difference(y[0], vector({0, 2, 0, NAN})), "");
}

TEST(ReluGrad, PassesWhereTheResultIsPositive) {
  const auto gx = call("nn.relu_grad", {vector({5, 6, 7}), vector({0, 1, NAN})}, {{3}});
  EXPECT_EQ(difference(gx[0], vector({0, 6, 0})), "");
}

TEST(BiasAdd, BroadcastsOverPixels) {
  const auto y =
      call("nn.bias_add", {HostTensor::of<float>({2, 2}, {1, 2, 3, 4}), vector({10, 20})}, {{2, 2}});
  EXPECT_EQ(difference(y[0], HostTensor::of<float>({2, 2}, {11, 22, 13, 24})), "");
}

TEST(BiasAdd, RefusesABiasOfAnotherLength) {
  EXPECT_THROW(call("nn.bias_add", {random<float>({2, 3}, 1), vector({1, 2})}, {{2, 3}}), Error);
}

TEST(Add, AddsAndMakesTheCanonicalNaN) {
  const auto c = call("nn.add", {vector({1, INFINITY}), vector({2, -INFINITY})}, {{2}});
  EXPECT_EQ(difference(c[0], vector({3, NAN})), "");
}

TEST(Unscale, MultipliesByTheReciprocal) {
  const auto unscaled = call("nn.unscale", {vector({1024, -3}), HostTensor::of<float>({}, {1024})}, {{2}});
  EXPECT_EQ(difference(unscaled[0], vector({1, -3.0f / 1024})), "");
  EXPECT_THROW(call("nn.unscale", {vector({1}), vector({1})}, {{1}}), Error);
}

TEST(Sgd, FollowsTheFormula) {
  const HostTensor w = random<float>({9}, 1), g = random<float>({9}, 2), v = random<float>({9}, 3);
  const float lr = 0.02f, momentum = 0.9f, decay = 5e-4f;
  const auto found = call("nn.sgd", {w, g, HostTensor::of<float>({}, {lr}), v}, {{9}, {9}},
                          {{"momentum", double(momentum)}, {"weight_decay", double(decay)}});
  std::vector<HostTensor> expected = found;
  for (int i = 0; i < 9; ++i) {
    const float g1 = std::fma(w.as<float>()[i], decay, g.as<float>()[i]);
    expected[1].as<float>()[i] = std::fma(v.as<float>()[i], momentum, g1);
    expected[0].as<float>()[i] = std::fma(expected[1].as<float>()[i], -lr, w.as<float>()[i]);
  }
  EXPECT_EQ(difference(found[0], expected[0]), "");
  EXPECT_EQ(difference(found[1], expected[1]), "");
}

TEST(Sgd, WithoutMomentumHasNoVelocity) {
  const auto found = call("nn.sgd", {vector({1}), vector({2}), HostTensor::of<float>({}, {0.5f})}, {{1}},
                          {{"momentum", 0.0}, {"weight_decay", 0.0}});
  EXPECT_EQ(found[0].as<float>()[0], 0.0f);
  EXPECT_THROW(call("nn.sgd", {vector({1}), vector({2}), HostTensor::of<float>({}, {0.5f})}, {{1}},
                    {{"momentum", 0.9}, {"weight_decay", 0.0}}),
               Error);
}

TEST(DataMovement, ReshapeTransposeGradientsConstant) {
  const HostTensor x = HostTensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(
      difference(call("nn.reshape", {x}, {{3, 2}})[0], HostTensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6})),
      "");
  EXPECT_EQ(difference(call("nn.transpose", {x}, {{3, 2}}, {{"permutation", std::vector<int64_t>{1, 0}}})[0],
                       HostTensor::of<float>({3, 2}, {1, 4, 2, 5, 3, 6})),
            "");
  const std::vector<HostTensor> passed = call("nn.gradients", {x, vector({8})}, {{2, 3}, {1}});
  EXPECT_EQ(difference(passed[0], x), "");
  EXPECT_EQ(difference(passed[1], vector({8})), "");
  EXPECT_THROW(call("nn.gradients", {x}, {{3, 2}}), Error);
  EXPECT_EQ(difference(call("nn.constant", {}, {{1}}, {{"value", HostTensor::of<float>({1}, {7})}})[0],
                       vector({7})),
            "");
}

} // namespace
} // namespace arsis::ref
