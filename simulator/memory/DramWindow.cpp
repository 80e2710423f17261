// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each step issues the one command that can go first. A command that a refresh of its rank precedes does not
// go any more, so that the banks of the rank close and the refresh follows.
#include "simulator/memory/DramWindow.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

static Femtoseconds fromNanoseconds(double nanoseconds) {
  return std::llround(nanoseconds * static_cast<double>(kFemtosecondsPerNanosecond));
}

DramWindow::DramWindow(const timing::Dram &dram)
    : commands(dram), policy(dram.policy), window(static_cast<size_t>(dram.readQueue)),
      writeQueue(static_cast<size_t>(dram.writeQueue)), writeBatch(static_cast<size_t>(dram.writeBatch)),
      burstTime(fromNanoseconds(dram.burstNs())), readLatency(fromNanoseconds(dram.cl)),
      writeLatency(fromNanoseconds(dram.cwl)), refi(fromNanoseconds(dram.refi)),
      pageTimeout(fromNanoseconds(dram.pageTimeout)), banks(commands.map.bankCount()),
      refreshDue(static_cast<size_t>(dram.ranks), kNever) {
  if (dram.rfc == 0)
    return;
  // A row that has just been opened for a write has to close before a refresh, and another one opens behind.
  const double closing = std::max(dram.ras, dram.rcd + dram.cwl + dram.burstNs() + dram.wr) + dram.rp,
               taken = closing + dram.rfc + dram.rcd;
  if (taken >= dram.refi)
    throw Error("a refresh takes " + std::to_string(taken) +
                " ns with the rows that close and open around it"
                ", expected less than the " +
                std::to_string(dram.refi) + " ns of dram.trefi_ns");
  for (size_t rank = 0; rank < refreshDue.size(); ++rank)
    refreshDue[rank] = refi - refi / dram.ranks * static_cast<int64_t>(rank);
}

bool DramWindow::anyHits(timing::DramPlace place) const {
  for (const std::vector<Burst> *queue : {&reads, &writes})
    for (const Burst &each : *queue)
      if (each.place.bank == place.bank && each.place.row == place.row)
        return true;
  return false;
}

void DramWindow::push(int64_t burst, bool write, Femtoseconds arrival, int64_t tag) {
  now = std::max(now, arrival);
  const timing::DramPlace place = commands.map.of(burst);
  Bank &bank = banks[place.bank];
  if (policy == timing::PagePolicy::TimedOut && bank.openRow >= 0 && arrival > bank.lastUsed + pageTimeout &&
      !anyHits({bank.openRow, place.bank})) {
    const Femtoseconds out = bank.lastUsed + pageTimeout;
    send(DramCommand::Precharge, place.bank, bank.openRow,
         std::max(out, commands.earliest(DramCommand::Precharge, place.bank)));
  }
  (write ? waitingWrites : waitingReads).push_back({place, arrival, tag});
  admit();
  chosen.reset();
}

/// Fills the window and the queue from those who wait. A write is done when it is in the queue.
void DramWindow::admit() {
  for (; !waitingReads.empty() && reads.size() < window; waitingReads.pop_front()) {
    reads.push_back(waitingReads.front());
    reads.back().since = columns;
  }
  for (; !waitingWrites.empty() && writes.size() < writeQueue; waitingWrites.pop_front()) {
    writes.push_back(waitingWrites.front());
    writes.back().since = columns;
    done.push_back({writes.back().tag, std::max(now, writes.back().arrival)});
  }
}

void DramWindow::chooseDirection() {
  if (writing && batchLeft > 0)
    return;
  writing = false;
  if (writes.size() >= writeBatch) {
    writing = true;
    batchLeft = writeBatch;
    ++batches;
  } else if (reads.empty() && !writes.empty() &&
             (flushing || 2 * writes.size() >= writeBatch || lastWasWrite)) {
    writing = true; // while no read is there
  }
}

/// Takes the command unless another one goes before it, or a refresh of its rank.
void DramWindow::offer(Choice &best, Femtoseconds at, DramCommand command, size_t bank, size_t burst) const {
  const int order = command == DramCommand::Read || command == DramCommand::Write ? 0 : 1;
  if (std::pair(at, order) < std::pair(best.at, best.order))
    best = {at, command, bank, burst, order};
}

