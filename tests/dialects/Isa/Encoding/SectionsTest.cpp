// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packed sections: smaller in the file, the same to every reader, and refused where they lie.
#include "dialects/Isa/Encoding/Sections.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Tables.h"

#include <gtest/gtest.h>
#include <zlib.h>

using namespace arsis;
using namespace arsis::isa;
using Bytes = std::vector<uint8_t>;

namespace {

/// A text that packs well and is not the same everywhere.
std::string longText() {
  std::string text;
  for (int i = 0; text.size() < 100000; ++i)
    text += "nn.relu %" + std::to_string(i) + " loc(fused<\"fwd\">[\"layer1\"])\n";
  return text;
}

Bytes packed(const std::string &text) {
  uLongf size = compressBound(text.size());
  Bytes bytes(size);
  EXPECT_EQ(compress(bytes.data(), &size, reinterpret_cast<const uint8_t *>(text.data()), text.size()), Z_OK);
  bytes.resize(size);
  return bytes;
}

/// A file whose module is stored as given, all other sections empty.
Bytes fileWith(const StoredSection &module) {
  std::vector<StoredSection> sections(kSectionCount);
  for (size_t i = 0; i < kSectionCount; ++i)
    if (kSectionTags[i] == std::string("nnmd"))
      sections[i] = module;
  return joinSections(sections);
}

std::string errorOf(const Bytes &bytes, uint64_t size) {
  const Bytes file = fileWith({bytes, size});
  try {
    splitSections(file.data(), file.size());
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

std::string damaged(uint64_t size) {
  return "program file, section nnmd, offset 0: its packed bytes are damaged, expected a zlib stream of " +
         std::to_string(size) + " bytes";
}

TEST(Sections, AModuleIsPackedAndReadsBackTheSame) {
  Program program;
  program.nnModule = longText();
  const Bytes file = encodeProgram(program);
  EXPECT_LT(file.size(), program.nnModule.size() / 4);
  EXPECT_TRUE(decodeProgram(file.data(), file.size()) == program);
  for (const Section &section : splitSections(file.data(), file.size()))
    EXPECT_LE(section.sizeInFile, section.size);
}

TEST(Sections, InstructionsAndInitialValuesAndSmallSectionsStayAsTheyAre) {
  const Bytes zeros(1 << 16);
  for (const char *tag : {"strm", "init"})
    EXPECT_EQ(storeSection(tag, zeros).bytes, zeros) << tag;
  EXPECT_LT(storeSection("tens", zeros).bytes.size(), zeros.size());
  const Bytes small(kLeastPackedSection - 1);
  EXPECT_EQ(storeSection("tens", small).bytes, small);
}

TEST(Sections, WhatDoesNotPackIsStored) {
  Bytes noise(1 << 14);
  uint32_t state = 1;
  for (uint8_t &byte : noise)
    byte = uint8_t((state = state * 1664525 + 1013904223) >> 24);
  const StoredSection stored = storeSection("nnmd", noise);
  EXPECT_EQ(stored.bytes, noise);
  EXPECT_EQ(stored.contentsSize, noise.size());
}

TEST(Sections, APackedSectionGivesItsContents) {
  const std::string text = longText();
  const Bytes file = fileWith({packed(text), text.size()});
  for (const Section &section : splitSections(file.data(), file.size()))
    if (section.size)
      EXPECT_EQ(std::string(section.data, section.data + section.size), text);
}

TEST(Sections, EveryTruncationAndEveryChangeOfPackedBytesIsRefused) {
  const std::string text = longText();
  const Bytes bytes = packed(text);
  for (size_t size = 0; size < bytes.size(); size += 1 + size / 9)
    EXPECT_NE(errorOf(Bytes(bytes.begin(), bytes.begin() + std::ptrdiff_t(size)), text.size()), "no error")
        << size;
  for (size_t at = 0; at < bytes.size(); at += 1 + at / 9) {
    Bytes changed = bytes;
    changed[at] ^= uint8_t(1 << (at % 8));
    EXPECT_EQ(errorOf(changed, text.size()), damaged(text.size())) << at;
  }
}

TEST(Sections, ASizeThatIsNotThatOfTheContentsIsRefused) {
  const std::string text = longText();
  const Bytes bytes = packed(text);
  for (uint64_t size : {uint64_t(0), uint64_t(text.size() - 1), uint64_t(text.size() + 1)})
    EXPECT_EQ(errorOf(bytes, size), damaged(size));
  Bytes more = bytes;
  more.push_back(0);
  EXPECT_EQ(errorOf(more, text.size()), damaged(text.size()));
}

TEST(Sections, ABombIsRefusedBeforeAnythingIsAllocated) {
  const uint64_t most = kLargestPackedSection;
  EXPECT_EQ(errorOf(Bytes(1000), most + 1),
            "program file, section nnmd, offset 0: unpacks to 268435457 bytes, "
            "expected at most 268435456");
  EXPECT_EQ(errorOf(Bytes(1000), UINT64_MAX), "program file, section nnmd, offset 0: unpacks to "
                                              "18446744073709551615 bytes, expected at most 268435456");
  EXPECT_EQ(errorOf(Bytes(1000), most),
            "program file, section nnmd, offset 0: claims to unpack 1000 bytes to "
            "268435456, which no packing can");
}

} // namespace
