// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The controller of one channel that chooses among the reads it holds (first ready, first come first served:
// Rixner et al., ISCA 2000), burst by burst and command by command. Models: a window of `dram.read_queue`
// reads and a queue of `dram.write_queue` writes; of the commands that can go first a read or write of an
// open row, else the one of the oldest burst; a row closes for another one when no burst in the window hits
// it; a burst that others have passed 4 windows of times goes first; writes in batches as in DramModel.h;
// refresh rank by rank, spread evenly over tREFI; pages that stay open, close or time out. Does not model:
// the bus of commands, reads answered from the queue of writes, refreshes that are put off. Figures:
// timing/Dram.h.
#pragma once

#include "simulator/memory/DramCommands.h"

#include <deque>
#include <optional>

namespace arsis::sim {

class DramWindow {
public:
  explicit DramWindow(const timing::Dram &dram);

  /// A command as it went out.
  struct Issued {
    DramCommand command;
    size_t bank; // of a refresh any one of the rank
    int64_t row;
    Femtoseconds at;
  };
  /// A read whose last beat is on the bus, or a write that the queue has taken: the times that its sender
  /// waits for, without the parts of the latency outside the channel.
  struct Done {
    int64_t tag;
    Femtoseconds at;
  };

  /// A burst of the channel's own address space. REQUIRES: arrivals do not fall from call to call.
  void push(int64_t burst, bool write, Femtoseconds arrival, int64_t tag);
  /// Issues all commands that go before `until`. REQUIRES: what arrives before is pushed.
  void advance(Femtoseconds until);
  /// When advance would next do something; kNever if all reads are through and no writes are due.
  Femtoseconds next();
  /// From now on writes go out although too few for half a batch are there.
  void flush() {
    flushing = true;
    chosen.reset(); // it may have been that nothing goes
  }

  /// Filled by advance; who reads it clears it.
  std::vector<Done> done;
  /// When the last data so far leave the bus.
  Femtoseconds lastData() const { return dataEnd; }
  /// Takes every command, if set.
  std::vector<Issued> *log = nullptr;

  int64_t openings = 0, batches = 0, turnarounds = 0, refreshes = 0; // openings of rows
  Femtoseconds busy = 0;

private:
  struct Burst {
    timing::DramPlace place;
    Femtoseconds arrival;
    int64_t tag;
    int64_t since = 0; // columns issued when it came to the window
  };
  struct Bank {
    int64_t openRow = -1;
    Femtoseconds lastUsed = 0;
    bool hit = false; // by a burst that may go, see choose
  };
  struct Choice {
    Femtoseconds at = kNever;
    DramCommand command = DramCommand::Refresh;
    size_t bank = 0;
    size_t burst = 0; // of the queue that goes, where the command is for one
    int order = 0;    // among commands of one time, the least first
  };
  void admit();
  void chooseDirection();
  const Choice &choose();
  void offer(Choice &best, Femtoseconds at, DramCommand command, size_t bank, size_t burst) const;
  void offerBursts(Choice &best);
  void offerRefreshes(Choice &best);
  void issue(const Choice &choice);
  void column(size_t index, Femtoseconds at);
  void send(DramCommand command, size_t bank, int64_t row, Femtoseconds at);
  bool anyHits(timing::DramPlace place) const;
  std::vector<Burst> &going() { return writing ? writes : reads; }

  static constexpr int64_t kMostPassed = 4; // windows
  DramCommands commands;
  const timing::PagePolicy policy;
  const size_t window, writeQueue, writeBatch;
  const Femtoseconds burstTime, readLatency, writeLatency; // latencies to the first beat
  const Femtoseconds refi, pageTimeout;
  std::vector<Burst> reads, writes; // in the window and in the queue, the oldest first
  std::deque<Burst> waitingReads, waitingWrites;
  std::vector<Bank> banks;
  std::vector<Femtoseconds> refreshDue; // by rank
  std::optional<Choice> chosen;         // until something changes
  bool writing = false, lastWasWrite = false, flushing = false;
  size_t batchLeft = 0; // writes that go before reads
  int64_t columns = 0;
  Femtoseconds now = 0, dataEnd = 0;
};

} // namespace arsis::sim
