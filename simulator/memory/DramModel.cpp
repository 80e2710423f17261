// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Times are those of command slots: a burst takes its slot, its data follow by tCL or tCWL. So the bus is
// free when the last slot ends, and what one direction owes the other is a gap between slots.
#include "simulator/memory/DramModel.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

static Femtoseconds fromNanoseconds(double nanoseconds) {
  return std::llround(nanoseconds * static_cast<double>(kFemtosecondsPerNanosecond));
}

DramTimes::DramTimes(const timing::Dram &dram)
    : burst(fromNanoseconds(dram.burstNs())), readLatency(fromNanoseconds(dram.readLatencyNs())),
      writeLatency(fromNanoseconds(dram.writeLatencyNs())),
      writeToRead(fromNanoseconds(dram.writeToReadNs())), readToWrite(fromNanoseconds(dram.readToWriteNs())),
      writeToReadLong(fromNanoseconds(dram.cwl + dram.wtrLongNs())), otherRank(fromNanoseconds(dram.rtrs)),
      otherRankWriteToRead(fromNanoseconds(std::max(0.0, dram.cwl + dram.rtrs - dram.cl))),
      otherRankReadToWrite(
          fromNanoseconds(std::max(0.0, dram.cl + std::max(dram.rtw, dram.rtrs) - dram.cwl))),
      columnShort(fromNanoseconds(dram.columnShortNs())), columnLong(fromNanoseconds(dram.columnLongNs())),
      rcd(fromNanoseconds(dram.rcd)), rp(fromNanoseconds(dram.rp)), ras(fromNanoseconds(dram.ras)),
      rc(fromNanoseconds(dram.rowCycleNs())), rrdShort(fromNanoseconds(dram.rrdShortNs())),
      rrdLong(fromNanoseconds(dram.rrdLongNs())), faw(fromNanoseconds(dram.faw)),
      rtp(fromNanoseconds(dram.rtp)), writeRecovery(fromNanoseconds(dram.cwl + dram.wr)),
      rfc(fromNanoseconds(dram.rfc)), refi(fromNanoseconds(dram.refi)),
      pageTimeout(fromNanoseconds(dram.pageTimeout)) {}

DramModel::DramModel(const timing::Dram &parameters)
    : parameters(parameters), times(parameters), slotsSuffice(parameters.ranks == 1 && times.slotsSuffice()),
      readsOn(slotsSuffice && parameters.policy == timing::PagePolicy::Open), map(parameters),
      burst(parameters.burstBytes), burstsPerGranule(parameters.interleaveBytes / parameters.burstBytes),
      channelCount(parameters.channels), channels(static_cast<size_t>(parameters.channels)) {
  for (Channel &channel : channels) {
    channel.banks.resize(map.bankCount());
    for (size_t bank = 0; bank < channel.banks.size(); ++bank) {
      channel.banks[bank].rank = map.rankOf(bank);
      channel.banks[bank].group = map.groupOf(bank);
    }
    channel.ranks.resize(static_cast<size_t>(parameters.ranks));
    channel.groups.resize(static_cast<size_t>(parameters.ranks * parameters.groups));
    channel.batchEnds.assign(static_cast<size_t>(parameters.writeQueue / parameters.writeBatch), 0);
    for (Rank &rank : channel.ranks)
      rank.activations.fill(-kLongAgo);
    channel.refreshDue = times.rfc > 0 ? times.refi : kNever;
  }
}

/// Due refreshes, before a piece that arrived at `arrival` is served. They begin when all rows are closed.
/// Those that fell due while the channel had nothing to do are over, but for the last one.
void DramModel::refresh(Channel &channel, Femtoseconds arrival) {
  const Femtoseconds from = std::max(channel.free, arrival);
  while (channel.refreshDue <= from) {
    const Femtoseconds due = std::max(channel.free, channel.refreshDue);
    Femtoseconds begin = due;
    for (Bank &bank : channel.banks) {
      timeOut(bank, due);
      begin = std::max(begin, bank.openRow >= 0 ? closedAt(bank) : bank.closed);
      bank.openRow = -1;
    }
    channel.free = channel.refreshed = Clock::later(begin, times.rfc);
    channel.refreshDue = Clock::later(channel.refreshDue, times.refi);
    ++refreshes;
    if (channel.free <= channel.refreshDue && channel.refreshDue <= from) {
      const int64_t over = (from - channel.refreshDue) / times.refi;
      channel.refreshDue += over * times.refi;
      refreshes += over;
    }
  }
}

/// When an open bank is closed at the earliest.
Femtoseconds DramModel::closedAt(const Bank &bank) const {
  return Clock::later(std::max(bank.closable, Clock::later(bank.activated, times.ras)), times.rp);
}

