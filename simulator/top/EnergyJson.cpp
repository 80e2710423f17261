// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Energy and area in the report: every component as counts times a coefficient that says where it is from. A
// component's energy is the sum over the layers' rows, so that rows, components and total agree.
#include "simulator/top/Report.h"

#include <map>

namespace arsis::sim {

EventCounts countsOf(const std::vector<LayerRow> &rows) {
  EventCounts counts;
  for (const LayerRow &row : rows)
    counts += row.counts;
  return counts;
}

EnergyRange energyRange(const EventCounts &counts, const EnergyModel &energy, const RunRecord &record) {
  EnergyRange sum;
  const auto add = [&](const power::Range &range, double events) {
    sum.low += range.low * events;
    sum.high += range.high * events;
  };
  for (size_t e = 0; e < kEventCount; ++e)
    if (const power::Coefficient *coefficient = energy.coefficient(static_cast<Event>(e)))
      add(coefficient->value, static_cast<double>(counts.count[e]));
  if (record.timed)
    for (const power::Part &part : energy.model.statics())
      add(part.value, record.totalNanoseconds);
  return sum;
}

boost::json::object energyJson(const std::vector<LayerRow> &rows, const EnergyModel &energy,
                               const RunRecord &record) {
  std::map<std::string, double> sums;
  for (const LayerRow &row : rows)
    for (const auto &[component, picojoules] : row.energy)
      sums[component] += picojoules;
  const EventCounts counts = countsOf(rows);
  boost::json::object json;
  const auto add = [&](const std::string &name, const power::Range &range, boost::json::value events) {
    boost::json::object entry;
    entry["events"] = std::move(events);
    entry["coefficient"] = range.nominal;
    entry["low"] = range.low;
    entry["high"] = range.high;
    entry["pj"] = sums[name];
    return entry;
  };
  for (size_t e = 0; e < kEventCount; ++e) {
    const power::Coefficient *coefficient = energy.coefficient(static_cast<Event>(e));
    if (!coefficient || !record.counted(static_cast<Event>(e)))
      continue;
    boost::json::object entry = add(kEvents[e].name, coefficient->value, counts.count[e]);
    entry["key"] = coefficient->key;
    entry["unit"] = coefficient->unit;
    entry["source"] = coefficient->source;
    entry["given"] = coefficient->given;
    json[kEvents[e].name] = std::move(entry);
  }
  if (!record.timed)
    return json;
  for (const power::Part &part : energy.model.statics()) {
    const std::string name = staticName(part);
    boost::json::object entry = add(name, part.value, record.totalNanoseconds);
    entry["key"] = part.name == "chip" ? "energy.static_mw" : "";
    entry["unit"] = "mW";
    entry["source"] = part.source;
    entry["given"] = part.name == "chip";
    json[name] = std::move(entry);
  }
  return json;
}

boost::json::object areaJson(const power::PowerModel &model) {
  boost::json::array parts;
  for (const power::Part &part : model.areas())
    parts.push_back({{"name", part.name}, {"mm2", part.value.nominal}, {"source", part.source}});
  return {{"mm2", model.areaMm2()}, {"parts", std::move(parts)}};
}

} // namespace arsis::sim
