// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What each location of the model cost: cycles, work of every unit, bytes and energy. The machine's time is
// divided so that the cycles of all rows add up to the total; the span from first start to last completion
// stands beside it.
#include "simulator/top/Products.h"
#include "simulator/top/Report.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace arsis::sim {

std::vector<LayerRow> layerRows(const RunRecord &record, const EnergyModel &energy,
                                double nanosecondsPerCycle) {
  std::vector<LayerRow> rows;
  for (size_t location = 0; location < record.layers.cycles.size(); ++location) {
    LayerRow row{location,
                 {},
                 {},
                 record.layers.cycles[location],
                 record.layers.first[location],
                 record.layers.last[location],
                 0,
                 {},
                 0};
    double dramTime = 0;
    for (const UnitRecord &unit : record.units) {
      dramTime += static_cast<double>(unit.events.dramTime[location]);
      row.counts += unit.events.rows[location];
      row.busy.push_back(unit.events.busyCycles[location]);
    }
    row.dramCycles = std::llround(dramTime / (nanosecondsPerCycle * kFemtosecondsPerNanosecond));
    if (row.counts[Event::Instructions] == 0)
      continue;
    for (size_t e = 0; e < kEventCount; ++e) {
      const double picojoules = energy.of(static_cast<Event>(e), row.counts.count[e]);
      if (energy.coefficient(static_cast<Event>(e)) && record.counted(static_cast<Event>(e)))
        row.energy.emplace_back(kEvents[e].name, picojoules);
    }
    if (record.timed)
      for (const power::Part &part : energy.model.statics())
        row.energy.emplace_back(staticName(part),
                                part.value.nominal * static_cast<double>(row.cycles) * nanosecondsPerCycle);
    for (const auto &[component, picojoules] : row.energy)
      row.picojoules += picojoules;
    rows.push_back(std::move(row));
  }
  return rows;
}

static void addWork(boost::json::object &json, const EventCounts &counts, const RunRecord &record) {
  json["macs"] = macsOf(counts);
  json["instructions"] = counts[Event::Instructions];
  for (Event event :
       {Event::VectorOps, Event::TranscendentalOps, Event::DramReadBytes, Event::DramWriteBytes,
        Event::DramActivations, Event::ScratchpadReadWords, Event::ScratchpadWriteWords,
        Event::ScratchpadReadBytes, Event::ScratchpadWriteBytes, Event::AccumulatorReadBytes,
        Event::AccumulatorWriteBytes, Event::FetchBytes, Event::LoadPayloadBytes, Event::StorePayloadBytes})
    if (record.counted(event))
      json[kEvents[static_cast<size_t>(event)].name] = counts[event];
}

/// Cycles in which units stood still for a location, by unit and cause.
static boost::json::object stalledJson(const RunRecord &record, size_t location) {
  boost::json::object units;
  for (const UnitRecord &unit : record.units) {
    boost::json::object causes;
    for (size_t cause = 0; cause < kCauseCount; ++cause)
      if (const int64_t cycles = unit.events.stalledCycles[location][cause])
        causes[kCauseNames[cause]] = cycles;
    if (!causes.empty())
      units[unit.name] = std::move(causes);
  }
  return units;
}

boost::json::array layersJson(const std::vector<LayerRow> &rows, const RunRecord &record,
                              const isa::Program &program, int64_t processingElements,
                              const chip::MatrixPasses &passes) {
  boost::json::array layers;
  for (const LayerRow &row : rows) {
    boost::json::object json;
    const isa::Location location =
        row.location < program.locations.size() ? program.locations[row.location] : isa::Location{};
    json["layer"] = location.layer;
    json["phase"] = location.phase;
    json["op"] = location.op;
    addWork(json, row.counts, record);
    if (record.timed) {
      json["cycles"] = row.cycles;
      json["begin_cycle"] = row.first == kNever ? 0 : row.first;
      json["end_cycle"] = row.last;
      json["span_cycles"] = row.first == kNever ? 0 : row.last - row.first;
      boost::json::object busy;
      size_t busiest = 0;
      for (size_t unit = 0; unit < row.busy.size(); ++unit) {
        if (row.busy[unit] > 0)
          busy[record.units[unit].name] = row.busy[unit];
        if (row.busy[unit] > row.busy[busiest])
          busiest = unit;
      }
      const Cycle longest = row.busy.empty() ? 0 : row.busy[busiest];
      // A DMA queue is busy while data moves over the bus; the DRAM behind it can be the slower of the two.
      if (row.dramCycles > longest)
        json["bound_by"] = "dram";
      else
        json["bound_by"] = longest == 0 ? std::string("none") : record.units[busiest].name;
      json["dram_cycles"] = row.dramCycles;
      json["busy"] = std::move(busy);
      json["stalled"] = stalledJson(record, row.location);
      const auto macs = static_cast<double>(macsOf(row.counts));
      const auto passed = static_cast<double>(passedMacsOf(row.counts, passes));
      const auto dram =
          static_cast<double>(row.counts[Event::DramReadBytes] + row.counts[Event::DramWriteBytes]);
      // Neighbouring layers overlap: the time attributed to a layer can be less than its product streamed.
      Cycle time = row.cycles;
      for (size_t unit = 0; unit < row.busy.size(); ++unit)
        if (record.units[unit].kind == "matrix")
          time = std::max(time, row.busy[unit]);
      json["utilisation"] =
          time > 0 ? passed / (static_cast<double>(time) * static_cast<double>(processingElements)) : 0.0;
      json["macs_per_dram_byte"] = dram > 0 ? boost::json::value(macs / dram) : boost::json::value(nullptr);
    }
    boost::json::object energy;
    for (const auto &[component, picojoules] : row.energy)
      energy[component] = picojoules;
    json["energy"] = std::move(energy);
    json["energy_pj"] = row.picojoules;
    layers.push_back(std::move(json));
  }
  return layers;
}

boost::json::array phasesJson(const std::vector<LayerRow> &rows, const RunRecord &record,
                              const isa::Program &program) {
  struct Sum {
    EventCounts counts;
    Cycle cycles = 0;
    double picojoules = 0;
  };
  std::map<std::string, Sum> phases;
  std::vector<std::string> order;
  for (const LayerRow &row : rows) {
    const std::string phase =
        row.location < program.locations.size() ? program.locations[row.location].phase : "";
    if (!phases.count(phase))
      order.push_back(phase);
    Sum &sum = phases[phase];
    sum.counts += row.counts;
    sum.cycles += row.cycles;
    sum.picojoules += row.picojoules;
  }
  boost::json::array json;
  for (const std::string &phase : order) {
    boost::json::object entry;
    entry["phase"] = phase;
    entry["cycles"] = phases[phase].cycles;
    addWork(entry, phases[phase].counts, record);
    entry["energy_pj"] = phases[phase].picojoules;
    json.push_back(std::move(entry));
  }
  return json;
}

} // namespace arsis::sim
