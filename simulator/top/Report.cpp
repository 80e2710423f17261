// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Report.h.
#include "simulator/top/Report.h"
#include "arch_configs/schema/Keys.h"
#include "simulator/top/Products.h"
#include "timing/Dram.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {
namespace {

constexpr int kSchemaVersion = 5;

boost::json::object programJson(const isa::Program &program, const RunRecord &record) {
  boost::json::array streams;
  for (size_t i = 0; i < program.streams.size(); ++i) {
    boost::json::object stream;
    stream["name"] = unitName(program.streams[i]);
    stream["encoded_instructions"] = program.streams[i].instructions.size();
    stream["executed_instructions"] = record.units[i].instructions;
    streams.push_back(std::move(stream));
  }
  boost::json::object options;
  for (const auto &[key, value] : program.options)
    options[key] = value;
  boost::json::object json;
  json["streams"] = std::move(streams);
  json["tensors"] = program.tensors.size();
  json["dram_bytes"] = program.dramBytes;
  json["options"] = std::move(options);
  json["not_observable"] = boost::json::array(program.notObservable.begin(), program.notObservable.end());
  return json;
}

/// The chip's name and values, which of them replace the file's, what it assumes, and where it differs from
/// the values that the mapping was chosen for.
boost::json::object chipJson(const isa::Program &program, const chip::Chip &chip, const EnergyModel &energy) {
  boost::json::array assumed, changed;
  for (const std::string &key : chip.assumedKeys())
    assumed.emplace_back(key);
  constexpr std::string_view kPrefix = "chip.";
  for (const auto &[option, value] : program.options) {
    if (option.rfind(kPrefix, 0) != 0 || option == "chip.name")
      continue;
    const std::string key = option.substr(kPrefix.size());
    std::string now;
    try {
      now = chip.text(key);
    } catch (const Error &) {
      continue; // not a key of this schema: nothing to compare
    }
    if (now != value)
      changed.push_back({{"key", key}, {"compiled_for", value}, {"now", now}});
  }
  boost::json::object values;
  for (const std::string &key : chip.keys()) {
    if (chip.repeats(key))
      continue;
    if (chip::findKey(key)->kind == chip::KeySpec::Text)
      values[key] = chip.text(key);
    else
      values[key] = chip.real(key);
  }
  boost::json::array overridden;
  for (const chip::Override &change : chip.overrides())
    overridden.push_back({{"key", change.key}, {"from", change.from}, {"to", change.to}});
  boost::json::object json;
  json["name"] = chip.name;
  json["values"] = std::move(values);
  json["overridden"] = std::move(overridden);
  json["core_mhz"] = chip.real("clock.core_mhz");
  json["rows"] = chip.integer("matrix.rows");
  json["columns"] = chip.integer("matrix.cols");
  json["matrix_units"] = chip.integer("matrix.units");
  json["multiplies"] = multipliesJson(chip::MatrixPasses(chip));
  const timing::Dram dram(chip);
  boost::json::array repairs;
  for (const std::string &repair : dram.repairs())
    repairs.emplace_back(repair);
  json["clock_limit_mhz"] = std::floor(energy.model.clockLimitMhz);
  json["clock_limited_by"] = energy.model.clockLimit;
  json["dram_latency_ns"] = dram.readLatencyNs();
  json["dram_repairs"] = std::move(repairs);
  json["assumed_keys"] = std::move(assumed);
  json["mapping_chosen_for_other_values"] = std::move(changed);
  return json;
}

boost::json::array unitsJson(const RunRecord &record) {
  boost::json::array units;
  for (const UnitRecord &unit : record.units) {
    boost::json::object json;
    json["name"] = unit.name;
    json["kind"] = unit.kind;
    json["instructions"] = unit.instructions;
    if (record.timed) {
      boost::json::object stalled;
      for (size_t cause = 0; cause < kCauseCount; ++cause)
        if (const Cycle cycles = unit.account.stalled(static_cast<Cause>(cause)))
          stalled[kCauseNames[cause]] = cycles;
      json["busy"] = unit.account.busy();
      json["stalled"] = std::move(stalled);
      json["stalled_total"] = unit.account.stalled();
      json["idle"] = unit.account.idle();
      json["total"] = record.totalCycles;
    }
    units.push_back(std::move(json));
  }
  return units;
}

boost::json::object totalsJson(const std::vector<LayerRow> &rows, const EnergyModel &energy,
                               const RunRecord &record, int64_t processingElements,
                               const chip::MatrixPasses &passes) {
  const EventCounts counts = countsOf(rows);
  double picojoules = 0;
  for (const LayerRow &row : rows)
    picojoules += row.picojoules;
  const EnergyRange range = energyRange(counts, energy, record);
  boost::json::object totals;
  const int64_t passed = passedMacsOf(counts, passes);
  totals["macs"] = macsOf(counts);
  for (size_t e = 0; e < kEventCount; ++e)
    if (record.counted(static_cast<Event>(e)))
      totals[kEvents[e].name] = counts.count[e];
  totals["energy_pj"] = picojoules;
  totals["energy_low_pj"] = std::min(range.low, picojoules); // sums in other orders
  totals["energy_high_pj"] = std::max(range.high, picojoules);
  totals["area_mm2"] = energy.model.areaMm2();
  if (record.timed) {
    totals["cycles"] = record.totalCycles;
    totals["time_ns"] = record.totalNanoseconds;
    totals["power_mw"] = record.totalNanoseconds > 0 ? picojoules / record.totalNanoseconds : 0.0;
    totals["utilisation"] = record.totalCycles > 0
                                ? static_cast<double>(passed) / (static_cast<double>(record.totalCycles) *
                                                                 static_cast<double>(processingElements))
                                : 0.0;
  }
  return totals;
}

boost::json::array memoryPlanJson(const isa::Program &program) {
  boost::json::array plan;
  for (const isa::Placement &placement : program.placements)
    plan.push_back({{"memory", isa::memoryName(placement)},
                    {"buffer", placement.buffer},
                    {"begin", placement.begin},
                    {"end", placement.end},
                    {"slots", placement.slots},
                    {"layer", placement.layer}});
  return plan;
}

boost::json::array statisticsJson(const Statistics &statistics) {
  boost::json::array json;
  for (const Statistic &entry : statistics.entries())
    json.push_back({{"name", entry.name},
                    {"unit", entry.unit},
                    {"description", entry.description},
                    {"value", entry.value}});
  return json;
}

const char *modeName(Mode mode) {
  switch (mode) {
  case Mode::Full:
    return "full";
  case Mode::TimingOnly:
    return "timing-only";
  case Mode::FunctionalOnly:
    return "functional-only";
  }
  return "";
}

} // namespace

