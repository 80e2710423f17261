// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Runs.h.
#include "timing/Runs.h"
#include "timing/Memo.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace arsis::timing {
namespace {

int64_t floorQuotient(int64_t a, int64_t b) { return a / b - (a % b < 0); }
int64_t floorRemainder(int64_t a, int64_t b) { return a - floorQuotient(a, b) * b; }

/// Granules of nested dimensions, by the offset ("phase") of their first byte in its granule.
class GranuleCount {
public:
  GranuleCount(const Runs &runs, int64_t granule) : runs(runs), granule(granule) {
    lastByte[4] = runs.bytes - 1;
    for (size_t d = 4; d-- > 0;) {
      lastByte[d] = lastByte[d + 1] + (runs.count[d] - 1) * runs.pitch[d];
      period[d] = granule / std::gcd(granule, runs.pitch[d]);
    }
    for (size_t d = 0; d < 4; ++d)
      step = std::gcd(step, runs.count[d] > 1 ? runs.pitch[d] : granule);
    step = std::gcd(step, granule);
  }

  /// Of the dimensions from `d` on. `outerVaries`: it is asked for several phases, so that they are kept.
  int64_t from(size_t d, int64_t phase, bool outerVaries = false) {
    while (d < 4 && runs.count[d] == 1)
      ++d;
    if (d == 4)
      return (phase + runs.bytes - 1) / granule + 1;
    if (!outerVaries)
      return sum(d, phase, false);
    std::vector<int64_t> &known = results[d];
    if (known.empty())
      known.assign(static_cast<size_t>(granule / step), -1);
    int64_t &result = known[static_cast<size_t>(phase / step)];
    if (result < 0)
      result = sum(d, phase, true);
    return result;
  }

private:
  int64_t sum(size_t d, int64_t phase, bool outerVaries) {
    const int64_t count = runs.count[d], pitch = runs.pitch[d];
    const int64_t full = count / period[d], rest = count % period[d];
    int64_t total = 0;
    for (int64_t i = 0; i < std::min(count, period[d]); ++i) {
      const int64_t at = floorRemainder(phase + i * pitch, granule);
      const int64_t instances = full + (i < rest);
      const int64_t followed = instances - ((count - 1) % period[d] == i);
      const bool shared = floorQuotient(at + lastByte[d + 1], granule) == floorQuotient(at + pitch, granule);
      total += instances * from(d + 1, at, outerVaries || period[d] > 1) - followed * shared;
    }
    return total;
  }

  const Runs &runs;
  const int64_t granule;
  std::array<int64_t, 5> lastByte{};           // of the dimensions from d on, counted from their first
  std::array<int64_t, 4> period{};             // of the phase along a dimension
  int64_t step = 0;                            // of phases that occur, but for a common offset below it
  std::array<std::vector<int64_t>, 4> results; // by phase / step
};

} // namespace

Runs contiguousRuns(const std::array<int64_t, 4> &count, const std::array<int64_t, 4> &stride,
                    int64_t elementBytes) {
  Runs runs;
  if (std::any_of(count.begin(), count.end(), [](int64_t n) { return n <= 0; }))
    return runs;
  runs.count = {1, 1, 1, 1};
  int64_t run = 1; // elements
  bool contiguous = true;
  size_t outer = 4;
  for (size_t d = 4; d-- > 0;) {
    if (count[d] == 1)
      continue;
    if (contiguous && stride[d] == run) {
      run *= count[d];
      continue;
    }
    contiguous = false;
    --outer;
    runs.count[outer] = count[d];
    runs.pitch[outer] = stride[d] * elementBytes;
  }
  runs.bytes = run * elementBytes;
  return runs;
}

Runs runsOfBox(const std::array<int64_t, 4> &tensor, const std::array<int64_t, 4> &box,
               int64_t elementBytes) {
  std::array<int64_t, 4> inside, stride;
  int64_t elements = 1;
  for (size_t d = 4; d-- > 0;) {
    inside[d] = std::min(box[d], tensor[d]);
    stride[d] = elements;
    elements *= tensor[d];
  }
  return contiguousRuns(inside, stride, elementBytes);
}

