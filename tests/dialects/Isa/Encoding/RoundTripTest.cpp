// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Binary and text keep every bit of a program, whether written by hand or at random.
#include "RandomProgram.h"
#include "tests/SourceFolder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using namespace arsis;
using namespace arsis::isa;

namespace {

constexpr uint64_t kSeeds = 100;
const std::string kFolder = arsis::sourceFolder() + "tests/dialects/Isa/Encoding/";

std::string readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Program roundTripBinary(const Program &program) {
  std::vector<uint8_t> bytes = encodeProgram(program);
  Program decoded = decodeProgram(bytes.data(), bytes.size());
  EXPECT_EQ(encodeProgram(decoded), bytes);
  return decoded;
}

TEST(RoundTrip, EmptyProgram) {
  EXPECT_TRUE(roundTripBinary(Program()) == Program());
  EXPECT_TRUE(assemble(disassemble(Program()), "empty.s") == Program());
}

TEST(RoundTrip, RandomProgramsThroughBinary) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Program program = test::RandomProgram(seed).make();
    validateProgram(program);
    EXPECT_TRUE(roundTripBinary(program) == program) << "seed " << seed;
  }
}

TEST(RoundTrip, RandomProgramsThroughText) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Program program = test::RandomProgram(seed).make();
    std::string text = disassemble(program);
    Program assembled = assemble(text, "random.s");
    EXPECT_EQ(encodeProgram(assembled), encodeProgram(program)) << "seed " << seed;
    EXPECT_TRUE(assembled == program) << "seed " << seed;
    EXPECT_EQ(disassemble(assembled), text) << "seed " << seed;
  }
}

TEST(RoundTrip, RandomProgramsUseEveryInstruction) {
  std::set<size_t> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed)
    for (const Stream &stream : test::RandomProgram(seed).make().streams)
      for (const Instruction &instruction : stream.instructions)
        seen.insert(instruction.body.index());
  EXPECT_EQ(seen.size(), std::variant_size_v<Body>);
}

TEST(RoundTrip, ConvolutionByHand) {
  Program program = assemble(readFile(kFolder + "conv.arsis.s"), "conv.arsis.s");
  EXPECT_TRUE(roundTripBinary(program) == program);
  EXPECT_TRUE(assemble(disassemble(program), "again.s") == program);
  ASSERT_EQ(program.streams.size(), 4u);
  const auto &multiply = std::get<Multiply>(program.streams[1].instructions[5].body);
  int64_t index[kMaxLoopDepth] = {2, 1, 2};
  EXPECT_EQ(multiply.mCount[1].evaluate(index), 1);
  EXPECT_EQ(multiply.source.evaluate(index), 1152 + 128 + 32);
  EXPECT_EQ(multiply.bank.evaluate(index), 18 + 5);
}

TEST(RoundTrip, FloatsKeepTheirBits) {
  for (uint32_t bits : {0u, 0x80000000u, 1u, 0x807fffffu, 0x7f7fffffu, 0x7f800000u, 0xff800000u, 0x7fc00000u,
                        0xffc12345u, 0x7f800001u, 0x3dcccccdu}) {
    Load load;
    std::memcpy(&load.fill, &bits, sizeof bits);
    Program program;
    program.tensors.emplace_back().name = "x";
    program.dramBytes = 4;
    program.streams.push_back({StreamKind::Load, 0, {Instruction()}});
    program.streams[0].instructions[0].body = load;
    EXPECT_TRUE(assemble(disassemble(program), "float.s") == program) << std::hex << bits;
    EXPECT_TRUE(roundTripBinary(program) == program) << std::hex << bits;
  }
}

TEST(RoundTrip, LargestNumbers) {
  Program program;
  program.streams.push_back({StreamKind::Matrix, 255, {Instruction()}});
  LoadWeights body;
  body.bank = Affine((int64_t(1) << 40));
  body.source.base = -(int64_t(1) << 40);
  body.kCount[0] = Extent(int64_t(1) << 31);
  body.nStride = INT32_MIN;
  program.streams[0].instructions[0].body = body;
  EXPECT_TRUE(roundTripBinary(program) == program);
  EXPECT_TRUE(assemble(disassemble(program), "large.s") == program);
}

TEST(RoundTrip, Files) {
  std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "isa_round_trip";
  std::filesystem::create_directories(folder);
  for (uint64_t seed : {7, 8, 9}) {
    Program program = test::RandomProgram(seed).make();
    program.folder = folder.string();
    writeProgramFile((folder / "p.arsis").string(), program);
    EXPECT_TRUE(readProgramFile((folder / "p.arsis").string()) == program) << seed;
  }
  std::filesystem::remove_all(folder);
}

TEST(RoundTrip, RandomProgramsUseEveryKindOfInitialValue) {
  std::set<size_t> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed)
    for (const Initial &initial : test::RandomProgram(seed).make().initials)
      seen.insert(initial.value.index());
  EXPECT_EQ(seen.size(), std::variant_size_v<InitialValue>);
}

TEST(RoundTrip, SumsMayBeWrittenInAnyOrder) {
  auto address = [](const std::string &text) {
    Program program =
        assemble("arsis 1\ndram 4\ntensor x input f32 [1, 1, 1, 1] at 0\nstream store 0\nloop 2\nloop 2\n"
                 "store localType=f32, box=[1, 1, 1, 1], localStride=[0, 0, 0, 1], coordinate=[0, 0, 0, 0], "
                 "tensor=x, local=" +
                     text + "\nend_loop\nend_loop",
                 "sum.s");
    return std::get<Store>(program.streams[0].instructions[2].body).local;
  };
  Address expected(7);
  expected.slots = 3;
  expected.slotSize = 0x40;
  expected.slot = Affine(1, {Term{0, -1}});
  addTerm(expected.strides, 1, 5);
  EXPECT_EQ(address("7 + 64*((1 - i0) mod 3) + 5*i1"), expected);
  EXPECT_EQ(address("i1*2 + 0x40*((-i0 + 1) mod 3) + 10 + 3*i1 - 3 + i0 - i0"), expected);
}

TEST(EncodedSize, AddsUpToTheStreamSection) {
  Program program = test::RandomProgram(3).make();
  size_t streams = 1; // the number of streams
  for (const Stream &stream : program.streams) {
    streams += 2 + 1; // kind and index, the number of instructions
    ASSERT_LT(stream.instructions.size(), 128u);
    for (const Instruction &instruction : stream.instructions)
      streams += encodedSize(instruction);
  }
  EXPECT_NE(dumpProgram(program).find("strm" + std::string(12 - std::to_string(streams).size(), ' ') +
                                      std::to_string(streams)),
            std::string::npos)
      << dumpProgram(program);
}

TEST(Dump, CountsInstancesAndBytes) {
  std::string dump = dumpProgram(assemble(readFile(kFolder + "conv.arsis.s"), "conv.arsis.s"));
  EXPECT_NE(dump.find("matrix 0: 9 instructions"), std::string::npos);
  EXPECT_NE(dump.find("57 instances"), std::string::npos);
  EXPECT_NE(dump.find("matrix.rows >= 4"), std::string::npos);
}

TEST(Manual, ItsExampleAssembles) {
  std::string manual = readFile(arsis::sourceFolder() + "docs/isa.md");
  size_t begin = manual.find("    arsis 1\n");
  ASSERT_NE(begin, std::string::npos);
  size_t end = manual.find("\n\n", begin);
  Program program = assemble(manual.substr(begin, end - begin), "docs/isa.md");
  EXPECT_EQ(program.streams.size(), 1u);
  EXPECT_EQ(program.streams[0].instructions.size(), 3u);
}

} // namespace
