// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Blocked at t - 1, ready at t: counters, weight banks, the vector and drain units, decode, the DMA queue.
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

const std::string kHead =
    "arsis 1\ndram 65536\ntensor x input f32 [1, 1, 1, 4096] at 0\nlocation 0 layer l phase fwd op o\n";
std::string map(int elements, const std::string &function = "add") {
  const std::string n = std::to_string(elements);
  return "  map function=" + function + ", count=[1, 1, 1, " + n +
         "], destination=4096, destinationStride=[0, 0, 0, 1], destinationType=f32" +
         ", a=0, aStride=[0, 0, 0, 1], aType=f32, b=0, bStride=[0, 0, 0, 1], bType=f32, c=0, cStride=[0, 0, "
         "0, 0], cType=f32, immediate=0";
}
const std::string kDrain = "  drain acc=0, mCount=[1, 1, 4], accStride=[0, 0, 1], nCount=8, "
                           "destination=8192, destinationStride=[0, 0, 8], columnStride=1, type=f32";
std::string loadWeights(int bank) {
  return "  load_weights bank=" + std::to_string(bank) +
         ", source=0, kCount=[1, 1, 8], kStride=[0, 0, 8], nCount=8, nStride=1, type=f32\n";
}
std::string multiply(int bank, int rows) {
  return "  multiply bank=" + std::to_string(bank) + ", source=0, mCount=[1, 1, " + std::to_string(rows) +
         "], mStride=[0, 0, 8], kCount=[1, 1, 8], kStride=[0, 0, 1], type=f32, acc=0, accStride=[0, 0, 1], "
         "accumulate=0\n";
}

/// Entries of one unit in program order.
std::vector<TraceEntry> of(const RunRecord &record, const std::string &name) {
  std::vector<TraceEntry> entries;
  for (const TraceEntry &entry : record.tracer->instructions)
    if (record.units[entry.unit].name == name)
      entries.push_back(entry);
  return entries;
}
const Overrides kFast = {{"frontend.fetch_bytes_per_cycle", 4096}, {"scratchpad.banks", 64}};

TEST(Ready, AWaitIsSatisfiedInTheCycleOfTheCompletion) {
  const auto program = programOf(kHead + "counter c0 vector 0\nstream vector 0\n" + map(80) +
                                 " increment(c0)\nstream drain 0\n" + kDrain + " after(c0 >= 1)\n");
  const chip::Chip chip = chipWith(kFast);
  const RunRecord record = timing(*program, chip);
  const TraceEntry writer = of(record, "vector0")[0], reader = of(record, "drain0")[0];
  // startup + ceil(80 / 8 lanes) beats of one cycle, after one cycle of decode.
  EXPECT_EQ(writer.begin, 1);
  EXPECT_EQ(writer.end, 1 + chip.integer("vector.startup_cycles") + 10);
  EXPECT_EQ(reader.begin, writer.end);
  EXPECT_EQ(unit(record, "drain0").account.stalled(Cause::WaitVector), writer.end - 1);
}

TEST(Ready, OneMoreBeatDelaysTheReaderByOneCycle) {
  auto begin = [](int elements) {
    const auto program = programOf(kHead + "counter c0 vector 0\nstream vector 0\n" + map(elements) +
                                   " increment(c0)\nstream drain 0\n" + kDrain + " after(c0 >= 1)\n");
    return of(timing(*program, chipWith(kFast)), "drain0")[0].begin;
  };
  EXPECT_EQ(begin(81), begin(80) + 1);
  EXPECT_EQ(begin(88), begin(81));
}

TEST(Ready, ANegativeWaitIsSatisfiedAtOnce) {
  const auto program = programOf(kHead + "counter c0 vector 0\nstream vector 0\n" + map(80) +
                                 " increment(c0)\nstream drain 0\n" + kDrain + " after(c0 >= -3)\n");
  EXPECT_EQ(of(timing(*program, chipWith(kFast)), "drain0")[0].begin, 1);
}