int64_t granulesTouched(const Runs &runs, int64_t address, int64_t granule) {
  if (runs.runs() == 0)
    return 0;
  return GranuleCount(runs, granule).from(0, address % granule);
}

/// Adds bursts [first, first + bursts), `times` times.
static void addBursts(std::vector<int64_t> &load, const Channels &dram, int64_t first, int64_t bursts,
                      int64_t times) {
  const int64_t perPiece = dram.interleaveBytes / dram.burstBytes, perRound = perPiece * dram.channels;
  if (const int64_t rounds = bursts / perRound; rounds > 0) {
    for (int64_t &of : load)
      of += rounds * perPiece * times;
    bursts -= rounds * perRound;
  }
  int64_t piece = floorQuotient(first, perPiece);
  int64_t left = perPiece - floorRemainder(first, perPiece); // in the piece
  while (bursts > 0) {
    const int64_t some = std::min(bursts, left);
    load[static_cast<size_t>(dram.channelOf(piece))] += some * times;
    bursts -= some;
    left = perPiece;
    ++piece;
  }
}

/// Run by run, so many of them.
static std::vector<int64_t> walkChannels(const Runs &runs, const Channels &dram, int64_t address,
                                         int64_t most) {
  std::vector<int64_t> load(static_cast<size_t>(dram.channels), 0);
  const int64_t burst = dram.burstBytes;
  int64_t buffered = -1;
  for (int64_t a = 0; a < runs.count[0]; ++a)
    for (int64_t b = 0; b < runs.count[1]; ++b)
      for (int64_t c = 0; c < runs.count[2]; ++c) {
        int64_t at = address + a * runs.pitch[0] + b * runs.pitch[1] + c * runs.pitch[2];
        for (int64_t d = 0; d < runs.count[3]; ++d, at += runs.pitch[3]) {
          if (most-- == 0)
            return load;
          const int64_t first = at / burst, last = (at + runs.bytes - 1) / burst;
          const int64_t kept = first == buffered;
          addBursts(load, dram, first + kept, last + 1 - first - kept, 1);
          buffered = last;
        }
      }
  return load;
}

std::vector<int64_t> burstsOfChannels(const Runs &runs, const Channels &dram, int64_t address) {
  constexpr int64_t kFew = 256;
  if (runs.runs() <= kFew)
    return walkChannels(runs, dram, address, kFew);
  std::vector<int64_t> load(static_cast<size_t>(dram.channels), 0);
  const int64_t burst = dram.burstBytes, perPiece = dram.interleaveBytes / burst;
  const int64_t period = dram.channels * dram.interleaveBytes;
  const auto channelOf = [&](int64_t number) { // of a burst
    return static_cast<size_t>(floorRemainder(floorQuotient(number, perPiece), dram.channels));
  };
  std::array<int64_t, 5> lastByte{0, 0, 0, 0, runs.bytes - 1}; // of the dimensions from d on
  for (size_t d = 4; d-- > 0;)
    lastByte[d] = lastByte[d + 1] + (runs.count[d] - 1) * runs.pitch[d];

  // How many runs begin at each offset in a period; dimensions are added from the outermost inward.
  int64_t step = period;
  for (size_t d = 0; d < 4; ++d)
    step = std::gcd(step, runs.pitch[d]);
  const int64_t offset = address % step;
  std::vector<int64_t> starting(static_cast<size_t>(period / step), 0);
  starting[static_cast<size_t>(address % period / step)] = 1;
  for (size_t d = 0; d < 4; ++d) {
    const int64_t count = runs.count[d], pitch = runs.pitch[d];
    if (count == 1)
      continue;
    const int64_t repeat = period / std::gcd(period, pitch), full = count / repeat, rest = count % repeat;
    std::vector<int64_t> next(starting.size(), 0);
    for (int64_t i = 0; i < std::min(count, repeat); ++i) {
      const int64_t instances = full + (i < rest), behindAnother = instances - (i == 0);
      for (size_t k = 0; k < starting.size(); ++k) {
        if (starting[k] == 0)
          continue;
        const int64_t at = floorRemainder(static_cast<int64_t>(k) * step + offset + i * pitch, period);
        next[static_cast<size_t>(at / step)] += instances * starting[k];
        // The first burst is still in the line buffer if the run before ended in it.
        if (floorQuotient(at - pitch + lastByte[d + 1], burst) == at / burst)
          load[channelOf(at / burst)] -= behindAnother * starting[k];
      }
    }
    starting = std::move(next);
  }
  for (size_t k = 0; k < starting.size(); ++k) {
    if (starting[k] == 0)
      continue;
    const int64_t at = static_cast<int64_t>(k) * step + offset;
    addBursts(load, dram, at / burst, (at + runs.bytes - 1) / burst + 1 - at / burst, starting[k]);
  }
  return load;
}

