// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The events of a trace as text. Times are microseconds; slices of one track follow each other or nest, so
// what overlaps goes to lanes, which are tracks of one name.
#pragma once

#include "simulator/base/Clock.h"

#include <boost/json.hpp>

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace arsis::sim {

class TraceFile {
public:
  TraceFile(std::ostream &out, double coreMhz, Cycle begin, Cycle end)
      : out(out), coreMhz(coreMhz), begin(begin), end(end) {
    out << "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
  }
  void process(int number, const std::string &name);
  /// Declares a track; tracks stand in the order of their numbers.
  void track(int process, int64_t number, const std::string &name);
  /// Cut off at the window; nothing if it lies outside.
  void slice(int process, int64_t track, Cycle from, Cycle to, const std::string &name,
             const std::string &category, const boost::json::object &arguments);
  /// The first of the lanes of a track, which are declared as they are needed, that is free at `from`.
  int64_t lane(int process, int64_t track, const std::string &name, Cycle from, Cycle to);
  /// The counter has these values from `at` on.
  void counter(int process, const std::string &name, Cycle at, const boost::json::object &values);
  /// Ends the file. `about` says what it is the trace of.
  void close(const boost::json::object &about);

  static constexpr int64_t kLanes = 1000; // numbers of tracks, not a limit on what overlaps

private:
  int64_t picoseconds(Cycle cycle) const;
  void next();
  void metadata(int process, std::optional<int64_t> track, const char *name,
                const boost::json::object &arguments);

  std::ostream &out;
  const double coreMhz;
  const Cycle begin, end;
  bool first = true;
  std::map<std::pair<int, int64_t>, std::vector<Cycle>> lanes; // when each becomes free
};

} // namespace arsis::sim
