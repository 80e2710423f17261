// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Trace.h. A unit's stretches shorter than the resolution are put together with their neighbours of the
// same layer until they are as long; such a slice says how long the unit worked and what it waited for.
#include "simulator/top/Trace.h"
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "simulator/power/Energy.h"
#include "simulator/top/TraceFile.h"

#include <algorithm>
#include <charconv>

namespace arsis::sim {
namespace {

enum Process { kLayers = 1, kUnits = 2, kCounters = 3 };
constexpr Cycle kFinest = 16000; // slices of the resolution's length that a trace of the units is long

struct Scene {
  const RunRecord &record;
  const isa::Program &program;
  const chip::Chip &chip;
  Cycle begin, end;
  TraceFile &file;

  isa::Location location(uint32_t number) const {
    return number < program.locations.size() ? program.locations[number] : isa::Location{};
  }
};

std::string nameOf(const isa::Location &location) {
  return location.layer.empty() ? "no layer" : location.layer;
}

/// The span from the first start to the last completion of every location, a track per phase.
void writeLayers(const Scene &scene) {
  const LayerClock &layers = scene.record.layers;
  std::vector<uint32_t> order;
  for (uint32_t number = 0; number < layers.cycles.size(); ++number)
    if (layers.first[number] != kNever)
      order.push_back(number);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return layers.first[a] < layers.first[b]; });
  std::vector<std::string> phases;
  for (const uint32_t number : order) {
    const isa::Location location = scene.location(number);
    const std::string phase = location.phase.empty() ? "no phase" : location.phase;
    auto found = std::find(phases.begin(), phases.end(), phase);
    if (found == phases.end())
      found = phases.insert(found, phase);
    const Cycle first = layers.first[number], last = layers.last[number];
    if (last <= scene.begin || first >= scene.end)
      continue;
    const int64_t lane = scene.file.lane(kLayers, found - phases.begin(), phase, first, last);
    scene.file.slice(kLayers, lane, first, last, nameOf(location), phase,
                     {{"op", location.op}, {"attributed_cycles", layers.cycles[number]}});
  }
}

/// Stretches of one unit and location that follow each other.
struct Group {
  uint32_t location = 0;
  Cycle begin = 0, end = 0;
  uint64_t next = 0;
  std::array<Cycle, kCauseCount + 1> cycles{}; // by state
  int states = 0;

  Cycle length() const { return end - begin; }
  void add(const Stretch &stretch, Cycle from, Cycle to) {
    if (states == 0) {
      location = stretch.location;
      begin = from;
      next = stretch.next;
    }
    end = to;
    states += cycles[stretch.state] == 0;
    cycles[stretch.state] += to - from;
  }
};

class UnitTracks {
public:
  UnitTracks(const Scene &scene, size_t unit, Cycle resolution)
      : scene(scene), unit(static_cast<int64_t>(unit)), name(scene.record.units[unit].name),
        resolution(resolution) {
    if (resolution > 0)
      scene.file.track(kUnits, work(), name);
    scene.file.track(kUnits, waiting(), name + " waiting");
  }

  void add(const Stretch &stretch) {
    const Cycle from = std::max(stretch.begin, scene.begin), to = std::min(stretch.end, scene.end);
    if (from >= to)
      return;
    const bool joins =
        group.states > 0 && group.location == stretch.location && group.end == from && to - from < resolution;
    if (!joins)
      flush();
    group.add(stretch, from, to);
    if (group.length() >= resolution)
      flush();
  }

