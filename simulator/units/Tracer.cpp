// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Tracer.h.
#include "simulator/units/Tracer.h"

#include <algorithm>

namespace arsis::sim {

void Tracer::instruction(const TraceEntry &entry) {
  if (!outside(entry.begin, std::max(entry.end, entry.begin + 1)))
    instructions.push_back(entry);
}

void Tracer::stretch(const Stretch &stretch) {
  if (outside(stretch.begin, stretch.end))
    return;
  size_t &before = last[stretch.unit];
  if (before != kNone) {
    Stretch &latest = stretches[before];
    if (latest.end == stretch.begin && latest.state == stretch.state && latest.location == stretch.location) {
      latest.end = stretch.end;
      return;
    }
  }
  before = stretches.size();
  stretches.push_back(stretch);
}

void Tracer::events(const EventCounts &counts, Cycle begin, Cycle end) {
  end = std::max(end, begin + 1);
  if (outside(begin, end))
    return;
  const double perCycle = 1.0 / static_cast<double>(end - begin);
  const Cycle from = std::max(begin, options.begin) - options.begin,
              to = std::min(end, options.end) - options.begin;
  while ((to - 1) / windowCycles >= static_cast<Cycle>(kMostWindows)) {
    for (size_t w = 0; w < windows.size(); ++w)
      for (size_t e = 0; e < kEventCount; ++e) {
        const double events = windows[w][e];
        windows[w][e] = 0;
        windows[w / 2][e] += events;
      }
    windows.resize((windows.size() + 1) / 2);
    windowCycles *= 2;
  }
  if (const auto needed = static_cast<size_t>((to - 1) / windowCycles + 1); windows.size() < needed)
    windows.resize(needed, Window{});
  for (Cycle at = from; at < to;) {
    const Cycle next = std::min(to, (at / windowCycles + 1) * windowCycles);
    const double share = static_cast<double>(next - at) * perCycle;
    Window &window = windows[static_cast<size_t>(at / windowCycles)];
    for (size_t e = 0; e < kEventCount; ++e)
      window[e] += share * static_cast<double>(counts.count[e]);
    at = next;
  }
}

void Tracer::finish(Cycle total) {
  const Cycle end = std::min(total, options.end);
  events({}, end - 1, end);
}

} // namespace arsis::sim
