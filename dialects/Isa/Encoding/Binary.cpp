// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program to the sections of its file and back. docs/isa.md describes the bytes.
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Encoding/Sections.h"
#include "dialects/Isa/Encoding/Tables.h"

namespace arsis::isa {

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

void transferInitialValue(ByteWriter &out, const InitialValue &value) {
  out(uint8_t(value.index()));
  if (const auto *bytes = std::get_if<std::vector<uint8_t>>(&value)) {
    out.unsignedNumber(bytes->size());
    out.raw(bytes->data(), bytes->size());
  } else if (const auto *splat = std::get_if<Splat>(&value)) {
    out(splat->bits);
  } else {
    out(std::get<FileRange>(value).file);
    out(std::get<FileRange>(value).offset);
  }
}

void transferInitialValue(ByteReader &in, InitialValue &value) {
  const size_t start = in.offset;
  uint8_t kind;
  in(kind);
  switch (kind) {
  case 0: {
    const size_t count = in.count();
    const uint8_t *bytes = in.raw(count);
    value.emplace<0>(bytes, bytes + count);
    break;
  }
  case 1:
    in(value.emplace<Splat>().bits);
    break;
  case 2:
    in(value.emplace<FileRange>().file);
    in(std::get<FileRange>(value).offset);
    break;
  default:
    in.failAt(start, "initial value of kind " + std::to_string(kind) + ", expected less than " +
                         std::to_string(std::variant_size_v<InitialValue>));
  }
}

std::vector<uint8_t> encodeProgram(const Program &program) {
  std::vector<StoredSection> sections;
#define ARSIS_X(TAG, FUNCTION)                                                                               \
  {                                                                                                          \
    ByteWriter contents;                                                                                     \
    FUNCTION(contents, program);                                                                             \
    sections.push_back(storeSection(TAG, std::move(contents.bytes)));                                        \
  }
  ARSIS_PROGRAM_SECTIONS(ARSIS_X)
#undef ARSIS_X
  return joinSections(sections);
}

Program decodeProgram(const uint8_t *data, size_t size) {
  const std::vector<Section> sections = splitSections(data, size);
  Program program;
  auto section = sections.begin();
  std::vector<uint8_t> externals; // as listed
#define ARSIS_X(TAG, FUNCTION)                                                                               \
  {                                                                                                          \
    ByteReader reader(section->data, section->size, TAG);                                                    \
    if (std::string_view(TAG) == "exts")                                                                     \
      externals.assign(section->data, section->data + section->size);                                        \
    FUNCTION(reader, program);                                                                               \
    if (reader.left())                                                                                       \
      reader.fail(std::to_string(reader.left()) + " bytes too many");                                        \
    ++section;                                                                                               \
  }
  ARSIS_PROGRAM_SECTIONS(ARSIS_X)
#undef ARSIS_X
  ByteWriter used;
  transferExternals(used, program);
  if (used.bytes != externals)
    ByteReader(data, size, "exts").fail("lists other instructions than the streams use, or in another order");
  return program;
}

void writeProgramFile(const std::string &path, const Program &program) {
  const std::string folder = folderOf(path);
  std::vector<uint8_t> bytes;
  if (program.files.empty() || folder == program.folder) {
    bytes = encodeProgram(program);
  } else {
    Program moved = program;
    nameFilesFrom(moved, folder);
    bytes = encodeProgram(moved);
  }
  writeFile(path, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

Program readProgramFile(const std::string &path) {
  const std::string bytes = readFile(path);
  try {
    Program program = decodeProgram(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
    validateProgram(program);
    program.folder = folderOf(path);
    return program;
  } catch (const Error &error) {
    throw ProgramError(path + ": " + error.what());
  }
}

} // namespace arsis::isa