TEST(Ready, AWeightBankIsFreeWhenTheLastRowHasEntered) {
  // One bank: the second load waits for the first product to stream; two banks: it does not.
  const auto program = programOf(kHead + "stream matrix 0\n" + loadWeights(0) + multiply(0, 50) +
                                 loadWeights(1) + multiply(1, 50));
  Overrides one = kFast;
  one.push_back({"matrix.weight_banks", 1});
  const RunRecord single = timing(*program, chipWith(one)), twice = timing(*program, chipWith(kFast));
  const auto s = of(single, "matrix0"), d = of(twice, "matrix0");
  EXPECT_EQ(s[1].begin, s[0].begin + 8);
  EXPECT_EQ(s[2].begin, s[1].begin + 50) << "the only bank is free once 50 rows have entered";
  EXPECT_EQ(s[3].begin, s[2].begin + 8) << "the load is exposed";
  EXPECT_EQ(unit(single, "matrix0").account.stalled(Cause::WeightLoad), 15)
      << "one cycle of the first load is fetch";
  EXPECT_EQ(d[2].begin, d[1].begin) << "the other bank is free and the load decoded";
  EXPECT_EQ(d[3].begin, d[1].begin + 50) << "back to back, the load is hidden";
  EXPECT_EQ(unit(twice, "matrix0").account.stalled(Cause::WeightLoad), 7);
  EXPECT_EQ(unit(twice, "matrix0").account.busy(), 100);
}

TEST(Ready, SlowFunctionsTakeTheirCycles) {
  const chip::Chip chip = chipWith(kFast);
  auto duration = [&](const std::string &function) {
    const auto entry =
        of(timing(*programOf(kHead + "stream vector 0\n" + map(80, function) + "\n"), chip), "vector0")[0];
    return static_cast<double>(entry.end - entry.begin);
  };
  const double startup = chip.real("vector.startup_cycles");
  EXPECT_EQ(duration("exp"), startup + 10 * chip.real("vector.cycles_exp"));
  EXPECT_EQ(duration("reciprocal"), startup + 10 * chip.real("vector.cycles_reciprocal"));
  EXPECT_EQ(duration("multiply"), startup + 10 * chip.real("vector.cycles_simple"));
}

/// A copy of 80 elements, ten beats, between bytes of the scratchpad.
std::string copy(int from, int to) {
  return "  map function=copy, count=[1, 1, 1, 80], destination=" + std::to_string(to) +
         ", destinationStride=[0, 0, 0, 1], destinationType=f32, a=" + std::to_string(from) +
         ", aStride=[0, 0, 0, 1], aType=f32, b=0, bStride=[0, 0, 0, 0], bType=f32, c=0, cStride=[0, 0, 0, "
         "0], "
         "cType=f32, immediate=0\n";
}

TEST(Ready, IndependentVectorInstructionsFindThePipelineFull) {
  const chip::Chip chip = chipWith(kFast);
  const RunRecord record = timing(
      *programOf(kHead + "stream vector 0\n" + copy(0, 4096) + copy(0, 8192) + copy(1024, 12288)), chip);
  const auto entries = of(record, "vector0");
  const Cycle startup = chip.integer("vector.startup_cycles");
  EXPECT_EQ(entries[1].begin, entries[0].begin + 10) << "when its last beat has entered, not before";
  EXPECT_EQ(entries[2].begin, entries[1].begin + 10);
  EXPECT_EQ(entries[2].end, entries[0].begin + 30 + startup);
  EXPECT_EQ(unit(record, "vector0").account.stalled(Cause::Startup), startup) << "once, at the end";
}

