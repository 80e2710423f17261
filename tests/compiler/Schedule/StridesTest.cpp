// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Views under other shapes, held to the addresses of their elements one by one; and what a gap costs.
#include "compiler/Schedule/Strides.h"

#include "compiler/Schedule/Coalesce.h"
#include "compiler/Schedule/Outside.h"
#include "compiler/Schedule/Price.h"
#include "compiler/Schedule/Search.h"
#include "compiler/Schedule/Strategies.h"
#include "dialects/NN/Structure/Build.h"
#include "tests/compiler/Schedule/Problems.h"

#include <gtest/gtest.h>

#include <numeric>

namespace arsis::schedule {
namespace {

using Numbers = std::vector<int64_t>;

/// Where the elements lie, in row-major order.
Numbers addresses(const Numbers &shape, const Numbers &strides) {
  Numbers all = {0};
  for (size_t d = 0; d < shape.size(); ++d) {
    Numbers next;
    for (int64_t address : all)
      for (int64_t i = 0; i < shape[d]; ++i)
        next.push_back(address + i * strides[d]);
    all = std::move(next);
  }
  return all;
}

/// All shapes of up to four dimensions with so many elements.
std::vector<Numbers> shapesOf(int64_t elements) {
  std::vector<Numbers> found;
  for (int64_t a = 1; a <= elements; ++a)
    for (int64_t b = 1; a * b <= elements; ++b)
      for (int64_t c = 1; a * b * c <= elements; ++c)
        if (elements % (a * b * c) == 0) {
          const int64_t d = elements / (a * b * c);
          found.push_back({a, b, c, d});
          if (a == 1)
            found.push_back({b, c, d});
          if (a == 1 && b == 1)
            found.push_back({c, d});
          if (a == 1 && b == 1 && c == 1)
            found.push_back({d});
        }
  return found;
}

TEST(Strides, OtherShapesHaveTheSameAddresses) {
  // Channels, rows, columns, an image and a corner of a tensor [3, 4, 5, 6].
  const Numbers strides = denseStrides({3, 4, 5, 6});
  EXPECT_EQ(strides, (Numbers{120, 30, 6, 1}));
  size_t possible = 0, refused = 0;
  for (const Numbers &shape :
       {Numbers{3, 4, 5, 2}, {3, 4, 5, 1}, {3, 2, 5, 6}, {3, 4, 1, 6}, {1, 4, 5, 6}, {2, 3, 4, 5}}) {
    const int64_t elements = std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
    for (const Numbers &other : shapesOf(elements)) {
      const auto found = stridesUnder(shape, strides, other);
      if (found)
        EXPECT_EQ(addresses(other, *found), addresses(shape, strides));
      ++(found ? possible : refused);
    }
  }
  EXPECT_GT(possible, 100U);
  EXPECT_GT(refused, 100U);
}

TEST(Strides, AShapeIsRefusedOnlyIfItHasNone) {
  // Of pixels by channels no other factors of the pixels' number cut across a gap.
  const Numbers shape = {2, 3, 2}, strides = {30, 10, 1};
  EXPECT_EQ(stridesUnder(shape, strides, {6, 2}), (Numbers{10, 1}));
  EXPECT_EQ(stridesUnder(shape, strides, {3, 2, 2}), (Numbers{20, 10, 1}));
  EXPECT_EQ(stridesUnder(shape, strides, {1, 6, 1, 2}).value()[1], 10);
  EXPECT_FALSE(stridesUnder(shape, strides, {12}));
  EXPECT_FALSE(stridesUnder(shape, strides, {3, 4}));
  EXPECT_FALSE(stridesUnder(shape, strides, {6, 1})); // fewer elements
}

/// y = x on so many pixels and channels, x being channels of a tensor that has `pitch` of them.
Unit copyOf(int64_t pixels, int64_t channels, int64_t pitch) {
  nn::Structure s;
  s.domain = {{"d0", pixels}, {"d1", channels}};
  s.operands = s.results = {nn::accessOf({0, 1})};
  s.after = {{numerics::VectorFunction::Relu, {0}}};
  s.resultOf = {~0};
  Value x, y;
  x.shape = y.shape = {pixels, channels};
  if (pitch > channels)
    x.strides = {pitch, 1};
  y.kind = Value::Kind::Result;
  return unitOf("relu", s, {x}, {y});
}

TEST(Strides, DimensionsAreNotCountedAsOneAcrossAGap) {
  EXPECT_EQ(coalesce(copyOf(12, 5, 5))->extents, (Numbers{60}));
  EXPECT_EQ(coalesce(copyOf(12, 5, 8))->extents, (Numbers{12, 5}));
}

TEST(Strides, ARunSeesTheGaps) {
  const ChipModel &model = testing::edge();
  const auto cyclesOf = [&](int64_t pitch) {
    const Unit unit = copyOf(4096, 2, pitch);
    const auto spaces = makeSpaces(unit, model.limits);
    EXPECT_EQ(spaces.size(), 1U);
    Infeasible why;
    const auto solution = solve(*spaces[0], model, {}, why);
    const Layout layout = layoutOf(*spaces[0], solution->best.choice);
    EXPECT_EQ(layout.tensors[0].strides.empty(), pitch == 2);
    EXPECT_EQ(solution->best.estimate.dramBytes, 2 * 4096 * 2 * 4); // whatever lies between
    return solution->best.estimate.cycles;
  };
  const double dense = cyclesOf(2), gaps = cyclesOf(32), wide = cyclesOf(512);
  EXPECT_GT(gaps, 2 * dense); // runs of 8 bytes are an eighth of a burst
  EXPECT_GE(wide, gaps);
}

} // namespace
} // namespace arsis::schedule
