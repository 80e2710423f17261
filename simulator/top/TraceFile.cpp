// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See TraceFile.h.
#include "simulator/top/TraceFile.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

namespace {

std::string quoted(const std::string &text) { return boost::json::serialize(boost::json::string(text)); }

/// Microseconds without an exponent: Perfetto takes times apart as text.
std::string microseconds(int64_t picoseconds) {
  constexpr int64_t kPerMicrosecond = 1000000;
  std::string fraction = std::to_string(kPerMicrosecond + picoseconds % kPerMicrosecond);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  const std::string whole = std::to_string(picoseconds / kPerMicrosecond);
  return fraction.size() > 1 ? whole + '.' + fraction.substr(1) : whole;
}

} // namespace

int64_t TraceFile::picoseconds(Cycle cycle) const {
  return std::llround(static_cast<double>(cycle) * 1e6 / coreMhz);
}

void TraceFile::next() {
  out << (first ? "\n" : ",\n");
  first = false;
}

void TraceFile::metadata(int process, std::optional<int64_t> track, const char *name,
                         const boost::json::object &arguments) {
  next();
  out << "{\"ph\":\"M\",\"pid\":" << process;
  if (track)
    out << ",\"tid\":" << *track;
  out << ",\"name\":\"" << name << "\",\"args\":" << arguments << '}';
}

void TraceFile::process(int number, const std::string &name) {
  metadata(number, std::nullopt, "process_name", {{"name", name}});
  metadata(number, std::nullopt, "process_sort_index", {{"sort_index", number}});
}

void TraceFile::track(int process, int64_t number, const std::string &name) {
  metadata(process, number, "thread_name", {{"name", name}});
  metadata(process, number, "thread_sort_index", {{"sort_index", number}});
}

int64_t TraceFile::lane(int process, int64_t track, const std::string &name, Cycle from, Cycle to) {
  std::vector<Cycle> &free = lanes[{process, track}];
  size_t lane = 0;
  while (lane < free.size() && free[lane] > from)
    ++lane;
  if (lane == free.size()) {
    free.push_back(0);
    this->track(process, track * kLanes + static_cast<int64_t>(lane), name);
  }
  free[lane] = to;
  return track * kLanes + static_cast<int64_t>(lane);
}

void TraceFile::slice(int process, int64_t track, Cycle from, Cycle to, const std::string &name,
                      const std::string &category, const boost::json::object &arguments) {
  const Cycle shownFrom = std::max(from, begin), shownTo = std::min(to, end);
  if (shownFrom > shownTo || from >= end || (to <= begin && from < begin))
    return;
  const int64_t start = picoseconds(shownFrom);
  next();
  out << "{\"ph\":\"X\",\"pid\":" << process << ",\"tid\":" << track << ",\"ts\":" << microseconds(start)
      << ",\"dur\":" << microseconds(picoseconds(shownTo) - start) << ",\"name\":" << quoted(name)
      << ",\"cat\":" << quoted(category) << ",\"args\":" << arguments << '}';
}

void TraceFile::counter(int process, const std::string &name, Cycle at, const boost::json::object &values) {
  next();
  out << "{\"ph\":\"C\",\"pid\":" << process << ",\"ts\":" << microseconds(picoseconds(at))
      << ",\"name\":" << quoted(name) << ",\"args\":" << values << '}';
}

void TraceFile::close(const boost::json::object &about) { out << "\n],\"otherData\":" << about << "}\n"; }

} // namespace arsis::sim
