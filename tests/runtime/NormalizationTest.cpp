// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batch normalisation against its formulas: step by step in fp32 with a plan, and against plain fp64
// statistics.
#include "dialects/Isa/Numerics/Numerics.h"
#include "tests/ReductionOracle.h"
#include "tests/runtime/KernelTesting.h"

#include <cmath>

namespace arsis::ref {
namespace {

using testing::call;
using testing::difference;
using testing::distance;
using testing::random;

constexpr int64_t kPixels = 51, kChannels = 3, kChunk = 20; // the last chunk has fewer pixels than partials
const Shape kImage{1, 1, kPixels, kChannels}, kVector{kChannels};
const ReductionPlan kPlan{{"p"}, {kChunk}};
const std::map<std::string, Attribute> kAttributes = {{"epsilon", double(1e-5f)}, {"momentum", double(0.1f)}};

template <class Term> float planned(Term term) {
  float total = 0;
  for (int64_t begin = 0; begin < kPixels; begin += kChunk) {
    std::vector<float> terms;
    for (int64_t p = begin; p < std::min(begin + kChunk, kPixels); ++p)
      terms.push_back(term(p));
    const float partial = arsis::testing::reducedSum(terms);
    total = begin == 0 ? partial : total + partial;
  }
  return total;
}

TEST(ChannelSum, FollowsThePlan) {
  const HostTensor x = random<float>(kImage, 1);
  HostTensor expected(kVector, HostType::F32);
  for (int64_t c = 0; c < kChannels; ++c)
    expected.as<float>()[c] = planned([&](int64_t p) { return x.as<float>()[p * kChannels + c]; });
  EXPECT_EQ(difference(call("nn.channel_sum", {x}, {kVector}, {}, &kPlan)[0], expected), "");
}

TEST(BatchNorm, FollowsTheFormulasBitForBit) {
  const HostTensor x = random<float>(kImage, 1), scale = random<float>(kVector, 2),
                   bias = random<float>(kVector, 3), oldMean = random<float>(kVector, 4),
                   oldVar = random<float>(kVector, 5);
  const auto found = call("nn.batch_norm", {x, scale, bias, oldMean, oldVar},
                          {kImage, kVector, kVector, kVector, kVector}, kAttributes, &kPlan);
  std::vector<HostTensor> expected = found;
  const float inverse = static_cast<float>(1.0 / kPixels), m = 0.1f;
  for (int64_t c = 0; c < kChannels; ++c) {
    auto at = [&](int64_t p) { return x.as<float>()[p * kChannels + c]; };
    const float mean = planned(at) * inverse;
    const float squares = planned([&](int64_t p) {
      const float d = at(p) - mean;
      return d * d;
    });
    const float rstd = numerics::rsqrt(squares * inverse + 1e-5f);
    const float unbiased = squares * static_cast<float>(1.0 / (kPixels - 1)), keep = 1.0f - m;
    expected[1].as<float>()[c] = mean;
    expected[2].as<float>()[c] = rstd;
    expected[3].as<float>()[c] = std::fma(mean, m, oldMean.as<float>()[c] * keep);
    expected[4].as<float>()[c] = std::fma(unbiased, m, oldVar.as<float>()[c] * keep);
    for (int64_t p = 0; p < kPixels; ++p) {
      const float normalised = (at(p) - mean) * rstd;
      expected[0].as<float>()[p * kChannels + c] =
          std::fma(normalised, scale.as<float>()[c], bias.as<float>()[c]);
    }
  }
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(difference(found[i], expected[i]), "") << "result " << i;
}

TEST(BatchNorm, AgreesWithPlainStatisticsInDouble) {
  const HostTensor x = random<double>(kImage, 1), scale = random<double>(kVector, 2),
                   bias = random<double>(kVector, 3), zero(kVector, HostType::F64);
  const auto found =
      call("nn.batch_norm", {x, scale, bias, zero, zero}, {kImage, kVector, kVector, kVector, kVector},
           {{"epsilon", 1e-5}, {"momentum", 1.0}}, nullptr, Backend::PlainF64);
  for (int64_t c = 0; c < kChannels; ++c) {
    double sum = 0, squares = 0;
    for (int64_t p = 0; p < kPixels; ++p) {
      const double value = x.as<double>()[p * kChannels + c];
      sum += value;
      squares += value * value;
    }
    const double mean = sum / kPixels, variance = squares / kPixels - mean * mean;
    EXPECT_NEAR(found[1].as<double>()[c], mean, 1e-14);
    EXPECT_NEAR(found[2].as<double>()[c], 1 / std::sqrt(variance + 1e-5), 1e-12);
    EXPECT_NEAR(found[4].as<double>()[c], variance * kPixels / (kPixels - 1), 1e-12);
    EXPECT_NEAR(found[0].as<double>()[c],
                (x.as<double>()[c] - mean) / std::sqrt(variance + 1e-5) * scale.as<double>()[c] +
                    bias.as<double>()[c],
                1e-12);
  }
}

TEST(BatchNorm, RefusesASinglePixel) {
  const HostTensor v = random<float>(kVector, 1);
  EXPECT_THROW(call("nn.batch_norm", {random<float>({1, 1, 1, kChannels}, 1), v, v, v, v},
                    {{1, 1, 1, kChannels}, kVector, kVector, kVector, kVector}, kAttributes),
               Error);
}

TEST(BatchNormInference, EqualsTrainingByTheSameStatistics) {
  const HostTensor x = random<double>(kImage, 1), scale = random<double>(kVector, 2),
                   bias = random<double>(kVector, 3), zero(kVector, HostType::F64);
  const auto training =
      call("nn.batch_norm", {x, scale, bias, zero, zero}, {kImage, kVector, kVector, kVector, kVector},
           {{"epsilon", 1e-5}, {"momentum", 1.0}}, nullptr, Backend::PlainF64);
  HostTensor variance = training[4];
  for (int64_t c = 0; c < kChannels; ++c)
    variance.as<double>()[c] *= double(kPixels - 1) / kPixels;
  const auto inference = call("nn.batch_norm_inference", {x, scale, bias, training[1], variance}, {kImage},
                              {{"epsilon", 1e-5}}, nullptr, Backend::PlainF64);
  EXPECT_LT(distance(inference[0], training[0]), 1e-13);
}

/// Values around `mean`, the first `odd` pixels of which lie `distance` deviations (of 1) away from the
/// others.
HostTensor around(float mean, int64_t pixels, int64_t odd, float distance) {
  HostTensor x({1, pixels / 32, 32, 1}, HostType::F32);
  std::mt19937 engine(5);
  std::normal_distribution<float> normal;
  for (int64_t p = 0; p < pixels; ++p)
    x.as<float>()[p] = mean + normal(engine) + (p < odd ? distance : 0);
  return x;
}

/// The relative error of the variance that moments of one pass give, and that of two passes.
std::pair<double, double> errorsOfVariance(const HostTensor &x) {
  const Shape vector = {1};
  const std::vector<Shape> results = {x.shape(), vector, vector, vector, vector};
  HostTensor zero(vector, HostType::F32);
  const ReductionPlan plan = kPlan;
  std::vector<HostTensor> operands = {x, zero, zero, zero, zero};
  const auto twoPasses =
      call("nn.batch_norm", operands, results, {{"epsilon", 1e-30}, {"momentum", 1.0}}, &plan);
  for (HostTensor &moment : call("nn.channel_moments", {x}, {vector, vector, vector}, {}, &plan))
    operands.push_back(moment);
  const auto onePass =
      call("nn.batch_norm_of_moments", operands, results, {{"epsilon", 1e-30}, {"momentum", 1.0}}, &plan);
  long double mean = 0, squares = 0;
  const int64_t pixels = x.size();
  for (int64_t p = 0; p < pixels; ++p)
    mean += static_cast<long double>(x.as<float>()[p]) / pixels;
  for (int64_t p = 0; p < pixels; ++p)
    squares += (x.as<float>()[p] - mean) * (x.as<float>()[p] - mean);
  const auto error = [&](const std::vector<HostTensor> &found) {
    return std::abs(double(found[4].as<float>()[0] / (squares / (pixels - 1)) - 1));
  };
  return {error(onePass), error(twoPasses)};
}

/// As exact as two passes where the mean is 1,000 times the deviation; and where the first pixels are unlike
/// all others, within what their number allows: pixels / 16 times a few roundings.
TEST(ChannelMoments, KeepTheAccuracyOfTwoPasses) {
  for (float mean : {0.0f, 1.0f, 1000.0f}) {
    const auto [onePass, twoPasses] = errorsOfVariance(around(mean, 4096, 0, 0));
    EXPECT_LT(onePass, 4 * twoPasses + 1e-6) << "mean " << mean;
  }
  for (numerics::ElementType type : {numerics::ElementType::BF16, numerics::ElementType::F16}) {
    HostTensor x = around(10, 4096, 0, 0); // as it is stored
    for (int64_t p = 0; p < x.size(); ++p) {
      float &value = x.as<float>()[p];
      value = type == numerics::ElementType::BF16 ? numerics::fromBF16(numerics::toBF16(value))
                                                  : numerics::fromF16(numerics::toF16(value));
    }
    const auto [onePass, twoPasses] = errorsOfVariance(x);
    EXPECT_LT(onePass, 4 * twoPasses + 1e-6);
  }
  for (float distance : {10.0f, 1000.0f})
    EXPECT_LT(errorsOfVariance(around(0, 4096, 16, distance)).first, 4096 / 16 * 4 * 6e-8) << distance;
}

/// Of equal values nothing is left, whatever they are.
TEST(ChannelMoments, OfAConstantAreZero) {
  for (float value : {0.0f, 0.1f, -1e30f}) {
    HostTensor x({2, 3, 5, 1}, HostType::F32);
    std::fill_n(x.as<float>(), x.size(), value);
    const auto found = call("nn.channel_moments", {x}, {{1}, {1}, {1}}, {}, nullptr);
    EXPECT_LE(std::abs(found[1].as<float>()[0]), 30 * 1e-7f * std::abs(value));
  }
}

TEST(BatchNormApply, IsWhatTheNormMadeBitForBit) {
  const HostTensor x = random<float>(kImage, 1), scale = random<float>(kVector, 2),
                   bias = random<float>(kVector, 3), v = random<float>(kVector, 4);
  const auto norm = call("nn.batch_norm", {x, scale, bias, v, v},
                         {kImage, kVector, kVector, kVector, kVector}, kAttributes, &kPlan);
  for (const std::vector<HostTensor> &operands :
       {std::vector<HostTensor>{x, scale, bias, norm[1], norm[2]}, {x, scale, bias, norm[1], norm[2], x}})
    EXPECT_EQ(difference(call("nn.batch_norm_apply", operands, {kImage})[0], norm[0]), "");
}

TEST(BatchNormGrad, FollowsTheFormulasBitForBit) {
  const HostTensor gy = random<float>(kImage, 1), x = random<float>(kImage, 2),
                   scale = random<float>(kVector, 3), mean = random<float>(kVector, 4),
                   rstd = random<float>(kVector, 5);
  const auto found =
      call("nn.batch_norm_grad", {gy, x, scale, mean, rstd}, {kImage, kVector, kVector}, {}, &kPlan);
  std::vector<HostTensor> expected = found;
  const float inverse = static_cast<float>(1.0 / kPixels);
  for (int64_t c = 0; c < kChannels; ++c) {
    auto normalised = [&](int64_t p) {
      return (x.as<float>()[p * kChannels + c] - mean.as<float>()[c]) * rstd.as<float>()[c];
    };
    auto gradient = [&](int64_t p) { return gy.as<float>()[p * kChannels + c]; };
    const float gbias = planned(gradient),
                gscale = planned([&](int64_t p) { return gradient(p) * normalised(p); });
    const float k = scale.as<float>()[c] * rstd.as<float>()[c], a = gbias * inverse, b = gscale * inverse;
    expected[1].as<float>()[c] = gscale;
    expected[2].as<float>()[c] = gbias;
    for (int64_t p = 0; p < kPixels; ++p) {
      const float centred = gradient(p) - a, product = normalised(p) * b;
      expected[0].as<float>()[p * kChannels + c] = (centred - product) * k;
    }
  }
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(difference(found[i], expected[i]), "") << "result " << i;
}

} // namespace
} // namespace arsis::ref
