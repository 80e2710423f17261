// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Program files. As it is, an input is refused at the latest at a checksum; so it is also read as sections
// one after another, each behind its tag (see sections.py), and header, lengths and checksums are made here.
#include "dialects/Isa/Encoding/Tables.h"
#include "tests/fuzz/Harness.h"

#include <zlib.h>

using namespace arsis;

/// The sections of `body` as a file. A tag that does not occur behind the one before it stands for no bytes.
static std::vector<uint8_t> makeFile(const std::string &body) {
  constexpr const char *kTags[] = {
#define ARSIS_X(TAG, FUNCTION) TAG,
      ARSIS_PROGRAM_SECTIONS(ARSIS_X)
#undef ARSIS_X
  };
  constexpr size_t kCount = std::size(kTags), kTagSize = 4;
  std::string sections[kCount];
  for (size_t i = 0, open = kCount, begin = 0, at = 0; i <= kCount; ++i) {
    const size_t found = i < kCount ? body.find(kTags[i], at) : body.size();
    if (found == std::string::npos)
      continue;
    if (open < kCount)
      sections[open] = body.substr(begin, found - begin);
    open = i;
    begin = at = found + kTagSize;
  }
  isa::ByteWriter out;
  out.raw(isa::kMagic, sizeof isa::kMagic);
  out.fixed(isa::kFormatVersion);
  out.fixed(uint32_t(kCount));
  out.fixed(isa::kSchemaHash);
  auto checksum = [](const void *bytes, size_t size) {
    return uint32_t(crc32_z(0, static_cast<const uint8_t *>(bytes), size));
  };
  uint64_t offset = out.bytes.size() + kCount * (kTagSize + 4 + 8 + 8) + 4;
  for (size_t i = 0; i < kCount; ++i) {
    out.raw(kTags[i], kTagSize);
    out.fixed(checksum(sections[i].data(), sections[i].size()));
    out.fixed(offset);
    out.fixed(uint64_t(sections[i].size()));
    offset += sections[i].size();
  }
  out.fixed(checksum(out.bytes.data(), out.bytes.size()));
  for (const std::string &section : sections)
    out.raw(section.data(), section.size());
  return std::move(out.bytes);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::answered([&] {
    isa::validateProgram(isa::decodeProgram(data, size));
    fuzz::acceptInput();
  });
  fuzz::answered([&] {
    const std::vector<uint8_t> file = makeFile({reinterpret_cast<const char *>(data), size});
    const isa::Program program = isa::decodeProgram(file.data(), file.size());
    if (isa::encodeProgram(program) != file)
      fuzz::fail("a file that decodes is the one that its program encodes to");
    isa::validateProgram(program);
    fuzz::acceptInput();
    fuzz::verifyAndRun(program, fuzz::tinyChip());
  });
  return 0;
}
