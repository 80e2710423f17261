// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program file: header, section table, sections. docs/isa.md describes the bytes.
#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Encoding/Tables.h"

#include <zlib.h>

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace arsis::isa {

constexpr size_t kTagSize = 4;
constexpr size_t kTableEntrySize = kTagSize + 4 + 8 + 8;
constexpr const char *kTags[] = {
#define ARSIS_X(TAG, FUNCTION) TAG,
    ARSIS_PROGRAM_SECTIONS(ARSIS_X)
#undef ARSIS_X
};
constexpr size_t kSectionCount = std::size(kTags);
constexpr size_t kHeaderSize = sizeof kMagic + 4 + 4 + 8 + kSectionCount * kTableEntrySize + 4;

static uint32_t checksum(const uint8_t *data, size_t size) { return uint32_t(crc32_z(0, data, size)); }

static std::string hex(uint64_t value) {
  std::ostringstream out;
  out << "0x" << std::hex << value;
  return out.str();
}

void transferDebug(ByteWriter &out, const Program &program) {
  for (const Stream &stream : program.streams) {
    std::vector<std::pair<uint32_t, uint64_t>> runs;
    for (const Instruction &instruction : stream.instructions) {
      if (runs.empty() || runs.back().first != instruction.location)
        runs.push_back({instruction.location, 0});
      ++runs.back().second;
    }
    out.unsignedNumber(runs.size());
    for (auto [location, length] : runs) {
      out(location);
      out(length);
    }
  }
}

void transferDebug(ByteReader &in, Program &program) {
  for (size_t s = 0; s < program.streams.size(); ++s) {
    std::vector<Instruction> &instructions = program.streams[s].instructions;
    in.item = "stream " + streamName(program.streams[s]);
    size_t next = 0, runs = in.count();
    for (size_t run = 0; run < runs; ++run) {
      size_t start = in.offset;
      uint32_t location;
      uint64_t length;
      in(location);
      in(length);
      if (length == 0 || length > instructions.size() - next)
        in.failAt(start, "run of " + std::to_string(length) + " instructions, expected 1 to " +
                             std::to_string(instructions.size() - next));
      if (next > 0 && instructions[next - 1].location == location)
        in.failAt(start, "run repeats the location of the run before");
      for (uint64_t i = 0; i < length; ++i)
        instructions[next++].location = location;
    }
    if (next != instructions.size())
      in.fail("locations of " + std::to_string(next) + " instructions, expected " +
              std::to_string(instructions.size()));
  }
  in.item.clear();
}

std::vector<uint8_t> encodeProgram(const Program &program) {
  std::vector<ByteWriter> sections(kSectionCount);
  size_t next = 0;
#define ARSIS_X(TAG, FUNCTION) FUNCTION(sections[next++], program);
  ARSIS_PROGRAM_SECTIONS(ARSIS_X)
#undef ARSIS_X
  ByteWriter out;
  out.raw(kMagic, sizeof kMagic);
  out.fixed(kFormatVersion);
  out.fixed(uint32_t(kSectionCount));
  out.fixed(kSchemaHash);
  uint64_t offset = kHeaderSize;
  for (size_t i = 0; i < kSectionCount; ++i) {
    const std::vector<uint8_t> &bytes = sections[i].bytes;
    out.raw(kTags[i], kTagSize);
    out.fixed(checksum(bytes.data(), bytes.size()));
    out.fixed(offset);
    out.fixed(uint64_t(bytes.size()));
    offset += bytes.size();
  }
  out.fixed(checksum(out.bytes.data(), out.bytes.size()));
  for (const ByteWriter &section : sections)
    out.raw(section.bytes.data(), section.bytes.size());
  return std::move(out.bytes);
}

Program decodeProgram(const uint8_t *data, size_t size) {
  ByteReader header(data, size, "header");
  if (!std::equal(kMagic, kMagic + sizeof kMagic, header.raw(sizeof kMagic)))
    header.failAt(0, "not an Arsis program: the magic bytes differ");
  if (uint32_t version = header.fixed<uint32_t>(); version != kFormatVersion)
    header.fail("format version " + std::to_string(version) + ", expected " + std::to_string(kFormatVersion));
  uint32_t sectionCount = header.fixed<uint32_t>();
  if (uint64_t schema = header.fixed<uint64_t>(); schema != kSchemaHash)
    header.fail("instruction set " + hex(schema) + ", expected " + hex(kSchemaHash) +
                ": the program was made for another description");
  if (sectionCount != kSectionCount)
    header.fail(std::to_string(sectionCount) + " sections, expected " + std::to_string(kSectionCount));
  header.raw(kSectionCount * kTableEntrySize);
  uint32_t expected = checksum(data, header.offset);
  if (header.fixed<uint32_t>() != expected)
    header.fail("checksum differs: the header is corrupted");

  ByteReader table(data, kHeaderSize, "header");
  table.offset = sizeof kMagic + 4 + 4 + 8;
  Program program;
  std::vector<uint8_t> externals; // as listed
  uint64_t next = kHeaderSize;
  auto open = [&](const char *tag) {
    table.item = std::string("entry of section ") + tag;
    if (!std::equal(tag, tag + kTagSize, table.raw(kTagSize)))
      table.fail("unexpected section tag");
    uint32_t crc = table.fixed<uint32_t>();
    uint64_t offset = table.fixed<uint64_t>(), length = table.fixed<uint64_t>();
    if (offset != next)
      table.fail("section at " + std::to_string(offset) + ", expected at " + std::to_string(next));
    ByteReader section(data + std::min<uint64_t>(next, size), size_t(size - std::min<uint64_t>(next, size)),
                       tag);
    if (length > section.left())
      section.fail("truncated: " + std::to_string(length) + " bytes expected, " +
                   std::to_string(section.left()) + " left");
    if (checksum(data + offset, length) != crc)
      section.fail("checksum differs: the section is corrupted");
    next += length;
    return ByteReader(data + offset, length, tag);
  };
  auto close = [](const ByteReader &section) {
    if (section.left())
      section.fail(std::to_string(section.left()) + " bytes too many");
  };
#define ARSIS_X(TAG, FUNCTION)                                                                               \
  {                                                                                                          \
    ByteReader section = open(TAG);                                                                          \
    if (std::string_view(TAG) == "exts")                                                                     \
      externals.assign(data + next - section.left(), data + next);                                           \
    FUNCTION(section, program);                                                                              \
    close(section);                                                                                          \
  }
  ARSIS_PROGRAM_SECTIONS(ARSIS_X)
#undef ARSIS_X
  ByteWriter used;
  transferExternals(used, program);
  if (used.bytes != externals)
    ByteReader(data, size, "exts").fail("lists other instructions than the streams use, or in another order");
  if (next != size)
    table.fail("file of " + std::to_string(size) + " bytes, expected " + std::to_string(next));
  return program;
}

void writeProgramFile(const std::string &path, const Program &program) {
  const std::vector<uint8_t> bytes = encodeProgram(program);
  writeFile(path, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

Program readProgramFile(const std::string &path) {
  const std::string bytes = readFile(path);
  try {
    Program program = decodeProgram(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
    validateProgram(program);
    return program;
  } catch (const Error &error) {
    throw Error(path + ": " + error.what());
  }
}

} // namespace arsis::isa
