// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of reductions, element by element and in the kernel, against the tree of the manual written out.
#include "dialects/Isa/Numerics/Kernels.h"
#include "tests/ReductionOracle.h"
#include "tests/dialects/Isa/Numerics/Oracle.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace arsis::numerics {
namespace {
using namespace oracle;

constexpr ReduceFunction kFunctions[] = {ReduceFunction::Sum, ReduceFunction::Max};

float treeReduce(ReduceFunction function, const std::vector<float> &x) {
  return numerics::treeReduce(function, static_cast<int64_t>(x.size()),
                              [&](int64_t i) { return x[static_cast<size_t>(i)]; });
}

/// Values of all magnitudes; then small integers and both zeros, for ties; then with specials among them.
std::vector<float> values(size_t n, int kind, uint32_t seed) {
  std::mt19937 generator(seed);
  auto number = [&](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(generator);
  };
  const std::vector<float> special = specials();
  std::vector<float> result(n);
  for (float &value : result) {
    if (kind == 0)
      value = std::ldexp(static_cast<float>(number(-8191, 8191)), number(-30, 10));
    else if (kind == 1)
      value = number(0, 1) ? static_cast<float>(number(-2, 0)) : -0.0f;
    else
      value = number(0, 9) ? std::ldexp(static_cast<float>(number(-99, 99)), number(-150, 100))
                           : special[static_cast<size_t>(number(0, static_cast<int>(special.size()) - 1))];
  }
  return result;
}

TEST(Reduction, FewElementsByHand) {
  const float a = 0x1p24f, b = 1.0f, c = -0x1p24f;
  EXPECT_EQ(treeReduce(ReduceFunction::Sum, {a, b, c}), b);       // (a + c) + b
  EXPECT_EQ(treeReduce(ReduceFunction::Sum, {a, c, b}), 0.0f);    // (a + b) + c
  EXPECT_EQ(treeReduce(ReduceFunction::Sum, {b, a, b, c}), 2.0f); // (b + b) + (a + c)
}

TEST(Reduction, AnElementAloneStaysAsItIs) {
  for (ReduceFunction function : kFunctions)
    for (float x : specials())
      EXPECT_TRUE(sameBits(treeReduce(function, {x}), canonical(x))) << x;
  EXPECT_TRUE(sameBits(treeReduce(ReduceFunction::Sum, std::vector<float>(15, -0.0f)), -0.0f));
}

TEST(Reduction, OfNothingIsTheIdentity) {
  EXPECT_TRUE(sameBits(treeReduce(ReduceFunction::Sum, {}), 0.0f));
  EXPECT_TRUE(sameBits(treeReduce(ReduceFunction::Max, {}), kMinusInfinity));
}

TEST(Reduction, MaximumKeepsTheLowerPartialOfEqualValues) {
  EXPECT_TRUE(sameBits(treeReduce(ReduceFunction::Max, {-0.0f, 0.0f}), -0.0f));
  EXPECT_TRUE(sameBits(treeReduce(ReduceFunction::Max, {0.0f, -0.0f}), 0.0f));
  std::vector<float> x(17, -1.0f);
  x[1] = 0.0f;   // partial 1
  x[16] = -0.0f; // a later element, of partial 0
  EXPECT_TRUE(sameBits(treeReduce(ReduceFunction::Max, x), -0.0f));
}

TEST(Reduction, IsTheTreeOfTheManual) {
  for (ReduceFunction function : kFunctions)
    for (size_t n = 1; n <= 100; ++n)
      for (int kind = 0; kind < 3; ++kind) {
        const std::vector<float> x = values(n, kind, static_cast<uint32_t>(n));
        const float expected = testing::reduced(function == ReduceFunction::Max, x);
        EXPECT_TRUE(sameBits(treeReduce(function, x), expected)) << name(function) << n << " " << kind;
      }
}

/// Columns that are no multiple of a vector, rows apart or overlapping.
TEST(Reduction, KernelReducesEveryColumnByTheTree) {
  for (ReduceFunction function : kFunctions)
    for (int64_t columns : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 777})
      for (int64_t n = 1; n <= 100; n += n < 36 ? 1 : 8)
        for (int64_t stride : {int64_t(1), columns, columns + 3}) {
          const size_t size = static_cast<size_t>((n - 1) * stride + columns);
          const std::vector<float> x = values(size, static_cast<int>(n % 3), static_cast<uint32_t>(columns));
          std::vector<float> found(static_cast<size_t>(columns) + 1, -7.0f);
          reduceColumns(function, found.data(), x.data(), stride, n, columns);
          EXPECT_EQ(found.back(), -7.0f);
          for (int64_t c = 0; c < columns; ++c) {
            std::vector<float> column;
            for (int64_t i = 0; i < n; ++i)
              column.push_back(x[static_cast<size_t>(i * stride + c)]);
            const float expected = testing::reduced(function == ReduceFunction::Max, column);
            ASSERT_TRUE(sameBits(found[static_cast<size_t>(c)], expected))
                << name(function) << " " << columns << " columns, " << n << " rows " << stride
                << " apart, at " << c;
          }
        }
}

TEST(Reduction, SumsFurtherThanAChain) {
  // A chain of ones ends at 2^24, where 1 is half an ulp.
  const std::vector<float> ones(16, 1.0f);
  std::vector<float> sums(16);
  reduceColumns(ReduceFunction::Sum, sums.data(), ones.data(), 0, (1 << 24) + 16, 16);
  EXPECT_EQ(sums, std::vector<float>(16, 0x1p24f + 16));
}

} // namespace
} // namespace arsis::numerics
