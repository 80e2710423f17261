// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and its logarithm inside a network: the definition in fp64, rows whose exponentials overflow, NaN.
#include "tests/runtime/KernelTesting.h"

#include <cmath>
#include <limits>

namespace arsis::ref {
namespace {

using testing::call;
using testing::random;

constexpr int64_t kRows = 3, kColumns = 21;

TEST(Softmax, IsTheDefinitionInFp64) {
  const HostTensor x = random<double>({kRows, kColumns}, 1);
  const auto y = call("nn.softmax", {x}, {{kRows, kColumns}}, {}, nullptr, Backend::PlainF64);
  const auto logs = call("nn.log_softmax", {x}, {{kRows, kColumns}}, {}, nullptr, Backend::PlainF64);
  for (int64_t n = 0; n < kRows; ++n) {
    double sum = 0;
    for (int64_t k = 0; k < kColumns; ++k)
      sum += std::exp(x.as<double>()[n * kColumns + k]);
    for (int64_t i = n * kColumns; i < (n + 1) * kColumns; ++i) {
      EXPECT_NEAR(y[0].as<double>()[i], std::exp(x.as<double>()[i]) / sum, 1e-14);
      EXPECT_NEAR(logs[0].as<double>()[i], x.as<double>()[i] - std::log(sum), 1e-13);
    }
  }
}

TEST(Softmax, DoesNotOverflow) {
  const HostTensor x = HostTensor::of<float>({2, 2}, {1000, 0, -1000, -1000});
  const auto y = call("nn.softmax", {x}, {{2, 2}}), logs = call("nn.log_softmax", {x}, {{2, 2}});
  EXPECT_EQ(y[0].as<float>()[0], 1.0f);
  EXPECT_EQ(y[0].as<float>()[1], 0.0f);
  EXPECT_EQ(y[0].as<float>()[2], 0.5f);
  EXPECT_EQ(logs[0].as<float>()[0], 0.0f);
  EXPECT_EQ(logs[0].as<float>()[1], -1000.0f);
}

TEST(Softmax, OfNotANumberIsNone) {
  const HostTensor x = HostTensor::of<float>({2, 2}, {1, std::numeric_limits<float>::quiet_NaN(), 2, 2});
  for (const char *op : {"nn.softmax", "nn.log_softmax"}) {
    const auto y = call(op, {x}, {{2, 2}});
    EXPECT_TRUE(std::isnan(y[0].as<float>()[0]) && std::isnan(y[0].as<float>()[1])) << op;
    EXPECT_FALSE(std::isnan(y[0].as<float>()[2])) << op;
  }
}

} // namespace
} // namespace arsis::ref