/// Of n permuted rounds over n channels, behind which another hash begins.
static int64_t blockBytes(const Channels &dram) {
  return dram.channels * dram.channels * dram.interleaveBytes;
}

/// Of rounds that are permuted: the mean of a few addresses, in different places of different blocks, over as
/// many runs as are soon walked. Pieces that follow each other by less than a block reach the n channels in
/// turn, but for the last ones and where a round ends; such sequences lie anywhere, so that what the fullest
/// channel has above the mean grows with the root of their number. `goesOn`: so does the next box.
static ChannelLoad expectedOfChannels(const Runs &runs, const Channels &dram, int64_t address, bool goesOn) {
  constexpr int64_t kAddresses = 4, kWalked = 64;
  ChannelLoad result;
  result.bursts = granulesTouched(runs, address, dram.burstBytes);
  const auto n = static_cast<double>(dram.channels), bursts = static_cast<double>(result.bursts);
  result.fullest = result.inSequence = bursts / n;
  if (dram.channels == 1 || result.bursts == 0)
    return result;
  const int64_t block = blockBytes(dram);
  int64_t sequences = 1;
  for (size_t d = 0; d < 4; ++d)
    if (std::abs(runs.pitch[d]) >= block)
      sequences *= runs.count[d];
  double above = 0;
  const int64_t places = dram.channels * dram.channels, // of a block
      apart = places + (places / kAddresses | 1);       // an odd number further in each
  for (int64_t k = 0; k < kAddresses; ++k) {
    const std::vector<int64_t> load =
        walkChannels(runs, dram, address + k * apart * dram.interleaveBytes, kWalked);
    above += static_cast<double>(*std::max_element(load.begin(), load.end())) -
             static_cast<double>(std::accumulate(load.begin(), load.end(), int64_t(0))) / n;
  }
  const double walked = std::max(1.0, static_cast<double>(sequences * std::min(runs.runs(), kWalked)) /
                                          static_cast<double>(runs.runs()));
  result.fullest += above / kAddresses * std::sqrt(static_cast<double>(sequences) / walked);

  if (sequences == 1 && goesOn)
    return result;
  Runs sequence = runs;
  for (size_t d = 0; d < 4; ++d)
    if (std::abs(runs.pitch[d]) >= block)
      sequence.count[d] = 1;
  double uneven = 0; // bursts of a sequence beyond those that all channels have
  for (int64_t k = 0; k < kAddresses; ++k) {
    const std::vector<int64_t> load =
        walkChannels(sequence, dram, address + k * apart * dram.interleaveBytes, kWalked);
    uneven += static_cast<double>(std::accumulate(load.begin(), load.end(), int64_t(0))) -
              n * static_cast<double>(*std::min_element(load.begin(), load.end()));
  }
  result.byChance = std::min(1.0, uneven / kAddresses * static_cast<double>(sequences) / bursts);
  return result;
}

static ChannelLoad countChannels(const Runs &runs, const Channels &dram, int64_t address, int64_t step) {
  const std::vector<int64_t> load = burstsOfChannels(runs, dram, address);
  ChannelLoad result;
  result.bursts = std::accumulate(load.begin(), load.end(), int64_t(0));
  result.fullest = static_cast<double>(*std::max_element(load.begin(), load.end()));
  // Boxes go round the channels that lie `apart` from each other; each of these has their mean in the end.
  // Boxes less than a piece apart stay where they are for a while.
  const int64_t piece = dram.interleaveBytes, turn = floorRemainder(step, dram.channels * piece);
  const int64_t apart = step % piece == 0 ? std::gcd(step / piece, dram.channels)
                        : std::min(turn, dram.channels * piece - turn) < piece ? dram.channels
                                                                               : 1;
  for (int64_t first = 0; first < apart; ++first) {
    int64_t sum = 0;
    for (int64_t c = first; c < dram.channels; c += apart)
      sum += load[static_cast<size_t>(c)];
    result.inSequence =
        std::max(result.inSequence, static_cast<double>(sum * apart) / static_cast<double>(dram.channels));
  }
  return result;
}

