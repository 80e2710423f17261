// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each vectorised kernel gives the bits of its plain loop, for ragged sizes, strides, broadcast and special
// values.
#include "dialects/Isa/Numerics/Kernels.h"
#include "tests/dialects/Isa/Numerics/Oracle.h"

#include <gtest/gtest.h>

namespace arsis::numerics {
namespace {
using namespace oracle;

std::vector<float> ordinary(size_t n, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(n);
  for (float &value : values)
    value = distribution(generator);
  return values;
}

/// Random finite values with a sprinkling of specials.
std::vector<float> awkward(size_t n, uint32_t seed) {
  auto values = ordinary(n, seed);
  auto special = specials();
  std::mt19937 generator(seed + 1);
  for (size_t i = 0; i < n / 7; ++i)
    values[generator() % n] = special[generator() % special.size()];
  return values;
}

void expectSame(const std::vector<float> &found, const std::vector<float> &expected,
                const std::string &what) {
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_TRUE(sameBits(found[i], expected[i]))
        << what << " at " << i << ": " << found[i] << " and " << expected[i];
}

void checkProduct(int64_t M, int64_t K, int64_t N, int64_t slack, const std::vector<float> &x,
                  const std::vector<float> &w) {
  const int64_t xs = K + slack, ws = N + slack, ps = N + slack;
  std::vector<float> found(static_cast<size_t>(M * ps), -7.0f), expected = found;
  multiplyAccumulate(x.data(), xs, w.data(), ws, found.data(), ps, M, K, N);
  for (int64_t m = 0; m < M; ++m)
    for (int64_t n = 0; n < N; ++n) {
      float sum = 0.0f;
      for (int64_t k = 0; k < K; ++k)
        sum = fma(x[static_cast<size_t>(m * xs + k)], w[static_cast<size_t>(k * ws + n)], sum);
      expected[static_cast<size_t>(m * ps + n)] = sum;
    }
  expectSame(found, expected, std::to_string(M) + "x" + std::to_string(K) + "x" + std::to_string(N));
}

TEST(Kernel, ProductHasTheBitsOfThePlainLoop) {
  auto x = ordinary(200 * 200, 1), w = ordinary(200 * 200, 2);
  for (int64_t M : {1, 2, 5, 8, 13, 29, 100})
    for (int64_t N : {1, 6, 8, 15, 16, 17, 31, 32, 48, 64, 80, 100, 128})
      for (int64_t K : {1, 7, 25, 128})
        checkProduct(M, K, N, 0, x, w);
}

TEST(Kernel, ProductHonoursStridesAndTouchesNothingElse) {
  auto x = ordinary(40000, 3), w = ordinary(40000, 4);
  for (int64_t N : {3, 16, 50})
    checkProduct(21, 30, N, 9, x, w);
}

TEST(Kernel, ProductOfSpecialValues) {
  auto x = awkward(40000, 5), w = awkward(40000, 6);
  for (int64_t N : {5, 16, 40})
    checkProduct(33, 3, N, 0, x, w);
}

TEST(Kernel, EmptyProduct) {
  std::vector<float> partial(12, 5.0f);
  multiplyAccumulate(nullptr, nullptr, partial.data(), 3, 0, 4);
  expectSame(partial, std::vector<float>(12, 0.0f), "K = 0");
  multiplyAccumulate(nullptr, nullptr, nullptr, 0, 0, 0);
}

TEST(Kernel, AddInto) {
  for (size_t n : {1u, 15u, 16u, 100u}) {
    auto a = awkward(n, 7), b = awkward(n, 8), expected = a;
    for (size_t i = 0; i < n; ++i)
      expected[i] = add(a[i], b[i]);
    addInto(a.data(), b.data(), static_cast<int64_t>(n));
    expectSame(a, expected, "n = " + std::to_string(n));
  }
}

class MapRun : public testing::TestWithParam<unsigned> {};

TEST_P(MapRun, HasTheBitsOfApplyMap) {
  auto function = static_cast<VectorFunction>(GetParam());
  if (function == VectorFunction::OneHot)
    return; // needs the index, so it has no array form
  auto values = specials();
  auto random = awkward(1003, 9);
  values.insert(values.end(), random.begin(), random.end());
  const size_t n = values.size() / 3;
  for (int strides : {0, 1, 2, 3, 4, 5, 6, 7}) { // bit i: operand i advances
    for (int64_t step : {1, 3}) {
      RunOperand operands[3];
      for (int i = 0; i < 3; ++i)
        operands[i] = {&values[static_cast<size_t>(i) * 5], strides >> i & 1 ? step : 0};
      std::vector<float> found(n), expected(n);
      for (size_t e = 0; e < n; ++e) {
        auto at = [&](int i) { return operands[i].at[static_cast<int64_t>(e) * operands[i].stride]; };
        if (static_cast<int64_t>(n - 1) * step + 15 >= static_cast<int64_t>(values.size()))
          break;
        expected[e] = applyMap(function, at(0), at(1), at(2), 0.75f);
      }
      if (static_cast<int64_t>(n - 1) * step + 15 >= static_cast<int64_t>(values.size()))
        continue;
      mapRun(function, found.data(), operands[0], operands[1], operands[2], 0.75f, static_cast<int64_t>(n));
      expectSame(found, expected, std::string(name(function)));
    }
  }
}

TEST_P(MapRun, InPlace) {
  auto function = static_cast<VectorFunction>(GetParam());
  if (function == VectorFunction::OneHot)
    return;
  auto a = awkward(77, 10), b = awkward(77, 11), c = awkward(77, 12), expected = a;
  for (size_t i = 0; i < a.size(); ++i)
    expected[i] = applyMap(function, a[i], b[i], c[i], -2.0f);
  mapRun(function, a.data(), {a.data(), 1}, {b.data(), 1}, {c.data(), 1}, -2.0f, 77);
  expectSame(a, expected, std::string(name(function)));
}

INSTANTIATE_TEST_SUITE_P(All, MapRun, testing::Range(0u, kVectorFunctionCount), [](const auto &info) {
  return std::string(name(static_cast<VectorFunction>(info.param)));
});

TEST(MapRunFunctions, OneHotComparesLabelAndIndex) {
  EXPECT_EQ(applyMap(VectorFunction::OneHot, 3, 3, 0, 0), 1.0f);
  EXPECT_EQ(applyMap(VectorFunction::OneHot, 3, 4, 0, 0), 0.0f);
}

TEST(Kernel, WidensEveryHalf) {
  std::vector<uint16_t> halves(0x10000);
  for (size_t i = 0; i < halves.size(); ++i)
    halves[i] = static_cast<uint16_t>(i);
  for (ElementType type : {ElementType::BF16, ElementType::F16}) {
    std::vector<float> found(halves.size()), expected(halves.size());
    widen(halves.data(), type, found.data(), static_cast<int64_t>(halves.size()));
    for (size_t i = 0; i < halves.size(); ++i)
      expected[i] = readElement(halves.data(), type, static_cast<int64_t>(i));
    expectSame(found, expected, std::string(name(type)));
  }
}

/// Values around every boundary between two halves, of either type, and others.
std::vector<float> nearBoundaries() {
  std::vector<float> values = awkward(5000, 8), random = randomBits(200000, 9);
  values.insert(values.end(), random.begin(), random.end());
  for (uint32_t half = 0; half < 0x10000; ++half)
    for (float value : {fromBF16(static_cast<uint16_t>(half)), fromF16(static_cast<uint16_t>(half))})
      for (uint32_t off : {0u, 1u, 0x0fffu, 0x1000u, 0x1001u, 0x7fffu, 0x8000u, 0x8001u, ~0u})
        values.push_back(floatOf(bitsOf(value) + off));
  for (uint32_t unit = 0; unit < 0x800; ++unit) // denormals of binary16, in quarters and their neighbours
    for (int quarter = 0; quarter < 4; ++quarter) {
      const auto value = static_cast<float>(std::ldexp(4 * unit + static_cast<uint32_t>(quarter), -26));
      for (float x : {value, std::nextafter(value, 1.0f), std::nextafter(value, -1.0f)})
        values.insert(values.end(), {x, -x});
    }
  return values;
}

TEST(Kernel, NarrowsLikeThePlainLoop) {
  const std::vector<float> values = nearBoundaries();
  for (ElementType type : {ElementType::BF16, ElementType::F16}) {
    std::vector<uint16_t> found(values.size()), expected(values.size());
    narrow(values.data(), type, found.data(), static_cast<int64_t>(values.size()));
    for (size_t i = 0; i < values.size(); ++i)
      writeElement(expected.data(), type, static_cast<int64_t>(i), values[i]);
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(found[i], expected[i]) << name(type) << " of bits " << bitsOf(values[i]);
  }
}

TEST(Kernel, ConvertsRaggedRuns) {
  const std::vector<float> values = awkward(100, 3);
  for (ElementType type : {ElementType::F32, ElementType::BF16, ElementType::F16, ElementType::I32})
    for (int64_t n = 0; n <= 70; ++n) {
      std::vector<uint8_t> bytes(400, 0xab), expected = bytes;
      narrow(values.data(), type, bytes.data(), n);
      for (int64_t i = 0; i < n; ++i)
        writeElement(expected.data(), type, i, values[static_cast<size_t>(i)]);
      ASSERT_EQ(bytes, expected) << name(type) << " " << n;
      std::vector<float> wide(100, -7.0f), back = wide;
      widen(bytes.data(), type, wide.data(), n);
      for (int64_t i = 0; i < n; ++i)
        back[static_cast<size_t>(i)] = readElement(bytes.data(), type, i);
      expectSame(wide, back, std::string(name(type)));
    }
}

} // namespace
} // namespace arsis::numerics
