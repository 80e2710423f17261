// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What loads and stores do to each other in the DRAM, in a run over a layout (Run.h): its controller, all
// channels as one, with the mean rows and refresh of timing/. As the machine (simulator/memory/DramModel):
// stores wait in a queue; half a batch goes out while no load is there, a whole batch before loads.
// The run meets operations in the order of the program. A store that comes to the DRAM later than the loads
// behind it is in flight until one comes later still; of more than 64 the last ones are taken together.
// Loads and stores come in pieces, as the DMA sends them, so that they take turns as they do there.
#ifndef ARSIS_COMPILER_SCHEDULE_CONTROLLER_H
#define ARSIS_COMPILER_SCHEDULE_CONTROLLER_H

#include "timing/Dma.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace arsis::schedule {

/// Stores on their way to the controller, the oldest first; each comes in pieces.
class InFlight {
public:
  struct Store {
    double arrives, left; // the next piece, and what is left of it: cycles of writing
    double step, each;    // from one piece to the next; of a piece
    double rest;          // of the pieces behind the next one
    double waits;         // for banks, over cycles of writing
  };
  InFlight() = default;
  InFlight(const InFlight &other) : count(other.count) { // of few, mostly
    for (size_t k = 0; k < count; ++k)
      stores[k] = other[k];
  }
  InFlight &operator=(const InFlight &) = delete;
  void clear() { first = count = 0; }
  bool empty() const { return count == 0; }
  bool full() const { return count == kMost; }
  size_t size() const { return count; }
  Store &operator[](size_t k) { return stores[(first + k) % kMost]; }
  const Store &operator[](size_t k) const { return stores[(first + k) % kMost]; }
  void push(const Store &store) { stores[(first + count++) % kMost] = store; }
  void pop() {
    first = (first + 1) % kMost;
    --count;
  }
  void move(double cycles) {
    for (size_t k = 0; k < count; ++k)
      (*this)[k].arrives += cycles;
  }

private:
  static constexpr size_t kMost = 64; // as many as a pass may store while the next one loads
  std::array<Store, kMost> stores;
  size_t first = 0, count = 0;
};

class Controller {
  static constexpr size_t kMostBatches = 8; // that a queue is taken to hold
  enum Number : size_t {
    // Times that move with their own pace: when the last load and the last store are served by their
    // channels; when the last load came.
    LoadsEnd,
    StoresEnd,
    LastLoad,
    // Times that move with the newest transfer: when it came, when the channels are free, since when there is
    // enough to write while no load is there, when the last store was in the queue, when the last batches are
    // out (newest first).
    Newest,
    Free,
    Enough,
    Accepted,
    BatchEnds,
    // Cycles of writing, in flight and in the queue; flags.
    Coming = BatchEnds + kMostBatches,
    Queued,
    Draining,
    Writing,
    // Chances, of the last store: that a batch finds its first row closed, and that it closes that of a load.
    Opens,
    Closes,
    // Cycles of writing that the fullest channel has above the mean.
    Excess,
    // Cycles for which rows in the queue will wait for their banks.
    Waits,
    Count
  };

public:
  static constexpr size_t kNumbers = Count;
  /// Works on `kNumbers` numbers of a run, zero at first.
  Controller(double *numbers, InFlight &flight, const timing::Dma &dma)
      : d(numbers), flight(flight), dma(dma) {}

