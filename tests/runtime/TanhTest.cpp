// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The hyperbolic tangent and its gradient: the chip's bits in fp32, the standard library's in fp64.
#include "tests/runtime/KernelTesting.h"

#include "dialects/Isa/Numerics/Numerics.h"

#include <cmath>
#include <limits>

namespace arsis::ref {
namespace {

using testing::call;
using testing::difference;
using testing::distance;
using testing::random;

HostTensor vector(std::vector<float> values) {
  const int64_t count = values.size();
  return HostTensor::of<float>({count}, values);
}

TEST(Tanh, HasTheBitsOfTheNumerics) {
  const HostTensor x = random<float>({5, 60}, 1);
  HostTensor expected = x;
  for (int64_t i = 0; i < x.size(); ++i)
    expected.as<float>()[i] = numerics::tanh(x.as<float>()[i]);
  EXPECT_EQ(difference(call("nn.tanh", {x}, {{5, 60}})[0], expected), "");
}

TEST(Tanh, SaturatesAndKeepsZeroAndNaN) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto y = call("nn.tanh", {vector({inf, -30, -0.0f, NAN})}, {{4}});
  EXPECT_EQ(difference(y[0], vector({1, -1, -0.0f, numerics::canonical(NAN)})), "");
}

TEST(Tanh, AgreesWithTheStandardLibraryInDouble) {
  const HostTensor x = random<double>({100}, 2);
  HostTensor expected = x;
  for (int64_t i = 0; i < x.size(); ++i)
    expected.as<double>()[i] = std::tanh(x.as<double>()[i]);
  EXPECT_EQ(difference(call("nn.tanh", {x}, {{100}}, {}, nullptr, Backend::PlainF64)[0], expected), "");
  const HostTensor rounded = call("nn.tanh", {x.converted(HostType::F32)}, {{100}})[0];
  EXPECT_LT(distance(rounded, expected), 1e-7);
}

TEST(TanhGrad, RoundsAfterEveryOperation) {
  const HostTensor gy = random<float>({90}, 3), y = call("nn.tanh", {random<float>({90}, 4)}, {{90}})[0];
  HostTensor expected = y;
  for (int64_t i = 0; i < y.size(); ++i) {
    const float square = y.as<float>()[i] * y.as<float>()[i], slope = 1.0f - square;
    expected.as<float>()[i] = gy.as<float>()[i] * slope;
  }
  EXPECT_EQ(difference(call("nn.tanh_grad", {gy, y}, {{90}})[0], expected), "");
}

TEST(TanhGrad, IsZeroWhereTheResultIsSaturated) {
  EXPECT_EQ(
      difference(call("nn.tanh_grad", {vector({5, -5}), vector({1, -1})}, {{2}})[0], vector({0, -0.0f})), "");
}

TEST(TanhGrad, RefusesAnotherShape) {
  EXPECT_THROW(call("nn.tanh_grad", {vector({1, 2}), vector({1})}, {{2}}), Error);
  EXPECT_THROW(call("nn.tanh", {vector({1, 2})}, {{1}}), Error);
}

} // namespace
} // namespace arsis::ref
