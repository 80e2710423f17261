// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How the bursts of a request lie on the channels. Granules of `dram.interleave_bytes` go round the channels,
// one of each round on each, so that what a channel has of a range is one range of its own. Permuted, each of
// n rounds begins one channel on from the round before, and n such rounds by their hash: steps of up to n
// rounds reach all channels alike, longer ones by chance. Nothing here depends on time, nor on a branch that
// a short run could not foresee: a step of a large net has hundreds of millions of pieces.
#pragma once

#include "simulator/memory/Payload.h"
#include "timing/Dram.h"

namespace arsis::sim {

/// Bursts [begin, end) of a channel's own address space.
struct DramPiece {
  int64_t begin, end;
};

/// `Divide`: Divisor, or Shift where all sizes are powers of two.
template <class Divide> class DramCut {
public:
  explicit DramCut(const timing::Dram &dram)
      : burst(dram.burstBytes), burstsPerGranule(dram.interleaveBytes / dram.burstBytes),
        channelCount(dram.channels), permuted(dram.channelsPermuted) {}

  /// Calls visit(channel, piece) for what each run asks of each channel, run by run.
  template <class Visit>
  [[gnu::always_inline]] void forEachPiece(StridedPayload &payload, Visit visit) const {
    const auto spread = [&](int64_t first, int64_t last) __attribute__((always_inline)) {
      const int64_t perGranule = burstsPerGranule.value;
      const int64_t firstGranule = burstsPerGranule.quotient(first),
                    lastGranule = burstsPerGranule.quotient(last),
                    round = channelCount.quotient(firstGranule),
                    place = firstGranule - round * channelCount.value;
      if (place + lastGranule - firstGranule >= channelCount.value)
        return split(first, last + 1, visit);
      // In one round every granule lies on a channel of its own.
      const int64_t turn = place + turned(round), origin = round * perGranule;
      int64_t begin = first - firstGranule * perGranule, end = last + 1 - firstGranule * perGranule;
      for (int64_t k = 0; end > 0; ++k, begin = 0, end -= perGranule)
        visit(static_cast<size_t>(channelCount.remainder(turn + k)),
              DramPiece{origin + begin, origin + std::min(end, perGranule)});
    };
    forEachGranules(payload, burst, payload.bufferedBurst, spread);
  }

private:
  /// By how many channels a round begins further on.
  int64_t turned(int64_t round) const {
    return permuted ? channelCount.remainder(timing::turnOf(round, channelCount.quotient(round))) : 0;
  }
  /// Bursts [first, end), of several rounds.
  template <class Visit> [[gnu::always_inline]] void split(int64_t first, int64_t end, Visit &visit) const {
    const int64_t n = channelCount.value, perGranule = burstsPerGranule.value;
    const int64_t firstGranule = burstsPerGranule.quotient(first),
                  lastGranule = burstsPerGranule.quotient(end - 1);
    const int64_t firstRound = channelCount.quotient(firstGranule),
                  lastRound = channelCount.quotient(lastGranule);
    const int64_t beginsAt = firstGranule - firstRound * n, endsAt = lastGranule - lastRound * n;
    const int64_t turnedFirst = turned(firstRound), turnedLast = turned(lastRound);
    for (int64_t k = 0; k < n; ++k) { // by their places in the first round, from the first granule's on
      const int64_t place = channelCount.remainder(beginsAt + k);
      const int64_t number = channelCount.remainder(place + turnedFirst);
      const int64_t lastPlace = channelCount.remainder(number + n - turnedLast);
      const int64_t begin = firstRound + (place < beginsAt), last = lastRound - (lastPlace > endsAt);
      if (begin > last)
        continue;
      const bool partBegin = begin == firstRound && place == beginsAt,
                 partEnd = last == lastRound && lastPlace == endsAt;
      visit(static_cast<size_t>(number),
            DramPiece{begin * perGranule + (partBegin ? first - firstGranule * perGranule : 0),
                      last * perGranule + (partEnd ? end - lastGranule * perGranule : perGranule)});
    }
  }

  Divide burst, burstsPerGranule, channelCount;
  bool permuted;
};

} // namespace arsis::sim
