// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pages that fill up join their neighbours, pages that empty go.
#include "dialects/Isa/Verifier/DefinedBytes.h"

#include <algorithm>

namespace arsis::isa {

/// Calls visit(word, mask) for the granules [first, end) of a page.
template <class Visit> static void forEachWord(int64_t first, int64_t end, Visit visit) {
  while (first < end) {
    const int64_t word = first / 64, stop = std::min(end, (word + 1) * 64), count = stop - first;
    visit(size_t(word), (count == 64 ? ~uint64_t(0) : (uint64_t(1) << count) - 1) << (first % 64));
    first = stop;
  }
}

void DefinedBytes::forEachPiece(ByteRange range, Part part, Whole whole) {
  const int64_t first = range.begin / granule, end = range.end / granule;
  if (first >= end)
    return;
  const int64_t page = first / kPage, last = (end - 1) / kPage;
  const int64_t offset = first % kPage, stop = end - last * kPage; // in the first and in the last page
  if (page == last && (offset > 0 || stop < kPage))
    return (this->*part)(page, offset, stop);
  const int64_t wholeFirst = page + (offset > 0), wholeEnd = last + (stop == kPage);
  if (offset > 0)
    (this->*part)(page, offset, kPage);
  if (wholeFirst < wholeEnd)
    (this->*whole)(wholeFirst, wholeEnd);
  if (stop < kPage)
    (this->*part)(last, 0, stop);
}

DefinedBytes::Pages::iterator DefinedBytes::find(int64_t page) {
  auto after = pages.upper_bound(page);
  if (after == pages.begin() || std::prev(after)->second.end <= page)
    return pages.end();
  return std::prev(after);
}

void DefinedBytes::split(int64_t page) {
  auto at = find(page);
  if (at == pages.end() || at->first == page)
    return;
  pages.emplace(page, Entry{at->second.end, nullptr});
  at->second.end = page;
}

void DefinedBytes::setPart(int64_t page, int64_t first, int64_t end) {
  auto at = find(page);
  if (at == pages.end())
    at = pages.emplace(page, Entry{page + 1, std::make_unique<Bits>()}).first;
  if (!at->second.bits)
    return;
  Bits &bits = *at->second.bits;
  forEachWord(first, end, [&](size_t word, uint64_t mask) { bits[word] |= mask; });
  if (std::all_of(bits.begin(), bits.end(), [](uint64_t word) { return word == ~uint64_t(0); }))
    setPages(page, page + 1);
}

void DefinedBytes::clearPart(int64_t page, int64_t first, int64_t end) {
  auto at = find(page);
  if (at == pages.end())
    return;
  if (!at->second.bits) {
    split(page);
    split(page + 1);
    at = pages.find(page);
    at->second.bits = std::make_unique<Bits>();
    at->second.bits->fill(~uint64_t(0));
  }
  Bits &bits = *at->second.bits;
  forEachWord(first, end, [&](size_t word, uint64_t mask) { bits[word] &= ~mask; });
  if (std::all_of(bits.begin(), bits.end(), [](uint64_t word) { return word == 0; }))
    pages.erase(at);
}

void DefinedBytes::clearPages(int64_t first, int64_t end) {
  split(first);
  split(end);
  pages.erase(pages.lower_bound(first), pages.lower_bound(end));
}

void DefinedBytes::setPages(int64_t first, int64_t end) {
  if (auto at = find(first); at != pages.end() && !at->second.bits && at->second.end >= end)
    return;
  clearPages(first, end);
  if (auto next = pages.find(end); next != pages.end() && !next->second.bits) {
    end = next->second.end;
    pages.erase(next);
  }
  if (auto before = pages.lower_bound(first); before != pages.begin()) {
    Entry &previous = std::prev(before)->second;
    if (previous.end == first && !previous.bits) {
      previous.end = end;
      return;
    }
  }
  pages.emplace(first, Entry{end, nullptr});
}

int64_t DefinedBytes::firstUndefined(ByteRange range) const {
  int64_t first = range.begin / granule;
  const int64_t end = range.end / granule;
  if (first >= end)
    return range.end;
  auto at = pages.upper_bound(first / kPage);
  if (at == pages.begin())
    return range.begin;
  for (--at; first < end; ++at) { // the entry at `first`, if it is defined
    if (at == pages.end() || at->first > first / kPage || at->second.end <= first / kPage)
      return first * granule;
    if (at->second.bits) {
      const int64_t base = at->first * kPage, stop = std::min(end - base, kPage);
      int64_t missing = -1;
      forEachWord(first - base, stop, [&](size_t word, uint64_t mask) {
        const uint64_t gap = mask & ~(*at->second.bits)[word];
        if (gap && missing < 0)
          missing = int64_t(word) * 64 + __builtin_ctzll(gap);
      });
      if (missing >= 0)
        return (base + missing) * granule;
    }
    first = at->second.end * kPage;
  }
  return range.end;
}

} // namespace arsis::isa
