// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cursor against a recursive walk written for clarity, and unrolling against the cursor.
#include "dialects/Isa/Encoding/Cursor.h"
#include "RandomProgram.h"

#include <gtest/gtest.h>

using namespace arsis;
using namespace arsis::isa;

namespace {

struct Instance {
  size_t position;
  std::array<int64_t, kMaxLoopDepth> index;
  bool operator==(const Instance &o) const { return position == o.position && index == o.index; }
};

/// Runs the body that starts at `position`; returns the position after its end_loop (or the end of the
/// stream).
size_t walk(const Stream &stream, size_t position, unsigned depth, std::array<int64_t, kMaxLoopDepth> index,
            bool emit, std::vector<Instance> &out) {
  while (position < stream.instructions.size()) {
    const Body &body = stream.instructions[position].body;
    if (std::holds_alternative<EndLoop>(body))
      return position + 1;
    if (const Loop *loop = std::get_if<Loop>(&body)) {
      size_t after = 0;
      for (uint32_t i = 0; i < loop->count; ++i) {
        index[depth] = i;
        after = walk(stream, position + 1, depth + 1, index, emit, out);
      }
      index[depth] = 0;
      position = after;
    } else {
      out.push_back({position++, index});
    }
  }
  return position;
}

std::vector<Instance> walkWithCursor(const Stream &stream) {
  std::vector<Instance> out;
  for (InstructionCursor cursor(stream); !cursor.done(); cursor.advance()) {
    EXPECT_EQ(cursor.ordinal(), out.size());
    EXPECT_EQ(&cursor.instruction(), &stream.instructions[cursor.position()]);
    Instance instance{cursor.position(), {}};
    std::copy(cursor.index(), cursor.index() + kMaxLoopDepth, instance.index.begin());
    out.push_back(instance);
  }
  return out;
}

Instruction make(Body body) {
  Instruction instruction;
  instruction.body = std::move(body);
  return instruction;
}

Stream streamOf(std::vector<Body> bodies) {
  Stream stream;
  for (Body &body : bodies)
    stream.instructions.push_back(make(std::move(body)));
  return stream;
}

TEST(Cursor, AgreesWithARecursiveWalk) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Program program = test::RandomProgram(seed).make(30);
    for (const Stream &stream : program.streams) {
      std::vector<Instance> expected;
      walk(stream, 0, 0, {}, true, expected);
      EXPECT_EQ(walkWithCursor(stream).size(), expected.size()) << "seed " << seed;
      EXPECT_TRUE(walkWithCursor(stream) == expected) << "seed " << seed;
      EXPECT_EQ(countInstances(stream), expected.size());
    }
  }
}

TEST(Cursor, EmptyStream) {
  EXPECT_TRUE(InstructionCursor(Stream()).done());
  EXPECT_EQ(countInstances(Stream()), 0u);
}

TEST(Cursor, SkipsLoopsOverNothing) {
  Stream stream =
      streamOf({Loop{UINT32_MAX}, Loop{UINT32_MAX}, EndLoop(), Loop{3}, EndLoop(), EndLoop(), WaitOnly()});
  InstructionCursor cursor(stream);
  ASSERT_FALSE(cursor.done());
  EXPECT_EQ(cursor.position(), 6u);
  EXPECT_EQ(cursor.depth(), 0u);
  cursor.advance();
  EXPECT_TRUE(cursor.done());
}

TEST(Cursor, CopiesAndResetsAreIndependent) {
  Stream stream = streamOf({Loop{3}, WaitOnly(), EndLoop()});
  InstructionCursor cursor(stream);
  cursor.advance();
  InstructionCursor copy = cursor;
  copy.advance();
  EXPECT_EQ(cursor.index()[0], 1);
  EXPECT_EQ(copy.index()[0], 2);
  copy.reset();
  EXPECT_EQ(copy.index()[0], 0);
  EXPECT_EQ(copy.ordinal(), 0u);
}

