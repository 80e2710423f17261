// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Three descriptions of an array agree on every cycle and value: the closed forms of timing/, a model of
// every PE (pe/), and RTL (rtl/, built by Verilator). What is compared is the cycle in which each load and
// each product begins, and the cycle, column and value of every sum.
#include "tests/fidelity/Models.h"
#include "tests/fidelity/pe/Pes.h"
#include "timing/OutputStationary.h"
#include "timing/WeightStationary.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace arsis::fidelity {
namespace {

std::string describe(const Shape &shape, const Program &program) {
  std::string text = std::to_string(shape.rows) + "x" + std::to_string(shape.columns) + " latency " +
                     std::to_string(shape.latency) + " banks " + std::to_string(shape.banks) + ", k n m:";
  for (const Tile &tile : program.tiles)
    text += " (" + std::to_string(tile.k) + " " + std::to_string(tile.n) + " " + std::to_string(tile.m) +
            (tile.loads ? tile.ahead ? " ahead)" : ")" : " kept)");
  return text;
}

/// Says where two records part, if they do.
void expectEqual(const Record &got, const Record &expected, const std::string &what) {
  EXPECT_EQ(got.loads, expected.loads) << what;
  EXPECT_EQ(got.feeds, expected.feeds) << what;
  ASSERT_EQ(got.sums.size(), expected.sums.size()) << what;
  for (size_t i = 0; i < got.sums.size(); ++i)
    ASSERT_TRUE(got.sums[i] == expected.sums[i])
        << what << ": sum " << i << " of column " << got.sums[i].column << " in cycle " << got.sums[i].cycle
        << " is " << got.sums[i].value << ", expected column " << expected.sums[i].column << ", cycle "
        << expected.sums[i].cycle << ", " << expected.sums[i].value;
}

void expectEqual(const PeRecord &got, const Record &expected, const std::string &what) {
  EXPECT_EQ(got.faults, std::vector<std::string>()) << what;
  expectEqual(static_cast<const Record &>(got), expected, what);
}

/// What the RTL of a shape makes of programs; banks 0: output stationary.
std::vector<Record> onRtl(const Shape &shape, const std::vector<std::pair<int, Program>> &programs) {
  const std::string name =
      std::to_string(shape.rows) + "x" + std::to_string(shape.columns) + "x" + std::to_string(shape.latency);
  const std::string in = testing::TempDir() + "arsis-rtl-" + name + ".in",
                    out = testing::TempDir() + "arsis-rtl-" + name + ".out";
  {
    std::ofstream file(in);
    for (const auto &[banks, program] : programs) {
      file << banks << '\n';
      write(file, program);
    }
  }
  const std::string command = "'" ARSIS_RTL_FOLDER "/" + name + "/bench' '" + in + "' '" + out + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::vector<Record> records;
  {
    std::ifstream file(out);
    for (size_t i = 0; i < programs.size(); ++i)
      records.push_back(readRecord(file));
  }
  std::remove(in.c_str());
  std::remove(out.c_str());
  return records;
}

/// The shapes that are built as RTL (CMakeLists.txt), and how many programs of each dataflow run on them.
struct Rtl {
  Shape shape;
  int programs;
};
constexpr Rtl kRtl[] = {{{4, 4, 1}, 700}, {{4, 8, 3}, 450}, {{8, 4, 4}, 400},
                        {{5, 7, 2}, 300}, {{8, 8, 2}, 150}, {{16, 16, 1}, 60}};
constexpr int programsOf(const Rtl *begin, const Rtl *end) {
  return begin == end ? 0 : begin->programs + programsOf(begin + 1, end);
}
static_assert(programsOf(kRtl, std::end(kRtl)) >= 2000, "programs of each dataflow");

class ThreeArrays : public testing::TestWithParam<Rtl> {};

TEST_P(ThreeArrays, AgreeWeightStationary) {
  std::mt19937 random(GetParam().shape.rows * 100 + GetParam().shape.columns);
  std::vector<std::pair<int, Program>> programs;
  Shape shape = GetParam().shape;
  for (int i = 0; i < GetParam().programs; ++i) {
    shape.banks = i % 3 == 0 ? 1 + i / 3 % 4 : 2;
    programs.emplace_back(shape.banks, anyWeightStationary(shape, random));
  }
  const std::vector<Record> rtl = onRtl(GetParam().shape, programs);
  for (size_t i = 0; i < programs.size(); ++i) {
    const Program &program = programs[i].second;
    shape.banks = programs[i].first;
    const std::string what = describe(shape, program);
    const Record model = modelledWeightStationary(shape, program);
    expectEqual(simulatedWeightStationary(shape, program), model, "PEs " + what);
    expectEqual(rtl[i], model, "RTL " + what);
    if (HasFatalFailure() || HasNonfatalFailure())
      return;
  }
}

TEST_P(ThreeArrays, AgreeOutputStationary) {
  const Shape &shape = GetParam().shape;
  std::mt19937 random(shape.rows * 100 + shape.columns + 1);
  std::vector<std::pair<int, Program>> programs;
  for (int i = 0; i < GetParam().programs; ++i)
    programs.emplace_back(0, anyOutputStationary(shape, random));
  const std::vector<Record> rtl = onRtl(shape, programs);
  for (size_t i = 0; i < programs.size(); ++i) {
    const Program &program = programs[i].second;
    const std::string what = describe(shape, program);
    const Record model = modelledOutputStationary(shape, program);
    expectEqual(simulatedOutputStationary(shape, program), model, "PEs " + what);
    expectEqual(rtl[i], model, "RTL " + what);
    if (HasFatalFailure() || HasNonfatalFailure())
      return;
  }
}

INSTANTIATE_TEST_SUITE_P(Rtl, ThreeArrays, testing::ValuesIn(kRtl), [](const auto &info) {
  const Shape &shape = info.param.shape;
  return std::to_string(shape.rows) + "x" + std::to_string(shape.columns) + "Latency" +
         std::to_string(shape.latency);
});

TEST(Pes, AgreeOnShapesOfAnyKind) {
  std::mt19937 random(7);
  const std::pair<Shape, int> shapes[] = {
      {{1, 1, 1, 1}, 40},  {{1, 1, 4, 2}, 40},   {{1, 9, 2, 2}, 40},  {{9, 1, 3, 2}, 40}, {{3, 17, 4, 1}, 20},
      {{17, 3, 2, 4}, 20}, {{12, 20, 1, 2}, 10}, {{24, 11, 3, 2}, 8}, {{32, 5, 4, 2}, 8}, {{5, 32, 2, 1}, 8},
      {{32, 32, 1, 2}, 4}, {{32, 32, 2, 2}, 3},  {{32, 32, 3, 1}, 2}, {{32, 32, 4, 2}, 2}};
  for (const auto &[shape, count] : shapes)
    for (int i = 0; i < count; ++i) {
      const Program weights = anyWeightStationary(shape, random),
                    outputs = anyOutputStationary(shape, random);
      expectEqual(simulatedWeightStationary(shape, weights), modelledWeightStationary(shape, weights),
                  describe(shape, weights));
      expectEqual(simulatedOutputStationary(shape, outputs), modelledOutputStationary(shape, outputs),
                  describe(shape, outputs));
      if (HasFatalFailure() || HasNonfatalFailure())
        return;
    }
}

int64_t cyclesOf(const Record &record) { return record.sums.back().cycle; }

TEST(WeightStationary, OneFoldTakesTheClosedForm) {
  std::mt19937 random(1);
  for (int latency = 1; latency <= 4; ++latency)
    for (const auto &[rows, columns] : {std::pair{1, 1}, {8, 8}, {4, 9}, {9, 4}})
      for (int m : {1, 5, 40}) {
        const Program program = fill({{rows, columns, m}}, random);
        const int64_t expected = (1 + latency) * rows + columns + m - 2;
        EXPECT_EQ(cyclesOf(simulatedWeightStationary({rows, columns, latency}, program)), expected);
        EXPECT_EQ(cyclesOf(modelledWeightStationary({rows, columns, latency}, program)), expected);
      }
  EXPECT_EQ(cyclesOf(modelledWeightStationary({128, 128, 1}, fill({{128, 128, 128}}, random))), 509 + 1)
      << "SCALE-Sim reports one less";
}

/// The recursion of timing/WeightStationary.h for full folds on two banks.
int64_t closedForm(int64_t R, int64_t C, int64_t L, const std::vector<int> &rows) {
  std::vector<int64_t> f = {R};
  for (size_t i = 1; i < rows.size(); ++i) {
    f.push_back(f[i - 1] + std::max<int64_t>(rows[i - 1], R));
    if (i > 1)
      f[i] = std::max(f[i], f[i - 2] + rows[i - 2] + R + (L - 1) * (R - 1));
  }
  return f.back() + rows.back() + L * R + C - 2;
}

TEST(WeightStationary, FullFoldsTakeTheClosedForm) {
  std::mt19937 random(2);
  const std::vector<int> cases[] = {{1},          {8, 8},         {3, 3, 3},
                                    {40, 40, 40}, {1, 30, 2, 50}, {4, 9, 16, 1, 1, 12}};
  for (int latency = 1; latency <= 4; ++latency)
    for (const auto &[rows, columns] : {std::pair{8, 8}, {4, 8}, {8, 3}, {16, 6}})
      for (const std::vector<int> &each : cases) {
        std::vector<Tile> tiles;
        for (int m : each)
          tiles.push_back({rows, columns, m});
        const Program program = fill(tiles, random);
        const int64_t expected = closedForm(rows, columns, latency, each);
        EXPECT_EQ(cyclesOf(simulatedWeightStationary({rows, columns, latency}, program)), expected);
        EXPECT_EQ(cyclesOf(modelledWeightStationary({rows, columns, latency}, program)), expected);
      }
}

TEST(WeightStationary, ReloadIsHiddenBehindEnoughRows) {
  std::mt19937 random(3);
  const int rows = 8, columns = 5;
  for (int latency = 1; latency <= 4; ++latency) {
    const int enough = rows + (latency - 1) * (rows - 1);
    for (int m : {enough - 1, enough}) {
      const std::vector<int64_t> feeds =
          modelledWeightStationary({rows, columns, latency},
                                   fill(std::vector<Tile>(6, {rows, columns, m}), random))
              .feeds;
      EXPECT_EQ(feeds.back() - feeds.front() == 5 * m, m == enough) << latency;
    }
  }
}

TEST(WeightStationary, SumsStayInOrderAfterFewerRows) {
  // Sums of one row of weights would overtake those of eight: they pass as many rows as it takes, and no
  // operand waits.
  timing::WeightStationary array(2, 2);
  array.load(0, 0, 8);
  array.load(1, 8, 1);
  const timing::ArrayProduct eight = array.feed(0, 9, 10, 8, 3), one = array.feed(1, 19, 4, 1, 3);
  EXPECT_EQ(eight.first, 9 + 16);
  EXPECT_EQ(eight.last, 19 + 16 + 1);
  EXPECT_EQ(one.first, 19 + 16) << "column 0 has none before";
  const timing::ArrayProduct later = array.feed(1, 23 + 9, 1, 1, 3);
  EXPECT_EQ(later.first, 32 + 2 * 4)
      << "row 4 is the first that is not in the way: sums leave until cycle 39";
}

TEST(OutputStationary, StreamsOfTilesTakeTheClosedForm) {
  std::mt19937 random(4);
  for (int latency = 1; latency <= 4; ++latency)
    for (const auto &[rows, columns] : {std::pair{1, 1}, {8, 8}, {4, 9}, {9, 4}})
      for (int tiles : {1, 2, 5})
        for (int k : {1, rows / 2 + 1, rows, rows + 7}) {
          const Program program = fill(std::vector<Tile>(size_t(tiles), {k, columns, rows}), random);
          const int64_t feed = k + (tiles - 1) * std::max(k, rows);
          const int64_t expected = feed + 2 * rows + columns - 2 + latency;
          EXPECT_EQ(cyclesOf(simulatedOutputStationary({rows, columns, latency}, program)), expected);
          EXPECT_EQ(cyclesOf(modelledOutputStationary({rows, columns, latency}, program)), expected);
        }
}

/// True if something goes wrong with a program when the sequencer does not wait long enough.
bool breaks(const PeRecord &record, const Record &right) {
  std::vector<uint32_t> values, expected; // in the order in which they leave
  for (const Arrival &sum : record.sums)
    values.push_back(sum.value);
  for (const Arrival &sum : right.sums)
    expected.push_back(sum.value);
  return !record.faults.empty() || values != expected;
}

TEST(Sequencers, WaitForNothingInVain) {
  std::mt19937 random(5);
  for (int latency = 1; latency <= 4; ++latency) {
    const Shape shape = {6, 4, latency, 1};
    const Program weights = fill({{6, 4, 9}, {6, 4, 3}}, random),
                  tiles = fill({{3, 4, 6}, {2, 4, 6}}, random);
    const Record sums = modelledWeightStationary(shape, weights),
                 outputs = modelledOutputStationary(shape, tiles);
    const auto early = [](int load, int product, int tile) { return Early{load, product, tile}; };
    EXPECT_FALSE(breaks(simulatedWeightStationary(shape, weights), sums));
    EXPECT_TRUE(breaks(simulatedWeightStationary(shape, weights, early(0, 1, 0)), sums));
    EXPECT_FALSE(breaks(simulatedWeightStationary(shape, weights, early(1, 0, 0)), sums))
        << "a register says that a bank is free, so that is known a cycle late";
    EXPECT_TRUE(breaks(simulatedWeightStationary(shape, weights, early(2, 0, 0)), sums));
    EXPECT_FALSE(breaks(simulatedOutputStationary(shape, tiles), outputs));
    EXPECT_TRUE(breaks(simulatedOutputStationary(shape, tiles, early(0, 0, 1)), outputs));
  }
}

} // namespace
} // namespace arsis::fidelity
