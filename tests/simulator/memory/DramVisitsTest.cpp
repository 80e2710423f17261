// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pieces of one row that follow each other are served at once (DramModel.h). A request of one run has one
// piece of a row and channel at most, and DramBurstsTest.cpp holds those to single bursts; so a strided
// request is held to its runs, sent one by one.
#include "tests/simulator/memory/DramTesting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace arsis::sim::test {
namespace {

struct Answer {
  Femtoseconds finished = 0, first = 0, waited = 0, held = 0;
  int64_t bursts = 0, activations = 0;
};

Answer together(DramModel &model, StridedPayload payload, Femtoseconds arrival) {
  const Femtoseconds finished = model.serve(payload, arrival);
  return {finished, payload.first, payload.waited, payload.held, payload.bursts, payload.activations};
}

Answer oneByOne(DramModel &model, const StridedPayload &payload, Femtoseconds arrival) {
  Answer answer;
  int64_t buffered = payload.bufferedBurst;
  for (int64_t run = 0; run < payload.runs; ++run) {
    StridedPayload one = payload;
    one.firstRun = payload.firstRun + run;
    one.runs = 1;
    one.bufferedBurst = buffered;
    const Femtoseconds finished = model.serve(one, arrival);
    buffered = one.bufferedBurst;
    if (one.bursts == 0 && answer.bursts > 0) // all of it was in the line buffer
      continue;
    if (answer.bursts == 0)
      answer.first = one.first;
    answer.finished = std::max(answer.finished, finished);
    answer.waited = std::max(answer.waited, one.waited);
    answer.held += one.held;
    answer.bursts += one.bursts;
    answer.activations += one.activations;
  }
  return answer;
}

/// Runs shorter and longer than a granule, close to each other and rows apart, some of them backwards.
StridedPayload someRuns(const Number &number) {
  constexpr int64_t kFar = 1 << 20;
  StridedPayload payload;
  payload.command = number(0, 2) == 0 ? StridedPayload::Write : StridedPayload::Read;
  payload.address = static_cast<uint64_t>(kFar + 4 * number(0, 4000));
  payload.runBytes = payload.trimEnd = 4 * number(1, number(0, 3) == 0 ? 400 : 40);
  int64_t runs = 1;
  for (size_t d = 0; d < 4; ++d) {
    payload.count[d] = number(0, 1) == 0 ? 1 : number(1, 8);
    payload.stride[d] = number(0, 1) == 0 ? 64 * number(-4, 40) : 4 * number(-200, 200);
    runs *= payload.count[d];
  }
  payload.firstRun = number(0, runs - 1);
  payload.runs = number(1, runs - payload.firstRun);
  return payload;
}

void expectRunsTakeWhatARequestTakes(int seed, bool all) {
  constexpr int kRounds = 150, kRequests = 60;
  std::mt19937 random(static_cast<unsigned>(seed));
  const Number number = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  for (int round = 0; round < kRounds; ++round) {
    timing::Dram figures = someFigures(number, all);
    if (const int64_t channels = number(1, 12); channels > 6) // no power of two, mostly
      figures.channels = channels;
    DramModel one(figures), other(figures);
    Femtoseconds now = 0;
    for (int request = 0; request < kRequests; ++request) {
      now += number(0, 3) == 0 ? kFemtosecondsPerNanosecond * number(0, number(0, 9) == 0 ? 9000 : 400) : 0;
      const StridedPayload payload = someRuns(number);
      const Answer a = together(one, payload, now), b = oneByOne(other, payload, now);
      const auto where = [&] { return ::testing::Message() << "round " << round << ", request " << request; };
      ASSERT_EQ(a.finished, b.finished) << where();
      ASSERT_EQ(a.first, b.first) << where();
      ASSERT_EQ(a.waited, b.waited) << where();
      ASSERT_EQ(a.bursts, b.bursts) << where();
      ASSERT_EQ(a.activations, b.activations) << where();
      if (figures.channels == 1) { // else each is a mean, rounded
        ASSERT_EQ(a.held, b.held) << where();
      }
      ASSERT_EQ(one.refreshes, other.refreshes) << where();
    }
    ASSERT_EQ(one.flush(), other.flush()) << "round " << round;
    ASSERT_EQ(one.rowHits, other.rowHits) << "round " << round;
    ASSERT_EQ(one.rowMisses, other.rowMisses) << "round " << round;
    ASSERT_EQ(one.batches, other.batches) << "round " << round;
    ASSERT_EQ(one.turnarounds, other.turnarounds) << "round " << round;
    ASSERT_TRUE(one.busy() == other.busy()) << "round " << round;
  }
}

TEST(DramVisits, RunsOneByOneTakeWhatARequestTakes) { expectRunsTakeWhatARequestTakes(19, false); }

TEST(DramVisits, OfGroupsRanksPagesAndOrdersToo) { expectRunsTakeWhatARequestTakes(20, true); }

} // namespace
} // namespace arsis::sim::test
