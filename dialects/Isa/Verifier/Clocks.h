// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Happens-before between streams, as vector clocks. known(s, t) is the ordinal of the last instance of stream
// t whose effects are visible to stream s; ordinals start at 1. The k-th increment of a counter carries the
// clock of the instance that performed it, and whoever waits for the value k joins that clock. Because a
// counter has one writing stream and never falls, this order does not depend on the schedule: one walk
// decides for all of them.
#pragma once

#include "dialects/Isa/Encoding/Program.h"

#include <algorithm>
#include <vector>

namespace arsis::isa {

using Ordinal = uint32_t;

class Clocks {
public:
  Clocks(size_t streams, const std::vector<uint8_t> &counterStream)
      : streams(streams), now(streams * streams, 0), histories(counterStream.size()),
        counterStream(counterStream) {}

  Ordinal known(size_t stream, size_t other) const { return now[stream * streams + other]; }
  /// The next instance of `stream` begins; returns its ordinal.
  Ordinal begin(size_t stream) { return ++now[stream * streams + stream]; }

  uint32_t value(uint8_t counter) const { return histories[counter].value; }
  /// The current instance of the counter's stream increments it.
  void increment(uint8_t counter) {
    History &history = histories[counter];
    ++history.value;
    const Ordinal *clock = &now[counterStream[counter] * streams];
    history.clocks.insert(history.clocks.end(), clock, clock + streams);
    ++kept;
  }
  /// `stream` has waited for counter >= value. REQUIRES: 1 <= value <= this->value(counter).
  void join(size_t stream, uint8_t counter, uint32_t value) {
    const History &history = histories[counter];
    if (value <= history.forgotten)
      return; // everybody knows it already
    const Ordinal *clock = &history.clocks[(value - history.forgotten - 1) * streams];
    Ordinal *mine = &now[stream * streams];
    size_t owner = counterStream[counter];
    if (mine[owner] >= clock[owner])
      return; // knowing the instance means knowing what it knew
    for (size_t other = 0; other < streams; ++other)
      mine[other] = std::max(mine[other], clock[other]);
  }

  /// Increments whose clocks are kept.
  size_t size() const { return kept; }

  /// Drops the clocks of increments up to ordinal everyone[owner] of their stream, which every stream knows.
  void forget(const std::vector<Ordinal> &everyone) {
    for (size_t counter = 0; counter < histories.size(); ++counter) {
      History &history = histories[counter];
      size_t owner = counterStream[counter], count = history.clocks.size() / streams, drop = 0;
      while (drop < count && history.clocks[drop * streams + owner] <= everyone[owner])
        ++drop;
      history.clocks.erase(history.clocks.begin(), history.clocks.begin() + long(drop * streams));
      history.forgotten += uint32_t(drop);
      kept -= drop;
    }
  }

private:
  struct History {
    uint32_t value = 0, forgotten = 0;
    std::vector<Ordinal> clocks; // per increment after `forgotten`, one ordinal per stream
  };

  size_t streams, kept = 0;
  std::vector<Ordinal> now;
  std::vector<History> histories;
  const std::vector<uint8_t> &counterStream;
};

} // namespace arsis::isa
