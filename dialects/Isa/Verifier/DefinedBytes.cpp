// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pages that fill up join their neighbours, pages that empty go.
#include "dialects/Isa/Verifier/DefinedBytes.h"

#include <algorithm>

namespace arsis::isa {

constexpr uint64_t kFull = ~uint64_t(0);

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

DefinedBytes::Entry *DefinedBytes::partOf(int64_t page) {
  if (page == recentPage)
    return recent;
  auto at = find(page);
  if (at == pages.end() || !at->second.bits)
    return nullptr;
  recentPage = page;
  return recent = &at->second;
}

void DefinedBytes::setPart(int64_t page, int64_t first, int64_t end) {
  Entry *part = partOf(page);
  if (!part) {
    auto [at, inserted] = find(page) == pages.end()
                              ? pages.emplace(page, Entry{page + 1, std::make_unique<Bits>()})
                              : std::pair(pages.end(), false);
    if (!inserted)
      return; // the whole page is defined
    part = &at->second;
  }
  forEachWord(first, end, [&](size_t word, uint64_t mask) {
    const uint64_t before = (*part->bits)[word], after = before | mask;
    part->fullWords += (after == kFull) - (before == kFull);
    part->usedWords += before == 0;
    (*part->bits)[word] = after;
  });
  if (part->fullWords == kWords)
    setPages(page, page + 1);
}

void DefinedBytes::clearPart(int64_t page, int64_t first, int64_t end) {
  Entry *part = partOf(page);
  if (!part) {
    if (find(page) == pages.end())
      return;
    split(page);
    split(page + 1);
    part = &pages.find(page)->second;
    part->bits = std::make_unique<Bits>();
    part->bits->fill(kFull);
    part->fullWords = part->usedWords = kWords;
  }
  forEachWord(first, end, [&](size_t word, uint64_t mask) {
    const uint64_t before = (*part->bits)[word], after = before & ~mask;
    part->fullWords -= (before == kFull) - (after == kFull);
    part->usedWords -= (before != 0) - (after != 0);
    (*part->bits)[word] = after;
  });
  if (part->usedWords == 0)
    clearPages(page, page + 1);
}

void DefinedBytes::clearPages(int64_t first, int64_t end) {
  recentPage = -1; // its entry may go
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

bool DefinedBytes::anyDefined(ByteRange range) const {
  const int64_t first = range.begin / granule, end = range.end / granule;
  if (first >= end)
    return false;
  auto at = pages.upper_bound(first / kPage);
  if (at != pages.begin())
    --at;
  for (; at != pages.end() && at->first * kPage < end; ++at) {
    const int64_t base = at->first * kPage, from = std::max(first - base, int64_t(0));
    const int64_t to = std::min(end, at->second.end * kPage) - base;
    bool any = from < to && !at->second.bits;
    if (at->second.bits)
      forEachWord(from, to,
                  [&](size_t word, uint64_t mask) { any |= (mask & (*at->second.bits)[word]) != 0; });
    if (any)
      return true;
  }
  return false;
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
