// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Sections.h.
#include "dialects/Isa/Encoding/Sections.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Tables.h"

#include <zlib.h>

#include <algorithm>
#include <sstream>

namespace arsis::isa {
namespace {

constexpr size_t kTagSize = 4;
constexpr size_t kTableBegin = sizeof kMagic + 4 + 4 + 8;
constexpr size_t kTableEntrySize = kTagSize + 4 + 8 + 8 + 8;
constexpr size_t kHeaderSize = kTableBegin + kSectionCount * kTableEntrySize + 4;
/// Deflate expands at most 1032 to 1, so a section that claims more is damaged: what is allocated for it
/// stays in proportion to the file.
constexpr uint64_t kMostDeflateRatio = 1100;

uint32_t checksum(const uint8_t *data, size_t size) { return uint32_t(crc32_z(0, data, size)); }

std::string hex(uint64_t value) {
  std::ostringstream out;
  out << "0x" << std::hex << value;
  return out.str();
}

struct TableEntry {
  uint32_t crc;
  uint64_t offset, sizeInFile, size;
};

TableEntry readEntry(ByteReader &table, const char *tag) {
  table.item = std::string("entry of section ") + tag;
  if (!std::equal(tag, tag + kTagSize, table.raw(kTagSize)))
    table.fail("unexpected section tag");
  TableEntry entry;
  entry.crc = table.fixed<uint32_t>();
  entry.offset = table.fixed<uint64_t>();
  entry.sizeInFile = table.fixed<uint64_t>();
  entry.size = table.fixed<uint64_t>();
  return entry;
}

void unpack(Section &section, const TableEntry &entry, const char *tag) {
  const ByteReader reader(section.data, section.size, tag);
  if (entry.size > kLargestPackedSection)
    reader.fail("unpacks to " + std::to_string(entry.size) + " bytes, expected at most " +
                std::to_string(kLargestPackedSection));
  if (entry.size / kMostDeflateRatio > entry.sizeInFile)
    reader.fail("claims to unpack " + std::to_string(entry.sizeInFile) + " bytes to " +
                std::to_string(entry.size) + ", which no packing can");
  section.unpacked.resize(entry.size);
  uLongf unpackedSize = entry.size;
  uLong packedSize = entry.sizeInFile;
  const int status = uncompress2(section.unpacked.data(), &unpackedSize, section.data, &packedSize);
  if (status == Z_MEM_ERROR)
    throw std::bad_alloc();
  if (status != Z_OK || unpackedSize != entry.size || packedSize != entry.sizeInFile)
    reader.fail("its packed bytes are damaged, expected a zlib stream of " + std::to_string(entry.size) +
                " bytes");
  section.data = section.unpacked.data();
  section.size = section.unpacked.size();
}

/// Checks the header and returns a reader at its section table.
ByteReader readHeader(const uint8_t *data, size_t size) {
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
  table.offset = kTableBegin;
  return table;
}

} // namespace

StoredSection storeSection(const std::string &tag, std::vector<uint8_t> contents) {
  const size_t size = contents.size();
  StoredSection stored{std::move(contents), size};
  if (tag == "strm" || tag == "init" || size < kLeastPackedSection || size > kLargestPackedSection)
    return stored;
  uLongf packedSize = compressBound(size);
  std::vector<uint8_t> packed(packedSize);
  if (compress(packed.data(), &packedSize, stored.bytes.data(), size) != Z_OK)
    throw std::bad_alloc(); // the only thing that can fail
  if (packedSize < size) {
    packed.resize(packedSize);
    stored.bytes = std::move(packed);
  }
  return stored;
}

std::vector<uint8_t> joinSections(const std::vector<StoredSection> &sections) {
  ByteWriter out;
  out.raw(kMagic, sizeof kMagic);
  out.fixed(kFormatVersion);
  out.fixed(uint32_t(kSectionCount));
  out.fixed(kSchemaHash);
  uint64_t offset = kHeaderSize;
  for (size_t i = 0; i < kSectionCount; ++i) {
    const std::vector<uint8_t> &bytes = sections[i].bytes;
    out.raw(kSectionTags[i], kTagSize);
    out.fixed(checksum(bytes.data(), bytes.size()));
    out.fixed(offset);
    out.fixed(uint64_t(bytes.size()));
    out.fixed(sections[i].contentsSize);
    offset += bytes.size();
  }
  out.fixed(checksum(out.bytes.data(), out.bytes.size()));
  out.bytes.reserve(offset);
  for (const StoredSection &section : sections)
    out.raw(section.bytes.data(), section.bytes.size());
  return std::move(out.bytes);
}

std::vector<Section> splitSections(const uint8_t *data, size_t size) {
  ByteReader table = readHeader(data, size);
  std::vector<Section> sections;
  uint64_t next = kHeaderSize;
  for (const char *tag : kSectionTags) {
    const TableEntry entry = readEntry(table, tag);
    if (entry.offset != next)
      table.fail("section at " + std::to_string(entry.offset) + ", expected at " + std::to_string(next));
    Section section{data + next, size - next, 0, {}}; // the section before ends within the file
    ByteReader rest(section.data, section.size, tag);
    if (entry.sizeInFile > rest.left())
      rest.fail("truncated: " + std::to_string(entry.sizeInFile) + " bytes expected, " +
                std::to_string(rest.left()) + " left");
    if (checksum(section.data, entry.sizeInFile) != entry.crc)
      rest.fail("checksum differs: the section is corrupted");
    section.size = section.sizeInFile = entry.sizeInFile;
    if (entry.size != entry.sizeInFile)
      unpack(section, entry, tag);
    next += entry.sizeInFile;
    sections.push_back(std::move(section));
  }
  if (next != size)
    table.fail("file of " + std::to_string(size) + " bytes, expected " + std::to_string(next));
  return sections;
}

} // namespace arsis::isa
