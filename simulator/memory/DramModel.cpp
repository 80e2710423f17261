// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Times are those of command slots: a burst takes its slot, its data follow by
// tCL or tCWL. So the bus is free when the last slot ends, and what one
// direction owes the other is a gap between slots.
#include "simulator/memory/DramModel.h"

#include <algorithm>

namespace arsis::sim {

DramModel::DramModel(const timing::Dram &parameters)
    : parameters(parameters), times(parameters), slotsSuffice(parameters.ranks == 1 && times.slotsSuffice()),
      closes(parameters.policy == timing::PagePolicy::Closed), map(parameters), cut(parameters),
      channelCount(parameters.channels), channels(static_cast<size_t>(parameters.channels)),
      visits(channels.size()), reached(channels.size() + 1) {
  const auto shifts = [](int64_t size) { return Divisor(size).isPowerOfTwo(); };
  if (shifts(parameters.burstBytes) && shifts(parameters.interleaveBytes) && shifts(parameters.channels) &&
      shifts(map.burstsOfRun().value))
    shiftingCut.emplace(parameters);
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

/// When an open bank is closed at the earliest.
inline Femtoseconds DramModel::closedAt(const Bank &bank) const {
  return Clock::later(std::max(bank.closable, Clock::later(bank.activated, times.ras)), times.rp);
}

inline void DramModel::timeOut(Bank &bank, Femtoseconds time) const {
  if (parameters.policy != timing::PagePolicy::TimedOut || bank.openRow < 0)
    return;
  const Femtoseconds out = Clock::later(bank.lastUsed, times.pageTimeout);
  if (time <= out)
    return;
  bank.closed = std::max(Clock::later(out, times.rp), closedAt(bank));
  bank.openRow = -1;
}

/// Due refreshes, before a piece that arrived at `arrival` is served. They
/// begin when all rows are closed. Those that fell due while the channel had
/// nothing to do are over, but for the last one.
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

/// Opens a row, as soon as a request that came at `arrival` can make it;
/// returns when it is open.
inline Femtoseconds DramModel::activate(Channel &channel, timing::DramPlace place, Femtoseconds arrival) {
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

inline Femtoseconds DramModel::columnFrom(const Channel &channel, size_t bank, bool write) const {
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

inline Femtoseconds DramModel::open(Channel &channel, timing::DramPlace place, Femtoseconds arrival,
                                    bool write) {
  if (channel.refreshDue <= std::max(channel.free, arrival))
    refresh(channel, arrival);
  Bank &bank = channel.banks[place.bank];
  const Femtoseconds begin = std::max(channel.free, columnFrom(channel, place.bank, write));
  if (channel.writing != write) {
    ++turnarounds;
    channel.writing = write;
  }
  timeOut(bank, std::max(channel.free, arrival));
  if (bank.openRow == place.row) {
    ++rowHits;
    return std::max(begin, arrival);
  }
  ++rowMisses;
  return std::max(begin, activate(channel, place, std::max(arrival, channel.refreshed)));
}

inline void DramModel::transfer(Channel &channel, size_t number, Femtoseconds begin, int64_t count,
                                bool write) {
  Bank &bank = channel.banks[number];
  const Femtoseconds last = Clock::later(begin, Clock::times(count - 1, times.columnLong));
  channel.free = channel.slotEnd = bank.lastUsed = Clock::later(last, times.burst);
  if (!slotsSuffice)
    noteColumns(channel, number, write, last);
  bank.closable =
      std::max(bank.closable, write ? Clock::later(channel.free, times.writeRecovery) : last + times.rtp);
  if (closes) {
    bank.closed = closedAt(bank);
    bank.openRow = -1;
  }
  transferred += count;
}

template <bool write>
inline Femtoseconds DramModel::serve(Channel &channel, const Visit &visit, timing::DramPlace place,
                                     Femtoseconds arrival) {
  Femtoseconds before = 0;
  for (size_t first = 0; first < visit.pieces;) {
    before = channel.free;
    const Femtoseconds begin = open(channel, place, arrival, write);
    if (!write && bursts == 0 && first == 0)
      firstBurst = Clock::later(begin, times.burst);
    const int64_t gone = visit.ends[first];
    const auto freeBehind = [&](size_t piece) { // as if nothing came between
      return Clock::later(begin, Clock::times(visit.ends[piece] - gone - 1, times.columnLong)) + times.burst;
    };
    size_t end = visit.pieces;
    if (end > first + 1) {
      before = freeBehind(end - 1);
      if (channel.refreshDue <= before)
        for (end = first + 1; freeBehind(end) < channel.refreshDue;)
          ++end;
    }
    transfer(channel, place.bank, begin, visit.ends[end] - gone, write);
    rowHits += static_cast<int64_t>(end - first - 1);
    first = end;
  }
  return before;
}

inline void DramModel::read(Channel &channel, const Visit &visit, timing::DramPlace place,
                            Femtoseconds arrival) {
  if (channel.request != requests) {
    channel.request = requests;
    writeUntil(channel, arrival);
  }
  const Femtoseconds from = std::max(channel.free, arrival);
  const Femtoseconds before = serve<false>(channel, visit, place, arrival);
  held += channel.free - from;
  bursts += visit.ends[visit.pieces];
  finished = std::max(finished, channel.free);
  if (visit.pieces > 1 || !visit.continues)
    waited = std::max(waited, before - arrival);
}

void DramModel::readVisits(size_t count, int64_t run, Femtoseconds arrival) {
  if (count == 0)
    return;
  const timing::DramPlace place = map.ofRun(run); // the same in all channels
  for (size_t i = 0; i < count; ++i) {
    read(channels[reached[i]], visits[reached[i]], place, arrival);
    visits[reached[i]].pieces = 0;
  }
}

/// A write is in the queue as soon as there is room: when the batch is out that
/// the queue would have to hold beside it.
void DramModel::write(Channel &channel, Piece piece, Femtoseconds arrival) {
  if (channel.request != requests) {
    channel.request = requests;
    writeUntil(channel, arrival);
  }
  while (piece.begin < piece.end) {
    const int64_t count = std::min(piece.end - piece.begin, parameters.writeBatch - channel.queuedBursts);
    const Piece next{piece.begin, piece.begin + count};
    const Femtoseconds accepted = std::max(arrival, channel.batchEnds[channel.nextBatch]);
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

/// Writes that begin before `time`: no request has come since the channel was
/// free.
void DramModel::writeUntil(Channel &channel, Femtoseconds time) {
  if (!channel.draining)
    return;
  size_t gone = 0;
  while (gone < channel.queued.size()) {
    Piece &piece = channel.queued[gone];
    const timing::DramPlace place = map.of(piece.begin);
    const Femtoseconds from = std::max(channel.free, channel.enough);
    if (std::max(from, columnFrom(channel, place.bank, true)) >= time)
      break;
    const Femtoseconds begin = open(channel, place, channel.enough, true);
    int64_t count = piece.end - piece.begin;
    if (count > 1 && time - begin <= Clock::times(count - 1, times.columnLong))
      count = 1 + std::max<int64_t>(0, time - begin - 1) / times.columnLong;
    transfer(channel, place.bank, begin, count, true);
    held += channel.free - from - Clock::times(count, times.burst);
    channel.queuedBursts -= count;
    piece.begin += count;
    gone += piece.begin == piece.end;
  }
  channel.queued.erase(channel.queued.begin(), channel.queued.begin() + static_cast<ptrdiff_t>(gone));
  channel.draining = !channel.queued.empty();
}

/// Pieces [first, end) of the batch, which lie in one row.
void DramModel::writeRow(Channel &channel, size_t first, size_t end, timing::DramPlace place,
                         Femtoseconds decided) {
  while (first < end) {
    for (row.pieces = 0; first < end && row.pieces < (closes ? 1 : Visit::kMostPieces); ++first)
      row.add(batch[first]);
    serve<true>(channel, row, place, decided);
  }
}

/// Open rows first, then by address; pieces of one row stay together, also where a refresh comes between.
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
  for (const bool onlyOpen : {true, false}) {
    size_t kept = 0;
    for (size_t first = 0, end; first < batch.size(); first = end) {
      const int64_t begin = batch[first].begin, behind = map.endOfRun(begin);
      for (end = first + 1; end < batch.size() && batch[end].begin < behind;)
        ++end;
      if (const timing::DramPlace place = map.of(begin);
          onlyOpen && channel.banks[place.bank].openRow != place.row)
        kept = static_cast<size_t>(std::copy(batch.data() + first, batch.data() + end, batch.data() + kept) -
                                   batch.data());
      else
        writeRow(channel, first, end, place, decided);
    }
    batch.resize(onlyOpen ? kept : 0);
  }
  held += channel.free - from - Clock::times(bursts, times.burst);
  channel.batchEnds[channel.nextBatch] = channel.free;
  channel.nextBatch = channel.nextBatch + 1 < channel.batchEnds.size() ? channel.nextBatch + 1 : 0;
}

template <class Divide, class Take>
[[gnu::always_inline]] inline void
DramModel::forEachPiece(StridedPayload &payload, const DramCut<Divide> &cut, Divide run, Take take) const {
  const auto takeByRows = [&](size_t channel, Piece piece) __attribute__((always_inline)) {
    bool continues = false;
    for (int64_t number = run.quotient(piece.begin); piece.begin < piece.end; ++number) {
      const int64_t end = std::min(piece.end, (number + 1) * run.value);
      take(channel, Piece{piece.begin, end}, number, continues);
      piece.begin = end;
      continues = true;
    }
  };
  cut.forEachPiece(payload, takeByRows);
}

template <class Divide>
void DramModel::cutAndServe(StridedPayload &payload, DramCut<Divide> cut, Divide run, Femtoseconds arrival) {
  if (payload.command == StridedPayload::Write)
    return forEachPiece(payload, cut, run, [&](size_t channel, Piece piece, int64_t, bool) {
      write(channels[channel], piece, arrival);
    });
  const size_t most = closes ? 1 : Visit::kMostPieces;
  int64_t gathered = kNobody;
  size_t count = 0;
  Visit *const all = visits.data();
  size_t *const numbers = reached.data();
  const auto gather = [&](size_t channel, Piece piece, int64_t number, bool continues)
      __attribute__((always_inline)) {
    Visit &visit = all[channel];
    if (number != gathered || visit.pieces == most) {
      readVisits(count, gathered, arrival);
      gathered = number;
      count = 0;
    }
    numbers[count] = channel;
    count += visit.pieces == 0;
    visit.continues = continues;
    visit.add(piece);
  };
  forEachPiece(payload, cut, run, gather);
  readVisits(count, gathered, arrival);
}

Femtoseconds DramModel::serve(StridedPayload &payload, Femtoseconds arrival) {
  const bool isWrite = payload.command == StridedPayload::Write;
  firstBurst = finished = arrival;
  waited = 0;
  held = 0;
  bursts = 0;
  const int64_t openedBefore = rowMisses;
  if (shiftingCut)
    cutAndServe(payload, *shiftingCut, Shift(map.burstsOfRun().value), arrival);
  else
    cutAndServe(payload, cut, map.burstsOfRun(), arrival);
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
