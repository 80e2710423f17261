// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See TraceFile.h.
#include "simulator/top/TraceFile.h"

#include <algorithm>

namespace arsis::sim {

void TraceFile::write(const boost::json::object &event) {
  out << (first ? "\n" : ",\n") << event;
  first = false;
}

void TraceFile::process(int number, const std::string &name) {
  write({{"ph", "M"}, {"pid", number}, {"name", "process_name"}, {"args", {{"name", name}}}});
  write({{"ph", "M"}, {"pid", number}, {"name", "process_sort_index"}, {"args", {{"sort_index", number}}}});
}

void TraceFile::track(int process, int64_t number, const std::string &name) {
  write(
      {{"ph", "M"}, {"pid", process}, {"tid", number}, {"name", "thread_name"}, {"args", {{"name", name}}}});
  write({{"ph", "M"},
         {"pid", process},
         {"tid", number},
         {"name", "thread_sort_index"},
         {"args", {{"sort_index", number}}}});
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
                      const std::string &category, boost::json::object arguments) {
  const Cycle shownFrom = std::max(from, begin), shownTo = std::min(to, end);
  if (shownFrom > shownTo || from >= end || (to <= begin && from < begin))
    return;
  write({{"ph", "X"},
         {"pid", process},
         {"tid", track},
         {"ts", microseconds(shownFrom)},
         {"dur", microseconds(shownTo - shownFrom)},
         {"name", name},
         {"cat", category},
         {"args", std::move(arguments)}});
}

void TraceFile::counter(int process, const std::string &name, Cycle at, boost::json::object values) {
  write(
      {{"ph", "C"}, {"pid", process}, {"ts", microseconds(at)}, {"name", name}, {"args", std::move(values)}});
}

void TraceFile::close(const boost::json::object &about) { out << "\n],\"otherData\":" << about << "}\n"; }

} // namespace arsis::sim