TEST(Ready, AVectorInstructionWaitsForResultsInThePipeline) {
  const chip::Chip chip = chipWith(kFast);
  const Cycle startup = chip.integer("vector.startup_cycles");
  // 80 elements are 320 bytes.
  auto second = [&](int from, int to) {
    const auto entries =
        of(timing(*programOf(kHead + "stream vector 0\n" + copy(0, 4096) + copy(from, to)), chip), "vector0");
    return std::pair(entries[1].begin - entries[0].begin, entries[0].end - entries[0].begin);
  };
  EXPECT_EQ(second(4096, 8192), std::pair(10 + startup, 10 + startup)) << "begins as the other completes";
  EXPECT_EQ(second(4096 + 316, 8192).first, 10 + startup) << "the last element";
  EXPECT_EQ(second(4096 + 320, 8192).first, 10) << "the byte after it";
  EXPECT_EQ(second(4096 - 316, 8192).first, 10 + startup) << "the first element";
  EXPECT_EQ(second(4096 - 320, 8192).first, 10) << "up to the byte before it";
  EXPECT_EQ(second(0, 4096).first, 10) << "writing the same again is done in order";
  EXPECT_EQ(second(8192, 0).first, 10) << "operands are read before results are written";
}

TEST(Ready, AResultTwoInstructionsBackIsWaitedForToo) {
  const chip::Chip chip = chipWith({{"frontend.fetch_bytes_per_cycle", 4096}, {"vector.startup_cycles", 50}});
  const auto entries =
      of(timing(*programOf(kHead + "stream vector 0\n" + copy(0, 4096) + copy(0, 8192) + copy(4096, 12288)),
                chip),
         "vector0");
  EXPECT_EQ(entries[1].begin, entries[0].begin + 10);
  EXPECT_EQ(entries[2].begin, entries[0].end);
}

TEST(Ready, LessStartupAndMoreLanesNeverSlow) {
  const auto program =
      programOf(kHead + "stream vector 0\n" + copy(0, 4096) + copy(4096, 8192) + copy(0, 12288) +
                copy(12288, 0) + copy(8192, 12288) + map(77, "exp") + "\n" + copy(4096, 0));
  const auto cycles = [&](double startup, double lanes) {
    return timing(*program, chipWith({{"vector.startup_cycles", startup}, {"vector.lanes", lanes}}))
        .totalCycles;
  };
  for (double startup : {100, 16, 7, 1})
    for (double lanes : {1, 2, 4, 8, 16, 64, 1024}) {
      EXPECT_LE(cycles(startup, 2 * lanes), cycles(startup, lanes));
      EXPECT_LT(cycles(startup - 1, lanes), cycles(startup, lanes));
    }
}

TEST(Ready, ConflictingBanksTakeTurns) {
  // 80 elements 64 B apart on 16 banks of 32 B: ten words in every second bank, and one each of the dense
  // operand and of the result. On 2 banks all 80 meet in one, beside half of the other ten and ten.
  auto strided = map(80);
  strided.replace(strided.find("aStride=[0, 0, 0, 1]"), 20, "aStride=[0, 0, 0, 16]");
  auto busyAndLost = [&](double banks) {
    const auto record =
        timing(*programOf(kHead + "stream vector 0\n" + strided + "\n"),
               chipWith({{"frontend.fetch_bytes_per_cycle", 4096}, {"scratchpad.banks", banks}}));
    const CycleAccount &account = unit(record, "vector0").account;
    return std::pair(account.busy(), account.stalled(Cause::ScratchpadConflict));
  };
  EXPECT_EQ(busyAndLost(16), std::pair(Cycle(10), Cycle(2)));
  EXPECT_EQ(busyAndLost(2), std::pair(Cycle(10), Cycle(80)));
}

TEST(Ready, LoadsOverlapAndCompleteInOrder) {
  const std::string load = "  load tensor=x, coordinate=[0, 0, 0, 0], box=[1, 1, 1, 64], local=0, "
                           "localStride=[0, 0, 0, 1], localType=f32, fill=0\n";
  const RunRecord one = timing(*programOf(kHead + "stream load 0\n" + load), chipWith(kFast));
  const RunRecord four =
      timing(*programOf(kHead + "stream load 0\n" + load + load + load + load), chipWith(kFast));
  EXPECT_LT(four.totalCycles, 4 * one.totalCycles) << "latencies overlap";
  const auto entries = of(four, "load0");
  for (size_t i = 1; i < entries.size(); ++i)
    EXPECT_GE(entries[i].end, entries[i - 1].end);
}

} // namespace
} // namespace arsis::sim::test