boost::json::object verificationJson(const std::optional<isa::Proof> &proof) {
  if (!proof)
    return {{"by", "nobody"}, {"why", "verification was skipped"}, {"wall_clock_s", 0.0}};
  return {{"by", proof->recorded ? "record" : "walk"},
          {"why", proof->why},
          {"verifier_version", isa::kVerifierVersion},
          {"wall_clock_s", proof->seconds}};
}

boost::json::object buildReport(const RunRecord &record, const isa::Program &program, const chip::Chip &chip,
                                const RunOptions &options, const HostTraffic &host) {
  const EnergyModel energy(chip);
  const double nanosecondsPerCycle = 1000.0 / chip.real("clock.core_mhz");
  const int64_t elements =
      chip.integer("matrix.rows") * chip.integer("matrix.cols") * chip.integer("matrix.units");
  const std::vector<LayerRow> rows = layerRows(record, energy, nanosecondsPerCycle);
  const chip::MatrixPasses passes(chip);
  const EventCounts counts = countsOf(rows);

  boost::json::object report;
  report["schema_version"] = kSchemaVersion;
  report["program"] = programJson(program, record);
  report["chip"] = chipJson(program, chip, energy);
  report["mode"] = modeName(options.mode);
  report["latency_seed"] =
      options.latencySeed ? boost::json::value(*options.latencySeed) : boost::json::value(nullptr);
  report["totals"] = totalsJson(rows, energy, record, elements, passes);
  report["units"] = unitsJson(record);
  report["layers"] = layersJson(rows, record, program, elements, passes);
  report["phases"] = phasesJson(rows, record, program);
  report["traffic"] = trafficJson(record);
  const double bytesPerCycle = chip.real("dram.bandwidth_gbps") * nanosecondsPerCycle;
  // Of the types that the program multiplies, in the shares in which it does.
  const int64_t macs = macsOf(counts);
  const double peak =
      static_cast<double>(elements) *
      (macs > 0 ? static_cast<double>(macs) / static_cast<double>(passedMacsOf(counts, passes)) : 1.0);
  report["hypothetical"] = hypotheticalJson(counts, passes, chip.name);
  report["roofline"] = {{"peak_macs_per_cycle", peak},
                        {"dram_bytes_per_cycle", bytesPerCycle},
                        {"ridge_macs_per_byte", peak / bytesPerCycle}};
  report["energy"] = energyJson(rows, energy, record);
  report["area"] = areaJson(energy.model);
  if (!record.unitWindows.empty())
    report["power"] = powerJson(record, energy);
  report["memory_plan"] = memoryPlanJson(program);
  report["statistics"] = statisticsJson(record.statistics);
  report["host"] = {{"written_bytes", host.writtenBytes}, {"read_bytes", host.readBytes}};
  report["wall_clock_s"] = record.wallClockSeconds;
  return report;
}

} // namespace arsis::sim
