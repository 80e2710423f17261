// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The closed form of the array against a model of every PE. The small model moves operands one PE per cycle
// and checks its own products, so that it is a model of an array and not of the formula.
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace arsis::sim::test {
namespace {

/// R x C PEs with two weight registers each. Rows of x enter skewed from the left, partial sums move down, a
/// row of weights enters per cycle and travels right behind the last use of its register.
class PeArray {
public:
  PeArray(int64_t rows, int64_t columns) : R(rows), C(columns) {}

  /// Runs folds of T_i rows (x and w all random small integers) and returns the cycle after the last result
  /// leaves the array.
  int64_t run(const std::vector<int64_t> &folds, uint32_t seed) {
    std::mt19937 random(seed);
    auto value = [&] { return static_cast<double>(std::uniform_int_distribution<int>(-3, 3)(random)); };
    // The schedule a double-buffered array follows: one load at a time, into the register that the fold
    // before the last has left; a fold starts when its weights are in and the previous one has streamed.
    std::vector<int64_t> loadStart(folds.size()), feedStart(folds.size());
    for (size_t i = 0; i < folds.size(); ++i) {
      const int64_t loadFree = i > 0 ? loadStart[i - 1] + R : 0;
      const int64_t registerFree = i > 1 ? feedStart[i - 2] + folds[i - 2] : 0;
      const int64_t previousIssued = i > 0 ? feedStart[i - 1] : 0; // in order
      loadStart[i] = std::max({loadFree, registerFree, previousIssued});
      feedStart[i] = std::max(loadStart[i] + R, i > 0 ? feedStart[i - 1] + folds[i - 1] : 0);
    }
    using Matrix = std::vector<std::vector<double>>;
    std::vector<Matrix> x, w;
    for (int64_t t : folds) {
      x.emplace_back(t, std::vector<double>(R));
      w.emplace_back(R, std::vector<double>(C));
      for (auto *matrix : {&x.back(), &w.back()})
        for (auto &row : *matrix)
          for (double &element : row)
            element = value();
    }

    struct Pe {
      double weight[2] = {0, 0}, x = 0, sum = 0;
      int fold = -1; // of x
      int64_t row = 0;
    };
    std::vector<std::vector<Pe>> now(R, std::vector<Pe>(C)), next = now;
    int64_t last = 0, left = 0;
    for (int64_t t : folds)
      left += t * C;
    for (int64_t cycle = 0; left > 0; ++cycle) {
      for (int64_t r = 0; r < R; ++r)
        for (int64_t c = 0; c < C; ++c) {
          Pe &pe = next[r][c];
          pe = now[r][c];
          // A weight of row r passes column c that many cycles after it entered.
          for (size_t i = 0; i < folds.size(); ++i)
            if (cycle == loadStart[i] + r + c)
              pe.weight[i % 2] = w[i][r][c];
          pe.fold = -1;
          if (c > 0) {
            pe.x = now[r][c - 1].x;
            pe.fold = now[r][c - 1].fold;
            pe.row = now[r][c - 1].row;
          } else {
            for (size_t i = 0; i < folds.size(); ++i)
              if (cycle - r >= feedStart[i] && cycle - r < feedStart[i] + folds[i]) {
                pe.fold = static_cast<int>(i);
                pe.row = cycle - r - feedStart[i];
                pe.x = x[i][pe.row][r];
              }
          }
          if (pe.fold < 0)
            continue;
          pe.sum = (r > 0 ? now[r - 1][c].sum : 0.0) + pe.x * pe.weight[pe.fold % 2];
          if (r < R - 1)
            continue;
          double expected = 0;
          for (int64_t k = 0; k < R; ++k)
            expected += x[pe.fold][pe.row][k] * w[pe.fold][k][c];
          EXPECT_EQ(pe.sum, expected) << "fold " << pe.fold << " row " << pe.row << " column " << c;
          last = cycle + 1;
          --left;
        }
      std::swap(now, next);
    }
    return last;
  }

private:
  const int64_t R, C;
};

int64_t closedForm(int64_t R, int64_t C, const std::vector<int64_t> &folds) {
  int64_t cycles = R + folds.back() + R + C - 2;
  for (size_t i = 0; i + 1 < folds.size(); ++i)
    cycles += std::max(folds[i], R);
  return cycles;
}

/// Cycles from the first weight load to the last completion on the simulated machine.
int64_t simulated(int64_t R, int64_t C, const std::vector<int64_t> &folds) {
  std::string text = "arsis 1\ndram 64\nlocation 0 layer l phase fwd op conv\nstream matrix 0\n";
  int bank = 0;
  for (int64_t t : folds) {
    const std::string r = std::to_string(R), b = std::to_string(bank++);
    text += "  load_weights bank=" + b + ", source=0, kCount=[1, 1, " + r + "], kStride=[0, 0, " +
            std::to_string(C) + "], nCount=" + std::to_string(C) + ", nStride=1, type=f32\n";
    text += "  multiply bank=" + b + ", source=0, mCount=[1, 1, " + std::to_string(t) + "], mStride=[0, 0, " +
            r + "], kCount=[1, 1, " + r +
            "], kStride=[0, 0, 1], type=f32, acc=0, accStride=[0, 0, 1], accumulate=0\n";
  }
  const chip::Chip chip = chipWith({{"matrix.rows", static_cast<double>(R)},
                                    {"matrix.cols", static_cast<double>(C)},
                                    {"matrix.accumulator_rows", 512},
                                    {"scratchpad.banks", 256},
                                    {"scratchpad.kib", 256},
                                    {"frontend.fetch_bytes_per_cycle", 4096}});
  const RunRecord record = timing(*programOf(text), chip);
  const int64_t first = record.trace.front().begin;
  int64_t last = 0, begin = first;
  for (const TraceEntry &entry : record.trace) {
    begin = std::min(begin, entry.begin);
    last = std::max(last, entry.end);
  }
  return last - begin;
}

TEST(Array, ClosedFormMatchesEveryPe) {
  const std::vector<std::vector<int64_t>> cases = {
      {1}, {5}, {40}, {8, 8}, {3, 3, 3}, {20, 20}, {1, 30, 2}, {4, 9, 16, 1}, {12, 1, 1, 12}};
  for (const auto &[R, C] : std::vector<std::pair<int64_t, int64_t>>{{8, 8}, {4, 8}, {8, 4}, {16, 6}})
    for (size_t i = 0; i < cases.size(); ++i) {
      const int64_t expected = PeArray(R, C).run(cases[i], static_cast<uint32_t>(i));
      EXPECT_EQ(closedForm(R, C, cases[i]), expected) << R << "x" << C << " case " << i;
      EXPECT_EQ(simulated(R, C, cases[i]), expected) << R << "x" << C << " case " << i;
    }
}

TEST(Array, PublishedSingleFold) {
  EXPECT_EQ(simulated(128, 128, {128}), 509 + 1);
} // SCALE-Sim reports one less

TEST(Array, MoreColumnsNeedFewerFolds) {
  // The same work of 64 rows, K = 8, N = 16 on one array of 8x16 and on one of 8x8, which needs two folds.
  EXPECT_LT(simulated(8, 16, {64}), simulated(8, 8, {64, 64}));
}

} // namespace
} // namespace arsis::sim::test
