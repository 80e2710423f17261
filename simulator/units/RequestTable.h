// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The requests of one DMA queue that are in flight: `dma.outstanding_requests` entries, used in turn. A queue
// takes many entries at once, and they come back one by one: a group of requests holds the interval over
// which its answers are spread evenly, so that no request costs an event and Little's law holds for every
// single one of them, across instructions too. Does not model: answers out of order.
#pragma once

#include "simulator/base/Clock.h"

#include <vector>

namespace arsis::sim {

class RequestTable {
public:
  /// REQUIRES: entries > 0.
  explicit RequestTable(int64_t entries)
      : entries(entries), unused(entries), groups(static_cast<size_t>(entries)) {}

  /// The cycle from which the next request has an entry.
  Cycle freeFrom() const { return unused > 0 ? 0 : groups[oldest].first; }

  /// Takes `count` entries in turn, more than the table has if need be: then a request of the same call comes
  /// back, after `roundTrip`, before a later one leaves. Returns the cycle from which the last of them has
  /// its entry. REQUIRES: count > 0, and that put() follows.
  Cycle take(int64_t count, Cycle roundTrip);

  /// The `count` requests that were taken are answered evenly from `first` to `last`.
  void put(int64_t count, Cycle first, Cycle last);

private:
  struct Group {
    int64_t count;
    Cycle first, last;                  // answers; equal if there is one
    Cycle answer(int64_t index) const { // from zero
      return index + 1 == count ? last : first + scaledDown(last - first, index, count - 1);
    }
  };
  /// Removes the oldest `count` entries; returns when the last of them is free.
  Cycle remove(int64_t count);

  size_t next(size_t group) const { return group + 1 < groups.size() ? group + 1 : 0; }

  const int64_t entries;
  int64_t unused;
  std::vector<Group> groups; // a ring of `used` from `oldest`; with the unused ones, all entries
  size_t oldest = 0, used = 0;
};

} // namespace arsis::sim