  void flush() {
    if (group.states == 0)
      return;
    const isa::Location location = scene.location(group.location);
    boost::json::object about{{"op", location.op}, {"next_instance", group.next}};
    if (group.states == 1 && group.cycles[Stretch::kBusy] == 0) {
      const size_t cause = static_cast<size_t>(
          std::find_if(group.cycles.begin(), group.cycles.end(), [](Cycle c) { return c > 0; }) -
          group.cycles.begin());
      about["layer"] = nameOf(location);
      about["phase"] = location.phase;
      scene.file.slice(kUnits, waiting(), group.begin, group.end, kCauseNames[cause], "waiting", about);
    } else if (resolution > 0) { // else every instruction is shown
      about["busy_cycles"] = group.cycles[Stretch::kBusy];
      for (size_t cause = 0; cause < kCauseCount; ++cause)
        if (group.cycles[cause] > 0)
          about[kCauseNames[cause]] = group.cycles[cause];
      scene.file.slice(kUnits, work(), group.begin, group.end, nameOf(location), location.phase, about);
    }
    group = {};
  }

  int64_t work() const { return 2 * unit * TraceFile::kLanes; }
  int64_t waiting() const { return (2 * unit + 1) * TraceFile::kLanes; }

private:
  const Scene &scene;
  const int64_t unit;
  const std::string &name;
  const Cycle resolution;
  Group group;
};

void writeUnits(const Scene &scene, Cycle resolution) {
  std::vector<UnitTracks> tracks;
  for (size_t unit = 0; unit < scene.record.units.size(); ++unit)
    tracks.emplace_back(scene, unit, resolution);
  for (const Stretch &stretch : scene.record.tracer->stretches)
    tracks[stretch.unit].add(stretch);
  for (UnitTracks &unit : tracks)
    unit.flush();
}

void writeInstructions(const Scene &scene) {
  std::vector<TraceEntry> entries = scene.record.tracer->instructions;
  std::stable_sort(entries.begin(), entries.end(),
                   [](const TraceEntry &a, const TraceEntry &b) { return a.begin < b.begin; });
  for (const TraceEntry &entry : entries) {
    const isa::Location location = scene.location(entry.location);
    const int64_t lane =
        scene.file.lane(kUnits, 2 * entry.unit, scene.record.units[entry.unit].name, entry.begin, entry.end);
    scene.file.slice(kUnits, lane, entry.begin, entry.end, isa::findInfo(isa::Opcode(entry.opcode))->mnemonic,
                     location.phase,
                     {{"layer", nameOf(location)},
                      {"op", location.op},
                      {"instruction", entry.position},
                      {"instance", entry.instance},
                      {"begin_cycle", entry.begin},
                      {"end_cycle", entry.end}});
  }
}

/// Means over windows: what crossed the pins of the DRAM and the ports of the scratchpad, and the power.
void writeCounters(const Scene &scene) {
  const Tracer &tracer = *scene.record.tracer;
  const EnergyModel energy(scene.chip);
  const double cycleNs = 1000.0 / scene.chip.real("clock.core_mhz");
  auto at = [&](const Tracer::Window &window, Event event) { return window[static_cast<size_t>(event)]; };
  // What happens in no time at the very end belongs to the last window.
  const auto count = static_cast<size_t>(
      std::max<Cycle>(1, (scene.end - scene.begin + tracer.windowCycles - 1) / tracer.windowCycles));
  std::vector<Tracer::Window> windows(count, Tracer::Window{});
  for (size_t w = 0; w < tracer.windows.size(); ++w)
    for (size_t e = 0; e < kEventCount; ++e)
      windows[std::min(w, count - 1)][e] += tracer.windows[w][e];
  for (size_t w = 0; w <= count; ++w) {
    const Cycle from = scene.begin + static_cast<Cycle>(w) * tracer.windowCycles;
    const bool over = w == count;
    const Tracer::Window window = over ? Tracer::Window{} : windows[w];
    const Cycle to = std::min(from + tracer.windowCycles, scene.end);
    const double nanoseconds = static_cast<double>(over ? 1 : to - from) * cycleNs;
    double picojoules = 0;
    for (size_t e = 0; e < kEventCount; ++e)
      picojoules += window[e] * energy.perEvent(static_cast<Event>(e));
    const Cycle when = std::min(from, scene.end);
    scene.file.counter(kCounters, "DRAM bandwidth (GB/s)", when,
                       {{"read", at(window, Event::DramReadBytes) / nanoseconds},
                        {"written", at(window, Event::DramWriteBytes) / nanoseconds}});
    scene.file.counter(kCounters, "scratchpad bandwidth (GB/s)", when,
                       {{"read", at(window, Event::ScratchpadReadBytes) / nanoseconds},
                        {"written", at(window, Event::ScratchpadWriteBytes) / nanoseconds}});
    scene.file.counter(
        kCounters, "power (mW)", when,
        {{"dynamic", picojoules / nanoseconds}, {"static", over ? 0.0 : energy.staticPower()}});
  }
}

