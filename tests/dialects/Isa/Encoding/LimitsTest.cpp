// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Work and reach of one instruction and of a program: what is at a limit passes, what is one beyond is
// refused, and products that leave 64 bits are beyond.
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/Volume.h"
#include "tests/MessageOf.h"

#include <gtest/gtest.h>

using namespace arsis;
using namespace arsis::isa;

namespace {

/// "no error", or what validation says of a program of one instruction in a stream of its kind.
std::string errorOf(StreamKind kind, Body body, uint32_t iterations = 1) {
  Program program;
  program.dramBytes = 64;
  Tensor tensor;
  tensor.name = "x";
  program.tensors.push_back(tensor);
  program.streams.push_back({kind, 0, std::vector<Instruction>(3)});
  auto &instructions = program.streams[0].instructions;
  instructions[0].body = Loop{iterations};
  instructions[1].body = std::move(body);
  instructions[2].body = EndLoop();
  try {
    validateProgram(program);
  } catch (const InstructionError &error) {
    EXPECT_EQ(error.instruction, 1u);
    std::string text = error.what();
    return text.substr(text.find(": ") + 2);
  }
  return "no error";
}
template <size_t n> std::array<Extent, n> extents(std::array<int64_t, n> counts) {
  std::array<Extent, n> result;
  std::copy(counts.begin(), counts.end(), result.begin());
  return result;
}
constexpr int64_t k31 = int64_t(1) << 31;
const std::string kTooMuch = "visits 2147483649 elements, expected at most 2^31";
const std::string kWay = "visits more than 2^60 elements, expected at most 2^31";

TEST(Volume, Saturates) {
  EXPECT_EQ(volume(std::array<int64_t, 4>{2, 3, 4, 5}), 120);
  EXPECT_EQ(volume(std::array<int64_t, 2>{k31, k31}), kSaturated);
  EXPECT_EQ(volume(std::array<int64_t, 4>{k31, k31, k31, k31}), kSaturated); // 2^124, 0 modulo 2^64
  EXPECT_EQ(volume(std::array<int64_t, 4>{k31, k31, 4, 0}), 0);
  EXPECT_EQ(saturatingProduct(-k31, k31), -kSaturated);
  EXPECT_EQ(saturatingProduct(INT64_MIN, INT64_MIN), kSaturated);
  EXPECT_EQ(saturatingProduct(-3, 5), -15);
}

TEST(Reach, IsTheHullOfAllPositions) {
  Reach reach;
  reach.extendAll(std::array<int64_t, 3>{3, 1, 5}, std::array<int32_t, 3>{10, 999, -2});
  EXPECT_EQ(reach.first, -8);
  EXPECT_EQ(reach.last, 20);
  const Reach::Bytes bytes = reach.bytes(100, 4);
  EXPECT_EQ(bytes.begin, 68);
  EXPECT_EQ(bytes.end, 184);
  reach.extend(k31, INT32_MAX);
  reach.extend(k31, INT32_MAX);
  EXPECT_EQ(reach.last, kSaturated);
  EXPECT_EQ(reach.first, -8);
}

TEST(Limits, WorkOfAnElementwiseInstruction) {
  Map map;
  map.function = VectorFunction::Fill;
  map.count = extents<4>({1, 1, 1, k31});
  EXPECT_EQ(errorOf(StreamKind::Vector, map), "no error");
  map.count = extents<4>({1, 3, 1, 715827883}); // 2^31 + 1
  EXPECT_EQ(errorOf(StreamKind::Vector, map), kTooMuch);
  map.count = extents<4>({k31, k31, 4, 1}); // 2^64
  EXPECT_EQ(errorOf(StreamKind::Vector, map), kWay);
  map.count = extents<4>({k31, k31, k31, k31});
  EXPECT_EQ(errorOf(StreamKind::Vector, map), kWay);
  map.count = extents<4>({k31, k31, k31, 0}); // nothing to do
  EXPECT_EQ(errorOf(StreamKind::Vector, map), "no error");
  map.count = {Extent(k31, Affine(1)), Extent(2), Extent(1), Extent(1)}; // clamped: the tile counts
  EXPECT_EQ(errorOf(StreamKind::Vector, map), "visits 4294967296 elements, expected at most 2^31");
}

TEST(Limits, WorkOfAReduction) {
  Reduce reduce;
  reduce.reduceMask = 3;
  reduce.count = extents<4>({k31, k31, 1, 1});
  EXPECT_EQ(errorOf(StreamKind::Vector, reduce), kWay);
  reduce.count = extents<4>({k31, 1, 1, 1});
  EXPECT_EQ(errorOf(StreamKind::Vector, reduce), "no error");
}

TEST(Limits, WorkOfWindows) {
  Pool pool;
  pool.count = extents<4>({1, 1, 1, 1});
  pool.window = {65535, 65535};
  EXPECT_EQ(errorOf(StreamKind::Vector, pool), "visits 4294836225 elements, expected at most 2^31");
  pool.window = {32768, 65535};
  EXPECT_EQ(errorOf(StreamKind::Vector, pool), "no error");
  PoolGrad gradient;
  gradient.count = extents<4>({65536, 65536, 65536, 65536});
  gradient.window = {1, 1};
  EXPECT_EQ(errorOf(StreamKind::Vector, gradient), kWay);
}

TEST(Limits, WorkOfAProduct) {
  Multiply multiply;
  multiply.mCount = extents<3>({1 << 20, 1, 1});
  multiply.kCount = extents<3>({1, 1, 1024}); // the largest chip: a whole accumulator, a whole column of K
  EXPECT_EQ(errorOf(StreamKind::Matrix, multiply), "no error");
  multiply.mCount = extents<3>({k31, k31, 4});
  EXPECT_EQ(errorOf(StreamKind::Matrix, multiply), kWay);
  LoadWeights weights;
  weights.kCount = extents<3>({1 << 16, 1 << 16, 1});
  EXPECT_EQ(errorOf(StreamKind::Matrix, weights), "visits 4294967296 elements, expected at most 2^31");
  Drain drain;
  drain.mCount = extents<3>({1, 1, k31});
  drain.nCount = 2;
  EXPECT_EQ(errorOf(StreamKind::Drain, drain), "visits 4294967296 elements, expected at most 2^31");
}

TEST(Limits, WorkOfATransfer) {
  Load load;
  load.box = extents<4>({k31, k31, 4, 1});
  EXPECT_EQ(errorOf(StreamKind::Load, load), kWay);
  Store store;
  store.box = extents<4>({1, 2, 1, k31});
  EXPECT_EQ(errorOf(StreamKind::Store, store), "visits 4294967296 elements, expected at most 2^31");
}

TEST(Limits, ReachOfAnOperand) {
  Map map;
  map.function = VectorFunction::Copy;
  map.count = extents<4>({1, 1, 513, 1});
  map.aStride = {0, 0, INT32_MIN, 0}; // 512 * -2^31 = -2^40
  EXPECT_EQ(errorOf(StreamKind::Vector, map), "no error");
  map.count = extents<4>({1, 1, 514, 1});
  EXPECT_EQ(errorOf(StreamKind::Vector, map),
            "aStride: reaches from below -2^40 to 0, expected at most 2^40 in magnitude");
  map.function = VectorFunction::Fill; // has no operands
  EXPECT_EQ(errorOf(StreamKind::Vector, map), "no error");
}

TEST(Limits, WorkOfAProgram) {
  Map map;
  map.function = VectorFunction::Fill;
  map.count = extents<4>({1, 1, 1, k31});
  EXPECT_EQ(errorOf(StreamKind::Vector, map, 1 << 17), "no error");
  EXPECT_EQ(errorOf(StreamKind::Vector, map, (1 << 17) + 1),
            "the program visits more than 2^48 elements, expected at most that");
}

TEST(Limits, BudgetOfATool) {
  Program program =
      assemble("arsis 1\ndram 4\nstream vector 0\n  loop 10\n    reduce function=sum, count=[1, 1, 3, "
               "4], reduceMask=8, destination=0, destinationStride=[0, 0, 1, 0], a=64, aStride=[0, 0, "
               "4, 1], aType=f32, accumulate=0\n  end_loop\n",
               "test.s");
  EXPECT_EQ(programWork(program), 120);
  EXPECT_EQ(programWork(program, Work::Transfers), 0);
  EXPECT_EQ(messageOf([&] { checkWork(program, 120); }), "no error");
  EXPECT_EQ(messageOf([&] { checkWork(program, 119); }),
            "the program visits 120 elements, expected at most 119 (--max-work)");
}

TEST(Limits, UnrollingIsBounded) {
  Program program =
      assemble("arsis 1\ndram 4\nstream vector 0\n  loop 1000\n    wait\n  end_loop\n", "test.s");
  EXPECT_EQ(unrollLoops(program).streams[0].instructions.size(), 1000u);
  std::get<Loop>(program.streams[0].instructions[0].body).count = 100000000;
  EXPECT_EQ(messageOf([&] { unrollLoops(program); }),
            "the program has 100000000 instances, expected at most 250000 to write them out");
}

TEST(Limits, RowsOfEmptyLoopsCostNothing) {
  // 2 x 10^5 iterations over 10,000 empty loops: 2 x 10^9 steps if each were looked at.
  Stream stream{StreamKind::Vector, 0, {}};
  auto add = [&](Body body) { stream.instructions.emplace_back().body = std::move(body); };
  add(Loop{200000});
  for (int i = 0; i < 10000; ++i) {
    add(Loop{UINT32_MAX});
    add(EndLoop());
  }
  add(WaitOnly());
  add(EndLoop());
  uint64_t instances = 0;
  for (InstructionCursor cursor(stream); !cursor.done(); cursor.advance())
    ++instances;
  EXPECT_EQ(instances, 200000u);
}

} // namespace