ChannelLoad channelLoad(const Runs &runs, const Channels &dram, int64_t address, int64_t step) {
  static thread_local Memo<ChannelLoad, 14, 16384> known; // a search asks for that many boxes of a layer
  // What is known of address and step: their places in a round; or in a piece, and whether boxes go on.
  const int64_t period = dram.channels * dram.interleaveBytes;
  const bool goesOn = std::abs(step) < blockBytes(dram);
  const int64_t at = address % (dram.permuted ? dram.interleaveBytes : period),
                next = dram.permuted ? goesOn : floorRemainder(step, period);
  return known.get({runs.bytes, runs.count[0], runs.count[1], runs.count[2], runs.count[3], runs.pitch[0],
                    runs.pitch[1], runs.pitch[2], runs.pitch[3], dram.channels, dram.interleaveBytes,
                    dram.burstBytes * 2 + dram.permuted, at, next},
                   [&] {
                     return dram.permuted ? expectedOfChannels(runs, dram, at, goesOn)
                                          : countChannels(runs, dram, at, next);
                   });
}

double occupiedBytes(const Runs &runs, const Channels &dram, int64_t address) {
  return channelLoad(runs, dram, address, 0).fullest * static_cast<double>(dram.channels * dram.burstBytes);
}

double meanRowVisits(const Runs &runs, int64_t rowBytes) {
  if (runs.runs() == 0)
    return 0;
  const auto row = static_cast<double>(rowBytes);
  double visits = 1 + static_cast<double>(runs.runs() * (runs.bytes - 1)) / row;
  int64_t outer = 1, spanned = runs.bytes - 1; // by the dimensions inside
  std::array<int64_t, 4> inside{};
  for (size_t d = 4; d-- > 0;) {
    inside[d] = spanned;
    spanned += (runs.count[d] - 1) * runs.pitch[d];
  }
  for (size_t d = 0; d < 4; ++d) {
    const auto gap = static_cast<double>(std::abs(runs.pitch[d] - inside[d])); // from last byte to first
    visits += static_cast<double>(outer * (runs.count[d] - 1)) * std::min(1.0, gap / row);
    outer *= runs.count[d];
  }
  return visits;
}

double rowsOpened(const Runs &runs, int64_t rowBytes, int64_t banks, bool permuted, int64_t step) {
  if (runs.runs() == 0)
    return 0;
  const double visits = meanRowVisits(runs, rowBytes), row = static_cast<double>(rowBytes);
  const int64_t span = runs.span();
  const auto apart = static_cast<double>(std::abs(step));
  if (std::abs(step) >= span) // from the last row of the one before
    return visits - 1 + std::min(1.0, static_cast<double>(std::abs(step) - span + 1) / row);
  // Rows of the one before are found open, but for those that share a bank; the last bytes of its pieces have
  // gone on to others. Pieces lie a whole row apart.
  const auto open = static_cast<double>(banks);
  double closed = visits > open ? std::min(visits, 2 * (visits - open)) : 0;
  if (permuted) { // rows of other rounds over the banks, each by chance
    const double others = visits * std::max(0.0, 1 - open * row / static_cast<double>(span));
    closed = visits * (1 - std::pow(1 - 1 / open, others));
  }
  double pieces = 1;
  int64_t outer = 1;
  for (size_t d = 0; d < 4; ++d) {
    const double rows = static_cast<double>(runs.pitch[d]) / row;
    pieces += static_cast<double>(outer * (runs.count[d] - 1)) * std::clamp(rows - 1, 0.0, 1.0);
    outer *= runs.count[d];
  }
  return std::min(visits, std::max(closed, pieces * apart / row));
}

} // namespace arsis::timing