Cycle cyclesIn(const std::string &text, const std::string &whole) {
  Cycle value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    throw InputError("trace window: found '" + whole + "', expected BEGIN:END in cycles");
  return value;
}

} // namespace

TraceDetail parseTraceDetail(const std::string &text) {
  if (text == "layers")
    return TraceDetail::Layers;
  if (text == "units")
    return TraceDetail::Units;
  if (text == "instructions")
    return TraceDetail::Instructions;
  throw InputError("trace detail: found '" + text + "', expected layers, units or instructions");
}

void parseTraceWindow(const std::string &text, TraceOptions &options) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos)
    throw InputError("trace window: found '" + text + "', expected BEGIN:END in cycles");
  if (colon > 0)
    options.begin = cyclesIn(text.substr(0, colon), text);
  if (colon + 1 < text.size())
    options.end = cyclesIn(text.substr(colon + 1), text);
  if (options.begin >= options.end)
    throw InputError("trace window: found '" + text + "', expected it to begin before it ends");
}

std::unique_ptr<OutputFile> createTrace(const RunOptions &options, const isa::Program &program) {
  if (options.tracePath.empty())
    return nullptr;
  if (options.mode == Mode::FunctionalOnly)
    throw InputError("a functional-only run has no trace, expected a mode with a clock");
  if (const uint64_t instances = isa::countInstances(program); instances > isa::kMostTracedInstances)
    throw InputError("the program has " + std::to_string(instances) + " instances, expected at most " +
                     std::to_string(isa::kMostTracedInstances) + " for a trace");
  return std::make_unique<OutputFile>(options.tracePath);
}

void writeTrace(std::ostream &out, const RunRecord &record, const isa::Program &program,
                const chip::Chip &chip) {
  const TraceOptions &options = record.tracer->options;
  if (record.totalCycles > 0 && options.begin >= record.totalCycles)
    throw InputError("trace window: found it to begin at cycle " + std::to_string(options.begin) +
                     ", expected it to begin before the run ends at cycle " +
                     std::to_string(record.totalCycles));
  const Cycle end = std::min(options.end, record.totalCycles);
  const double coreMhz = chip.real("clock.core_mhz");
  const bool units = options.detail == TraceDetail::Units;
  const Cycle resolution = units ? std::max<Cycle>(1, (end - options.begin) / kFinest) : 0;
  TraceFile file(out, coreMhz, options.begin, end);
  const Scene scene{record, program, chip, options.begin, end, file};
  file.process(kLayers, "layers");
  writeLayers(scene);
  if (options.detail != TraceDetail::Layers) {
    file.process(kUnits, "units");
    writeUnits(scene, resolution);
  }
  if (options.detail == TraceDetail::Instructions)
    writeInstructions(scene);
  file.process(kCounters, "counters");
  writeCounters(scene);
  const char *names[] = {"layers", "units", "instructions"};
  file.close({{"chip", chip.name},
              {"core_mhz", coreMhz},
              {"detail", names[static_cast<size_t>(options.detail)]},
              {"begin_cycle", options.begin},
              {"end_cycle", end},
              {"resolution_cycles", resolution},
              {"counter_window_cycles", record.tracer->windowCycles}});
}

} // namespace arsis::sim
