// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two programs in one DRAM: what they share lies where the first has it, the rest of the second lies behind.
#include "simulator/top/Link.h"
#include "tests/MessageOf.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

/// Copies the four elements of one tensor to another.
std::string copy(const std::string &tensors, const std::string &from, const std::string &to) {
  const std::string whole = ", coordinate=[0, 0, 0, 0], box=[1, 1, 1, 4], local=0, localStride=[4, 4, 4, 1], "
                            "localType=f32";
  return "arsis 1\ndram 256\n" + tensors + "location 0 layer a phase fwd op copy\n" +
         "counter c0 load 0\ncounter c1 store 0\n" + "stream load 0\n  load tensor=" + from + whole +
         ", fill=0 increment(c0)\nstream store 0\n  store tensor=" + to + whole +
         " after(c0 >= 1) increment(c1)\n";
}

/// s -> g.
std::shared_ptr<const isa::Program> gradients() {
  return programOf(copy("tensor s state f32 [1, 1, 1, 4] at 0\n"
                        "tensor g gradient f32 [1, 1, 1, 4] at 64 observable complete c1 >= 1\n",
                        "s", "g"));
}
/// g -> s; x and its other shape are its own.
std::shared_ptr<const isa::Program> update(const std::string &shapeOfG = "[1, 1, 1, 4]") {
  return programOf(copy("tensor x input f32 [1, 1, 1, 4] at 64\n"
                        "tensor x2 temporary f32 [1, 1, 2, 2] at 64 alias x\n"
                        "tensor g gradient f32 " +
                            shapeOfG +
                            " at 0 observable\n"
                            "tensor s state f32 [1, 1, 1, 4] at 128 complete c1 >= 1\n"
                            "tensor x3 temporary f32 [1, 1, 1, 2] at 72 alias x\n",
                        "g", "s"));
}

TEST(Link, SharedTensorsHaveOneAddressAndOthersLieBehind) {
  const LinkedPrograms linked = link({gradients(), update()});
  const isa::Program &first = *linked.programs[0], &second = *linked.programs[1];
  EXPECT_EQ(first, *gradients());
  EXPECT_EQ(second.tensors[2].address, 64u); // g
  EXPECT_EQ(second.tensors[3].address, 0u);  // s
  EXPECT_GE(second.tensors[0].address, first.dramBytes);
  EXPECT_EQ(second.tensors[1].address, second.tensors[0].address);
  EXPECT_EQ(second.tensors[4].address, second.tensors[0].address + 8) << "a part of it";
  EXPECT_EQ(linked.dramBytes, second.dramBytes);
  EXPECT_EQ(linked.homes[1][2], (TensorPlace{0, 1}));
  EXPECT_EQ(linked.homes[1][0], (TensorPlace{1, 0}));
  EXPECT_NO_THROW(isa::validateProgram(second));
}

TEST(Link, ValuesGoFromOneProgramToTheOther) {
  Session session(chipWith({}), {gradients(), update()});
  const std::vector<float> values = ramp(4, 1), others = ramp(4, 2);
  write(session, "s", values);
  write(session, "x", others);
  RunOptions options;
  session.run(options);
  EXPECT_EQ(read(session, "g"), values);
  write(session, "s", others);
  options.program = 1;
  session.run(options);
  EXPECT_EQ(read(session, "s"), values);
  EXPECT_EQ(read(session, "x"), others);
}

TEST(Link, AGradientIsThereOnlyOnceItIsComputed) {
  Session session(chipWith({}), {gradients(), update()});
  write(session, "s", ramp(4, 1));
  write(session, "x", ramp(4, 2));
  RunOptions options;
  options.program = 1;
  EXPECT_EQ(messageOf([&] { session.run(options); }),
            "input g of shape 1x1x1x4 is missing, expected it to be written before the run");
}

TEST(Link, WhatCannotBeShared) {
  EXPECT_EQ(messageOf([] { link({}); }), "a session has no program, expected at least one");
  EXPECT_EQ(messageOf([] {
              link({gradients(), update("[1, 1, 2, 4]")});
            }),
            "tensor g differs in role, type, shape or layout between program 0 and program 1, expected one "
            "tensor, or a session for each program");
}

TEST(Link, AllProgramsFitIntoTheDramTogether) {
  auto program = std::make_shared<isa::Program>(*gradients());
  program->dramBytes = uint64_t(chipWith({}).integer("dram.capacity_mib")) << 20;
  using Programs = std::vector<std::shared_ptr<const isa::Program>>;
  EXPECT_EQ(messageOf([&] { Session(chipWith({}), Programs{program}); }), "no error");
  EXPECT_NE(messageOf([&] {
              Session(chipWith({}), Programs{program, program});
            }).find("DRAM of "),
            std::string::npos);
}

} // namespace
} // namespace arsis::sim::test
