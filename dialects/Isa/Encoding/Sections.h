// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program file as a container: header, section table, sections with checksums, each stored as it is or
// packed. What a section holds is the business of Tables.h. docs/isa.md describes the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace arsis::isa {

constexpr uint8_t kMagic[8] = {'A', 'R', 'S', 'I', 'S', 0x1a, '\r', '\n'};

/// Smaller sections are not packed: a program of that size fits a block of the disk as it is.
constexpr size_t kLeastPackedSection = 4096;

/// A section as it stands in a file. Packed (a zlib stream, RFC 1950) if its contents are of another size.
struct StoredSection {
  std::vector<uint8_t> bytes;
  uint64_t contentsSize = 0;
};

/// The contents as they are written: packed if that makes them smaller, unless they are instructions (of
/// which the front end fetches these very bytes) or initial values (which do not pack).
StoredSection storeSection(const std::string &tag, std::vector<uint8_t> contents);

/// A file of these sections. REQUIRES: one for each tag of Tables.h, in that order.
std::vector<uint8_t> joinSections(const std::vector<StoredSection> &sections);

/// The contents of a section, and how many bytes of the file they take.
struct Section {
  const uint8_t *data = nullptr; // in the file, or in `unpacked`
  size_t size = 0, sizeInFile = 0;
  std::vector<uint8_t> unpacked;
};

/// The sections of a file, one for each tag, which has to outlive them. Throws Error that names section and
/// offset if the file is damaged, or a packed section is larger than kLargestPackedSection.
std::vector<Section> splitSections(const uint8_t *data, size_t size);

} // namespace arsis::isa
