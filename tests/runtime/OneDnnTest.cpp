// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// oneDNN against the plain loops in fp64: independent code must agree within rounding, and the table says who
// serves which op.
#include "tests/runtime/KernelTesting.h"

#include <omp.h>

namespace arsis::ref {
namespace {

using testing::call;
using testing::distance;
using testing::random;
using List = std::vector<int64_t>;
using Attributes = std::map<std::string, Attribute>;

/// Sums here have at most a few hundred terms of size one.
constexpr double kTolerance = 1e-4;

void compare(const std::string &op, const std::vector<HostTensor> &operands,
             const std::vector<Shape> &results, const Attributes &attributes) {
  std::vector<HostTensor> wide;
  for (const HostTensor &operand : operands)
    wide.push_back(operand.converted(HostType::F64));
  const auto found = call(op, operands, results, attributes, nullptr, Backend::OneDnn);
  const auto expected = call(op, wide, results, attributes, nullptr, Backend::PlainF64);
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_LT(distance(found[i], expected[i]), kTolerance) << op << " result " << i;
}

TEST(OneDnn, ServesExactlyTheseOps) {
  std::vector<std::string> served;
  for (const std::string &op : KernelRegistry::instance().ops())
    if (KernelRegistry::instance().find(op)->oneDnn)
      served.push_back(op);
  EXPECT_EQ(served, (std::vector<std::string>{"nn.avg_pool", "nn.avg_pool_grad", "nn.batch_norm",
                                              "nn.batch_norm_grad", "nn.conv2d", "nn.conv2d_grad_input",
                                              "nn.conv2d_grad_weight", "nn.matmul", "nn.max_pool",
                                              "nn.max_pool_grad"}));
}

TEST(OneDnn, ConvolutionInThreePasses) {
  struct Geometry {
    Shape x, w, y;
    List strides, pads, dilations;
    int64_t groups = 1;
  };
  for (const Geometry &g :
       {Geometry{{2, 8, 9, 5}, {3, 3, 5, 7}, {2, 8, 9, 7}, {1, 1}, {1, 1, 1, 1}, {1, 1}},
        Geometry{{1, 11, 12, 16}, {3, 2, 16, 20}, {1, 5, 5, 20}, {2, 3}, {1, 0, 0, 3}, {1, 2}},
        Geometry{{2, 9, 9, 3}, {1, 1, 3, 8}, {2, 3, 3, 8}, {3, 4}, {0, 0, 0, 0}, {1, 1}},
        Geometry{{2, 8, 9, 12}, {3, 3, 4, 6}, {2, 8, 9, 6}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 3},
        Geometry{{1, 7, 8, 5}, {3, 2, 1, 10}, {1, 4, 8, 10}, {2, 1}, {1, 1, 1, 1}, {1, 2}, 5}}) {
    const Attributes attributes = {
        {"strides", g.strides}, {"pads", g.pads}, {"dilations", g.dilations}, {"groups", g.groups}};
    const HostTensor x = random<float>(g.x, 1), w = random<float>(g.w, 2), y = random<float>(g.y, 3);
    compare("nn.conv2d", {x, w}, {g.y}, attributes);
    compare("nn.conv2d_grad_input", {y, w}, {g.x}, attributes);
    compare("nn.conv2d_grad_weight", {x, y}, {g.w}, attributes);
  }
}

TEST(OneDnn, MatmulInEveryTransposition) {
  for (bool a : {false, true})
    for (bool b : {false, true})
      compare(
          "nn.matmul",
          {random<float>(a ? Shape{7, 5} : Shape{5, 7}, 1), random<float>(b ? Shape{6, 7} : Shape{7, 6}, 2)},
          {{5, 6}}, {{"transpose_a", a}, {"transpose_b", b}});
}

// oneDNN shares the work among as many threads as it asks for, so it must get them.
TEST(OneDnn, ComputesWholeResultsWhereOpenMpMayGrantFewerThreads) {
  const int dynamic = ::omp_get_dynamic(), threads = ::omp_get_max_threads();
  ::omp_set_dynamic(1);
  ::omp_set_num_threads(2 * ::omp_get_num_procs()); // more than it grants of itself
  compare("nn.matmul", {random<float>({8192, 16}, 1), random<float>({16, 16}, 2)}, {{8192, 16}},
          {{"transpose_a", false}, {"transpose_b", false}});
  const List ones{1, 1};
  compare("nn.conv2d", {random<float>({8, 32, 32, 16}, 1), random<float>({1, 1, 16, 16}, 2)},
          {{8, 32, 32, 16}},
          {{"strides", ones}, {"pads", List{0, 0, 0, 0}}, {"dilations", ones}, {"groups", int64_t(1)}});
  EXPECT_TRUE(::omp_get_dynamic());
  ::omp_set_num_threads(threads);
  ::omp_set_dynamic(dynamic);
}

TEST(OneDnn, Pools) {
  for (bool hangsOver : {false, true})
    for (bool includePad : {false, true}) {
      const Attributes attributes = {{"kernel", List{3, 2}},
                                     {"strides", List{2, 2}},
                                     {"pads", List{1, 0, 0, 1}},
                                     {"dilations", List{1, 2}},
                                     {"count_include_pad", includePad}};
      const Shape in{2, 8, 7, 3},
          out{2, hangsOver ? 5 : 4, 3, 3}; // 8 + 1 - 3 = 6 -> 4 rows fit, a fifth hangs over
      const HostTensor x = random<float>(in, 1), gy = random<float>(out, 2);
      compare("nn.max_pool", {x}, {out}, attributes);
      compare("nn.max_pool_grad", {x, gy}, {in}, attributes);
      compare("nn.avg_pool", {x}, {out}, attributes);
      compare("nn.avg_pool_grad", {gy}, {in}, attributes);
    }
}

TEST(OneDnn, BatchNorm) {
  const Shape image{2, 3, 4, 5}, vector{5};
  const HostTensor x = random<float>(image, 1), scale = random<float>(vector, 2),
                   bias = random<float>(vector, 3), mean = random<float>(vector, 4),
                   var = random<float>(vector, 5), gy = random<float>(image, 6);
  compare("nn.batch_norm", {x, scale, bias, mean, var}, {image, vector, vector, vector, vector},
          {{"epsilon", 1e-5}, {"momentum", 0.25}});
  const auto forward = call("nn.batch_norm", {x, scale, bias, mean, var},
                            {image, vector, vector, vector, vector}, {{"epsilon", 1e-5}, {"momentum", 0.25}});
  compare("nn.batch_norm_grad", {gy, x, scale, forward[1], forward[2]}, {image, vector, vector}, {});
}

TEST(OneDnn, RefusesWhatThePlainLoopsRefuse) {
  EXPECT_THROW(call("nn.matmul", {random<float>({2, 3}, 1), random<float>({4, 5}, 2)}, {{2, 5}},
                    {{"transpose_a", false}, {"transpose_b", false}}, nullptr, Backend::OneDnn),
               Error);
}

} // namespace
} // namespace arsis::ref
