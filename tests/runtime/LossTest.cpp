// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loss: bits in fp32 by the stated steps, and the definition in fp64.
#include "dialects/Isa/Numerics/Numerics.h"
#include "tests/ReductionOracle.h"
#include "tests/runtime/KernelTesting.h"

#include <algorithm>
#include <cmath>

namespace arsis::ref {
namespace {

using testing::call;
using testing::difference;
using testing::random;

constexpr int64_t kBatch = 5, kClasses = 21;
const HostTensor kLabels = HostTensor::of<int32_t>({kBatch}, {0, 20, 7, 7, 3});

TEST(SoftmaxCrossEntropy, FollowsTheStepsBitForBit) {
  const HostTensor logits = random<float>({kBatch, kClasses}, 1);
  const ReductionPlan plan{{"n"}, {2}};
  const auto found = call("nn.softmax_cross_entropy", {logits, kLabels}, {{}, {kBatch, kClasses}}, {}, &plan);
  std::vector<HostTensor> expected = found;
  std::vector<float> losses;
  for (int64_t n = 0; n < kBatch; ++n) {
    const float *x = logits.as<float>() + n * kClasses;
    float *p = expected[1].as<float>() + n * kClasses;
    const float largest = *std::max_element(x, x + kClasses);
    for (int64_t c = 0; c < kClasses; ++c)
      p[c] = numerics::exp(x[c] - largest);
    const float sum = arsis::testing::reducedSum({p, p + kClasses});
    for (int64_t c = 0; c < kClasses; ++c)
      p[c] = p[c] * (1.0f / sum);
    losses.push_back(numerics::log(sum) - (x[kLabels.as<int32_t>()[n]] - largest));
  }
  expected[0].as<float>()[0] =
      (((losses[0] + losses[1]) + (losses[2] + losses[3])) + losses[4]) * static_cast<float>(1.0 / kBatch);
  EXPECT_EQ(difference(found[0], expected[0]), "");
  EXPECT_EQ(difference(found[1], expected[1]), "");
}

TEST(SoftmaxCrossEntropy, IsTheMeanNegativeLogLikelihood) {
  const HostTensor logits = random<double>({kBatch, kClasses}, 2);
  const auto found = call("nn.softmax_cross_entropy", {logits, kLabels}, {{}, {kBatch, kClasses}}, {},
                          nullptr, Backend::PlainF64);
  double loss = 0;
  for (int64_t n = 0; n < kBatch; ++n) {
    double sum = 0;
    for (int64_t c = 0; c < kClasses; ++c)
      sum += std::exp(logits.as<double>()[n * kClasses + c]);
    loss -= std::log(std::exp(logits.as<double>()[n * kClasses + kLabels.as<int32_t>()[n]]) / sum) / kBatch;
  }
  EXPECT_NEAR(found[0].as<double>()[0], loss, 1e-13);
}

TEST(SoftmaxCrossEntropyGrad, IsProbabilityMinusOneHot) {
  const HostTensor p = random<float>({kBatch, kClasses}, 3), gloss = HostTensor::of<float>({}, {2.0f});
  const auto found = call("nn.softmax_cross_entropy_grad", {p, kLabels, gloss}, {{kBatch, kClasses}});
  HostTensor expected({kBatch, kClasses}, HostType::F32);
  for (int64_t n = 0; n < kBatch; ++n)
    for (int64_t c = 0; c < kClasses; ++c)
      expected.as<float>()[n * kClasses + c] =
          (p.as<float>()[n * kClasses + c] - (c == kLabels.as<int32_t>()[n] ? 1.0f : 0.0f)) *
          (2.0f * (1.0f / kBatch));
  EXPECT_EQ(difference(found[0], expected), "");
}

TEST(SoftmaxCrossEntropy, RefusesALabelThatIsNoClass) {
  for (int32_t label : {-1, static_cast<int32_t>(kClasses)})
    EXPECT_THROW(call("nn.softmax_cross_entropy",
                      {random<float>({1, kClasses}, 1), HostTensor::of<int32_t>({1}, {label})},
                      {{}, {1, kClasses}}),
                 Error);
}

} // namespace
} // namespace arsis::ref