void DramModel::timeOut(Bank &bank, Femtoseconds time) const {
  if (parameters.policy != timing::PagePolicy::TimedOut || bank.openRow < 0)
    return;
  const Femtoseconds out = Clock::later(bank.lastUsed, times.pageTimeout);
  if (time <= out)
    return;
  bank.closed = std::max(Clock::later(out, times.rp), closedAt(bank));
  bank.openRow = -1;
}

/// Opens a row, as soon as a request that came at `arrival` can make it; returns when it is open.
Femtoseconds DramModel::activate(Channel &channel, timing::DramPlace place, Femtoseconds arrival) {
  Bank &bank = channel.banks[place.bank];
  Rank &rank = channel.ranks[bank.rank];
  Group &group = channel.groups[bank.group];
  Femtoseconds begin = arrival;
  if (bank.openRow >= 0)
    begin = std::max(begin + times.rp, closedAt(bank));
  Femtoseconds &oldest = rank.activations[static_cast<size_t>(rank.nextActivation)];
  const Femtoseconds last = rank.activations[static_cast<size_t>((rank.nextActivation + 3) % 4)];
  begin = std::max(begin, std::max(bank.closed, bank.openable));
  begin = std::max(begin, std::max(last + times.rrdShort, group.activated + times.rrdLong));
  begin = std::max(begin, oldest + times.faw);
  oldest = group.activated = begin;
  rank.nextActivation = (rank.nextActivation + 1) % 4;
  bank.openRow = place.row;
  bank.activated = begin;
  bank.openable = Clock::later(begin, times.rc);
  bank.closable = 0;
  return Clock::later(begin, times.rcd);
}

Femtoseconds DramModel::columnFrom(const Channel &channel, size_t bank, bool write) const {
  const bool turns = channel.writing != write;
  if (slotsSuffice)
    return turns ? Clock::later(channel.slotEnd, write ? times.readToWrite : times.writeToRead) : 0;
  const size_t rank = channel.banks[bank].rank;
  const Columns &near = channel.groups[channel.banks[bank].group].columns, &far = channel.ranks[rank].columns;
  Femtoseconds from = std::max(near.last[write] + times.columnLong, far.last[write] + times.columnShort);
  if (!write)
    from = std::max({from, near.writeSlotEnd + times.writeToReadLong, far.writeSlotEnd + times.writeToRead});
  if (rank != channel.rank && channel.slotEnd > 0)
    return std::max(from, Clock::later(channel.slotEnd, !turns  ? times.otherRank
                                                        : write ? times.otherRankReadToWrite
                                                                : times.otherRankWriteToRead));
  return turns && write ? std::max(from, Clock::later(channel.slotEnd, times.readToWrite)) : from;
}

void DramModel::noteColumns(Channel &channel, size_t bank, bool write, Femtoseconds last) {
  channel.rank = channel.banks[bank].rank;
  for (Columns *columns :
       {&channel.groups[channel.banks[bank].group].columns, &channel.ranks[channel.rank].columns}) {
    columns->last[write] = last;
    if (write)
      columns->writeSlotEnd = channel.slotEnd;
  }
}

int64_t DramModel::transfer(Channel &channel, Piece piece, Femtoseconds arrival, bool write,
                            Femtoseconds until) {
  if (channel.refreshDue <= std::max(channel.free, arrival))
    refresh(channel, arrival);
  const timing::DramPlace place = map.of(piece.begin);
  Bank &bank = channel.banks[place.bank];
  Femtoseconds begin = std::max(channel.free, columnFrom(channel, place.bank, write));
  if (channel.writing != write) {
    ++turnarounds;
    channel.writing = write;
  }
  timeOut(bank, std::max(channel.free, arrival));
  if (bank.openRow == place.row) {
    ++rowHits;
    begin = std::max(begin, arrival);
  } else {
    ++rowMisses;
    begin = std::max(begin, activate(channel, place, std::max(arrival, channel.refreshed)));
  }
  int64_t count = piece.end - piece.begin;
  if (until != kNever)
    count = std::min(count, 1 + std::max<int64_t>(0, (until - begin - 1) / times.columnLong));
  const Femtoseconds last = Clock::later(begin, Clock::times(count - 1, times.columnLong));
  channel.free = channel.slotEnd = bank.lastUsed = Clock::later(last, times.burst);
  if (!slotsSuffice)
    noteColumns(channel, place.bank, write, last);
  bank.closable =
      std::max(bank.closable, write ? Clock::later(channel.free, times.writeRecovery) : last + times.rtp);
  if (parameters.policy == timing::PagePolicy::Closed) {
    bank.closed = closedAt(bank);
    bank.openRow = -1;
  }
  transferred += count;
  channel.bank = place.bank;
  firstBegan = begin;
  return count;
}

