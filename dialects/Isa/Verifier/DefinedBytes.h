// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes of a DRAM tensor are defined: pages in a map, runs of whole pages as one entry, a bitmap only
// for a page that is defined in part. Memory follows what the program touches, not the size of the tensor:
// a tensor of gigabytes that the host wrote is one entry.
#pragma once

#include "dialects/Isa/Verifier/Box.h"

#include <array>
#include <map>
#include <memory>

namespace arsis::isa {

class DefinedBytes {
public:
  /// Nothing defined. REQUIRES: every range asked about is a multiple of `granuleBytes`.
  explicit DefinedBytes(int64_t granuleBytes = 4) : granule(granuleBytes) {}

  void set(ByteRange range) { forEachPiece(range, &DefinedBytes::setPart, &DefinedBytes::setPages); }
  void clear(ByteRange range) { forEachPiece(range, &DefinedBytes::clearPart, &DefinedBytes::clearPages); }

  /// The first byte of `range` that is not defined, or range.end.
  int64_t firstUndefined(ByteRange range) const;
  bool defined(ByteRange range) const { return firstUndefined(range) == range.end; }
  /// Whether any byte of `range` is defined.
  bool anyDefined(ByteRange range) const;

  /// Entries of the map, for tests.
  size_t entries() const { return pages.size(); }

private:
  static constexpr int64_t kWords = 64, kPage = kWords * 64; // granules of a page
  using Bits = std::array<uint64_t, kWords>;
  /// Pages from its key to `end`; without bits all of them are defined, with bits it is one page.
  struct Entry {
    int64_t end;
    std::unique_ptr<Bits> bits;
    int64_t fullWords = 0, usedWords = 0; // of the bits: all set, and any set
  };
  using Pages = std::map<int64_t, Entry>;

  using Part = void (DefinedBytes::*)(int64_t page, int64_t first, int64_t end);
  using Whole = void (DefinedBytes::*)(int64_t first, int64_t end);
  /// Splits a range into parts of pages (granules of the page) and whole pages.
  void forEachPiece(ByteRange range, Part part, Whole whole);
  void setPart(int64_t page, int64_t first, int64_t end);
  void clearPart(int64_t page, int64_t first, int64_t end);
  void setPages(int64_t first, int64_t end);
  void clearPages(int64_t first, int64_t end);
  /// The entry of `page` if it has bits, else null. Strided accesses ask for one page many times in a row.
  Entry *partOf(int64_t page);
  /// The entry that holds `page`, or end.
  Pages::iterator find(int64_t page);
  /// Makes `page` the first one of an entry of its own, if an entry without bits goes through it.
  void split(int64_t page);

  int64_t granule;
  Pages pages;
  int64_t recentPage = -1; // the last one that partOf found
  Entry *recent = nullptr;
};

} // namespace arsis::isa
