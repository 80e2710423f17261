// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The report of a run: the only thing the simulator writes. Every total is the sum of rows that are in the
// report too.
#pragma once

#include "arch_configs/reader/MatrixPasses.h"
#include "dialects/Isa/Verifier/Record.h"
#include "simulator/power/Energy.h"
#include "simulator/top/HostLayout.h"
#include "simulator/top/Machine.h"
#include "simulator/top/RunRecord.h"
#include "simulator/top/Session.h"

namespace arsis::sim {

/// Follows reports/schema/report.schema.json. Cycles, energy over time and utilisation are absent from a run
/// without a clock.
boost::json::object buildReport(const RunRecord &record, const isa::Program &program, const chip::Chip &chip,
                                const RunOptions &options, const HostTraffic &host);

/// How it is known that the program is sound, and what it took to know; apart from the run's wall clock.
boost::json::object verificationJson(const std::optional<isa::Proof> &proof);

/// One row per location of the program, with the events of all units (LayerRows.cpp).
struct LayerRow {
  size_t location;
  EventCounts counts;
  std::vector<int64_t> busy; // per unit
  Cycle cycles = 0, first = 0, last = 0;
  Cycle dramCycles = 0; // in which its requests held the DRAM, mean over channels
  std::vector<std::pair<std::string, double>> energy; // component and pJ
  double picojoules = 0;
};
std::vector<LayerRow> layerRows(const RunRecord &record, const EnergyModel &energy,
                                double nanosecondsPerCycle);
boost::json::array layersJson(const std::vector<LayerRow> &rows, const RunRecord &record,
                              const isa::Program &program, int64_t processingElements,
                              const chip::MatrixPasses &passes);
/// The same rows added up by phase.
boost::json::array phasesJson(const std::vector<LayerRow> &rows, const RunRecord &record,
                              const isa::Program &program);

/// The counts of all rows together.
EventCounts countsOf(const std::vector<LayerRow> &rows);

/// The least and the most that a run cost, by the sources of the coefficients (EnergyJson.cpp).
struct EnergyRange {
  double low = 0, high = 0;
};
EnergyRange energyRange(const EventCounts &counts, const EnergyModel &energy, const RunRecord &record);
/// Energy by component: events, coefficient with its range and source; the energy is the sum over the rows.
boost::json::object energyJson(const std::vector<LayerRow> &rows, const EnergyModel &energy,
                               const RunRecord &record);
boost::json::object areaJson(const power::PowerModel &model);
/// Power over time by unit (PowerJson.cpp). REQUIRES: the run kept windows.
boost::json::object powerJson(const RunRecord &record, const EnergyModel &energy);

/// The totals of traffic through each level (TrafficJson.cpp).
boost::json::object trafficJson(const RunRecord &record);

} // namespace arsis::sim
