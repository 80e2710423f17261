// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What loads and stores do to each other in the DRAM, in a run over a layout (Run.h): its controller, all
// channels as one, with the mean rows and refresh of timing/. As the machine (simulator/memory/DramModel):
// stores wait in a queue; half a batch goes out while no load is there, a whole batch before loads.
// The run meets operations in the order of the program. A store that comes to the DRAM later than the loads
// behind it is in flight until one comes later still; of what is too far back to be in flight only the sum
// of all work is held.
#ifndef ARSIS_COMPILER_SCHEDULE_CONTROLLER_H
#define ARSIS_COMPILER_SCHEDULE_CONTROLLER_H

#include "timing/Dma.h"

#include <array>
#include <cstddef>
#include <vector>

namespace arsis::schedule {

/// Stores on their way to the controller, the oldest first.
class InFlight {
public:
  struct Store {
    double arrives, work; // cycles of writing
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
  Store pop() {
    const Store oldest = (*this)[0];
    first = (first + 1) % kMost;
    --count;
    return oldest;
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
  enum Number : size_t {
    // Times that move with their own pace: when the last load and the last store are served by their
    // channels; when the last load came, and the last store that is in the queue; when the channels were free
    // of the last load that saw the queue, and the work since then, what was queued included.
    LoadsEnd,
    StoresEnd,
    LastLoad,
    LastStore,
    Mark,
    Since,
    // Times that move with the newest transfer: when it came, when the channels are free, when the last whole
    // batch is out, since when there is enough to write while no load is there.
    Newest,
    Free,
    BatchEnd,
    Enough,
    // Cycles of writing, in flight and in the queue; flags.
    Coming,
    Queued,
    Draining,
    Writing,
    // Chances, of the last store: that a batch finds its first row closed, and that it closes that of a load.
    Opens,
    Closes,
    Count
  };

public:
  static constexpr size_t kNumbers = Count;
  /// Works on `kNumbers` numbers of a run, zero at first.
  Controller(double *numbers, InFlight &flight, const timing::Dma &dma)
      : d(numbers), flight(flight), dma(dma) {}

  /// When a load that asks at `arrives` is served, for which its channels and the table take `alone` cycles.
  /// A store of several batches takes turns with it; for `inBank` cycles more its bank holds up the loads
  /// behind.
  double load(const timing::Transfer &transfer, double arrives, double alone, const timing::RowWaits &rows,
              double inBank);
  /// Cycles since the last load came to the DRAM.
  double sinceLoad(double time) const { return time - d[LastLoad]; }
  /// When a store that comes at `arrives` is in the queue.
  double store(const timing::Transfer &transfer, double arrives, double opens);
  /// When everything is in the DRAM.
  double flushed() const;
  /// Of how many batches a store is, 0 if they are whole.
  static double partialBatches(const timing::Transfer &store, const timing::Dma &dma);
  /// Whether the queue is as full at one time as at another, nearly.
  static bool recurs(const double *now, const double *then, const timing::Dma &dma);
  /// Moves everything by so many periods, each from `before` to `now`. The queue stays as full as it is.
  void advance(double periods, const double *now, const double *before);

private:
  void admit();
  void drainUntil(double time);
  double turnaround(bool write) const;
  double wholeBatches(double work) const;

  double *d;
  InFlight &flight;
  const timing::Dma &dma;
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
