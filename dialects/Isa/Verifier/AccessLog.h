// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The accesses to one memory that some stream does not know of yet. Only these can race with what comes, so
// the log stays as short as the streams run apart, however long the program is.
#pragma once

#include "dialects/Isa/Verifier/Clocks.h"
#include "dialects/Isa/Verifier/Footprint.h"

namespace arsis::isa {

/// An instance that touched a memory.
struct PastAccess {
  Ordinal ordinal;
  uint32_t position; // in its stream
  bool writes;
  uint16_t tensor;
  const char *operand;
  Box box;
};

class AccessLog {
public:
  explicit AccessLog(size_t streams) : lists(streams * 2) {}

  /// REQUIRES: ordinals of a stream do not fall.
  void add(size_t stream, PastAccess access) { lists[stream * 2 + access.writes].push(std::move(access)); }

  /// An access of `other` after its ordinal `known` that conflicts with the given one, or null. `shared`
  /// receives some bytes that both touch.
  const PastAccess *conflict(size_t other, Ordinal known, const Access &access, ByteRange &shared) const {
    if (const PastAccess *found = lists[other * 2 + 1].find(known, access.box, shared))
      return found;
    return access.writes ? lists[other * 2].find(known, access.box, shared) : nullptr;
  }

  /// Drops what every stream knows.
  void forget(const std::vector<Ordinal> &everyone) {
    for (size_t list = 0; list < lists.size(); ++list)
      lists[list].forget(everyone[list / 2]);
  }
  size_t size() const {
    size_t total = 0;
    for (const List &list : lists)
      total += list.records.size();
    return total;
  }

private:
  static constexpr size_t kBlock = 32; // records with a common hull, to skip many at once

  struct List {
    std::vector<PastAccess> records;
    std::vector<ByteRange> hulls; // of the whole blocks

    void push(PastAccess access) {
      records.push_back(std::move(access));
      if (records.size() % kBlock == 0)
        hulls.push_back(hullOfLast());
    }
    ByteRange hullOfLast() const {
      ByteRange hull = records.back().box.hull();
      for (size_t i = records.size() - kBlock; i < records.size(); ++i) {
        hull.begin = std::min(hull.begin, records[i].box.hull().begin);
        hull.end = std::max(hull.end, records[i].box.hull().end);
      }
      return hull;
    }
    static bool apart(ByteRange a, ByteRange b) { return a.end <= b.begin || b.end <= a.begin; }

    const PastAccess *find(Ordinal known, const Box &box, ByteRange &shared) const {
      for (size_t i = records.size(); i > 0;) {
        if (i % kBlock == 0 && apart(hulls[i / kBlock - 1], box.hull())) {
          i -= kBlock;
          continue;
        }
        const PastAccess &past = records[--i];
        if (past.ordinal <= known)
          return nullptr;
        if (apart(past.box.hull(), box.hull()))
          continue;
        if (auto found = overlap(past.box, box)) {
          shared = *found;
          return &past;
        }
      }
      return nullptr;
    }

    void forget(Ordinal known) {
      size_t keep = 0;
      while (keep < records.size() && records[keep].ordinal <= known)
        ++keep;
      keep -= keep % kBlock; // whole blocks, so that the hulls stay aligned
      records.erase(records.begin(), records.begin() + long(keep));
      hulls.erase(hulls.begin(), hulls.begin() + long(keep / kBlock));
    }
  };

  std::vector<List> lists; // [stream][writes]
};

} // namespace arsis::isa
