// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes through each level, by who moved them. In and out of a level are counted where they happen, so
// equalities between levels (what a load takes from DRAM is payload plus overfetch; what it puts into the
// scratchpad is payload plus fill) are checks and not definitions.
#include "simulator/top/Report.h"

namespace arsis::sim {

boost::json::object trafficJson(const RunRecord &record) {
  EventCounts total;
  boost::json::object spmIn, spmOut, accIn, accOut;
  auto addTo = [](boost::json::object &side, const std::string &kind, int64_t bytes) {
    if (bytes == 0)
      return;
    auto &value = side[kind];
    value = bytes + (value.is_int64() ? value.as_int64() : 0);
  };
  for (const UnitRecord &unit : record.units) {
    EventCounts counts;
    for (const EventCounts &row : unit.events.rows)
      counts += row;
    addTo(spmIn, unit.kind, counts[Event::ScratchpadWriteBytes]);
    addTo(spmOut, unit.kind, counts[Event::ScratchpadReadBytes]);
    addTo(accIn, unit.kind, counts[Event::AccumulatorWriteBytes]);
    addTo(accOut, unit.kind, counts[Event::AccumulatorReadBytes]);
    total += counts;
  }
  boost::json::object traffic;
  traffic["dram"] = {{"in", total[Event::DramWriteBytes]},
                     {"out", total[Event::DramReadBytes]},
                     {"payload_in", total[Event::StorePayloadBytes]},
                     {"payload_out", total[Event::LoadPayloadBytes]},
                     {"overfetch_in", total[Event::DramWriteBytes] - total[Event::StorePayloadBytes]},
                     {"overfetch_out", total[Event::DramReadBytes] - total[Event::LoadPayloadBytes]}};
  traffic["scratchpad"] = {{"in", total[Event::ScratchpadWriteBytes]},
                           {"out", total[Event::ScratchpadReadBytes]},
                           {"fill_in", total[Event::FillBytes]},
                           {"in_by_unit", std::move(spmIn)},
                           {"out_by_unit", std::move(spmOut)}};
  traffic["accumulators"] = {{"in", total[Event::AccumulatorWriteBytes]},
                             {"out", total[Event::AccumulatorReadBytes]},
                             {"in_by_unit", std::move(accIn)},
                             {"out_by_unit", std::move(accOut)}};
  traffic["instructions"] = {{"out", total[Event::FetchBytes]}};
  return traffic;
}

} // namespace arsis::sim
