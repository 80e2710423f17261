// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions and matrix product against their definitions, element by element, in the order the plan
// states.
#include "tests/runtime/KernelTesting.h"

#include <cmath>

namespace arsis::ref {
namespace {

using testing::call;
using testing::difference;
using testing::random;

struct Geometry {
  Shape x, w;
  std::vector<int64_t> strides, pads, dilations;
  int64_t groups = 1;

  Shape y() const {
    Shape shape{x[0], 0, 0, w[3]};
    for (int d = 0; d < 2; ++d)
      shape[1 + d] = (x[1 + d] + pads[d] + pads[2 + d] - dilations[d] * (w[d] - 1) - 1) / strides[d] + 1;
    return shape;
  }
  std::map<std::string, Attribute> attributes() const {
    return {{"strides", strides}, {"pads", pads}, {"dilations", dilations}, {"groups", groups}};
  }
  int64_t outputs() const { return w[3] / groups; } // of a group
  /// The plan of a sum over `channel`: its chunks, and how many groups are packed.
  ReductionPlan plan(const char *channel, const std::vector<int64_t> &chunks, int64_t pack) const {
    ReductionPlan plan{{channel, "kh", "kw"}, chunks};
    if (groups > 1) {
      plan.dims.insert(plan.dims.begin(), "g");
      plan.chunks.insert(plan.chunks.begin(), pack);
    }
    return plan;
  }
};

const Geometry kGeometries[] = {
    {{2, 5, 6, 3}, {3, 3, 3, 5}, {1, 1}, {1, 1, 1, 1}, {1, 1}}, // same padding
    {{1, 7, 7, 4},
     {3, 2, 4, 33},
     {2, 3},
     {1, 0, 2, 1},
     {1, 1}}, // strides, uneven pads, more columns than a vector block
    {{2, 6, 5, 2}, {1, 1, 2, 3}, {2, 2}, {0, 0, 0, 0}, {1, 1}},     // phases without taps
    {{1, 9, 8, 3}, {2, 3, 3, 17}, {2, 1}, {2, 3, 1, 0}, {3, 2}},    // dilation against stride
    {{1, 4, 4, 20}, {4, 4, 20, 7}, {1, 1}, {0, 0, 0, 0}, {1, 1}},   // one window
    {{1, 5, 6, 5}, {3, 2, 1, 10}, {2, 1}, {1, 1, 0, 2}, {1, 2}, 5}, // depthwise, two outputs per channel
    {{2, 4, 5, 12}, {2, 3, 4, 6}, {1, 2}, {0, 1, 1, 0}, {1, 1}, 3}, // groups
};
constexpr int64_t kPack = 2; // groups

/// Sums products in the order in which the plan visits them. An index is chunked if it is (a divided by
/// chunk) tuple-wise.
class Ordered {
public:
  /// Terms must come in K order; chunk is the lexicographic key of the term's chunk.
  void add(std::vector<int64_t> chunk, float a, float b) { terms[std::move(chunk)].emplace_back(a, b); }
  float sum() const {
    float total = 0;
    bool first = true;
    for (const auto &chunk : terms) {
      float partial = 0;
      for (auto [a, b] : chunk.second)
        partial = std::fma(a, b, partial);
      total = first ? partial : total + partial;
      first = false;
    }
    return total;
  }

private:
  std::map<std::vector<int64_t>, std::vector<std::pair<float, float>>> terms;
};

class Image {
public:
  explicit Image(const HostTensor &tensor) : shape(tensor.shape()), data(tensor.as<float>()) {}
  /// +0 outside.
  float at(int64_t n, int64_t h, int64_t w, int64_t c) const {
    if (h < 0 || h >= shape[1] || w < 0 || w >= shape[2])
      return 0;
    return data[((n * shape[1] + h) * shape[2] + w) * shape[3] + c];
  }
  const Shape &shape;

private:
  const float *data;
};

template <class Value> HostTensor fill(const Shape &shape, Value value) {
  HostTensor tensor(shape, HostType::F32);
  int64_t i = 0;
  for (int64_t a = 0; a < shape[0]; ++a)
    for (int64_t b = 0; b < shape[1]; ++b)
      for (int64_t c = 0; c < shape[2]; ++c)
        for (int64_t d = 0; d < shape[3]; ++d)
          tensor.as<float>()[i++] = value(a, b, c, d);
  return tensor;
}

class Convolution : public ::testing::TestWithParam<std::tuple<Geometry, std::vector<int64_t>>> {
protected:
  const Geometry &g() const { return std::get<0>(GetParam()); }
  const std::vector<int64_t> &chunks() const { return std::get<1>(GetParam()); }
};

TEST_P(Convolution, ForwardFollowsThePlan) {
  const HostTensor x = random<float>(g().x, 1), w = random<float>(g().w, 2);
  const Image image(x), weight(w);
  const ReductionPlan plan = g().plan("c", chunks(), kPack);
  const HostTensor expected = fill(g().y(), [&](int64_t n, int64_t oh, int64_t ow, int64_t o) {
    Ordered sum;
    const int64_t own = o / g().outputs(), first = own / kPack * kPack;
    for (int64_t kh = 0; kh < g().w[0]; ++kh)
      for (int64_t kw = 0; kw < g().w[1]; ++kw)
        for (int64_t group = first; group < std::min(first + kPack, g().groups); ++group)
          for (int64_t c = 0; c < g().w[2]; ++c)
            sum.add({c / chunks()[0], kh / chunks()[1], kw / chunks()[2]},
                    image.at(n, oh * g().strides[0] + kh * g().dilations[0] - g().pads[0],
                             ow * g().strides[1] + kw * g().dilations[1] - g().pads[1], group * g().w[2] + c),
                    group == own ? weight.at(kh, kw, c, o) : 0);
    return sum.sum();
  });
  EXPECT_EQ(difference(call("nn.conv2d", {x, w}, {g().y()}, g().attributes(), &plan)[0], expected), "");
}

TEST_P(Convolution, GradInputFollowsThePlanPerPhase) {
  const HostTensor gy = random<float>(g().y(), 3), w = random<float>(g().w, 4);
  const Image gradient(gy), weight(w);
  const ReductionPlan plan = g().plan("co", chunks(), kPack);
  const HostTensor expected = fill(g().x, [&](int64_t n, int64_t ih, int64_t iw, int64_t channel) {
    Ordered sum;
    const int64_t own = channel / g().w[2], first = own / kPack * kPack, c = channel % g().w[2];
    int64_t tapRow = 0; // counts the taps that hit a window's grid
    for (int64_t kh = 0; kh < g().w[0]; ++kh) {
      const int64_t h = ih + g().pads[0] - kh * g().dilations[0];
      if ((h % g().strides[0] + g().strides[0]) % g().strides[0] != 0)
        continue;
      int64_t tapColumn = 0;
      for (int64_t kw = 0; kw < g().w[1]; ++kw) {
        const int64_t v = iw + g().pads[1] - kw * g().dilations[1];
        if ((v % g().strides[1] + g().strides[1]) % g().strides[1] != 0)
          continue;
        for (int64_t group = first; group < std::min(first + kPack, g().groups); ++group)
          for (int64_t o = 0; o < g().outputs(); ++o) {
            const int64_t output = group * g().outputs() + o;
            sum.add({o / chunks()[0], tapRow / chunks()[1], tapColumn / chunks()[2]},
                    gradient.at(n, h < 0 ? -1 : h / g().strides[0], v < 0 ? -1 : v / g().strides[1], output),
                    group == own ? weight.at(kh, kw, c, output) : 0);
          }
        ++tapColumn;
      }
      ++tapRow;
    }
    return sum.sum();
  });
  EXPECT_EQ(difference(call("nn.conv2d_grad_input", {gy, w}, {g().x}, g().attributes(), &plan)[0], expected),
            "");
}

TEST_P(Convolution, GradWeightFollowsThePlan) {
  const HostTensor x = random<float>(g().x, 5), gy = random<float>(g().y(), 6);
  const Image image(x), gradient(gy);
  const ReductionPlan plan{{"n", "oh", "ow"}, chunks()};
  const Shape y = g().y();
  const HostTensor expected = fill(g().w, [&](int64_t kh, int64_t kw, int64_t c, int64_t o) {
    Ordered sum;
    for (int64_t n = 0; n < y[0]; ++n)
      for (int64_t oh = 0; oh < y[1]; ++oh)
        for (int64_t ow = 0; ow < y[2]; ++ow)
          sum.add({n / chunks()[0], oh / chunks()[1], ow / chunks()[2]},
                  image.at(n, oh * g().strides[0] + kh * g().dilations[0] - g().pads[0],
                           ow * g().strides[1] + kw * g().dilations[1] - g().pads[1],
                           o / g().outputs() * g().w[2] + c),
                  gradient.at(n, oh, ow, o));
    return sum.sum();
  });
  EXPECT_EQ(difference(call("nn.conv2d_grad_weight", {x, gy}, {g().w}, g().attributes(), &plan)[0], expected),
            "");
}

INSTANTIATE_TEST_SUITE_P(Geometries, Convolution,
                         ::testing::Combine(::testing::ValuesIn(kGeometries),
                                            ::testing::Values(std::vector<int64_t>{1, 1, 1},
                                                              std::vector<int64_t>{2, 1, 1},
                                                              std::vector<int64_t>{16, 2, 3},
                                                              std::vector<int64_t>{1000, 1000, 1000})));

TEST(Convolution, WithoutAPlanEverythingIsOneChunk) {
  const Geometry &g = kGeometries[0];
  const HostTensor x = random<float>(g.x, 1), w = random<float>(g.w, 2);
  const ReductionPlan plan{{"c", "kh", "kw"}, {1000, 1000, 1000}};
  EXPECT_EQ(difference(call("nn.conv2d", {x, w}, {g.y()}, g.attributes())[0],
                       call("nn.conv2d", {x, w}, {g.y()}, g.attributes(), &plan)[0]),
            "");
}

TEST(Convolution, PaddingTakesPartAsZero) {
  HostTensor x({1, 1, 1, 1}, HostType::F32), w({3, 3, 1, 1}, HostType::F32);
  x.as<float>()[0] = 1;
  for (int i = 0; i < 9; ++i)
    w.as<float>()[i] = i == 0 ? INFINITY : 1; // infinity times padding is NaN, and the NaN is canonical
  const ReductionPlan plan{{"c", "kh", "kw"}, {1, 1, 1}};
  const std::map<std::string, Attribute> attributes = {{"strides", std::vector<int64_t>{1, 1}},
                                                       {"pads", std::vector<int64_t>{1, 1, 1, 1}},
                                                       {"dilations", std::vector<int64_t>{1, 1}},
                                                       {"groups", int64_t(1)}};
  const HostTensor y = call("nn.conv2d", {x, w}, {{1, 1, 1, 1}}, attributes, &plan)[0];
  uint32_t bits;
  std::memcpy(&bits, y.data(), 4);
  EXPECT_EQ(bits, 0x7fc00000u);
}

/// As padding does: what is packed beside a number that is not finite becomes NaN, what is not stays.
TEST(Convolution, NeighboursOfAPackTakePartAsZero) {
  HostTensor x({1, 1, 1, 4}, HostType::F32), w({1, 1, 1, 4}, HostType::F32);
  for (int i = 0; i < 4; ++i) {
    x.as<float>()[i] = i == 0 ? INFINITY : 1;
    w.as<float>()[i] = 1;
  }
  const Geometry g{x.shape(), w.shape(), {1, 1}, {0, 0, 0, 0}, {1, 1}, 4};
  for (int64_t pack : {1, 2, 4}) {
    const ReductionPlan plan = g.plan("c", {1, 1, 1}, pack);
    const HostTensor y = call("nn.conv2d", {x, w}, {g.y()}, g.attributes(), &plan)[0];
    EXPECT_EQ(y.as<float>()[0], INFINITY);
    for (int64_t i = 1; i < 4; ++i)
      EXPECT_EQ(std::isnan(y.as<float>()[i]), i < pack) << i << " of a pack of " << pack;
  }
}

TEST(Matmul, FollowsThePlanForEveryTransposition) {
  const int64_t rows = 5, depth = 37, columns = 19, chunk = 8;
  const ReductionPlan plan{{"k"}, {chunk}};
  for (bool transposeA : {false, true})
    for (bool transposeB : {false, true}) {
      const HostTensor a = random<float>(transposeA ? Shape{depth, rows} : Shape{rows, depth}, 1);
      const HostTensor b = random<float>(transposeB ? Shape{columns, depth} : Shape{depth, columns}, 2);
      HostTensor expected({rows, columns}, HostType::F32);
      for (int64_t m = 0; m < rows; ++m)
        for (int64_t n = 0; n < columns; ++n) {
          Ordered sum;
          for (int64_t k = 0; k < depth; ++k)
            sum.add({k / chunk}, a.as<float>()[transposeA ? k * rows + m : m * depth + k],
                    b.as<float>()[transposeB ? n * depth + k : k * columns + n]);
          expected.as<float>()[m * columns + n] = sum.sum();
        }
      const auto found = call("nn.matmul", {a, b}, {{rows, columns}},
                              {{"transpose_a", transposeA}, {"transpose_b", transposeB}}, &plan);
      EXPECT_EQ(difference(found[0], expected), "") << transposeA << transposeB;
    }
}

TEST(Matmul, OfChunksThatContinueIsOneChain) {
  const HostTensor a = random<float>({5, 37}, 1), b = random<float>({37, 19}, 2);
  const auto product = [&](int64_t chunk, bool continues) {
    const ReductionPlan plan{{"k"}, {chunk}, continues};
    return call("nn.matmul", {a, b}, {{5, 19}}, {{"transpose_a", false}, {"transpose_b", false}}, &plan)[0];
  };
  EXPECT_EQ(difference(product(8, true), product(37, false)), "");
  EXPECT_NE(difference(product(8, true), product(8, false)), "");
}

TEST(Matmul, RejectsShapesThatDoNotFit) {
  EXPECT_THROW(call("nn.matmul", {random<float>({2, 3}, 1), random<float>({4, 5}, 2)}, {{2, 5}},
                    {{"transpose_a", false}, {"transpose_b", false}}),
               Error);
}

TEST(Plan, RejectsForeignDimsAndEmptyChunks) {
  const ReductionPlan foreign{{"k"}, {1}}, empty{{"c", "kh", "kw"}, {0, 1, 1}};
  EXPECT_THROW(chunksOf(&foreign, {"c", "kh", "kw"}, {2, 2, 2}), Error);
  EXPECT_THROW(chunksOf(&empty, {"c", "kh", "kw"}, {2, 2, 2}), Error);
}

TEST(Plan, VisitsChunksInLexicographicOrderAndEveryIndexOnce) {
  const ReductionPlan plan{{"a", "b"}, {2, 3}};
  const std::vector<Chunk> chunks = chunksOf(&plan, {"a", "b"}, {3, 4});
  ASSERT_EQ(chunks.size(), 4u);
  EXPECT_EQ(chunks[1][0].begin, 0);
  EXPECT_EQ(chunks[1][1].begin, 3);
  EXPECT_EQ(chunks[1][1].end, 4);
  int64_t covered = 0;
  for (const Chunk &chunk : chunks)
    covered += (chunk[0].end - chunk[0].begin) * (chunk[1].end - chunk[1].begin);
  EXPECT_EQ(covered, 12);
}

} // namespace
} // namespace arsis::ref
