// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The channels alone: bursts, interleaving, who waits for whom; and how a transfer is cut into requests.
#include "simulator/units/TransferRuns.h"
#include "tests/simulator/memory/DramTesting.h"

#include <gtest/gtest.h>

#include <random>

namespace arsis::sim::test {
namespace {

struct DramTiming : testing::Test {
  static timing::Dram figures() {
    timing::Dram figures = plainDram();
    figures.cl = 20;
    figures.rcd = 30;
    return figures;
  }
  DramModel dram{figures()};
  static constexpr Femtoseconds ns = kFemtosecondsPerNanosecond;
};

TEST_F(DramTiming, ARequestHoldsTheChannelWhileItsRowOpensAndItTransfers) {
  StridedPayload miss = bytesAt(0, 64), queued = bytesAt(64, 64);
  dram.serve(miss, 0);
  dram.serve(queued, 5 * ns);
  EXPECT_EQ(miss.held, (30 + 10) * ns);
  EXPECT_EQ(queued.held, 10 * ns); // what it waited for is the other's
}

TEST_F(DramTiming, ASecondRequestWaitsForTheChannel) {
  StridedPayload row = bytesAt(0, 1024), late = bytesAt(64, 64);
  dram.serve(row, 0); // until 190 ns
  EXPECT_EQ(dram.serve(late, 100 * ns), (190 + 10 + 20) * ns);
  EXPECT_EQ(late.waited, 90 * ns);
}

TEST_F(DramTiming, PartsOfABurstCostAWholeOne) {
  StridedPayload payload = bytesAt(60, 8); // across a boundary
  dram.serve(payload, 0);
  EXPECT_EQ(payload.bursts, 2);
}

TEST_F(DramTiming, NeighbouringShortRunsShareTheirBurst) {
  StridedPayload payload; // sixteen runs of 4 B, 24 B apart: 364 B, six bursts
  payload.count[3] = payload.runs = 16;
  payload.stride[3] = 24;
  payload.runBytes = payload.trimEnd = 4;
  StridedPayload next = payload;
  dram.serve(payload, 0);
  EXPECT_EQ(payload.bursts, 6);
  next.address = 368; // begins in the last burst
  next.bufferedBurst = payload.bufferedBurst;
  dram.serve(next, 0);
  EXPECT_EQ(next.bursts, 6);
}

TEST(DramChannels, PermutedAreReachedAlikeByColumnsOfAMatrix) {
  const auto bursts = [](int64_t apart, bool permuted) { // of 64 pieces, in the fullest of eight channels
    timing::Dram figures = plainDram();
    figures.channels = 8;
    figures.bandwidthGbps *= 8;
    figures.channelsPermuted = permuted;
    TestedDram dram(figures);
    double last = 0;
    for (int64_t i = 0; i < 64; ++i)
      last = std::max(last, dram.read(static_cast<uint64_t>(64 * apart * i), 64, 0));
    return last / 10;
  };
  for (int64_t apart : {1, 2, 4, 8}) { // up to a round
    EXPECT_EQ(bursts(apart, true), 8) << apart;
    EXPECT_EQ(bursts(apart, false), 8 * apart) << apart;
  }
  double sum = 0;
  constexpr int64_t kFarthest = 400;
  for (int64_t apart = 64; apart < kFarthest; ++apart) { // any other distance: by chance
    EXPECT_LE(bursts(apart, true), 24) << apart;
    sum += bursts(apart, true) / (kFarthest - 64);
  }
  EXPECT_GT(sum, 9);
  EXPECT_LT(sum, 14);
}

TEST(DramChannels, ShareARunEvenly) {
  for (int64_t channels : {1, 2, 4, 8}) {
    timing::Dram figures = plainDram();
    figures.channels = channels;
    figures.bandwidthGbps *= static_cast<double>(channels);
    DramModel dram(figures);
    StridedPayload payload = bytesAt(64 * 3, 64 * 64);
    EXPECT_EQ(dram.serve(payload, 0), 64 / channels * 10 * kFemtosecondsPerNanosecond);
    EXPECT_EQ(payload.bursts, 64);
  }
}

/// Every byte that the requests of a transfer cover, in order.
std::vector<uint64_t> bytesOf(const TransferOperation &op, int64_t chunk) {
  std::vector<uint64_t> bytes;
  for (TransferRuns runs(op, chunk); !runs.done();) {
    const StridedPayload payload = runs.next();
    int64_t size = 0;
    forEachRun(payload, [&](uint64_t address, int64_t length) {
      size += length;
      for (int64_t i = 0; i < length; ++i)
        bytes.push_back(address + static_cast<uint64_t>(i));
    });
    EXPECT_LE(size, std::max(chunk, payload.trimEnd - payload.trimBegin));
  }
  return bytes;
}

TEST(TransferRuns, CoverExactlyTheElementsInRange) {
  std::mt19937 random(5);
  auto number = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  for (int round = 0; round < 300; ++round) {
    isa::Tensor tensor;
    int64_t stride = number(1, 2);
    for (size_t d = 4; d-- > 0;) {
      tensor.shape[d] = number(1, 7);
      tensor.stride[d] = stride;
      stride *= tensor.shape[d] + (number(0, 3) == 0 ? 1 : 0);
    }
    tensor.address = static_cast<uint64_t>(number(0, 100) * 4);
    TransferOperation op;
    op.tensor = &tensor;
    for (size_t d = 0; d < 4; ++d) {
      op.coordinate[d] = number(-2, 3);
      op.box[d] = number(1, 8);
    }
    std::vector<uint64_t> expected;
    for (int64_t a = 0; a < op.box[0]; ++a)
      for (int64_t b = 0; b < op.box[1]; ++b)
        for (int64_t c = 0; c < op.box[2]; ++c)
          for (int64_t d = 0; d < op.box[3]; ++d) {
            const Box4 i = {op.coordinate[0] + a, op.coordinate[1] + b, op.coordinate[2] + c,
                            op.coordinate[3] + d};
            int64_t offset = 0;
            bool inside = true;
            for (size_t k = 0; k < 4; ++k) {
              inside &= i[k] >= 0 && i[k] < tensor.shape[k];
              offset += i[k] * tensor.stride[k];
            }
            for (int64_t byte = 0; inside && byte < 4; ++byte)
              expected.push_back(tensor.address + static_cast<uint64_t>(offset * 4 + byte));
          }
    for (int64_t chunk : {4, 64, 1024, 1 << 20})
      EXPECT_EQ(bytesOf(op, chunk), expected) << "round " << round << " chunk " << chunk;
  }
}

} // namespace
} // namespace arsis::sim::test
