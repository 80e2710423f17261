// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The DRAM as a module. Channels that serve reads in order (DramModel.h) answer a request in the call that
// brings it, with the delay until the last byte. Channels that choose among reads (DramChannels.h) accept it
// and answer later, in two phases, since what arrives meanwhile may go first: BEGIN_RESP comes back by the
// backward path, at or before the time of the answer, with the rest of the delay annotated. Commands are
// computed in bundles as far behind the clock as the latency outside the channels allows, which saves events
// and changes nothing. Figures: timing/Dram.h.
#pragma once

#include "simulator/base/Statistics.h"
#include "simulator/memory/DramChannels.h"
#include "simulator/memory/DramModel.h"

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <exception>
#include <map>
#include <memory>

namespace arsis::sim {

class Dram : public sc_core::sc_module {
public:
  Dram(const sc_core::sc_module_name &name, const chip::Chip &chip);

  /// A program without DMA binds nobody.
  tlm_utils::multi_passthrough_target_socket<Dram, 32, StridedProtocol, 0, sc_core::SC_ZERO_OR_MORE_BOUND>
      socket;

  bool answersInOrder() const { return !channels; }
  /// Writes what is still queued; returns when everything is in the DRAM. REQUIRES: no request follows.
  Femtoseconds flush() { return channels ? channels->flush() : model.flush(); }
  /// Since when rows opened that no answer counted; those of flush are among them.
  Femtoseconds flushedSince() const { return channels ? answeredUntil : model.flushBegan; }
  /// Rows that flush opened, or that opened behind the last answer.
  int64_t flushedActivations() const {
    return channels ? openings() - answeredOpenings : model.flushedActivations;
  }
  void report(Statistics &statistics, Femtoseconds total) const;
  /// The first error of a channel that chooses, if there was one: nothing is answered any more.
  std::exception_ptr failure;

private:
  struct Waiting { // for its answer
    StridedPayload *payload;
    int initiator;
    Femtoseconds arrival;
    std::vector<std::pair<int64_t, int64_t>> bursts; // from the first to the last
  };
  tlm::tlm_sync_enum transport(int initiator, StridedPayload &payload, tlm::tlm_phase &phase,
                               sc_core::sc_time &delay);
  void step();
  void accept(int initiator, StridedPayload &payload, Femtoseconds arrival);
  void arrive(int64_t tag, const Waiting &request);
  void answer(const DramChannels::Answer &answer, Femtoseconds now);
  /// Rows opened in channels that choose.
  int64_t openings() const;

  DramModel model;
  std::unique_ptr<DramChannels> channels; // that choose
  const Divisor burst;
  const Femtoseconds burstTime, lag; // of commands behind the clock
  std::map<int64_t, Waiting> waiting;
  std::multimap<Femtoseconds, int64_t> arriving; // tags
  int64_t tags = 0, readBursts = 0, writeBursts = 0, answeredOpenings = 0;
  Femtoseconds answeredUntil = 0; // the time up to which answers count what was opened
  sc_core::sc_event event;
};

} // namespace arsis::sim