void DramWindow::offerBursts(Choice &best) {
  const std::vector<Burst> &queue = going();
  if (queue.empty())
    return;
  const bool starved = columns - queue.front().since > kMostPassed * static_cast<int64_t>(window);
  const size_t reserved = starved ? queue.front().place.bank : banks.size(); // for the oldest alone
  for (const Burst &each : queue)
    banks[each.place.bank].hit = false;
  for (size_t k = 0; k < queue.size(); ++k)
    if (Bank &bank = banks[queue[k].place.bank];
        bank.openRow == queue[k].place.row && (queue[k].place.bank != reserved || k == 0))
      bank.hit = true;
  for (size_t k = 0; k < queue.size(); ++k) {
    const timing::DramPlace place = queue[k].place;
    const Bank &bank = banks[place.bank];
    if (place.bank == reserved && k > 0)
      continue;
    const DramCommand command = bank.openRow == place.row ? (writing ? DramCommand::Write : DramCommand::Read)
                                : bank.openRow < 0        ? DramCommand::Activate
                                                          : DramCommand::Precharge;
    if (command == DramCommand::Precharge && bank.hit)
      continue;
    const Femtoseconds at = std::max(now, commands.earliest(command, place.bank));
    if (at < refreshDue[commands.map.rankOf(place.bank)])
      offer(best, at, command, place.bank, k);
  }
}

void DramWindow::offerRefreshes(Choice &best) {
  const size_t perRank = banks.size() / refreshDue.size();
  for (size_t rank = 0; rank < refreshDue.size(); ++rank) {
    const Femtoseconds due = refreshDue[rank];
    if (due >= best.at)
      continue;
    bool open = false;
    for (size_t bank = rank * perRank; bank < (rank + 1) * perRank; ++bank)
      if (banks[bank].openRow >= 0) {
        open = true;
        offer(best, std::max(due, commands.earliest(DramCommand::Precharge, bank)), DramCommand::Precharge,
              bank, 0);
      }
    if (!open)
      offer(best, std::max(due, commands.earliest(DramCommand::Refresh, rank * perRank)),
            DramCommand::Refresh, rank * perRank, 0);
  }
}

const DramWindow::Choice &DramWindow::choose() {
  if (!chosen) {
    chooseDirection();
    chosen.emplace();
    offerBursts(*chosen);
    offerRefreshes(*chosen);
  }
  return *chosen;
}

Femtoseconds DramWindow::next() {
  const Femtoseconds at = choose().at;
  return reads.empty() && !writing ? kNever : at;
}

void DramWindow::advance(Femtoseconds until) {
  while (choose().at < until) {
    if (until == kNever && reads.empty() && !writing)
      return; // nothing but refreshes, for ever
    const Choice choice = *chosen;
    issue(choice);
    chosen.reset();
  }
}

/// Notes a command and what it does to its bank.
void DramWindow::send(DramCommand command, size_t bank, int64_t row, Femtoseconds at) {
  commands.issue(command, bank, at);
  if (command == DramCommand::Activate)
    banks[bank].openRow = row;
  if (command == DramCommand::Precharge)
    banks[bank].openRow = -1;
  if (log)
    log->push_back({command, bank, row, at});
}

void DramWindow::issue(const Choice &choice) {
  switch (choice.command) {
  case DramCommand::Refresh:
    send(choice.command, choice.bank, -1, choice.at);
    refreshDue[commands.map.rankOf(choice.bank)] += refi;
    ++refreshes;
    return; // may lie before what other ranks have done
  case DramCommand::Precharge:
    send(choice.command, choice.bank, banks[choice.bank].openRow, choice.at);
    return;
  case DramCommand::Activate: {
    const Burst &burst = going()[choice.burst];
    send(choice.command, choice.bank, burst.place.row, choice.at);
    ++openings;
    break;
  }
  default:
    column(choice.burst, choice.at);
  }
  now = std::max(now, choice.at);
}

void DramWindow::column(size_t index, Femtoseconds at) {
  std::vector<Burst> &queue = going();
  const Burst burst = queue[index];
  queue.erase(queue.begin() + static_cast<ptrdiff_t>(index));
  send(writing ? DramCommand::Write : DramCommand::Read, burst.place.bank, burst.place.row, at);
  now = std::max(now, at);
  ++columns;
  turnarounds += writing != lastWasWrite;
  lastWasWrite = writing;
  busy += burstTime;
  banks[burst.place.bank].lastUsed = Clock::later(at, burstTime);
  const Femtoseconds end = Clock::later(at, (writing ? writeLatency : readLatency) + burstTime);
  dataEnd = std::max(dataEnd, end);
  if (!writing)
    done.push_back({burst.tag, end});
  else if (batchLeft > 0)
    --batchLeft;
  admit();
  if (policy == timing::PagePolicy::Closed && !anyHits(burst.place))
    send(DramCommand::Precharge, burst.place.bank, burst.place.row,
         commands.earliest(DramCommand::Precharge, burst.place.bank));
}

} // namespace arsis::sim
