// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the verifier remembers of memories: bitmaps against flags, tensors with gaps against sets of bytes,
// the plan against a search through all of it; and that none of them grows with sizes that a file only
// declares.
#include "tests/dialects/Isa/Verifier/Programs.h"

#include "dialects/Isa/Verifier/Buffers.h"
#include "dialects/Isa/Verifier/Clocks.h"
#include "dialects/Isa/Verifier/DramState.h"

#include <numeric>
#include <random>
#include <set>

namespace arsis::isa::test {
namespace {

struct Random {
  std::mt19937 engine;
  int64_t operator()(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine);
  }
};

TEST(DefinedBytes, AgreesWithFlags) {
  Random pick{std::mt19937(3)};
  constexpr int64_t kGranules = 30000; // some eight pages
  DefinedBytes map(4);
  std::vector<bool> flags(kGranules);
  for (int round = 0; round < 6000; ++round) {
    // Long ranges, short ones, and whole pages.
    int64_t begin = pick(0, kGranules - 1), length = pick(0, round % 3 ? 200 : 15000);
    if (round % 5 == 0) {
      begin -= begin % 4096;
      length -= length % 4096;
    }
    const int64_t end = std::min(kGranules, begin + length);
    const ByteRange range{begin * 4, end * 4};
    int64_t expected = begin;
    while (expected < end && flags[size_t(expected)])
      ++expected;
    ASSERT_EQ(map.firstUndefined(range), expected * 4) << round;
    const bool value = pick(0, 4) > 0;
    value ? map.set(range) : map.clear(range);
    std::fill(flags.begin() + begin, flags.begin() + end, value);
  }
  map.set({0, kGranules * 4});
  EXPECT_LE(map.entries(), 2u); // whole pages are one entry
  map.clear({0, kGranules * 4});
  EXPECT_EQ(map.entries(), 0u);
}

TEST(DefinedBytes, SizeCostsNothing) {
  DefinedBytes map(4);
  constexpr int64_t k16TiB = int64_t(1) << 44;
  map.set({0, k16TiB});
  map.clear({k16TiB / 2, k16TiB / 2 + 4});
  EXPECT_EQ(map.firstUndefined({0, k16TiB}), k16TiB / 2);
  EXPECT_EQ(map.entries(), 3u);
}

/// A tensor whose elements lie apart, at random.
Tensor randomTensor(Random &pick, const std::string &name) {
  Tensor tensor;
  tensor.name = name;
  tensor.role = TensorRole::Temporary;
  std::array<size_t, 4> order = {0, 1, 2, 3};
  std::shuffle(order.begin(), order.end(), pick.engine);
  int64_t span = 1;
  for (size_t d : order) {
    tensor.shape[d] = pick(1, 4);
    tensor.stride[d] = span + pick(0, 1) * pick(0, 5);
    span += (tensor.shape[d] - 1) * tensor.stride[d];
  }
  tensor.address = uint64_t(4 * pick(0, 60));
  return tensor;
}

TEST(DramState, AgreesWithSetsOfBytes) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    Random pick{std::mt19937(seed)};
    Program program;
    for (int t = 0; t < 4; ++t)
      program.tensors.push_back(randomTensor(pick, "t" + std::to_string(t)));
    program.dramBytes = 1 << 20;
    validateProgram(program);
    DramState state(program, 4);
    std::vector<std::set<int64_t>> defined(4); // addresses of words, per tensor
    std::vector<std::set<int64_t>> words(4);
    auto wordsOf = [](const Box &box) {
      std::set<int64_t> set;
      box.forEachRun([&](ByteRange run) {
        for (int64_t at = run.begin; at < run.end; at += 4)
          set.insert(at);
        return true;
      });
      return set;
    };
    for (size_t t = 0; t < 4; ++t)
      words[t] = wordsOf(DramState::wholeOf(program.tensors[t]));
    for (int round = 0; round < 60; ++round) {
      const auto t = uint16_t(pick(0, 3));
      const Tensor &tensor = program.tensors[t];
      int64_t first = int64_t(tensor.address);
      Box::Dimensions dimensions;
      for (size_t d = 0; d < 4; ++d) { // a random box of the tensor
        const int64_t low = pick(0, tensor.shape[d] - 1), high = pick(low, tensor.shape[d] - 1);
        first += low * tensor.stride[d] * 4;
        dimensions.push_back({high - low + 1, tensor.stride[d] * 4});
      }
      const Box box(first, 4, dimensions);
      const std::set<int64_t> touched = wordsOf(box);
      if (pick(0, 1)) {
        state.write(t, box);
        for (size_t other = 0; other < 4; ++other)
          for (int64_t word : touched)
            if (other == t)
              defined[other].insert(word);
            else
              defined[other].erase(word);
        continue;
      }
      const bool whole = std::includes(defined[t].begin(), defined[t].end(), touched.begin(), touched.end());
      const auto undefined = state.read(t, box);
      ASSERT_EQ(!undefined, whole) << "seed " << seed << ", round " << round;
      if (undefined) {
        EXPECT_TRUE(touched.count(undefined->byte) && !defined[t].count(undefined->byte));
      }
      ASSERT_EQ(!state.readAll(t), defined[t] == words[t]);
    }
  }
}

