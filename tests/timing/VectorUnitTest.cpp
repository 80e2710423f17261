// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vector unit: by hand where that is possible, and more of a resource is never slower.
#include "timing/VectorUnit.h"
#include "tests/timing/Any.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace arsis::timing::test {
namespace {

VectorUnit unitOf(int64_t lanes, int64_t banks, int64_t width) {
  VectorFigures figures;
  figures.lanes = lanes;
  return {figures, Banks(banks, width)};
}

Axes dense(int64_t rows, int64_t columns) {
  return {Axis{}, Axis{}, Axis{rows, 4 * columns}, Axis{columns, 4}};
}

/// An elementwise function of `operands` operands and a result, all dense.
VectorWork dense(int64_t elements, int operands) {
  VectorWork work;
  work.elements = elements;
  for (int i = 0; i <= operands; ++i)
    work.add({dense(1, elements)});
  return work;
}

TEST(VectorUnit, WordsAreConservedOverTheInstruction) {
  // A beat of 1024 lanes asks for 3 x 128 words, one and a half times what 256 banks deliver in a cycle.
  const VectorUnit unit = unitOf(1024, 256, 32);
  EXPECT_EQ(unit.use(dense(8 * 1024, 2)).cycles, 12);
  EXPECT_EQ(unit.use(dense(8 * 1024, 2)).words, 3 * 1024);
  EXPECT_EQ(unit.use(dense(8 * 1024, 1)).cycles, 8) << "two operands fit";
  EXPECT_EQ(unitOf(512, 256, 32).use(dense(8 * 1024, 2)).cycles, 16) << "bound by the lanes";
}

TEST(VectorUnit, OperandsInOneBankAddUp) {
  // Every element of both operands in the first of 4 banks: 2 x 32 words there, whatever the beats.
  VectorWork work;
  work.elements = 32;
  for (int i = 0; i < 2; ++i)
    work.add({{Axis{}, Axis{}, Axis{}, Axis{32, 4 * 32}}});
  EXPECT_EQ(unitOf(8, 4, 32).use(work).cycles, 64);
  EXPECT_EQ(unitOf(8, 4, 32).use(work).ideal, 4);
}

TEST(VectorUnit, ARepeatedOperandThatFitsTheLanesIsHeld) {
  // 64 channels added to 2 x 32 rows, each of the two with its own.
  VectorWork work;
  work.elements = 2 * 32 * 64;
  work.add({{Axis{}, Axis{2, 256}, Axis{32, 0}, Axis{64, 4}}});
  EXPECT_EQ(unitOf(64, 4, 32).use(work).words, 2 * 8);
  EXPECT_EQ(unitOf(32, 4, 32).use(work).words, 2 * 32 * 8) << "again for every row";
  VectorWork scalar;
  scalar.elements = 1000;
  scalar.add({{Axis{}, Axis{}, Axis{}, Axis{1000, 0}}});
  EXPECT_EQ(unitOf(1, 4, 32).use(scalar).words, 1);
}

TEST(VectorUnit, AReductionHasNoMorePartialsThanTheArchitecture) {
  auto cycles = [](int64_t lanes, int64_t results, int64_t length) {
    VectorWork work;
    work.elements = results * length;
    work.results = results;
    return unitOf(lanes, 256, 32).use(work).cycles;
  };
  EXPECT_EQ(cycles(16, 1, 4096), 4096 / 16 + 4) << "partials fill the lanes; four levels of the tree";
  EXPECT_EQ(cycles(1024, 1, 4096), 4096 / 16 + 4) << "one result cannot use more lanes";
  EXPECT_EQ(cycles(1024, 64, 4096), 4096 / 16 + 4) << "64 results use 1024";
  EXPECT_EQ(cycles(4, 1, 16), 4 + 2 + 1 + 1 + 1) << "8, 4, 2, 1 sums on four lanes";
  EXPECT_EQ(cycles(16, 1, 1), 1) << "nothing to combine";
  EXPECT_EQ(cycles(16, 1, 3), 1 + 1 + 1) << "1 + 2 partials: levels of two and one";
}

TEST(VectorUnit, SlowFunctionsHoldEveryBeat) {
  const VectorUnit unit(
      chip::Chip::load("tiny").withOverrides({{"vector.cycles_exp", "8"}, {"vector.cycles_simple", "0.5"}}));
  EXPECT_EQ(unit.cyclesOf(numerics::VectorFunction::Exp), 8);
  EXPECT_EQ(unit.cyclesOf(numerics::VectorFunction::Add), 0.5);
  VectorWork work;
  work.elements = 81; // eleven beats
  work.cyclesPerElement = 8;
  EXPECT_EQ(unit.use(work).cycles, 88);
}

/// Up to four operands of one random box, each with pitches of its own.
VectorWork anyWork(Any &any, int64_t grain) {
  VectorWork work;
  std::array<int64_t, 4> count{};
  work.elements = 1;
  for (int64_t &n : count)
    work.elements *= n = any(0, 2) == 0 ? 1 : any(1, 12);
  work.passes = any(0, 2) == 0 ? any(1, 9) : 1;
  work.results = any(0, 3) == 0 ? count[any(0, 3)] : 0;
  for (int64_t i = any(1, 4); i > 0; --i) {
    VectorOperand operand;
    operand.times = any(0, 1) ? work.passes : 1;
    operand.start = 4 * any(0, 20);
    for (size_t d = 0; d < count.size(); ++d)
      operand.box[d] = {count[d], any(0, 3) == 0 ? 0 : grain * any(-300, 300)};
    if (any(0, 1))
      operand.box[3].strideBytes = 4;
    work.add(operand);
  }
  return work;
}

TEST(VectorUnit, NoPlacementOfOperandsNeedsMoreOfABank) {
  // Whatever a unit keeps, it fetches every word of every operand once, wherever the operands lie.
  Any any(4);
  for (int i = 0; i < 300; ++i) {
    const int64_t lanes = any(1, 40), banks = any(1, 9), width = int64_t(4) << any(0, 4);
    VectorWork work = anyWork(any, any(0, 1) ? 4 : width);
    std::vector<int64_t> inBank(static_cast<size_t>(banks));
    for (size_t o = 0; o < work.operandCount; ++o) {
      VectorOperand &operand = work.operands[o];
      operand.times = 1;
      operand.start = 4 * any(0, 1000);
      std::set<int64_t> words;
      const Axes &box = operand.box;
      for (int64_t a = 0; a < box[0].count; ++a)
        for (int64_t b = 0; b < box[1].count; ++b)
          for (int64_t c = 0; c < box[2].count; ++c)
            for (int64_t d = 0; d < box[3].count; ++d)
              words.insert((banks * width * 100000 + operand.start + a * box[0].strideBytes +
                            b * box[1].strideBytes + c * box[2].strideBytes + d * box[3].strideBytes) /
                           width);
      for (int64_t word : words)
        ++inBank[static_cast<size_t>(word % banks)];
    }
    EXPECT_LE(*std::max_element(inBank.begin(), inBank.end()), unitOf(lanes, banks, width).use(work).cycles);
  }
}

TEST(VectorUnit, MoreLanesNeverSlow) {
  Any any(1);
  for (int i = 0; i < 2000; ++i) {
    const VectorWork work = anyWork(any, any(0, 1) ? 4 : 32);
    const int64_t lanes = any(0, 2) == 0 ? any(1, 20) : int64_t(1) << any(0, 8), banks = any(1, 20);
    const VectorUse few = unitOf(lanes, banks, 32).use(work), more = unitOf(2 * lanes, banks, 32).use(work);
    EXPECT_LE(more.cycles, few.cycles) << i << ": " << lanes << " lanes";
    EXPECT_LE(more.words, few.words) << i;
  }
}

TEST(VectorUnit, MoreBanksNeverSlow) {
  Any any(2);
  for (int i = 0; i < 1000; ++i) {
    const VectorWork work = anyWork(any, any(0, 1) ? 4 : 32);
    const int64_t lanes = any(1, 40), banks = any(1, 20);
    EXPECT_LE(unitOf(lanes, 2 * banks, 32).use(work).cycles, unitOf(lanes, banks, 32).use(work).cycles) << i;
  }
}

TEST(VectorUnit, WiderWordsNeverSlowDenseOperands) {
  // Lanes in powers of two; beats of 24 elements straddle words of 64 B.
  for (int64_t elements : {1, 7, 64, 1000})
    for (int64_t lanes : {1, 8, 16, 128})
      for (int64_t banks : {1, 3, 8})
        for (int64_t width = 4; width <= 256; width *= 2)
          EXPECT_LE(unitOf(lanes, banks, 2 * width).use(dense(elements, 2)).cycles,
                    unitOf(lanes, banks, width).use(dense(elements, 2)).cycles);
}

TEST(VectorUnit, TheBanksCarryWhatIsMoved) {
  Any any(3);
  for (int i = 0; i < 1000; ++i) {
    const int64_t banks = any(1, 20);
    const VectorUse use = unitOf(any(1, 100), banks, int64_t(4) << any(0, 4)).use(anyWork(any, 4));
    EXPECT_LE(use.words, banks * use.cycles);
    EXPECT_LE(use.ideal, use.cycles);
  }
}

} // namespace
} // namespace arsis::timing::test
