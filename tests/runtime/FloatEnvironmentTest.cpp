// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reference kernels compute in the defined floating-point environment, whatever the caller's.
#include "tests/dialects/Isa/Numerics/ForeignEnvironment.h"
#include "tests/runtime/KernelTesting.h"

#include <omp.h>

#include <array>
#include <optional>
#include <thread>

namespace arsis::ref {
namespace {

uint32_t bitsOfSum(uint32_t a, uint32_t b) {
  HostTensor x({1}, HostType::F32), y({1}, HostType::F32);
  x.copyFrom(&a, 4);
  y.copyFrom(&b, 4);
  const auto sum = testing::call("nn.add", {x, y}, {{1}});
  uint32_t bits;
  std::memcpy(&bits, sum[0].data(), 4);
  return bits;
}

void expectDefinedArithmetic() {
  numerics::test::ForeignEnvironment foreign;
  EXPECT_EQ(bitsOfSum(713624, 713624), 0x15C730u);             // 1e-39 + 1e-39
  EXPECT_EQ(bitsOfSum(0x3F800000u, 0x33800000u), 0x3F800000u); // 1 + 2^-24
  EXPECT_TRUE(foreign.intact());
}

TEST(ReferenceFloatEnvironment, KeepsDenormalsAndRoundsToNearest) {
  expectDefinedArithmetic();
  std::thread(expectDefinedArithmetic).join();
}

TEST(ReferenceFloatEnvironment, EveryBackendGivesTheSameBits) {
  const HostTensor x = testing::random<float>({2, 5, 6, 8}, 1), w = testing::random<float>({3, 3, 8, 4}, 2);
  for (Backend backend : {Backend::PlainF32, Backend::PlainF64, Backend::OneDnn}) {
    const bool wide = backend == Backend::PlainF64;
    auto convolve = [&] {
      const HostType type = wide ? HostType::F64 : HostType::F32;
      return testing::call("nn.conv2d", {x.converted(type), w.converted(type)}, {{2, 5, 6, 4}},
                           {{"strides", std::vector<int64_t>{1, 1}},
                            {"pads", std::vector<int64_t>{1, 1, 1, 1}},
                            {"dilations", std::vector<int64_t>{1, 1}},
                            {"groups", int64_t(1)}},
                           nullptr, backend);
    };
    const auto expected = convolve();
    numerics::test::ForeignEnvironment foreign;
    EXPECT_EQ(testing::difference(convolve()[0], expected[0]), "") << nameOf(backend);
    EXPECT_TRUE(foreign.intact());
  }
}

/// A foreign environment on every thread of OpenMP's pool, made before oneDNN uses that pool.
class ForeignPool {
public:
  ForeignPool() {
    ::omp_set_dynamic(0);
    ::omp_set_num_threads(kThreads);
#pragma omp parallel num_threads(kThreads)
    threads[::omp_get_thread_num()].emplace();
  }
  ~ForeignPool() {
#pragma omp parallel num_threads(kThreads)
    threads[::omp_get_thread_num()].reset();
    ::omp_set_num_threads(callersThreads);
  }

  int intactThreads() const {
    int count = 0;
#pragma omp parallel num_threads(kThreads) reduction(+ : count)
    count += threads[::omp_get_thread_num()]->intact();
    return count;
  }
  static constexpr int kThreads = 4;

private:
  const int callersThreads = ::omp_get_max_threads();
  std::array<std::optional<numerics::test::ForeignEnvironment>, kThreads> threads;
};

HostTensor identity(Shape shape) {
  HostTensor tensor(shape, HostType::F32);
  const int64_t n = shape.back();
  for (int64_t i = 0; i < n; ++i)
    tensor.as<float>()[i * n + i] = 1.0f;
  return tensor;
}

// The smallest denormals times one are themselves; every other term of the sum is zero.
TEST(ReferenceFloatEnvironment, HoldsOnEveryThreadOfOneDnn) {
  HostTensor x({8, 32, 32, 16}, HostType::F32), rows({8 * 32 * 32, 16}, HostType::F32);
  for (uint32_t i = 0; i < x.size(); ++i) {
    const uint32_t bits = i % 1000 + 1;
    std::memcpy(x.data() + i * sizeof bits, &bits, sizeof bits);
  }
  std::memcpy(rows.data(), x.data(), x.size() * sizeof(float));
  const std::vector<int64_t> ones{1, 1};

  ForeignPool foreign;
  const auto image = testing::call("nn.conv2d", {x, identity({1, 1, 16, 16})}, {x.shape()},
                                   {{"strides", ones},
                                    {"pads", std::vector<int64_t>{0, 0, 0, 0}},
                                    {"dilations", ones},
                                    {"groups", int64_t(1)}},
                                   nullptr, Backend::OneDnn);
  EXPECT_EQ(foreign.intactThreads(), ForeignPool::kThreads);
  const auto product =
      testing::call("nn.matmul", {rows, identity({16, 16})}, {rows.shape()},
                    {{"transpose_a", false}, {"transpose_b", false}}, nullptr, Backend::OneDnn);
  EXPECT_EQ(foreign.intactThreads(), ForeignPool::kThreads);
  EXPECT_EQ(testing::difference(image[0], x), "");
  EXPECT_EQ(testing::difference(product[0], rows), "");
}

TEST(ReferenceFloatEnvironment, NarrowingRoundsToNearest) {
  numerics::test::ForeignEnvironment foreign;
  const HostTensor narrow = HostTensor::of<double>({2}, {1 + 0x1p-30, 0x1p-149}).converted(HostType::F32);
  const float expected[] = {1.0f, 0x1p-149f};
  EXPECT_EQ(std::memcmp(narrow.data(), expected, sizeof expected), 0);
}

} // namespace
} // namespace arsis::ref