TEST(DramState, TensorsThatSpanGigabytesAreSmall) {
  // Each has two elements 8 GiB apart; with a bit for every word between them: 40 x 268 MB.
  Program program;
  program.dramBytes = uint64_t(1) << 33;
  for (int t = 0; t < 40; ++t) {
    Tensor tensor;
    tensor.name = "x" + std::to_string(t);
    tensor.role = TensorRole::Input;
    tensor.shape = {2, 1, 1, 1};
    tensor.stride = {(int64_t(1) << 31) - 1, 0, 0, 0};
    program.tensors.push_back(tensor);
  }
  const VerificationResult result = verify(program, chip::Chip::load("tiny"));
  ASSERT_FALSE(result.accepted);
  EXPECT_EQ(result.diagnostics.front().message.substr(0, 43), "tensor 'x0' shares bytes with tensor 'x1', ");
}

TEST(DramState, PairsThatShareBytesAreBounded) {
  Program program;
  program.dramBytes = 4;
  for (int t = 0; t < 3000; ++t) {
    Tensor tensor;
    tensor.name = "x" + std::to_string(t);
    tensor.role = TensorRole::Temporary;
    program.tensors.push_back(tensor);
  }
  const VerificationResult result = verify(program, chip::Chip::load("tiny"));
  ASSERT_FALSE(result.accepted);
  EXPECT_EQ(result.diagnostics.front().message,
            "more than 4194304 pairs of tensors share bytes of dram, expected at most that");
}

TEST(Clocks, AreForgottenWithoutAnyAccess) {
  // Increments alone: the vector unit counts to 20,000 before the store queue looks.
  expectAccepted("arsis 1\ndram 4\ncounter c0 vector 0\nstream vector 0\n  loop 20000\n"
                 "    wait increment(c0)\n  end_loop\nstream store 0\n  wait after(c0 >= 20000)\n");
  const std::vector<uint8_t> counterStream = {0};
  Clocks clocks(2, counterStream);
  for (int i = 0; i < 1000; ++i) {
    clocks.begin(0);
    clocks.increment(0);
  }
  EXPECT_EQ(clocks.size(), 1000u);
  clocks.forget({600, 0});
  EXPECT_EQ(clocks.size(), 400u);
}

const std::string kFill = "    map function=fill, count=[1, 1, 1, 4], destination=0, destinationStride=[0, "
                          "0, 0, 1], destinationType=f32, a=0, "
                          "aStride=[0, 0, 0, 0], aType=f32, b=0, bStride=[0, 0, 0, 0], bType=f32, c=0, "
                          "cStride=[0, 0, 0, 0], cType=f32, "
                          "immediate=1\n";

TEST(Log, AStreamThatWillNeverMoveKeepsNothingAlive) {
  // The store queue waits for the drain stream, which has ended; the vector unit goes on.
  const Program program = assemble("arsis 1\ndram 4\ncounter c0 drain 0\nstream drain 0\nstream store 0\n"
                                   "  wait after(c0 >= 1)\nstream vector 0\n  loop 200000\n" +
                                       kFill + "  end_loop\n",
                                   "test.s");
  const VerificationResult result = verify(program, chip::Chip::load("tiny"));
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics.front().kind, Diagnostic::Deadlock);
  EXPECT_EQ(result.instances, 200000u);
  EXPECT_LT(result.peakLog, 10000u);
}

TEST(Log, StreamsThatNeverMeetAreBounded) {
  const Program program = assemble(
      "arsis 1\ndram 16\ntensor x input f32 [1, 1, 1, 4] at 0\nstream load 0\n  loop 100000000\n"
      "    load tensor=x, coordinate=[0, 0, 0, 0], box=[1, 1, 1, 4], local=4096, localStride=[0, 0, 0, 1], "
      "localType=f32, fill=0\n  end_loop\nstream vector 0\n  loop 100000000\n" +
          kFill + "  end_loop\n",
      "test.s");
  const VerificationResult result = verify(program, chip::Chip::load("tiny"));
  ASSERT_FALSE(result.accepted);
  EXPECT_EQ(result.diagnostics.front().message, "the streams run more than 32768 accesses apart, expected "
                                                "waits through which each learns of the others");
  EXPECT_LT(result.peakLog, 80000u);
}

