// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The accesses to one memory that some stream does not know of yet. Only these can race with what comes, so
// the log stays as short as the streams run apart, however long the program is.
#pragma once

#include "dialects/Isa/Verifier/Clocks.h"
#include "dialects/Isa/Verifier/Footprint.h"

#include <memory>
#include <optional>

namespace arsis::isa {

/// All iterations of a nest, as instances of one instruction.
struct Repetition {
  Ordinal first, step; // of the first iteration, and between iterations
  int64_t iterations;
  Box box; // of the first iteration
  boost::container::static_vector<Dimension, kMaxLoopDepth> loops;

  int64_t distance(int64_t iteration) const {
    int64_t bytes = 0;
    for (size_t level = loops.size(); level-- > 0; iteration /= loops[level].count)
      bytes += iteration % loops[level].count * loops[level].stride;
    return bytes;
  }
};

/// An instance, or a nest of them, that touched a memory.
struct PastAccess {
  Ordinal ordinal;   // of a nest, the last
  uint32_t position; // in its stream
  bool writes;
  uint16_t tensor;
  const char *operand;
  Box box;
  std::shared_ptr<const Repetition> repetition; // of a nest
};

/// A past instance and some bytes that it touched and another one touches.
struct Conflict {
  const PastAccess *past;
  Ordinal ordinal;
  ByteRange shared;
};

class AccessLog {
public:
  explicit AccessLog(size_t streams) : lists(streams * 2) {}

  /// REQUIRES: ordinals of a stream do not fall.
  void add(size_t stream, PastAccess access) { lists[stream * 2 + access.writes].push(std::move(access)); }

  /// The last access of `other` after its ordinal `known` that conflicts with the given one. Valid until the
  /// next add or forget.
  std::optional<Conflict> conflict(size_t other, Ordinal known, const Access &access) const {
    if (auto found = lists[other * 2 + 1].find(known, access.box))
      return found;
    return access.writes ? lists[other * 2].find(known, access.box) : std::nullopt;
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
    /// What decides about most records, side by side.
    struct Key {
      Ordinal ordinal;
      ByteRange hull;
    };
    std::vector<Key> keys;
    std::vector<PastAccess> records;
    std::vector<ByteRange> hulls; // of the whole blocks

    void push(PastAccess access) {
      keys.push_back({access.ordinal, access.box.hull()});
      records.push_back(std::move(access));
      if (records.size() % kBlock == 0)
        hulls.push_back(hullOfLast());
    }
    ByteRange hullOfLast() const {
      ByteRange hull = keys.back().hull;
      for (size_t i = keys.size() - kBlock; i < keys.size(); ++i) {
        hull.begin = std::min(hull.begin, keys[i].hull.begin);
        hull.end = std::max(hull.end, keys[i].hull.end);
      }
      return hull;
    }
    static bool apart(ByteRange a, ByteRange b) { return a.end <= b.begin || b.end <= a.begin; }

    std::optional<Conflict> find(Ordinal known, const Box &box) const {
      for (size_t i = keys.size(); i > 0;) {
        if (i % kBlock == 0 && apart(hulls[i / kBlock - 1], box.hull())) {
          i -= kBlock;
          continue;
        }
        const Key &key = keys[--i];
        if (key.ordinal <= known)
          return std::nullopt;
        if (apart(key.hull, box.hull()))
          continue;
        const PastAccess &past = records[i];
        if (auto shared = overlap(past.box, box)) {
          if (!past.repetition)
            return Conflict{&past, past.ordinal, *shared};
          if (auto found = findIteration(past, known, box))
            return found;
        }
      }
      return std::nullopt;
    }
    /// The last iteration after `known` that conflicts.
    static std::optional<Conflict> findIteration(const PastAccess &past, Ordinal known, const Box &box) {
      const Repetition &nest = *past.repetition;
      for (int64_t i = nest.iterations - 1; i >= 0; --i) {
        const Ordinal ordinal = nest.first + Ordinal(i) * nest.step;
        if (ordinal <= known)
          break;
        if (auto shared = overlap(nest.box.shifted(nest.distance(i)), box))
          return Conflict{&past, ordinal, *shared};
      }
      return std::nullopt;
    }

    void forget(Ordinal known) {
      size_t keep = 0;
      while (keep < keys.size() && keys[keep].ordinal <= known)
        ++keep;
      keep -= keep % kBlock; // whole blocks, so that the hulls stay aligned
      keys.erase(keys.begin(), keys.begin() + long(keep));
      records.erase(records.begin(), records.begin() + long(keep));
      hulls.erase(hulls.begin(), hulls.begin() + long(keep / kBlock));
    }
  };

  std::vector<List> lists; // [stream][writes]
};

} // namespace arsis::isa
