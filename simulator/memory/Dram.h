// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The DRAM as a module: it answers a request in the call that brings it, with the delay until the last byte.
// What is modelled is in DramModel.h.
#pragma once

#include "simulator/base/Statistics.h"
#include "simulator/memory/DramModel.h"

#include <tlm_utils/multi_passthrough_target_socket.h>

namespace arsis::sim {

class Dram : public sc_core::sc_module {
public:
  Dram(const sc_core::sc_module_name &name, const chip::Chip &chip);

  /// A program without DMA binds nobody.
  tlm_utils::multi_passthrough_target_socket<Dram, 32, StridedProtocol, 0, sc_core::SC_ZERO_OR_MORE_BOUND>
      socket;

  /// Writes what is still queued; returns when everything is in the DRAM. REQUIRES: no request follows.
  Femtoseconds flush() { return model.flush(); }
  void report(Statistics &statistics, Femtoseconds total) const;

private:
  tlm::tlm_sync_enum transport(int initiator, StridedPayload &payload, tlm::tlm_phase &phase,
                               sc_core::sc_time &delay);

  DramModel model;
};

} // namespace arsis::sim