  /// Requests of a load that come together.
  struct Piece {
    double work, alone;   // cycles of all channels in the mean; of the fullest ones
    double opens, inBank; // the chance that its row is closed; cycles for which its bank holds up others
  };
  /// When a piece of a load that comes at `arrives` is served.
  double load(const Piece &piece, double arrives);
  /// Cycles since the last load came to the DRAM.
  double sinceLoad(double time) const { return time - d[LastLoad]; }
  /// When the last of `pieces` of a store is in the queue, a fraction of a piece the last one; the first
  /// comes at `arrives` and each other one `step` cycles later at the earliest.
  double store(const timing::Transfer &transfer, double arrives, double opens, double pieces, double step);
  /// When all stores are in the queue, as far as is known now: loads behind them in the program may still
  /// come before their last pieces.
  double storesAccepted() const;
  /// When everything is in the DRAM.
  double flushed() const;
  /// Of how many batches a store is, 0 if they are whole.
  static double partialBatches(const timing::Transfer &store, const timing::Dma &dma);
  /// Whether the queue is as full at one time as at another, nearly.
  static bool recurs(const double *now, const double *then, const timing::Dma &dma);
  /// Whether stores in flight become fewer, and will soon be in the DRAM.
  static bool runsOut(const double *now, const double *then) {
    return 0 < now[Coming] && now[Coming] < then[Coming] * (1 - 1e-9);
  }
  /// Moves everything by so many periods, each from `before` to `now`. The queue stays as full as it is.
  void advance(double periods, const double *now, const double *before);

private:
  double accepted() const;
  double admit();
  double admitAll();
  void drainUntil(double time);

  double *d;
  InFlight &flight;
  const timing::Dma &dma;
};

/// The table of requests of a DMA queue (simulator/units/RequestTable.h), as far back as the last groups of
/// requests reach: older ones are answered.
class Table {
  static constexpr size_t kGroups = 8;

public:
  static constexpr size_t kNumbers = 3 * kGroups;
  Table(double *numbers, double entries) : d(numbers), most(entries) {}
  /// When an entry is free, and when the last of `count` requests has one if they are sent at once and no
  /// entry is used twice.
  struct Entries {
    double free, last;
  };
  Entries entries(double count) const {
    // The last ones have the newest entries.
    const double rest = std::max(1.0, count <= most ? count : count - (std::ceil(count / most) - 1) * most);
    double passed = 0;
    const double *group = d;
    const double last = answered(group, most - rest + 1, passed);
    return {answered(group, most, passed), last};
  }
  /// When the last of `count` requests has its entry, sent at `sent` and each under way for `trip`; `last` as
  /// above.
  double issued(double count, double sent, double last, double trip) const {
    if (count <= most)
      return std::max(sent, last);
    const double *group = d;
    double passed = 0;
    return std::max(
        {sent, answered(group, 1, passed), std::max(sent, last) + (std::ceil(count / most) - 1) * trip});
  }
  /// `joins`: they are of the same transfer as the newest ones. Small groups of one become one, so that few
  /// groups reach round the table.
  void put(double count, double first, double last, bool joins) {
    if (joins && d[0] + count <= most * 2 / kGroups) {
      d[0] += count;
      d[2] = last;
      return;
    }
    if (count > most) {
      first += (last - first) * (count - most) / (count - 1);
      count = most;
    }
    std::copy_backward(d, d + kNumbers - 3, d + kNumbers);
    d[0] = count;
    d[1] = count > 1 ? first : last;
    d[2] = last;
  }

private:
  /// When that many requests of the newest are left, the first of them among these. `passed` are in front of
  /// `group`.
  double answered(const double *&group, double newest, double &passed) const {
    for (; group != d + kNumbers; group += 3) {
      const double count = group[0], first = group[1], last = group[2];
      if (newest <= passed + count)
        return count > 1 ? last - (last - first) * (newest - passed - 1) / (count - 1) : last;
      passed += count;
    }
    return 0;
  }

  double *d;         // of each group: how many requests, answered evenly from first to last; the newest first
  const double most; // entries
};

/// Rows that transfers of other tensors have closed.
class OpenRows {
public:
  void clear() { visited.clear(); }
  /// How many of the rows that a transfer of `tensor` would find open others have closed since the last one,
  /// mean.
  double closed(int tensor, const timing::Transfer &transfer, const timing::Dma &dma);

private:
  struct Visited {
    int tensor;
    double rows;
  };
  std::vector<Visited> visited; // the last one first
};

} // namespace arsis::schedule

#endif