/// The rule of the plan, slot by slot.
bool containedByRule(const Program &program, ByteRange bytes) {
  for (const Placement &p : program.placements) {
    const int64_t begin = int64_t(p.begin), end = int64_t(p.end),
                  slot = std::max<int64_t>(1, (end - begin) / p.slots);
    for (int64_t at = begin; at < end; at += slot)
      if (bytes.begin >= at && bytes.end <= std::min(at + slot, end))
        return true;
  }
  return false;
}

TEST(Buffers, AgreeWithARuleSlotBySlot) {
  const MachineLimits limits(chip::Chip::load("tiny"));
  for (uint32_t seed = 0; seed < 30; ++seed) {
    Random pick{std::mt19937(seed)};
    Program program;
    program.locations.push_back({"l", "fwd", "o"});
    for (int64_t i = pick(1, 40); i > 0; --i) {
      const int64_t begin = pick(0, 900);
      program.placements.push_back({Memory::Spm, 0, "b", uint64_t(begin), uint64_t(begin + pick(0, 120)),
                                    uint32_t(pick(0, 2) ? pick(1, 4) : pick(10, 200)), "l"});
    }
    const Buffers buffers(program, limits);
    for (int round = 0; round < 500; ++round) {
      const int64_t begin = pick(0, 1000);
      const ByteRange bytes{begin, begin + pick(1, 40)};
      ASSERT_EQ(buffers.contain(0, kScratchpad, bytes), containedByRule(program, bytes))
          << seed << ": " << bytes.begin << " to " << bytes.end;
    }
  }
}

TEST(Buffers, ThousandsOfALayerAreSearchedFast) {
  const MachineLimits limits(chip::Chip::load("tiny"));
  Program program;
  program.locations.push_back({"", "", ""});
  for (uint64_t i = 0; i < 20000; ++i)
    program.placements.push_back({Memory::Spm, 0, "b", 3 * i, 3 * i + 64, 2, ""});
  const Buffers buffers(program, limits);
  int64_t found = 0; // 10^6 questions: 2 x 10^10 steps if each looked at every buffer
  for (int64_t i = 0; i < 1000000; ++i)
    found += buffers.contain(0, kScratchpad, {i % 20000, i % 20000 + 4});
  EXPECT_EQ(found, 1000000);
}

TEST(Verifier, ABudgetOfNoErrorsIsRefused) {
  const Program program = assemble("arsis 1\ndram 4\nstream load 9\n", "test.s"); // a queue that tiny lacks
  VerifierOptions options;
  options.maxDiagnostics = 1;
  EXPECT_FALSE(verify(program, chip::Chip::load("tiny"), options).accepted);
  options.maxDiagnostics = 0;
  try {
    verify(program, chip::Chip::load("tiny"), options);
    FAIL() << "expected an error";
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "the verifier is asked to stop after 0 errors, expected at least 1");
  }
}

TEST(Verifier, WhatTheMachineWouldHaveToHoldIsBounded) {
  const std::string vector = "arsis 1\ndram 4\nstream vector 0\n";
  expectRejected(
      vector + "  map function=fill, count=[1073741824, 1, 1, 1], destination=0, "
               "destinationStride=[0, 0, 0, 0], destinationType=f32, a=0, aStride=[0, 0, 0, 0], aType=f32, "
               "b=0, bStride=[0, 0, 0, 0], bType=f32, c=0, cStride=[0, 0, 0, 0], cType=f32, immediate=1\n",
      Diagnostic::Operand, "destination element is written more than once");
  expectRejected(
      vector +
          "  pool_grad function=sum, count=[1073741824, 1, 1, 1], x=0, xStride=[0, 0, 0, 0], "
          "gradient=0, gradientStride=[0, 0, 0, 0], window=[1, 1], windowStride=[0, 0], destination=32\n",
      Diagnostic::Operand,
      "spreads 1073741824 gradients, expected at most the 16384 that the scratchpad holds");
  expectRejected(
      "arsis 1\ndram 4\nstream matrix 0\n  load_weights bank=0, source=0, kCount=[1, 1, 1], kStride=[0, 0, "
      "0], nCount=1, nStride=1, type=f32\n  multiply bank=0, source=0, mCount=[1073741824, 1, 1], "
      "mStride=[0, "
      "0, 0], kCount=[1, 1, 1], kStride=[0, 0, 0], type=f32, acc=0, accStride=[0, 0, 0], accumulate=0\n",
      Diagnostic::OutOfRange, "streams 1073741824 rows, expected at most the 256 of the accumulator");
}

TEST(Verifier, RefusesWhatTheMachineRefuses) {
  expectAccepted("arsis 1\ndram 4\nrequires dram.tcl_ns >= 1\n"); // a real-valued key
  expectRejected("arsis 1\ndram 4\nrequires dram.tcl_ns >= 1000000\n", Diagnostic::Chip,
                 "the program requires dram.tcl_ns >= 1000000");
}

} // namespace
} // namespace arsis::isa::test
