// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes, conversions, permutations.
#include "runtime/common/HostTensor.h"

#include "dialects/Isa/Encoding/Error.h"

#include <gtest/gtest.h>

namespace arsis::ref {
namespace {

TEST(HostTensor, PermutesAndBack) {
  HostTensor x({2, 3, 4, 5}, HostType::I32);
  for (int i = 0; i < x.size(); ++i)
    x.as<int32_t>()[i] = i;
  const std::vector<int64_t> permutation{0, 3, 1, 2};
  const HostTensor y = x.permuted(permutation);
  EXPECT_EQ(y.shape(), (Shape{2, 5, 3, 4}));
  EXPECT_EQ(y.as<int32_t>()[((1 * 5 + 4) * 3 + 2) * 4 + 3], ((1 * 3 + 2) * 4 + 3) * 5 + 4);
  const HostTensor back = y.permuted(inversePermutation(permutation));
  EXPECT_EQ(0, memcmp(back.data(), x.data(), x.byteSize()));
}

TEST(HostTensor, RejectsWhatIsNoPermutation) {
  EXPECT_THROW(HostTensor({2, 2}, HostType::F32).permuted({0, 0}), Error);
  EXPECT_THROW(HostTensor({2, 2}, HostType::F32).permuted({0, 2}), Error);
  EXPECT_THROW(HostTensor({2, 2}, HostType::F32).permuted({0}), Error);
}

TEST(HostTensor, ConvertsOnlyIntegersThatFit) {
  const HostTensor wide = HostTensor::of<int64_t>({2}, {-5, 2147483647});
  EXPECT_EQ(wide.converted(HostType::I32).as<int32_t>()[1], 2147483647);
  EXPECT_THROW(HostTensor::of<int64_t>({1}, {2147483648}).converted(HostType::I32), Error);
  EXPECT_THROW(HostTensor::of<float>({1}, {0.5f}).converted(HostType::I64), Error);
  EXPECT_EQ(HostTensor::of<double>({1}, {0.1}).converted(HostType::F32).as<float>()[0], 0.1f);
}

TEST(HostTensor, RejectsWrongTypesSizesAndShapes) {
  HostTensor x({2}, HostType::F32);
  EXPECT_THROW(x.as<double>(), Error);
  EXPECT_THROW(HostTensor::of<float>({3}, {1, 2}), Error);
  EXPECT_THROW(x.reshaped({3}), Error);
  EXPECT_THROW(elementCount({-1}), Error);
  EXPECT_THROW(elementCount({int64_t(1) << 40, int64_t(1) << 40}), Error);
}

} // namespace
} // namespace arsis::ref
