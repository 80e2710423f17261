// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Damaged program files: every one is refused with one error that names section and offset. Nothing crashes.
#include "RandomProgram.h"
#include "dialects/Isa/Encoding/Sections.h"
#include "dialects/Isa/Encoding/Tables.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <functional>

using namespace arsis;
using namespace arsis::isa;
using Bytes = std::vector<uint8_t>;

namespace {

constexpr size_t kVersionAt = 8, kCountAt = 12, kSchemaAt = 16, kTableAt = 24, kEntrySize = 32,
                 kSections = 14;
constexpr size_t kHeaderCrcAt = kTableAt + kSections * kEntrySize;

std::string decodeError(const Bytes &bytes) {
  try {
    decodeProgram(bytes.data(), bytes.size());
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

void put(Bytes &bytes, size_t at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i)
    bytes[at + i] = uint8_t(value >> (8 * i));
}
void sealHeader(Bytes &bytes) { put(bytes, kHeaderCrcAt, crc32_z(0, bytes.data(), kHeaderCrcAt), 4); }

/// The file with the contents of one section replaced and everything around them made good again.
Bytes withSection(const Bytes &bytes, const std::string &tag, const std::function<void(Bytes &)> &change) {
  std::vector<StoredSection> stored;
  for (const Section &section : splitSections(bytes.data(), bytes.size())) {
    const std::string its = kSectionTags[stored.size()];
    Bytes contents(section.data, section.data + section.size);
    if (its == tag)
      change(contents);
    stored.push_back(storeSection(its, std::move(contents)));
  }
  return joinSections(stored);
}

Bytes sample() {
  static const Bytes bytes = encodeProgram(test::RandomProgram(11).make(6));
  return bytes;
}

/// One stream (load 0) of which the bytes after the instruction count are `instruction`.
std::string streamError(const Bytes &instruction) {
  return decodeError(withSection(encodeProgram(Program()), "strm", [&](Bytes &section) {
    section = {1, 0, 0, 1};
    section.insert(section.end(), instruction.begin(), instruction.end());
  }));
}
std::string inStream(int offset, const std::string &what) {
  return "program file, section strm, offset " + std::to_string(offset) +
         " (stream 0, instruction 0): " + what;
}

TEST(BinaryErrors, EveryTruncationIsRefused) {
  Bytes bytes = sample();
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string error = decodeError(Bytes(bytes.begin(), bytes.begin() + size));
    EXPECT_NE(error.find("program file, section "), std::string::npos) << size << ": " << error;
    EXPECT_NE(error.find("truncated"), std::string::npos) << size << ": " << error;
  }
}

TEST(BinaryErrors, EveryFlippedBitIsRefused) {
  Bytes bytes = sample();
  for (size_t at = 0; at < bytes.size(); ++at) {
    Bytes damaged = bytes;
    damaged[at] ^= uint8_t(1 << (at % 8));
    EXPECT_NE(decodeError(damaged), "no error") << at;
  }
}

TEST(BinaryErrors, Header) {
  Bytes bytes = sample(), damaged = bytes;
  damaged[0] = 'a';
  EXPECT_EQ(decodeError(damaged),
            "program file, section header, offset 0: not an Arsis program: the magic bytes differ");
  damaged = bytes;
  damaged[kVersionAt] = 9;
  EXPECT_EQ(decodeError(damaged), "program file, section header, offset 12: format version 9, expected 6");
  damaged = bytes;
  put(damaged, kSchemaAt, 0x1234, 8);
  EXPECT_NE(decodeError(damaged).find("section header, offset 24: instruction set 0x1234, expected 0x"),
            std::string::npos);
  damaged = bytes;
  damaged[kCountAt] = 3;
  EXPECT_EQ(decodeError(damaged), "program file, section header, offset 24: 3 sections, expected 14");
  damaged = bytes;
  damaged[kTableAt + 5] ^= 1;
  EXPECT_NE(decodeError(damaged).find("checksum differs: the header is corrupted"), std::string::npos);
}

TEST(BinaryErrors, SectionTable) {
  Bytes bytes = sample(), damaged = bytes;
  damaged[kTableAt] = 'x';
  sealHeader(damaged);
  EXPECT_NE(decodeError(damaged).find("(entry of section core): unexpected section tag"), std::string::npos);
  damaged = bytes;
  put(damaged, kTableAt + kEntrySize + 8, 1, 8);
  sealHeader(damaged);
  EXPECT_NE(decodeError(damaged).find("(entry of section exts): section at 1, expected at "),
            std::string::npos);
  damaged = bytes;
  put(damaged, kTableAt + 16, UINT64_MAX, 8);
  sealHeader(damaged);
  EXPECT_NE(
      decodeError(damaged).find("section core, offset 0: truncated: 18446744073709551615 bytes expected"),
      std::string::npos);
  damaged = bytes;
  damaged.back() ^= 1;
  EXPECT_NE(decodeError(damaged).find("section nobs, offset 0: checksum differs: the section is corrupted"),
            std::string::npos);
  damaged = bytes;
  damaged.push_back(0);
  EXPECT_NE(decodeError(damaged).find("file of " + std::to_string(damaged.size()) + " bytes, expected "),
            std::string::npos);
  damaged = withSection(bytes, "reqs", [](Bytes &section) { section.push_back(0); });
  EXPECT_NE(decodeError(damaged).find("section reqs, offset "), std::string::npos);
  EXPECT_NE(decodeError(damaged).find("1 bytes too many"), std::string::npos);
}

TEST(BinaryErrors, Instructions) {
  EXPECT_EQ(streamError({0x7f, 0}), inStream(4, "unknown opcode 127"));
  EXPECT_EQ(streamError({0x80, 0}),
            inStream(4, "unknown opcode 128, which no loaded library brings (--load-plugin loads one)"));
  EXPECT_EQ(streamError({0x03, 3}),
            inStream(5, "instruction flags are 3, expected at most 2 waits and an increment"));
  EXPECT_EQ(streamError({0x03, 8}),
            inStream(5, "instruction flags are 8, expected at most 2 waits and an increment"));
  EXPECT_EQ(streamError({0x03}), inStream(5, "truncated: 1 bytes expected, 0 left"));
  EXPECT_EQ(streamError({0x01, 0, 0x80}), inStream(7, "truncated: 1 bytes expected, 0 left"));
  EXPECT_EQ(streamError({0x01, 0, 0x81, 0x00}), inStream(6, "number not in its shortest form"));
  EXPECT_EQ(streamError({0x01, 0, 0xff, 0xff, 0xff, 0xff, 0x1f}),
            inStream(6, "number is 8589934591, expected at most 4294967295"));
  EXPECT_EQ(streamError({0x01, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}),
            inStream(6, "number longer than 64 bits"));
}

TEST(BinaryErrors, Operands) {
  // A wait: counter, number of terms, base, terms.
  EXPECT_EQ(streamError({0x03, 1, 0, 9, 0}), inStream(9, "9 terms, expected at most 8"));
  std::string loops = "expected ascending loops below 8 and strides that are not zero";
  EXPECT_EQ(streamError({0x03, 1, 0, 1, 0, 8, 2}), inStream(9, "term of loop 8 with stride 1, " + loops));
  EXPECT_EQ(streamError({0x03, 1, 0, 1, 0, 0, 0}), inStream(9, "term of loop 0 with stride 0, " + loops));
  EXPECT_EQ(streamError({0x03, 1, 0, 2, 0, 1, 2, 1, 2}),
            inStream(11, "term of loop 1 with stride 1, " + loops));
  // A load: tensor, four coordinates, four extents, address, four strides, type, fill.
  Bytes start = {0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  auto load = [&](Bytes rest) {
    rest.insert(rest.begin(), start.begin(), start.end());
    return streamError(rest);
  };
  EXPECT_EQ(load({2}), inStream(15, "flag is 2, expected 0 or 1"));
  Bytes extents = {0, 2, 0, 2, 0, 2, 0, 2};
  start.insert(start.end(), extents.begin(), extents.end());
  EXPECT_EQ(load({0x20, 0}), inStream(23, "address flags are 32, expected only ring and stride count"));
  EXPECT_EQ(load({0x10, 0, 2, 0, 0, 0}), inStream(23, "ring of 0 slots, expected at least 1"));
  EXPECT_EQ(load({0x10, 0, 0, 1, 0, 0}), inStream(23, "ring without effect, expected none"));
  EXPECT_EQ(load({0x09, 0}), inStream(25, "9 terms, expected at most 8"));
  EXPECT_EQ(load({0, 0, 0x80, 0x80, 0x80, 0x80, 0x20}),
            inStream(25, "number is 4294967296, expected 32 bits"));
  EXPECT_EQ(load({0, 0, 0, 0, 0, 0, 7}), inStream(29, "ElementType is 7, expected less than 4"));
}

TEST(BinaryErrors, Tables) {
  Bytes empty = encodeProgram(Program());
  auto error = [&](const char *tag, const Bytes &bytes) {
    return decodeError(withSection(empty, tag, [&](Bytes &section) { section = bytes; }));
  };
  EXPECT_EQ(error("core", {0, 200, 1}),
            "program file, section core, offset 1: truncated: 200 elements expected, 0 bytes left");
  EXPECT_EQ(
      error("locn", {1, 5, 'a'}),
      "program file, section locn, offset 1 (location 0): truncated: 5 elements expected, 1 bytes left");
  EXPECT_EQ(error("opts", {2, 1, 'b', 0, 1, 'a', 0}),
            "program file, section opts, offset 4 (option 1): option 'a' is out of order");
  EXPECT_EQ(error("opts", {2, 1, 'a', 0, 1, 'a', 0}),
            "program file, section opts, offset 4 (option 1): option 'a' is out of order");
  EXPECT_EQ(error("reqs", {1, 0, 2, 0}),
            "program file, section reqs, offset 2 (requirement 0): flag is 2, expected 0 or 1");
  EXPECT_EQ(
      error("init", {1, 0, 0, 4, 1, 2}),
      "program file, section init, offset 3 (initial value 0): truncated: 4 elements expected, 2 bytes left");
  EXPECT_EQ(error("init", {1, 0, 3}), "program file, section init, offset 2 (initial value 0): initial value "
                                      "of kind 3, expected less than 3");
  EXPECT_EQ(error("file", {1, 1, 'w', 9, 1, 2}),
            "program file, section file, offset 6 (file 0): truncated: 1 bytes expected, 0 left");
  EXPECT_EQ(error("tens", {1, 1, 'x', 11}),
            "program file, section tens, offset 3 (tensor 0): TensorRole is 11, expected less than 11");
}

TEST(BinaryErrors, Locations) {
  Program program;
  program.streams.push_back({StreamKind::Load, 0, {Instruction(), Instruction()}});
  for (Instruction &instruction : program.streams[0].instructions)
    instruction.body = WaitOnly();
  Bytes bytes = encodeProgram(program);
  auto error = [&](const Bytes &debug) {
    return decodeError(withSection(bytes, "debg", [&](Bytes &section) { section = debug; }));
  };
  std::string where = "program file, section debg, offset ";
  EXPECT_EQ(error({1, 0, 3}), where + "1 (stream load 0): run of 3 instructions, expected 1 to 2");
  EXPECT_EQ(error({1, 0, 0}), where + "1 (stream load 0): run of 0 instructions, expected 1 to 2");
  EXPECT_EQ(error({2, 0, 1, 0, 1}), where + "3 (stream load 0): run repeats the location of the run before");
  EXPECT_EQ(error({1, 0, 1}), where + "3 (stream load 0): locations of 1 instructions, expected 2");
}

TEST(BinaryErrors, Writer) {
  auto error = [](Instruction instruction) -> std::string {
    try {
      encodedSize(instruction);
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  };
  Instruction instruction;
  instruction.body = WaitOnly();
  instruction.waitCount = 3;
  EXPECT_EQ(error(instruction), "instruction with 3 waits, expected at most 2");
  instruction.waitCount = 1;
  instruction.waits[0].value.terms = {Term{1, 1}, Term{0, 1}};
  EXPECT_EQ(error(instruction),
            "terms of an affine value are not canonical: loop 0 with stride 1 after loop 1");
  Drain drain;
  drain.acc.slots = 0;
  instruction = Instruction();
  instruction.body = drain;
  EXPECT_EQ(error(instruction), "address with a ring of 0 slots, expected at least 1");
}

TEST(BinaryErrors, Files) {
  std::string folder = testing::TempDir();
  auto error = [](const std::function<void()> &action) -> std::string {
    try {
      action();
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error([&] { readProgramFile(folder + "/no/such/file"); }),
            folder + "/no/such/file: cannot read the file: No such file or directory");
  EXPECT_EQ(error([&] { writeProgramFile(folder + "/no/such/file", Program()); }),
            folder + "/no/such/file: cannot write the file: No such file or directory");
  Program broken;
  broken.counterStream = {4};
  std::string path = folder + "/broken.arsis";
  writeProgramFile(path, broken);
  EXPECT_EQ(error([&] { readProgramFile(path); }),
            path + ": counter c0 belongs to stream 4, but the program has 0");
  std::filesystem::remove(path);
}

// Sections of noise under good checksums: an error, or a program that encodes to the same bytes.
TEST(BinaryErrors, NoiseUnderGoodChecksums) {
  std::mt19937_64 random(5);
  size_t accepted = 0;
  const char *tags[] = {"core", "exts", "strm", "debg", "tens", "locn", "reqs",
                        "plac", "file", "init", "opts", "nobs", "vrdt"};
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes = withSection(sample(), tags[random() % std::size(tags)], [&](Bytes &section) {
      for (int change = 0; change < 3 && !section.empty(); ++change) {
        size_t at = random() % section.size();
        switch (random() % 3) {
        case 0:
          section[at] = uint8_t(random());
          break;
        case 1:
          section.erase(section.begin() + std::ptrdiff_t(at));
          break;
        default:
          section.insert(section.begin() + std::ptrdiff_t(at), uint8_t(random()));
        }
      }
    });
    try {
      Program program = decodeProgram(bytes.data(), bytes.size());
      EXPECT_EQ(encodeProgram(program), bytes);
      ++accepted;
      validateProgram(program);
      EXPECT_TRUE(assemble(disassemble(program), "noise.s") == program);
    } catch (const Error &) {
    }
  }
  EXPECT_GT(accepted, 100u);
}

} // namespace