/// What transfer() and read() come to for a row that is open, after a read. Strided runs are cut into pieces
/// of few bursts, several of one row.
bool DramModel::readOn(Channel &channel, Piece piece, Femtoseconds arrival) {
  if (channel.reader != requests || channel.endOfRun != map.endOfRun(piece.begin) ||
      piece.end > channel.endOfRun || channel.refreshDue <= channel.free)
    return false;
  const int64_t count = piece.end - piece.begin;
  const Femtoseconds from = channel.free, end = Clock::later(from, Clock::times(count, times.burst));
  Bank &bank = channel.banks[channel.bank];
  channel.free = channel.slotEnd = bank.lastUsed = end;
  bank.closable = std::max(bank.closable, end - times.burst + times.rtp);
  waited = std::max(waited, from - arrival);
  finished = std::max(finished, end);
  held += end - from;
  bursts += count;
  transferred += count;
  ++rowHits;
  return true;
}

void DramModel::read(Channel &channel, Piece piece, Femtoseconds arrival) {
  if (readOn(channel, piece, arrival))
    return;
  writeUntil(channel, arrival);
  waited = std::max(waited, channel.free - arrival);
  const Femtoseconds from = std::max(channel.free, arrival);
  while (piece.begin < piece.end) {
    const int64_t count = transfer(channel, inRow(piece), arrival, false, kNever);
    if (bursts == 0)
      firstBurst = Clock::later(firstBegan, times.burst);
    bursts += count;
    piece.begin += count;
  }
  held += channel.free - from;
  finished = std::max(finished, channel.free);
  if (readsOn) {
    channel.reader = requests;
    channel.endOfRun = map.endOfRun(piece.end - 1);
  }
}

/// A write is in the queue as soon as there is room: when the batch is out that the queue would have to hold
/// beside it.
void DramModel::write(Channel &channel, Piece piece, Femtoseconds arrival) {
  const auto room = static_cast<int64_t>(channel.batchEnds.size());
  writeUntil(channel, arrival);
  while (piece.begin < piece.end) {
    Piece next = inRow(piece);
    next.end = std::min(next.end, next.begin + parameters.writeBatch - channel.queuedBursts);
    const int64_t count = next.end - next.begin;
    const Femtoseconds accepted =
        channel.batches < room
            ? arrival
            : std::max(arrival, channel.batchEnds[static_cast<size_t>(channel.batches % room)]);
    channel.lastAccepted = std::max(channel.lastAccepted, accepted);
    waited = std::max(waited, accepted - arrival);
    finished = std::max(finished, accepted);
    if (bursts == 0)
      firstBurst = accepted;
    bursts += count;
    if (!channel.queued.empty() && channel.queued.back().end == next.begin &&
        map.endOfRun(next.begin - 1) != next.begin)
      channel.queued.back().end = next.end;
    else
      channel.queued.push_back(next);
    channel.queuedBursts += count;
    piece.begin += count;
    held += Clock::times(count, times.burst);
    if (!channel.draining && 2 * channel.queuedBursts >= parameters.writeBatch) {
      channel.draining = true;
      channel.enough = accepted;
    }
    if (channel.queuedBursts == parameters.writeBatch)
      writeBatch(channel, accepted);
  }
}

DramModel::Piece DramModel::inRow(Piece piece) const {
  return {piece.begin, std::min(piece.end, map.endOfRun(piece.begin))};
}

/// Writes that begin before `time`: no request has come since the channel was free.
void DramModel::writeUntil(Channel &channel, Femtoseconds time) {
  if (!channel.draining)
    return;
  size_t gone = 0;
  while (gone < channel.queued.size()) {
    Piece &piece = channel.queued[gone];
    const Femtoseconds from = std::max(channel.free, channel.enough),
                       first = std::max(from, columnFrom(channel, map.of(piece.begin).bank, true));
    if (first >= time)
      break;
    const int64_t count = transfer(channel, piece, channel.enough, true, time);
    held += channel.free - from - Clock::times(count, times.burst);
    channel.queuedBursts -= count;
    piece.begin += count;
    gone += piece.begin == piece.end;
  }
  channel.queued.erase(channel.queued.begin(), channel.queued.begin() + static_cast<ptrdiff_t>(gone));
  channel.draining = !channel.queued.empty();
}

/// Open rows first, then by address.
void DramModel::writeBatch(Channel &channel, Femtoseconds decided) {
  ++batches;
  const Femtoseconds from = std::max(channel.free, decided);
  const int64_t bursts = channel.queuedBursts;
  batch.swap(channel.queued);
  channel.queued.clear();
  channel.queuedBursts = 0;
  channel.draining = false;
  if (batch.size() > 1)
    std::sort(batch.begin(), batch.end(), [](Piece a, Piece b) { return a.begin < b.begin; });
  for (const bool open : {true, false}) {
    size_t kept = 0;
    for (const Piece piece : batch) {
      const timing::DramPlace place = map.of(piece.begin);
      if (open && channel.banks[place.bank].openRow != place.row)
        batch[kept++] = piece;
      else
        transfer(channel, piece, decided, true, kNever);
    }
    batch.resize(open ? kept : 0);
  }
  held += channel.free - from - Clock::times(bursts, times.burst);
  channel.batchEnds[static_cast<size_t>(channel.batches++ % static_cast<int64_t>(channel.batchEnds.size()))] =
      channel.free;
}

