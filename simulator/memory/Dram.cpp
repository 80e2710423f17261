// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Dram.h.
#include "simulator/memory/Dram.h"

namespace arsis::sim {

Dram::Dram(const sc_core::sc_module_name &name, const chip::Chip &chip)
    : sc_core::sc_module(name), socket("socket"), model(timing::Dram(chip)) {
  socket.register_nb_transport_fw(this, &Dram::transport);
}

tlm::tlm_sync_enum Dram::transport(int, StridedPayload &payload, tlm::tlm_phase &phase,
                                   sc_core::sc_time &delay) {
  const Femtoseconds now = Clock::kernelTime();
  const Femtoseconds finished =
      model.serve(payload, Clock::later(now, static_cast<Femtoseconds>(delay.value())));
  delay = sc_core::sc_time::from_value(static_cast<uint64_t>(finished - now));
  phase = tlm::BEGIN_RESP;
  return tlm::TLM_COMPLETED;
}

void Dram::report(Statistics &statistics, Femtoseconds total) const {
  const std::string prefix = std::string(basename()) + ".";
  statistics.add(prefix + "requests", "requests", "strided requests served",
                 static_cast<double>(model.requests));
  statistics.add(prefix + "read_bursts", "bursts", "bursts read", static_cast<double>(model.readBursts));
  statistics.add(prefix + "write_bursts", "bursts", "bursts written", static_cast<double>(model.writeBursts));
  statistics.add(prefix + "row_hits", "accesses", "accesses that found their row open",
                 static_cast<double>(model.rowHits));
  statistics.add(prefix + "row_misses", "accesses", "accesses that had to open a row",
                 static_cast<double>(model.rowMisses));
  statistics.add(prefix + "write_batches", "batches", "batches of writes, summed over channels",
                 static_cast<double>(model.batches));
  statistics.add(prefix + "turnarounds", "turns", "changes of direction, summed over channels",
                 static_cast<double>(model.turnarounds));
  statistics.add(prefix + "refreshes", "refreshes", "refreshes, summed over channels",
                 static_cast<double>(model.refreshes));
  const double capacity = static_cast<double>(total) * static_cast<double>(model.parameters.channels);
  statistics.add(prefix + "utilisation", "1",
                 "share of the time that a channel transfers, mean over channels",
                 capacity > 0 ? static_cast<double>(model.busy) / capacity : 0.0);
}

} // namespace arsis::sim