TEST(Cursor, RejectsBrokenLoops) {
  auto message = [](const Stream &stream) -> std::string {
    try {
      InstructionCursor cursor(stream);
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(streamOf({Loop{1}})), "stream load 0, instruction 0: loop without an end_loop");
  EXPECT_EQ(message(streamOf({EndLoop()})), "stream load 0, instruction 0: end_loop without a loop");
  EXPECT_EQ(message(streamOf({Loop{0}, EndLoop()})),
            "stream load 0, instruction 0: loop of 0 iterations, expected at least 1");
  std::vector<Body> deep(kMaxLoopDepth + 1, Loop{1});
  EXPECT_EQ(message(streamOf(deep)), "stream load 0, instruction 8: loops nest deeper than 8");
}

TEST(Cursor, CountsSaturate) {
  Stream stream = streamOf(
      {Loop{UINT32_MAX}, Loop{UINT32_MAX}, Loop{UINT32_MAX}, WaitOnly(), EndLoop(), EndLoop(), EndLoop()});
  EXPECT_EQ(countInstances(stream), UINT64_MAX);
}

TEST(Cursor, VisitsMillionsOfInstances) {
  Stream stream = streamOf(
      {Loop{1000}, Loop{1000}, WaitOnly(), WaitOnly(), Loop{3}, WaitOnly(), EndLoop(), EndLoop(), EndLoop()});
  int64_t sum = 0;
  for (InstructionCursor cursor(stream); !cursor.done(); cursor.advance())
    sum += cursor.index()[1];
  EXPECT_EQ(sum, 1000ll * 999 * 1000 / 2 * 5);
}

/// The value of every operand of an instance as one list of numbers.
struct Evaluate {
  const int64_t *index;
  std::vector<int64_t> &out;
  void operator()(const char *, const Affine &v) { out.push_back(v.evaluate(index)); }
  void operator()(const char *, const Extent &v) { out.push_back(v.evaluate(index)); }
  void operator()(const char *, const Address &v) { out.push_back(v.evaluate(index)); }
  void operator()(const char *, float v) {
    out.push_back(v == v ? int64_t(std::abs(v) < 1e9f ? v * 100 : 0) : -1);
  }
  template <class T, size_t n> void operator()(const char *name, const std::array<T, n> &values) {
    for (const T &value : values)
      (*this)(name, value);
  }
  template <class T> void operator()(const char *, const T &v) { out.push_back(int64_t(v)); }
};

std::vector<std::vector<int64_t>> evaluateAll(const Stream &stream) {
  std::vector<std::vector<int64_t>> all;
  for (InstructionCursor cursor(stream); !cursor.done(); cursor.advance()) {
    const Instruction &instruction = cursor.instruction();
    std::vector<int64_t> values{int64_t(opcodeOf(instruction)), instruction.location,
                                instruction.increment.value_or(255)};
    Evaluate evaluate{cursor.index(), values};
    for (unsigned i = 0; i < instruction.waitCount; ++i) {
      values.push_back(instruction.waits[i].counter);
      evaluate("", instruction.waits[i].value);
    }
    std::visit([&](const auto &body) { body.visitFields(evaluate); }, instruction.body);
    all.push_back(std::move(values));
  }
  return all;
}

TEST(Unroll, GivesTheSameInstances) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Program program = test::RandomProgram(seed).make(20);
    Program unrolled = unrollLoops(program);
    validateProgram(unrolled);
    for (size_t s = 0; s < program.streams.size(); ++s) {
      EXPECT_EQ(evaluateAll(unrolled.streams[s]), evaluateAll(program.streams[s]))
          << "seed " << seed << " stream " << s;
      EXPECT_EQ(unrolled.streams[s].instructions.size(), countInstances(program.streams[s]));
    }
    EXPECT_TRUE(unrollLoops(unrolled) == unrolled);
  }
}

TEST(Fields, ExtentClampsAtBothEnds) {
  Extent extent(8, Affine(20, {Term{0, -8}}));
  for (auto [i, expected] : {std::pair(0, 8), {1, 8}, {2, 4}, {3, 0}}) {
    int64_t index[kMaxLoopDepth] = {i};
    EXPECT_EQ(extent.evaluate(index), expected) << i;
  }
}

TEST(Fields, RingOfAddressTakesTheFlooredModulo) {
  Address address(100);
  address.slots = 3;
  address.slotSize = 10;
  address.slot = Affine(-1, {Term{0, 1}});
  for (auto [i, expected] : {std::pair(0, 120), {1, 100}, {2, 110}, {3, 120}, {4, 100}}) {
    int64_t index[kMaxLoopDepth] = {i};
    EXPECT_EQ(address.evaluate(index), expected) << i;
  }
}

TEST(Fields, AddTermKeepsTermsCanonical) {
  Terms terms;
  addTerm(terms, 3, 5);
  addTerm(terms, 1, 2);
  addTerm(terms, 2, 0);
  addTerm(terms, 3, -5);
  EXPECT_EQ(terms, (Terms{Term{1, 2}}));
}

} // namespace