/// By how many channels a round begins further on.
int64_t DramModel::turned(int64_t round) const {
  return parameters.channelsPermuted
             ? channelCount.remainder(timing::turnOf(round, channelCount.quotient(round)))
             : 0;
}

/// Granules go round the channels, one of each round on each, so that what a channel has of a range is one
/// range of its own. Permuted, each of n rounds begins one channel on from the round before, and n such
/// rounds by their hash: steps of up to n rounds reach all channels alike, longer ones by chance.
void DramModel::split(int64_t first, int64_t end, Femtoseconds arrival, bool isWrite) {
  const int64_t n = channelCount.value, perGranule = burstsPerGranule.value;
  const int64_t firstGranule = burstsPerGranule.quotient(first),
                lastGranule = burstsPerGranule.quotient(end - 1);
  const int64_t firstRound = channelCount.quotient(firstGranule),
                lastRound = channelCount.quotient(lastGranule);
  const int64_t beginsAt = firstGranule - firstRound * n, endsAt = lastGranule - lastRound * n;
  const int64_t turnedFirst = turned(firstRound), turnedLast = turned(lastRound);
  const int64_t reached = firstRound == lastRound ? lastGranule - firstGranule + 1 : n;
  for (int64_t k = 0; k < reached; ++k) { // by their places in the first round, from the first granule's on
    const int64_t place = channelCount.remainder(beginsAt + k);
    const int64_t number = channelCount.remainder(place + turnedFirst);
    const int64_t lastPlace = channelCount.remainder(number + n - turnedLast);
    const int64_t begin = firstRound + (place < beginsAt), last = lastRound - (lastPlace > endsAt);
    if (begin > last)
      continue;
    const bool partBegin = begin == firstRound && place == beginsAt,
               partEnd = last == lastRound && lastPlace == endsAt;
    const Piece piece{begin * perGranule + (partBegin ? first - firstGranule * perGranule : 0),
                      last * perGranule + (partEnd ? end - lastGranule * perGranule : perGranule)};
    Channel &channel = channels[static_cast<size_t>(number)];
    isWrite ? write(channel, piece, arrival) : read(channel, piece, arrival);
  }
}

Femtoseconds DramModel::serve(StridedPayload &payload, Femtoseconds arrival) {
  const bool isWrite = payload.command == StridedPayload::Write;
  firstBurst = finished = arrival;
  waited = 0;
  held = 0;
  bursts = 0;
  const int64_t openedBefore = rowMisses;
  forEachGranules(payload, burst, payload.bufferedBurst, [&](int64_t first, int64_t last) {
    const int64_t granule = burstsPerGranule.quotient(first);
    if (granule != burstsPerGranule.quotient(last))
      return split(first, last + 1, arrival, isWrite);
    const int64_t round = channelCount.quotient(granule);
    const int64_t back = (granule - round) * burstsPerGranule.value;
    const Piece piece{first - back, last + 1 - back};
    Channel &channel = channels[static_cast<size_t>(
        channelCount.remainder(channelCount.remainder(granule) + turned(round)))];
    isWrite ? write(channel, piece, arrival) : read(channel, piece, arrival);
  });
  ++requests;
  (isWrite ? writeBursts : readBursts) += bursts;
  const Femtoseconds latency = isWrite ? times.writeLatency : times.readLatency;
  payload.bursts = bursts;
  payload.activations = rowMisses - openedBefore;
  payload.first = Clock::later(firstBurst, latency);
  payload.waited = waited;
  payload.occupied = channelCount.quotient(Clock::times(bursts, times.burst));
  payload.held = held <= kNever ? channelCount.quotient(static_cast<int64_t>(held))
                                : static_cast<Femtoseconds>(held / parameters.channels);
  return Clock::later(finished, latency);
}

Femtoseconds DramModel::flush() {
  Femtoseconds last = 0;
  const int64_t openedBefore = rowMisses;
  for (Channel &channel : channels) {
    if (channel.queuedBursts > 0)
      flushBegan = std::min(flushBegan,
                            std::max(channel.free, channel.draining ? channel.enough : channel.lastAccepted));
    writeUntil(channel, kNever);
    if (channel.queuedBursts > 0)
      writeBatch(channel, channel.lastAccepted);
    last = std::max(last, channel.free);
  }
  flushedActivations = rowMisses - openedBefore;
  return last;
}

} // namespace arsis::sim
