// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every mistake in assembly is one error with file, line and column.
#include "RandomProgram.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

using namespace arsis;
using namespace arsis::isa;

namespace {

std::string assembleError(const std::string &text) {
  try {
    assemble(text, "t.s");
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

const std::string kHead =
    "arsis 1\ndram 64\ntensor x input f32 [1, 1, 1, 4] at 0\ncounter c0 load 0\nstream load 0\n"; // lines 1
                                                                                                  // to 5
const std::string kLoad = "load tensor=x, coordinate=[0, 0, 0, 0], box=[1, 1, 1, 4], local=0, "
                          "localStride=[0, 0, 0, 1], localType=f32, fill=0";

/// The error of `line` as line 6, in stream load 0.
std::string inStream(const std::string &line) { return assembleError(kHead + line); }
/// The same for a load with one part replaced.
std::string inLoad(const std::string &from, const std::string &to) {
  std::string line = kLoad;
  line.replace(line.find(from), from.size(), to);
  return inStream(line);
}
/// The error of `line` as line 2.
std::string inTables(const std::string &line) { return assembleError("arsis 1\n" + line); }

TEST(AssemblerErrors, TheSampleIsSound) { EXPECT_EQ(inStream(kLoad), "no error"); }

TEST(AssemblerErrors, Header) {
  EXPECT_EQ(assembleError("# nothing\n"), "t.s:1:1: found no statement, expected 'arsis 1'");
  EXPECT_EQ(assembleError("stream load 0"), "t.s:1:1: found 'stream', expected 'arsis'");
  EXPECT_EQ(assembleError("arsis 2"), "t.s:1:7: text version 2, expected 1");
  EXPECT_EQ(assembleError("arsis 1 1"), "t.s:1:9: found '1', expected the end of the line");
}

TEST(AssemblerErrors, Tokens) {
  EXPECT_EQ(inTables("dram ?"), "t.s:2:6: unexpected character '?'");
  EXPECT_EQ(inTables("option a \"b"), "t.s:2:10: string without a closing quote");
  EXPECT_EQ(inTables("option a \"b\\"), "t.s:2:10: string without a closing quote");
  EXPECT_EQ(inTables("option a \"\\q\""), "t.s:2:11: unknown escape '\\q'");
  EXPECT_EQ(inTables("option a \"\\x1\""),
            "t.s:2:11: found a broken escape, expected \\x and two hexadecimal digits");
  EXPECT_EQ(inTables("dram 12q"), "t.s:2:6: found '12q', expected a number of bytes");
  EXPECT_EQ(inTables("dram 99999999999999999999"),
            "t.s:2:6: a number of bytes is 99999999999999999999, expected at most 18446744073709551615");
  EXPECT_EQ(inTables("dram"), "t.s:2:5: found the end of the line, expected a number of bytes");
}

TEST(AssemblerErrors, Tables) {
  EXPECT_EQ(inTables("load 1"), "t.s:2:1: found 'load', expected a statement");
  EXPECT_EQ(inTables("requires a <= 1"), "t.s:2:12: found '<', expected '=='");
  EXPECT_EQ(inTables("option a b\noption a c"), "t.s:3:8: option 'a' is given twice");
  EXPECT_EQ(inTables("tensor x nonsense f32 [1, 1, 1, 1] at 0").substr(0, 51),
            "t.s:2:10: found 'nonsense', expected one of input, ");
  EXPECT_EQ(inTables("tensor x input f32 [1, 1] at 0"), "t.s:2:25: found ']', expected ','");
  EXPECT_EQ(inTables("tensor x input f32 [1, 1, 1, 1]"),
            "t.s:2:32: found the end of the line, expected 'at'");
  EXPECT_EQ(inTables("dram 8\ntensor x input f32 [1, 1, 1, 1] at 0\ntensor x input f32 [1, 1, 1, 1] at 0"),
            "t.s:4:8: tensor 'x' is declared twice");
  EXPECT_EQ(inTables("location 1 layer a phase b op c"), "t.s:2:10: location 1, expected 0");
  EXPECT_EQ(inTables("counter c1 load 0"), "t.s:2:9: counters are declared in order, expected c0");
  EXPECT_EQ(inTables("counter c256 load 0"), "t.s:2:9: found 'c256', expected a counter, c0 to c255");
  EXPECT_EQ(inTables("counter d load 0"), "t.s:2:9: found 'd', expected a counter, c0 to c255");
  EXPECT_EQ(inTables("dram 0\ncounter c0 load 0"),
            "t.s:3:1: the counter belongs to a stream that does not exist");
  EXPECT_EQ(inTables("stream load 256"), "t.s:2:13: the index of the stream is 256, expected at most 255");
  EXPECT_EQ(inTables("placement spm x 0 1 layer a"), "t.s:2:21: found 'layer', expected 'slots'");
}

TEST(AssemblerErrors, Initials) {
  std::string head = "arsis 1\ndram 4\ntensor x input f32 [1, 1, 1, 1] at 0\n";
  EXPECT_EQ(assembleError(head + "initial y hex"), "t.s:4:9: no tensor is called 'y'");
  EXPECT_EQ(assembleError(head + "initial x hex\n| 0"),
            "t.s:5:1: found an odd number of hexadecimal digits, expected two per byte");
  EXPECT_EQ(assembleError(head + "initial x hex\n| 0G"),
            "t.s:5:1: found '0G', expected two lower case hexadecimal digits");
  EXPECT_EQ(assembleError(head + "initial x hex\n| 0000"),
            "t.s:5:1: initial value of tensor 'x' has 2 bytes, expected 4");
  EXPECT_EQ(assembleError(head + "initial x splat 4294967296"),
            "t.s:4:17: the bits of an element is 4294967296, expected at most 4294967295");
  EXPECT_EQ(assembleError(head + "initial x file 0 at 0"),
            "t.s:4:1: initial value of tensor 'x' is in file 0, but the program has 0");
  EXPECT_EQ(assembleError(head + "file 1 w bytes 4"), "t.s:4:6: file 1, expected 0");
  EXPECT_EQ(assembleError(head + "file 0 w bytes 4 sha256 \"0A\""),
            "t.s:4:18: found no sha256 of 64 lower case hexadecimal digits, expected one");
}

TEST(AssemblerErrors, Instructions) {
  EXPECT_EQ(inStream("jump 3"), "t.s:6:1: 'jump' is neither a statement nor an instruction");
  EXPECT_EQ(inStream("loop x"), "t.s:6:6: found 'x', expected a number");
  EXPECT_EQ(inStream("loop 4294967296"), "t.s:6:6: a number is 4294967296, expected at most 4294967295");
  EXPECT_EQ(inLoad(", fill=0", ""), "t.s:6:107: found the end of the line, expected ',' and field 'fill'");
  EXPECT_EQ(inLoad("fill=0", "tensor=x"), "t.s:6:109: found 'tensor', expected field 'fill'");
  EXPECT_EQ(inLoad("fill=0", "fill 0"), "t.s:6:114: found '0', expected '='");
  EXPECT_EQ(inStream(kLoad + ", x=3"), "t.s:6:115: found ',', expected the end of the line");
  EXPECT_EQ(inLoad("tensor=x", "tensor=y"), "t.s:6:13: no tensor is called 'y'");
  EXPECT_EQ(inLoad("f32", "f31"), "t.s:6:104: found 'f31', expected one of f32, bf16, f16, i32");
  EXPECT_EQ(inStream(kLoad + " increment(c)"), "t.s:6:126: found 'c', expected a counter, c0 to c255");
  EXPECT_EQ(inStream(kLoad + " after(c0 >= 1, c0 >= 2, c0 >= 3)"),
            "t.s:6:140: found a third wait, expected at most 2: put it in a 'wait' before");
  EXPECT_EQ(inStream(kLoad + " after(c0 < 1)"), "t.s:6:125: found '<', expected '>='");
}

TEST(AssemblerErrors, Operands) {
  EXPECT_EQ(inLoad("fill=0", "fill=x"), "t.s:6:114: found 'x', expected a number");
  EXPECT_EQ(inLoad("fill=0", "fill=1.2.3"), "t.s:6:114: found '1.2.3', expected a number");
  EXPECT_EQ(inLoad("fill=0", "fill=1e99"), "t.s:6:114: '1e99' does not fit 32 bits");
  EXPECT_EQ(inLoad("fill=0", "fill=-0x1"),
            "t.s:6:114: found a sign before the bits of a number, expected none");
  EXPECT_EQ(inLoad("local=0", "local=i8"), "t.s:6:65: found 'i8', expected a loop index, i0 to i7");
  EXPECT_EQ(inLoad("local=0", "local=4*((0) mod 0)"), "t.s:6:65: ring of 0 slots, expected at least 1");
  EXPECT_EQ(inLoad("local=0", "local=9223372036854775808*((0) mod 2)"),
            "t.s:6:65: slot size does not fit 64 bits");
  EXPECT_EQ(inLoad("local=0", "local=4*((0) mod 2) + 4*((0) mod 2)"),
            "t.s:6:83: found a second ring, expected at most one");
  EXPECT_EQ(inLoad("local=0", "local=9223372036854775808"), "t.s:6:65: a sum does not fit 64 bits");
  EXPECT_EQ(inLoad("[0, 0, 0, 0]", "[4*((0) mod 2), 0, 0, 0]"),
            "t.s:6:30: found '(', expected a loop index, i0 to i7");
  EXPECT_EQ(inLoad("[1, 1, 1, 4]", "[min 3, 1, 1, 4]"), "t.s:6:50: found '3', expected '('");
  EXPECT_EQ(inLoad("[0, 0, 0, 1]", "[2147483648, 0, 0, 1]"),
            "t.s:6:81: a number is out of range, expected -2147483648 to 2147483647");
}

TEST(AssemblerErrors, MeaningPointsAtTheLine) {
  EXPECT_EQ(inStream("loop 2\nend_loop\n" + kLoad + " increment(c1)"),
            "t.s:8:1: stream load 0, instruction 2 (load): increments counter c1, but the program has 1");
  EXPECT_EQ(inStream("loop 2"), "t.s:6:1: stream load 0, instruction 0 (loop): loop without an end_loop");
}

// Damaged text: an error, or a program whose own text reads back.
TEST(AssemblerErrors, NoiseInTheText) {
  std::mt19937_64 random(3);
  const std::string sound = disassemble(test::RandomProgram(2).make(5));
  constexpr std::string_view kNoise = "0129-+*()[],=@\"|#ci \n\\xe.\xff";
  size_t accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text = sound;
    for (int change = 0; change < 2; ++change)
      text[random() % text.size()] = kNoise[random() % kNoise.size()];
    try {
      Program program = assemble(text, "noise.s");
      EXPECT_TRUE(assemble(disassemble(program), "again.s") == program);
      ++accepted;
    } catch (const Error &error) {
      EXPECT_EQ(std::string(error.what()).substr(0, 8), "noise.s:") << error.what();
    }
  }
  EXPECT_GT(accepted, 20u);
}

} // namespace
