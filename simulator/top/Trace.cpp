// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Trace.h. Instructions of a unit that overlap go to the first lane that is free at their start.
#include "simulator/top/Trace.h"

#include <boost/json.hpp>

#include <algorithm>

namespace arsis::sim {
namespace {

std::string quoted(const std::string &text) { return boost::json::serialize(boost::json::string(text)); }

constexpr int kLanesPerUnit = 100; // numbers of tracks, not a limit on instructions in flight

} // namespace

void writeTrace(std::ostream &out, const RunRecord &record, const isa::Program &program, double coreMhz) {
  out << "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  std::vector<TraceEntry> entries = record.trace;
  std::stable_sort(entries.begin(), entries.end(),
                   [](const TraceEntry &a, const TraceEntry &b) { return a.begin < b.begin; });

  std::vector<std::vector<Cycle>> lanes(record.units.size());
  std::string body;
  for (const TraceEntry &entry : entries) {
    std::vector<Cycle> &free = lanes[entry.unit];
    size_t lane = 0;
    while (lane < free.size() && free[lane] > entry.begin)
      ++lane;
    if (lane == free.size())
      free.push_back(0);
    free[lane] = entry.end;
    const isa::Location location =
        entry.location < program.locations.size() ? program.locations[entry.location] : isa::Location{};
    const double begin = static_cast<double>(entry.begin) / coreMhz, // microseconds
        duration = static_cast<double>(entry.end - entry.begin) / coreMhz;
    body = "{\"ph\":\"X\",\"pid\":1,\"tid\":" + std::to_string(entry.unit * kLanesPerUnit + lane) +
           ",\"ts\":" + std::to_string(begin) + ",\"dur\":" + std::to_string(duration) +
           ",\"name\":" + quoted(isa::findInfo(isa::Opcode(entry.opcode))->mnemonic) +
           ",\"cat\":" + quoted(location.phase) + ",\"args\":{\"layer\":" + quoted(location.layer) +
           ",\"op\":" + quoted(location.op) + ",\"begin_cycle\":" + std::to_string(entry.begin) +
           ",\"end_cycle\":" + std::to_string(entry.end) + "}},\n";
    out << body;
  }
  for (size_t unit = 0; unit < record.units.size(); ++unit)
    for (size_t lane = 0; lane < std::max<size_t>(1, lanes[unit].size()); ++lane)
      out << "{\"ph\":\"M\",\"pid\":1,\"tid\":" << unit * kLanesPerUnit + lane
          << ",\"name\":\"thread_name\",\"args\":{\"name\":" << quoted(record.units[unit].name) << "}},\n";
  out << "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"chip\"}}\n]}\n";
}

} // namespace arsis::sim
