// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Program files. As it is, an input is refused at the latest at a checksum; so it is also read as sections
// one after another, each behind its tag (see sections.py), and header, lengths, checksums and packing are
// made here; and as packed bytes.
#include "dialects/Isa/Encoding/Sections.h"
#include "dialects/Isa/Encoding/Tables.h"
#include "tests/fuzz/Harness.h"

using namespace arsis;

/// The sections of `body` as a file. A tag that does not occur behind the one before it stands for no bytes.
static std::vector<uint8_t> makeFile(const std::string &body) {
  constexpr size_t kTagSize = 4;
  std::vector<isa::StoredSection> sections(isa::kSectionCount);
  for (size_t i = 0, open = isa::kSectionCount, begin = 0, at = 0; i <= isa::kSectionCount; ++i) {
    const size_t found = i < isa::kSectionCount ? body.find(isa::kSectionTags[i], at) : body.size();
    if (found == std::string::npos)
      continue;
    if (open < isa::kSectionCount)
      sections[open] = isa::storeSection(
          isa::kSectionTags[open],
          std::vector<uint8_t>(body.begin() + std::ptrdiff_t(begin), body.begin() + std::ptrdiff_t(found)));
    open = i;
    begin = at = found + kTagSize;
  }
  return isa::joinSections(sections);
}

/// A file in which the module is these bytes, packed ones that claim to be as many as the first two say.
static std::vector<uint8_t> packedModule(const uint8_t *data, size_t size) {
  std::vector<isa::StoredSection> sections(isa::kSectionCount);
  for (size_t i = 0; i < isa::kSectionCount; ++i)
    if (std::string(isa::kSectionTags[i]) == "nnmd" && size >= 2)
      sections[i] = {std::vector<uint8_t>(data + 2, data + size), uint64_t(data[0] | data[1] << 8)};
  return isa::joinSections(sections);
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
  fuzz::answered([&] {
    const std::vector<uint8_t> file = packedModule(data, size);
    isa::splitSections(file.data(), file.size());
  });
  return 0;
}
