// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The closed form of the array against a model of every PE. The small model moves weights, operands and sums
// by one PE per cycle and checks its own products, so that it is a model of an array and not of the formula.
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace arsis::sim::test {
namespace {

/// A product: `rows` of M through an array that holds `k` rows of weights, in `n` columns, or all.
struct Fold {
  int64_t rows, k, n = 0;
  int64_t columns(int64_t all) const { return n > 0 ? n : all; }
};

/// When loads and products begin in a double-buffered array that is given one after the other in order: a
/// load takes k cycles and one is under way at a time; it begins when the product before it has begun, which
/// is when the weights of that have left the chain, and the one before that has streamed; a product begins
/// when its weights are in and the one before it has streamed.
struct Schedule {
  std::vector<int64_t> load, feed;

  explicit Schedule(const std::vector<Fold> &folds) : load(folds.size()), feed(folds.size()) {
    for (size_t i = 0; i < folds.size(); ++i) {
      const int64_t loadFree = i > 0 ? load[i - 1] + folds[i - 1].k : 0;
      const int64_t registerFree = i > 1 ? feed[i - 2] + folds[i - 2].rows : 0;
      load[i] = std::max({loadFree, registerFree, i > 0 ? feed[i - 1] : 0});
      feed[i] = std::max(load[i] + folds[i].k, i > 0 ? feed[i - 1] + folds[i - 1].rows : 0);
    }
  }
};

/// R x C PEs. Weights enter at the top of each column, last row first, and move down a chain of registers,
/// one row per cycle and a column one cycle after its neighbour; a register passes on what belongs to the
/// load under way. The first operand of a product that reaches a PE takes the weight over from the chain.
/// Rows of x enter skewed from the left, partial sums move down and leave below the last row of weights.
class PeArray {
public:
  PeArray(int64_t rows, int64_t columns) : R(rows), C(columns) {}

  /// Runs the folds (x and w all random small integers) and returns the cycle after the last result leaves
  /// the array.
  int64_t run(const std::vector<Fold> &folds, uint32_t seed) {
    fill(folds, seed);
    const Schedule schedule(folds);
    std::vector<std::vector<Pe>> now(R, std::vector<Pe>(C)), next = now;
    int64_t last = 0, left = 0;
    for (const Fold &fold : folds)
      left += fold.rows * fold.columns(C);
    for (int64_t cycle = 0; left > 0; ++cycle) {
      for (int64_t r = 0; r < R; ++r)
        for (int64_t c = 0; c < C; ++c) {
          Pe &pe = next[r][c];
          pe = now[r][c];
          shift(pe, r > 0 ? &now[r - 1][c] : nullptr, cycle - c, c, folds, schedule);
          if (c > 0) {
            pe.x = now[r][c - 1].x;
            pe.fold = now[r][c - 1].fold;
            pe.row = now[r][c - 1].row;
          } else {
            enter(pe, r, cycle - r, folds, schedule);
          }
          if (pe.fold < 0)
            continue;
          if (pe.fold != pe.weightFold) {
            if (r < folds[pe.fold].k) { // the rows below hold what they held, and multiply zeros
              EXPECT_EQ(now[r][c].chainFold, pe.fold) << "PE " << r << ", " << c << " in cycle " << cycle;
            }
            pe.weight = now[r][c].chain;
            pe.weightFold = pe.fold;
          }
          pe.sum = (r > 0 ? now[r - 1][c].sum : 0.0) + pe.x * pe.weight;
          if (r != folds[pe.fold].k - 1 || c >= folds[pe.fold].columns(C))
            continue;
          double expected = 0;
          for (int64_t k = 0; k < folds[pe.fold].k; ++k)
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
  struct Pe {
    double chain = 7, weight = 7, x = 0, sum = 0;   // no weight is seven
    int chainFold = -1, weightFold = -1, fold = -1; // of chain, weight and x
    int64_t row = 0;
  };
  using Matrix = std::vector<std::vector<double>>;

  void fill(const std::vector<Fold> &folds, uint32_t seed) {
    std::mt19937 random(seed);
    for (const Fold &fold : folds) {
      x.emplace_back(fold.rows, std::vector<double>(fold.k));
      w.emplace_back(fold.k, std::vector<double>(C));
      for (auto *matrix : {&x.back(), &w.back()})
        for (auto &row : *matrix)
          for (double &element : row)
            element = static_cast<double>(random() % 7) - 3;
    }
  }

  /// What the chain does in a column; `cycle` is that of column 0.
  void shift(Pe &pe, const Pe *above, int64_t cycle, int64_t c, const std::vector<Fold> &folds,
             const Schedule &schedule) const {
    for (size_t i = 0; i < folds.size(); ++i) {
      const int64_t pushed = cycle - schedule.load[i];
      if (pushed < 0 || pushed >= folds[i].k)
        continue;
      const int fold = static_cast<int>(i);
      if (!above) {
        pe.chain = w[i][folds[i].k - 1 - pushed][c];
        pe.chainFold = fold;
      } else if (above->chainFold == fold) {
        pe.chain = above->chain;
        pe.chainFold = fold;
      }
    }
  }

  /// What enters row `r` from the left; `cycle` is that of row 0.
  void enter(Pe &pe, int64_t r, int64_t cycle, const std::vector<Fold> &folds,
             const Schedule &schedule) const {
    pe.fold = -1;
    for (size_t i = 0; i < folds.size(); ++i) {
      const int64_t row = cycle - schedule.feed[i];
      if (row < 0 || row >= folds[i].rows)
        continue;
      pe.fold = static_cast<int>(i);
      pe.row = row;
      pe.x = r < folds[i].k ? x[i][row][r] : 0;
    }
  }

  const int64_t R, C;
  std::vector<Matrix> x, w;
};

/// The closed form for full arrays (timing/MatrixArray.h).
int64_t closedForm(int64_t R, int64_t C, const std::vector<Fold> &folds) {
  int64_t cycles = R + folds.back().rows + R + C - 2;
  for (size_t i = 0; i + 1 < folds.size(); ++i)
    cycles += std::max(folds[i].rows, R);
  return cycles;
}

/// Cycles from the first weight load to the last completion on the simulated machine, whose arrays multiply
/// fp32 in so many passes.
int64_t simulated(int64_t R, int64_t C, const std::vector<Fold> &folds, int64_t passes = 1) {
  std::string text = "arsis 1\ndram 64\nlocation 0 layer l phase fwd op conv\nstream matrix 0\n";
  int bank = 0;
  for (const auto &[rows, k, n] : folds) {
    const std::string t = std::to_string(rows), r = std::to_string(k), b = std::to_string(bank++);
    text += "  load_weights bank=" + b + ", source=0, kCount=[1, 1, " + r + "], kStride=[0, 0, " +
            std::to_string(C) + "], nCount=" + std::to_string(n > 0 ? n : C) + ", nStride=1, type=f32\n";
    text += "  multiply bank=" + b + ", source=0, mCount=[1, 1, " + t + "], mStride=[0, 0, " + r +
            "], kCount=[1, 1, " + r +
            "], kStride=[0, 0, 1], type=f32, acc=0, accStride=[0, 0, 1], accumulate=0\n";
  }
  const chip::Chip chip = chipWith({{"matrix.rows", static_cast<double>(R)},
                                    {"matrix.cols", static_cast<double>(C)},
                                    {"matrix.accumulator_rows", 512},
                                    {"matrix.fp32_passes", static_cast<double>(passes)},
                                    {"scratchpad.banks", 256},
                                    {"scratchpad.kib", 256},
                                    {"frontend.fetch_bytes_per_cycle", 4096}});
  const RunRecord record = timing(*programOf(text), chip);
  const int64_t first = record.tracer->instructions.front().begin;
  int64_t last = 0, begin = first;
  for (const TraceEntry &entry : record.tracer->instructions) {
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
      std::vector<Fold> folds;
      for (int64_t rows : cases[i])
        folds.push_back({rows, R});
      const int64_t expected = PeArray(R, C).run(folds, static_cast<uint32_t>(i));
      EXPECT_EQ(closedForm(R, C, folds), expected) << R << "x" << C << " case " << i;
      EXPECT_EQ(simulated(R, C, folds), expected) << R << "x" << C << " case " << i;
    }
}

TEST(Array, PartialKMatchesEveryPe) {
  const std::vector<std::vector<Fold>> cases = {{{1, 1}},
                                                {{5, 3}, {5, 3}},
                                                {{40, 7}, {2, 1}, {3, 8}},
                                                {{1, 8}, {1, 2}, {1, 5}, {1, 1}},
                                                {{9, 4}, {1, 8}, {12, 1}, {3, 6}, {2, 2}}};
  for (const auto &[R, C] : std::vector<std::pair<int64_t, int64_t>>{{8, 8}, {8, 3}, {16, 5}})
    for (size_t i = 0; i < cases.size(); ++i)
      EXPECT_EQ(simulated(R, C, cases[i]), PeArray(R, C).run(cases[i], static_cast<uint32_t>(i)))
          << R << "x" << C << " case " << i;
}

TEST(Array, PartialNMatchesEveryPe) {
  const std::vector<std::vector<Fold>> cases = {
      {{1, 1, 1}}, {{5, 3, 2}}, {{9, 8, 1}, {2, 8, 3}}, {{4, 4, 3}, {12, 1, 2}, {3, 6, 1}}};
  for (const auto &[R, C] : std::vector<std::pair<int64_t, int64_t>>{{8, 8}, {8, 3}, {16, 5}})
    for (size_t i = 0; i < cases.size(); ++i)
      EXPECT_EQ(simulated(R, C, cases[i]), PeArray(R, C).run(cases[i], static_cast<uint32_t>(i)))
          << R << "x" << C << " case " << i;
}

TEST(Array, OfMorePesIsNeverSlowerForTheSameWork) {
  const std::vector<Fold> work = {{40, 7, 5}, {2, 1, 3}, {3, 8, 8}, {1, 2, 1}};
  const int64_t small = simulated(8, 8, work);
  for (const auto &[R, C] : std::vector<std::pair<int64_t, int64_t>>{{9, 8}, {8, 9}, {16, 16}, {64, 32}})
    EXPECT_LE(simulated(R, C, work), small) << R << "x" << C;
}

TEST(Array, PublishedSingleFold) {
  EXPECT_EQ(simulated(128, 128, {{128, 128}}), 509 + 1);
} // SCALE-Sim reports one less

TEST(Array, APassIsAProductOfItsOwn) {
  // The closed form with p times the rows and p times the weights, but one skew and one latency.
  const std::vector<Fold> folds = {{20, 8}, {3, 8}, {40, 8}};
  for (int64_t passes : {1, 3, 6}) {
    std::vector<Fold> repeated = folds;
    for (Fold &fold : repeated)
      fold.rows *= passes;
    const int64_t R = 8, C = 6;
    int64_t cycles = passes * R + repeated.back().rows + R + C - 2;
    for (size_t i = 0; i + 1 < repeated.size(); ++i)
      cycles += std::max(repeated[i].rows, passes * R);
    EXPECT_EQ(simulated(R, C, folds, passes), cycles);
  }
}

TEST(Array, MoreColumnsNeedFewerFolds) {
  // The same work of 64 rows, K = 8, N = 16 on one array of 8x16 and on one of 8x8, which needs two folds.
  EXPECT_LT(simulated(8, 16, {{64, 8}}), simulated(8, 8, {{64, 8}, {64, 8}}));
}

} // namespace
} // namespace arsis::sim::test
